//! Debian's nginx with `deploy/nginx/pbx.conf` in front: only ports, certificate and addresses are put in.
//!
//! Without nginx everything is ignored and says why; `PBX_REQUIRE_NGINX=1` turns that into a failure.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../http/client.rs"]
#[expect(dead_code, reason = "the rest is for the tests without a proxy")]
mod client;
mod front;
#[path = "../http/site.rs"]
#[expect(dead_code, reason = "the rest is for the tests without a proxy")]
mod site;

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{self, Message};

use crate::client::{Answer, ask, request};
use crate::front::{Front, NAME, PROGRAMS, Tls, start};
use crate::site::PASSWORD;

/// A name, and what is done behind it.
type Test = (&'static str, fn(&Front));

fn main() -> ExitCode {
    let tests: [Test; 4] = [
        (
            "people_sign_in_through_it_and_are_known_by_their_own_address",
            people,
        ),
        ("sockets_and_streams_pass", streams),
        (
            "imports_are_as_large_as_the_server_takes_and_nothing_else_is",
            uploads,
        ),
        (
            "protected_paths_are_404_at_the_public_name_and_answered_by_the_servers_own_localhost",
            paths,
        ),
    ];
    let trials = tests.map(|(name, test)| Trial::ignorable_test(name, move || behind(test)));
    libtest_mimic::run(&Arguments::from_args(), trials.into()).exit_code()
}

fn behind(test: fn(&Front)) -> Result<Completion, Failed> {
    let Some(program) = PROGRAMS.into_iter().find(|program| Path::new(program).is_file()) else {
        let why = "there is no nginx: apt-get install nginx-light";
        return match std::env::var("PBX_REQUIRE_NGINX") {
            Ok(required) if required == "1" => Err(why.into()),
            _ => Ok(Completion::ignored_with(why)),
        };
    };
    test(&start(program));
    Ok(Completion::Completed)
}

fn people(front: &Front) {
    let page = front.ask("GET", "/", &[("Accept", "text/html")], "");
    assert_eq!(page.status, 200, "{page:?}");
    assert!(page.header("strict-transport-security").contains("max-age"));
    let mut alice = front.alice();
    let me = front.by(&mut alice, "GET", "/api/me", "");
    assert_eq!(me.status, 200, "{me:?}");
    // What a stranger claims about where they come from is not believed.
    let body = json!({"name": "alice@pbx.test", "password": "wrong"}).to_string();
    let forged = [
        ("X-Forwarded-For", "192.0.2.66"),
        ("Sec-Fetch-Site", "same-origin"),
        ("Content-Type", "application/json"),
    ];
    assert_eq!(front.ask("POST", "/api/sign-in", &forged, &body).status, 401);
    let history = front.site.must("sessions history json");
    assert!(
        !history.contains("192.0.2.66") && history.contains("127.0.0.1"),
        "{history}"
    );
    // Another page's request is refused here as without a proxy.
    let other = front.ask(
        "POST",
        "/api/sign-in",
        &[
            ("Origin", "https://evil.example"),
            ("Content-Type", "application/json"),
        ],
        &body,
    );
    assert_eq!(other.status, 403, "{other:?}");
    // Without TLS nobody signs in.
    let plain = ask(front.plain, "GET", "/extensions/x?y", &[("Host", NAME)], "");
    assert_eq!(
        (plain.status, plain.header("location")),
        (301, format!("https://{NAME}/extensions/x?y"))
    );
    // A name that is not ours is not ours behind nginx either.
    let mut stream = front.connect();
    stream
        .write_all(request(front.tls, "GET", "/", &[("Host", "evil.example")], "").as_bytes())
        .unwrap();
    assert_eq!(Answer::read(stream).unwrap().status, 421);
}

fn streams(front: &Front) {
    let mut alice = front.alice();
    let channels = front.by(&mut alice, "GET", "/api/channels", "").json();
    let channel = channels["channels"][0]["id"].as_str().unwrap().to_owned();
    let body = json!({"sessionId": uuid::Uuid::new_v4()}).to_string();
    let session = front.by(
        &mut alice,
        "POST",
        &format!("/extensions/{channel}/sessions"),
        &body,
    );
    assert_eq!(session.status, 201, "{session:?}");
    let cookie = format!("__Host-pbx={}", alice.session.as_ref().unwrap());
    let mut wanted = format!("wss://{NAME}/verto").into_client_request().unwrap();
    for (name, value) in [
        ("cookie", cookie.as_str()),
        ("origin", &format!("https://{NAME}")),
    ] {
        wanted.headers_mut().insert(name, value.parse().unwrap());
    }
    let (mut socket, answer) = tungstenite::client(wanted, front.connect()).unwrap();
    assert_eq!(answer.status(), 101);
    // A login with a wrong password: the answer is the web server's own, over the socket.
    let login = json!({"jsonrpc": "2.0", "id": 1, "method": "login", "params": {
        "login": session.json()["clientId"], "passwd": "wrong", "sessid": session.json()["sessionId"]}});
    socket.send(Message::text(login.to_string())).unwrap();
    let said = loop {
        if let Message::Text(text) = socket.read().unwrap() {
            break text.to_string();
        }
    };
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["id"], 1, "{said}");
    assert!(said["error"].is_object(), "{said}");

    // An event comes when it happens, not when a buffer is full.
    let mut stream = front.connect();
    let asked = request(
        front.tls,
        "GET",
        "/api/events",
        &[("Host", NAME), ("Cookie", &cookie)],
        "",
    );
    stream.write_all(asked.as_bytes()).unwrap();
    until(&mut stream, "event: reset");
    let begun = Instant::now();
    front
        .site
        .must("extension add 3000@pbx.test --user dora --name Dora");
    until(&mut stream, "event: reset");
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
}

