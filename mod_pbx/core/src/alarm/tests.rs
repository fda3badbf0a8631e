//! Calls for help are told of by mail and webhook, once each, through restarts and servers that are away.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use uuid::Uuid;

use super::*;
use crate::event::made_of;
use crate::host::{FakeHost, Host};
use crate::routing::plan::Plan;
use crate::seal::Vault;
use crate::store::mail::{Kind as MailKind, State};
use crate::store::{Change, Commit, StoreOptions, rows};

fn in_background(work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().name("web".to_owned());
    thread.spawn(work).unwrap();
}

/// A web server that keeps what it is sent, and answers as it is told.
struct Web {
    port: u16,
    answer: Arc<Mutex<&'static str>>,
    got: Receiver<(String, Value)>,
}

impl Web {
    fn start(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let answer = Arc::new(Mutex::new("204 No Content"));
        let (sender, got) = channel();
        let theirs = Arc::clone(&answer);
        in_background(move || {
            for stream in listener.incoming() {
                let Some(said) = serve(&stream.unwrap(), *theirs.lock().unwrap()) else {
                    continue;
                };
                if sender.send(said).is_err() {
                    return;
                }
            }
        });
        Self { port, answer, got }
    }

    fn next(&self) -> (String, Value) {
        self.got.recv_timeout(Duration::from_secs(10)).unwrap()
    }

    fn nothing_more(&self) {
        assert!(self.got.recv_timeout(Duration::from_millis(300)).is_err());
    }
}

/// The head and the body.
fn serve(mut stream: &TcpStream, answer: &str) -> Option<(String, Value)> {
    let mut lines = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if lines.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.parse().unwrap())
    });
    let mut body = vec![0; length.unwrap_or(0)];
    lines.read_exact(&mut body).ok()?;
    write!(stream, "HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n").ok()?;
    Some((head, serde_json::from_slice(&body).unwrap()))
}

struct Bench {
    dir: tempfile::TempDir,
    store: Arc<ConfigStore>,
    alarm: Alarm,
}

fn parts(store: &Arc<ConfigStore>, dir: &std::path::Path) -> Alarm {
    let vault = Vault::of(&dir.join("pbx.db"));
    let mail = Mailroom::start(Arc::clone(store), vault, &dir.join("pbx.db"), "pbx").unwrap();
    let host: Arc<dyn Host> = Arc::new(FakeHost::default());
    let calls = Calls::start(Arc::clone(store), host).unwrap();
    Alarm::start(Arc::clone(store), Arc::new(mail), Arc::new(calls)).unwrap()
}

impl Bench {
    fn new(url: Option<&str>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = ConfigStore::open(StoreOptions::new(dir.path().join("pbx.db"))).unwrap();
        let domain = rows::Domain {
            id: Uuid::now_v7(),
            name: "pbx.test".parse().unwrap(),
            row_rev: 0,
            updated_at: String::new(),
        };
        let plan = rows::NumberPlan {
            id: Uuid::now_v7(),
            domain_id: domain.id,
            plan: Box::new(Plan {
                country_code: "49".to_owned(),
                ..Plan::default()
            }),
            notify_email: Some("guard@example.com".to_owned()),
            notify_url: url.map(str::to_owned),
            row_rev: 0,
            updated_at: String::new(),
        };
        let commit = Commit::new("test", "test")
            .with(Change::put(domain))
            .with(Change::put(plan));
        store.commit(commit).unwrap();
        let alarm = parts(&store, dir.path());
        Self { dir, store, alarm }
    }

    /// As after the module was loaded again.
    fn again(&mut self) {
        self.alarm.stop();
        self.store.close();
        self.store = ConfigStore::open(StoreOptions::new(self.dir.path().join("pbx.db"))).unwrap();
        self.alarm = parts(&self.store, self.dir.path());
    }

