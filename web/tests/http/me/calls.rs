//! One's calls: one's own alone.

use pbx_core::store::calls::{Call, Direction, Leg, Outcome, Role};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{browser_of, channel, is, site};
use crate::client::Browser;
use crate::site::Site;

/// Who was called: channel, number, and whether they spoke.
type Called<'a> = (Option<Uuid>, &'a str, bool);

/// A call of that second: who called and who was called, by channel, number and whether they spoke.
fn call(
    second: u64,
    outcome: Outcome,
    (caller, called): ((Option<Uuid>, &str), &[Called<'_>]),
) -> (Call, Vec<Leg>) {
    let milliseconds = 1_790_000_000_000 + second * 1000;
    let at = |later: u64| {
        let at = jiff::Timestamp::from_millisecond((milliseconds + later).cast_signed()).unwrap();
        format!("{at:.3}")
    };
    let call = Call {
        id: uuid::Builder::from_unix_timestamp_millis(milliseconds, &[7; 10]).into_uuid(),
        domain: Some("pbx.test".to_owned()),
        direction: Direction::Internal,
        caller_number: caller.1.to_owned(),
        caller_name: "The <b>caller</b>".to_owned(),
        called_number: called[0].1.to_owned(),
        payer: Some("1009".to_owned()),
        class: None,
        gateway: Some("secret-carrier".to_owned()),
        began: at(0),
        answered: Some(at(2000)),
        ended: Some(at(12_000)),
        outcome,
        cause: None,
        seconds: 10,
    };
    let leg = |role, extension, number: &str, spoke: bool| Leg {
        id: Uuid::now_v7(),
        role,
        domain: None,
        extension,
        number: number.to_owned(),
        device: Some("a-phone".to_owned()),
        gateway: None,
        began: at(0),
        answered: spoke.then(|| at(2000)),
        ended: Some(at(9000)),
        cause: None,
    };
    let mut legs = vec![leg(Role::Caller, caller.0, caller.1, true)];
    legs.extend(
        called
            .iter()
            .map(|(id, number, spoke)| leg(Role::Called, *id, number, *spoke)),
    );
    (call, legs)
}

#[track_caller]
fn calls(browser: &mut Browser, query: &str) -> Value {
    let answer = browser.ask("GET", &format!("/api/me/calls{query}"), "");
    assert_eq!(answer.status, 200, "{query}: {answer:?}");
    answer.json()
}

/// Who, and how it ended.
fn told(page: &Value) -> Vec<String> {
    let rows = page["calls"].as_array().unwrap().iter();
    let one = |row: &Value| {
        format!(
            "{} {} {} {} {}",
            row["direction"], row["number"], row["name"], row["outcome"], row["seconds"]
        )
    };
    rows.map(|row| one(row).replace('"', "")).collect()
}

struct Two {
    site: Site,
    alice: (Browser, Uuid),
    bob: (Browser, Uuid),
}

fn two() -> Two {
    let site = site();
    let person = |name: &str| {
        let mut browser = browser_of(&site, name);
        let id = channel(&mut browser).parse().unwrap();
        (browser, id)
    };
    let (alice, bob) = (person("alice"), person("bob"));
    Two { alice, bob, site }
}

#[test]
fn a_call_is_told_to_each_side_as_it_was_for_them() {
    let Two {
        site,
        mut alice,
        mut bob,
    } = two();
    let (a, b) = (Some(alice.1), Some(bob.1));
    let stranger = (None, "+4930123");
    site.pbx
        .store()
        .keep_calls(
            &[
                call(0, Outcome::Answered, ((a, "1001"), &[(b, "1002", true)])),
                call(1, Outcome::NoAnswer, (stranger, &[(a, "1001", false)])),
                // Both rang, bob took it.
                call(
                    2,
                    Outcome::Answered,
                    (stranger, &[(a, "1001", false), (b, "1002", true)]),
                ),
                // Of other people.
                call(
                    3,
                    Outcome::Answered,
                    ((Some(Uuid::now_v7()), "1003"), &[(None, "+4930999", true)]),
                ),
            ],
            &[],
        )
        .unwrap();
    let seen = calls(&mut alice.0, "");
    assert_eq!(
        told(&seen),
        [
            "in +4930123 The <b>caller</b> elsewhere 0",
            "in +4930123 The <b>caller</b> no-answer 0",
            "out 1002 Bob Brown answered 10",
        ]
    );
    assert_eq!(seen["next"], Value::Null);
    let row = &seen["calls"][2];
    assert_eq!(
        (&row["extension"], &row["channel"], &row["domain"]),
        (&json!("1001"), &json!(alice.1), &json!("pbx.test"))
    );
    assert_eq!(
        told(&calls(&mut bob.0, "")),
        [
            "in +4930123 The <b>caller</b> answered 7",
            "in 1001 The <b>caller</b> answered 7"
        ]
    );
    // Who else rang, who paid, by what way: not theirs to know.
    for hidden in ["1003", "1009", "secret-carrier", "a-phone", "4930999"] {
        assert!(!seen.to_string().contains(hidden), "{hidden}: {seen}");
    }
}

#[test]
fn nobody_sees_anybody_elses_calls_by_any_question() {
    let Two {
        site,
        mut alice,
        mut bob,
    } = two();
    let all: Vec<_> = (0..30)
        .map(|second| {
            call(
                second,
                Outcome::Answered,
                ((Some(bob.1), "1002"), &[(None, "+4930123", true)]),
            )
        })
        .collect();
    site.pbx.store().keep_calls(&all, &[]).unwrap();
    assert_eq!(calls(&mut alice.0, "")["calls"], json!([]));
    let newest = all[29].0.id;
    assert_eq!(
        calls(&mut alice.0, &format!("?before={newest}"))["calls"],
        json!([])
    );
    let theirs = alice
        .0
        .ask("GET", &format!("/api/me/calls?channel={}", bob.1), "");
    is(&theirs, 404, "not-found");
    let nobodys = alice
        .0
        .ask("GET", &format!("/api/me/calls?channel={}", Uuid::now_v7()), "");
    assert_eq!((theirs.status, &theirs.body), (nobodys.status, &nobodys.body));
    for bad in [
        "?channel=x",
        "?before=1",
        "?size=-1",
        "?extension=1002",
        "?user=bob",
    ] {
        is(
            &alice.0.ask("GET", &format!("/api/me/calls{bad}"), ""),
            400,
            "bad-request",
        );
    }
    is(
        &Browser::new(site.public()).ask("GET", "/api/me/calls", ""),
        401,
        "not-signed-in",
    );
    // By pages, to the end.
    let (mut query, mut seen, mut pages) = ("?size=7".to_owned(), 0, 0);
    loop {
        let page = calls(&mut bob.0, &query);
        (seen, pages) = (seen + page["calls"].as_array().unwrap().len(), pages + 1);
        match page["next"].as_str() {
            Some(next) => query = format!("?size=7&before={next}"),
            None => break,
        }
    }
    assert_eq!((seen, pages), (30, 5));
    assert_eq!(
        calls(&mut bob.0, "?size=5000")["calls"].as_array().unwrap().len(),
        30
    );
    // An extension that is off, or has gone to somebody else, is not theirs, and so is its history.
    site.must("extension set 1002 --user alice");
    assert_eq!(calls(&mut bob.0, "")["calls"], json!([]));
    site.must("extension set 1002 --enabled no");
    assert_eq!(calls(&mut alice.0, "")["calls"], json!([]));
}
