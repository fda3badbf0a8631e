//! `pbx user`.

use crate::support::{Desk, fields};

#[test]
fn a_person_is_added_changed_and_deleted() {
    let desk = Desk::new();
    desk.ok("domain add pbx.test");
    desk.ok("user add Alice --name 'Alice Adams' --email alice@example.com");
    assert!(desk.refused("user add alice").contains("exists already"));
    assert_eq!(
        desk.say("user list"),
        "user            name         role  email              enabled\n\
         alice@pbx.test  Alice Adams  user  alice@example.com  yes\n1 user\n"
    );
    desk.ok("user set alice --name 'Alice Brown' --email '' --role domain-administrator");
    let shown = desk.json("user show alice");
    assert_eq!(shown["display_name"], "Alice Brown");
    assert_eq!(shown["email"], serde_json::Value::Null);
    assert_eq!(shown["role"], "domain-administrator");
    assert_eq!(shown["enabled"], true);
    desk.ok("user set alice@pbx.test --enabled no --rename alicia");
    assert_eq!(desk.json("user show alicia")["enabled"], false);
    assert_eq!(
        desk.json("user show alicia")["display_name"],
        "Alice Brown",
        "only what is named changes"
    );
    desk.ok("user delete alicia");
    assert!(desk.refused("user show alicia").contains("pbx user list"));
}

#[test]
fn an_administrator_belongs_to_the_whole_pbx() {
    let desk = Desk::new();
    let added = desk.json("user add root --role administrator");
    assert_eq!(added["user"]["domain"], serde_json::Value::Null);
    assert!(desk.say("user list").contains("root@."), "without any domain");
    desk.ok("domain add pbx.test");
    desk.ok("user add alice");
    assert!(desk.say("user show root").starts_with("user root@.\n"));
    assert_eq!(desk.json("user list")["total"], 2);
    assert_eq!(
        desk.json("user list --limit 1 --page 2")["users"][0]["name"],
        "alice"
    );
    assert_eq!(
        desk.json("user list --limit 1 --page 1")["users"][0]["name"],
        "root"
    );
    assert_eq!(desk.json("user list --domain .")["total"], 1);
    assert_eq!(desk.json("user list --domain pbx.test")["total"], 1);
    // One of the same name in the domain comes first; the dot names the other.
    desk.ok("user add root --domain pbx.test");
    assert!(desk.say("user show root").starts_with("user root@pbx.test\n"));
    desk.ok("user set root@. --name Boss");
    assert_eq!(desk.json("user show root --domain .")["display_name"], "Boss");
    desk.ok("domain add two.test");
    desk.ok("user set root@. --name 'Big Boss'");
    assert!(desk.refused("user add bob --domain .").contains("administrator"));
}

#[test]
fn who_has_something_is_not_deleted_by_accident() {
    let desk = Desk::small();
    desk.ok("user add bob");
    desk.ok("line add bobs --extension 1001 --user bob");
    let answer = desk.refused("user delete alice");
    assert!(
        answer.contains("extension 1001") && answer.contains("--with-everything"),
        "{answer}"
    );
    let answer = desk.ok("user delete alice --with-everything");
    assert!(
        answer.contains("line bobs"),
        "a line goes with its extension: {answer}"
    );
    assert_eq!(desk.json("channel list")["total"], 0);
    assert_eq!(desk.json("line list")["total"], 0);
    assert_eq!(desk.json("user list")["total"], 1);
    desk.ok(&format!("revert {}", desk.rev()));
    assert_eq!(desk.json("user show alice")["lines"], serde_json::json!(["1001"]));
    assert!(desk.ok("user delete bob --with-everything").contains("line bobs"));
}

#[test]
fn a_program_reads_people_under_these_names() {
    let desk = Desk::small();
    let common = [
        "display_name",
        "domain",
        "email",
        "enabled",
        "has_password",
        "id",
        "name",
        "role",
        "row_rev",
        "updated_at",
    ];
    let list = desk.json("user list");
    assert_eq!(fields(&list), ["page", "total", "users"]);
    assert_eq!(fields(&list["users"][0]), common);
    let mut shown = common.to_vec();
    shown.extend(["extensions", "lines"]);
    shown.sort_unstable();
    assert_eq!(fields(&desk.json("user show alice")), shown);
    assert_eq!(
        fields(&desk.json("user set alice --name A")),
        ["ok", "revision", "user"]
    );
}

#[test]
fn refusals_say_what_to_do() {
    let desk = Desk::small();
    for (line, why) in [
        ("user add", "<NAME> is missing"),
        ("user add 'a b'", "is not a username: use 2 to 64"),
        ("user add x", "is not a username"),
        ("user add bob --email nonsense", "is not a mail address"),
        ("user add bob --name 'a${b}'", "cannot contain"),
        (
            "user add bob --role king",
            "administrator, domain-administrator, user",
        ),
        ("user set alice", "nothing about user alice@pbx.test would change"),
        ("user set alice --enabled perhaps", "neither yes nor no"),
        ("user set nobody --name X", "no user nobody in pbx.test"),
        ("user show alice@nowhere.test", "no domain nowhere.test"),
    ] {
        let answer = desk.refused(line);
        assert!(answer.contains(why), "{line}: {answer}");
    }
    assert!(Desk::new().refused("user add bob").contains("no domain yet"));
}
