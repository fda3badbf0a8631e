//! `pbx backup`, `pbx restore`, and what `pbx status` says of the database.

use std::fs;

use crate::support::{Desk, fields};

#[test]
fn a_backup_brings_back_what_was() {
    let desk = Desk::small();
    let file = desk.dir.path().join("before.db");
    let made = desk.json(&format!("backup {}", file.display()));
    assert_eq!(fields(&made), ["at", "bytes", "file", "ok"]);
    assert_eq!(
        made["bytes"].as_u64().unwrap(),
        fs::metadata(&file).unwrap().len()
    );
    desk.ok("domain delete pbx.test --with-everything");
    let restored = desk.json(&format!("restore {}", file.display()));
    assert_eq!(fields(&restored), ["from", "ok", "revision", "set_aside"]);
    assert!(fs::exists(restored["set_aside"].as_str().unwrap()).unwrap());
    assert_eq!(desk.json("extension list")["total"], 1);
    assert!(
        desk.say("lookup directory domain=pbx.test user=1001")
            .contains("<user")
    );
    desk.ok("domain add two.test");
}

#[test]
fn a_backup_never_overwrites_and_a_restore_takes_only_a_backup() {
    let desk = Desk::small();
    let path = |name: &str| desk.dir.path().join(name).display().to_string();
    fs::write(path("there.db"), "mine").unwrap();
    fs::write(
        path("junk.db"),
        "not a database, but long enough to look at".repeat(100),
    )
    .unwrap();
    for (line, why) in [
        (format!("backup {}", path("there.db")), "there.db"),
        (format!("backup {}", path("no/such/folder.db")), "folder"),
        ("backup relative.db".to_owned(), "no absolute path"),
        ("backup".to_owned(), "<FILE> is missing"),
        (format!("restore {}", path("junk.db")), "junk.db"),
        (format!("restore {}", path("nothing.db")), "nothing.db"),
        (format!("restore {}", path("pbx.db")), "is the database itself"),
        ("restore relative.db".to_owned(), "no absolute path"),
    ] {
        let answer = desk.refused(&line);
        assert!(answer.contains(why), "{line}: {answer}");
    }
    assert_eq!(fs::read_to_string(path("there.db")).unwrap(), "mine");
}

#[test]
fn status_says_when_the_database_is_gone_and_what_to_type() {
    let desk = Desk::small();
    let healthy = desk.json("status");
    assert_eq!(healthy["refused"], serde_json::Value::Null);
    for name in [
        "database_bytes",
        "backup",
        "backup_age_seconds",
        "backup_directory",
        "last_error",
        "foreign_write",
        "lookups",
    ] {
        assert!(healthy.get(name).is_some(), "{name}: {healthy}");
    }
    let file = desk.dir.path().join("safe.db");
    desk.ok(&format!("backup {}", file.display()));
    for name in ["pbx.db", "pbx.db-wal", "pbx.db-shm"] {
        fs::remove_file(desk.dir.path().join(name)).unwrap();
    }
    let refused = desk.say("domain add two.test");
    assert!(
        refused.starts_with("-ERR ") && refused.contains("pbx restore"),
        "{refused}"
    );
    let status = desk.json("status");
    assert!(
        status["refused"].as_str().unwrap().contains("pbx restore"),
        "{status}"
    );
    let text = desk.say("status");
    assert!(
        text.contains("changes        refused, see below") && text.contains("needs attention:"),
        "{text}"
    );
    assert!(
        desk.say("lookup directory domain=pbx.test user=1001")
            .contains("<user"),
        "phones go on"
    );
    desk.ok(&format!("restore {}", file.display()));
    desk.ok("domain add two.test");
}
