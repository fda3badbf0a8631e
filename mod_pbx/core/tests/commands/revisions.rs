//! `pbx revisions` and `pbx revert`.

use crate::support::{Desk, fields};

#[test]
fn who_changed_what_is_listed_newest_first() {
    let desk = Desk::small();
    desk.ok("extension set 1001 --ring-seconds 45");
    let list = desk.json("revisions");
    assert_eq!(fields(&list), ["page", "revisions", "total"]);
    assert_eq!(
        fields(&list["revisions"][0]),
        ["actor", "at", "id", "node_id", "request_id", "rev", "summary"]
    );
    let all: Vec<u64> = list["revisions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["rev"].as_u64().unwrap())
        .collect();
    assert_eq!(all, [3, 2, 1]);
    assert_eq!(list["revisions"][0]["summary"], "extension 1001@pbx.test changed");
    assert_eq!(list["revisions"][0]["actor"], "fs_cli");
    let text = desk.say("revisions --limit 1 --page 2");
    assert!(
        text.contains("extension 1001@pbx.test added with user alice, line 1001"),
        "{text}"
    );
    assert_eq!(text.lines().count(), 2);
}

#[test]
fn one_revision_is_shown_value_by_value() {
    let desk = Desk::small();
    desk.ok("extension set 1001 --ring-seconds 45 --caller-id-name 'A A'");
    let text = desk.say("revisions 3");
    assert!(
        text.contains(
            "extension 1001 changed\n  caller_id_name: Alice Adams -> A A\n  ring_seconds: 30 -> 45\n"
        ),
        "{text}"
    );
    let json = desk.json("revisions 3");
    assert_eq!(fields(&json), ["changes", "revision"]);
    assert_eq!(
        fields(&json["changes"][0]),
        ["after", "before", "id", "secrets_changed", "table"]
    );
    desk.ok("line delete 1001");
    assert!(desk.say("revisions 4").contains("line 1001 deleted"));
    assert!(desk.refused("revisions 99").contains("no revision 99"));
}

#[test]
fn a_revision_is_undone_unless_later_ones_build_on_it() {
    let desk = Desk::small();
    desk.ok("extension set 1001 --ring-seconds 45");
    desk.ok("extension set 1001 --ring-seconds 50");
    assert!(desk.refused("revert 3").contains("pbx revert 4"));
    assert_eq!(desk.ok("revert 4"), "+OK revision 4 is undone (revision 5)\n");
    assert_eq!(desk.json("extension show 1001")["ring_seconds"], 45);
    let undone = desk.json("revert 5");
    assert_eq!(fields(&undone), ["ok", "revision", "undone"]);
    assert_eq!(desk.json("extension show 1001")["ring_seconds"], 50);
    assert!(desk.refused("revert 99").contains("no revision 99"));
    // A domain whose extension is still there is not taken back.
    assert!(desk.refused("revert 1").contains("still used"));
}
