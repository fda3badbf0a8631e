//! `pbx gateway`: gateways, and how their passwords are kept.

use serde_json::json;

use crate::support::Desk;

const PASSWORD: &str = "kT8!vqPz2w";

fn desk() -> Desk {
    let desk = Desk::small();
    desk.ok(&format!(
        "gateway add carrier --proxy SIP.example.com:5080 --username +4930123 --password '{PASSWORD}' \
         --source-acl '198.51.100.0/24, 203.0.113.9' --from-domain pbx.example.com --caller-id-style from"
    ));
    desk
}

#[test]
fn a_gateway_is_what_was_typed() {
    let desk = desk();
    let shown = desk.json("gateway show CARRIER");
    for (field, expected) in [
        ("name", json!("carrier")),
        ("domain", json!(null)),
        ("proxy", json!("sip.example.com:5080")),
        ("transport", json!("udp")),
        ("username", json!("+4930123")),
        ("has_password", json!(true)),
        ("register", json!(true)),
        ("from_domain", json!("pbx.example.com")),
        ("realm", json!(null)),
        ("source_acl", json!("198.51.100.0/24 203.0.113.9")),
        ("max_calls", json!(0)),
        ("caller_id_style", json!("from")),
        ("ping_seconds", json!(30)),
        ("enabled", json!(true)),
        ("state", json!("unknown")),
        ("calls", json!(0)),
    ] {
        assert_eq!(shown[field], expected, "{field}");
    }
    let text = desk.say("gateway show carrier");
    assert!(text.contains("password         (sealed)"), "{text}");
    // An address as proxy is where its calls come from, and it says so when none do.
    desk.ok(
        "gateway add branch --proxy '[2001:db8::7]:5070' --transport tcp --domain pbx.test --max-calls 2",
    );
    let shown = desk.json("gateway show branch");
    assert_eq!(shown["source_acl"], "2001:db8::7");
    assert_eq!(
        (&shown["domain"], &shown["register"]),
        (&json!("pbx.test"), &json!(false))
    );
    let deaf = desk.ok("gateway add deaf --proxy sip.example.org");
    assert!(deaf.contains("--source-acl names"), "{deaf}");
    let list = desk.json("gateway list");
    assert_eq!(list["total"], 3);
    assert_eq!(list["gateways"][0]["name"], "branch");
    assert!(desk.say("gateway list").contains("3 gateways"));
    let snapshot = desk.pbx.store().snapshot();
    let found = snapshot.gateways.by_source("203.0.113.9".parse().unwrap());
    assert_eq!(
        found.map(|one| one.name.as_str()).collect::<Vec<_>>(),
        ["carrier"]
    );
    let branch = snapshot.gateways.by_name("branch").unwrap();
    assert!(branch.serves(&"pbx.test".parse().unwrap()) && !branch.serves(&"b.test".parse().unwrap()));
}

#[test]
fn a_change_touches_what_is_named_and_can_be_undone() {
    let desk = desk();
    let before = desk.json("gateway show carrier");
    desk.ok("gateway set carrier --max-calls 7 --source-acl '' --ping-seconds 0 --enabled no --realm voip.example.com");
    let after = desk.json("gateway show carrier");
    assert_eq!(
        (
            &after["max_calls"],
            &after["source_acl"],
            &after["ping_seconds"],
            &after["enabled"]
        ),
        (&json!(7), &json!(null), &json!(0), &json!(false))
    );
    assert_eq!(after["realm"], "voip.example.com");
    assert_eq!(
        (&after["username"], &after["has_password"]),
        (&before["username"], &json!(true))
    );
    assert!(desk.pbx.store().snapshot().gateways.enabled().next().is_none());
    desk.ok(&format!("revert {}", desk.rev()));
    assert_eq!(
        desk.json("gateway show carrier")["source_acl"],
        before["source_acl"]
    );
    desk.ok("gateway set carrier --rename trunk");
    desk.refused("gateway show carrier");
    // What a domain's new name is, its gateways know.
    desk.ok("gateway set trunk --domain pbx.test");
    desk.ok("domain set pbx.test --rename new.test --new-passwords");
    let snapshot = desk.pbx.store().snapshot();
    let domain = snapshot.gateways.by_name("trunk").unwrap().domain.clone();
    assert_eq!(domain.unwrap().as_str(), "new.test");
    assert!(
        desk.refused("domain delete new.test")
            .contains("add --with-everything")
    );
    desk.ok("domain delete new.test --with-everything");
    assert!(desk.pbx.store().snapshot().gateways.is_empty());
    desk.ok(&format!("revert {}", desk.rev()));
    desk.ok("gateway delete trunk");
    desk.ok(&format!("revert {}", desk.rev()));
    let open = desk.pbx.gateways().view();
    let trunk = desk
        .pbx
        .store()
        .snapshot()
        .gateways
        .by_name("trunk")
        .cloned()
        .unwrap();
    drop(open);
    assert!(trunk.password.is_some(), "the sealed password came back");
}

