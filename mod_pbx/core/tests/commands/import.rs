//! `pbx import directory`.

use std::fs;
use std::path::Path;

use pbx_core::secret::a1_hex;
use serde_json::Value;

use crate::support::{Desk, fields};

fn write(root: &Path, name: &str, text: &str) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A user's file in the shape of the vanilla configuration.
fn user(id: &str, attributes: &str, params: &str, variables: &str) -> String {
    let pairs = |tag: &str, text: &str| -> String {
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap();
            format!("      <{tag} name=\"{name}\" value=\"{value}\"/>\n")
        };
        text.split('|')
            .filter(|text| !text.is_empty())
            .map(pair)
            .collect()
    };
    format!(
        "<include>\n  <user id=\"{id}\" {attributes}>\n    <params>\n{}    </params>\n    <variables>\n{}    </variables>\n  </user>\n</include>\n",
        pairs("param", params),
        pairs("variable", variables)
    )
}

/// An office of the kind that runs on the vanilla configuration.
fn office(root: &Path) -> String {
    write(
        root,
        "default.xml",
        r#"<!-- the directory -->
<include>
  <X-PRE-PROCESS cmd="set" data="default_password=1234"/>
  <domain name="$${domain}">
    <params><param name="dial-string" value="{sip_invite_domain=${dialed_domain}}${sofia_contact(${dialed_user})}"/></params>
    <variables><variable name="record_stereo" value="true"/></variables>
    <groups>
      <group name="default">
        <users>
          <X-PRE-PROCESS cmd="include" data="default/*.xml"/>
        </users>
      </group>
      <group name="sales">
        <users><user id="1000" type="pointer"/><user id="1001" type="pointer"/></users>
      </group>
    </groups>
  </domain>
</include>
"#,
    );
    let add = |name: &str, text: String| write(root, &format!("default/{name}.xml"), &text);
    let common =
        "user_context=default|effective_caller_id_number=1000|callgroup=techsupport|toll_allow=local";
    add(
        "1000",
        user(
            "1000",
            "",
            "password=$${default_password}|vm-password=1000",
            &format!("{common}|effective_caller_id_name=Extension 1000"),
        ),
    );
    add(
        "1001",
        user(
            "1001",
            "",
            "password=qT7!xxPz2w|vm-password=7391|vm-mailto=ann@example.com",
            "effective_caller_id_name=Ann &amp; Co",
        ),
    );
    let hash = a1_hex("1002", "pbx.test", "hG5#longEnough");
    add(
        "1002",
        user(
            "1002",
            "cacheable=\"60000\" type=\"normal\"",
            &format!("a1-hash={hash}|vm-enabled=false"),
            "",
        ),
    );
    add(
        "brian",
        user(
            "brian",
            "number-alias=\"1010\" cidr=\"192.0.2.0/24\"",
            "password=zU8?wideRange",
            "effective_caller_id_name=Brian",
        ),
    );
    add("gw", user("example.com", "", "password=whatever", ""));
    add(
        "zz1003",
        user("1003", "number-alias=\"1001\"", "password=zU8?wideRange", ""),
    );
    add("zz1004", user("1000", "", "password=zU8?wideRange", ""));
    add(
        "zz1005",
        user("1005", "", "", "effective_caller_id_name=${system(reboot)}"),
    );
    add("zz1006", user("10 06", "", "password=x", ""));
    add("zz1007", user("1007", "", "password=$${nowhere}", ""));
    root.join("default.xml").display().to_string()
}

fn row<'a>(report: &'a Value, place: &str) -> &'a Value {
    let rows = report["users"].as_array().unwrap();
    rows.iter()
        .find(|row| row["place"].as_str().unwrap().contains(place))
        .unwrap_or_else(|| panic!("{place}: {report}"))
}

fn desk() -> Desk {
    Desk::with(&[("domain", "PBX.test")], &[])
}

