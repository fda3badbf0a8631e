//! No secret is in any answer but the one that makes it.

use crate::general::every_command;
use crate::support::Desk;

const PASSWORD: &str = "kT8!vqPz2w";
const PIN: &str = "739182";

/// Something sensible to type for every command, so that each really answers.
fn arguments(command: &str) -> &'static str {
    match command {
        "domain add" => "two.test",
        "domain show" | "lookup" => "",
        "domain set" => "pbx.test --rename three.test --new-passwords",
        "domain delete" => "two.test",
        "user add" => "carol",
        "user set" => "alice --name A",
        "user show" => "alice",
        "user delete" => "carol",
        "extension add" => "1002 --user alice --line",
        "extension show" | "channel show" | "line show" => "1001",
        "extension set" => "1001 --ring-seconds 31",
        "extension delete" => "1002 --with-everything",
        "line add" => "another --extension 1001",
        "line set" => "1001 --max-registrations 3",
        "line delete" => "another",
        "gateway add" => "carrier --proxy a.test --username me --password 'kT8!vqPz2w'",
        "gateway show" | "gateway delete" => "carrier",
        "gateway set" => "carrier --password 'kT8!vqPz2w' --max-calls 3",
        "plan set" => "--country-code 49",
        "group add" => "staff --member 1001",
        "group show" | "group delete" => "staff",
        "group set" => "staff --rename crew",
        "route add" => "germany --pattern +49* --extension 1001",
        "route show" | "route delete" => "germany",
        "route set" => "germany --priority 5",
        "caller-id add" | "caller-id delete" => "+4930100",
        "caller-id set" => "+4930100 --name Example",
        "block add" | "block delete" => "+882*",
        "cap set" => "--per-day 9",
        "explain" => "1001 112",
        "check add" => "1001 0900123456 refused",
        "check delete" => "1001 0900123456",
        "setting show" | "setting delete" => "sip-port",
        "setting set" => "sip-port 5070",
        "revisions" => "2",
        _ => "",
    }
}

#[test]
fn secrets_are_in_no_answer() {
    let desk = Desk::new();
    desk.ok("domain add pbx.test");
    let hash = pbx_core::secret::a1_hex("1001", "pbx.test", PASSWORD);
    let secrets = [PASSWORD, PIN, hash.as_str()];
    let clean = |line: &str, answer: &str| {
        for secret in secrets {
            assert!(!answer.contains(secret), "{line}: {answer}");
        }
    };
    let add = format!(
        "extension add 1001 --user alice --name Alice --line --password '{PASSWORD}' --voicemail-pin {PIN}"
    );
    clean("extension add", &desk.ok(&add));
    // Before the domain is renamed, which makes new ones.
    let mut all = every_command(&desk);
    all.retain(|command| command != "domain set");
    let mut answered = 0;
    for command in &all {
        for suffix in ["", " json"] {
            let line = format!("{command} {}{suffix}", arguments(command));
            let answer = desk.say(&line);
            clean(&line, &answer);
            answered += usize::from(!answer.starts_with("-ERR"));
        }
    }
    assert!(
        answered > all.len(),
        "{answered} of {} commands answered",
        all.len()
    );
    for line in [
        "revisions 2",
        "revisions 2 json",
        "lookup directory domain=pbx.test user=1001",
    ] {
        clean(line, &desk.say(line));
    }
    assert!(desk.say("revisions 2").contains("a1: (secret)"));
    desk.ok("line set 1001 --new-password");
    let rev = desk.rev();
    let changed = desk.json(&format!("revisions {rev}"));
    assert_eq!(
        changed["changes"][0]["secrets_changed"],
        serde_json::json!(["a1"])
    );
    clean("revisions", &changed.to_string());
    // The one that makes one says it.
    assert!(
        desk.say("lookup directory domain=pbx.test user=1001 action=sip_auth")
            .contains("a1-hash")
    );
}
