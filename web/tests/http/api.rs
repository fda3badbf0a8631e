//! `/api/v1`: what administrators' programs ask, and what must not come of it.

use serde_json::{Value, json};

use crate::client::{Answer, Browser};
use crate::openapi::conforms;
use crate::site::{PASSWORD, Site};

/// Two domains, each with an administrator and a person with an extension; an administrator of the whole PBX.
pub(crate) struct World {
    pub(crate) site: Site,
    pub(crate) root: Browser,
    pub(crate) chief: Browser,
    pub(crate) user: Browser,
}

impl World {
    pub(crate) fn new() -> Self {
        let site = Site::new(&[]);
        for domain in ["one.test", "two.test"] {
            site.must(&format!("domain add {domain}"));
            site.must(&format!("user add chief@{domain} --role domain-administrator"));
            site.must(&format!(
                "extension add 1001@{domain} --user alice --name Alice --line"
            ));
        }
        site.must("user add root --role administrator");
        for name in ["root@.", "chief@one.test", "alice@one.test"] {
            site.must(&format!("user set {name} --password {PASSWORD}"));
        }
        let browser = |name: &str| {
            let mut browser = Browser::new(site.public());
            let answer = browser.sign_in(name, PASSWORD);
            assert_eq!(answer.status, 200, "{name}: {answer:?}");
            browser
        };
        let (root, chief, user) = (
            browser("root"),
            browser("chief@one.test"),
            browser("alice@one.test"),
        );
        Self {
            site,
            root,
            chief,
            user,
        }
    }

    /// The id of the one thing that a list finds.
    #[track_caller]
    pub(crate) fn id(&mut self, list: &str) -> String {
        let found = self.row(list);
        found["id"].as_str().unwrap().to_owned()
    }

    /// The one thing that a list finds.
    #[track_caller]
    pub(crate) fn row(&mut self, list: &str) -> Value {
        let listed = self.root.ask("GET", &format!("/api/v1/{list}"), "").json();
        assert_eq!(listed["total"], 1, "{list}: {listed}");
        listed["rows"][0].clone()
    }
}

/// A request with a body of JSON and what it is based on.
#[track_caller]
pub(crate) fn send(
    browser: &mut Browser,
    method: &str,
    path: &str,
    rev: Option<u64>,
    body: &Value,
) -> Answer {
    let mut sender = browser.clone();
    if let Some(rev) = rev {
        sender = sender.with("If-Match", &format!("\"{rev}\""));
    }
    let text = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let path = format!("/api/v1/{path}");
    let answer = sender.ask(method, &path, &text);
    conforms(method, &path, &answer);
    answer
}

