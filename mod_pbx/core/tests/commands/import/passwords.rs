//! Which passwords are kept, and which are new.

use pbx_core::secret::a1_hex;

use super::{desk, office, write};
use crate::support::Desk;

#[test]
fn an_a1_hash_for_the_same_domain_is_kept_unless_it_is_of_an_easy_password() {
    let (desk, root) = (Desk::new(), tempfile::tempdir().unwrap());
    let kept = a1_hex("1002", "pbx.test", "hG5#longEnough");
    let user = |id: &str, hash: &str| {
        format!("<user id=\"{id}\"><params><param name=\"a1-hash\" value=\"{hash}\"/></params></user>")
    };
    let easy = ["1234", "1003", ""].map(|easy| a1_hex("1003", "pbx.test", easy));
    for hash in easy {
        let text = format!(
            "<domain name=\"pbx.test\">{}{}</domain>",
            user("1002", &kept.to_uppercase()),
            user("1003", &hash)
        );
        write(root.path(), "d.xml", &text);
        let report = desk.json(&format!("import directory {}/d.xml", root.path().display()));
        assert!(
            desk.say("lookup directory domain=pbx.test user=1002 action=sip_auth")
                .contains(&kept)
        );
        let row = &report["users"][1];
        assert!(
            row["remarks"].to_string().contains("everybody tries first") && row["new_password"].is_string(),
            "{row}"
        );
        desk.ok("domain delete pbx.test --with-everything");
    }
}

#[test]
fn the_text_lists_the_new_secrets_once() {
    let (desk, root) = (desk(), tempfile::tempdir().unwrap());
    let text = desk.ok(&format!("import directory {}", office(root.path())));
    assert!(text.starts_with("+OK 4 users imported from "), "{text}");
    let table = text.split("Shown only this once:\n").nth(1).unwrap();
    let rows: Vec<Vec<&str>> = table
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(rows[1][..2], ["1000", "pbx.test"]);
    assert_eq!((rows[1][2].len(), rows[1][3].len()), (16, 6));
    assert!(!table.contains("1001"), "who keeps both is not listed: {table}");
    // None of the passwords that were in the files is repeated.
    for secret in ["qT7!xxPz2w", "zU8?wideRange", "7391"] {
        assert!(!text.contains(secret), "{text}");
    }
}
