//! Clients in a whole PBX, with a switch that is not there: what lookups answer, what events do, what is kept.

use std::path::Path;
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use serde_json::Value;
use uuid::Uuid;

use super::{Issued, Punts, Refused};
use crate::event::{Event, Kind, made_of};
use crate::host::FakeHost;
use crate::pbx::Pbx;
use crate::presence::view::State;
use crate::reply::Reply;
use crate::request::Request;

struct World {
    pbx: Arc<Pbx>,
    host: Arc<FakeHost>,
    dir: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let host = Arc::new(FakeHost::default());
        let world = Self {
            pbx: start(&host, dir.path()),
            host,
            dir,
        };
        for command in [
            "domain add pbx.test",
            "extension add 1001 --user alice --name 'Alice, A' --line",
            "extension add 1002 --user bob --name Bob --line",
        ] {
            world.ok(command);
        }
        world
    }

    fn say(&self, command: &str) -> String {
        let mut said = String::new();
        self.pbx.command(command, &mut |text| said.push_str(text));
        said
    }

    #[track_caller]
    fn ok(&self, command: &str) {
        let said = self.say(command);
        assert!(said.starts_with("+OK"), "{command}: {said}");
    }

    /// A person and the channel of their extension.
    fn who(&self, number: &str) -> (Uuid, Uuid) {
        let row = self.pbx.store().read(|reader| {
            let domain = reader.domain_by_name("pbx.test")?.unwrap();
            Ok(reader.extension_by_number(domain.id, number)?.unwrap())
        });
        let row = row.unwrap();
        (row.user_id, row.channel_id)
    }

    fn open(&self, number: &str, sign_in: &str) -> Issued {
        let (user, channel) = self.who(number);
        let session = Uuid::new_v4().to_string();
        self.pbx.clients().open(user, channel, &session, sign_in).unwrap()
    }

    fn directory(&self, pairs: &[(&str, &str)]) -> String {
        let params: Vec<(String, String)> = pairs
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect();
        let request = Request {
            section: "directory",
            tag_name: "domain",
            key_name: "name",
            key_value: "extensions",
            params: &params,
        };
        match self.pbx.lookup(&request) {
            Reply::Document(text) => text,
            other => panic!("{other:?}"),
        }
    }

    fn login_lookup(&self, client: &str, more: &[(&str, &str)]) -> String {
        let pairs = [
            ("action", "jsonrpc-authenticate"),
            ("key", "id"),
            ("user", client),
            ("domain", "extensions"),
        ];
        self.directory(&[more, &pairs].concat())
    }

    #[track_caller]
    fn until(&self, what: &str, is_so: impl Fn() -> bool) {
        let begun = Instant::now();
        while !is_so() {
            assert!(begun.elapsed() < Duration::from_secs(10), "waited for {what}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn state(&self, number: &str) -> State {
        let snapshot = self.pbx.store().snapshot();
        let domain = snapshot.domain("pbx.test").unwrap();
        let extension = domain.find(number).unwrap();
        self.pbx.presence().view().extension_state("pbx.test", extension)
    }

    fn listen(&self) -> Arc<Heard> {
        let heard = Arc::new(Heard::default());
        let weak: Weak<Heard> = Arc::downgrade(&heard);
        self.pbx.clients().on_punt(weak);
        heard
    }
}

#[derive(Default)]
struct Heard(Mutex<Vec<Uuid>>);

impl Punts for Heard {
    fn punt(&self, session: Uuid) {
        self.0.lock().unwrap().push(session);
    }
}

impl Heard {
    fn has(&self, session: Uuid) -> bool {
        self.0.lock().unwrap().contains(&session)
    }
}

fn start(host: &Arc<FakeHost>, dir: &Path) -> Arc<Pbx> {
    let database = ("database".to_owned(), dir.join("pbx.db").display().to_string());
    Pbx::start(Arc::<FakeHost>::clone(host), &[database]).unwrap()
}

fn logged_in(client: &str, session: &str, port: u16) -> Event {
    made_of(
        Kind::VertoLogin,
        &[
            ("Event-Subclass", "verto::login"),
            ("verto_profile_name", "pbx"),
            ("verto_client_address", &format!("127.0.0.1:{port}")),
            ("verto_login", client),
            ("verto_sessid", session),
            ("verto_success", "1"),
        ],
    )
}

/// The end of a connection; the login as mod_verto writes it, or nothing.
fn left(login: &str, port: u16) -> Event {
    made_of(
        Kind::VertoLeft,
        &[
            ("Event-Subclass", "verto::client_disconnect"),
            ("verto_profile_name", "pbx"),
            ("verto_client_address", &format!("127.0.0.1:{port}")),
            ("verto_login", login),
        ],
    )
}

#[test]
fn only_the_persons_own_channel_opens_and_only_for_a_proper_session_id() {
    let world = World::new();
    let ((alice, channel), (bob, _)) = (world.who("1001"), world.who("1002"));
    let clients = world.pbx.clients();
    let good = Uuid::new_v4().to_string();
    for session in [
        "",
        "x",
        &good.to_uppercase(),
        &format!("{{{good}}}"),
        &Uuid::now_v7().to_string(),
        &Uuid::nil().to_string(),
    ] {
        let refused = clients.open(alice, channel, session, "a");
        assert!(matches!(refused, Err(Refused::BadSession)), "{session}");
    }
    let refused = |user, channel| matches!(clients.open(user, channel, &good, "a"), Err(Refused::NoChannel));
    assert!(refused(bob, channel));
    assert!(refused(alice, Uuid::new_v4()));
    world.ok("extension set 1001 --enabled no");
    assert!(refused(alice, channel));
    world.ok("extension set 1001 --enabled yes");
    let issued = clients.open(alice, channel, &good, "a").unwrap();
    assert_eq!(issued.password.len(), 32);
    assert!(issued.client.expires > super::view::now() + 1700);
    assert!(clients.find(&issued.client.id.to_string()).is_some());
}

#[test]
fn the_directory_answers_for_a_live_client_with_its_own_session_id() {
    let world = World::new();
    let issued = world.open("1001", "a");
    let (id, session) = (issued.client.id.to_string(), issued.client.session.to_string());
    let answer = world.login_lookup(&id, &[]);
    let a1 = crate::secret::a1_hex(&id, "extensions", &issued.password);
    for part in [
        format!("<user id=\"{id}\">"),
        format!("name=\"a1-hash\" value=\"{a1}\""),
        "name=\"jsonrpc-allowed-methods\" value=\"verto.invite,verto.answer,verto.attach,verto.bye,\
         verto.modify,verto.info,verto.ping\""
            .to_owned(),
        "name=\"user_context\" value=\"pbx.test\"".to_owned(),
        "name=\"pbx_identity\" value=\"1001@pbx.test\"".to_owned(),
        "name=\"presence_data\" value=\"1001@pbx.test\"".to_owned(),
        "name=\"presence_id\" value=\"none\"".to_owned(),
        "name=\"effective_caller_id_name\" value=\"Alice  A\"".to_owned(),
        "name=\"api_hangup_hook\" value=\"\"".to_owned(),
        format!("name=\"login-expires\" value=\"{}\"", issued.client.expires),
    ] {
        assert!(answer.contains(&part), "{part}\n{answer}");
    }
    // The patched switch says which session id is logged in with.
    assert_eq!(world.login_lookup(&id, &[("verto_sessid", &session)]), answer);
    let nobody = world.login_lookup("nobody", &[]);
    assert!(!nobody.contains("<user"), "{nobody}");
    let other = Uuid::new_v4().to_string();
    assert_eq!(world.login_lookup(&id, &[("verto_sessid", &other)]), nobody);
    assert_eq!(world.login_lookup(&id.to_uppercase(), &[]), nobody);
    // What a stranger's loginParams may say changes nothing (mod_verto sets `action` after them).
    let hostile = [
        ("purpose", "publish-vm"),
        ("user_type", "any"),
        ("group", "x"),
        ("ip", "127.0.0.1"),
        ("Event-Calling-Function", "list_users"),
    ];
    assert_eq!(world.login_lookup(&id, &hostile), answer);
    for pairs in [
        vec![],
        vec![("purpose", "gateways")],
        vec![("action", "sip_auth"), ("user", &*id)],
        vec![("action", "user_call"), ("user", &*id)],
        vec![("action", "reverse-auth-lookup"), ("user", &*id)],
    ] {
        assert_eq!(world.directory(&pairs), nobody, "{pairs:?}");
    }
    // set_user: who it is, and no hash.
    let set_user = world.directory(&[("key", "id"), ("user", &id), ("domain", "extensions")]);
    assert!(
        set_user.contains("1001@pbx.test") && !set_user.contains(&a1),
        "{set_user}"
    );
}

#[test]
fn a_password_that_ran_out_logs_nobody_in_but_the_call_is_still_known() {
    let world = World::new();
    world.ok("setting set client-seconds 10");
    let issued = world.open("1001", "a");
    let id = issued.client.id.to_string();
    {
        let mut book = world.pbx.clients().shared.book();
        let mut client = super::Client::clone(&issued.client);
        client.expires = super::view::now() - 1;
        book.take_over(client);
        world.pbx.clients().shared.view.store(Arc::new(book.view.clone()));
    }
    assert!(!world.login_lookup(&id, &[]).contains("<user"));
    assert!(world.directory(&[("user", &id)]).contains("1001@pbx.test"));
    let heard = world.listen();
    world
        .pbx
        .tell(Some(logged_in(&id, &issued.client.session.to_string(), 1)));
    world.until("the punt", || heard.has(issued.client.session));
}

#[test]
fn a_login_stamps_rings_and_shows_and_its_own_end_takes_that_away() {
    let world = World::new();
    let issued = world.open("1001", "a");
    let (id, session) = (issued.client.id.to_string(), issued.client.session.to_string());
    assert_eq!(world.state("1001"), State::Offline);
    world.pbx.tell(Some(logged_in(&id, &session, 1)));
    world.until("presence", || world.state("1001") == State::Online);
    assert_eq!(world.state("1002"), State::Offline);
    let call = |user: &str| {
        let line = format!("lookup directory key_value=pbx.test action=user_call key=id user={user}");
        world.say(&line)
    };
    let leg = "[leg_timeout=30,pbx_identity=1001@pbx.test,presence_data=1001@pbx.test,";
    let answer = call("1001");
    assert!(
        answer.contains(leg) && answer.contains(&format!("]verto.rtc/u:{session}\"")),
        "{answer}"
    );
    let list: Value = serde_json::from_str(&world.say("client list json")).unwrap();
    assert_eq!(list["clients"][0]["session"], *session);
    assert_eq!(list["clients"][0]["connection"]["address"], "127.0.0.1:1");
    assert_eq!(list["clients"][0]["user"], "alice");
    // The end of another connection, and of one that never logged in.
    for (login, port) in [("", 9), (&*format!("{id}@extensions"), 8)] {
        world.pbx.tell(Some(left(login, port)));
    }
    world.pbx.tell(Some(logged_in(&id, &session, 2)));
    world.pbx.tell(Some(left(&format!("{id}@extensions"), 1)));
    world.until("the second connection", || {
        world.say("client list json").contains("127.0.0.1:2")
    });
    assert_eq!(world.state("1001"), State::Online);
    // mod_verto names no login where it was freed already.
    world.pbx.tell(Some(left("", 2)));
    world.until("the end", || world.state("1001") == State::Offline);
    assert!(!call("1001").contains("verto.rtc"));
}

#[test]
fn a_wrong_session_id_is_punted_and_the_rightful_one_is_not() {
    let world = World::new();
    let heard = world.listen();
    let issued = world.open("1001", "a");
    let (id, session) = (issued.client.id.to_string(), issued.client.session);
    let other = Uuid::new_v4();
    world.host.say(&format!("verto_punt {other}"), "+OK\n");
    world.pbx.tell(Some(logged_in(&id, &session.to_string(), 1)));
    world.until("presence", || world.state("1001") == State::Online);
    world.pbx.tell(Some(logged_in(&id, &other.to_string(), 2)));
    world.until("the punt", || heard.has(other));
    assert!(!heard.has(session));
    assert_eq!(world.state("1001"), State::Online);
    assert!(world.say("client list json").contains("127.0.0.1:1"));
}

/// What the seed's Lua hook would post is answered with what the event is answered with.
#[test]
fn a_post_of_the_events_fields_is_answered_alike() {
    let world = World::new();
    let issued = world.open("1001", "a");
    let (id, session) = (issued.client.id.to_string(), issued.client.session.to_string());
    let post = |pairs: &[(&str, &str)]| {
        let params: Vec<(String, String)> = pairs
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect();
        let request = Request {
            section: "",
            tag_name: "",
            key_name: "",
            key_value: "",
            params: &params,
        };
        world.pbx.lookup(&request)
    };
    let login = |profile: &str, login: &str, session: &str, success: &str| {
        post(&[
            ("Event-Subclass", "verto::login"),
            ("verto_profile_name", profile),
            ("verto_client_address", "127.0.0.1:1"),
            ("verto_login", login),
            ("verto_sessid", session),
            ("verto_success", success),
        ])
    };
    assert_eq!(login("pbx", &id, &session, "1"), Reply::Text(""));
    assert_eq!(
        login("pbx", &format!("{id}@extensions"), &session, "1"),
        Reply::Text("")
    );
    assert_eq!(login("pbx", &id, &id, "1"), Reply::Text("punt"));
    assert_eq!(login("pbx", "stranger", &session, "1"), Reply::Text("punt"));
    // Somebody else's verto profile; a login that failed; an event that is none of ours.
    assert_eq!(login("theirs", "1000", "x", "1"), Reply::Text(""));
    assert_eq!(login("pbx", "1000@theirs.test", "x", "1"), Reply::Text(""));
    assert_eq!(login("pbx", &id, &session, "0"), Reply::NotOurs);
    world.until("presence", || world.state("1001") == State::Online);
    let gone = post(&[
        ("Event-Subclass", "verto::client_disconnect"),
        ("verto_profile_name", "pbx"),
        ("verto_client_address", "127.0.0.1:1"),
    ]);
    assert_eq!(gone, Reply::Text(""));
    world.until("the end", || world.state("1001") == State::Offline);
}

#[test]
fn after_a_reload_it_is_known_who_may_be_there_and_who_is() {
    let mut world = World::new();
    let (one, two) = (world.open("1001", "a"), world.open("1002", "b"));
    let id = one.client.id.to_string();
    world
        .pbx
        .tell(Some(logged_in(&id, &one.client.session.to_string(), 1)));
    world.until("presence", || world.state("1001") == State::Online);
    world.pbx.stop();
    world.host.say(
        "verto xmlstatus",
        &format!(
            "<?xml?>\n<profiles>\n<client>\n<profile>pbx</profile>\n<name>{id}@extensions</name>\n\
             <type>client</type>\n<data>127.0.0.1:1</data>\n<state>CONN_REG (WS)</state>\n</client>\n</profiles>\n"
        ),
    );
    world.pbx = start(&world.host, world.dir.path());
    world.until("presence", || world.state("1001") == State::Online);
    assert_eq!(world.state("1002"), State::Offline);
    let view = world.pbx.clients().view();
    let known = view.find(&two.client.id.to_string()).unwrap();
    assert_eq!((known.a1, known.session), (two.client.a1, two.client.session));
    drop(view);
    world.pbx.tell(Some(left("", 1)));
    world.until("the end", || world.state("1001") == State::Offline);
}

#[test]
fn who_is_not_the_extensions_person_any_more_is_punted() {
    let world = World::new();
    let heard = world.listen();
    let (one, two, three) = (
        world.open("1001", "a"),
        world.open("1002", "b"),
        world.open("1002", "c"),
    );
    let there = |issued: &Issued| world.pbx.clients().find(&issued.client.id.to_string()).is_some();
    world.ok("user set alice --enabled no");
    world.until("the end of alice's", || {
        !there(&one) && heard.has(one.client.session)
    });
    assert!(there(&two));
    assert_eq!(world.pbx.clients().close_sign_in("b"), 1);
    world.until("the end of the sign-in's", || heard.has(two.client.session));
    // A renamed extension takes its clients along.
    world.ok("extension set 1002 --rename 1009");
    let id = three.client.id.to_string();
    world.until("the new number", || {
        world.login_lookup(&id, &[]).contains("1009@pbx.test")
    });
    world.ok(&format!("punt {}", three.client.session));
    world.until("the punt", || !there(&three) && heard.has(three.client.session));
    assert!(
        world
            .say(&format!("punt {}", three.client.session))
            .starts_with("-ERR no browser")
    );
}

/// A call that says it is a verto client's is one of who logged in, whatever variables it brings.
#[test]
fn a_verto_caller_is_who_logged_in_and_no_variable_changes_that() {
    let world = World::new();
    let issued = world.open("1001", "a");
    let route = |pairs: &[(&str, &str)]| {
        let mut line = "lookup dialplan Hunt-Context=pbx.test Hunt-Destination-Number=1002".to_owned();
        for (name, value) in pairs {
            line.push_str(&format!(" {name}={value}"));
        }
        world.say(&line)
    };
    let from = |login: &str, more: &[(&str, &str)]| {
        let pairs = [
            ("Caller-Channel-Name", "verto.rtc/1002"),
            ("Caller-Source", "mod_verto"),
            ("Call-Direction", "inbound"),
            ("Caller-Username", login),
        ];
        route(&[&pairs, more].concat())
    };
    let login = format!("{}@extensions", issued.client.id);
    let bob = ("variable_pbx_identity", "1002@pbx.test");
    for answer in [from(&login, &[]), from(&login, &[bob])] {
        assert!(answer.contains("effective_caller_id_number=1001"), "{answer}");
    }
    let refused = route(&[("Caller-Source", "mod_verto"), bob]);
    assert!(refused.contains("name=\"refused\""), "{refused}");
    for stranger in [
        "1001@pbx.test",
        "alice",
        &issued.client.id.to_string(),
        &format!("{}@pbx.test", issued.client.id),
        &format!("{}@extensions", Uuid::new_v4()),
    ] {
        assert_eq!(from(stranger, &[bob]), refused, "{stranger}");
    }
    // A leg that the switch called carries what our dial string says: it may be transferred.
    let called = route(&[
        ("Caller-Channel-Name", "verto.rtc/x"),
        ("Caller-Source", "mod_verto"),
        ("Call-Direction", "outbound"),
        ("variable_pbx_identity", "1001@pbx.test"),
    ]);
    assert!(called.contains("effective_caller_id_number=1001"), "{called}");
    // A phone is not a browser because of its name.
    let phone = route(&[
        ("Caller-Channel-Name", "sofia/internal/verto@pbx.test"),
        ("Caller-Source", "mod_sofia"),
        ("variable_pbx_identity", "1001@pbx.test"),
    ]);
    assert!(phone.contains("effective_caller_id_number=1001"), "{phone}");
}
