//! Who may what.

use serde_json::{Value, json};

use super::{World, send};
use crate::client::{Answer, Browser};
use crate::site::PASSWORD;

#[test]
fn who_may_what_is_the_same_for_every_noun() {
    let mut world = World::new();
    let nobody = "00000000-0000-7000-8000-000000000000";
    let domains: Vec<String> = ["one.test", "two.test"]
        .map(|name| world.id(&format!("domains?q={name}")))
        .into();
    let mut of = |noun: &str, domain: &str| match noun {
        "domains" => world.row(&format!(
            "domains?q={}",
            if domain == domains[0] {
                "one.test"
            } else {
                "two.test"
            }
        )),
        "users" => world.row(&format!("users?domain_id={domain}&q=alice")),
        noun => world.row(&format!("{noun}?domain_id={domain}")),
    };
    let nouns = ["users", "extensions", "lines", "channels", "domains"];
    let things: Vec<(&str, Value, Value)> = nouns
        .iter()
        .map(|noun| (*noun, of(noun, &domains[0]), of(noun, &domains[1])))
        .collect();
    for (noun, own, other) in &things {
        let id = |row: &Value| row["id"].as_str().unwrap().to_owned();
        let rev = |row: &Value| row["row_rev"].as_u64();
        let mut stranger = Browser::new(world.site.public());
        // Whether it can be changed at all, and whether an administrator of a domain may.
        let (changes, theirs) = (*noun != "channels", *noun != "domains");
        for (list, id, rev) in [
            (true, String::new(), None),
            (false, id(own), rev(own)),
            (false, id(other), rev(other)),
            (false, nobody.to_owned(), Some(1)),
            (false, "x'--".to_owned(), Some(1)),
        ] {
            let path = if list {
                (*noun).to_owned()
            } else {
                format!("{noun}/{id}")
            };
            let exists = list || id.len() == 36 && id != nobody;
            let foreign = !list && id == other["id"].as_str().unwrap();
            let looks = send(&mut stranger, "GET", &path, None, &Value::Null);
            assert_eq!(looks.status, 401, "{path}");
            let looks = send(&mut world.user, "GET", &path, None, &Value::Null);
            assert_eq!(
                (looks.status, looks.kind().as_str()),
                (403, "forbidden"),
                "{path}"
            );
            let looks = send(&mut world.chief, "GET", &path, None, &Value::Null);
            assert_eq!(
                looks.status,
                if exists && !foreign { 200 } else { 404 },
                "{path}: {looks:?}"
            );
            let looks = send(&mut world.root, "GET", &path, None, &Value::Null);
            assert_eq!(looks.status, if exists { 200 } else { 404 }, "{path}");
            // Nothing of what follows is a change: the field is none.
            let method = if list { "POST" } else { "PATCH" };
            let body = json!({"no such field": 1});
            let status = |browser: &mut Browser| send(browser, method, &path, rev, &body).status;
            let expected = |may: bool| match (list && *noun == "channels" || !changes, may, exists) {
                (true, ..) => 405,
                (_, false, _) => 403,
                (_, true, false) => 404,
                (_, true, true) => 422,
            };
            assert_eq!(status(&mut stranger), if changes { 401 } else { 405 }, "{path}");
            assert_eq!(status(&mut world.user), expected(false), "{path}");
            let chief = if foreign && theirs && changes {
                404
            } else {
                expected(theirs)
            };
            assert_eq!(status(&mut world.chief), chief, "{path}");
            assert_eq!(status(&mut world.root), expected(true), "{path}");
            if list {
                let seen = send(
                    &mut world.chief,
                    "GET",
                    &format!("{path}?size=1000"),
                    None,
                    &Value::Null,
                )
                .body;
                assert!(
                    !seen.contains("two.test") && !seen.contains(&domains[1]),
                    "{path}: {seen}"
                );
                continue;
            }
            let gone = |browser: &mut Browser| send(browser, "DELETE", &path, Some(0), &Value::Null).status;
            let stale = |may: bool| match (changes, may, exists) {
                (false, ..) => 405,
                (_, false, _) => 403,
                (_, true, false) => 404,
                (_, true, true) => 412,
            };
            assert_eq!(gone(&mut stranger), if changes { 401 } else { 405 }, "{path}");
            assert_eq!(gone(&mut world.user), stale(false), "{path}");
            let chief = if foreign && theirs && changes {
                404
            } else {
                stale(theirs)
            };
            assert_eq!(gone(&mut world.chief), chief, "{path}");
            assert_eq!(gone(&mut world.root), stale(true), "{path}");
        }
    }
}

