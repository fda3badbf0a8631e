//! DIDs: who rings, in which order, and where calls go then.

use serde_json::{Value, json};

use super::{at, changed, domain, extension, made, members, world, wrong};
use crate::api::send;

#[test]
fn a_did_rings_its_members_in_order_and_then_goes_where_it_is_said() {
    let mut world = world();
    let one = domain(&mut world, "one.test");
    let (first, second) = (
        extension(&mut world, "1001@one.test"),
        extension(&mut world, "1002@one.test"),
    );
    let office = json!({"domain_id": one, "name": "office", "hours": "never"});
    let office = made(&mut world.root, "schedules", &office);
    let body = json!({"domain_id": one, "number": "+49 (30) 123-450", "members": members(&[&first])});
    let did = made(&mut world.root, "dids", &body);
    assert_eq!(
        (
            &did["number"],
            &did["rings"],
            &did["then"],
            &did["strategy"],
            &did["domain"]
        ),
        (
            &json!("4930123450"),
            &json!(["1001"]),
            &json!("voicemail:1001"),
            &json!("all"),
            &json!("one.test")
        )
    );
    assert!(world.site.must("did show +4930123450").contains("1001"));
    // In another order, and nobody lost.
    let both = json!({"members": members(&[&second, &first]), "strategy": "order", "ring_seconds": 20});
    let turned = changed(&mut world.root, "dids", &did, &both);
    assert_eq!(turned["rings"], json!(["1002", "1001"]));
    assert_eq!(turned["members"], members(&[&second, &first]));
    assert_eq!(
        (&turned["then"], &turned["number"]),
        (&json!("voicemail:1001"), &did["number"])
    );
    // The same again is no revision.
    let same = changed(&mut world.root, "dids", &turned, &both);
    assert_eq!(same["row_rev"], turned["row_rev"]);
    // Who had read it before, and changes members alone, is told so with what is there now.
    let (path, old) = at("dids", &did);
    let stale = json!({"members": members(&[&first])});
    let stale = send(&mut world.chief, "PATCH", &path, old, &stale);
    assert_eq!((stale.status, stale.kind().as_str()), (412, "changed"));
    assert_eq!(stale.json()["current"]["rings"], json!(["1002", "1001"]));
    // Another kind of destination takes the old one's extension out.
    let closed = json!({
        "schedule_id": office["id"], "then_kind": "hangup", "closed_kind": "announcement",
        "closed_announcement": "Closed",
    });
    let shut = changed(&mut world.root, "dids", &turned, &closed);
    assert_eq!(
        (
            &shut["then"],
            &shut["closed"],
            &shut["schedule"],
            &shut["then_extension_id"]
        ),
        (
            &json!("hangup"),
            &json!("announcement:closed"),
            &json!("office"),
            &Value::Null
        )
    );
    let open = json!({"closed_kind": null, "schedule_id": null});
    let open = changed(&mut world.root, "dids", &shut, &open);
    assert_eq!(
        (&open["closed"], &open["closed_announcement"]),
        (&Value::Null, &Value::Null)
    );
    // For the calls of one gateway, beside the one for those of any other.
    let gateway = json!({"name": "second", "proxy": "192.0.2.50", "country_code": "49"});
    let gateway = made(&mut world.root, "gateways", &gateway);
    assert_eq!(gateway["country_code"], "49");
    let body = json!({
        "domain_id": one, "number": "+4930123450", "members": members(&[&first]), "gateway_id": gateway["id"],
    });
    let own = made(&mut world.root, "dids", &body);
    assert_eq!(own["gateway"], "second");
    assert!(
        world
            .site
            .must("did list --domain one.test json")
            .contains("\"second\"")
    );
    let (path, rev) = at("dids", &own);
    assert_eq!(
        send(&mut world.root, "DELETE", &path, rev, &Value::Null).status,
        200
    );
    // It is found by what people type, and goes with its members.
    assert_eq!(world.row("dids?q=%2B4930123")["id"], did["id"]);
    assert_eq!(world.row("dids?number=004930123450")["id"], did["id"]);
    let (path, rev) = at("dids", &open);
    let gone = send(&mut world.root, "DELETE", &path, rev, &Value::Null);
    assert_eq!(gone.status, 200, "{gone:?}");
    let back = format!("revisions/{}/revert", gone.json()["revision"]);
    assert_eq!(
        send(&mut world.root, "POST", &back, None, &Value::Null).status,
        200
    );
    assert_eq!(world.row("dids?q=4930123")["rings"], json!(["1002", "1001"]));
}

