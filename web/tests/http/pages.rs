//! The pages and what they ask for: the files, the table of extensions, the stream of events.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use crate::client::{Answer, Browser, ask, connect, request};
use crate::site::{PASSWORD, Site};

fn html(browser: &mut Browser, path: &str) -> Answer {
    browser.clone().with("Accept", "text/html").ask("GET", path, "")
}

/// The channel of alice's extension.
fn alices_channel(browser: &mut Browser) -> String {
    let channels = browser.ask("GET", "/api/channels", "").json();
    assert_eq!(channels["channels"].as_array().unwrap().len(), 1, "{channels}");
    assert_eq!(channels["channels"][0]["number"], "1001");
    assert_eq!(channels["channels"][0]["domain"], "pbx.test");
    assert_eq!(channels["codes"]["echo"], "*43");
    channels["channels"][0]["id"].as_str().unwrap().to_owned()
}

/// Alice's site with bob, who has a password too, and 60 more.
fn site() -> Site {
    let site = Site::new(&[]).with_alice();
    site.must("extension add 1002 --user bob --name \"Bob Brown\" --line");
    site.must(&format!("user set bob --password {PASSWORD}"));
    for number in 2000..2060 {
        site.must(&format!(
            "extension add {number} --user user{number} --name \"Person {number}\""
        ));
    }
    site.must("domain add other.test");
    site.must("extension add 1001@other.test --user carol --name Carol");
    site
}

#[test]
fn files_are_kept_for_ever_the_page_is_asked_for_again_and_both_come_compressed() {
    let site = Site::new(&[]);
    let page = ask(site.public(), "GET", "/", &[], "");
    assert_eq!(
        (page.status, page.header("cache-control").as_str()),
        (200, "no-cache")
    );
    let etag = page.header("etag");
    assert!(etag.len() > 10);
    let again = ask(site.public(), "GET", "/", &[("If-None-Match", &etag)], "");
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    let named: Vec<_> = page
        .body
        .split('"')
        .filter(|text| text.starts_with("/assets/"))
        .collect();
    assert_eq!(named.len(), 3, "{}", page.body);
    for name in named {
        let plain = ask(site.public(), "GET", name, &[], "");
        assert_eq!(plain.status, 200, "{name}");
        assert_eq!(plain.header("content-encoding"), "");
        assert_eq!(plain.header("vary"), "Accept-Encoding");
        assert_eq!(
            plain.header("cache-control"),
            "public, max-age=31536000, immutable"
        );
        for (accepts, encoding) in [("gzip", "gzip"), ("gzip, br", "br"), ("br;q=0", "")] {
            let packed = ask(site.public(), "GET", name, &[("Accept-Encoding", accepts)], "");
            assert_eq!(packed.header("content-encoding"), encoding, "{name}");
            assert_eq!(packed.header("content-type"), plain.header("content-type"));
        }
        assert_eq!(
            ask(site.public(), "GET", &format!("{name}.br"), &[], "").status,
            404
        );
    }
    for lost in [
        "/assets/nothing.js",
        "/assets/../index.html",
        "/assets/%2e%2e/index.html",
        "/index.html",
    ] {
        assert_eq!(ask(site.public(), "GET", lost, &[], "").status, 404, "{lost}");
    }
    let error = ask(site.public(), "GET", "/nowhere", &[("Accept", "text/html")], "");
    let style = error.body.split('"').find(|text| text.ends_with(".css")).unwrap();
    assert_eq!(ask(site.public(), "GET", style, &[], "").status, 200);
}

#[test]
fn the_page_of_an_extension_is_its_owners_and_404_for_everybody_else() {
    let site = site();
    let mut alice = site.alices_browser();
    let channel = alices_channel(&mut alice);
    let path = format!("/extensions/{channel}");
    let own = html(&mut alice, &path);
    assert_eq!(own.status, 200);
    let mut bob = Browser::new(site.public());
    assert_eq!(bob.sign_in("bob@pbx.test", PASSWORD).status, 200);
    let mut nobody = Browser::new(site.public());
    for other in [html(&mut bob, &path), html(&mut nobody, &path)] {
        assert_eq!(other.status, 404);
        assert_eq!(other.body, own.body, "the page lets people sign in");
        assert_eq!(other.header("content-type"), "text/html; charset=utf-8");
    }
    for wrong in [
        "/extensions/x",
        "/extensions/0192f0c1-2345-7abc-8def-0123456789ab",
    ] {
        assert_eq!(html(&mut alice, wrong).status, 404, "{wrong}");
    }
    site.must("extension set 1001@pbx.test --enabled no");
    assert_eq!(html(&mut alice, &path).status, 404);
}

