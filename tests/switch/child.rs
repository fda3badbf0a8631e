//! A program started by a test, and ended with it.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use crate::wait;

/// A running program. Dropping it kills it; so does the end of the test process, however it comes.
#[derive(Debug)]
pub(crate) struct Owned {
    child: Child,
}

impl Owned {
    /// Starts `command`.
    pub(crate) fn spawn(mut command: Command) -> io::Result<Self> {
        // SAFETY: runs between fork and exec and calls prctl only, which is async-signal-safe there.
        unsafe { command.pre_exec(die_with_parent) };
        Ok(Self {
            child: command.spawn()?,
        })
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child can be asked")
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// It still runs after `limit`.
    pub(crate) fn end_within(&mut self, limit: Duration) -> ExitStatus {
        wait::until("a program to end", limit, || self.ended())
    }

    /// Ends it at once, as a crash would: SIGKILL.
    pub(crate) fn kill(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        self.kill();
    }
}

fn die_with_parent() -> io::Result<()> {
    // SAFETY: PR_SET_PDEATHSIG takes a signal number and touches no memory of ours.
    match unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
