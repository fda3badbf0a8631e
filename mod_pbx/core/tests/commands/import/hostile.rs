//! Files that are hostile, broken or something else.

use std::fs;

use super::{desk, office, write};
use crate::support::Desk;

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