#[test]
fn what_no_did_can_be_is_refused_by_the_name_of_its_field() {
    let mut world = world();
    let one = domain(&mut world, "one.test");
    let first = extension(&mut world, "1001@one.test");
    let foreign = extension(&mut world, "1001@two.test");
    world.site.must("extension set 1002@one.test --voicemail no");
    let second = extension(&mut world, "1002@one.test");
    let base = json!({"domain_id": one, "number": "+4930123450", "members": members(&[&first])});
    let did = made(&mut world.root, "dids", &base);
    let before = world.site.must("revisions --limit 1 json");
    let many: Vec<&str> = std::iter::repeat_n(first.as_str(), 51).collect();
    for (change, fields) in [
        (json!({"members": []}), vec!["members"]),
        (json!({"members": members(&[&first, &first])}), vec!["members"]),
        (json!({"members": members(&many)}), vec!["members"]),
        (json!({"members": [first]}), vec!["members"]),
        (
            json!({"members": [{"extension_id": first, "position": 1}]}),
            vec!["members"],
        ),
        (json!({"members": members(&[&one])}), vec!["members"]),
        (json!({"members": members(&[&first, &foreign])}), vec![""]),
        (json!({"number": "+49${x}"}), vec!["number"]),
        (
            json!({"ring_seconds": 4, "strategy": "any"}),
            vec!["ring_seconds", "strategy"],
        ),
        (json!({"then_kind": "announcement"}), vec!["then_announcement"]),
        (
            json!({"then_kind": "announcement", "then_announcement": "../x"}),
            vec!["then_announcement"],
        ),
        (
            json!({"then_kind": "hangup", "then_extension_id": first}),
            vec!["then_extension_id"],
        ),
        (
            json!({"then_kind": "voicemail", "then_extension_id": second}),
            vec!["then_extension_id"],
        ),
        (json!({"closed_extension_id": first}), vec!["closed_extension_id"]),
        (json!({"then_kind": "did", "then_did_id": did["id"]}), vec![""]),
        (
            json!({"position": 1, "rings": ["1002"]}),
            vec!["position", "rings"],
        ),
    ] {
        let (path, rev) = at("dids", &did);
        let answer = send(&mut world.root, "PATCH", &path, rev, &change);
        assert_eq!(wrong(&answer), fields, "{change}: {answer:?}");
    }
    let twice = send(&mut world.root, "POST", "dids", None, &base);
    assert_eq!(wrong(&twice), [""]);
    let none = send(&mut world.root, "POST", "dids", None, &json!({"domain_id": one}));
    assert_eq!(wrong(&none), ["members", "number"]);
    assert_eq!(world.site.must("revisions --limit 1 json"), before);
}

#[test]
fn a_domain_says_what_its_numbers_do_and_not_which_it_has() {
    let mut world = world();
    let (one, two) = (domain(&mut world, "one.test"), domain(&mut world, "two.test"));
    let (own, foreign) = (
        extension(&mut world, "1001@one.test"),
        extension(&mut world, "1001@two.test"),
    );
    let mut did = |domain: &str, number: &str, member: &str| {
        let body = json!({"domain_id": domain, "number": number, "members": members(&[member])});
        made(&mut world.root, "dids", &body)
    };
    let (ours, theirs) = (did(&one, "+4930111", &own), did(&two, "+4930222", &foreign));
    let changed = changed(
        &mut world.chief,
        "dids",
        &ours,
        &json!({"strategy": "round-robin", "number": "4930111"}),
    );
    assert_eq!(changed["strategy"], "round-robin");
    let carrier = json!({"name": "own", "proxy": "192.0.2.50", "domain_id": one});
    let carrier = made(&mut world.root, "gateways", &carrier);
    let (path, rev) = at("dids", &changed);
    for body in [
        json!({"number": "+4930333"}),
        json!({"prefix": true}),
        json!({"caller": "+44"}),
        json!({"gateway_id": carrier["id"]}),
    ] {
        let refused = send(&mut world.chief, "PATCH", &path, rev, &body);
        assert_eq!(
            (refused.status, refused.kind().as_str()),
            (403, "forbidden"),
            "{body}"
        );
    }
    let new = json!({"number": "+4930333", "members": members(&[&own])});
    assert_eq!(send(&mut world.chief, "POST", "dids", None, &new).status, 403);
    assert_eq!(
        send(&mut world.chief, "DELETE", &path, rev, &Value::Null).status,
        403
    );
    // What is another domain's is not there, as a member neither: the same words as for what is nowhere.
    let (path_of_theirs, rev_of_theirs) = at("dids", &theirs);
    let body = json!({"strategy": "all"});
    let answer = send(&mut world.chief, "PATCH", &path_of_theirs, rev_of_theirs, &body);
    assert_eq!(answer.status, 404);
    let nowhere = "00000000-0000-7000-8000-000000000000";
    let mut told = |id: &str| {
        let body = json!({"members": members(&[id])});
        let answer = send(&mut world.chief, "PATCH", &path, rev, &body);
        assert_eq!(wrong(&answer), ["members"]);
        answer.body.replace(id, "ID")
    };
    assert_eq!(told(&foreign), told(nowhere));
    let listed = send(&mut world.chief, "GET", "dids?size=1000", None, &Value::Null);
    assert!(!listed.body.contains("4930222"), "{listed:?}");
}
