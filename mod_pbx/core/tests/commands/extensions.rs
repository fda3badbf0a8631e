//! `pbx extension` and `pbx channel`.

use crate::support::{Desk, fields};

#[test]
fn one_command_makes_a_person_a_number_and_phones() {
    let desk = Desk::new();
    desk.ok("domain add pbx.test");
    let before = desk.rev();
    let added = desk.json(
        "extension add 1001 --user alice --name 'Alice Adams' --email a@example.com --line --line alice-desk",
    );
    assert_eq!(desk.rev(), before + 1, "one revision");
    assert_eq!(
        fields(&added),
        [
            "channel_url",
            "extension",
            "ok",
            "phones",
            "revision",
            "voicemail_pin"
        ]
    );
    assert_eq!(
        added["extension"]["lines"],
        serde_json::json!(["1001", "alice-desk"])
    );
    assert_eq!(added["extension"]["caller_id_name"], "Alice Adams");
    let phones = added["phones"].as_array().unwrap();
    assert_eq!(
        fields(&phones[0]),
        [
            "domain",
            "external_server",
            "password",
            "port",
            "server",
            "tls_port",
            "username"
        ]
    );
    for phone in phones {
        let (username, password) = (
            phone["username"].as_str().unwrap(),
            phone["password"].as_str().unwrap(),
        );
        let hash = pbx_core::secret::a1_hex(username, "pbx.test", password);
        let answer = desk.say(&format!(
            "lookup directory domain=pbx.test user={username} action=sip_auth"
        ));
        assert!(answer.contains(&hash), "{answer}");
    }
    // Taken back whole.
    desk.ok(&format!("revert {}", desk.rev()));
    assert_eq!(desk.json("user list")["total"], 0);
    assert_eq!(desk.json("channel list")["total"], 0);
}

#[test]
fn a_person_is_made_only_when_that_was_said() {
    let desk = Desk::small();
    assert!(
        desk.refused("extension add 1002 --user bob")
            .contains("add --name \"FULL NAME\" to make one")
    );
    assert!(
        desk.refused("extension add 1002 --user alice --name Bob")
            .contains("user alice exists already")
    );
    desk.ok("extension add 1002 --user alice");
    desk.ok("extension add 1003 --user alice --name 'Alice Adams'");
    assert_eq!(desk.json("user list")["total"], 1);
    // An administrator of the whole PBX may have a phone in any domain.
    desk.ok("user add root --role administrator");
    desk.ok("extension add 1004 --user root --line");
    assert_eq!(desk.json("extension show 1004")["user"], "root");
}

#[test]
fn only_what_is_named_changes() {
    let desk = Desk::small();
    let before = desk.json("extension show 1001");
    desk.ok("extension set 1001 --ring-seconds 45");
    let mut expected = before.clone();
    let after = desk.json("extension show 1001");
    expected["ring_seconds"] = 45.into();
    expected["row_rev"] = after["row_rev"].clone();
    expected["updated_at"] = after["updated_at"].clone();
    assert_eq!(after, expected);
    desk.ok("user add bob");
    desk.ok("extension set 1001 --user bob --caller-id-name=Bob --enabled no");
    let after = desk.json("extension show 1001@pbx.test");
    assert_eq!(
        (&after["user"], &after["caller_id_name"], &after["enabled"]),
        (&"bob".into(), &"Bob".into(), &false.into())
    );
    assert_eq!(
        desk.json("status")["extensions"],
        0,
        "a disabled one is none to the switch"
    );
}

#[test]
fn a_new_number_takes_the_channel_along() {
    let desk = Desk::small();
    let url = desk.json("extension show 1001")["channel_url"].clone();
    let answer = desk.ok("extension set 1001 --rename 2001");
    assert!(answer.contains("stay in mailbox 1001"), "{answer}");
    assert_eq!(desk.json("extension show 2001")["channel_url"], url);
    assert_eq!(desk.json("channel show 2001")["extension"], "2001");
    // The line keeps its username until somebody changes it, so that the phone goes on working.
    assert_eq!(desk.json("line show 1001")["extension"], "2001");
    desk.ok("user add bob");
    assert!(
        desk.refused("extension add 1001 --user bob")
            .contains("username of a line of another extension")
    );
}

#[test]
fn pins_are_made_up_or_checked() {
    let desk = Desk::small();
    let made = desk.json("extension set 1001 --new-voicemail-pin");
    assert_eq!(made["voicemail_pin"].as_str().unwrap().len(), 6);
    let typed = desk.ok("extension set 1001 --voicemail-pin 7391");
    assert!(!typed.contains("7391"), "{typed}");
    for easy in ["1234", "0000", "1001", "12", "abcd", "12345678901"] {
        desk.refused(&format!("extension set 1001 --voicemail-pin {easy}"));
        if easy != "1001" {
            desk.refused(&format!("extension add 1009 --user alice --voicemail-pin {easy}"));
        }
    }
    let off = desk.json("extension add 1002 --user alice --voicemail no");
    assert!(off.get("voicemail_pin").is_none());
    assert_eq!(off["extension"]["has_voicemail_pin"], false);
    let on = desk.json("extension set 1002 --voicemail yes");
    assert!(
        on["voicemail_pin"].is_string(),
        "a mailbox is not left without a PIN"
    );
}

#[test]
fn an_extension_takes_its_channel_with_it() {
    let desk = Desk::small();
    let answer = desk.refused("extension delete 1001");
    assert!(
        answer.contains("1 line (1001)") && answer.contains("--with-everything"),
        "{answer}"
    );
    desk.ok("extension delete 1001 --with-everything");
    assert_eq!(desk.json("channel list")["total"], 0);
    desk.ok("extension add 1001 --user alice");
    desk.ok("extension delete 1001");
}

