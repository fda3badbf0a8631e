//! Directories that come in, tables that go out, and the nouns that are nothing but their fields.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::api::{World, send};
use crate::client::{Answer, Browser};

const DIRECTORY: &str = r#"<include><domain name="old.test"><groups><group name="default"><users>
    <X-PRE-PROCESS cmd="include" data="default/*.xml"/></users></group></groups></domain></include>"#;

fn user(id: &str, password: &str) -> String {
    format!(
        r#"<include><user id="{id}"><params><param name="password" value="{password}"/></params>
        <variables><variable name="effective_caller_id_name" value="Old {id}"/></variables></user></include>"#
    )
}

/// Waits for the end of a job.
#[track_caller]
fn ended(browser: &mut Browser, begun: &Answer) -> Value {
    assert_eq!(begun.status, 202, "{begun:?}");
    let path = format!("imports/{}", begun.json()["id"].as_str().unwrap());
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let job = send(browser, "GET", &path, None, &Value::Null).json();
        if job["state"] != "running" {
            return job;
        }
        assert!(Instant::now() < until, "{job}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_directory_is_looked_at_then_taken_over_by_whom_the_log_says() {
    let mut world = World::new();
    let mut body = json!({
        "main": "default.xml", "dry_run": true,
        "files": [{"path": "default.xml", "text": DIRECTORY}, {"path": "default/2001.xml", "text": user("2001", "kT8!vqPz2w-old")},
            {"path": "default/2002.xml", "text": user("2002", "1234")}],
    });
    let revision = world.site.must("revisions --limit 1 json");
    let begun = send(&mut world.root, "POST", "imports", None, &body);
    let looked = ended(&mut world.root, &begun);
    assert_eq!(
        (&looked["state"], &looked["report"]["created"]),
        (&json!("done"), &json!(2)),
        "{looked}"
    );
    assert_eq!(
        world.site.must("revisions --limit 1 json"),
        revision,
        "looking changes nothing"
    );
    body["dry_run"] = json!(false);
    let begun = send(&mut world.root, "POST", "imports", None, &body);
    let done = ended(&mut world.root, &begun);
    assert_eq!(done["report"]["created"], 2, "{done}");
    // The weak password was replaced, and only who sent it is told by what.
    let users = done["report"]["users"].as_array().unwrap();
    let new: Vec<bool> = users
        .iter()
        .map(|user| user["new_password"].is_string())
        .collect();
    assert_eq!(new, [false, true], "{done}");
    let said = world.site.must("revisions --limit 1");
    assert!(
        said.contains("root") && said.contains("2 users imported from default.xml"),
        "{said}"
    );
    assert!(
        world
            .site
            .must("lookup directory key_value=old.test user=2001")
            .contains("2001")
    );
    let path = format!("imports/{}", begun.json()["id"].as_str().unwrap());
    world.site.must("user add other --role administrator");
    world
        .site
        .must(&format!("user set other@. --password {}", crate::site::PASSWORD));
    let mut other = Browser::new(world.site.public());
    assert_eq!(other.sign_in("other", crate::site::PASSWORD).status, 200);
    assert_eq!(send(&mut other, "GET", &path, None, &Value::Null).status, 404);
    // Nothing of what was sent is left.
    let left = std::fs::read_dir(world.site.folder.path()).unwrap();
    assert!(
        left.filter_map(Result::ok)
            .all(|entry| !entry.file_name().to_string_lossy().contains("import"))
    );
}

#[test]
fn what_is_sent_stays_inside_and_reads_nothing_outside() {
    let mut world = World::new();
    let file = |path: &str, text: &str| json!({"path": path, "text": text});
    let outside = r#"<include><X-PRE-PROCESS cmd="include" data="/etc/passwd"/><X-PRE-PROCESS cmd="include" data="../pbx.db"/></include>"#;
    for (main, files) in [
        ("../default.xml", json!([file("../default.xml", DIRECTORY)])),
        ("/tmp/x.xml", json!([file("/tmp/x.xml", DIRECTORY)])),
        ("a.xml", json!([file("a.xml", DIRECTORY), file("../../x", "y")])),
        ("a.xml", json!([file("a.xml", outside)])),
        ("a.xml", json!([file("a.xml", "<include><exec>")])),
        ("b.xml", json!([file("a.xml", DIRECTORY)])),
    ] {
        let begun = send(
            &mut world.root,
            "POST",
            "imports",
            None,
            &json!({"main": main, "files": files}),
        );
        let job = ended(&mut world.root, &begun);
        assert_eq!(job["state"], "failed", "{job}");
        let why = job["error"].as_str().unwrap();
        assert!(!why.contains("root:") && !why.contains(".import-"), "{why}");
    }
    for bad in [
        json!({}),
        json!({"main": "a"}),
        json!({"main": "a", "files": []}),
        json!({"main": "a", "files": [{"path": "a"}]}),
        json!({"main": "a", "files": [file("a", "")], "dry_run": 1}),
        json!({"main": "a", "files": [file("a", "")], "actor": "x"}),
    ] {
        assert_eq!(
            send(&mut world.root, "POST", "imports", None, &bad).status,
            422,
            "{bad}"
        );
    }
    for browser in [&mut world.chief, &mut world.user] {
        let answer = send(
            browser,
            "POST",
            "imports",
            None,
            &json!({"main": "a", "files": [file("a", "")]}),
        );
        assert_eq!(answer.status, 403);
    }
    let large = json!({"main": "a", "files": [file("a", &"x".repeat(17 << 20))]});
    assert_eq!(send(&mut world.root, "POST", "imports", None, &large).status, 413);
}

#[test]
fn what_is_exported_is_what_one_may_see_and_no_secret() {
    let mut world = World::new();
    world
        .site
        .must("user set alice@one.test --name \"=1+1, \\\"A\\\"\"");
    world
        .site
        .must("gateway add carrier --proxy sip.example.com --username 1 --password gate-way-secret");
    let all = send(&mut world.root, "GET", "export", None, &Value::Null);
    let document = all.json();
    assert_eq!(
        (
            document["domains"].as_array().unwrap().len(),
            document["gateways"].as_array().unwrap().len()
        ),
        (2, 1)
    );
    for word in [
        "argon2",
        "\"a1\"",
        "password_hash",
        "\"voicemail_pin\"",
        "sealed:",
        "gate-way-secret",
    ] {
        assert!(!all.body.contains(word), "{word}");
    }
    let own = send(&mut world.chief, "GET", "export", None, &Value::Null);
    assert!(
        !own.body.contains("two.test") && !own.body.contains("carrier"),
        "{own:?}"
    );
    assert_eq!(own.json()["domains"].as_array().unwrap().len(), 1);
    assert_eq!(
        send(&mut world.user, "GET", "export", None, &Value::Null).status,
        403
    );
    let table = send(&mut world.chief, "GET", "export/users.csv", None, &Value::Null);
    assert_eq!(
        (table.status, table.header("content-type").as_str()),
        (200, "text/csv; charset=utf-8")
    );
    assert_eq!(table.body.lines().count(), 3, "{}", table.body);
    assert!(table.body.contains("\"'=1+1, \"\"A\"\"\""), "{}", table.body);
    for (path, status) in [
        ("gateways.csv", 403),
        ("settings.csv", 404),
        ("nonsense.csv", 404),
        ("users", 404),
        ("..%2Fusers.csv", 404),
    ] {
        assert_eq!(
            send(
                &mut world.chief,
                "GET",
                &format!("export/{path}"),
                None,
                &Value::Null
            )
            .status,
            status,
            "{path}"
        );
    }
}

#[test]
fn calls_out_are_tables_like_all_others() {
    let mut world = World::new();
    let one = world.id("domains?q=one.test");
    let two = world.id("domains?q=two.test");
    let extension = world.id(&format!("extensions?domain_id={one}"));
    let foreign = world.id(&format!("extensions?domain_id={two}"));
    let made = |browser: &mut Browser, noun: &str, body: Value| {
        let answer = send(browser, "POST", noun, None, &body);
        assert_eq!(answer.status, 201, "{noun} {body}: {answer:?}");
        answer.json()
    };
    // A domain's administrator puts extensions into groups, and numbers out of reach.
    let group = made(&mut world.chief, "groups", json!({"name": "Sales"}));
    assert_eq!(
        (&group["name"], &group["domain"]),
        (&json!("sales"), &json!("one.test"))
    );
    let member = made(
        &mut world.chief,
        "group-members",
        json!({"group_id": group["id"], "extension_id": extension}),
    );
    let other = send(
        &mut world.chief,
        "POST",
        "group-members",
        None,
        &json!({"group_id": group["id"], "extension_id": foreign}),
    );
    assert_eq!(
        (other.status, &other.json()["errors"][0]["field"]),
        (422, &json!("extension_id"))
    );
    let block = send(
        &mut world.chief,
        "POST",
        "blocks",
        None,
        &json!({"pattern": "no pattern!"}),
    );
    assert_eq!(
        (block.status, &block.json()["errors"][0]["field"]),
        (422, &json!("pattern"))
    );
    // What costs money is not theirs to say.
    for (noun, body) in [
        ("routes", json!({"name": "all", "pattern": "*"})),
        ("caller-ids", json!({"number": "+4930123456"})),
        ("caps", json!({})),
        ("gateways", json!({"name": "x", "proxy": "y"})),
    ] {
        assert_eq!(
            send(&mut world.chief, "POST", noun, None, &body).status,
            403,
            "{noun}"
        );
    }
    assert_eq!(
        send(&mut world.chief, "GET", "gateways", None, &Value::Null).status,
        403
    );
    let number = made(
        &mut world.root,
        "caller-ids",
        json!({"domain_id": one, "number": "+4930123456"}),
    );
    let twice = send(
        &mut world.root,
        "POST",
        "caller-ids",
        None,
        &json!({"domain_id": two, "number": "+4930123456"}),
    );
    assert_eq!(
        (twice.status, &twice.json()["errors"][0]["field"]),
        (422, &json!("number"))
    );
    let route = made(
        &mut world.root,
        "routes",
        json!({"domain_id": one, "name": "world", "pattern": "+*", "caller_id": number["id"]}),
    );
    made(
        &mut world.root,
        "route-grants",
        json!({"domain_id": one, "route_id": route["id"], "group_id": group["id"]}),
    );
    let cap = made(&mut world.root, "caps", json!({"domain_id": one, "per_day": 10}));
    assert_eq!((&cap["per_day"], &cap["per_hour"]), (&json!(10), &Value::Null));
    // In use: the refusal says by what.
    let path = format!("caller-ids/{}", number["id"].as_str().unwrap());
    let used = send(
        &mut world.root,
        "DELETE",
        &path,
        number["row_rev"].as_u64(),
        &Value::Null,
    );
    assert_eq!(used.status, 422, "{used:?}");
    assert!(used.body.contains("world"), "{used:?}");
    let path = format!("group-members/{}", member["id"].as_str().unwrap());
    assert_eq!(
        send(
            &mut world.chief,
            "DELETE",
            &path,
            member["row_rev"].as_u64(),
            &Value::Null
        )
        .status,
        200
    );
    // A gateway's password is sealed, and in no answer.
    let gateway = made(
        &mut world.root,
        "gateways",
        json!({"name": "carrier", "proxy": "192.0.2.7:5080", "username": "12345", "password": "gate-way-secret"}),
    );
    assert_eq!(
        (
            &gateway["has_password"],
            &gateway["register"],
            &gateway["source_acl"]
        ),
        (&json!(true), &json!(true), &json!("192.0.2.7"))
    );
    let path = format!("gateways/{}", gateway["id"].as_str().unwrap());
    let changed = send(
        &mut world.root,
        "PATCH",
        &path,
        gateway["row_rev"].as_u64(),
        &json!({"max_calls": 5}),
    );
    assert_eq!(
        (changed.status, &changed.json()["has_password"]),
        (200, &json!(true)),
        "{changed:?}"
    );
    assert!(world.site.must("gateway show carrier").contains("(sealed)"));
    let rev = gateway["row_rev"].as_u64().unwrap();
    let told = send(
        &mut world.root,
        "GET",
        &format!("revisions/{rev}"),
        None,
        &Value::Null,
    );
    assert!(
        !told.body.contains("sealed:") && !told.body.contains("gate-way-secret"),
        "{told:?}"
    );
}
