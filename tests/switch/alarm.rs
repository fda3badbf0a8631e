//! A call for help is told of by mail and by a webhook, in time and whatever else is away.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{Builder, JoinHandle, sleep};
use std::time::Duration;

use libtest_mimic::Trial;
use serde_json::Value;

use crate::group::Group;
use crate::handset::Handset;
use crate::ports;
use crate::rig::{DOMAINS, Rig};
use crate::trunk::Trunk;
use crate::voicemail::sink::Sink;
use crate::wait;

const ACME: &str = DOMAINS[0];

pub(crate) fn add(trials: &mut Vec<Trial>) {
    Group::new("alarm", rig).add(
        trials,
        &[
            (
                "a_call_for_help_is_told_of_by_mail_and_webhook",
                told_of_by_mail_and_webhook,
            ),
            (
                "a_call_that_no_gateway_takes_is_told_of_as_failed",
                told_of_as_failed,
            ),
            (
                "who_is_away_is_told_after_a_crash",
                who_is_away_is_told_after_a_crash,
            ),
        ],
    );
}

fn carrier() -> &'static Trunk {
    static CARRIER: OnceLock<Trunk> = OnceLock::new();
    CARRIER.get_or_init(|| Trunk::at("127.0.0.23"))
}

fn rig() -> Rig {
    let mut rig = Rig::whole();
    for command in [
        format!("setting set gateway-port {}", ports::phone()),
        format!("plan set --country-code 49 --domain {ACME} --notify-email guard@example.com"),
        format!(
            "gateway add carrier --proxy {} --ping-seconds 5",
            carrier().address()
        ),
        format!("route add help@{ACME} --emergency --pattern 112 --gateway carrier"),
        "setting set smtp-host 127.0.0.1".to_owned(),
        "setting set smtp-tls none".to_owned(),
        "setting set mail-from pbx@example.com".to_owned(),
    ] {
        rig.switch.ok(&format!("pbx {command}"));
    }
    wait::until("the gateway to be up", Duration::from_secs(45), || {
        let said = rig.switch.api("pbx gateway show carrier json");
        said.contains("\"state\":\"up\"").then_some(())
    });
    rig
}

/// A web server that keeps what is posted to it. Dropping it closes its port.
struct Web {
    port: u16,
    stop: Arc<AtomicBool>,
    got: Arc<Mutex<Vec<Value>>>,
    thread: Option<JoinHandle<()>>,
}

impl Web {
    fn start(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("a free port");
        listener.set_nonblocking(true).expect("a socket");
        let port = listener.local_addr().expect("it is bound").port();
        let (stop, got) = (
            Arc::new(AtomicBool::new(false)),
            Arc::<Mutex<Vec<Value>>>::default(),
        );
        let (ends, takes) = (Arc::clone(&stop), Arc::clone(&got));
        let work = move || {
            while !ends.load(Relaxed) {
                match listener.accept() {
                    // A client that goes away in the middle has posted nothing.
                    Ok((stream, _)) => {
                        if let Ok(posted) = serve(stream) {
                            takes.lock().unwrap_or_else(PoisonError::into_inner).push(posted);
                        }
                    }
                    Err(_) => sleep(Duration::from_millis(10)),
                }
            }
        };
        let thread = Builder::new().name("web".to_owned()).spawn(work);
        Self {
            port,
            stop,
            got,
            thread: Some(thread.expect("a thread")),
        }
    }

    fn posted(&self) -> Vec<Value> {
        self.got.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            // Had it panicked, what it did not get has failed the scenario.
            let _ = thread.join();
        }
    }
}

fn serve(stream: TcpStream) -> std::io::Result<Value> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut lines = BufReader::new(stream.try_clone()?);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    lines.read_exact(&mut body)?;
    (&stream).write_all(b"HTTP/1.1 204 No Content\r\n\r\n")?;
    Ok(serde_json::from_slice(&body)?)
}

/// alice calls for help, and hangs up once somebody answers.
fn call_for_help() {
    let before = carrier().invites().len();
    let alice = Handset::new("alice", ACME);
    let call = alice.call("112");
    let answer = call.until_answered(200);
    wait::until("the call to be out", wait::SOON, || {
        (carrier().invites().len() > before).then_some(())
    });
    call.hang_up(&answer);
}

fn goes_to(rig: &mut Rig, mail: u16, web: u16) {
    rig.switch.ok(&format!("pbx setting set smtp-port {mail}"));
    rig.switch.ok(&format!(
        "pbx plan set --domain {ACME} --notify-url http://127.0.0.1:{web}/alarm"
    ));
}

