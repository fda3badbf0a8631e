//! Calls that are only thought of; and changes that break what calls must do.

use serde_json::{Value, json};

use super::{at, domain, extension, made, members, world, wrong};
use crate::api::{World, send};

/// 1001@one.test may call Germany, but for a number that is blocked; the domain has a DID, and the other one too.
fn routed() -> World {
    let mut world = world();
    for line in [
        "plan set --country-code 49 --area-code 30 --domain one.test",
        "caller-id add +4930100@one.test",
        "route add germany@one.test --pattern +49* --gateway carrier --extension 1001 --caller-id +4930100",
        "block add +4930999 --domain one.test",
        "check add 1001@one.test 030999 refused",
        "check add 1001@one.test 030123456 out --gateway carrier",
    ] {
        world.site.must(line);
    }
    for (name, number) in [("one.test", "+4930111"), ("two.test", "+4930222")] {
        let (at, member) = (
            domain(&mut world, name),
            extension(&mut world, &format!("1001@{name}")),
        );
        let did = json!({"domain_id": at, "number": number, "members": members(&[&member])});
        made(&mut world.root, "dids", &did);
    }
    world
}

/// The steps of a tree in their order.
fn flat(steps: &Value, into: &mut Vec<String>) {
    for step in steps.as_array().unwrap() {
        into.push(step["text"].as_str().unwrap().to_owned());
        flat(&step["steps"], into);
    }
}

#[test]
fn a_call_is_explained_by_what_answers_the_switch() {
    let mut world = routed();
    for (from, to, at) in [
        ("1001@one.test", "030123456", None),
        ("1001@one.test", "030999", None),
        ("1001@one.test", "0033123456789", Some("2026-12-24T20:00:00Z")),
        ("1002@one.test", "030123456", None),
        ("1001@one.test", "1002", None),
        ("gateway:carrier", "+4930111", None),
        ("gateway:carrier", "+4930333", None),
    ] {
        let said = send(
            &mut world.root,
            "POST",
            "explain",
            None,
            &json!({"from": from, "to": to, "at": at}),
        );
        assert_eq!(said.status, 200, "{from} {to}: {said:?}");
        let said = said.json();
        let time = at.map_or_else(String::new, |at| format!(" at {at}"));
        let told = world.site.must(&format!("explain {from} {to}{time} json"));
        let told: Value = serde_json::from_str(&told).unwrap();
        assert_eq!(
            (&said["answer"], &said["at"]),
            (&told["answer"], &told["at"]),
            "{from} {to}"
        );
        let mut steps = Vec::new();
        flat(&said["steps"], &mut steps);
        let step = |step: &Value| step["text"].as_str().unwrap().to_owned();
        let expected: Vec<_> = told["steps"].as_array().unwrap().iter().map(step).collect();
        assert_eq!(steps, expected, "{from} {to}");
    }
    // What led to something is under it.
    let called = json!({"from": "1001@one.test", "to": "030999"});
    let called = send(&mut world.root, "POST", "explain", None, &called).json();
    assert!(
        called["steps"][0]["text"].as_str().unwrap().contains("1001"),
        "{called}"
    );
    assert!(
        called["steps"][0]["steps"]
            .to_string()
            .contains("blocked by +4930999"),
        "{called}"
    );
    // A call that somebody transfers is theirs.
    let sent = json!({"from": "gateway:carrier", "to": "030123456", "transferred_by": "1001@one.test"});
    let said = send(&mut world.root, "POST", "explain", None, &sent).json();
    let told = "explain gateway:carrier 030123456 --transferred-by 1001@one.test json";
    let told: Value = serde_json::from_str(&world.site.must(told)).unwrap();
    assert_eq!(said["answer"], told["answer"]);
    assert_eq!(said["transferred_by"], "1001@one.test");
    assert!(said["answer"].to_string().contains("external::carrier"), "{said}");
    let said = send(&mut world.chief, "POST", "explain", None, &sent).json();
    assert_eq!(
        (&said["domain"], &said["answer"]),
        (&json!("one.test"), &told["answer"])
    );
    let elsewhere = json!({"from": "1001", "to": "030123456", "transferred_by": "1001@two.test"});
    let said = send(&mut world.chief, "POST", "explain", None, &elsewhere);
    assert_eq!(said.status, 422, "{said:?}");
    let blocked = json!({"from": "1001", "to": "030999"});
    let said = send(&mut world.chief, "POST", "explain", None, &blocked).json();
    assert_eq!(said["domain"], "one.test");
    assert!(
        said["steps"].to_string().contains("blocked by +4930999"),
        "{said}"
    );
}