#[test]
fn an_office_is_taken_over_in_one_revision() {
    let (desk, root) = (desk(), tempfile::tempdir().unwrap());
    let file = office(root.path());
    let report = desk.json(&format!("import directory {file}"));
    assert_eq!(desk.rev(), 1);
    assert_eq!(
        fields(&report),
        [
            "created",
            "file",
            "not_taken_over",
            "notes",
            "ok",
            "refused",
            "revision",
            "skipped",
            "users"
        ]
    );
    assert_eq!(
        (&report["created"], &report["skipped"], &report["refused"]),
        (&4.into(), &1.into(), &5.into()),
        "{report}"
    );
    for (place, verdict, why) in [
        ("1000.xml", "create", "too short: new password"),
        ("1001.xml", "create", ""),
        ("1002.xml", "create", "attribute cacheable left out"),
        ("brian.xml", "create", "192.0.2.0/24 only"),
        ("gw.xml", "skip", "has no number"),
        ("zz1003.xml", "refuse", "the number 1001 is taken at"),
        ("zz1004.xml", "refuse", "the id is taken at"),
        ("zz1005.xml", "refuse", "cannot contain"),
        ("zz1006.xml", "refuse", "is not a username"),
        ("zz1007.xml", "refuse", "--variable nowhere=VALUE"),
    ] {
        let row = row(&report, place);
        assert_eq!(row["verdict"], verdict, "{row}");
        assert!(row.to_string().contains(why), "{why}: {row}");
    }
    // The weak password is replaced, and so is a PIN that is the number; the rest keep theirs.
    let weak = row(&report, "1000.xml");
    let fresh = weak["new_password"].as_str().unwrap();
    assert!(weak["new_voicemail_pin"].is_string());
    assert_eq!(row(&report, "1001.xml")["new_password"], Value::Null);
    assert_eq!(row(&report, "1001.xml")["new_voicemail_pin"], Value::Null);
    let asks = |line: &str| {
        desk.say(&format!(
            "lookup directory domain=pbx.test user={line} action=sip_auth ip=192.0.2.1"
        ))
    };
    for (line, hash) in [
        ("1000", a1_hex("1000", "pbx.test", fresh)),
        ("1001", a1_hex("1001", "pbx.test", "qT7!xxPz2w")),
        ("brian", a1_hex("brian", "pbx.test", "zU8?wideRange")),
    ] {
        assert!(asks(line).contains(&hash), "{line}: {}", asks(line));
    }
    // Its A1 was made for another spelling of the domain, so that phone needs a new password.
    assert!(
        row(&report, "1002.xml")["remarks"]
            .to_string()
            .contains("a1-hash is for another domain")
    );
    let brian = desk.json("extension show 1010");
    assert_eq!(
        (&brian["user"], &brian["lines"]),
        (&"brian".into(), &serde_json::json!(["brian"]))
    );
    let ann = desk.json("user show 1001");
    assert_eq!(
        (&ann["display_name"], &ann["email"]),
        (&"Ann & Co".into(), &"ann@example.com".into())
    );
    assert_eq!(desk.json("extension show 1002")["voicemail"], false);
    assert_eq!(report["not_taken_over"]["callgroup"], 1);
    assert_eq!(report["not_taken_over"]["pointers into groups"], 2);
    assert_eq!(report["not_taken_over"].get("password"), None);
    // Once more: nothing is left to do.
    let again = desk.json(&format!("import directory {file}"));
    assert_eq!((&again["created"], &again["revision"]), (&0.into(), &Value::Null));
    assert_eq!(row(&again, "1001.xml")["why"], "line 1001 is there already");
    desk.ok("revert 1");
    assert_eq!(desk.json("domain list")["domains"], serde_json::json!([]));
}

#[test]
fn an_a1_hash_for_the_same_domain_is_kept_unless_it_is_of_an_easy_password() {
    let (desk, root) = (Desk::new(), tempfile::tempdir().unwrap());
    let kept = a1_hex("1002", "pbx.test", "hG5#longEnough");
    let user = |id: &str, hash: &str| {
        format!("<user id=\"{id}\"><params><param name=\"a1-hash\" value=\"{hash}\"/></params></user>")
    };
    let easy = ["1234", "1003", ""].map(|easy| a1_hex("1003", "pbx.test", easy));
    for hash in easy {
        let text = format!(
            "<domain name=\"pbx.test\">{}{}</domain>",
            user("1002", &kept.to_uppercase()),
            user("1003", &hash)
        );
        write(root.path(), "d.xml", &text);
        let report = desk.json(&format!("import directory {}/d.xml", root.path().display()));
        assert!(
            desk.say("lookup directory domain=pbx.test user=1002 action=sip_auth")
                .contains(&kept)
        );
        let row = &report["users"][1];
        assert!(
            row["remarks"].to_string().contains("everybody tries first") && row["new_password"].is_string(),
            "{row}"
        );
        desk.ok("domain delete pbx.test --with-everything");
    }
}

