//! What the switch runs for calls, as its own events tell.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Builder;

use serde_json::Value;

use crate::running;
use crate::wait;

/// Every application that was run since this was made, with what it was given.
#[derive(Debug)]
pub(crate) struct Executed(Arc<Mutex<Vec<(String, String)>>>);

impl Executed {
    /// Listens from now on, until the switch ends.
    pub(crate) fn listen() -> Self {
        let mut esl = running::connect().expect("the switch runs");
        esl.subscribe("CHANNEL_EXECUTE").expect("the switch runs");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let theirs = Arc::clone(&seen);
        let work = move || {
            // The connection ends with the switch.
            while let Ok(event) = esl.event() {
                let text = |name: &str| {
                    event
                        .get(name)
                        .and_then(Value::as_str)
                        .unwrap_or_default()
                        .to_owned()
                };
                let mut seen = theirs.lock().unwrap_or_else(PoisonError::into_inner);
                seen.push((text("Application"), text("Application-Data")));
            }
        };
        Builder::new()
            .name("executed".to_owned())
            .spawn(work)
            .expect("a thread");
        Self(seen)
    }

    /// What was run so far.
    pub(crate) fn all(&self) -> Vec<(String, String)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until this was run.
    ///
    /// # Panics
    /// It is not.
    #[track_caller]
    pub(crate) fn until(&self, application: &str, data: &str) {
        let what = format!("{application}({data}) to be run; {:?} were", self.all());
        wait::until(&what, wait::SOON, || {
            let wanted = (application.to_owned(), data.to_owned());
            self.all().contains(&wanted).then_some(())
        });
    }

    /// Forgets what was run so far.
    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
