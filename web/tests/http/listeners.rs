//! Where the server listens, and what happens if it cannot.

use std::io::Write;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::client::{Answer, ask, connect};
use crate::site::Site;

#[test]
fn a_port_that_is_taken_keeps_nothing_else_from_working_and_is_tried_again() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap().to_string();
    let site = Site::new(&[("web-listen", &taken)]).with_alice();
    let status = site.cli("status");
    assert!(status.contains("web pages      see below"), "{status}");
    for word in ["web-listen", &taken, "pbx.conf", "pbx reload"] {
        assert!(status.contains(word), "{word}: {status}");
    }
    assert!(
        site.cli("lookup directory key_value=pbx.test user=1001")
            .contains("1001")
    );
    assert_eq!(ask(site.local(), "GET", "/metrics", &[], "").status, 200);
    assert!(site.cli("reload").contains("nobody can connect"));
    drop(other);
    assert_eq!(site.cli("reload"), "+OK reloaded\n");
    assert_eq!(ask(site.public(), "GET", "/", &[], "").status, 200);
    assert!(site.cli("status").contains(&format!("http://{taken}")));
}

#[test]
fn a_reload_takes_another_address_and_those_who_are_connected_stay() {
    let site = Site::new(&[]);
    let before = site.public();
    let mut held = connect(before);
    let begun = Instant::now();
    while site.pbx.front().unwrap().listeners()[0].connections == 0 {
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "the connection is taken"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    site.configure(&[
        ("web-listen", &free.to_string()),
        ("local-listen", &site.local().to_string()),
    ]);
    assert_eq!(site.cli("reload"), "+OK reloaded\n");
    assert_eq!(site.public(), free);
    assert_eq!(ask(free, "GET", "/", &[], "").status, 200);
    let old = format!("GET / HTTP/1.1\r\nHost: {before}\r\nConnection: close\r\n\r\n");
    held.write_all(old.as_bytes()).unwrap();
    assert_eq!(Answer::read(held).unwrap().status, 200);
    let begun = Instant::now();
    while std::net::TcpStream::connect(before).is_ok() {
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "the old address is still open"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn stopping_waits_for_nobody() {
    let mut site = Site::new(&[]);
    let idle: Vec<_> = (0..20).map(|_| connect(site.public())).collect();
    let mut half = connect(site.public());
    half.write_all(b"POST /api/sign-in HTTP/1.1\r\nHost: x").unwrap();
    let public = site.public();
    assert_eq!(ask(public, "GET", "/", &[], "").status, 200);
    let begun = Instant::now();
    drop(site.web.take());
    let took = begun.elapsed();
    assert!(took < Duration::from_millis(200), "{took:?}");
    assert!(std::net::TcpStream::connect(public).is_err());
    drop((idle, half));
}