#[test]
fn a_dry_run_says_the_same_and_changes_nothing() {
    let (desk, root) = (desk(), tempfile::tempdir().unwrap());
    let file = office(root.path());
    let text = desk.say(&format!("import directory {file} --dry-run"));
    assert_eq!(desk.rev(), 0);
    assert!(
        text.starts_with("create   1000@pbx.test: extension 1000 of \"Extension 1000\", line 1000; "),
        "{text}"
    );
    assert!(
        text.contains("4 to create, nothing was changed; 1 skipped, 5 refused\n"),
        "{text}"
    );
    assert!(
        !text.contains("Shown only this once") && !text.contains("1234)"),
        "{text}"
    );
    let dry = desk.json(&format!("import directory {file} --dry-run"));
    assert_eq!(dry["revision"], Value::Null);
    assert!(
        dry["users"]
            .as_array()
            .unwrap()
            .iter()
            .all(|row| row.get("new_password").is_none())
    );
    let real = desk.json(&format!("import directory {file}"));
    for name in ["created", "skipped", "refused", "not_taken_over", "notes"] {
        assert_eq!(dry[name], real[name], "{name}");
    }
}

#[test]
fn the_text_lists_the_new_secrets_once() {
    let (desk, root) = (desk(), tempfile::tempdir().unwrap());
    let text = desk.ok(&format!("import directory {}", office(root.path())));
    assert!(text.starts_with("+OK 4 users imported from "), "{text}");
    let table = text.split("Shown only this once:\n").nth(1).unwrap();
    let rows: Vec<Vec<&str>> = table
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(rows[1][..2], ["1000", "pbx.test"]);
    assert_eq!((rows[1][2].len(), rows[1][3].len()), (16, 6));
    assert!(!table.contains("1001"), "who keeps both is not listed: {table}");
    // None of the passwords that were in the files is repeated.
    for secret in ["qT7!xxPz2w", "zU8?wideRange", "7391"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[test]
fn the_domain_and_missing_variables_can_be_said() {
    let (desk, root) = (Desk::new(), tempfile::tempdir().unwrap());
    let file = office(root.path());
    let answer = desk.refused(&format!("import directory {file} --dry-run"));
    assert!(
        answer.contains("$${domain}") && answer.contains("--domain DOMAIN"),
        "{answer}"
    );
    let report = desk.json(&format!(
        "import directory {file} --domain new.test --variable nowhere=fR4-strongOne --variable unused=1"
    ));
    assert_eq!(row(&report, "zz1007.xml")["verdict"], "create");
    assert_eq!(
        row(&report, "1002.xml")["new_password"].as_str().unwrap().len(),
        16
    );
    assert_eq!(desk.json("domain list")["domains"][0]["extensions"], 5);
    for (line, why) in [
        (
            format!("import directory {file} --variable nonsense"),
            "NAME=VALUE",
        ),
        (
            format!("import directory {file} --domain a..b"),
            "is not a domain",
        ),
        ("import directory default.xml".to_owned(), "absolute path"),
        (format!("import directory {file}.none"), ".none"),
    ] {
        let answer = desk.refused(&line);
        assert!(answer.contains(why), "{line}: {answer}");
    }
}

#[test]
fn people_and_phones_that_are_there_are_respected() {
    let (desk, root) = (desk(), tempfile::tempdir().unwrap());
    desk.ok("domain add pbx.test");
    desk.ok("user add brian --name 'Brian himself'");
    desk.ok("extension add 1000 --user brian --line desk");
    desk.ok("extension add 2000 --user brian --line 1001");
    let file = office(root.path());
    let report = desk.json(&format!("import directory {file}"));
    assert_eq!(row(&report, "1000.xml")["why"], "extension 1000 is there already");
    assert_eq!(row(&report, "1001.xml")["why"], "line 1001 is there already");
    assert_eq!(row(&report, "brian.xml")["verdict"], "create");
    let brian = desk.json("user show brian");
    assert_eq!(brian["display_name"], "Brian himself");
    assert_eq!(brian["extensions"], serde_json::json!(["1000", "1010", "2000"]));
}

#[test]
fn one_name_never_means_two_people() {
    let (desk, root) = (Desk::new(), tempfile::tempdir().unwrap());
    let user = |id: &str, alias: &str| format!("<user id=\"{id}\" number-alias=\"{alias}\"/>");
    for (first, second) in [
        (user("2001", "2002"), user("bob", "2001")),
        (user("bob", "2001"), user("2001", "2002")),
    ] {
        write(
            root.path(),
            "d.xml",
            &format!("<domain name=\"pbx.test\"><users>{first}{second}</users></domain>"),
        );
        let report = desk.json(&format!(
            "import directory {}/d.xml --dry-run",
            root.path().display()
        ));
        assert_eq!(report["users"][0]["verdict"], "create", "{report}");
        assert_eq!(report["users"][1]["verdict"], "refuse", "{report}");
    }
}

#[test]
fn several_domains_go_each_into_their_own() {
    let (desk, root) = (Desk::new(), tempfile::tempdir().unwrap());
    let domain = |name: &str| format!("<domain name=\"{name}\"><users><user id=\"1000\"/></users></domain>");
    write(
        root.path(),
        "d.xml",
        &format!(
            "<include>{}{}{}</include>",
            domain("a.test"),
            domain("b.test"),
            domain("c_d")
        ),
    );
    let file = format!("{}/d.xml", root.path().display());
    assert!(
        desk.refused(&format!("import directory {file} --domain x.test"))
            .contains("users of 3")
    );
    let report = desk.json(&format!("import directory {file}"));
    assert_eq!((&report["created"], &report["refused"]), (&2.into(), &1.into()));
    assert_eq!(desk.rev(), 1);
    let names: Vec<Value> = desk.json("domain list")["domains"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| d["name"].clone())
        .collect();
    assert_eq!(names, ["a.test", "b.test"]);
}

#[test]
fn a_hostile_or_broken_file_changes_nothing_and_is_named() {
    let (desk, root) = (desk(), tempfile::tempdir().unwrap());
    let file = office(root.path());
    let victim = root.path().join("default/1001.xml");
    for (text, why) in [
        ("<user id=\"1001\">".to_owned(), "1001.xml:1"),
        (
            "<!DOCTYPE a [<!ENTITY b \"c\">]><user id=\"&b;\"/>".to_owned(),
            "document type",
        ),
        (
            "<X-PRE-PROCESS cmd=\"include\" data=\"/etc/*.xml\"/>".to_owned(),
            "leads out of the directory",
        ),
        (format!("<user id=\"{}\"/>", "9".repeat(5000)), "longer than 4096"),
    ] {
        fs::write(&victim, text).unwrap();
        let answer = desk.refused(&format!("import directory {file}"));
        assert!(
            answer.contains(why) && answer.contains("1001.xml") && answer.contains("nothing was imported"),
            "{answer}"
        );
    }
    fs::write(&victim, b"<user id=\"\xff\"/>").unwrap();
    assert!(
        desk.refused(&format!("import directory {file}"))
            .contains("is not UTF-8")
    );
    write(root.path(), "empty.xml", "<include/>");
    assert!(
        desk.refused(&format!("import directory {}/empty.xml", root.path().display()))
            .contains("has no user")
    );
}

#[test]
fn the_database_itself_is_never_opened_as_a_file() {
    let desk = Desk::small();
    let folder = desk.dir.path();
    for name in ["pbx.db", "pbx.db-wal"] {
        let link = folder.join(format!("{name}.xml"));
        fs::hard_link(folder.join(name), &link).unwrap();
        let answer = desk.refused(&format!("import directory {}", link.display()));
        assert!(answer.contains("is not a file to import"), "{answer}");
        fs::remove_file(&link).unwrap();
        assert!(
            desk.refused(&format!("import directory {}", folder.join(name).display()))
                .contains("not an .xml file")
        );
    }
}

#[test]
fn two_thousand_users_are_one_revision() {
    let (desk, root) = (Desk::new(), tempfile::tempdir().unwrap());
    for n in 0..2000 {
        let id = format!("{}", 10_000 + n);
        write(
            root.path(),
            &format!("users/{id}.xml"),
            &user(&id, "", &format!("password=pQ9!{id}zzkw|vm-password=8{n:04}"), ""),
        );
    }
    write(
        root.path(),
        "d.xml",
        "<domain name=\"big.test\"><users><X-PRE-PROCESS cmd=\"include\" data=\"users/*.xml\"/></users></domain>",
    );
    let report = desk.json(&format!("import directory {}/d.xml", root.path().display()));
    assert_eq!(
        (&report["created"], &report["revision"]),
        (&2000.into(), &1.into())
    );
    assert_eq!(desk.json("status")["lines"], 2000);
    assert_eq!(
        desk.json("revisions 1")["changes"].as_array().unwrap().len(),
        8001
    );
    desk.ok("revert 1");
    assert_eq!(desk.json("status")["lines"], 0);
}
