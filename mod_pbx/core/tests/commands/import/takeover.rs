//! A whole office is taken over, or only looked at.

use pbx_core::secret::a1_hex;
use serde_json::Value;

use super::{desk, office, row, user, write};
use crate::support::{Desk, fields};

#[test]
fn an_office_is_taken_over_in_one_revision() {
    let (desk, root) = (desk(), tempfile::tempdir().unwrap());
    let file = office(root.path());
    let report = desk.json(&format!("import directory {file}"));
    assert_eq!(desk.rev(), 1);
    assert_eq!(
        fields(&report),
        [
            "created",
            "file",
            "not_taken_over",
            "notes",
            "ok",
            "refused",
            "revision",
            "skipped",
            "users"
        ]
    );
    assert_eq!(
        (&report["created"], &report["skipped"], &report["refused"]),
        (&4.into(), &1.into(), &5.into()),
        "{report}"
    );
    for (place, verdict, why) in [
        ("1000.xml", "create", "too short: new password"),
        ("1001.xml", "create", ""),
        ("1002.xml", "create", "attribute cacheable left out"),
        ("brian.xml", "create", "192.0.2.0/24 only"),
        ("gw.xml", "skip", "has no number"),
        ("zz1003.xml", "refuse", "the number 1001 is taken at"),
        ("zz1004.xml", "refuse", "the id is taken at"),
        ("zz1005.xml", "refuse", "cannot contain"),
        ("zz1006.xml", "refuse", "is not a username"),
        ("zz1007.xml", "refuse", "--variable nowhere=VALUE"),
    ] {
        let row = row(&report, place);
        assert_eq!(row["verdict"], verdict, "{row}");
        assert!(row.to_string().contains(why), "{why}: {row}");
    }
    // The weak password is replaced, and so is a PIN that is the number; the rest keep theirs.
    let weak = row(&report, "1000.xml");
    let fresh = weak["new_password"].as_str().unwrap();
    assert!(weak["new_voicemail_pin"].is_string());
    assert_eq!(row(&report, "1001.xml")["new_password"], Value::Null);
    assert_eq!(row(&report, "1001.xml")["new_voicemail_pin"], Value::Null);
    let asks = |line: &str| {
        desk.say(&format!(
            "lookup directory domain=pbx.test user={line} action=sip_auth ip=192.0.2.1"
        ))
    };
    for (line, hash) in [
        ("1000", a1_hex("1000", "pbx.test", fresh)),
        ("1001", a1_hex("1001", "pbx.test", "qT7!xxPz2w")),
        ("brian", a1_hex("brian", "pbx.test", "zU8?wideRange")),
    ] {
        assert!(asks(line).contains(&hash), "{line}: {}", asks(line));
    }
    // Its A1 was made for another spelling of the domain, so that phone needs a new password.
    assert!(
        row(&report, "1002.xml")["remarks"]
            .to_string()
            .contains("a1-hash is for another domain")
    );
    let brian = desk.json("extension show 1010");
    assert_eq!(
        (&brian["user"], &brian["lines"]),
        (&"brian".into(), &serde_json::json!(["brian"]))
    );
    let ann = desk.json("user show 1001");
    assert_eq!(
        (&ann["display_name"], &ann["email"]),
        (&"Ann & Co".into(), &"ann@example.com".into())
    );
    assert_eq!(desk.json("extension show 1002")["voicemail"], false);
    assert_eq!(report["not_taken_over"]["callgroup"], 1);
    assert_eq!(report["not_taken_over"]["pointers into groups"], 2);
    assert_eq!(report["not_taken_over"].get("password"), None);
    // Once more: nothing is left to do.
    let again = desk.json(&format!("import directory {file}"));
    assert_eq!((&again["created"], &again["revision"]), (&0.into(), &Value::Null));
    assert_eq!(row(&again, "1001.xml")["why"], "line 1001 is there already");
    desk.ok("revert 1");
    assert_eq!(desk.json("domain list")["domains"], serde_json::json!([]));
}

#[test]
fn a_dry_run_says_the_same_and_changes_nothing() {
    let (desk, root) = (desk(), tempfile::tempdir().unwrap());
    let file = office(root.path());
    let text = desk.say(&format!("import directory {file} --dry-run"));
    assert_eq!(desk.rev(), 0);
    assert!(
        text.starts_with("create   1000@pbx.test: extension 1000 of \"Extension 1000\", line 1000; "),
        "{text}"
    );
    assert!(
        text.contains("4 to create, nothing was changed; 1 skipped, 5 refused\n"),
        "{text}"
    );
    assert!(
        !text.contains("Shown only this once") && !text.contains("1234)"),
        "{text}"
    );
    let dry = desk.json(&format!("import directory {file} --dry-run"));
    assert_eq!(dry["revision"], Value::Null);
    assert!(
        dry["users"]
            .as_array()
            .unwrap()
            .iter()
            .all(|row| row.get("new_password").is_none())
    );
    let real = desk.json(&format!("import directory {file}"));
    for name in ["created", "skipped", "refused", "not_taken_over", "notes"] {
        assert_eq!(dry[name], real[name], "{name}");
    }
}

#[test]
fn two_thousand_users_are_one_revision() {
    let (desk, root) = (Desk::new(), tempfile::tempdir().unwrap());
    for n in 0..2000 {
        let id = format!("{}", 10_000 + n);
        write(
            root.path(),
            &format!("users/{id}.xml"),
            &user(&id, "", &format!("password=pQ9!{id}zzkw|vm-password=8{n:04}"), ""),
        );
    }
    write(
        root.path(),
        "d.xml",
        "<domain name=\"big.test\"><users><X-PRE-PROCESS cmd=\"include\" data=\"users/*.xml\"/></users></domain>",
    );
    let report = desk.json(&format!("import directory {}/d.xml", root.path().display()));
    assert_eq!(
        (&report["created"], &report["revision"]),
        (&2000.into(), &1.into())
    );
    assert_eq!(desk.json("status")["lines"], 2000);
    assert_eq!(
        desk.json("revisions 1")["changes"].as_array().unwrap().len(),
        8001
    );
    desk.ok("revert 1");
    assert_eq!(desk.json("status")["lines"], 0);
}
