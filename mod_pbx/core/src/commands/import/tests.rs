//! Reading of directories: those people have, and those somebody made to hurt.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use super::directory::Directory;
use super::expand::Variables;
use super::place::SourceError;
use super::source::{SIZES, Sizes, read};

fn write(root: &Path, name: &str, text: impl AsRef<[u8]>) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn directory(root: &Path, switch: &dyn Fn(&str) -> Option<String>) -> Result<Directory, SourceError> {
    let mut directory = Directory::default();
    let variables = Variables::new(HashMap::new(), switch);
    read(
        &root.join("default.xml"),
        variables,
        &|_| false,
        SIZES,
        &mut directory,
    )?;
    Ok(directory)
}

fn refusal(root: &Path) -> String {
    directory(root, &|_| None).unwrap_err().to_string()
}

const VANILLA: &str = r#"<include>
  <domain name="$${domain}">
    <params><param name="dial-string" value="x"/></params>
    <variables><variable name="record_stereo" value="true"/></variables>
    <groups>
      <group name="default"><users>
        <X-PRE-PROCESS cmd="include" data="default/*.xml"/>
      </users></group>
      <group name="sales"><users>
        <!-- <X-PRE-PROCESS cmd="include" data="hidden/*.xml"/> -->
        <user id="1000" type="pointer"/>
      </users></group>
    </groups>
  </domain>
</include>"#;

#[test]
fn the_shape_of_the_vanilla_directory_is_read() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "default.xml", VANILLA);
    write(
        root.path(),
        "default/1000.xml",
        r#"<include><user id="1000" number-alias="2000" cidr="192.0.2.0/24" type="normal" cacheable="true">
          <params><param name="password" value="$${default_password}"/><param name="VM-Password" value="1000"/></params>
          <variables><variable name="effective_caller_id_name" value="A &amp; B"/></variables>
          <gateways><gateway name="g"><param name="password" value="no"/></gateway></gateways>
          <skinny><buttons><button position="1"/></buttons></skinny>
        </user></include>"#,
    );
    write(root.path(), "default/1001.xml", r#"<user id="1001"/>"#);
    write(root.path(), "default/notes.txt", "not xml");
    let switch = |name: &str| match name {
        "domain" => Some("pbx.test".to_owned()),
        "default_password" => Some("s&amp;cret".to_owned()),
        _ => None,
    };
    let found = directory(root.path(), &switch).unwrap();
    assert_eq!(found.domains.len(), 1);
    assert_eq!(found.domains[0].name, "pbx.test");
    assert_eq!(found.groups.len(), 2);
    assert_eq!((found.users.len(), found.pointers), (2, 1));
    let user = &found.users[0];
    assert_eq!(
        (user.id.as_str(), user.alias.as_deref(), user.gateways),
        ("1000", Some("2000"), 1)
    );
    assert_eq!(user.cidr.as_deref(), Some("192.0.2.0/24"));
    assert_eq!(user.stripped, ["type", "cacheable"]);
    assert_eq!(found.param(user, "password"), Some("s&cret"));
    assert_eq!(found.param(user, "vm-password"), Some("1000"));
    assert_eq!(found.param(user, "dial-string"), Some("x"));
    assert_eq!(found.variable(user, "effective_caller_id_name"), Some("A & B"));
    assert_eq!(
        found.users[1].place.to_string(),
        format!("{}:1", root.path().join("default/1001.xml").display())
    );
    assert!(
        found.notes.iter().any(|note| note.contains("inside a comment")),
        "{:?}",
        found.notes
    );
}

#[test]
fn a_users_own_value_wins_over_its_groups_and_its_domains() {
    let root = tempfile::tempdir().unwrap();
    write(
        root.path(),
        "default.xml",
        r#"<domain name="d"><groups><group name="g">
          <users><user id="1000"/><user id="1001"><params><param name="a" value="user"/></params></user></users>
          <params><param name="a" value="group"/></params>
        </group></groups><users><user id="1002"/></users>
        <params><param name="a" value="domain"/><param name="b" value="domain"/></params></domain>"#,
    );
    let found = directory(root.path(), &|_| None).unwrap();
    let values = |name| {
        found
            .users
            .iter()
            .map(|user| found.param(user, name))
            .collect::<Vec<_>>()
    };
    assert_eq!(values("a"), [Some("group"), Some("user"), Some("domain")]);
    assert_eq!(values("b"), [Some("domain"); 3]);
}

