//! What is made, shown and refused.

use serde_json::json;

use super::office;
use crate::support::Desk;

/// Whose number lookups take this for.
fn found(desk: &Desk, called: &str, caller: &str) -> Option<Vec<String>> {
    let snapshot = desk.pbx.store().snapshot();
    let did = snapshot.dids.find(called, caller, None, None)?;
    Some(did.members.iter().map(ToString::to_string).collect())
}

fn numbers(all: &[&str]) -> Option<Vec<String>> {
    Some(all.iter().map(|&number| number.to_owned()).collect())
}

#[test]
fn a_did_rings_whom_it_names_until_it_is_taken_back() {
    let desk = office();
    desk.ok("did add '+49 30 1234-56' --members 1001");
    let shown = desk.json("did show +4930123456");
    assert_eq!(
        (&shown["number"], &shown["then"]),
        (&json!("4930123456"), &json!("voicemail:1001"))
    );
    assert_eq!(found(&desk, "4930123456", ""), numbers(&["1001"]));
    desk.ok(
        "did set 4930123456 --members '1003 1002' --strategy round-robin --ring-seconds 20 --then hangup",
    );
    let shown = desk.json("did show 4930123456");
    assert_eq!(shown["members"], json!(["1003", "1002"]));
    assert_eq!(
        (&shown["strategy"], &shown["ring_seconds"]),
        (&json!("round-robin"), &json!(20))
    );
    assert_eq!(found(&desk, "4930123456", ""), numbers(&["1003", "1002"]));
    // Who is renumbered goes on being rung.
    desk.ok("extension set 1003 --rename 1033");
    assert_eq!(found(&desk, "4930123456", ""), numbers(&["1033", "1002"]));
    desk.ok(&format!("revert {}", desk.rev()));
    desk.ok(&format!("revert {}", desk.rev() - 2));
    assert_eq!(found(&desk, "4930123456", ""), numbers(&["1001"]));
    desk.ok("did add 4930 --prefix --members 1002 --then did:4930123456");
    desk.ok("did add 4930 --prefix --caller 44 --members 1003");
    assert_eq!(found(&desk, "4930999", "33"), numbers(&["1002"]));
    assert_eq!(found(&desk, "4930999", "4420"), numbers(&["1003"]));
    assert_eq!(desk.json("did show 4930 --caller 44")["then"], "hangup");
    assert_eq!(desk.json("did show 4930")["then"], "did:4930123456");
    assert_eq!(desk.json("did list")["total"], 3);
    desk.ok("domain set pbx.test --rename new.test --new-passwords");
    assert_eq!(found(&desk, "4930999", "33"), numbers(&["1002"]));
    assert_eq!(
        desk.pbx
            .store()
            .snapshot()
            .dids
            .find("4930999", "", None, None)
            .unwrap()
            .domain
            .as_str(),
        "new.test"
    );
    desk.ok("did set 4930 --then hangup");
    desk.ok("did delete 4930123456");
    assert_eq!(found(&desk, "49301234567", ""), numbers(&["1002"]));
    desk.ok("domain delete new.test --with-everything");
    assert!(desk.pbx.store().snapshot().dids.is_empty());
    desk.ok(&format!("revert {}", desk.rev()));
    assert_eq!(found(&desk, "4930999", "4420"), numbers(&["1003"]));
    assert_eq!(desk.json("did show 4930 --caller 44")["members"], json!(["1003"]));
}

#[test]
fn schedules_and_destinations_are_what_they_name() {
    let desk = office();
    desk.ok("schedule add day --hours always");
    desk.ok(
        "did add 4930 --members '1001 1002' --schedule day --closed voicemail:1002 --then announcement:busy",
    );
    let shown = desk.json("did show 4930");
    assert_eq!(
        (&shown["schedule"], &shown["closed"], &shown["then"]),
        (
            &json!("day"),
            &json!("voicemail:1002"),
            &json!("announcement:busy")
        )
    );
    assert!(
        desk.refused("schedule delete day")
            .contains("still used by did 4930")
    );
    assert!(
        desk.refused("extension delete 1001 --with-everything")
            .contains("still rung by DID 4930")
    );
    desk.ok("did set 4930 --members 1003");
    assert!(
        desk.refused("extension delete 1002 --with-everything")
            .contains("still used by did 4930")
    );
    desk.ok("did set 4930 --schedule none --closed none");
    desk.ok("schedule delete day");
    desk.ok("extension delete 1002 --with-everything");
}

#[test]
fn what_cannot_be_is_refused() {
    let desk = office();
    desk.ok("did add 493011 --members 1001");
    desk.ok("did add 493012 --members 1002 --then did:493011");
    desk.ok("did add 493013 --members 1002 --then did:493012");
    for (line, why) in [
        ("did add 493011 --members 1001", "already"),
        ("did add 493014 --members 1009", "no extension 1009"),
        ("did add 493014 --members ''", "1 to 50"),
        ("did add 493014 --members '1001 1001'", "twice"),
        ("did add 49x --members 1001", "not a number"),
        ("did add 4 --members 1001", "at least 2"),
        ("did add 493014 --members 1001 --ring-seconds 4", "5 to 600"),
        (
            "did add 493014 --members 1001 --schedule nine",
            "no schedule nine",
        ),
        (
            "did add 493014 --members 1001 --then voicemail:1003",
            "no mailbox",
        ),
        ("did add 493014 --members 1001 --then did:1", "no DID 1"),
        (
            "did add 493014 --members 1001 --then 'announcement:../x'",
            "not a name",
        ),
        ("did add 493014 --members 1001 --then nowhere", "none of hangup"),
        (
            "did set 493011 --then did:493011",
            "in a circle: 493011 to 493011",
        ),
        (
            "did set 493011 --then did:493013",
            "493011 to 493013 to 493012 to 493011",
        ),
        ("did set 493011 --closed did:493013", "in a circle"),
        ("did set 493011 --rename 493012", "already"),
        ("did set 493011", "nothing"),
        ("did show 4930", "no DID 4930"),
        ("did delete 493011", "still used by did 493012"),
    ] {
        let answer = desk.refused(line);
        assert!(answer.contains(why), "{line}: {answer}");
    }
    // Another domain's extensions and schedules are not to be had.
    desk.ok("domain add other.test");
    assert!(
        desk.refused("did add 493015 --domain other.test --members 1001")
            .contains("no extension 1001")
    );
    assert!(
        desk.refused("did add 493011 --domain pbx.test --members 1001")
            .contains("perhaps in another domain")
    );
}
