//! The module comes up in a switch, or says why not and leaves the switch alone.

use std::fs;

use libtest_mimic::Trial;
use rusqlite::Connection;

use crate::group::Group;
use crate::ports::ports;
use crate::rig::Rig;
use crate::site;
use crate::wait;

pub(crate) fn add(trials: &mut Vec<Trial>) {
    Group::new("loads", Rig::bare).add(
        trials,
        &[
            (
                "the_first_start_makes_the_database",
                the_first_start_makes_the_database,
            ),
            ("a_bad_parameter_is_named", a_bad_parameter_is_named),
            (
                "a_database_that_cannot_be_used_is_named",
                a_database_that_cannot_be_used_is_named,
            ),
        ],
    );
    Group::new("boots", Rig::whole).add(
        trials,
        &[(
            "the_whole_switch_boots_without_an_error",
            the_whole_switch_boots_without_an_error,
        )],
    );
}

fn loaded(rig: &mut Rig) -> bool {
    rig.switch.api("module_exists mod_pbx").trim() == "true"
}

fn the_first_start_makes_the_database(rig: &mut Rig) {
    assert!(loaded(rig), "{}", rig.site.log_tail(30));
    assert!(rig.site.database().is_file());
    let version = rig.switch.ok("pbx version");
    assert!(version.contains(env!("CARGO_PKG_VERSION")), "{version}");
}

/// Loads the module with this `pbx.conf`, which must fail and say all of `says`; the switch lives.
#[track_caller]
fn fails_to_load(rig: &mut Rig, changes: &[(&str, &str)], says: &[&str]) {
    let conf = rig.site.pbx_conf(changes);
    fails_to_load_with(rig, &conf, says);
}

#[track_caller]
fn fails_to_load_with(rig: &mut Rig, conf: &str, says: &[&str]) {
    rig.site.write("conf/autoload_configs/pbx.conf.xml", conf);
    if loaded(rig) {
        rig.switch.ok("unload mod_pbx");
    }
    let before = rig.site.log().len();
    rig.switch.refused("load mod_pbx");
    wait::until(&format!("the log to say {says:?}"), wait::SOON, || {
        let log = rig.site.log();
        let mut lines = log[before..].lines().filter(|line| line.contains("[ERR]"));
        lines
            .find(|line| says.iter().all(|word| line.contains(word)))
            .map(drop)
    });
    assert!(!loaded(rig));
    assert!(rig.switch.ok("status").contains("is ready"));
    assert!(
        rig.switch.api("pbx version").starts_with("-ERR"),
        "a command is left behind"
    );
}

#[track_caller]
fn loads_again(rig: &mut Rig) {
    let conf = rig.site.pbx_conf(&[]);
    rig.site.write("conf/autoload_configs/pbx.conf.xml", &conf);
    rig.switch.ok("load mod_pbx");
    rig.switch.ok("pbx version");
}

fn a_bad_parameter_is_named(rig: &mut Rig) {
    for (name, value) in [
        ("database", "pbx.db"),
        ("serve", "sofia.conf sofa.conf"),
        ("log-level", "loud"),
        ("web-listen", "8480"),
        ("local-listen", "0.0.0.0:8481"),
        ("tls-cert", "/etc/ssl/only-a-certificate.pem"),
    ] {
        fails_to_load(rig, &[(name, value)], &["pbx.conf", name]);
    }
    let conf = rig
        .site
        .pbx_conf(&[])
        .replace("name=\"database\"", "name=\"databse\"");
    fails_to_load_with(rig, &conf, &["pbx.conf", "databse", "does not exist"]);
    loads_again(rig);
}

fn a_database_that_cannot_be_used_is_named(rig: &mut Rig) {
    let place = |name: &str| rig.site.path(&format!("storage/{name}"));
    let [newer, foreign, text, folder, nowhere] = [
        "newer.db",
        "foreign.db",
        "text.db",
        "folder.db",
        "text.db/x/pbx.db",
    ]
    .map(place);

    // As a later version of this program would leave it.
    rig.switch.ok("unload mod_pbx");
    site::copy_database(&rig.site.database(), &newer);
    let later = Connection::open(&newer).unwrap();
    later.pragma_update(None, "user_version", 9999).unwrap();
    drop(later);
    let other = Connection::open(&foreign).unwrap();
    other.execute_batch("CREATE TABLE recipes (name TEXT)").unwrap();
    drop(other);
    fs::write(
        &text,
        "Not a database, but long enough to be read as the header of one. ".repeat(40),
    )
    .unwrap();
    fs::create_dir(&folder).unwrap();

    for (file, says) in [
        (&newer, "9999"),
        (&foreign, "another program"),
        (&text, "text.db"),
        (&folder, "folder.db"),
        (&nowhere, "text.db"),
    ] {
        let before = file.is_file().then(|| fs::read(file).unwrap());
        let file_name = file.to_str().unwrap();
        fails_to_load(rig, &[("database", file_name)], &[says]);
        assert_eq!(
            before,
            file.is_file().then(|| fs::read(file).unwrap()),
            "{file_name} was changed"
        );
    }
    loads_again(rig);
}

/// With deploy's whole list of modules: each one is there, the profile runs, verto listens.
fn the_whole_switch_boots_without_an_error(rig: &mut Rig) {
    let list = fs::read_to_string(rig.site.path("conf/autoload_configs/modules.conf.xml")).unwrap();
    for module in list
        .split("module=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
    {
        if rig.site.path(&format!("mod/{module}.so")).exists() {
            assert_eq!(
                rig.switch.api(&format!("module_exists {module}")).trim(),
                "true",
                "{module}"
            );
        }
    }
    let sofia = rig.switch.ok("sofia status");
    assert!(sofia.contains(&format!("127.0.0.1:{}", ports().sip)), "{sofia}");
    wait::until("verto to listen", wait::SOON, || {
        std::net::TcpStream::connect(("127.0.0.1", ports().verto)).ok()
    });
    let log = rig.site.log();
    let errors: Vec<&str> = log
        .lines()
        .filter(|line| {
            ["[ERR]", "[CRIT]", "[ALERT]"]
                .iter()
                .any(|level| line.contains(level))
        })
        .collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
}