    fn calls(&self, call: Uuid, class: &str) {
        let charge = format!("{}.{class}.{call}", Uuid::now_v7());
        let pairs = [
            ("Unique-ID", Uuid::new_v4().to_string()),
            ("Channel-Presence-Data", "pbx_gateway_carrier".to_owned()),
            ("Event-Date-Timestamp", "1795330800000000".to_owned()),
            ("Call-Direction", "outbound".to_owned()),
            ("Caller-Caller-ID-Number", "+4930123456".to_owned()),
            ("variable_pbx_charge", charge),
            ("variable_pbx_identity", "1001@pbx.test".to_owned()),
            ("variable_pbx_help", "112.alice.desk".to_owned()),
        ];
        let pairs: Vec<(&str, &str)> = pairs
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let event = made_of(Kind::CallBegan, &pairs);
        // In this order, as the module tells.
        self.alarm.shared.calls.tell(&event);
        self.alarm.tell(&event);
    }

    fn waiting(&self) -> Vec<crate::store::mail::Mail> {
        let states = [State::Waiting, State::Failed];
        self.store
            .read(|reader| reader.mail(states, "9999", 100, Part::All))
            .unwrap()
    }

    fn until(&self, what: &str, good: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !good(self) {
            assert!(
                begun.elapsed() < Duration::from_secs(10),
                "{what}: {:?}",
                self.waiting()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

#[test]
fn a_call_for_help_is_told_of_once_whatever_gateways_it_tries() {
    let web = Web::start(0);
    let bench = Bench::new(Some(&format!("http://127.0.0.1:{}/alarm?key=1", web.port)));
    let call = Uuid::new_v4();
    bench.calls(Uuid::new_v4(), "national");
    bench.calls(call, "help");
    bench.calls(call, "help");
    let (head, said) = web.next();
    assert!(head.starts_with("POST /alarm?key=1 HTTP/1.1\r\n"), "{head}");
    let head = head.to_ascii_lowercase();
    for part in [
        &format!("host: 127.0.0.1:{}\r\n", web.port),
        "content-type: application/json\r\n",
        "idempotency-key: ",
    ] {
        assert!(head.contains(part), "{part}: {head}");
    }
    for (name, value) in [
        ("event", "emergency-call"),
        ("at", "2026-11-22T07:00:00.000Z"),
        ("domain", "pbx.test"),
        ("extension", "1001"),
        ("line", "alice.desk"),
        ("dialled", "112"),
        ("gateway", "carrier"),
        ("caller_id", "+4930123456"),
    ] {
        assert_eq!(said[name], value, "{said}");
    }
    assert!(said["call"].is_string(), "the record that the leg is in: {said}");
    web.nothing_more();
    // No mail server is set: the mail waits for one.
    bench.until("the mail waits", |bench| bench.waiting().len() == 1);
    let mail = &bench.waiting()[0];
    assert_eq!(
        (mail.kind, mail.recipient.as_str()),
        (MailKind::Emergency, "guard@example.com")
    );
    let health = bench.alarm.health();
    assert_eq!(health.counts, Some(Counts::default()));
    assert_eq!(health.trouble, None);
}

#[test]
fn a_call_that_no_gateway_took_is_told_of_as_one_that_failed() {
    let web = Web::start(0);
    let bench = Bench::new(Some(&format!("http://127.0.0.1:{}/", web.port)));
    let call = Uuid::new_v4();
    // Tried, and then no gateway took it: both are told of.
    bench.calls(call, "help");
    let (_, tried) = web.next();
    assert_eq!(tried["failed"], false, "{tried}");
    let fail = |pairs: &[(&str, &str)]| bench.alarm.tell(&made_of(Kind::HelpFailed, pairs));
    let id = call.to_string();
    fail(&[
        ("Unique-ID", &id),
        ("Event-Date-Timestamp", "1795330800000000"),
        ("pbx-dialled", "112"),
        ("pbx-from", "1001@pbx.test"),
        ("pbx-line", "alice.desk"),
    ]);
    let (_, said) = web.next();
    assert_eq!(said["failed"], true, "{said}");
    assert_ne!(said["id"], tried["id"]);
    for (name, value) in [
        ("event", "emergency-call"),
        ("at", "2026-11-22T07:00:00.000Z"),
        ("domain", "pbx.test"),
        ("extension", "1001"),
        ("line", "alice.desk"),
        ("dialled", "112"),
    ] {
        assert_eq!(said[name], value, "{said}");
    }
    assert_eq!(
        (&said["gateway"], &said["caller_id"]),
        (&Value::Null, &Value::Null)
    );
    // Of one that says nothing nobody can be told.
    fail(&[("Unique-ID", &id)]);
    web.nothing_more();
    bench.until("two mails wait", |bench| bench.waiting().len() == 2);
    let health = bench.alarm.health();
    let last = Failed {
        at: "2026-11-22T07:00:00.000Z".to_owned(),
        from: "1001@pbx.test".to_owned(),
        dialled: "112".to_owned(),
    };
    assert_eq!((health.unheard, health.last_unheard), (1, Some(last)));
}

#[test]
fn what_is_not_taken_waits_through_a_restart() {
    let web = Web::start(0);
    *web.answer.lock().unwrap() = "503 Service Unavailable";
    let mut bench = Bench::new(Some(&format!("http://127.0.0.1:{}/secret", web.port)));
    bench.calls(Uuid::new_v4(), "help");
    let (_, first) = web.next();
    bench.until("it is seen", |bench| bench.alarm.health().trouble.is_some());
    let trouble = bench.alarm.health().trouble.unwrap().text;
    assert_eq!(trouble, "127.0.0.1 answered 503 Service Unavailable");
    bench.until("it waits", |bench| {
        bench
            .waiting()
            .iter()
            .any(|mail| mail.kind == MailKind::Webhook && mail.attempts == 1)
    });
    bench.again();
    *web.answer.lock().unwrap() = "200 OK";
    let hook = bench
        .waiting()
        .into_iter()
        .find(|mail| mail.kind == MailKind::Webhook);
    bench
        .store
        .retry_mail(crate::store::mail::Which::One(hook.unwrap().id))
        .unwrap();
    bench.alarm.ring();
    let (_, second) = web.next();
    assert_eq!(first, second, "the same, under the same id");
    bench.until("it is over", |bench| {
        bench.alarm.health().counts == Some(Counts::default()) && bench.alarm.health().trouble.is_none()
    });
    web.nothing_more();
}

#[test]
fn nobody_at_the_address_is_said_so_and_a_test_is_none() {
    // A port where nobody listens.
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let bench = Bench::new(Some(&format!("http://127.0.0.1:{port}/")));
    let told = bench.alarm.test(&"pbx.test".parse().unwrap()).unwrap();
    assert_eq!(told.email.as_deref(), Some("guard@example.com"));
    bench.until("it is seen", |bench| bench.alarm.health().trouble.is_some());
    let trouble = bench.alarm.health().trouble.unwrap().text;
    assert!(trouble.contains("no connection to port"), "{trouble}");
    let details = bench.waiting()[0].details.clone().unwrap();
    assert!(details.contains("\"event\":\"test\""), "{details}");
}

#[test]
fn who_names_nobody_is_told_of_nothing() {
    let bench = Bench::new(None);
    let other = "other.test".parse().unwrap();
    assert_eq!(bench.alarm.test(&other).unwrap(), Addressees::default());
    assert_eq!(bench.waiting(), []);
}

/// A web server whose certificate somebody trusts, and one whom nobody knows.
#[test]
fn tls_is_spoken_with_who_is_known() {
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(pair.cert.der().clone()).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(pair.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![pair.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    in_background(move || {
        for stream in listener.incoming() {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, stream.unwrap());
            let mut head = [0; 4096];
            if stream.read(&mut head).is_ok() {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            }
        }
    });
    let url = format!("https://localhost:{port}/");
    let client = post::Client::trusting(roots).unwrap();
    assert_eq!(client.post(&url, Uuid::nil(), "{}"), Ok(()));
    let client = post::Client::trusting(rustls::RootCertStore::empty()).unwrap();
    let why = client.post(&url, Uuid::nil(), "{}").unwrap_err();
    assert!(why.contains("ca-certificates"), "{why}");
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(other.cert.der().clone()).unwrap();
    let client = post::Client::trusting(roots).unwrap();
    let why = client.post(&url, Uuid::nil(), "{}").unwrap_err();
    assert!(why.contains("TLS"), "{why}");
}