fn told_of_by_mail_and_webhook(rig: &mut Rig) {
    let (mails, web) = (Sink::start(0), Web::start(0));
    goes_to(rig, mails.port(), web.port);
    call_for_help();
    let posted = wait::until("the webhook", wait::SOON, || web.posted().first().cloned());
    for (name, value) in [
        ("event", "emergency-call"),
        ("domain", ACME),
        ("extension", "1001"),
        ("name", "alice Canary-acme"),
        ("line", "alice"),
        ("dialled", "112"),
        ("gateway", "carrier"),
    ] {
        assert_eq!(posted[name], value, "{posted}");
    }
    let calls = rig
        .switch
        .until("pbx calls --number 112 json", "\"outcome\":\"answered\"");
    let calls: Value = serde_json::from_str(&calls).unwrap();
    assert_eq!(posted["call"], calls["calls"][0]["id"], "{posted}, {calls}");
    let mail = wait::until("the mail", wait::SOON, || mails.received().first().cloned());
    assert_eq!(mail.recipients, ["RCPT TO:<guard@example.com>"]);
    assert_eq!(
        mail.header("Subject").unwrap(),
        "Emergency call: 1001 (alice Canary-acme) dialled 112"
    );
    rig.switch.until("pbx mail list", "no mail waits");
    assert_eq!((web.posted().len(), mails.received().len()), (1, 1), "once each");
}

/// Dials 112, which nobody hears, and gives what was posted of it.
fn fails(rig: &mut Rig, web: &Web, posts: usize) -> Value {
    let alice = Handset::new("alice", ACME);
    let answer = alice.call("112").until_answered(503);
    assert_eq!(answer.status, 503);
    let all = wait::until("the webhooks", wait::SOON, || {
        Some(web.posted()).filter(|all| all.len() >= posts)
    });
    assert_eq!(all.len(), posts, "{all:?}");
    let last = all.last().unwrap().clone();
    for (name, value) in [
        ("event", "emergency-call"),
        ("domain", ACME),
        ("extension", "1001"),
        ("line", "alice"),
        ("dialled", "112"),
    ] {
        assert_eq!(last[name], value, "{last}");
    }
    rig.switch.until("pbx status", "FAILED since no gateway took it");
    last
}

/// Without any gateway that is on, and with one that refuses: both are told of, and the log says it.
fn told_of_as_failed(rig: &mut Rig) {
    let (mails, web) = (Sink::start(0), Web::start(0));
    goes_to(rig, mails.port(), web.port);
    rig.switch.ok("pbx gateway set carrier --enabled no");
    rig.switch
        .until("pbx status", "no gateway of emergency route help");
    let posted = fails(rig, &web, 1);
    assert_eq!(
        (&posted["failed"], &posted["gateway"]),
        (&true.into(), &Value::Null)
    );
    assert!(posted["call"].is_string(), "the record of it: {posted}");
    let mail = wait::until("the mail", wait::SOON, || mails.received().first().cloned());
    assert_eq!(
        mail.header("Subject").unwrap(),
        "Emergency call FAILED: 1001 (alice Canary-acme) dialled 112"
    );
    rig.switch.ok("pbx gateway set carrier --enabled yes");
    wait::until("the gateway to be up", Duration::from_secs(45), || {
        let said = rig.switch.api("pbx gateway show carrier json");
        said.contains("\"state\":\"up\"").then_some(())
    });
    carrier().answer_with("503 Service Unavailable");
    // That it was tried is told first, then that it failed.
    let posted = fails(rig, &web, 3);
    carrier().answer_with("200 OK");
    assert_eq!(posted["failed"], true);
    assert_eq!(web.posted()[1]["failed"], false);
    let log = rig.site.log();
    assert!(
        log.contains("mod_pbx: the call of 1001@") && log.contains("for help to 112 FAILED"),
        "{}",
        log.len()
    );
    rig.switch.until("pbx mail list", "no mail waits");
}

/// Both servers are away while somebody calls for help, and the switch crashes: they are told when they are back.
fn who_is_away_is_told_after_a_crash(rig: &mut Rig) {
    let (mail, web) = (Sink::start(0).port(), Web::start(0).port);
    goes_to(rig, mail, web);
    call_for_help();
    rig.switch
        .until("pbx status", "webhook about a call for help waits since");
    rig.switch.until("pbx status", "mail waits since");
    rig.switch.crash();
    rig.start_again();
    let (mails, web) = (Sink::start(mail), Web::start(web));
    rig.switch.ok("pbx mail retry");
    let posted = wait::until("the webhook", Duration::from_secs(60), || {
        web.posted().first().cloned()
    });
    assert_eq!(
        (&posted["dialled"], &posted["extension"]),
        (&"112".into(), &"1001".into())
    );
    wait::until("the mail", Duration::from_secs(60), || {
        mails.received().first().cloned()
    });
    rig.switch.until("pbx mail list", "no mail waits");
}