#[test]
fn an_extension_is_made_with_person_and_phone_changed_and_deleted() {
    let mut world = World::new();
    let domain = world.id("domains?q=one.test");
    let wanted = json!({
        "domain_id": domain, "number": "1002", "new_user": {"name": "Bob", "display_name": "Bob B"},
        "new_lines": ["bob-desk"], "ring_seconds": 20,
    });
    let made = send(&mut world.root, "POST", "extensions", None, &wanted);
    assert_eq!(made.status, 201, "{made:?}");
    let row = made.json();
    let id = row["id"].as_str().unwrap().to_owned();
    assert_eq!(made.header("location"), format!("/api/v1/extensions/{id}"));
    assert_eq!(made.header("etag"), format!("\"{}\"", row["row_rev"]));
    assert_eq!(
        (
            &row["number"],
            &row["user"],
            &row["lines"],
            &row["domain"],
            &row["caller_id_name"]
        ),
        (
            &json!("1002"),
            &json!("bob"),
            &json!(["bob-desk"]),
            &json!("one.test"),
            &json!("Bob B")
        )
    );
    let phone = &row["shown_once"]["phones"][0];
    assert_eq!(phone["username"], "bob-desk");
    assert_eq!(phone["password"].as_str().unwrap().len(), 16);
    let pin = row["shown_once"]["voicemail_pin"].as_str().unwrap();
    assert_eq!(pin.len(), 6);
    // The channel came along, under the address that the extension tells.
    let channel = world.row("channels?q=1002");
    assert_eq!(channel["id"], row["channel_id"]);
    assert_eq!(channel["url"], row["channel_url"]);
    // All of it is one revision, by who made it, and what is looked up next has it.
    let said = world.site.must("revisions --limit 1");
    assert!(
        said.contains("root") && said.contains("extension 1002@one.test added"),
        "{said}"
    );
    assert!(
        world
            .site
            .must("lookup directory key_value=one.test user=bob-desk")
            .contains("bob-desk")
    );
    // Only what is sent is changed.
    let rev = row["row_rev"].as_u64();
    let changed = send(
        &mut world.root,
        "PATCH",
        &format!("extensions/{id}"),
        rev,
        &json!({"number": "1003"}),
    );
    assert_eq!(changed.status, 200, "{changed:?}");
    let changed = changed.json();
    assert_eq!(changed["number"], "1003");
    for same in [
        "caller_id_name",
        "ring_seconds",
        "user_id",
        "channel_id",
        "voicemail",
        "lines",
        "enabled",
    ] {
        assert_eq!(changed[same], row[same], "{same}");
    }
    assert_eq!(changed.get("shown_once"), None, "the PIN is what it was");
    assert_eq!(
        world.row("channels?q=1003")["id"],
        row["channel_id"],
        "the channel goes by the number"
    );
    // Nothing to change is no revision.
    let rev = changed["row_rev"].as_u64();
    let same = send(
        &mut world.root,
        "PATCH",
        &format!("extensions/{id}"),
        rev,
        &json!({"number": "1003"}),
    );
    assert_eq!((same.status, same.json()["row_rev"].as_u64()), (200, rev));
    // It has a line, which goes along only if that is said.
    let path = format!("extensions/{id}");
    let refused = send(&mut world.root, "DELETE", &path, rev, &Value::Null);
    assert_eq!((refused.status, refused.kind().as_str()), (409, "conflict"));
    let gone = send(
        &mut world.root,
        "DELETE",
        &format!("{path}?with_everything=true"),
        rev,
        &Value::Null,
    );
    assert_eq!(gone.status, 200, "{gone:?}");
    assert!(gone.json()["revision"].as_u64() > rev);
    assert_eq!(
        send(&mut world.root, "GET", &path, None, &Value::Null).status,
        404
    );
    assert_eq!(
        world.root.ask("GET", "/api/v1/lines?q=bob-desk", "").json()["total"],
        0
    );
}

#[test]
fn a_stale_change_is_refused_with_what_is_there_now_and_loses_nothing() {
    let mut world = World::new();
    let domain = world.id("domains?q=one.test");
    let row = world.row(&format!("users?q=alice&domain_id={domain}"));
    let (path, rev) = (
        format!("users/{}", row["id"].as_str().unwrap()),
        row["row_rev"].as_u64(),
    );
    // Two people read it; the first saves.
    let first = send(
        &mut world.chief,
        "PATCH",
        &path,
        rev,
        &json!({"email": "alice@example.com"}),
    );
    assert_eq!(first.status, 200, "{first:?}");
    let second = send(
        &mut world.root,
        "PATCH",
        &path,
        rev,
        &json!({"display_name": "Alice A"}),
    );
    assert_eq!(
        (second.status, second.kind().as_str()),
        (412, "changed"),
        "{second:?}"
    );
    let current = second.json()["current"].clone();
    assert_eq!(current["email"], "alice@example.com");
    assert_eq!(current["display_name"], "Alice");
    // With the revision that the refusal tells it goes, and the first change stays.
    let again = send(
        &mut world.root,
        "PATCH",
        &path,
        current["row_rev"].as_u64(),
        &json!({"display_name": "Alice A"}),
    );
    assert_eq!(again.status, 200, "{again:?}");
    assert_eq!(again.json()["email"], "alice@example.com");
    assert_eq!(
        send(&mut world.root, "DELETE", &path, rev, &Value::Null).status,
        412
    );
    // A change that does not say what it is based on is not made.
    let blind = send(
        &mut world.root,
        "PATCH",
        &path,
        None,
        &json!({"display_name": "x"}),
    );
    assert_eq!((blind.status, blind.kind().as_str()), (428, "revision-required"));
    for bad in ["*", "17", "\"x\"", "\"1\", \"2\"", ""] {
        let answer = world
            .root
            .clone()
            .with("If-Match", bad)
            .ask("DELETE", &format!("/api/v1/{path}"), "");
        assert_eq!(answer.status, 400, "{bad:?}: {answer:?}");
    }
    assert_eq!(world.row("users?q=alice%20a")["display_name"], "Alice A");
}

