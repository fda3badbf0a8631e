//! Real browsers: headless Chromium with a fake microphone signs in on our page, logs in through `/verto`, and
//! speaks and hears by WebRTC. What it hears is told by its own statistics.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::browsers::{self, channel, echo_phone, no_calls};
use crate::found::{self, Installed};
use crate::group::Group;
use crate::rig::{DOMAINS, Rig, password};
use crate::sipp::{Sipp, row};
use crate::site::repository;
use crate::sound::Sound;
use crate::surfer::{PASSWORD, origin};

pub(crate) fn add(trials: &mut Vec<Trial>) {
    Group::new("chromium", browsers::start).needs(missing).add(
        trials,
        &[
            ("a_browser_and_a_phone_hear_each_other", with_a_phone),
            ("browsers_hear_each_other", with_each_other),
            (
                "the_module_is_loaded_again_ten_times_and_no_call_is_lost",
                ten_reloads,
            ),
        ],
    );
}

/// What stands in the way.
pub(crate) fn missing(_: &Installed) -> Option<String> {
    if found::on_path("chromium").is_none() || found::on_path("node").is_none() {
        return Some("no chromium or node found; Debian: apt install chromium nodejs npm".to_owned());
    }
    let installed = repository().join("tests/browser/node_modules/playwright-core");
    (!installed.is_dir()).then(|| "tests/browser is not set up: npm ci --prefix tests/browser".to_owned())
}