#[test]
fn the_table_is_searched_chosen_from_sorted_and_paged_by_the_server() {
    let site = site();
    let mut alice = site.alices_browser();
    let channel = alices_channel(&mut alice);
    let mut table = |query: &str| {
        let answer = alice.ask("GET", &format!("/api/extensions?channel={channel}{query}"), "");
        assert_eq!(answer.status, 200, "{query}: {answer:?}");
        answer.json()
    };
    let numbers = |page: &Value| -> Vec<String> {
        let rows = page["rows"].as_array().unwrap().iter();
        rows.map(|row| row["number"].as_str().unwrap().to_owned())
            .collect()
    };
    let first = table("");
    assert_eq!(
        (&first["total"], &first["page"], &first["size"]),
        (&62.into(), &1.into(), &25.into())
    );
    assert_eq!(first["domain"], "pbx.test");
    assert_eq!(first["rows"][0]["name"], "Alice Adams");
    assert_eq!(first["rows"][0]["state"], "offline");
    // Every page, in either order, is the piece of the whole that it should be.
    for sort in ["name", "-name", "number", "-number", "state", "-state"] {
        let whole = numbers(&table(&format!("&sort={sort}&size=100")));
        assert_eq!(whole.len(), 62);
        let pages: Vec<_> = (1..=8)
            .flat_map(|page| numbers(&table(&format!("&sort={sort}&size=9&page={page}"))))
            .collect();
        assert_eq!(pages, whole, "{sort}");
    }
    assert_eq!(numbers(&table("&sort=-number"))[0], "2059");
    assert_eq!(numbers(&table("&q=BOB")), ["1002"]);
    assert_eq!(
        numbers(&table("&q=205&sort=number&size=3")),
        ["2050", "2051", "2052"]
    );
    assert_eq!(table("&q=nobody")["total"], 0);
    assert_eq!(numbers(&table("&page=99")), [""; 0]);
    assert_eq!(numbers(&table("&page=18446744073709551615&size=100")), [""; 0]);
    register(&site, "1002");
    until(|| numbers(&table("&state=online")) == ["1002"]);
    assert_eq!(numbers(&table("&sort=state"))[0], "1002");
    assert_eq!(table("&state=offline")["total"], 61);
}

/// Every search, order and choice is what a plain look at all of them gives.
#[test]
fn the_table_finds_what_a_plain_look_at_all_finds_and_follows_changes() {
    let site = site();
    let mut alice = site.alices_browser();
    site.must("extension set 2007@pbx.test --caller-id-name \"BOB'S Straße 20\"");
    let mut table = |query: &str| {
        let answer = alice.ask("GET", &format!("/api/extensions?{query}"), "");
        assert_eq!(answer.status, 200, "{query}: {answer:?}");
        answer.json()
    };
    let rows = |page: &Value| page["rows"].as_array().unwrap().clone();
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_lowercase();
    for q in [
        "",
        "20",
        "bob",
        "205",
        "stra%C3%9Fe",
        "8",
        "1001",
        "zz",
        "0%0A2",
        "person%202",
        "b",
    ] {
        let plain = q.replace("%0A", "\n").replace("%20", " ").replace("%C3%9F", "ß");
        for sort in ["name", "-name", "number", "-number", "state", "-state"] {
            let mut wanted = rows(&table(&format!("size=100&sort={sort}")));
            wanted.retain(|row| text(row, "name").contains(&plain) || text(row, "number").contains(&plain));
            let found = table(&format!("size=100&sort={sort}&q={q}"));
            assert_eq!(rows(&found), wanted, "{q} by {sort}");
            assert_eq!(found["total"], wanted.len(), "{q}");
            let second = table(&format!("sort={sort}&q={q}&size=3&page=2"));
            let part: Vec<_> = wanted.into_iter().skip(3).take(3).collect();
            assert_eq!(rows(&second), part, "page 2 of {q} by {sort}");
        }
    }
    // What was made for the domain as it was is not what is shown of it now.
    site.must("extension delete 2007@pbx.test");
    assert_eq!(table("q=stra%C3%9Fe")["total"], 0);
    site.must("extension set 2008@pbx.test --caller-id-name Zoe");
    assert_eq!(rows(&table("q=zoe"))[0]["number"], "2008");
    assert_eq!(table("")["total"], 61);
    site.must("domain add empty.test");
    // Whose extension goes sees its table no more.
    let channel = alices_channel(&mut alice);
    site.must("extension delete 1001@pbx.test --with-everything");
    let gone = alice.ask("GET", &format!("/api/extensions?channel={channel}"), "");
    assert_eq!(gone.status, 404, "{gone:?}");
}

