//! What calls must do: made, changed, deleted, and told whether it holds.

use serde_json::{Value, json};

use super::{at, changed, domain, extension, made, members, world, wrong};
use crate::api::send;

#[test]
fn a_test_says_what_goes_with_it_and_whether_it_holds() {
    let mut world = world();
    let one = domain(&mut world, "one.test");
    for line in [
        "plan set --country-code 49 --area-code 30 --domain one.test",
        "caller-id add +4930100@one.test",
        "route add germany@one.test --pattern +49* --gateway carrier --extension 1001 --caller-id +4930100",
    ] {
        world.site.must(line);
    }
    let body = json!({
        "domain_id": one, "number": "1001", "dialled": "030123456", "expect": "out", "gateway": "carrier",
        "caller_id": "+4930100",
    });
    let out = made(&mut world.root, "route-tests", &body);
    assert_eq!(
        (&out["domain"], &out["failure"], &out["at"], &out["target"]),
        (&json!("one.test"), &Value::Null, &Value::Null, &Value::Null)
    );
    assert_eq!(
        out["says"],
        "1001 calling 030123456 goes out by carrier as +4930100"
    );
    let revision = world.site.must("revisions --limit 1");
    assert!(
        revision.contains("route test of 1001@one.test calling 030123456 added"),
        "{revision}"
    );
    // What does not hold is not taken in, unless that is said; and then it says what happens instead.
    let refused = json!({"domain_id": one, "number": "1001", "dialled": "030123456", "expect": "refused",
        "at": "2026-12-24T20:00:00+01:00"});
    let answer = send(&mut world.root, "POST", "route-tests", None, &refused);
    assert_eq!((answer.status, answer.kind().as_str()), (409, "breaks-tests"));
    let forced = send(&mut world.root, "POST", "route-tests?force=true", None, &refused);
    assert_eq!(forced.status, 201, "{forced:?}");
    let forced = forced.json();
    assert_eq!(
        (&forced["failure"], &forced["at"]),
        (&json!("it goes out by germany"), &json!("2026-12-24T19:00:00Z"))
    );
    assert_eq!(world.row("route-tests?q=carrier")["id"], out["id"]);
    assert_eq!(world.row("route-tests?expect=refused")["id"], forced["id"]);
    // Who had read it before is told so; another expectation takes out what went with the first.
    let (path, rev) = at("route-tests", &out);
    let stale = send(&mut world.root, "PATCH", &path, Some(1), &json!({"dialled": "1"}));
    assert_eq!((stale.status, stale.kind().as_str()), (412, "changed"));
    let none = send(&mut world.root, "PATCH", &path, None, &json!({"dialled": "1"}));
    assert_eq!(none.status, 428, "{none:?}");
    let inside = json!({"dialled": "1002", "expect": "rings", "target": "1002"});
    let inside = changed(&mut world.root, "route-tests", &out, &inside);
    assert_eq!(
        (&inside["gateway"], &inside["caller_id"], &inside["failure"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    assert!(rev < inside["row_rev"].as_u64());
    let said = send(&mut world.root, "POST", "check", None, &Value::Null).json();
    assert_eq!(
        (&said["failed"], said["tests"].as_array().unwrap().len()),
        (&json!(1), 2)
    );
    let (path, rev) = at("route-tests", &forced);
    let gone = send(&mut world.root, "DELETE", &path, rev, &Value::Null);
    assert_eq!(gone.status, 200, "{gone:?}");
    assert!(world.site.must("check").contains("1 route test hold"));
}

#[test]
fn what_is_no_test_is_refused_by_the_name_of_its_field() {
    let mut world = world();
    let one = domain(&mut world, "one.test");
    let base =
        json!({"domain_id": one, "number": "1001", "dialled": "1002", "expect": "rings", "target": "1002"});
    let kept = made(&mut world.root, "route-tests", &base);
    let before = world.site.must("revisions --limit 1 json");
    for (change, fields) in [
        (json!({"number": "gateway:"}), vec!["number"]),
        (json!({"number": "x y"}), vec!["number"]),
        (json!({"dialled": ""}), vec!["dialled"]),
        (json!({"dialled": "1\r\n2"}), vec!["dialled"]),
        (json!({"caller": "+4930123"}), vec!["caller"]),
        (json!({"at": "noon", "expect": "vanishes"}), vec!["at", "expect"]),
        (json!({"target": null}), vec!["target"]),
        (json!({"target": "nobody"}), vec![""]),
        (json!({"gateway": "carrier"}), vec!["gateway"]),
        (json!({"caller_id": "+4930100"}), vec!["caller_id"]),
        (json!({"expect": "refused", "target": "1002"}), vec!["target"]),
        (
            json!({"number": "gateway:carrier", "expect": "out", "target": null}),
            vec![""],
        ),
        (json!({"failure": null}), vec!["failure"]),
    ] {
        let mut body = base.clone();
        for (name, value) in change.as_object().unwrap() {
            body[name] = value.clone();
        }
        let answer = send(&mut world.root, "POST", "route-tests?force=true", None, &body);
        assert_eq!(wrong(&answer), fields, "{change}: {answer:?}");
    }
    let twice = send(&mut world.root, "POST", "route-tests", None, &base);
    assert_eq!(twice.status, 422, "{twice:?}");
    let (path, rev) = at("route-tests", &kept);
    let moved = send(&mut world.root, "PATCH", &path, rev, &json!({"domain_id": one}));
    assert_eq!(wrong(&moved), ["domain_id"]);
    assert_eq!(
        world.site.must("revisions --limit 1 json"),
        before,
        "nothing was saved"
    );
}

#[test]
fn a_domains_tests_tell_nothing_of_another_domain() {
    let mut world = world();
    let (one, two) = (domain(&mut world, "one.test"), domain(&mut world, "two.test"));
    let member = extension(&mut world, "1001@two.test");
    let did = json!({"domain_id": two, "number": "+4930222", "members": members(&[&member])});
    made(&mut world.root, "dids", &did);
    world
        .site
        .must("gateway add secret --proxy sip.example.org --domain two.test --source-acl 203.0.113.0/24");
    // Their own domain need not be said, and another's cannot be.
    let own = made(
        &mut world.chief,
        "route-tests",
        &json!({"number": "1001", "dialled": "1002", "expect": "rings", "target": "1002"}),
    );
    assert_eq!(own["domain_id"], json!(one));
    let other = json!({"domain_id": two, "number": "1001", "dialled": "1", "expect": "refused"});
    let other = send(&mut world.chief, "POST", "route-tests", None, &other);
    assert_eq!(wrong(&other), ["domain_id"]);
    let mut failure = |number: &str, dialled: &str| {
        let body = json!({"number": number, "dialled": dialled, "expect": "ends"});
        let made = send(&mut world.chief, "POST", "route-tests?force=true", None, &body);
        assert_eq!(made.status, 201, "{made:?}");
        made.json()["failure"]
            .as_str()
            .unwrap()
            .replace("secret", "NAME")
            .replace("nobody", "NAME")
    };
    assert_eq!(
        failure("gateway:carrier", "+4930222"),
        failure("gateway:carrier", "+4930333")
    );
    assert_eq!(
        failure("gateway:secret", "+4930222"),
        failure("gateway:nobody", "+4930222")
    );
}

#[test]
fn a_gateways_password_is_taken_away_when_that_is_said() {
    let mut world = world();
    let body =
        json!({"name": "locked", "proxy": "192.0.2.50", "username": "9", "password": "kT8-locked-vqPz"});
    let gateway = made(&mut world.root, "gateways", &body);
    assert_eq!(
        (&gateway["has_password"], &gateway["register"]),
        (&json!(true), &json!(true))
    );
    let (path, rev) = at("gateways", &gateway);
    // The switch cannot register without one.
    let bare = send(&mut world.root, "PATCH", &path, rev, &json!({"password": null}));
    assert_eq!(wrong(&bare), [""], "{bare:?}");
    let kept = changed(&mut world.root, "gateways", &gateway, &json!({"max_calls": 3}));
    assert_eq!(kept["has_password"], json!(true));
    let gone = changed(
        &mut world.root,
        "gateways",
        &kept,
        &json!({"password": null, "register": false}),
    );
    assert_eq!(
        (&gone["has_password"], &gone["username"]),
        (&json!(false), &json!("9"))
    );
}
