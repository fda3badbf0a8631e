//! The keeper: the one thread of the store. It moves SQLite's log into the main file, looks at the
//! file every few seconds, and makes the daily backups.
//!
//! It waits on a condition variable, so that it sleeps when there is nothing to do and ends at once when
//! the store is closed.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::priority::{self, Behind};

use super::inner::Inner;
use super::{backup, lock};

/// How often the keeper does what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How often it looks at the file and moves the log, in the worst case.
    pub look: Duration,
    /// How long after the start a large file is checked whole, and the first backup made, if one is due.
    pub first_backup: Duration,
    /// How old the newest backup may become.
    pub backup: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            look: Duration::from_secs(3),
            first_backup: Duration::from_secs(60),
            backup: Duration::from_secs(24 * 3600),
        }
    }
}

/// How often SQLite is interrupted until the keeper has ended.
const AGAIN: Duration = Duration::from_millis(5);

/// A few ticks of the clock that files' times are taken from (1 to 10 ms each).
const TICKS: Duration = Duration::from_millis(30);

/// While nothing but records of calls is written, which may be every few seconds, the file is read whole once in this time.
const WHOLE: Duration = Duration::from_secs(60);

/// After a backup failed, the next attempt.
const RETRY: Duration = Duration::from_secs(600);

/// What the keeper is waited for with.
#[derive(Default)]
struct Call {
    stop: bool,
    work: bool,
    ended: bool,
}

/// What the keeper is told.
#[derive(Default)]
pub(super) struct Bell {
    call: Mutex<Call>,
    rung: Condvar,
    /// Interrupts what SQLite is doing on the keeper's behalf.
    interrupt: Mutex<Option<rusqlite::InterruptHandle>>,
}

impl Bell {
    /// Ends the keeper, and what SQLite is doing for it.
    pub(super) fn stop(&self) {
        let mut call = lock(&self.call);
        call.stop = true;
        self.rung.notify_all();
        while !call.ended {
            drop(call);
            // An interrupt between two statements is lost: hence again and again.
            if let Some(handle) = lock(&self.interrupt).as_ref() {
                handle.interrupt();
            }
            let waited = self
                .rung
                .wait_timeout_while(lock(&self.call), AGAIN, |call| !call.ended);
            (call, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn ended(&self) {
        lock(&self.call).ended = true;
        self.rung.notify_all();
    }

    /// Whether the keeper is to end.
    pub(super) fn stopped(&self) -> bool {
        lock(&self.call).stop
    }

    /// Has the keeper look now.
    pub(super) fn ring(&self) {
        lock(&self.call).work = true;
        self.rung.notify_all();
    }

    /// Runs `f`, which `stop` may interrupt.
    pub(super) fn interruptible<T>(&self, conn: &rusqlite::Connection, f: impl FnOnce() -> T) -> T {
        *lock(&self.interrupt) = Some(conn.get_interrupt_handle());
        let result = f();
        *lock(&self.interrupt) = None;
        result
    }

    /// Waits the whole time; true: the keeper is to end.
    fn pause(&self, time: Duration) -> bool {
        let waited = self
            .rung
            .wait_timeout_while(lock(&self.call), time, |call| !call.stop);
        waited.unwrap_or_else(PoisonError::into_inner).0.stop
    }

    /// Waits, or until it is called; true: the keeper is to end.
    fn wait(&self, time: Duration) -> bool {
        let call = lock(&self.call);
        let waited = self
            .rung
            .wait_timeout_while(call, time, |call| !call.stop && !call.work);
        let (mut call, _) = waited.unwrap_or_else(PoisonError::into_inner);
        call.work = false;
        call.stop
    }
}

/// Starts the keeper.
pub(super) fn start(inner: &Arc<Inner>) -> std::io::Result<std::thread::JoinHandle<()>> {
    let inner = Arc::clone(inner);
    std::thread::Builder::new()
        .name("pbx-keeper".into())
        .spawn(move || {
            priority::stand(Behind::People);
            run(&inner);
        })
}

/// Says so even if the keeper panics.
struct Ended<'a>(&'a Bell);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.ended();
    }
}

fn run(inner: &Inner) {
    let pace = inner.options.pace;
    let mut next_backup = Instant::now()
        + match backup::age(&inner.options.backups) {
            Some(age) if age < pace.backup => pace.backup - age,
            _ => pace.first_backup,
        };
    let _ended = Ended(&inner.bell);
    let begin = Instant::now();
    let mut read_whole = None;
    while !inner.bell.wait(pace.look) {
        inner.free();
        inner.look();
        if inner.settle() {
            if inner.bell.pause(TICKS) {
                return;
            }
            let rev = inner.snapshot.load().rev;
            let whole = read_whole.is_none_or(|(of, at): (u64, Instant)| of != rev || at.elapsed() >= WHOLE);
            inner.probe(whole);
            if whole {
                read_whole = Some((rev, Instant::now()));
            }
        }
        // Not at once: a start has enough to do.
        if begin.elapsed() >= pace.first_backup {
            inner.check_once();
        }
        if Instant::now() >= next_backup && inner.snapshot.load().rev > 0 && inner.refused().is_none() {
            next_backup = Instant::now()
                + match inner.daily_backup() {
                    Ok(()) => pace.backup,
                    Err(_) => RETRY,
                };
        }
    }
}
