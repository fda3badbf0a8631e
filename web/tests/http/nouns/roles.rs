//! Who may look at and change what, noun by noun; with keys, too.

use serde_json::{Value, json};

use super::calls::call;
use super::{domain, extension, made, members, world};
use crate::api::{World, send};
use crate::client::{Browser, ask};
use crate::openapi::conforms;

const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

/// A noun: whether its things are made, changed and deleted; whether the administrators of a domain see theirs, and
/// change them.
struct Rights {
    noun: &'static str,
    create: bool,
    edit: bool,
    delete: bool,
    seen: bool,
    theirs: bool,
}

const fn noun(noun: &'static str, may: [bool; 5]) -> Rights {
    let [create, edit, delete, seen, theirs] = may;
    Rights {
        noun,
        create,
        edit,
        delete,
        seen,
        theirs,
    }
}

const NOUNS: [Rights; 14] = [
    noun("dids", [true, true, true, true, true]),
    noun("schedules", [true, true, true, true, true]),
    noun("number-plans", [true, true, true, true, false]),
    noun("groups", [true, true, true, true, true]),
    noun("group-members", [true, false, true, true, true]),
    noun("routes", [true, true, true, true, false]),
    noun("route-grants", [true, false, true, true, false]),
    noun("caller-ids", [true, true, true, true, false]),
    noun("caller-id-uses", [true, true, true, true, false]),
    noun("blocks", [true, true, true, true, true]),
    noun("caps", [true, true, true, true, false]),
    noun("route-tests", [true, true, true, true, true]),
    noun("gateways", [true, true, true, false, false]),
    noun("calls", [false, false, false, true, false]),
];

/// One of each noun in a domain.
fn furnish(world: &mut World, name: &str, digit: u64) -> Vec<Value> {
    let (at, member) = (domain(world, name), extension(world, &format!("1001@{name}")));
    let root = &mut world.root;
    let did = json!({"domain_id": at, "number": format!("+49301{digit}"), "members": members(&[&member])});
    let group = made(root, "groups", &json!({"domain_id": at, "name": "staff"}));
    let route = made(
        root,
        "routes",
        &json!({"domain_id": at, "name": "out", "pattern": "+49*"}),
    );
    let own = json!({"domain_id": at, "number": format!("+4930200{digit}")});
    let own = made(root, "caller-ids", &own);
    let gateway = json!({"domain_id": at, "name": format!("of-{digit}"), "proxy": "sip.example.com"});
    let member_of = json!({"domain_id": at, "group_id": group["id"], "extension_id": member});
    let grant = json!({"domain_id": at, "route_id": route["id"], "group_id": group["id"]});
    let used = json!({"domain_id": at, "extension_id": member, "caller_id": own["id"]});
    let test = json!({"domain_id": at, "number": "1001", "dialled": "0900123", "expect": "refused"});
    let all = vec![
        made(root, "dids", &did),
        made(
            root,
            "schedules",
            &json!({"domain_id": at, "name": "office", "hours": "always"}),
        ),
        made(
            root,
            "number-plans",
            &json!({"domain_id": at, "country_code": "49"}),
        ),
        group,
        made(root, "group-members", &member_of),
        route,
        made(root, "route-grants", &grant),
        own,
        made(root, "caller-id-uses", &used),
        made(root, "blocks", &json!({"domain_id": at, "pattern": "+882*"})),
        made(root, "caps", &json!({"domain_id": at, "per_day": 5})),
        made(root, "route-tests", &test),
        made(root, "gateways", &gateway),
    ];
    world
        .site
        .pbx
        .store()
        .keep_calls(&[call(digit, name, None)], &[])
        .unwrap();
    let calls = send(
        &mut world.root,
        "GET",
        &format!("calls?domain={name}"),
        None,
        &Value::Null,
    );
    all.into_iter().chain([calls.json()["rows"][0].clone()]).collect()
}