#[test]
fn lists_are_searched_and_paged() {
    let desk = Desk::small();
    for number in 1002..1012 {
        desk.ok(&format!(
            "extension add {number} --user alice --caller-id-name 'Room {number}'"
        ));
    }
    let page = desk.json("extension list --limit 4 --page 3");
    assert_eq!(
        (
            page["total"].as_u64(),
            page["extensions"].as_array().unwrap().len()
        ),
        (Some(11), 3)
    );
    let text = desk.say("extension list --limit 4");
    assert!(text.ends_with("4 of 11 extensions; --page 2 goes on\n"), "{text}");
    assert!(
        desk.say("extension list --limit 4 --page 3")
            .ends_with("3 of 11 extensions\n")
    );
    assert_eq!(desk.json("extension list --search 'room 101'")["total"], 2);
    for line in [
        "extension list --limit 0",
        "extension list --page 0",
        "extension list --limit 1000000",
    ] {
        desk.refused(line);
    }
}

#[test]
fn a_channel_has_an_address() {
    let desk = Desk::with(&[], &[("public-url", "https://pbx.example.com/")]);
    desk.ok("domain add pbx.test");
    desk.ok("extension add 1001 --user alice --name Alice");
    let channel = desk.json("channel show 1001");
    assert_eq!(
        fields(&channel),
        [
            "domain",
            "extension",
            "id",
            "name",
            "row_rev",
            "updated_at",
            "url"
        ]
    );
    let id = channel["id"].as_str().unwrap();
    let url = format!("https://pbx.example.com/extensions/{id}");
    assert_eq!(channel["url"], url.as_str());
    assert!(desk.say("extension show 1001").contains(&url));
    assert!(desk.say("channel list").contains(&url));
    assert_eq!(desk.json(&format!("channel show {id}")), channel);
    let bare = Desk::small();
    assert!(
        bare.json("channel show 1001")["url"]
            .as_str()
            .unwrap()
            .starts_with("/extensions/")
    );
    assert!(bare.refused("channel show 1002").contains("pbx channel list"));
}

#[test]
fn a_program_reads_extensions_under_these_names() {
    let desk = Desk::small();
    let list = desk.json("extension list");
    assert_eq!(fields(&list), ["domain", "extensions", "page", "total"]);
    let common = [
        "caller_id_name",
        "channel_id",
        "domain",
        "enabled",
        "forwards",
        "has_voicemail_pin",
        "id",
        "lines",
        "number",
        "ring_seconds",
        "row_rev",
        "updated_at",
        "user",
        "voicemail",
    ];
    assert_eq!(fields(&list["extensions"][0]), common);
    assert_eq!(desk.json("extension show 1001")["voicemail"], true);
    assert_eq!(
        fields(&desk.json("channel list")),
        ["channels", "domain", "page", "total"]
    );
}

#[test]
fn refusals_say_what_to_do() {
    let desk = Desk::small();
    for (line, why) in [
        ("extension add 1002", "--user <NAME> is missing"),
        ("extension add 1 --user alice", "use 2 to 15 digits"),
        ("extension add 1001 --user alice", "exists already"),
        ("extension add 1002 --user alice --ring-seconds 4", "5 to 600"),
        (
            "extension add 1002 --user alice --ring-seconds x",
            "invalid digit",
        ),
        ("extension add 1002 --user alice --password kT8!vqPz2w", "--line"),
        (
            "extension add 1002 --user alice --line 1003x --line 1002 --password kT8!vqPz2w",
            "one --line",
        ),
        (
            "extension add 1002 --user alice --line 1002 --password 1234",
            "too short",
        ),
        ("extension add 1002 --user alice --line 1001", "exists already"),
        ("extension add 1002 --user alice --email a@b.c", "--name"),
        ("extension set 1001", "would change"),
        ("extension set 1001 ring-seconds=30", "write --ring-seconds 30"),
        (
            "extension set 1001 --ring-second 30",
            "did you mean --ring-seconds?",
        ),
        ("extension set 1001 --user nobody", "no user nobody in pbx.test"),
        (
            "extension set 1001 --voicemail-pin 7391 --new-voicemail-pin",
            "exclude each other",
        ),
        (
            "extension set 1009 --ring-seconds 30",
            "no extension 1009 in pbx.test",
        ),
        ("extension set 1001 --ring-seconds 30 --ring-seconds 40", "twice"),
        ("extension delete 1009", "pbx extension list"),
        ("extension show", "<NUMBER> is missing"),
    ] {
        let answer = desk.refused(line);
        assert!(answer.contains(why), "{line}: {answer}");
    }
}

#[test]
fn of_two_who_edit_at_once_none_overwrites_the_other_unseen() {
    let desk = Desk::small();
    let before = desk.rev();
    let answers: Vec<String> = std::thread::scope(|scope| {
        let type_away = |who: u32| {
            let desk = &desk;
            move || -> Vec<String> {
                let line = |n: u32| format!("extension set 1001 --ring-seconds {}", 100 * who + n);
                (0..20).map(|n| desk.say(&line(n))).collect()
            }
        };
        let both = [1, 2].map(|who| {
            std::thread::Builder::new()
                .spawn_scoped(scope, type_away(who))
                .unwrap()
        });
        both.into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    let made = answers.iter().filter(|answer| answer.starts_with("+OK ")).count();
    assert_eq!(desk.rev() - before, made as u64);
    for answer in answers.iter().filter(|answer| !answer.starts_with("+OK ")) {
        assert!(
            answer.contains("after you read it") && answer.contains("repeat your change"),
            "{answer}"
        );
    }
}
