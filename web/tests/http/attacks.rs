//! What a stranger can send.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use crate::client::{Answer, Browser, ask, connect, raw};
use crate::site::{PASSWORD, Site};

#[test]
fn a_forged_host_is_misdirected() {
    let site = Site::new(&[("public-url", "https://pbx.example.com")]);
    for right in ["pbx.example.com", "PBX.example.com", "pbx.example.com:443"] {
        assert_eq!(
            ask(site.public(), "GET", "/", &[("Host", right)], "").status,
            200,
            "{right}"
        );
    }
    let own = site.public().to_string();
    for wrong in [
        "evil.example",
        "pbx.example.com.evil.example",
        "pbx.example.com:8443",
        "localhost",
        &own,
        "a@pbx.example.com",
    ] {
        let answer = ask(site.public(), "GET", "/api/me", &[("Host", wrong)], "");
        assert_eq!(
            (answer.status, answer.kind().as_str()),
            (421, "misdirected"),
            "{wrong}"
        );
    }
    let none = raw(site.public(), b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
    assert!([400, 421].contains(&none.status), "{none:?}");
    let two = raw(
        site.public(),
        b"GET / HTTP/1.1\r\nHost: pbx.example.com\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
    );
    assert!([400, 421].contains(&two.status), "{two:?}");
    let absolute = b"GET http://evil.example/ HTTP/1.1\r\nHost: pbx.example.com\r\nConnection: close\r\n\r\n";
    assert_eq!(raw(site.public(), absolute).status, 421);
    let port = site.local().port();
    for (host, status) in [
        (format!("localhost:{port}"), 200),
        (format!("127.0.0.1:{port}"), 200),
        (format!("[::1]:{port}"), 200),
        ("localhost".to_owned(), 421),
        ("pbx.example.com".to_owned(), 421),
        (format!("evil.example:{port}"), 421),
    ] {
        let answer = ask(site.local(), "GET", "/metrics", &[("Host", &host)], "");
        assert_eq!(answer.status, status, "{host}");
    }
}

#[test]
fn without_a_public_url_only_the_address_itself_is_answered() {
    let site = Site::new(&[]);
    let port = site.public().port();
    for (host, status) in [
        (format!("127.0.0.1:{port}"), 200),
        (format!("localhost:{port}"), 200),
        (format!("pbx.example.com:{port}"), 421),
        (format!("192.0.2.1:{port}"), 421),
    ] {
        assert_eq!(
            ask(site.public(), "GET", "/", &[("Host", &host)], "").status,
            status,
            "{host}"
        );
    }
}

#[test]
fn another_sites_page_changes_nothing() {
    let site = Site::new(&[]).with_alice();
    let alice = site.alices_browser();
    let own = format!("http://{}", site.public());
    let cookie = format!("__Host-pbx={}", alice.session.as_deref().unwrap());
    let post = |headers: &[(&str, &str)], path: &str| {
        let mut all = vec![("Cookie", cookie.as_str()), ("Content-Type", "application/json")];
        all.extend(headers);
        ask(site.public(), "POST", path, &all, "{}")
    };
    let token = ("X-CSRF-Token", alice.csrf.as_str());
    for headers in [
        &[token][..],
        &[token, ("Sec-Fetch-Site", "cross-site")],
        &[token, ("Sec-Fetch-Site", "same-site")],
        &[token, ("Sec-Fetch-Site", "none")],
        &[token, ("Sec-Fetch-Site", "cross-site"), ("Origin", &own)],
        &[token, ("Origin", "https://evil.example")],
        &[token, ("Origin", "null")],
        &[token, ("Origin", &format!("{own}.evil.example"))],
        &[token, ("Origin", "http://127.0.0.1")],
        &[token, ("Origin", &own), ("Origin", "https://evil.example")],
    ] {
        for path in ["/api/sign-out", "/api/sign-in", "/api/password"] {
            let answer = post(headers, path);
            assert_eq!(
                (answer.status, answer.kind().as_str()),
                (403, "cross-origin"),
                "{path} {headers:?}"
            );
        }
    }
    let mut still = alice.clone();
    assert_eq!(
        still.ask("GET", "/api/me", "").status,
        200,
        "she is still signed in"
    );
    // By Origin where a browser sends no Sec-Fetch-Site.
    assert_eq!(post(&[token, ("Origin", &own)], "/api/sign-out").status, 204);
}

#[test]
fn no_token_or_another_sessions_changes_nothing() {
    let site = Site::new(&[]).with_alice();
    let (alice, other) = (site.alices_browser(), site.alices_browser());
    assert_ne!(alice.csrf, other.csrf);
    let mut flipped = alice.csrf.clone().into_bytes();
    flipped[0] ^= 1;
    let flipped = String::from_utf8(flipped).unwrap();
    for token in ["", "x", &other.csrf, &flipped] {
        for (method, path) in [
            ("POST", "/api/sign-out"),
            ("DELETE", "/api/sessions"),
            ("POST", "/api/password"),
        ] {
            let mut forged = Browser {
                csrf: token.to_owned(),
                ..alice.clone()
            };
            let answer = forged.ask(method, path, "{}");
            assert_eq!(
                (answer.status, answer.kind().as_str()),
                (403, "csrf"),
                "{token:?}"
            );
        }
    }
    let mut alice = alice;
    let other_origin = alice
        .clone()
        .with("Origin", "https://evil.example")
        .ask("GET", "/api/me", "");
    assert_eq!(
        other_origin.header("access-control-allow-origin"),
        "",
        "no other origin may read the token"
    );
    assert_eq!(alice.ask("POST", "/api/sign-out", "").status, 204);
}

#[test]
fn a_form_is_not_json() {
    let site = Site::new(&[]);
    let headers = [("Sec-Fetch-Site", "same-origin"), ("Content-Type", "text/plain")];
    let answer = ask(
        site.public(),
        "POST",
        "/api/sign-in",
        &headers,
        "{\"name\":\"a\",\"password\":\"b\"}",
    );
    assert_eq!((answer.status, answer.kind().as_str()), (415, "bad-request"));
}

#[test]
fn a_slow_request_is_cut_off_and_holds_up_nobody() {
    let site = Site::new(&[]);
    let begun = Instant::now();
    // Nothing, half a head that goes on for ever, and a body that never comes.
    let silent = connect(site.public());
    let mut dripping = connect(site.public());
    dripping.write_all(b"GET / HTTP/1.1\r\nHost: ").unwrap();
    let mut drip = dripping.try_clone().unwrap();
    let mut crowd: Vec<_> = (0..200).map(|_| connect(site.public())).collect();
    for one in &mut crowd {
        one.write_all(b"GET / HT").unwrap();
    }
    assert_eq!(ask(site.public(), "GET", "/", &[], "").status, 200);
    let dripper = std::thread::Builder::new().spawn(move || {
        while drip.write_all(b"x").is_ok() && begun.elapsed() < Duration::from_secs(25) {
            std::thread::sleep(Duration::from_millis(200));
        }
    });
    let dripper = dripper.unwrap();
    for (mut stream, what) in [(silent, "silence"), (dripping, "a dripping head")] {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(15), "{what}: {took:?}");
        assert!(!bytes.starts_with(b"HTTP/1.1 200"), "{what}");
    }
    dripper.join().unwrap();
    let wait = Instant::now();
    while site.pbx.front().unwrap().listeners()[0].connections > 0 {
        assert!(
            wait.elapsed() < Duration::from_secs(10),
            "connections are given back"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_body_that_does_not_come_ends_the_request() {
    let site = Site::new(&[]);
    let begun = Instant::now();
    let mut stream = connect(site.public());
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let head = format!(
        "POST /api/sign-in HTTP/1.1\r\nHost: {}\r\nSec-Fetch-Site: same-origin\r\n\
         Content-Type: application/json\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{{",
        site.public()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let answer = Answer::read(stream).expect("an answer");
    assert_eq!(answer.status, 408, "{answer:?}");
    assert!(begun.elapsed() < Duration::from_secs(40));
}

#[test]
fn who_reads_no_answer_loses_the_place() {
    let site = Site::new(&[]);
    let request = format!(
        "GET /api/openapi.json HTTP/1.1\r\nHost: {}\r\n\r\n",
        site.public()
    );
    let mut deaf = connect(site.public());
    deaf.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
    // More answers than there is room for on the way.
    let _ = deaf.write_all(request.repeat(400).as_bytes());
    let begun = Instant::now();
    let connections = || site.pbx.front().unwrap().listeners()[0].connections;
    while connections() == 0 {
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "the connection is taken"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    while connections() > 0 {
        assert!(begun.elapsed() < Duration::from_secs(90), "it is still there");
        std::thread::sleep(Duration::from_millis(100));
    }
    // Not at once: a phone may be in a tunnel.
    assert!(begun.elapsed() > Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[test]
fn what_is_too_large_is_not_read() {
    let site = Site::new(&[]);
    let json = [
        ("Sec-Fetch-Site", "same-origin"),
        ("Content-Type", "application/json"),
    ];
    let large = format!("{{\"name\":\"{}\",\"password\":\"x\"}}", "a".repeat(70_000));
    assert_eq!(
        ask(site.public(), "POST", "/api/sign-in", &json, &large).status,
        413
    );
    let chunked = format!(
        "POST /api/sign-in HTTP/1.1\r\nHost: {}\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n{}",
        site.public(),
        format!("4000\r\n{}\r\n", "a".repeat(0x4000)).repeat(6)
    );
    assert_eq!(raw(site.public(), chunked.as_bytes()).status, 413);
    let long = "x".repeat(20_000);
    assert_eq!(
        ask(site.public(), "GET", "/", &[("X-Long", &long)], "").status,
        431
    );
    let many: Vec<_> = (0..100).map(|_| ("X-Many", "x")).collect();
    assert_eq!(ask(site.public(), "GET", "/", &many, "").status, 431);
    let path = format!("/{}", "p".repeat(20_000));
    assert!([414, 431].contains(&ask(site.public(), "GET", &path, &[], "").status));
    let smuggled =
        "POST /api/sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut stream = connect(site.public());
    stream.write_all(smuggled.as_bytes()).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert_ne!(Answer::read(stream).map(|answer| answer.status), Some(200));
}

#[test]
fn tries_at_passwords_take_longer_each_time_and_lock_nobody_out() {
    let site = Site::new(&[("trusted-proxies", "127.0.0.1")]).with_alice();
    let mut alice = Browser::new(site.public()).with("X-Forwarded-For", "198.51.100.1");
    assert_eq!(alice.sign_in("alice@pbx.test", PASSWORD).status, 200);
    let mut attacker = Browser::new(site.public()).with("X-Forwarded-For", "203.0.113.5");
    let mut statuses = Vec::new();
    let mut last = None;
    for n in 0..12 {
        let answer = attacker.sign_in("alice@pbx.test", &format!("guess number {n}"));
        statuses.push(answer.status);
        last = Some(answer);
    }
    assert_eq!(statuses[..5], [401; 5], "{statuses:?}");
    let last = last.unwrap();
    assert_eq!(
        (last.status, last.kind().as_str()),
        (429, "too-many-tries"),
        "{statuses:?}"
    );
    assert!(last.header("retry-after").parse::<u64>().unwrap() >= 1);
    let right = attacker.sign_in("alice@pbx.test", PASSWORD);
    assert_eq!(right.status, 429, "the right password is not tried either");
    // Many attackers: the account's count is full for strangers, and Alice knows nothing of it.
    for host in 0..30 {
        let mut one =
            Browser::new(site.public()).with("X-Forwarded-For", &format!("203.0.113.{}", 100 + host));
        one.sign_in("alice@pbx.test", "wrong password");
    }
    let mut stranger = Browser::new(site.public()).with("X-Forwarded-For", "192.0.2.200");
    assert_eq!(stranger.sign_in("alice@pbx.test", "wrong password").status, 429);
    let mut elsewhere = Browser {
        extra: vec![("X-Forwarded-For".to_owned(), "192.0.2.201".to_owned())],
        session: None,
        ..alice.clone()
    };
    assert_eq!(
        elsewhere.sign_in("alice@pbx.test", PASSWORD).status,
        200,
        "the browser she always uses"
    );
    let mut at_home = Browser::new(site.public()).with("X-Forwarded-For", "198.51.100.1");
    assert_eq!(
        at_home.sign_in("alice@pbx.test", PASSWORD).status,
        200,
        "the address she always uses"
    );
}

#[test]
fn an_unknown_name_looks_like_a_wrong_password_and_takes_as_long() {
    let site = Site::new(&[]).with_alice();
    let time = |name: &str| {
        let begun = Instant::now();
        let answer = Browser::new(site.public()).sign_in(name, "a wrong password");
        (begun.elapsed(), answer.status, answer.body)
    };
    let mut known: Vec<_> = (0..3).map(|_| time("alice@pbx.test")).collect();
    let mut unknown: Vec<_> = (0..3).map(|n| time(&format!("nobody{n}@pbx.test"))).collect();
    assert_eq!((known[0].1, &known[0].2), (unknown[0].1, &unknown[0].2));
    assert_eq!(known[0].1, 401);
    known.sort();
    unknown.sort();
    let ratio = unknown[1].0.as_secs_f64() / known[1].0.as_secs_f64();
    assert!((0.3..3.0).contains(&ratio), "{ratio}: {known:?} {unknown:?}");
    let odd = "x".repeat(10_000);
    for name in [
        "",
        " ",
        "@",
        "alice@",
        "@pbx.test",
        "alice@nowhere",
        "' OR 1=1 --",
        &odd,
    ] {
        let answer = Browser::new(site.public()).sign_in(name, PASSWORD);
        assert_eq!(answer.status, 401, "{name:.30}: {answer:?}");
    }
}

#[test]
fn pages_may_do_nothing_but_what_they_need() {
    let site = Site::new(&[]);
    let page = ask(site.public(), "GET", "/", &[], "");
    let csp = page.header("content-security-policy");
    assert!(csp.starts_with("default-src 'none'; script-src 'self';"), "{csp}");
    assert!(
        !csp.contains("unsafe") && csp.contains("frame-ancestors 'none'"),
        "{csp}"
    );
    for (header, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(page.header(header), value);
    }
    assert_eq!(
        page.header("strict-transport-security"),
        "",
        "TLS is not ours here"
    );
    assert!(
        !page.body.contains("<style") && !page.body.contains("onclick"),
        "nothing inline"
    );
    let lost = ask(site.public(), "GET", "/nowhere", &[("Accept", "text/html")], "");
    assert_eq!(
        (lost.status, lost.header("content-type").as_str()),
        (404, "text/html; charset=utf-8")
    );
}