/// A running Chromium, and pages in it.
pub(crate) struct Chromium {
    process: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Chromium {
    pub(crate) fn start() -> Self {
        let program = found::on_path("chromium").expect("looked for before");
        let mut process = Command::new("node")
            .arg("steps.mjs")
            .current_dir(repository().join("tests/browser"))
            .env("CHROMIUM", program)
            .env(
                "PBX_FAILED",
                concat!(env!("CARGO_TARGET_TMPDIR"), "/browsers-that-failed"),
            )
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node starts");
        Self {
            to: process.stdin.take().expect("piped"),
            from: BufReader::new(process.stdout.take().expect("piped")),
            process,
        }
    }

    #[track_caller]
    pub(crate) fn step(&mut self, command: &Value) -> Value {
        writeln!(self.to, "{command}").expect("node listens");
        let mut line = String::new();
        self.from.read_line(&mut line).expect("node answers");
        let answer: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{command}: {line:?}"));
        if let Some(error) = answer["error"].as_str() {
            panic!("{command}: {error}");
        }
        answer["value"].clone()
    }

    /// A person signs in and goes online at their channel.
    #[track_caller]
    fn open(&mut self, rig: &mut Rig, user: &str, number: &str) {
        let channel = channel(&mut rig.switch, number, DOMAINS[0]);
        self.step(
            &json!({"do": "open", "as": user, "origin": origin(), "channel": channel,
            "name": format!("{user}@{}", DOMAINS[0]), "password": PASSWORD}),
        );
        rig.switch
            .until(&format!("pbx presence {number}@{}", DOMAINS[0]), "online");
    }

    #[track_caller]
    fn run(&mut self, user: &str, script: &str) -> Value {
        self.step(&json!({"do": "run", "as": user, "script": script}))
    }

    #[track_caller]
    fn until(&mut self, user: &str, script: &str) -> Value {
        self.step(&json!({"do": "until", "as": user, "script": script}))
    }

    /// Waits until this page has sent and received so much more sound: packets, and energy in what it hears.
    #[track_caller]
    fn hears(&mut self, user: &str, call: &str) {
        let before = self.run(user, &format!("client.sound('{call}')"));
        let number = |name: &str| before[name].as_f64().unwrap_or_default();
        let script = format!(
            "client.sound('{call}').then((now) => now.sent > {} && now.received > {} && now.energy > {})",
            number("sent") + 50.0,
            number("received") + 50.0,
            // Chromium's fake microphone beeps; silence adds nothing at all.
            number("energy") + 0.001,
        );
        self.until(user, &script);
    }

    /// The id of the call that was made or taken.
    #[track_caller]
    fn call(&mut self, user: &str, script: &str) -> String {
        self.run(user, script).as_str().expect("an id").to_owned()
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = writeln!(self.to, "{}", json!({"do": "close"}));
        let _ = self.process.wait();
    }
}

fn with_a_phone(rig: &mut Rig) {
    let mut chromium = Chromium::start();
    chromium.open(rig, "alice", "1001");
    // To a phone that sends back what it hears.
    let phone = echo_phone(rig, "bob", 1);
    let call = chromium.call("alice", "client.call('1002')");
    chromium.until("alice", "client.states().includes('active')");
    chromium.hears("alice", &call);
    chromium.run("alice", &format!("client.hangUp('{call}')"));
    phone.succeed();
    // From one.
    let rows = vec![row("bob", DOMAINS[0], "1001", &password("bob", DOMAINS[0]))];
    let phone = Sipp::new(&rig.site, "call_and_listen", rows).echo().start();
    chromium.until("alice", "client.states().includes('ringing')");
    let call = chromium.call("alice", "client.pickUp()");
    chromium.hears("alice", &call);
    let from = chromium.run("alice", &format!("client.calls.get('{call}').from"));
    assert_eq!(from, "1002");
    chromium.run("alice", &format!("client.hangUp('{call}')"));
    phone.succeed();
    no_calls(rig);
}

fn with_each_other(rig: &mut Rig) {
    let mut chromium = Chromium::start();
    chromium.open(rig, "alice", "1001");
    chromium.open(rig, "bob", "1002");
    let one = chromium.call("alice", "client.call('1002')");
    chromium.until("bob", "client.states().includes('ringing')");
    let other = chromium.call("bob", "client.pickUp()");
    chromium.until("alice", "client.states().includes('active')");
    chromium.hears("alice", &one);
    chromium.hears("bob", &other);
    chromium.run("bob", &format!("client.hangUp('{other}')"));
    chromium.until("alice", "client.states().every((state) => state === 'ended')");
    no_calls(rig);
    // And one without a screen calls one with: each counts what it hears.
    let (_, _, mut scripted) = browsers::browser(rig, "carol", "1003");
    let sound = Sound::new();
    let theirs = browsers::call(&mut scripted, &sound, "1001");
    chromium.until("alice", "client.states().includes('ringing')");
    let call = chromium.call("alice", "client.pickUp()");
    browsers::connected(&mut scripted, &sound);
    chromium.hears("alice", &call);
    // The fake microphone beeps twice a second.
    sound.hears(20);
    browsers::hang_up(&mut scripted, &theirs);
    no_calls(rig);
}

/// Web server, proxy and module go and come back in the middle of a call; the page logs in again with what it has.
fn ten_reloads(rig: &mut Rig) {
    let mut chromium = Chromium::start();
    chromium.open(rig, "alice", "1001");
    let phone = echo_phone(rig, "bob", 1);
    let call = chromium.call("alice", "client.call('1002')");
    chromium.until("alice", "client.states().includes('active')");
    chromium.hears("alice", &call);
    let mut silences = Vec::new();
    for round in 1..=10 {
        chromium.run(
            "alice",
            "client.closedAt = 0; client.calls.values().next().value.state = 'waiting'; 1",
        );
        rig.switch.ok("reload mod_pbx");
        chromium.until("alice", &format!("client.reconnects === {round}"));
        // From the moment that the socket closed, when mod_verto stops the sound.
        let back = chromium.until(
            "alice",
            &format!(
                "client.states()[0] === 'active' && client.sound('{call}').then((now) => \
                 now.received > 5 && now.energy > 0.0005 && performance.now() - client.closedAt)"
            ),
        );
        silences.push(back.as_f64().expect("milliseconds"));
        rig.switch.until("show channels count", "2 total.");
    }
    silences.sort_by(f64::total_cmp);
    let median = silences[5];
    let _ = writeln!(
        std::io::stderr(),
        "silence at a reload: median {median:.0} ms, longest {:.0} ms",
        silences[9]
    );
    assert!(median <= 3000.0, "{silences:?}");
    chromium.hears("alice", &call);
    chromium.run("alice", &format!("client.hangUp('{call}')"));
    phone.succeed();
    no_calls(rig);
}
