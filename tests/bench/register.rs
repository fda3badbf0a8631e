//! Registrations by sipp: the module against a static directory of one user, behind the same profile.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::child::Owned;
use crate::contender::{Contender, Plan, free_port, instrument};
use crate::database::{self, DOMAIN, FIRST, PASSWORD};
use crate::found::Installed;
use crate::table::{heading, median, row};
use crate::wait;

const ROUNDS: usize = 7;
const REGISTRATIONS: u32 = 1_000;
/// sipp's own limit of calls in progress.
const AT_ONCE: u32 = 10;

pub(crate) fn run(installed: &Installed, sipp: &Path) {
    let work = tempfile::tempdir().unwrap();
    let tool = instrument(installed, work.path());
    let base = database::with_extensions(1_000);
    let mut ours = Site {
        port: free_port(),
        switch: None,
    };
    let mut theirs = Site {
        port: free_port(),
        switch: None,
    };
    let (profile, answer) = ours.start_pbx(installed, &tool, &base);
    let profile = profile.replace(
        &format!("value=\"{}\"", ours.port),
        &format!("value=\"{}\"", theirs.port),
    );
    theirs.start_static(installed, &tool, &profile, &answer);

    let (mut our_rate, mut their_rate, mut our_cost, mut their_cost) = (vec![], vec![], vec![], vec![]);
    for round in 0..=ROUNDS {
        for (site, rates, costs) in [
            (&ours, &mut our_rate, &mut our_cost),
            (&theirs, &mut their_rate, &mut their_cost),
        ] {
            let (rate, cost) = site.register(sipp, work.path());
            if round > 0 {
                rates.push(rate);
                costs.push(cost);
            }
        }
    }
    let (our_rate, their_rate) = (median(our_rate), median(their_rate));
    let (our_cost, their_cost) = (median(our_cost), median(their_cost));
    heading("registrations, digest, 10 in flight");
    let made_of = format!("{our_rate:.0}/s, {their_rate:.0}/s");
    row(
        "REGISTER/s against static XML of one user",
        our_rate / their_rate,
        "≥ 0.97",
        &made_of,
    );
    let made_of = format!("{our_cost:.2} ms, {their_cost:.2} ms");
    row(
        "processor time per REGISTER against it",
        our_cost / their_cost,
        "≤ 1.03",
        &made_of,
    );
}

struct Site {
    port: u16,
    switch: Option<Contender>,
}

impl Site {
    /// Starts it; its own sofia.conf and its answer for the one user.
    fn start_pbx(&mut self, installed: &Installed, tool: &Path, base: &Path) -> (String, String) {
        let plan = Plan::new(installed, tool).pbx(
            base,
            &[("sip-address", "127.0.0.1"), ("sip-port", &self.port.to_string())],
        );
        let mut switch = plan.module("mod_sofia", "").start(installed);
        let profile = switch.ok("pbx lookup configuration key_value=sofia.conf");
        let answer = switch.ok(&database::sip_auth_lookup());
        self.switch = Some(switch);
        self.ready();
        (inside(&profile), inside(&answer))
    }

    fn start_static(&mut self, installed: &Installed, tool: &Path, profile: &str, answer: &str) {
        let configuration = profile
            .replace("<section name=\"configuration\">", "")
            .replace("</section>", "");
        let plan = Plan::new(installed, tool)
            .section(answer)
            .module("mod_sofia", &configuration);
        self.switch = Some(plan.start(installed));
        self.ready();
    }

    fn ready(&mut self) {
        let switch = self.switch.as_mut().unwrap();
        wait::until("the profile to run", Duration::from_secs(30), || {
            switch.ok("sofia status").contains("RUNNING").then_some(())
        });
    }

    /// Registrations a second, and milliseconds of the switch's processor time for each.
    fn register(&self, sipp: &Path, work: &Path) -> (f64, f64) {
        let switch = self.switch.as_ref().unwrap();
        let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/switch/sipp/register.xml");
        let rows = work.join("rows.csv");
        let credential = format!("[authentication username={FIRST} password={PASSWORD}]");
        std::fs::write(
            &rows,
            format!("SEQUENTIAL\n{FIRST};{DOMAIN};{FIRST};{credential}\n"),
        )
        .unwrap();
        let mut command = Command::new(sipp);
        command
            .arg("-sf")
            .arg(scenario)
            .arg("-inf")
            .arg(rows)
            .args(["-key", "expires", "180"]);
        command.args([
            "-m",
            &REGISTRATIONS.to_string(),
            "-l",
            &AT_ONCE.to_string(),
            "-r",
            "2000",
        ]);
        command.args([
            "-i",
            "127.0.0.1",
            "-p",
            &free_port().to_string(),
            "-nostdin",
            "-timeout",
            "60s",
        ]);
        let errors = work.join("errors");
        command.arg("-trace_err").arg("-error_file").arg(&errors);
        command.arg(format!("127.0.0.1:{}", self.port));
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let (cpu, start) = (switch.cpu_ms(), Instant::now());
        let status = Owned::spawn(command).unwrap().end_within(Duration::from_secs(70));
        let (took, cpu) = (start.elapsed().as_secs_f64(), switch.cpu_ms() - cpu);
        // The switch stores its nonces on another thread: who answers a challenge faster than that is
        // refused. sipp does it while it starts; with either contender, and not afterwards.
        let said = std::fs::read_to_string(&errors).unwrap_or_default();
        let refused = said.matches("Aborting call").count() as f64;
        let good = f64::from(REGISTRATIONS) - refused;
        assert!(
            good >= 0.9 * f64::from(REGISTRATIONS),
            "sipp: {status}\n{}",
            &said[..said.len().min(2000)]
        );
        (good / took, cpu / good)
    }
}

/// What is inside the document.
fn inside(document: &str) -> String {
    let start = document.find("<section").unwrap();
    let end = document.rfind("</document>").unwrap();
    document[start..end].to_owned()
}
