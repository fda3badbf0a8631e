//! What events of logins and of their ends do, posted ones too.

use serde_json::Value;
use uuid::Uuid;

use super::{World, left, logged_in};
use crate::presence::view::State;
use crate::reply::Reply;
use crate::request::Request;

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