#[test]
fn the_table_is_for_people_of_the_domain_and_takes_no_nonsense() {
    let site = site();
    let mut alice = site.alices_browser();
    assert_eq!(
        alice.ask("GET", "/api/extensions", "").json()["domain"],
        "pbx.test"
    );
    let mut bob = Browser::new(site.public());
    assert_eq!(bob.sign_in("bob@pbx.test", PASSWORD).status, 200);
    let channel = alices_channel(&mut alice);
    let foreign = bob.ask("GET", &format!("/api/extensions?channel={channel}"), "");
    assert_eq!((foreign.status, foreign.kind().as_str()), (404, "not-found"));
    let long = format!("q={}", "x".repeat(101));
    for bad in [
        "sort=color",
        "state=away",
        "page=-1",
        "size=many",
        "channel=x",
        "other=1",
        &long,
    ] {
        let answer = alice.ask("GET", &format!("/api/extensions?{bad}"), "");
        assert_eq!(answer.status, 400, "{bad}: {answer:?}");
    }
    for path in ["/api/extensions", "/api/channels", "/api/events"] {
        let stranger = Browser::new(site.public()).ask("GET", path, "");
        assert_eq!(
            (stranger.status, stranger.kind().as_str()),
            (401, "not-signed-in"),
            "{path}"
        );
    }
}

#[test]
fn a_phone_that_registers_is_told_within_a_second_and_other_domains_are_not() {
    let site = site();
    let alice = site.alices_browser();
    let mut stream = follow(&alice);
    assert!(read_until(&mut stream, "event: reset").starts_with("HTTP/1.1 200"));
    let began = std::time::Instant::now();
    register(&site, "1002");
    let told = read_until(&mut stream, "\"state\":\"online\"");
    assert!(told.contains("event: presence"), "{told}");
    assert!(
        told.contains("\"domain\":\"pbx.test\"") && told.contains("\"number\":\"1002\""),
        "{told}"
    );
    assert!(began.elapsed().as_secs_f64() < 1.0, "{:?}", began.elapsed());
    assert!(!told.contains("other.test"));
    // A new extension: the table is to be asked for again.
    site.must("extension add 3000@pbx.test --user dora --name Dora");
    read_until(&mut stream, "event: reset");
}

#[test]
fn a_sign_in_has_four_streams_and_they_end_with_it_and_with_the_server() {
    let mut site = site();
    let mut alice = site.alices_browser();
    let mut streams: Vec<_> = (0..4).map(|_| follow(&alice)).collect();
    for stream in &mut streams {
        read_until(stream, "event: reset");
    }
    assert_eq!(alice.ask("GET", "/api/events", "").status, 429);
    drop(streams.pop());
    let mut another = None;
    until(|| {
        let mut stream = follow(&alice);
        let begun = read_until(&mut stream, "\r\n\r\n").starts_with("HTTP/1.1 200");
        another = Some(stream);
        begun
    });
    assert_eq!(alice.ask("POST", "/api/sign-out", "").status, 204);
    let mut rest = String::new();
    streams[0].read_to_string(&mut rest).unwrap();
    let again = site.alices_browser();
    let mut last = follow(&again);
    read_until(&mut last, "event: reset");
    let began = std::time::Instant::now();
    drop(site.web.take());
    assert!(began.elapsed().as_millis() < 500, "{:?}", began.elapsed());
}

/// Opens a stream, and leaves it open.
fn follow(browser: &Browser) -> TcpStream {
    let headers = browser.headers();
    let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let mut stream = connect(browser.to);
    let bytes = request(browser.to, "GET", "/api/events", &headers, "");
    stream.write_all(bytes.as_bytes()).unwrap();
    stream
}

/// Reads until the text is there, and answers all that was read.
#[track_caller]
fn read_until(stream: &mut TcpStream, wanted: &str) -> String {
    let mut read = Vec::new();
    loop {
        let mut byte = [0];
        assert_eq!(
            stream.read(&mut byte).unwrap(),
            1,
            "{}",
            String::from_utf8_lossy(&read)
        );
        read.push(byte[0]);
        let text = String::from_utf8_lossy(&read);
        if text.ends_with(wanted) {
            return text.into_owned();
        }
    }
}

/// A phone of the first line of an extension registers.
fn register(site: &Site, number: &str) {
    let line = site.must(&format!("line list --extension {number}@pbx.test json"));
    let line: Value = serde_json::from_str(&line).unwrap();
    site.register(find(&line, "username").expect("a line"));
}

/// The first text with this key, however deep.
fn find<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    match value {
        Value::Object(map) => map
            .get(key)
            .and_then(Value::as_str)
            .or_else(|| map.values().find_map(|inner| find(inner, key))),
        Value::Array(all) => all.iter().find_map(|inner| find(inner, key)),
        _ => None,
    }
}

#[track_caller]
fn until(mut holds: impl FnMut() -> bool) {
    for _ in 0..500 {
        if holds() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("it never became so");
}
