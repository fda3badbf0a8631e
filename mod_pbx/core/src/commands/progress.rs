//! How far a long command is, for `pbx status` and the log.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The long command that is running, if one is. At most one at a time.
#[derive(Debug, Default)]
pub struct Progress {
    current: Mutex<Option<Step>>,
}

/// How far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// What is being done.
    pub(super) task: String,
    /// 0 to 100.
    pub(super) percent: u8,
}

/// A long command while it runs; when it goes, the command is over.
pub(super) struct Running<'a> {
    progress: &'a Progress,
    logged: u8,
}

impl Progress {
    /// What is running and how far it is.
    pub(super) fn now(&self) -> Option<Step> {
        self.lock().clone()
    }

    /// How far the long command is that runs, in percent; none: none runs.
    pub fn percent(&self) -> Option<u8> {
        self.now().map(|step| step.percent)
    }

    /// Begins a long command.
    ///
    /// # Errors
    /// The one that is running.
    pub(super) fn begin(&self, task: &str) -> Result<Running<'_>, Step> {
        {
            let mut current = self.lock();
            if let Some(running) = &*current {
                return Err(running.clone());
            }
            *current = Some(Step {
                task: task.to_owned(),
                percent: 0,
            });
        }
        // Not while the lock is held: whoever takes the log may ask for the status.
        tracing::info!("{task}: begun");
        Ok(Running {
            progress: self,
            logged: 0,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Option<Step>> {
        // A step is whole at every moment, so one left by a panic is still good.
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running<'_> {
    /// `done` of `all` in the part of the work from `from` to `to` percent. Logs every tenth.
    pub(super) fn part(&mut self, from: u8, to: u8, done: usize, all: usize) {
        let share = (usize::from(to - from) * done).checked_div(all).unwrap_or(0);
        let percent = from + u8::try_from(share).unwrap_or(0).min(to - from);
        let task = {
            let mut current = self.progress.lock();
            let Some(step) = &mut *current else { return };
            step.percent = percent;
            if percent < self.logged.saturating_add(10) {
                return;
            }
            step.task.clone()
        };
        self.logged = percent - percent % 10;
        tracing::info!("{task}: {percent} %");
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let step = self.progress.lock().take();
        if let Some(step) = step {
            tracing::info!("{}: over", step.task);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_long_command_at_a_time() {
        let progress = Progress::default();
        let mut running = progress.begin("import").unwrap();
        running.part(20, 70, 1, 2);
        assert_eq!(progress.now().unwrap().percent, 45);
        assert_eq!(progress.begin("other").err().unwrap().task, "import");
        running.part(20, 70, 9, 0);
        assert_eq!(progress.now().unwrap().percent, 20);
        drop(running);
        assert_eq!(progress.now(), None);
        assert!(progress.begin("other").is_ok());
    }
}