#[test]
fn who_may_what_is_the_same_for_these_nouns() {
    let mut world = world();
    let (own, other) = (
        furnish(&mut world, "one.test", 1),
        furnish(&mut world, "two.test", 2),
    );
    let two = domain(&mut world, "two.test");
    for (rights, (own, other)) in NOUNS.iter().zip(own.iter().zip(&other)) {
        let id = |row: &Value| row["id"].as_str().unwrap().to_owned();
        let path = |id: &str| format!("{}/{id}", rights.noun);
        let mut stranger = Browser::new(world.site.public());
        for (id, exists, foreign) in [
            (id(own), true, false),
            (id(other), true, true),
            (NOBODY.to_owned(), false, false),
            ("x'--".to_owned(), false, false),
        ] {
            let path = path(&id);
            let get = |browser: &mut Browser| send(browser, "GET", &path, None, &Value::Null).status;
            assert_eq!(get(&mut stranger), 401, "{path}");
            assert_eq!(get(&mut world.user), 403, "{path}");
            let seen = if exists && !foreign { 200 } else { 404 };
            assert_eq!(
                get(&mut world.chief),
                if rights.seen { seen } else { 403 },
                "{path}"
            );
            assert_eq!(get(&mut world.root), if exists { 200 } else { 404 }, "{path}");
            // Nothing of what follows is a change: the field is none, and the revision is old.
            let rev = own["row_rev"]
                .as_u64()
                .filter(|_| !foreign)
                .or(other["row_rev"].as_u64());
            for (method, rev, done, good) in [
                ("PATCH", rev, rights.edit, 422),
                ("DELETE", Some(0), rights.delete, 412),
            ] {
                let ask = |browser: &mut Browser| {
                    send(browser, method, &path, rev, &json!({"no such field": 1})).status
                };
                let told = |may: bool, exists: bool| match (done, may, exists) {
                    (false, ..) => 405,
                    (_, false, _) => 403,
                    (_, true, false) => 404,
                    (_, true, true) => good,
                };
                assert_eq!(
                    ask(&mut stranger),
                    if done { 401 } else { 405 },
                    "{method} {path}"
                );
                assert_eq!(ask(&mut world.user), told(false, exists), "{method} {path}");
                let chief = told(rights.theirs, exists && !foreign);
                assert_eq!(ask(&mut world.chief), chief, "{method} {path}");
                assert_eq!(ask(&mut world.root), told(true, exists), "{method} {path}");
            }
        }
        let noun = rights.noun;
        let list = |browser: &mut Browser, method: &str| {
            let asked = if method == "GET" { "?size=1000" } else { "" };
            send(
                browser,
                method,
                &format!("{noun}{asked}"),
                None,
                &json!({"no such field": 1}),
            )
        };
        assert_eq!(list(&mut stranger, "GET").status, 401, "{noun}");
        assert_eq!(list(&mut world.user, "GET").status, 403, "{noun}");
        assert_eq!(list(&mut world.root, "GET").status, 200, "{noun}");
        let seen = list(&mut world.chief, "GET");
        assert_eq!(seen.status, if rights.seen { 200 } else { 403 }, "{noun}");
        assert!(
            !seen.body.contains("two.test") && !seen.body.contains(&two),
            "{noun}: {seen:?}"
        );
        let made = |may: bool| match (rights.create, may) {
            (false, _) => 405,
            (_, false) => 403,
            (_, true) => 422,
        };
        assert_eq!(
            list(&mut stranger, "POST").status,
            if rights.create { 401 } else { 405 }
        );
        assert_eq!(list(&mut world.user, "POST").status, made(false), "{noun}");
        assert_eq!(
            list(&mut world.chief, "POST").status,
            made(rights.theirs),
            "{noun}"
        );
        assert_eq!(list(&mut world.root, "POST").status, made(true), "{noun}");
    }
}

#[test]
fn a_key_opens_the_noun_of_its_scope_and_no_other() {
    let mut world = world();
    let to = world.site.public();
    let nouns = NOUNS.iter().map(|rights| (rights.noun, rights.create));
    let all: Vec<(&str, bool)> = nouns.chain([("explain", false)]).collect();
    for (scope, creates) in &all {
        let body = json!({"name": format!("only-{scope}"), "scopes": [format!("{scope}:read")]});
        let key = made(&mut world.root, "keys", &body)["shown_once"]["key"].clone();
        let bearer = format!("Bearer {}", key.as_str().unwrap());
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Content-Type", "application/json"),
        ];
        let status = |method: &str, path: &str, body: &str| {
            let path = format!("/api/v1/{path}");
            let answer = ask(to, method, &path, &headers, body);
            conforms(method, &path, &answer);
            answer.status
        };
        for (noun, _) in &all {
            let expected = if noun == scope { 200 } else { 403 };
            match *noun {
                "explain" => {
                    let call = r#"{"from": "1001@one.test", "to": "1002"}"#;
                    assert_eq!(status("POST", "explain", call), expected, "{scope}");
                }
                noun => assert_eq!(status("GET", noun, ""), expected, "{scope}: {noun}"),
            }
        }
        if *creates {
            assert_eq!(status("POST", scope, "{}"), 403, "{scope}");
        }
        let tests = if *scope == "route-tests" { 200 } else { 403 };
        assert_eq!(status("POST", "check", ""), tests, "{scope}");
        assert_eq!(
            status("GET", "export/calls.csv", ""),
            403,
            "{scope}: it takes both scopes"
        );
    }
    let both = json!({"name": "both", "scopes": ["calls:read", "export:read"]});
    let key = made(&mut world.root, "keys", &both)["shown_once"]["key"].clone();
    let bearer = format!("Bearer {}", key.as_str().unwrap());
    let table = ask(
        to,
        "GET",
        "/api/v1/export/calls.csv",
        &[("Authorization", bearer.as_str())],
        "",
    );
    assert_eq!(table.status, 200, "{table:?}");
}
