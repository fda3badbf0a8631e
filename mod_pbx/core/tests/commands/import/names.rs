//! Domains, people and phones: which they are, and which are there already.

use serde_json::Value;

use super::{desk, office, row, write};
use crate::support::Desk;

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