fn uploads(front: &Front) {
    front.site.must("user add root --role administrator");
    front.site.must(&format!("user set root@. --password {PASSWORD}"));
    let mut root = front.signed_in("root@.");
    // A directory of 8 MB, most of it a comment.
    let users = r#"<user id="2001"><params><param name="password" value="kT8!vqPz2w-old"/></params></user>"#;
    let directory = |size: usize| {
        let comment = "x".repeat(size);
        let text = format!(r#"<include><!--{comment}--><domain name="old.test">{users}</domain></include>"#);
        json!({"main": "default.xml", "files": [{"path": "default.xml", "text": text}]})
    };
    let begun = front.by(
        &mut root,
        "POST",
        "/api/v1/imports",
        &directory(8 << 20).to_string(),
    );
    assert_eq!(begun.status, 202, "{begun:?}");
    // What is larger than the server takes is refused in the server's own words, not in nginx's.
    let large = front.by(
        &mut root,
        "POST",
        "/api/v1/imports",
        &directory(16 << 20).to_string(),
    );
    assert_eq!(
        (large.status, large.kind().as_str()),
        (413, "too-large"),
        "{large:?}"
    );
    // A calendar of a megabyte; this one is read, and is none.
    front
        .site
        .must("schedule add office --hours \"mon-fri 08:00-17:00\" --time-zone Europe/Berlin");
    let listed = front.by(&mut root, "GET", "/api/v1/schedules", "").json();
    let calendar = format!(
        "/api/v1/schedules/{}/import",
        listed["rows"][0]["id"].as_str().unwrap()
    );
    let text = "no calendar\n".repeat(87_000);
    let read = front.by(&mut root, "POST", &calendar, &json!({"text": text}).to_string());
    assert_eq!((read.status, read.kind().as_str()), (422, "invalid"), "{read:?}");
    // Where nothing large belongs, nginx refuses it before the server sees it.
    let refused = front.by(
        &mut root,
        "POST",
        "/api/v1/users",
        &directory(2 << 20).to_string(),
    );
    assert_eq!(refused.status, 413, "{refused:?}");
    assert!(refused.body.contains("nginx"), "{refused:?}");
}

fn paths(front: &Front) {
    let nothing = front.ask("GET", "/no-such-path", &[], "");
    for (method, path, body) in [("GET", "/metrics", ""), ("POST", "/fsapi", "section=directory")] {
        for further in [
            &[][..],
            &[("X-Forwarded-For", "127.0.0.1")],
            &[("X-Real-IP", "127.0.0.1")],
        ] {
            let headers = [&[("Sec-Fetch-Site", "same-origin")], further].concat();
            let public = front.ask(method, path, &headers, body);
            assert_eq!((public.status, &public.body), (404, &nothing.body), "{path}");
        }
        let port = front.local.port();
        let host = format!("localhost:{port}");
        let near = ask(front.local, method, path, &[("Host", &host)], body);
        assert_eq!(near.status, 200, "{path}: {near:?}");
        let address = ask(
            front.local,
            method,
            path,
            &[("Host", &format!("127.0.0.1:{port}"))],
            body,
        );
        assert_eq!(address.status, 200, "{path}: {address:?}");
        // A page whose name was made to resolve to this machine; and who came by another proxy.
        let rebound = ask(front.local, method, path, &[("Host", "evil.example")], body);
        assert_eq!(rebound.status, 421, "{path}: {rebound:?}");
        for header in ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"] {
            let passed = ask(
                front.local,
                method,
                path,
                &[("Host", &host), (header, "192.0.2.7")],
                body,
            );
            assert_eq!(passed.status, 404, "{path} {header}: {passed:?}");
        }
    }
    for path in ["/", "/api/me", "/api/sign-in", "/metrics/x", "/fsapi/"] {
        assert_eq!(
            ask(front.local, "GET", path, &[("Host", "localhost")], "").status,
            404,
            "{path}"
        );
    }
}

#[track_caller]
fn until(stream: &mut Tls, wanted: &str) {
    let mut read = Vec::new();
    while !read.ends_with(wanted.as_bytes()) {
        let mut byte = [0];
        let count = stream.read(&mut byte).unwrap();
        assert_eq!(count, 1, "{}", String::from_utf8_lossy(&read));
        read.push(byte[0]);
    }
}
