//! Schedules: hours, holidays, what is imported, and the override.

use serde_json::{Value, json};

use super::{at, changed, domain, made, world, wrong};
use crate::api::send;

fn calendar(events: &[(&str, &str)]) -> String {
    let event = |(day, name): &(&str, &str)| {
        format!(
            "BEGIN:VEVENT\r\nUID:{day}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;VALUE=DATE:{day}\r\nSUMMARY:{name}\r\nEND:VEVENT\r\n"
        )
    };
    let events: String = events.iter().map(event).collect();
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n{events}END:VCALENDAR\r\n")
}

#[test]
fn hours_holidays_and_who_may_switch_are_kept_and_told() {
    let mut world = world();
    let one = domain(&mut world, "one.test");
    let body = json!({
        "domain_id": one, "name": "Office", "time_zone": "Europe/Berlin", "hours": "Mon-Fri 08:00-12:00",
        "holidays": [{"day": "2099-12-24", "name": "Christmas Eve"}, {"day": "*-12-25"}], "code": 1,
        "keys": ["1002", "1001"],
    });
    let office = made(&mut world.root, "schedules", &body);
    assert_eq!(
        (
            &office["name"],
            &office["keys"],
            &office["override"],
            &office["code"]
        ),
        (
            &json!("office"),
            &json!(["1001", "1002"]),
            &json!("off"),
            &json!(1)
        )
    );
    assert_eq!(
        office["holidays"],
        json!([{"day": "*-12-25", "name": ""}, {"day": "2099-12-24", "name": "Christmas Eve"}])
    );
    assert!(
        world
            .site
            .must("schedule show office@one.test")
            .contains("Christmas Eve")
    );
    // Only what is sent changes.
    let always = changed(
        &mut world.chief,
        "schedules",
        &office,
        &json!({"hours": "always", "holidays": []}),
    );
    assert_eq!(
        (
            &always["open"],
            &always["reason"],
            &always["keys"],
            &always["time_zone"]
        ),
        (
            &json!(true),
            &json!("hours"),
            &office["keys"],
            &json!("Europe/Berlin")
        )
    );
    let (path, rev) = at("schedules", &always);
    for (change, field) in [
        (json!({"hours": "sometimes"}), "hours"),
        (json!({"time_zone": "../../etc/passwd"}), "time_zone"),
        (json!({"holidays": [{"day": "2026-02-30"}]}), "holidays"),
        (
            json!({"holidays": [{"day": "*-12-25"}, {"day": "*-12-25", "name": "x"}]}),
            "holidays",
        ),
        (
            json!({"holidays": [{"day": "*-12-25", "name": "a\nb"}]}),
            "holidays",
        ),
        (json!({"override": "later"}), "override"),
        (json!({"code": 0}), "code"),
        (json!({"keys": ["1001 1002"]}), "keys"),
        (json!({"keys": ["1009"]}), ""),
        (json!({"forced": "open"}), "forced"),
    ] {
        let answer = send(&mut world.root, "PATCH", &path, rev, &change);
        assert_eq!(wrong(&answer), [field], "{change}: {answer:?}");
    }
    let gone = send(&mut world.chief, "DELETE", &path, rev, &Value::Null);
    assert_eq!(gone.status, 200, "{gone:?}");
}

