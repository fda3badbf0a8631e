//! Who gets no socket, who gets no login, and that neither costs anybody else a call.

use serde_json::json;
use uuid::Uuid;

use super::{browser, call, channel, connected, echo_phone, hang_up, no_calls};
use crate::rig::{DOMAINS, Rig};
use crate::sound::Sound;
use crate::surfer::{self, Session, Surfer};
use crate::verto::Verto;

/// The sum of what the proxy refused for this reason, as `/metrics` says.
#[track_caller]
pub(super) fn refused_so_far(reason: &str) -> u64 {
    let port = crate::ports::ports().web[1];
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    let request = format!("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut stream, &mut text).unwrap();
    let name = format!("pbx_verto_refused_total{{reason=\"{reason}\"}} ");
    let line = text.lines().find_map(|line| line.strip_prefix(&name));
    line.and_then(|count| count.parse().ok())
        .unwrap_or_else(|| panic!("no {name} in {text}"))
}

pub(super) fn refused(rig: &mut Rig) {
    let channel_of = |rig: &mut Rig, number| channel(&mut rig.switch, number, DOMAINS[0]);
    let (own, bobs) = (channel_of(rig, "1001"), channel_of(rig, "1002"));
    let alice = Surfer::sign_in("alice", DOMAINS[0]);
    let session = Uuid::new_v4().to_string();
    let body = json!({"sessionId": session});
    // The sessions endpoint.
    let path = format!("/extensions/{own}/sessions");
    let same = ("Sec-Fetch-Site", "same-origin");
    let cookie = ("Cookie", alice.cookie.as_str());
    assert_eq!(surfer::ask("POST", &path, &[same], Some(&body)).status, 401);
    assert_eq!(
        surfer::ask("POST", &path, &[same, cookie], Some(&body)).status,
        403,
        "no token"
    );
    assert_eq!(
        surfer::ask(
            "POST",
            &path,
            &[("Sec-Fetch-Site", "cross-site"), cookie],
            Some(&body)
        )
        .status,
        403
    );
    for foreign in [&*bobs, &Uuid::new_v4().to_string(), "nonsense"] {
        assert_eq!(alice.ask_session(foreign, &session).status, 404, "{foreign}");
    }
    for bad in ["", "x", &session.to_uppercase(), &Uuid::nil().to_string()] {
        assert_eq!(alice.ask_session(&own, bad).status, 400, "{bad}");
    }
    // The same name in the other tenant is another person.
    let other = Surfer::sign_in("alice", DOMAINS[1]);
    assert_eq!(other.ask_session(&own, &session).status, 404);
    // The websocket's handshake.
    let status = |cookie: &str, origin: &str| Verto::through(cookie, origin).err();
    let origin = surfer::origin();
    let (strangers, origins) = (refused_so_far("stranger"), refused_so_far("origin"));
    assert_eq!(status(&alice.cookie, &origin), Some(403), "no client yet");
    let issued = alice.session(&own);
    assert_eq!(status("", &origin), Some(401));
    assert_eq!(status("__Host-pbx=nonsense", &origin), Some(401));
    assert_eq!(status(&other.cookie, &origin), Some(403));
    for foreign in [
        "",
        "null",
        "https://evil.example",
        "http://127.0.0.1",
        &format!("{origin}.evil.example"),
    ] {
        assert_eq!(status(&alice.cookie, foreign), Some(403), "{foreign}");
    }
    assert_eq!(refused_so_far("stranger"), strangers + 4);
    assert_eq!(refused_so_far("origin"), origins + 5);
    // The login.
    let bob = Surfer::sign_in("bob", DOMAINS[0]);
    let theirs = bob.session(&bobs);
    let (clients, sessions) = (refused_so_far("client"), refused_so_far("session"));
    let try_login = |session: &Session| {
        let mut verto = Verto::through(&alice.cookie, &origin).unwrap();
        let answer = verto.ask("login", &session.login());
        assert_eq!(answer["error"]["code"], -32001, "{answer}");
        verto.closed();
    };
    try_login(&theirs);
    let with = |change: &dyn Fn(&mut Session)| {
        let mut session = issued.clone();
        change(&mut session);
        session
    };
    try_login(&with(&|s| s.password = "0".repeat(32)));
    try_login(&with(&|s| s.client = Uuid::new_v4().to_string()));
    try_login(&with(&|s| s.session = Uuid::new_v4().to_string()));
    try_login(&with(&|s| s.session = s.session.to_uppercase()));
    assert_eq!(refused_so_far("client"), clients + 3);
    assert_eq!(refused_so_far("session"), sessions + 2);
    // None of this reached the switch.
    assert!(rig.switch.api("verto status").contains("0 clients"));
    assert!(alice.log_in(&issued).ask("verto.ping", &json!({}))["error"].is_null());
}

pub(super) fn rightful_session_keeps_its_call(rig: &mut Rig) {
    let phone = echo_phone(rig, "bob", 1);
    let (surfer, session, mut alice) = browser(rig, "alice", "1001");
    let one = Sound::new();
    let id = call(&mut alice, &one, "1002");
    connected(&mut alice, &one);
    one.hears(25);
    // Another session id with the same client, from the same browser; the password alone is not enough.
    let mut thief = Verto::through(&surfer.cookie, &surfer::origin()).unwrap();
    let mut login = session.login();
    login["sessid"] = json!(Uuid::new_v4().to_string());
    assert_eq!(thief.ask("login", &login)["error"]["code"], -32001);
    thief.closed();
    // The same from another person's browser, with all that the client has.
    let carol = Surfer::sign_in("carol", DOMAINS[0]);
    let carols = channel(&mut rig.switch, "1003", DOMAINS[0]);
    carol.session(&carols);
    assert_eq!(carol.ask_session(&carols, &session.session).status, 409);
    let mut thief = Verto::through(&carol.cookie, &surfer::origin()).unwrap();
    assert_eq!(thief.ask("login", &session.login())["error"]["code"], -32001);
    thief.closed();
    assert!(!alice.is_closed());
    one.hears(25);
    // A second tab of the same browser is a client of its own.
    let own = channel(&mut rig.switch, "1001", DOMAINS[0]);
    let second = surfer.session(&own);
    assert_ne!(second.client, session.client);
    let mut tab = surfer.log_in(&second);
    assert!(!alice.is_closed() && !tab.is_closed());
    one.hears(25);
    // The page was loaded again: the same session, on a new socket, takes its call along.
    let mut again = Verto::through(&surfer.cookie, &surfer::origin()).unwrap();
    let taken = again.ask("login", &session.login());
    assert_eq!(taken["result"]["sessid"], session.session.as_str(), "{taken}");
    alice.asked("verto.punt");
    let attach = again.asked("verto.attach");
    assert_eq!(attach["params"]["callID"], id.as_str());
    // The call is still there, both legs; with whom it sounds again is for a browser that speaks DTLS.
    rig.switch.until("show channels count", "2 total.");
    assert!(!again.is_closed());
    hang_up(&mut again, &id);
    phone.succeed();
    no_calls(rig);
}

pub(super) fn expiry(rig: &mut Rig) {
    let own = channel(&mut rig.switch, "1001", DOMAINS[0]);
    let alice = Surfer::sign_in("alice", DOMAINS[0]);
    rig.switch.ok("pbx setting set client-seconds 10");
    let kept = alice.session(&own);
    let lost = alice.session(&own);
    let (mut renewing, mut expiring) = (alice.log_in(&kept), alice.log_in(&lost));
    rig.switch.ok("pbx setting set client-seconds 1800");
    let renewed = alice.session_with(&own, &kept.session);
    assert_eq!(renewed.client, kept.client);
    assert_ne!(renewed.password, kept.password);
    let answer = renewing.ask("login", &renewed.login());
    assert_eq!(answer["result"]["message"], "logged in", "{answer}");
    // The switch itself ends the other (`login-expires`).
    crate::wait::until("the login to run out", std::time::Duration::from_secs(20), || {
        expiring.is_closed().then_some(())
    });
    assert!(!renewing.is_closed());
    let mut late = Verto::through(&alice.cookie, &surfer::origin()).unwrap();
    assert_eq!(late.ask("login", &lost.login())["error"]["code"], -32001);
    // The password of before is none any more.
    let mut old = Verto::through(&alice.cookie, &surfer::origin()).unwrap();
    assert_eq!(old.ask("login", &kept.login())["error"]["code"], -32001);
    assert!(renewing.ask("verto.ping", &json!({}))["error"].is_null());
}

pub(super) fn sign_out(rig: &mut Rig) {
    let (surfer, session, mut verto) = browser(rig, "alice", "1001");
    let (_, _, mut bob) = browser(rig, "bob", "1002");
    assert_eq!(surfer.send("POST", "/api/sign-out", None).status, 204);
    verto.asked("verto.punt");
    verto.closed();
    assert_eq!(Verto::through(&surfer.cookie, &surfer::origin()).err(), Some(401));
    let listed = rig.switch.ok("pbx client list");
    assert!(!listed.contains(&session.session), "{listed}");
    assert!(!bob.is_closed());
}