#[test]
fn commands_are_never_run_and_unknown_variables_stay_visible() {
    let root = tempfile::tempdir().unwrap();
    let sentinel = root.path().join("ran");
    write(
        root.path(),
        "default.xml",
        format!(
            r#"<include><X-PRE-PROCESS cmd="exec" data="touch {0}"/>
            <X-PRE-PROCESS cmd="exec-set" data="p=touch {0}"/><x-pre-process cmd="SET" data="q = 1"/>
            <user id="$${{q}}000"><params><param name="password" value="$${{p}}"/></params></user></include>"#,
            sentinel.display()
        ),
    );
    let found = directory(root.path(), &|_| None).unwrap();
    assert!(!sentinel.exists());
    assert_eq!(found.users[0].id, "1000");
    assert_eq!(found.param(&found.users[0], "password"), Some("$${p}"));
    assert_eq!(found.notes.len(), 2, "{:?}", found.notes);
}

#[test]
fn includes_stay_inside_the_directory() {
    let outside = tempfile::tempdir().unwrap();
    write(outside.path(), "secret.xml", r#"<user id="1"/>"#);
    let root = tempfile::tempdir().unwrap();
    let away = outside.path().display();
    for data in [
        format!("{away}/secret.xml"),
        format!("{away}/*.xml"),
        format!("../../../..{away}/*.xml"),
    ] {
        write(
            root.path(),
            "default.xml",
            format!(r#"<X-PRE-PROCESS cmd="include" data="{data}"/>"#),
        );
        assert!(
            refusal(root.path()).contains("leads out of the directory"),
            "{data}"
        );
    }
    write(
        root.path(),
        "default.xml",
        r#"<X-PRE-PROCESS cmd="include" data="sub/*.xml"/>"#,
    );
    fs::create_dir(root.path().join("sub")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("secret.xml"), root.path().join("sub/1.xml")).unwrap();
    assert!(refusal(root.path()).contains("leads out of the directory"));
    fs::remove_dir_all(root.path().join("sub")).unwrap();
    std::os::unix::fs::symlink(outside.path(), root.path().join("sub")).unwrap();
    assert!(refusal(root.path()).contains("leads out of the directory"));
}

#[test]
fn hostile_files_are_refused_by_name_and_line() {
    let root = tempfile::tempdir().unwrap();
    let deep = "<a>".repeat(40);
    let bomb = "<!DOCTYPE a [<!ENTITY x \"yyyy\"><!ENTITY z \"&x;&x;&x;\">]>\n<user id=\"&z;\"/>";
    for (text, why) in [
        (bomb.as_bytes(), "document type"),
        (b"<user id=\"&x;\"/>", "not well-formed"),
        (deep.as_bytes(), "nested deeper"),
        (b"<include>\n<user id=\"a\xff\"/>", "default.xml:2: is not UTF-8"),
        (b"<include>\n<user id=\"1\">", "closed"),
        (b"<include>\n\n</domain>", "default.xml:3: not well-formed"),
        (b"<user id=1/>", "not well-formed"),
        (b"<user id=\"1\" id=\"2\"/>", "not well-formed"),
        (
            br#"<X-PRE-PROCESS cmd="include" data="default.xml"/>"#,
            "includes itself",
        ),
        (
            br#"<X-PRE-PROCESS cmd="include" data="*/default.xml"/>"#,
            "wildcard",
        ),
        (br#"<X-PRE-PROCESS cmd="include" data="[a-z].xml"/>"#, "wildcards"),
    ] {
        write(root.path(), "default.xml", text);
        let error = refusal(root.path());
        assert!(
            error.contains(why) && error.contains("default.xml"),
            "{why}: {error}"
        );
    }
    let attributes: String = (0..100).map(|n| format!(" a{n}=\"\"")).collect();
    write(root.path(), "default.xml", format!("<user{attributes}/>"));
    assert!(refusal(root.path()).contains("attributes"));
    let params = r#"<param name="a" value="b"/>"#.repeat(300);
    write(
        root.path(),
        "default.xml",
        format!("<user id=\"1\"><params>{params}</params></user>"),
    );
    assert!(refusal(root.path()).contains("256"));
}

#[test]
fn a_chain_of_includes_and_a_sum_of_files_are_bounded() {
    let root = tempfile::tempdir().unwrap();
    write(
        root.path(),
        "default.xml",
        r#"<X-PRE-PROCESS cmd="include" data="0.xml"/>"#,
    );
    for n in 0..20 {
        write(
            root.path(),
            &format!("{n}.xml"),
            format!(r#"<X-PRE-PROCESS cmd="include" data="{}.xml"/>"#, n + 1),
        );
    }
    assert!(refusal(root.path()).contains("nested deeper than 10"));

    let root = tempfile::tempdir().unwrap();
    let sizes = Sizes {
        file: 5 << 20,
        total: 8 << 20,
    };
    let small = || {
        let mut directory = Directory::default();
        let variables = Variables::new(HashMap::new(), &|_| None);
        read(
            &root.path().join("default.xml"),
            variables,
            &|_| false,
            sizes,
            &mut directory,
        )
        .unwrap_err()
        .to_string()
    };
    write(
        root.path(),
        "default.xml",
        r#"<X-PRE-PROCESS cmd="include" data="big*.xml"/>"#,
    );
    for n in 0..3 {
        write(root.path(), &format!("big{n}.xml"), vec![b' '; 3 << 20]);
    }
    let error = small();
    assert!(
        error.contains("big2.xml") && error.contains("8 MB in all"),
        "{error}"
    );
    write(root.path(), "big0.xml", vec![b' '; 6 << 20]);
    assert!(small().contains("files of 5 MB"));
}

#[test]
fn only_plain_xml_files_are_opened() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("default.xml");
    write(root.path(), "core.db", "x");
    std::os::unix::fs::symlink(root.path().join("core.db"), &path).unwrap();
    assert!(refusal(root.path()).contains("not an .xml file"));
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(refusal(root.path()).contains("not a file"));
    fs::remove_dir(&path).unwrap();
    assert!(refusal(root.path()).contains("default.xml"));
    write(root.path(), "default.xml", "<include/>");
    let mut nothing = Directory::default();
    let forbidden = read(
        &path,
        Variables::new(HashMap::new(), &|_| None),
        &|_| true,
        SIZES,
        &mut nothing,
    );
    assert!(
        forbidden
            .unwrap_err()
            .to_string()
            .contains("not a file to import")
    );
    let relative = read(
        Path::new("default.xml"),
        Variables::new(HashMap::new(), &|_| None),
        &|_| false,
        SIZES,
        &mut nothing,
    );
    assert!(relative.unwrap_err().to_string().contains("absolute path"));
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 400, ..Default::default() })]

    /// Whatever stands in a file, reading it ends, and only with files of its own folder.
    #[test]
    fn no_text_breaks_the_reader(
        cut in 0..VANILLA.len(),
        at in 0..VANILLA.len(),
        junk in ".{0,40}|[<>/&;\"'!\\[\\]$}{-]{0,12}|<X-PRE-PROCESS cmd=\"(include|set|exec)\" data=\"[./*?a=$]{0,9}\"/>",
    ) {
        let root = tempfile::tempdir().unwrap();
        let (cut, at) = (cut.max(at), cut.min(at));
        let text = format!("{}{junk}{}", &VANILLA[..at], &VANILLA[cut..]);
        write(root.path(), "default.xml", text);
        write(root.path(), "default/1000.xml", "<user id=\"1000\"/>");
        if let Err(error) = directory(root.path(), &|_| None) {
            let text = error.to_string();
            proptest::prop_assert!(text.contains(&root.path().display().to_string()), "{}", text);
        }
    }
}