#[test]
fn a_domains_administrator_reaches_nothing_beyond_it() {
    let mut world = World::new();
    world.site.must("user add boss@one.test --role administrator");
    let two = world.id("domains?q=two.test");
    let foreign_user = world.row(&format!("users?domain_id={two}&q=alice"));
    let foreign_extension = world.row(&format!("extensions?domain_id={two}"));
    let boss = world.row("users?q=boss");
    let path = |row: &Value| format!("users/{}", row["id"].as_str().unwrap());
    // No administrator is made, nor one of the domain turned into their own by a new password.
    for body in [
        json!({"name": "evil", "role": "administrator"}),
        json!({"name": "evil", "role": "administrator", "domain_id": null}),
    ] {
        let answer = send(&mut world.chief, "POST", "users", None, &body);
        assert!(answer.status == 403 || answer.status == 422, "{answer:?}");
    }
    let rev = boss["row_rev"].as_u64();
    for body in [
        json!({"password": PASSWORD}),
        json!({"role": "user"}),
        json!({"email": "chief@example.com"}),
    ] {
        let answer = send(&mut world.chief, "PATCH", &path(&boss), rev, &body);
        assert_eq!(
            (answer.status, answer.kind().as_str()),
            (403, "forbidden"),
            "{body}"
        );
    }
    let reset = send(
        &mut world.chief,
        "POST",
        &format!("{}/reset-password", path(&boss)),
        None,
        &Value::Null,
    );
    assert_eq!(reset.status, 403);
    assert_eq!(
        send(&mut world.chief, "DELETE", &path(&boss), rev, &Value::Null).status,
        403
    );
    // Nor themselves.
    let one = world.id("domains?q=one.test");
    let chief = world.row(&format!("users?q=chief&domain_id={one}"));
    let rise = send(
        &mut world.chief,
        "PATCH",
        &path(&chief),
        chief["row_rev"].as_u64(),
        &json!({"role": "administrator"}),
    );
    assert_eq!(rise.status, 403);
    // What is elsewhere does not exist: the same words as for what is nowhere.
    let nowhere = "00000000-0000-7000-8000-000000000000";
    let told = |answer: Answer, id: &str| (answer.status, answer.body.replace(id, "ID"));
    for (noun, field, foreign, rest) in [
        ("extensions", "user_id", &foreign_user, json!({"number": "1009"})),
        (
            "lines",
            "extension_id",
            &foreign_extension,
            json!({"username": "zoe"}),
        ),
        ("users", "domain_id", &json!({"id": two}), json!({"name": "zoe"})),
        (
            "extensions",
            "domain_id",
            &json!({"id": two}),
            json!({"number": "1009"}),
        ),
    ] {
        let mut body = rest.clone();
        let id = foreign["id"].as_str().unwrap();
        body[field] = json!(id);
        let there = told(send(&mut world.chief, "POST", noun, None, &body), id);
        body[field] = json!(nowhere);
        let nothing = told(send(&mut world.chief, "POST", noun, None, &body), nowhere);
        assert_eq!(there, nothing);
        assert_eq!(there.0, 422, "{there:?}");
    }
    let listed = world
        .chief
        .ask("GET", &format!("/api/v1/users?domain_id={two}"), "")
        .json();
    assert_eq!(listed["total"], 0);
    // In their own domain they need not even name it.
    let made = send(&mut world.chief, "POST", "users", None, &json!({"name": "zoe"}));
    assert_eq!(
        (made.status, &made.json()["domain"]),
        (201, &json!("one.test")),
        "{made:?}"
    );
    let reset = send(
        &mut world.chief,
        "POST",
        &format!("{}/reset-password", path(&made.json())),
        None,
        &Value::Null,
    );
    assert_eq!(reset.status, 200, "{reset:?}");
    let mut zoe = Browser::new(world.site.public());
    let signed_in = zoe.sign_in("zoe@one.test", reset.json()["password"].as_str().unwrap());
    assert_eq!(signed_in.json()["must_change_password"], true);
    assert_eq!(
        zoe.ask("GET", "/api/v1/users", "").kind(),
        "password-must-be-changed"
    );
}
