//! Records of calls: who sees which, pages, and the table.

use pbx_core::store::calls::{Call, Direction, Leg, Outcome, Role};
use serde_json::Value;
use uuid::Uuid;

use super::{domain, extension, world};
use crate::api::{World, send};
use crate::client::Browser;

/// The id of a call that began at that second.
fn id(second: u64) -> Uuid {
    let milliseconds = 1_790_000_000_000 + second * 1000;
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &[7; 10]).into_uuid()
}

/// A call that began at that second, with a leg of this channel.
pub(crate) fn call(second: u64, domain: &str, channel: Option<Uuid>) -> (Call, Vec<Leg>) {
    let began = jiff::Timestamp::from_millisecond(1_790_000_000_000 + 1000 * second.cast_signed()).unwrap();
    let began = format!("{began:.3}");
    let call = Call {
        id: id(second),
        domain: Some(domain.to_owned()),
        direction: Direction::Inbound,
        caller_number: format!("+4930{second:05}"),
        caller_name: "=cmd|' /C calc'!A0".to_owned(),
        called_number: "4930123450".to_owned(),
        payer: None,
        class: None,
        gateway: Some("carrier".to_owned()),
        began: began.clone(),
        answered: Some(began.clone()),
        ended: Some(began.clone()),
        outcome: if second.is_multiple_of(2) {
            Outcome::Answered
        } else {
            Outcome::NoAnswer
        },
        cause: Some("NORMAL_CLEARING".to_owned()),
        seconds: second,
    };
    let leg = |role, extension, number: &str| Leg {
        id: Uuid::now_v7(),
        role,
        domain: Some(domain.to_owned()),
        extension,
        number: number.to_owned(),
        device: None,
        gateway: None,
        began: began.clone(),
        answered: Some(began.clone()),
        ended: Some(began.clone()),
        cause: None,
    };
    let legs = vec![
        leg(Role::Caller, None, "+4930"),
        leg(Role::Called, channel, "1001"),
    ];
    (call, legs)
}

/// 40 calls, every fourth in the other domain, every eighth of 1001@one.test.
fn with_calls() -> World {
    let mut world = world();
    let one = domain(&mut world, "one.test");
    let channel = world.row(&format!("extensions?domain_id={one}&q=1001"))["channel_id"].clone();
    let channel: Uuid = channel.as_str().unwrap().parse().unwrap();
    let calls: Vec<_> = (0..40)
        .map(|second| {
            let domain = if second % 4 == 3 { "two.test" } else { "one.test" };
            call(second, domain, (second % 8 == 0).then_some(channel))
        })
        .collect();
    world.site.pbx.store().keep_calls(&calls, &[]).unwrap();
    world
}

#[track_caller]
fn listed(browser: &mut Browser, query: &str) -> Value {
    let answer = send(browser, "GET", &format!("calls{query}"), None, &Value::Null);
    assert_eq!(answer.status, 200, "{query}: {answer:?}");
    answer.json()
}

fn seconds(list: &Value) -> Vec<u64> {
    let rows = list["rows"].as_array().unwrap().iter();
    rows.map(|row| row["seconds"].as_u64().unwrap()).collect()
}

#[test]
fn calls_are_listed_by_pages_the_newest_first_and_filtered() {
    let mut world = with_calls();
    let all = listed(&mut world.root, "?size=3&page=2");
    assert_eq!(
        (&all["total"], seconds(&all), &all["next"]),
        (&40.into(), vec![36, 35, 34], &Value::Null)
    );
    let row = &all["rows"][0];
    assert_eq!(
        (&row["answered_by"], &row["legs"]),
        (&"1001".into(), &Value::Null)
    );
    let own = extension(&mut world, "1001@one.test");
    let other = extension(&mut world, "1001@two.test");
    for (query, total) in [
        (format!("?extension_id={own}"), 5),
        (format!("?extension_id={other}"), 0),
        (format!("?extension_id={own}&outcome=no-answer"), 0),
        ("?domain=TWO.test".to_owned(), 10),
        ("?domain=three.test".to_owned(), 0),
        ("?outcome=answered".to_owned(), 20),
        ("?direction=outbound".to_owned(), 0),
        ("?number=%2B493000012".to_owned(), 1),
        ("?number=%25".to_owned(), 0),
        ("?q=CALC".to_owned(), 40),
        ("?q=4930123450&outcome=no-answer".to_owned(), 20),
        ("?since=2026-09-21T14:13:30Z".to_owned(), 30),
        (
            "?since=2026-09-21T16:13:30%2B02:00&until=2026-09-21T14:13:40Z".to_owned(),
            10,
        ),
        (format!("?before={}", id(10)), 10),
        (format!("?before={}&since=2026-09-21T14:13:25Z", id(10)), 5),
    ] {
        assert_eq!(listed(&mut world.root, &query)["total"], total, "{query}");
    }
    for bad in [
        "?since=yesterday",
        "?since=2026-09-21",
        "?outcome=lost",
        "?extension_id=1001",
        "?before=1",
        "?caller_number=1",
        "?sort=began",
        "?number=1&number=2",
        "?page=0",
    ] {
        let answer = send(&mut world.root, "GET", &format!("calls{bad}"), None, &Value::Null);
        assert_eq!(
            (answer.status, answer.kind().as_str()),
            (400, "bad-request"),
            "{bad}"
        );
    }
}

