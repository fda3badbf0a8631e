//! `pbx line`.

use crate::support::{Desk, fields};

#[test]
fn what_to_type_into_the_phone_is_printed_once() {
    let desk = Desk::small();
    let answer = desk.ok("line add alice-desk --extension 1001");
    for part in [
        "username  alice-desk",
        "domain    pbx.test",
        "server    192.0.2.10:5060 (UDP or TCP)",
        "only this once",
    ] {
        assert!(answer.contains(part), "{part}: {answer}");
    }
    for setting in [
        "sip-address 2001:db8::1",
        "sip-port 5070",
        "external-address 203.0.113.9",
        "sip-tls yes",
    ] {
        desk.ok(&format!("setting set {setting}"));
    }
    let answer = desk.ok("line add alice-lab --extension 1001");
    assert!(
        answer.contains("[2001:db8::1]:5070 (UDP or TCP, TLS on port 5061)"),
        "{answer}"
    );
    assert!(answer.contains("from outside  203.0.113.9:5070"), "{answer}");
}

#[test]
fn a_typed_password_is_checked_and_not_repeated() {
    let desk = Desk::small();
    for weak in ["''", "1234", "alice-desk1", "123456789012", "aaaaaaaaaaaa"] {
        let answer = desk.refused(&format!("line add alice-desk --extension 1001 --password {weak}"));
        assert!(answer.contains("leave it off to have one made up"), "{answer}");
        assert!(weak == "''" || !answer.contains(&format!("{weak} ")), "{answer}");
    }
    let answer = desk.ok("line add alice-desk --extension 1001 --password 'kT8!vqPz2w'");
    assert!(
        answer.contains("(the one you gave)") && !answer.contains("kT8"),
        "{answer}"
    );
    let hash = pbx_core::secret::a1_hex("alice-desk", "pbx.test", "kT8!vqPz2w");
    assert!(
        desk.say("lookup directory domain=pbx.test user=alice-desk action=sip_auth")
            .contains(&hash)
    );
}

#[test]
fn only_what_is_named_changes() {
    let desk = Desk::small();
    let before = desk.json("line show 1001");
    assert_eq!(before["user"], "alice");
    desk.ok("extension add 1002 --user bob --name Bob");
    let set = desk.json("line set 1001 --source-acl '192.0.2.0/24,10.1.0.7' --max-registrations 1");
    assert_eq!(set["line"]["user"], "alice");
    assert!(set.get("phone").is_none(), "the password stays");
    let after = desk.json("line show 1001");
    assert_eq!(after["source_acl"], "192.0.2.0/24 10.1.0.7");
    assert_eq!(after["max_registrations"], 1);
    desk.ok("line set 1001 --source-acl ''");
    assert_eq!(desk.json("line show 1001")["source_acl"], serde_json::Value::Null);
    assert!(
        desk.refused("line set 1001 --extension 1002")
            .contains("number of another extension")
    );
    assert_eq!(after["srtp"], "optional");
    let said = "lookup directory domain=pbx.test user=1001 action=sip_auth sip_auth_method=INVITE";
    let mandatory = "name=\"rtp_secure_media_inbound\" value=\"mandatory\"";
    assert!(!desk.say(said).contains(mandatory));
    desk.ok("line set 1001 --srtp required");
    assert_eq!(desk.json("line show 1001")["srtp"], "required");
    assert!(desk.say("line list").contains("required"));
    assert!(desk.say(said).contains(mandatory));
    desk.ok("revert 6");
    assert_eq!(desk.json("line show 1001")["srtp"], "optional");
    assert!(desk.refused("line set 1001 --srtp always").contains("required"));
    desk.ok("line set 1001 --rename phone1");
    desk.ok("line set phone1 --extension 1002 --user bob");
    let moved = desk.json("line show phone1");
    assert_eq!(
        (&moved["extension"], &moved["user"]),
        (&"1002".into(), &"bob".into())
    );
    desk.ok("line set phone1 --enabled no");
    assert!(
        !desk
            .say("lookup directory domain=pbx.test user=phone1 action=sip_auth")
            .contains("<user")
    );
}

#[test]
fn a_new_name_or_password_is_said_once() {
    let desk = Desk::small();
    let first = desk.json("line set 1001 --new-password");
    let second = desk.json("line set 1001 --rename desk1");
    for (username, answer) in [("1001", &first), ("desk1", &second)] {
        assert_eq!(answer["phone"]["username"], username);
        assert_eq!(answer["phone"]["password"].as_str().unwrap().len(), 16);
    }
    assert_ne!(first["phone"]["password"], second["phone"]["password"]);
    let typed = desk.json("line set desk1 --password kT8!vqPz2w");
    assert!(typed["phone"].get("password").is_none());
}

#[test]
fn lines_are_listed_by_extension_and_deleted() {
    let desk = Desk::small();
    desk.ok("extension add 1002 --user bob --name Bob --line --line bob-desk");
    assert_eq!(desk.json("line list")["total"], 3);
    assert_eq!(desk.json("line list --extension 1002@pbx.test")["total"], 2);
    assert_eq!(
        desk.json("line list --search DESK")["lines"][0]["username"],
        "bob-desk"
    );
    desk.ok("line delete bob-desk");
    assert!(desk.refused("line show bob-desk").contains("pbx line list"));
}

#[test]
fn a_program_reads_lines_under_these_names() {
    let desk = Desk::small();
    let list = desk.json("line list");
    assert_eq!(fields(&list), ["domain", "lines", "page", "total"]);
    let common = [
        "domain",
        "enabled",
        "extension",
        "id",
        "max_registrations",
        "row_rev",
        "source_acl",
        "srtp",
        "updated_at",
        "user",
        "username",
    ];
    assert_eq!(fields(&list["lines"][0]), common);
    assert_eq!(fields(&desk.json("line show 1001")), common);
    assert_eq!(
        fields(&desk.json("line add l2 --extension 1001")),
        ["line", "ok", "phone", "revision"]
    );
}

#[test]
fn refusals_say_what_to_do() {
    let desk = Desk::small();
    desk.ok("extension add 1002 --user alice");
    for (line, why) in [
        ("line add l2", "--extension <NUMBER> is missing"),
        ("line add l2 --extension 1009", "no extension 1009"),
        ("line add 1001 --extension 1001", "exists already"),
        ("line add 1002 --extension 1001", "number of another extension"),
        ("line add l2 --extension 1001 --user nobody", "no user nobody"),
        (
            "line add l2 --extension 1001 --source-acl nonsense",
            "networks such as",
        ),
        ("line add l2 --extension 1001 --max-registrations 33", "1 to 32"),
        ("line add 'l 2' --extension 1001", "is not a username"),
        ("line set 1001", "would change"),
        (
            "line set 1001 --password kT8!vqPz2w --new-password",
            "exclude each other",
        ),
        ("line set 1001 --password short", "too short"),
        ("line set 1001 --rename 1002", "number of another extension"),
        ("line list --extension 1001 --search x", "exclude each other"),
        ("line delete l9", "no line l9 in pbx.test"),
    ] {
        let answer = desk.refused(line);
        assert!(answer.contains(why), "{line}: {answer}");
    }
}