#[test]
fn a_retry_is_no_second_request_and_nobody_elses() {
    let mut world = World::new();
    let wanted =
        json!({"name": "carol", "display_name": "Carol", "domain_id": world.id("domains?q=one.test")});
    let mut retrying = world.root.clone().with("Idempotency-Key", "6f1c");
    let first = send(&mut retrying, "POST", "users", None, &wanted);
    assert_eq!(first.status, 201, "{first:?}");
    let again = send(&mut retrying, "POST", "users", None, &wanted);
    assert_eq!(
        (again.status, again.header("idempotency-replayed").as_str()),
        (200, "true"),
        "{again:?}"
    );
    assert_eq!(again.json()["id"], first.json()["id"]);
    assert_eq!(
        world.root.ask("GET", "/api/v1/users?q=carol", "").json()["total"],
        1
    );
    // Under another key, or by somebody else, it is another request, and the name is taken.
    for browser in [
        &mut world.root.clone().with("Idempotency-Key", "7"),
        &mut world.chief.clone().with("Idempotency-Key", "6f1c"),
    ] {
        let other = send(browser, "POST", "users", None, &wanted);
        assert_eq!(other.status, 422, "{other:?}");
        assert_eq!(other.json()["errors"][0]["field"], "name");
    }
    let path = format!("users/{}", first.json()["id"].as_str().unwrap());
    let rev = first.json()["row_rev"].as_u64();
    let (one, two) = (
        send(&mut retrying, "DELETE", &path, rev, &Value::Null),
        send(&mut retrying, "DELETE", &path, rev, &Value::Null),
    );
    assert_eq!((one.status, two.status), (200, 200));
    assert_eq!(one.json(), two.json());
}

