//! `pbx domain`.

use crate::support::{Desk, fields};

#[test]
fn a_domain_is_added_listed_shown_and_deleted() {
    let desk = Desk::new();
    assert!(desk.say("domain list").contains("no domain yet"));
    assert!(desk.ok("domain add PBX.test").contains("pbx.test"));
    assert_eq!(
        desk.say("domain list"),
        "domain    users  extensions  lines\npbx.test  0      0           0\n1 domain\n"
    );
    assert!(desk.say("domain show").starts_with("domain pbx.test\n"));
    let deleted = desk.ok("domain delete pbx.test");
    assert!(deleted.contains("pbx revert 2"), "{deleted}");
    assert_eq!(desk.rev(), 2);
    desk.ok("revert 2");
    assert!(desk.say("domain list").contains("pbx.test"));
}

#[test]
fn a_program_reads_domains_under_these_names() {
    let desk = Desk::small();
    let list = desk.json("domain list");
    let expected = [
        "extensions",
        "id",
        "lines",
        "name",
        "row_rev",
        "updated_at",
        "users",
    ];
    assert_eq!(fields(&list["domains"][0]), expected);
    assert_eq!(fields(&desk.json("domain show")), expected);
    let added = desk.json("domain add two.test");
    assert_eq!(fields(&added), ["domain", "ok", "revision", "warning"]);
    let added = desk.json("domain add three.test");
    assert_eq!(fields(&added), ["domain", "ok", "revision"]);
    assert_eq!(added["ok"], true);
}

#[test]
fn the_second_domain_comes_with_a_warning() {
    let desk = Desk::new();
    for (domain, warns) in [("one.test", false), ("two.test", true), ("three.test", false)] {
        let answer = desk.ok(&format!("domain add {domain}"));
        let warning = answer.lines().find(|line| line.starts_with("Warning: "));
        assert_eq!(warning.is_some(), warns, "{answer}");
        assert!(warning.is_none_or(|text| text.contains("sofia profile internal restart")));
    }
}

#[test]
fn refusals_say_what_to_do() {
    let desk = Desk::small();
    for (line, why) in [
        ("domain add pbx.test", "exists already"),
        ("domain add PBX.TEST", "exists already"),
        ("domain add extensions", "reserved"),
        ("domain add two..dots", "is not a domain: use a host name"),
        ("domain add", "<DOMAIN> is missing"),
        ("domain show nowhere.test", "pbx domain add nowhere.test"),
        ("domain delete pbx.test", "1 user, 1 extension and 1 line"),
        ("domain delete pbx.test", "--with-everything"),
        ("domain set pbx.test --rename pbx.test", "already"),
        ("domain set pbx.test --rename new.test", "--new-passwords"),
        ("domain set pbx.test", "--rename"),
    ] {
        let answer = desk.refused(line);
        assert!(answer.contains(why), "{line}: {answer}");
    }
}

#[test]
fn a_renamed_domain_gives_every_line_a_new_password_once() {
    let desk = Desk::small();
    desk.ok("line add alice-desk --extension 1001");
    let before = desk.rev();
    let renamed = desk.json("domain set pbx.test --rename new.test --new-passwords");
    assert_eq!(desk.rev(), before + 1);
    let passwords = renamed["passwords"].as_array().unwrap();
    assert_eq!(passwords.len(), 2);
    for row in passwords {
        let (username, password) = (
            row["username"].as_str().unwrap(),
            row["password"].as_str().unwrap(),
        );
        let hash = pbx_core::secret::a1_hex(username, "new.test", password);
        let document = desk.say(&format!(
            "lookup directory domain=new.test user={username} action=sip_auth"
        ));
        assert!(document.contains(&hash), "{document}");
    }
    desk.ok("domain set new.test --rename newer.test --new-passwords");
}

#[test]
fn a_domain_goes_with_all_that_is_in_it_and_comes_back() {
    let desk = Desk::small();
    desk.ok("extension add 1002 --user bob --name Bob --line --line bob-desk");
    let answer = desk.ok("domain delete pbx.test --with-everything");
    assert!(answer.contains("2 users, 2 extensions and 3 lines"), "{answer}");
    assert_eq!(desk.json("domain list")["domains"].as_array().unwrap().len(), 0);
    desk.ok(&format!("revert {}", desk.rev()));
    assert_eq!(desk.json("line list")["total"], 3);
}

#[test]
fn with_two_domains_the_domain_must_be_said() {
    let desk = Desk::small();
    desk.ok("domain add two.test");
    for line in [
        "extension show 1001",
        "extension list",
        "user list",
        "line list",
        "channel list",
        "user show alice",
    ] {
        let answer = desk.refused(line);
        assert!(
            answer.contains("NAME@DOMAIN or --domain DOMAIN"),
            "{line}: {answer}"
        );
    }
    for line in [
        "extension show 1001@pbx.test",
        "extension show 1001 --domain PBX.test",
        "extension show 1001@pbx.test --domain pbx.test",
        "line show 1001@pbx.test",
        "user show alice@pbx.test",
        "channel show 1001@pbx.test",
    ] {
        assert!(desk.say(line).contains("@pbx.test"), "{line}");
    }
    assert!(
        desk.refused("extension show 1001@pbx.test --domain two.test")
            .contains("two different domains")
    );
    // The same names live in both.
    desk.ok("extension add 1001@two.test --user alice --name 'Other Alice' --line");
    desk.ok("line add alice-desk@two.test --extension 1001");
    desk.ok("line add alice-desk --extension 1001@pbx.test");
    assert!(
        desk.refused("line add x1@two.test --extension 1001@pbx.test")
            .contains("two different domains")
    );
}
