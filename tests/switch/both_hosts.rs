//! The table of `tests/cases` against a real switch; `tests/standin_host.rs` runs it against the stand-in.

use libtest_mimic::Trial;

use crate::cases::{self, Host};
use crate::group::Group;
use crate::ports::ports;
use crate::rig::Rig;
use crate::site;

pub(crate) fn add(trials: &mut Vec<Trial>) {
    Group::new("both_hosts", Rig::bare).add(trials, &[("answer_alike", answer_alike)]);
}

fn answer_alike(rig: &mut Rig) {
    let version = rig.switch.api("version short").trim().to_owned();
    let full = rig.switch.api("pbx version json");
    let full: serde_json::Value = serde_json::from_str(&full).unwrap();
    let full = full["switch_version"].as_str().unwrap().to_owned();
    let address = rig.switch.api("global_getvar local_ip_v4").trim().to_owned();
    cases::run(&mut RealSwitch {
        rig,
        words: [
            (full, "<version>"),
            (version, "<version>"),
            (address, "127.0.0.1"),
        ],
    });
}

struct RealSwitch<'r> {
    rig: &'r mut Rig,
    /// Its version, long and short, and its address.
    words: [(String, &'static str); 3],
}

impl Host for RealSwitch<'_> {
    fn cli(&mut self, command: &str) -> String {
        self.rig.switch.api(command)
    }

    fn own_words(&self) -> Vec<(String, &'static str)> {
        let [web, local] = ports().web.map(|port| format!("127.0.0.1:{port}"));
        let storage = self.rig.site.path("storage").display().to_string();
        let certificates = site::run_folder().join("certs").display().to_string();
        let mut words = self.words.to_vec();
        words.extend([
            (storage, "<storage>"),
            (certificates, "<certs>"),
            (web, "127.0.0.1:8480"),
            (local, "127.0.0.1:8481"),
        ]);
        words
    }
}
