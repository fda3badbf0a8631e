//! Scenarios that share one running switch.

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use libtest_mimic::{Completion, Trial};

use crate::found::{self, Installed};
use crate::rig::Rig;

/// What is done with a switch, by name.
pub(crate) type Scenario = (&'static str, fn(&mut Rig));

/// A group: its switch starts with its first scenario and is killed after its last. A scenario that
/// fails takes the switch with it, and the next one starts afresh.
pub(crate) struct Group {
    name: &'static str,
    start: fn() -> Rig,
    needs: fn(&Installed) -> Option<String>,
    rig: Arc<Mutex<Option<Rig>>>,
}

impl Group {
    /// A group whose switch is made by `start`.
    pub(crate) fn new(name: &'static str, start: fn() -> Rig) -> Self {
        Self {
            name,
            start,
            needs: |_| None,
            rig: Arc::default(),
        }
    }

    /// The same, ignored wherever `needs` says what the switch lacks.
    pub(crate) fn needs(mut self, needs: fn(&Installed) -> Option<String>) -> Self {
        self.needs = needs;
        self
    }

    /// Adds scenarios, by name.
    pub(crate) fn add(self, trials: &mut Vec<Trial>, scenarios: &[Scenario]) {
        for (scenario, run) in scenarios {
            let name = format!("{}::{scenario}", self.name);
            let (rig, start, needs, run) = (Arc::clone(&self.rig), self.start, self.needs, *run);
            trials.push(Trial::ignorable_test(name, move || {
                if let Some(reason) = missing() {
                    return skipped(&reason);
                }
                if let Some(reason) = found::freeswitch().ok().and_then(|installed| needs(&installed)) {
                    return Ok(Completion::ignored_with(reason));
                }
                in_rig(&rig, start, run);
                Ok(Completion::Completed)
            }));
        }
    }
}

fn in_rig(rig: &Mutex<Option<Rig>>, start: fn() -> Rig, run: fn(&mut Rig)) {
    let mut slot = rig.lock().unwrap_or_else(PoisonError::into_inner);
    let begin = Instant::now();
    let rig = slot.get_or_insert_with(start);
    let started = begin.elapsed();
    let outcome = catch_unwind(AssertUnwindSafe(|| run(rig)));
    note(&format!(
        "{:.1} s (start {:.1} s) ",
        begin.elapsed().as_secs_f32(),
        started.as_secs_f32()
    ));
    if let Err(panic) = outcome {
        if let Some(rig) = slot.take() {
            rig.site.explain();
        }
        resume_unwind(panic);
    }
}

/// What a scenario needs and this machine lacks.
fn missing() -> Option<String> {
    found::freeswitch().err().or_else(|| found::sipp().err())
}

fn skipped(reason: &str) -> Result<Completion, libtest_mimic::Failed> {
    if std::env::var("PBX_REQUIRE_FREESWITCH").is_ok_and(|value| value == "1") {
        return Err(format!("PBX_REQUIRE_FREESWITCH=1: {reason}").into());
    }
    Ok(Completion::ignored_with(reason))
}

/// A word on the line of the running scenario.
pub(crate) fn note(text: &str) {
    let _ = write!(std::io::stdout(), "{text}");
}