#[test]
fn a_call_is_shown_with_its_legs_to_its_domain_and_nobody_elses() {
    let mut world = with_calls();
    let theirs = listed(&mut world.chief, "?size=1000");
    assert_eq!(theirs["total"], 30);
    assert!(!theirs.to_string().contains("two.test"));
    assert_eq!(listed(&mut world.chief, "?domain=two.test")["total"], 0);
    let other = extension(&mut world, "1001@two.test");
    assert_eq!(
        listed(&mut world.chief, &format!("?extension_id={other}"))["total"],
        0
    );
    let (own, foreign) = (format!("calls/{}", id(8)), format!("calls/{}", id(7)));
    let shown = send(&mut world.chief, "GET", &own, None, &Value::Null).json();
    assert_eq!(
        (
            &shown["legs"][0]["role"],
            &shown["legs"][1]["number"],
            &shown["answered_by"]
        ),
        (&"caller".into(), &"1001".into(), &"1001".into())
    );
    for (mut browser, path, status) in [
        (world.chief.clone(), foreign.as_str(), 404),
        (world.root.clone(), foreign.as_str(), 200),
        (world.root.clone(), "calls/x", 404),
        (world.user.clone(), own.as_str(), 403),
        (world.user.clone(), "calls", 403),
    ] {
        let answer = send(&mut browser, "GET", path, None, &Value::Null);
        assert_eq!(answer.status, status, "{path}: {answer:?}");
    }
    assert_eq!(
        send(&mut world.root, "DELETE", &own, None, &Value::Null).status,
        405
    );
}

/// The lines of a table that came in pieces.
#[track_caller]
fn lines(browser: &mut Browser, query: &str) -> Vec<String> {
    let path = format!("export/calls.csv{query}");
    let answer = send(browser, "GET", &path, None, &Value::Null);
    assert_eq!(answer.status, 200, "{query}: {answer:?}");
    assert!(answer.header("content-disposition").contains("calls.csv"));
    let text = whole(&answer.body);
    assert!(text.ends_with("\r\n"), "{text}");
    text.lines().map(str::to_owned).collect()
}

/// What a chunked body holds (RFC 9112, 7.1).
fn whole(body: &str) -> String {
    let (mut rest, mut text) = (body, String::new());
    while let Some((size, behind)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).expect("a size");
        text.push_str(&behind[..size]);
        rest = behind[size..].strip_prefix("\r\n").expect("an end");
        if size == 0 {
            break;
        }
    }
    text
}

#[test]
fn the_table_of_calls_is_whole_however_many_there_are_and_computes_nothing() {
    let mut world = with_calls();
    let more: Vec<_> = (100..1300).map(|second| call(second, "one.test", None)).collect();
    world.site.pbx.store().keep_calls(&more, &[]).unwrap();
    let all = lines(&mut world.root, "");
    assert_eq!(all.len(), 1 + 40 + 1200);
    assert!(all[0].starts_with("id,domain,direction,began"), "{}", all[0]);
    let ids: Vec<&str> = all[1..].iter().map(|line| &line[..36]).collect();
    assert!(ids.is_sorted_by(|a, b| a > b), "each once, the newest first");
    assert!(
        all[1].contains("\"'+493001299\",\"'=cmd|' /C calc'!A0\""),
        "{}",
        all[1]
    );
    let answered = lines(&mut world.root, "?outcome=answered&since=2026-09-21T14:15:00Z");
    assert_eq!(answered.len(), 1 + 600);
    assert_eq!(lines(&mut world.chief, "?domain=two.test").len(), 1);
    assert_eq!(
        lines(&mut world.chief, "?until=2026-09-21T14:14:00Z").len(),
        1 + 30
    );
    for (query, status) in [("?page=2", 400), ("?size=1", 400), ("?since=x", 400)] {
        let path = format!("export/calls.csv{query}");
        assert_eq!(
            send(&mut world.root, "GET", &path, None, &Value::Null).status,
            status,
            "{query}"
        );
    }
    assert_eq!(
        send(&mut world.user, "GET", "export/calls.csv", None, &Value::Null).status,
        403
    );
}

/// Records are kept by names, and names are given to others.
#[test]
fn a_domain_that_is_made_again_has_none_of_the_calls_of_the_first() {
    let mut world = with_calls();
    let first = domain(&mut world, "one.test");
    assert_eq!(listed(&mut world.chief, "")["total"], 30);
    let gone = world.row("domains?q=one.test");
    let path = format!("domains/{first}?with_everything=true");
    let gone = send(
        &mut world.root,
        "DELETE",
        &path,
        gone["row_rev"].as_u64(),
        &Value::Null,
    );
    assert_eq!(gone.status, 200, "{gone:?}");
    for line in [
        "domain add one.test",
        "user add heir@one.test --role domain-administrator",
    ] {
        world.site.must(line);
    }
    let line = format!("user set heir@one.test --password {}", crate::site::PASSWORD);
    world.site.must(&line);
    let mut heir = Browser::new(world.site.public());
    assert_eq!(heir.sign_in("heir@one.test", crate::site::PASSWORD).status, 200);
    assert_eq!(listed(&mut heir, "")["total"], 0);
    assert_eq!(listed(&mut heir, "?domain=one.test")["total"], 0);
    let old = format!("calls/{}", id(0));
    assert_eq!(send(&mut heir, "GET", &old, None, &Value::Null).status, 404);
    let table = send(&mut heir, "GET", "export/calls.csv", None, &Value::Null);
    assert!(
        table.status == 200 && table.body.contains("id,domain,") && !table.body.contains("one.test"),
        "{table:?}"
    );
    world
        .site
        .pbx
        .store()
        .keep_calls(&[call(50, "one.test", None)], &[])
        .unwrap();
    assert_eq!(seconds(&listed(&mut heir, "")), [50]);
    // Who looks after the whole finds each by the name that it had.
    assert_eq!(listed(&mut world.root, "?domain=one.test")["total"], 31);
    assert_eq!(send(&mut world.root, "GET", &old, None, &Value::Null).status, 200);
}
