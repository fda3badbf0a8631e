//! Banned addresses in an nftables set, so that the kernel drops what they send.
//!
//! Beside the ban in the directory, not instead of it: who may not run `nft`, or has no such set, loses nothing. A net
//! from which a line has registered before is never in the set, for over UDP anybody can send failures from there.
//! `nft` is run with an argument vector; of what a stranger chooses only an address gets into it.

use std::collections::HashSet;
use std::io::Read;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::culprit::Net;

/// How often the set is brought up to date at most, and how often it is tried again after a failure.
const PACE: Duration = Duration::from_secs(1);
const AGAIN: Duration = Duration::from_secs(60);

/// How often all is added again: somebody may have loaded the firewall's rules afresh.
const ANEW: Duration = Duration::from_secs(300);

/// How long `nft` may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many addresses one run of `nft` takes.
const MANY: usize = 256;

/// A set as nftables names it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Set {
    family: String,
    table: String,
    name: String,
}

impl Set {
    /// The setting, which was checked when it was set; none: off.
    fn parse(setting: &str) -> Option<Self> {
        let mut words = setting.split_ascii_whitespace().map(str::to_owned);
        let (family, table, name) = (words.next()?, words.next()?, words.next()?);
        Some(Self { family, table, name })
    }

    /// The set for addresses of IPv6, which nftables keeps apart.
    fn v6(&self) -> Self {
        Self {
            name: format!("{}6", self.name),
            ..self.clone()
        }
    }

    fn arguments(&self, verb: &str, object: &str) -> Vec<String> {
        let words = [verb, object, &self.family, &self.table, &self.name];
        words.map(str::to_owned).to_vec()
    }
}

/// The set, as we believe it to be.
#[derive(Debug)]
pub(super) struct Firewall {
    program: PathBuf,
    set: Option<Set>,
    /// What is in it.
    applied: HashSet<Net>,
    /// Whether `applied` is right; else the set is emptied first.
    sound: bool,
    /// Whether the set was ever emptied by us: one with a typing error in its name never is.
    used: bool,
    /// Sets that were used before and are still to be emptied.
    leaving: Vec<Set>,
    look_at: Instant,
    anew_at: Instant,
    trouble: Option<String>,
}

impl Firewall {
    /// Nothing is in any set yet, as far as we know. `program` is `nft`.
    pub(super) fn new(program: impl Into<PathBuf>) -> Self {
        let now = Instant::now();
        Self {
            program: program.into(),
            set: None,
            applied: HashSet::new(),
            sound: false,
            used: false,
            leaving: Vec::new(),
            look_at: now,
            anew_at: now,
            trouble: None,
        }
    }

    /// Brings the set of `setting` up to date, if it is time. Blocks while `nft` runs.
    pub(super) fn follow(&mut self, setting: &str, wanted: impl FnOnce() -> HashSet<Net>) {
        let set = Set::parse(setting);
        if set != self.set {
            self.leave();
            self.set = set;
            self.look_at = Instant::now();
        }
        if self.look_at > Instant::now() || (self.set.is_none() && self.leaving.is_empty()) {
            return;
        }
        let done = self.empty_left().and(self.apply(wanted));
        let pause = if done.is_ok() { PACE } else { AGAIN };
        self.look_at = Instant::now() + pause;
        let trouble = done.err();
        if let Some(trouble) = trouble.as_ref().filter(|_| trouble != self.trouble) {
            tracing::warn!("{trouble}");
        }
        self.trouble = trouble;
    }

    /// What is wrong, for a person.
    pub(super) fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Leaves nothing of ours behind.
    pub(super) fn stop(&mut self) {
        self.leave();
        if let Err(trouble) = self.empty_left() {
            tracing::warn!("{trouble}");
        }
    }

    fn leave(&mut self) {
        if std::mem::take(&mut self.used) {
            self.leaving.extend(self.set.take());
        }
        self.set = None;
        self.applied.clear();
        self.sound = false;
    }

    fn empty_left(&mut self) -> Result<(), String> {
        while let Some(set) = self.leaving.last().cloned() {
            self.empty(&set)?;
            self.leaving.pop();
        }
        Ok(())
    }

    fn empty(&self, set: &Set) -> Result<(), String> {
        // There is none where there is no IPv6; if it is needed, adding to it says so.
        let _ = self.run(set.v6().arguments("flush", "set"));
        self.run(set.arguments("flush", "set"))
    }

    fn apply(&mut self, wanted: impl FnOnce() -> HashSet<Net>) -> Result<(), String> {
        let Some(set) = self.set.clone() else {
            return Ok(());
        };
        let wanted = wanted();
        let gone: Vec<Net> = self.applied.difference(&wanted).copied().collect();
        if self.sound && self.change("delete", &set, &gone).is_err() {
            // Not there any more: somebody else changed the set.
            self.sound = false;
        }
        if !self.sound {
            self.empty(&set)?;
            self.applied.clear();
            self.sound = true;
            self.used = true;
        }
        if self.anew_at <= Instant::now() {
            self.anew_at = Instant::now() + ANEW;
            self.applied.clear();
        }
        let new: Vec<Net> = wanted.difference(&self.applied).copied().collect();
        self.change("add", &set, &new).inspect_err(|_| self.sound = false)
    }

    fn change(&mut self, verb: &str, set: &Set, nets: &[Net]) -> Result<(), String> {
        let is_v4 = |net: &&Net| matches!(net.address(), IpAddr::V4(_));
        let (v4, v6): (Vec<&Net>, Vec<&Net>) = nets.iter().partition(is_v4);
        for (set, nets) in [(set.clone(), v4), (set.v6(), v6)] {
            for some in nets.chunks(MANY) {
                let elements: Vec<String> = some.iter().map(ToString::to_string).collect();
                let mut arguments = set.arguments(verb, "element");
                arguments.push(format!("{{ {} }}", elements.join(", ")));
                self.run(arguments)?;
                for net in some {
                    if verb == "add" {
                        self.applied.insert(**net);
                    } else {
                        self.applied.remove(net);
                    }
                }
            }
        }
        Ok(())
    }

    fn run(&self, arguments: Vec<String>) -> Result<(), String> {
        let object = arguments.get(..5).unwrap_or_default().join(" ");
        let says = |what: &str| {
            format!(
                "ban-nftables-set: nft {object}: {what}; addresses are banned all the same, but not by the firewall"
            )
        };
        let child = Command::new(&self.program)
            .args(&arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let mut child =
            child.map_err(|error| says(&format!("{} cannot be run ({error})", self.program.display())))?;
        finish(&mut child).map_err(|what| says(&what))
    }
}

/// Waits for the end of a program; why it failed.
fn finish(child: &mut Child) -> Result<(), String> {
    let begun = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => {
                let mut said = Vec::new();
                let pipe = child
                    .stderr
                    .take()
                    .map(|pipe| pipe.take(4096).read_to_end(&mut said));
                let said = String::from_utf8_lossy(&said).into_owned();
                let first: String = said
                    .lines()
                    .next()
                    .unwrap_or_default()
                    .chars()
                    .take(200)
                    .collect();
                return match pipe {
                    Some(Ok(_)) if !first.is_empty() => Err(first),
                    _ => Err(status.to_string()),
                };
            }
            Ok(None) if begun.elapsed() > PATIENCE => {
                // It may have ended in this moment; either way it is gone then.
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("no end after {} s", PATIENCE.as_secs()));
            }
            Ok(None) => std::thread::sleep(Duration::from_millis(5)),
            Err(error) => return Err(error.to_string()),
        }
    }
}

#[cfg(test)]
#[path = "firewall_tests.rs"]
mod tests;
