//! Pages, filters, and what each question reads.

use super::*;
use crate::store::calls::{Leg, Role, keep};
use crate::store::migrate::MIGRATIONS;

/// The id, and when it began, of the call of that second.
fn id(second: i64) -> Uuid {
    first_id(1_800_000_000_000 + second * 1000)
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

/// The call of that second: each third of two.test, each fifth busy, each tenth with a leg of the channel.
fn made(second: i64, channel: Uuid) -> (Call, Vec<Leg>) {
    let domain = if second % 3 == 0 { "two.test" } else { "one.test" };
    let call = Call {
        id: id(second),
        domain: Some(domain.to_owned()),
        direction: Direction::Inbound,
        caller_number: format!("+4930{second}"),
        caller_name: "Ännie".to_owned(),
        called_number: "1001".to_owned(),
        payer: None,
        class: None,
        gateway: None,
        began: format!("{:.3}", at(second)),
        answered: None,
        ended: None,
        outcome: if second % 5 == 0 {
            Outcome::Busy
        } else {
            Outcome::Answered
        },
        cause: None,
        seconds: 0,
    };
    let leg = |extension| Leg {
        id: Uuid::now_v7(),
        role: Role::Called,
        domain: None,
        extension,
        number: "1001".to_owned(),
        device: None,
        gateway: None,
        began: call.began.clone(),
        answered: None,
        ended: None,
        cause: None,
    };
    let own = (second % 10 == 0).then_some(channel);
    // Two legs of one extension are one call.
    let legs = vec![leg(own), leg(own), leg(None)];
    (call, legs)
}

/// A call each second.
fn database(count: i64, channel: Uuid) -> Connection {
    let conn = Connection::open_in_memory().unwrap();
    for (_, sql) in MIGRATIONS {
        conn.execute_batch(sql).unwrap();
    }
    let calls: Vec<_> = (0..count).map(|second| made(second, channel)).collect();
    keep(&conn, &calls, &[]).unwrap();
    conn
}

fn seconds(found: &Found) -> Vec<i64> {
    let of = |call: &Call| call.began.parse::<Timestamp>().unwrap().as_second() - 1_800_000_000;
    found.calls.iter().map(of).collect()
}

#[test]
fn a_page_is_cut_out_of_a_window_and_the_next_one_goes_on() {
    let channel = Uuid::now_v7();
    let conn = database(100, channel);
    let ask = |wanted: &Wanted, part, window| page(&conn, wanted, part, window).unwrap();
    let all = ask(&Wanted::default(), (0, 3), WINDOW);
    assert_eq!(
        (seconds(&all), all.total, all.next),
        (vec![99, 98, 97], 100, None)
    );
    assert_eq!(seconds(&ask(&Wanted::default(), (98, 10), WINDOW)), [1, 0]);
    assert_eq!(seconds(&ask(&Wanted::default(), (100, 10), WINDOW)), [0; 0]);
    // Busy ones in windows of 40: eight, eight, four.
    let mut wanted = Wanted {
        outcome: Some(Outcome::Busy),
        ..Wanted::default()
    };
    let mut found = Vec::new();
    let mut windows = 0;
    loop {
        let window = ask(&wanted, (0, 50), 40);
        assert_eq!(window.total, window.calls.len() as u64);
        found.extend(seconds(&window));
        windows += 1;
        match window.next {
            Some(next) => wanted.before = Some(next),
            None => break,
        }
    }
    assert_eq!(windows, 3);
    assert_eq!(found, (0..100).rev().filter(|s| s % 5 == 0).collect::<Vec<_>>());
}

#[test]
fn each_filter_leaves_out_what_it_says() {
    let channel = Uuid::now_v7();
    let conn = database(100, channel);
    let total = |wanted: Wanted| page(&conn, &wanted, (0, 10), WINDOW).unwrap().total;
    let none = Wanted::default;
    assert_eq!(
        total(Wanted {
            domain: Some("TWO.test".into()),
            ..none()
        }),
        34
    );
    assert_eq!(
        total(Wanted {
            channel: Some(channel),
            ..none()
        }),
        10
    );
    assert_eq!(
        total(Wanted {
            channel: Some(Uuid::now_v7()),
            ..none()
        }),
        0
    );
    let both = Wanted {
        channel: Some(channel),
        domain: Some("two.test".into()),
        ..none()
    };
    assert_eq!(total(both), 4, "0, 30, 60, 90");
    assert_eq!(
        total(Wanted {
            number: "+49309".into(),
            ..none()
        }),
        11
    );
    assert_eq!(
        total(Wanted {
            number: "%".into(),
            ..none()
        }),
        0
    );
    assert_eq!(
        total(Wanted {
            q: "NNIE".into(),
            ..none()
        }),
        100
    );
    assert_eq!(
        total(Wanted {
            q: "nobody".into(),
            ..none()
        }),
        0
    );
    assert_eq!(
        total(Wanted {
            direction: Some(Direction::Outbound),
            ..none()
        }),
        0
    );
    let span = Wanted {
        since: Some(at(10)),
        until: Some(at(20)),
        ..none()
    };
    let found = page(&conn, &span, (0, 100), WINDOW).unwrap();
    assert_eq!(seconds(&found), (10..20).rev().collect::<Vec<_>>());
    let end = Wanted {
        until: Some(at(20)),
        before: Some(id(15)),
        ..none()
    };
    assert_eq!(total(end), 15);
    assert_eq!(
        one(&conn, id(7), None).unwrap().map(|call| call.caller_number),
        Some("+49307".to_owned())
    );
    assert_eq!(one(&conn, Uuid::nil(), None).unwrap(), None);
}

#[test]
fn a_domain_has_none_of_the_calls_of_another_that_was_called_so_before() {
    let channel = Uuid::now_v7();
    let conn = database(0, channel);
    let (old, new) = (Uuid::now_v7(), Uuid::now_v7());
    let make = |domain: Uuid| {
        let sql = "INSERT INTO domain (id, name, row_rev, updated_at) VALUES (?1, 'one.test', 1, '')";
        conn.execute(sql, [domain.to_string()]).unwrap();
    };
    make(old);
    keep(&conn, &[made(1, channel), made(10, channel)], &[]).unwrap();
    conn.execute("DELETE FROM domain", []).unwrap();
    make(new);
    // Written again it stays whose it was.
    keep(&conn, &[made(10, channel), made(20, channel)], &[]).unwrap();
    let of = |domain_id: Uuid, channel: Option<Uuid>| {
        let wanted = Wanted {
            domain_id: Some(domain_id),
            channel,
            ..Wanted::default()
        };
        seconds(&page(&conn, &wanted, (0, 10), WINDOW).unwrap())
    };
    assert_eq!((of(old, None), of(new, None)), (vec![10, 1], vec![20]));
    assert_eq!(
        (of(old, Some(channel)), of(new, Some(channel))),
        (vec![10], vec![20])
    );
    let seen = |second, domain| one(&conn, id(second), Some(domain)).unwrap().is_some();
    assert!(seen(20, new) && !seen(10, new) && seen(10, old));
    // Who looks after all of them finds each by the name that it had.
    let named = Wanted {
        domain: Some("one.test".into()),
        ..Wanted::default()
    };
    assert_eq!(
        seconds(&page(&conn, &named, (0, 10), WINDOW).unwrap()),
        [20, 10, 1]
    );
}

#[test]
fn no_question_reads_more_than_its_index_says() {
    let conn = database(1, Uuid::now_v7());
    let plan = |sql: &str| -> String {
        let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        // Nothing is bound: it is not run.
        let (mut rows, mut text) = (statement.raw_query(), String::new());
        while let Some(row) = rows.next().unwrap() {
            text.push_str(&row.get::<_, String>(3).unwrap());
            text.push('\n');
        }
        text
    };
    let by =
        |whose: &str| plan(&include_str!("../../../../../sql/calls_looked_at.sql").replace("{whose}", whose));
    let (all, domain) = (by("?1 IS NULL"), by("domain = ?1"));
    let of = include_str!("../../../../../sql/calls_looked_at_of_extension.sql");
    let own = plan(&of.replace("{column}", "domain_id"));
    let theirs = by("domain_id = ?1");
    assert!(
        theirs.contains("USING INDEX call_of_domain") && !theirs.contains("TEMP B-TREE"),
        "{theirs}"
    );
    assert!(
        all.contains("USING PRIMARY KEY") && !all.contains("TEMP B-TREE"),
        "{all}"
    );
    assert!(
        domain.contains("USING INDEX call_domain") && !domain.contains("TEMP B-TREE"),
        "{domain}"
    );
    assert!(own.contains("call_leg_extension"), "{own}");
}