#[test]
fn what_cannot_be_is_refused_with_a_reason() {
    let desk = desk();
    for (line, why) in [
        ("gateway add carrier --proxy a.test", "exists already"),
        ("gateway add _all_ --proxy a.test", "is not a gateway's name"),
        (
            "gateway add x1 --proxy 'a.test;gw=b'",
            "is not where SIP can be sent",
        ),
        (
            "gateway add x1 --proxy sip:a.test",
            "is not where SIP can be sent",
        ),
        ("gateway add x1", "--proxy <HOST> is missing"),
        (
            "gateway add x1 --proxy a.test --password secretsecret",
            "no username",
        ),
        (
            "gateway add x1 --proxy a.test --username 'a>b'",
            "is not a username",
        ),
        (
            "gateway add x1 --proxy a.test --register yes",
            "cannot register without",
        ),
        (
            "gateway add x1 --proxy a.test --source-acl carrier.test",
            "a name is not taken",
        ),
        (
            "gateway add x1 --proxy a.test --source-acl 0.0.0.0/0",
            "whoever is in one may call",
        ),
        (
            "gateway add x1 --proxy a.test --source-acl ::/0",
            "whoever is in one may call",
        ),
        (
            "gateway add x1 --proxy a.test --max-calls 10001",
            "0 (no limit) to 10000",
        ),
        ("gateway add x1 --proxy a.test --ping-seconds 4", "5 to 3600"),
        (
            "gateway add x1 --proxy a.test --caller-id-style loud",
            "takes one of from, pai, rpid",
        ),
        (
            "gateway add x1 --proxy a.test --domain no.test",
            "there is no domain no.test",
        ),
        ("gateway add x1 --proxy a.test --realm 'a b'", "is not a domain"),
        (
            "gateway set carrier",
            "nothing about gateway carrier would change",
        ),
        ("gateway set carrier --password ''", "cannot register without"),
        ("gateway show nobody", "there is no gateway nobody"),
    ] {
        let answer = desk.refused(line);
        assert!(answer.contains(why), "{line}: {answer}");
    }
}

#[test]
fn a_password_is_sealed_before_it_is_stored_and_shown_nowhere() {
    let desk = desk();
    let stored = desk
        .pbx
        .store()
        .read(|reader| reader.gateway_by_name("carrier"))
        .unwrap()
        .unwrap();
    let sealed = stored.password.unwrap();
    assert!(pbx_core::seal::is_sealed(&sealed));
    let snapshot = desk.pbx.store().snapshot();
    let gateway = snapshot.gateways.by_name("carrier").unwrap();
    // The switch is told, people are not.
    let open = || {
        let view = desk.pbx.gateways().view();
        view.password(gateway).map(str::to_owned)
    };
    let begin = std::time::Instant::now();
    while open().is_none() && begin.elapsed().as_secs() < 10 {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert_eq!(open().as_deref(), Some(PASSWORD));
    let masked = desk.pbx.gateways().view().masked();
    assert_eq!(masked.password(gateway), Some("(sealed)"));
    assert!(!format!("{:?}", *desk.pbx.gateways().view()).contains(PASSWORD));
    let rev = desk.rev();
    for line in [
        "gateway show carrier".to_owned(),
        "gateway list json".to_owned(),
        format!("revisions {rev}"),
        format!("revisions {rev} json"),
    ] {
        let answer = desk.say(&line);
        assert!(
            !answer.contains(PASSWORD) && !answer.contains(&sealed),
            "{line}: {answer}"
        );
    }
    // Nor is it in the database's files, in clear.
    for file in std::fs::read_dir(desk.dir.path()).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            assert!(
                !bytes
                    .windows(PASSWORD.len())
                    .any(|part| part == PASSWORD.as_bytes()),
                "{path:?}"
            );
        }
    }
    // One that was sealed for another gateway does not open.
    let vault = pbx_core::seal::Vault::of(&desk.pbx.config().database);
    assert!(
        vault
            .open(&pbx_core::gateways::purpose(uuid::Uuid::nil()), &sealed)
            .is_err()
    );
}