#[test]
fn an_override_is_one_word_and_ends_by_one() {
    let mut world = world();
    let one = domain(&mut world, "one.test");
    let body = json!({"domain_id": one, "name": "office", "hours": "always"});
    let office = made(&mut world.root, "schedules", &body);
    let path = format!("{}/override", at("schedules", &office).0);
    let to = |to: &str| json!({"to": to});
    let mut again = world.chief.clone().with("Idempotency-Key", "night");
    let shut = send(&mut again, "POST", &path, None, &to("closed"));
    assert_eq!(
        (shut.status, &shut.json()["open"]),
        (200, &json!(false)),
        "{shut:?}"
    );
    assert_eq!(world.row("schedules?q=office")["reason"], "override");
    assert_eq!(
        send(&mut again, "POST", &path, None, &to("closed")).json(),
        shut.json()
    );
    assert!(world.site.must("revisions --limit 1").contains("chief@one.test"));
    let same = send(&mut world.root, "POST", &path, None, &to("closed"));
    assert_eq!(same.json()["revision"], Value::Null, "it is so already");
    let off = send(&mut world.root, "POST", &path, None, &to("off"));
    assert_eq!(off.json()["open"], true);
    for (body, fields) in [
        (json!({}), vec!["to"]),
        (json!({"to": "x", "now": true}), vec!["now", "to"]),
    ] {
        assert_eq!(wrong(&send(&mut world.root, "POST", &path, None, &body)), fields);
    }
    let two = domain(&mut world, "two.test");
    let body = json!({"domain_id": two, "name": "office", "hours": "always"});
    let theirs = made(&mut world.root, "schedules", &body);
    let path = format!("{}/override", at("schedules", &theirs).0);
    assert_eq!(
        send(&mut world.chief, "POST", &path, None, &to("closed")).status,
        404
    );
    assert_eq!(
        send(&mut world.user, "POST", &path, None, &to("closed")).status,
        403
    );
}

#[test]
fn holidays_come_out_of_a_calendar_as_a_whole_or_not_at_all() {
    let mut world = world();
    let one = domain(&mut world, "one.test");
    let body =
        json!({"domain_id": one, "name": "office", "hours": "always", "holidays": [{"day": "*-01-01"}]});
    let office = made(&mut world.root, "schedules", &body);
    let path = format!("{}/import", at("schedules", &office).0);
    let file = calendar(&[("20991224", "Eve"), ("20200101", "Long ago")]);
    let mut sent = json!({"text": file, "dry_run": true});
    let looked = send(&mut world.chief, "POST", &path, None, &sent);
    assert_eq!(looked.status, 200, "{looked:?}");
    assert_eq!(
        looked.json(),
        json!({"revision": null, "holidays": [{"day": "2099-12-24", "name": "Eve"}], "over": 1})
    );
    let days = |row: &Value| -> Vec<String> {
        let all = row["holidays"].as_array().unwrap().iter();
        all.map(|day| day["day"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        days(&world.row("schedules?q=office")),
        ["*-01-01"],
        "looking changes nothing"
    );
    sent["dry_run"] = json!(false);
    let done = send(&mut world.chief, "POST", &path, None, &sent);
    assert!(done.json()["revision"].is_u64(), "{done:?}");
    assert_eq!(days(&world.row("schedules?q=office")), ["*-01-01", "2099-12-24"]);
    sent["replace"] = json!(true);
    assert_eq!(send(&mut world.chief, "POST", &path, None, &sent).status, 200);
    assert_eq!(days(&world.row("schedules?q=office")), ["2099-12-24"]);
    // What is no holiday is named, and nothing is taken over.
    let hour = file.replace("DTSTART;VALUE=DATE:20991224", "DTSTART:20991224T100000Z");
    for bad in [hour, "no calendar".to_owned(), "BEGIN:VCALENDAR".repeat(30_000)] {
        let answer = send(&mut world.root, "POST", &path, None, &json!({"text": bad}));
        assert_eq!(wrong(&answer), ["text"]);
    }
    assert_eq!(days(&world.row("schedules?q=office")), ["2099-12-24"]);
    // Larger than other bodies may be, and not without an end.
    let padding = "x".repeat(70_000);
    let long = format!("{file}\r\n{padding}");
    let answer = send(&mut world.root, "POST", &path, None, &json!({"text": long}));
    assert_eq!(answer.status, 422, "{answer:?}");
    let endless = json!({"text": "x".repeat(3 << 20)});
    assert_eq!(send(&mut world.root, "POST", &path, None, &endless).status, 413);
}
