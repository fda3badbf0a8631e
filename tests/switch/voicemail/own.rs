//! What people do on the pages of what is theirs, in a real browser: a line is made and a phone registers with what
//! was shown, a message is heard and deleted, the line is revoked.

use std::fs;
use std::process::Command;

use libtest_mimic::Trial;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::handset::Handset;
use super::{boxed, handset, leave_message, needs, sounds};
use crate::chromium::{self, Chromium};
use crate::found::Installed;
use crate::group::Group;
use crate::ports;
use crate::rig::{DOMAINS, Rig, account};
use crate::running::Running;
use crate::sipp::{Sipp, row};
use crate::surfer::{HASH, PASSWORD, origin};
use crate::wait;
use crate::wire::Phone;

const ACME: &str = DOMAINS[0];
const LINE: &str = "alice-own";

pub(super) fn add(trials: &mut Vec<Trial>) {
    Group::new("own_pages", at_home).needs(missing).add(
        trials,
        &[(
            "a_line_is_made_a_message_heard_and_deleted_and_the_line_revoked",
            from_line_to_message,
        )],
    );
}

fn missing(installed: &Installed) -> Option<String> {
    needs(installed).or_else(|| chromium::missing(installed))
}

/// A whole switch that speaks, whose people may sign in.
fn at_home() -> Rig {
    let site = Rig::whole_site();
    let folder = sounds().to_str().unwrap();
    site.write(
        "conf/autoload_configs/pbx.conf.xml",
        &site.pbx_conf(&[("sounds", folder)]),
    );
    let database = Connection::open(site.database()).unwrap();
    let sql = "UPDATE user SET password_hash = ?1 WHERE domain_id IS NOT NULL";
    database.execute(sql, [HASH]).unwrap();
    drop(database);
    let mut switch = Running::start(&site);
    switch.until("sofia status", "RUNNING");
    Rig { site, switch }
}

/// Alice at her pages.
struct Alice(Chromium);

impl Alice {
    #[track_caller]
    fn does(&mut self, verb: &str, mut how: Value) -> Value {
        how["do"] = verb.into();
        how["as"] = "alice".into();
        self.0.step(&how)
    }
}

fn from_line_to_message(rig: &mut Rig) {
    let mut alice = Alice(Chromium::start());
    let name = format!("alice@{ACME}");
    alice.does(
        "enter",
        json!({"origin": origin(), "name": name, "password": PASSWORD}),
    );

    // A line, and phones that use what the page shows.
    let shown = alice.does("makeLine", json!({"username": LINE}));
    let text = |label: &str| shown[label].as_str().expect("it is shown").to_owned();
    assert_eq!((text("Name"), text("Domain")), (LINE.to_owned(), ACME.to_owned()));
    assert_eq!(
        (text("Server"), text("Port")),
        ("127.0.0.1".to_owned(), ports::ports().sip.to_string())
    );
    let password = text("Password");
    alice.does("lineIs", json!({"username": LINE, "state": "offline"}));
    let port = ports::phone();
    Sipp::new(&rig.site, "register", vec![row(LINE, ACME, "", &password)])
        .port(port)
        .key("expires", "300")
        .run();
    let said = alice.does("lineIs", json!({"username": LINE, "state": "online"}));
    let said = said.as_str().unwrap_or_default();
    assert!(
        said.contains(&format!("127.0.0.1:{port}")),
        "where the phone is: {said}"
    );

    // A message to her, which her phone's lamp tells of.
    let phone = Handset::new(account(LINE, ACME, &password));
    phone.register(300);
    phone.subscribe_to_mailbox("1001");
    alice.does("goTo", json!({"page": "Voicemail"}));
    alice.does("messages", json!({"count": 0}));
    let mailbox = format!("1001@{ACME}");
    leave_message(&handset("bob", ACME), "1001");
    let lit = phone.hears(0, &["NOTIFY", "Messages-Waiting: yes"]);
    // It comes by itself.
    alice.does("messages", json!({"count": 1, "fresh": 1}));
    assert_eq!(boxed(rig, &mailbox), (1, 0));

    // The bytes are those of the file; heard, it is new no more, and the lamp goes out.
    let listed = rig.switch.api(&format!("vm_list {mailbox}"));
    let file = listed.trim().split(':').nth(5).expect("a path").to_owned();
    let served = alice.does("sound", json!({}));
    assert_eq!(served, sha256(&file), "{file}");
    let length = alice.does("play", json!({})).as_f64().expect("seconds");
    assert!((3.0..20.0).contains(&length), "{length} s");
    alice.does("messages", json!({"count": 1, "fresh": 0}));
    let dark = phone.hears(lit + 1, &["NOTIFY", "Messages-Waiting: no"]);
    assert_eq!(boxed(rig, &mailbox), (0, 1));
    alice.does("press", json!({"button": "Mark as new"}));
    let lit = phone.hears(dark + 1, &["NOTIFY", "Messages-Waiting: yes"]);
    alice.does("messages", json!({"count": 1, "fresh": 1}));

    // Deleted: the file, the row and the light are gone.
    alice.does("press", json!({"button": "Delete"}));
    alice.does("press", json!({"button": "Really delete"}));
    alice.does("messages", json!({"count": 0}));
    phone.hears(lit + 1, &["NOTIFY", "Messages-Waiting: no"]);
    assert_eq!(boxed(rig, &mailbox), (0, 0));
    assert!(fs::metadata(&file).is_err(), "{file} is still there");

    // Revoked: mod_sofia has forgotten both phones, and takes them no more.
    alice.does("goTo", json!({"page": "Lines"}));
    alice.does("revoke", json!({"username": LINE}));
    wait::until("the phones to be gone", wait::SOON, || {
        let list = rig.switch.api("sofia status profile internal reg");
        (!list.contains(&format!("{LINE}@{ACME}"))).then_some(())
    });
    rig.switch
        .until(&format!("pbx presence {mailbox} json"), "\"state\":\"offline\"");
    let answers = Phone::new().register(account(LINE, ACME, &password), 60).unwrap();
    assert_eq!(answers.last().expect("an answer").status, 403);
    let revisions = rig.switch.api("pbx revisions json");
    assert!(
        revisions.contains(&format!("\"actor\":\"alice@{ACME}\"")),
        "{revisions}"
    );
}

/// By coreutils: what is compared with was made by somebody else.
fn sha256(file: &str) -> String {
    let said = Command::new("sha256sum").arg(file).output().expect("coreutils");
    let text = String::from_utf8(said.stdout).expect("text");
    text.split(' ').next().expect("a sum").to_owned()
}