#[test]
fn each_wrong_field_is_named_and_nothing_is_saved() {
    let mut world = World::new();
    let domain = world.id("domains?q=one.test");
    let before = world.site.must("revisions --limit 1 json");
    let cases = [
        ("extensions", json!({}), vec!["number"]),
        (
            "extensions",
            json!({"number": 1002, "ring_seconds": "30", "voicemail": "yes"}),
            vec!["number", "ring_seconds", "voicemail"],
        ),
        (
            "extensions",
            json!({"number": "1002", "ring_seconds": 4, "domain_id": domain, "user_id": domain}),
            vec!["ring_seconds", "user_id"],
        ),
        (
            "extensions",
            json!({"number": "1002", "domain_id": domain}),
            vec!["user_id"],
        ),
        (
            "extensions",
            json!({"number": "1002", "new_user": {"name": "zoe", "display_name": "Zoe"}}),
            vec!["domain_id"],
        ),
        (
            "extensions",
            json!({"number": "1002", "domain_id": domain, "new_user": {"name": "zoe"}}),
            vec!["new_user"],
        ),
        (
            "extensions",
            json!({"number": "1002", "domain_id": domain, "new_user": {"name": "zoe", "display_name": "Z", "role": "administrator"}}),
            vec!["new_user"],
        ),
        (
            "users",
            json!({"name": "x y", "email": "nobody", "role": "king", "enabled": null}),
            vec!["email", "enabled", "name", "role"],
        ),
        (
            "users",
            json!({"name": "zoe", "display_name": "a\nb", "domain_id": domain}),
            vec!["display_name"],
        ),
        (
            "users",
            json!({"name": "zoe", "display_name": "x".repeat(65), "domain_id": domain}),
            vec!["display_name"],
        ),
        (
            "users",
            json!({"name": "zoe", "password": "short", "domain_id": domain}),
            vec!["password"],
        ),
        (
            "users",
            json!({"name": "zoe", "domain_id": null}),
            vec!["domain_id"],
        ),
        // Mass assignment: what is only shown, or is a column and no field, cannot be set.
        (
            "users",
            json!({"name": "zoe", "domain_id": domain, "password_hash": "x", "id": domain, "row_rev": 1, "has_password": true}),
            vec!["has_password", "id", "password_hash", "row_rev"],
        ),
        (
            "lines",
            json!({"username": "zoe", "a1": "0".repeat(32), "domain_id": domain}),
            vec!["a1", "domain_id", "extension_id"],
        ),
        (
            "lines",
            json!({"username": "zoe", "extension_id": "1001", "source_acl": "10.0.0.0/33", "srtp": "Required"}),
            vec!["extension_id", "source_acl", "srtp"],
        ),
        ("domains", json!({"name": "two.test"}), vec!["name"]),
        ("domains", json!({"name": "a b"}), vec!["name"]),
    ];
    for (path, body, fields) in cases {
        let answer = send(&mut world.root, "POST", path, None, &body);
        assert_eq!(
            (answer.status, answer.kind().as_str()),
            (422, "invalid"),
            "{path} {body}: {answer:?}"
        );
        let mut named: Vec<String> = answer.json()["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| error["field"].as_str().unwrap_or_default().to_owned())
            .collect();
        named.sort();
        assert_eq!(named, fields, "{path} {body}: {answer:?}");
    }
    assert_eq!(world.site.must("revisions --limit 1 json"), before);
}

#[test]
fn bodies_that_are_no_plain_object_are_refused() {
    let world = World::new();
    let long = format!("{{\"name\": \"{}\"}}", "x".repeat(70_000));
    let cases: [(&str, &str, u16); 8] = [
        (
            "application/json",
            r#"{"name": "zoe", "role": "user", "role": "administrator"}"#,
            400,
        ),
        ("application/json", "[]", 400),
        ("application/json", "{", 400),
        ("application/json", "", 400),
        ("application/json", &"[".repeat(10_000), 400),
        ("text/plain", r#"{"name": "zoe"}"#, 415),
        ("application/x-www-form-urlencoded", "name=zoe", 415),
        ("application/json", &long, 413),
    ];
    for (kind, body, status) in cases {
        let mut sender = world.root.clone();
        let headers = sender.headers();
        let headers = headers.iter().filter(|(name, _)| name != "Content-Type");
        let mut headers: Vec<(&str, &str)> = headers
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        headers.push(("Content-Type", kind));
        let answer = crate::client::ask(sender.to, "POST", "/api/v1/users", &headers, body);
        assert_eq!(answer.status, status, "{kind} {:.60}: {answer:?}", body);
        assert_eq!(answer.header("content-type"), "application/problem+json");
        sender.session = None;
        // Who is not signed in is told that, whatever they send.
        let headers: Vec<_> = headers
            .into_iter()
            .filter(|(name, _)| *name != "Cookie")
            .collect();
        let stranger = crate::client::ask(sender.to, "POST", "/api/v1/users", &headers, "{}");
        assert_eq!(stranger.status, 401);
    }
}

#[test]
fn lists_are_searched_sorted_cut_and_never_injected() {
    let mut world = World::new();
    let domain = world.id("domains?q=one.test");
    for number in ["20", "100", "3000"] {
        let body = json!({"domain_id": domain, "number": number, "new_user": {"name": format!("u{number}"), "display_name": format!("U_{number} O'Neil")}});
        assert_eq!(
            send(&mut world.root, "POST", "extensions", None, &body).status,
            201
        );
    }
    let mut numbers = |query: &str| -> Vec<String> {
        let listed = world.root.ask(
            "GET",
            &format!("/api/v1/extensions?domain_id={domain}{query}"),
            "",
        );
        assert_eq!(listed.status, 200, "{query}: {listed:?}");
        let rows = listed.json()["rows"].as_array().unwrap().clone();
        rows.iter()
            .map(|row| row["number"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(numbers(""), ["20", "100", "1001", "3000"], "as numbers");
    assert_eq!(numbers("&sort=-number"), ["3000", "1001", "100", "20"]);
    assert_eq!(numbers("&sort=number&size=2&page=2"), ["1001", "3000"]);
    assert_eq!(numbers("&page=9"), [""; 0]);
    assert_eq!(numbers("&q=o%27NEIL&sort=caller_id_name"), ["100", "20", "3000"]);
    assert_eq!(numbers("&q=u3000"), ["3000"], "by the person's name too");
    for nothing in ["%25", "_20", "' OR 1=1 --", "%27)%20OR%201=1%20--", "\\", "%00"] {
        let q = nothing.replace(' ', "%20").replace('\\', "%5C");
        assert_eq!(
            numbers(&format!("&q={q}")).len(),
            usize::from(nothing == "_20"),
            "{nothing}"
        );
    }
    for bad in [
        "sort=password_hash",
        "sort=number;DROP TABLE user",
        "sort=--number",
        "sort=",
        "size=0",
        "size=1001",
        "size=-1",
        "page=0",
        "page=x",
        "page=99999999999",
        "q=a&q=b",
        "nonsense=1",
        "a1=x",
        "password_hash=x",
        "enabled=1",
        "domain_id=x",
    ] {
        let path = format!("/api/v1/extensions?{}", bad.replace(' ', "%20"));
        let answer = world.root.ask("GET", &path, "");
        assert_eq!(
            (answer.status, answer.kind().as_str()),
            (400, "bad-request"),
            "{bad}: {answer:?}"
        );
    }
    let long = format!("/api/v1/users?q={}", "x".repeat(101));
    assert_eq!(world.root.ask("GET", &long, "").status, 400);
}

#[test]
fn no_answer_and_no_log_holds_a_secret() {
    let mut world = World::new();
    let domain = world.id("domains?q=one.test");
    let secrets = ["kT8!vqPz2w-secret", "80412973"];
    let body = json!({"domain_id": domain, "number": "1005", "new_user": {"name": "eve", "display_name": "Eve"},
        "voicemail_pin": secrets[1], "new_lines": ["eve-desk"], "password": secrets[0]});
    let made = send(&mut world.root, "POST", "extensions", None, &body);
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(
        made.json()["shown_once"].get("voicemail_pin"),
        None,
        "who chose it knows it"
    );
    let eve = world.row("users?q=eve");
    let path = format!("users/{}", eve["id"].as_str().unwrap());
    let set = send(
        &mut world.root,
        "PATCH",
        &path,
        eve["row_rev"].as_u64(),
        &json!({"password": secrets[0]}),
    );
    assert_eq!((set.status, &set.json()["has_password"]), (200, &json!(true)));
    let mut all = format!("{}{}", made.body, set.body);
    world.site.must("setting set smtp-password 80412973-mail");
    let revisions = world.root.ask("GET", "/api/v1/revisions?size=1000", "").json();
    for revision in revisions["rows"].as_array().unwrap() {
        let path = format!("revisions/{}", revision["rev"]);
        all.push_str(&send(&mut world.root, "GET", &path, None, &Value::Null).body);
    }
    for list in [
        "users",
        "extensions",
        "lines",
        "channels",
        "domains",
        "settings",
        "keys",
        "sessions",
        "sign-ins",
    ] {
        all.push_str(
            &world
                .root
                .ask("GET", &format!("/api/v1/{list}?size=1000"), "")
                .body,
        );
    }
    for word in secrets.into_iter().chain([
        "argon2",
        "\"a1\":",
        "password_hash\":",
        "\"voicemail_pin\":",
        "sealed:",
        "token_hash\":",
    ]) {
        assert!(!all.contains(word), "{word}");
    }
}

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

#[test]
fn settings_are_the_catalogue_and_secrets_are_sealed() {
    let mut world = World::new();
    let listed = world.root.ask("GET", "/api/v1/settings?size=1000", "").json();
    assert!(listed["total"].as_u64() > Some(40), "{}", listed["total"]);
    let port = world.row("settings?q=smtp-port");
    assert_eq!(
        (&port["value"], &port["row_rev"], &port["is_set"]),
        (&json!("587"), &json!(0), &json!(false))
    );
    let set = send(
        &mut world.root,
        "PATCH",
        "settings/smtp-port",
        Some(0),
        &json!({"value": " 2525 "}),
    );
    assert_eq!(
        (set.status, &set.json()["value"]),
        (200, &json!("2525")),
        "{set:?}"
    );
    let stale = send(
        &mut world.root,
        "PATCH",
        "settings/smtp-port",
        Some(0),
        &json!({"value": "25"}),
    );
    assert_eq!(
        (stale.status, &stale.json()["current"]["value"]),
        (412, &json!("2525"))
    );
    let rev = set.json()["row_rev"].as_u64();
    for bad in ["70000", "", "x"] {
        let answer = send(
            &mut world.root,
            "PATCH",
            "settings/smtp-port",
            rev,
            &json!({"value": bad}),
        );
        assert_eq!(
            (answer.status, &answer.json()["errors"][0]["field"]),
            (422, &json!("value")),
            "{bad}"
        );
    }
    let back = send(
        &mut world.root,
        "PATCH",
        "settings/smtp-port",
        rev,
        &json!({"value": null}),
    );
    assert_eq!(
        (&back.json()["value"], &back.json()["row_rev"]),
        (&json!("587"), &json!(0))
    );
    let secret = send(
        &mut world.root,
        "PATCH",
        "settings/smtp-password",
        Some(0),
        &json!({"value": "geheimes-wort"}),
    );
    assert_eq!(secret.json()["value"], "(sealed)", "{secret:?}");
    for answer in [
        &secret,
        &send(&mut world.root, "GET", "revisions/1", None, &Value::Null),
    ] {
        assert!(!answer.body.contains("geheimes-wort"));
    }
    assert!(!world.site.must("revisions --limit 3").contains("geheimes-wort"));
    for (browser, status) in [(&mut world.chief, 403), (&mut world.user, 403)] {
        for path in [
            "settings",
            "settings/smtp-port",
            "settings/nonsense",
            "revisions",
            "revisions/1",
        ] {
            assert_eq!(
                send(browser, "GET", path, None, &Value::Null).status,
                status,
                "{path}"
            );
        }
        assert_eq!(
            send(
                browser,
                "PATCH",
                "settings/smtp-port",
                Some(0),
                &json!({"value": "25"})
            )
            .status,
            status
        );
        assert_eq!(
            send(browser, "POST", "revisions/1/revert", None, &Value::Null).status,
            status
        );
    }
    assert_eq!(
        send(
            &mut world.root,
            "PATCH",
            "settings/nonsense",
            Some(0),
            &json!({"value": "1"})
        )
        .status,
        404
    );
}

#[test]
fn who_changed_what_is_told_and_taken_back() {
    let mut world = World::new();
    let one = world.id("domains?q=one.test");
    let row = world.row(&format!("users?q=alice&domain_id={one}"));
    let path = format!("users/{}", row["id"].as_str().unwrap());
    let changed = send(
        &mut world.chief,
        "PATCH",
        &path,
        row["row_rev"].as_u64(),
        &json!({"display_name": "Alicia"}),
    );
    let rev = changed.json()["row_rev"].as_u64().unwrap();
    let told = send(
        &mut world.root,
        "GET",
        &format!("revisions/{rev}"),
        None,
        &Value::Null,
    )
    .json();
    assert_eq!(
        (&told["actor"], &told["summary"]),
        (&json!("chief@one.test"), &json!("user alice@one.test changed"))
    );
    let change = &told["changes"][0];
    assert_eq!(
        (
            &change["before"]["display_name"],
            &change["after"]["display_name"]
        ),
        (&json!("Alice"), &json!("Alicia"))
    );
    let found = world
        .root
        .ask("GET", "/api/v1/revisions?q=CHIEF%40one&size=5", "")
        .json();
    assert_eq!(found["rows"][0]["rev"], rev);
    let undone = send(
        &mut world.root,
        "POST",
        &format!("revisions/{rev}/revert"),
        None,
        &Value::Null,
    );
    assert_eq!(undone.status, 200, "{undone:?}");
    let after = send(&mut world.root, "GET", &path, None, &Value::Null).json();
    assert_eq!(
        (&after["display_name"], &after["row_rev"]),
        (&json!("Alice"), &undone.json()["revision"])
    );
    // What was changed since is in the way.
    let again = send(
        &mut world.root,
        "POST",
        &format!("revisions/{rev}/revert"),
        None,
        &Value::Null,
    );
    assert_eq!(
        (again.status, again.kind().as_str()),
        (409, "conflict"),
        "{again:?}"
    );
    for none in ["999999", "x", "-1", "18446744073709551616"] {
        let answer = send(
            &mut world.root,
            "POST",
            &format!("revisions/{none}/revert"),
            None,
            &Value::Null,
        );
        assert_eq!(answer.status, 404, "{none}");
    }
}

#[test]
fn sessions_and_their_history_are_seen_and_ended_in_ones_own_domain() {
    let mut world = World::new();
    world
        .site
        .must(&format!("user set alice@two.test --password {PASSWORD}"));
    let mut other = Browser::new(world.site.public());
    assert_eq!(other.sign_in("alice@two.test", PASSWORD).status, 200);
    let wrong = Browser::new(world.site.public()).sign_in("alice@one.test", "wrong");
    assert_eq!(wrong.status, 401);
    let names = |answer: Answer| -> Vec<String> {
        let rows = answer.json()["rows"].as_array().unwrap().clone();
        rows.iter()
            .map(|row| row["user"].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    let all = names(send(
        &mut world.root,
        "GET",
        "sessions?sort=user",
        None,
        &Value::Null,
    ));
    assert_eq!(
        all,
        ["alice@one.test", "alice@two.test", "chief@one.test", "root"]
    );
    let seen = names(send(
        &mut world.chief,
        "GET",
        "sessions?sort=user",
        None,
        &Value::Null,
    ));
    assert_eq!(seen, ["alice@one.test", "chief@one.test"]);
    let theirs = send(
        &mut world.root,
        "GET",
        "sessions?q=alice%40two.test",
        None,
        &Value::Null,
    )
    .json();
    let path = format!("sessions/{}", theirs["rows"][0]["id"].as_str().unwrap());
    assert_eq!(
        send(&mut world.chief, "DELETE", &path, None, &Value::Null).status,
        404
    );
    assert_eq!(other.ask("GET", "/api/me", "").status, 200);
    let ended = send(&mut world.root, "DELETE", &path, None, &Value::Null);
    assert_eq!((ended.status, ended.json()), (200, json!({"revision": null})));
    assert_eq!(other.ask("GET", "/api/me", "").status, 401);
    // Events are saved by a thread of their own.
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        let failed = send(
            &mut world.chief,
            "GET",
            "sign-ins?what=failed",
            None,
            &Value::Null,
        )
        .json();
        let history = send(&mut world.chief, "GET", "sign-ins?size=1000", None, &Value::Null);
        assert!(
            !history.body.contains("two.test") && !history.body.contains("\"root\""),
            "{history:?}"
        );
        if failed["total"] == 1 {
            assert_eq!(failed["rows"][0]["user"], "alice@one.test");
            break;
        }
        assert!(std::time::Instant::now() < until, "{failed}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

#[test]
fn the_dashboard_tells_the_whole_to_administrators_and_a_domain_to_its_own() {
    let mut world = World::new();
    let all = send(&mut world.root, "GET", "dashboard", None, &Value::Null).json();
    assert_eq!(
        (
            &all["domains"],
            &all["extensions"]["total"],
            &all["extensions"]["offline"]
        ),
        (&json!(2), &json!(2), &json!(2))
    );
    assert_eq!(
        (&all["sessions"], &all["calls"], &all["bans"]),
        (&json!(3), &json!(0), &json!(0))
    );
    assert!(
        all["disk"]["free_bytes"].as_u64() > Some(0)
            && all["disk"]["total_bytes"].as_u64() > all["disk"]["free_bytes"].as_u64()
    );
    // The same warnings as the command's.
    let said: Value = serde_json::from_str(&world.site.must("status json")).unwrap();
    let texts: Vec<&Value> = all["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|warning| &warning["text"])
        .collect();
    assert_eq!(
        texts,
        said["warnings"].as_array().unwrap().iter().collect::<Vec<_>>()
    );
    let own = send(&mut world.chief, "GET", "dashboard", None, &Value::Null).json();
    assert_eq!(
        (&own["domains"], &own["extensions"]["total"]),
        (&json!(1), &json!(1))
    );
    for whole in [
        "warnings", "disk", "backup", "sessions", "calls", "lookups", "mail", "revision",
    ] {
        assert_eq!(own[whole], Value::Null, "{whole}");
    }
    assert_eq!(
        send(&mut world.user, "GET", "dashboard", None, &Value::Null).status,
        403
    );
}