#[test]
fn a_domain_has_nothing_explained_but_its_own() {
    let mut world = routed();
    world
        .site
        .must("gateway add secret --proxy sip.example.org --domain two.test --source-acl 203.0.113.0/24");
    let mut refused = |from: &str, to: &str| {
        let answer = send(
            &mut world.chief,
            "POST",
            "explain",
            None,
            &json!({"from": from, "to": to}),
        );
        let fields = wrong(&answer);
        (fields, answer.body.replace(from, "FROM").replace(to, "TO"))
    };
    // Another's extension, number and gateway are as what nobody has.
    assert_eq!(refused("1001@two.test", "1002"), refused("1009@one.test", "1002"));
    assert_eq!(refused("1001@two.test", "1002").0, ["from"]);
    assert_eq!(
        refused("gateway:carrier", "+4930222"),
        refused("gateway:carrier", "+4930333")
    );
    assert_eq!(refused("gateway:carrier", "+4930222").0, ["to"]);
    assert_eq!(
        refused("gateway:secret", "+4930111"),
        refused("gateway:nobody", "+4930111")
    );
    let own = json!({"from": "gateway:carrier", "to": "+4930111", "caller": "+44207946"});
    let own = send(&mut world.chief, "POST", "explain", None, &own);
    assert_eq!(
        (own.status, &own.json()["domain"]),
        (200, &json!("one.test")),
        "{own:?}"
    );
    // A call for help without a route of its own goes by any gateway: those of others are not named.
    let help = send(
        &mut world.chief,
        "POST",
        "explain",
        None,
        &json!({"from": "1001", "to": "112"}),
    );
    assert!(
        help.body.contains("carrier") && !help.body.contains("secret"),
        "{help:?}"
    );
    assert_eq!(
        send(&mut world.user, "POST", "explain", None, &json!({})).status,
        403
    );
    for (body, fields) in [
        (json!({}), vec!["from", "to"]),
        (json!({"from": "1001", "to": ""}), vec!["to"]),
        (json!({"from": "1001", "to": "1".repeat(65)}), vec!["to"]),
        (json!({"from": "1001", "to": "1\r\n2"}), vec!["to"]),
        (json!({"from": "x y", "to": "1"}), vec!["from"]),
        (json!({"from": "1001", "to": "1002", "at": "noon"}), vec!["at"]),
        (
            json!({"from": "1001", "to": "1002", "caller": "1"}),
            vec!["caller"],
        ),
        (
            json!({"from": "1001", "to": "1002", "domain": "two.test"}),
            vec!["domain"],
        ),
    ] {
        let answer = send(&mut world.chief, "POST", "explain", None, &body);
        assert_eq!(wrong(&answer), fields, "{body}: {answer:?}");
    }
    let which = send(
        &mut world.root,
        "POST",
        "explain",
        None,
        &json!({"from": "1001", "to": "1002"}),
    );
    assert_eq!(wrong(&which), ["from"], "there are two domains");
}

#[test]
fn a_change_that_breaks_a_route_test_is_made_if_that_is_said() {
    let mut world = routed();
    let said = send(&mut world.root, "POST", "check", None, &Value::Null).json();
    assert_eq!(
        (&said["ok"], said["tests"].as_array().unwrap().len()),
        (&json!(true), 2)
    );
    let block = world.row("blocks?q=4930999");
    let (path, rev) = at("blocks", &block);
    let before = world.site.must("revisions --limit 1 json");
    let mut retrying = world.chief.clone().with("Idempotency-Key", "unblock");
    let refused = send(&mut retrying, "DELETE", &path, rev, &Value::Null);
    assert_eq!(
        (refused.status, refused.kind().as_str()),
        (409, "breaks-tests"),
        "{refused:?}"
    );
    let tests = refused.json()["tests"].clone();
    assert_eq!(tests.as_array().unwrap().len(), 1, "{tests}");
    assert!(
        tests[0]
            .as_str()
            .unwrap()
            .starts_with("1001 calling 030999 is refused"),
        "{tests}"
    );
    assert!(refused.json()["detail"].as_str().unwrap().contains("force=true"));
    // Made, changed and acted with, it is the same.
    let wider = json!({"domain_id": block["domain_id"], "pattern": "+4930123*"});
    let add = send(&mut world.root, "POST", "blocks", None, &wider);
    let change = send(
        &mut world.root,
        "PATCH",
        &path,
        rev,
        &json!({"pattern": "+4930*"}),
    );
    for answer in [&add, &change] {
        assert_eq!(
            (answer.status, answer.kind().as_str()),
            (409, "breaks-tests"),
            "{answer:?}"
        );
    }
    for bad in [
        "force",
        "force=1",
        "force=true&force=true",
        "force=true&with_everything=true",
    ] {
        let path = format!("blocks?{bad}");
        assert_eq!(
            send(&mut world.root, "POST", &path, None, &wider).status,
            400,
            "{bad}"
        );
    }
    assert_eq!(
        world.site.must("revisions --limit 1 json"),
        before,
        "nothing was saved"
    );
    // The same request with force goes through, and is then what it is.
    let forced = format!("{path}?force=true");
    let gone = send(&mut retrying, "DELETE", &forced, rev, &Value::Null);
    assert_eq!(gone.status, 200, "{gone:?}");
    let said = send(&mut world.chief, "POST", "check", None, &Value::Null).json();
    assert_eq!((&said["ok"], &said["failed"]), (&json!(false), &json!(1)));
    let failure = |test: &&Value| !test["failure"].is_null();
    let failed = said["tests"].as_array().unwrap().iter().find(failure).unwrap();
    assert!(
        failed["failure"].as_str().unwrap().contains("goes out"),
        "{failed}"
    );
    // Who is elsewhere is told nothing of it.
    world
        .site
        .must("user add chief2@two.test --role domain-administrator");
    world.site.must(&format!(
        "user set chief2@two.test --password {}",
        crate::site::PASSWORD
    ));
    let mut other = crate::client::Browser::new(world.site.public());
    assert_eq!(
        other.sign_in("chief2@two.test", crate::site::PASSWORD).status,
        200
    );
    let said = send(&mut other, "POST", "check", None, &Value::Null).json();
    assert_eq!(said["tests"], json!([]));
    assert_eq!(
        send(&mut world.user, "POST", "check", None, &Value::Null).status,
        403
    );
}
