//! The keeper: daily backups, what it notices, and that it ends at once.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod store_common;

use std::fs;
use std::time::{Duration, Instant};

use pbx_core::store::{Change, Health, Pace};
use store_common::{BRISK, Bench, Tenant, setting};

fn until(bench: &Bench, what: &str, done: impl Fn(&Health) -> bool) -> Health {
    let begin = Instant::now();
    loop {
        let health = bench.store.health();
        if done(&health) {
            return health;
        }
        assert!(begin.elapsed() < Duration::from_secs(10), "{what}: {health:?}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn backups(bench: &Bench) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(&bench.options.backups)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn backups_are_made_by_themselves_and_so_many_are_kept() {
    let bench = Bench::with_pace(Pace {
        look: Duration::from_millis(5),
        first_backup: Duration::from_millis(5),
        backup: Duration::from_millis(25),
    });
    // There is nothing to back up yet.
    std::thread::sleep(Duration::from_millis(60));
    assert_eq!(backups(&bench), Vec::<String>::new());
    fs::write(bench.options.backups.join("mine.db"), "the operator's own").unwrap();
    bench.put(&Tenant::new("pbx.test", "alice", "1001"));
    bench
        .commit(vec![Change::put(setting("backups-kept", "3"))])
        .unwrap();
    let first = until(&bench, "a first backup", |health| health.last_backup.is_some())
        .last_backup
        .unwrap();
    let names = backups(&bench);
    until(&bench, "newer ones", |_| {
        backups(&bench).len() == 4 && !backups(&bench).contains(&names[1])
    });
    assert!(!first.file.exists(), "the oldest are deleted");
    assert!(
        bench.options.backups.join("mine.db").exists(),
        "but not what is not ours"
    );
    let newest = bench.store.health().last_backup.unwrap();
    let copy = rusqlite::Connection::open(&newest.file).unwrap();
    assert_eq!(
        copy.query_row("SELECT rev FROM head", [], |row| row.get::<_, i64>(0))
            .unwrap(),
        2
    );
    assert_eq!(bench.store.health().last_error, None);
    bench.store.close();
    for name in backups(&bench) {
        assert!(
            name == "mine.db" || name.ends_with("Z.db"),
            "nothing is left unfinished: {name}"
        );
    }
}

#[test]
fn a_backup_younger_than_a_day_is_not_followed_by_another_at_the_next_start() {
    let mut bench = Bench::new();
    bench.put(&Tenant::new("pbx.test", "alice", "1001"));
    let made = bench.backup_now();
    bench.options.pace = Pace {
        look: Duration::from_millis(2),
        first_backup: Duration::ZERO,
        ..BRISK
    };
    bench.reopen().unwrap();
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(backups(&bench).len(), 1);
    // One from the future (the clock was wrong) does not stop them.
    let future = bench.options.backups.join("pbx-2099-01-01T00-00-00.000Z.db");
    fs::rename(&made, &future).unwrap();
    bench.reopen().unwrap();
    until(&bench, "a backup of today", |_| backups(&bench).len() == 2);
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(backups(&bench).len(), 2);
}

#[test]
fn a_damaged_or_foreign_database_pushes_no_backup_out() {
    let bench = Bench::with_pace(Pace {
        look: Duration::from_millis(5),
        first_backup: Duration::from_millis(5),
        backup: Duration::from_millis(20),
    });
    bench.put(&Tenant::new("pbx.test", "alice", "1001"));
    bench
        .commit(vec![Change::put(setting("backups-kept", "1"))])
        .unwrap();
    until(&bench, "a backup", |health| health.last_backup.is_some());
    bench.overwrite(&[0x5a; 40_000]);
    until(&bench, "the refusal", |health| health.refused.is_some());
    // One may have been in the making.
    std::thread::sleep(Duration::from_millis(300));
    let kept = backups(&bench);
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(backups(&bench), kept);
    assert_eq!(kept.len(), 1);
    let copy = rusqlite::Connection::open(bench.options.backups.join(&kept[0])).unwrap();
    let check: String = copy
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(check, "ok");
    bench.store.restore(None, "tester").unwrap();
    assert!(
        bench
            .store
            .snapshot()
            .domain("pbx.test")
            .unwrap()
            .find("alice")
            .is_some()
    );
}

/// What was overwritten is either noticed, or what the keeper wrote afterwards made it right again.
#[test]
fn overwriting_is_noticed_even_while_the_keeper_writes_to_the_file_itself() {
    let mut noticed = 0;
    for round in 0..40 {
        let mut bench = Bench::with_pace(Pace {
            look: Duration::from_millis(1),
            ..BRISK
        });
        let tenant = Tenant::new("pbx.test", "alice", "1001");
        bench.put(&tenant);
        std::thread::sleep(Duration::from_millis(20));
        let older = bench.main_file();
        for n in 0..20 {
            let more = Tenant::in_domain(&tenant.domain, &format!("u{n}"), &format!("20{n:02}"));
            bench.commit(more.put_in()).unwrap();
        }
        let content = match round % 3 {
            0 => b"garbage".to_vec(),
            1 => vec![0x5a; 8192],
            _ => older,
        };
        bench
            .commit(vec![Change::put(setting("sip-port", "5070"))])
            .unwrap();
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_micros(200 * round) {}
        bench.overwrite(&content);
        let begin = Instant::now();
        while bench.store.health().refused.is_none() && begin.elapsed() < Duration::from_millis(800) {
            std::thread::sleep(Duration::from_millis(2));
        }
        let error = bench.commit(vec![Change::put(setting("sip-tls", "yes"))]).err();
        match error.map(|error| error.to_string()) {
            Some(text) => {
                noticed += 1;
                assert!(text.contains("overwritten") || text.contains("damaged"), "{text}");
                assert!(text.contains("pbx restore"), "{text}");
            }
            None => {
                bench.reopen().unwrap();
                assert_eq!(bench.store.snapshot().rev, 23, "round {round}");
                assert_eq!(bench.store.snapshot().domain("pbx.test").unwrap().len(), 21);
            }
        }
    }
    assert!(noticed >= 20, "{noticed} of 40");
}

#[test]
fn it_ends_at_once() {
    let bench = Bench::with_pace(Pace {
        look: Duration::from_secs(3600),
        ..BRISK
    });
    bench.put(&Tenant::new("pbx.test", "alice", "1001"));
    let begin = Instant::now();
    bench.store.close();
    assert!(
        begin.elapsed() < Duration::from_millis(500),
        "{:?}",
        begin.elapsed()
    );
    // A second time does no harm.
    bench.store.close();
}
