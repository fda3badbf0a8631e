//! Where passwords are hashed: on at most two threads of their own, behind everything else that the processor
//! has to do, with a queue that ends.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::password::{self, NoHash};

/// Hashes at once: one processor is left to the switch.
const MOST: usize = 2;

/// How many may wait. Whoever comes then is sent away.
const WAITING: usize = 256;

/// Who has waited so long has gone: nothing is hashed for them.
const PATIENCE: Duration = Duration::from_secs(20);

/// The threads' stacks, in bytes.
const STACK: usize = 256 * 1024;

/// How far behind other threads these stand (`setpriority`).
const NICE: i32 = 10;

/// The queue is full, or the PBX stops: it may be tried again in some seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many people sign in at once: try again in a few seconds")]
pub struct Busy;

struct Job {
    since: Instant,
    work: Box<dyn FnOnce() + Send>,
}

/// The threads.
pub struct Hasher {
    queue: Mutex<Option<SyncSender<Job>>>,
    stopping: Arc<AtomicBool>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Hasher {
    /// Starts the threads.
    pub(super) fn start() -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel::<Job>(WAITING);
        let receiver = Arc::new(Mutex::new(receiver));
        let stopping = Arc::new(AtomicBool::new(false));
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let hasher = Self {
            queue: Mutex::new(Some(sender)),
            stopping: Arc::clone(&stopping),
            threads: Mutex::default(),
        };
        for _ in 0..processors.saturating_sub(1).clamp(1, MOST) {
            let (receiver, stopping) = (Arc::clone(&receiver), Arc::clone(&stopping));
            let thread = std::thread::Builder::new()
                .name("pbx-passwords".to_owned())
                .stack_size(STACK)
                .spawn(move || run(&receiver, &stopping))?;
            hasher
                .threads
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(thread);
        }
        Ok(hasher)
    }

    /// Finds out whether `password` is the one of the hash `phc` and tells `done`, on a thread of ours; without
    /// a hash it is not, after as long a time. If the PBX stops first, `done` is dropped.
    ///
    /// # Errors
    /// Too many wait; `done` is not called.
    pub fn verify(
        &self,
        phc: Option<String>,
        password: String,
        done: impl FnOnce(bool) + Send + 'static,
    ) -> Result<(), Busy> {
        self.queue(Box::new(move || {
            done(password::verify(phc.as_deref(), &password))
        }))
    }

    /// Hashes `password` and tells `done`, as [`Hasher::verify`] does.
    ///
    /// # Errors
    /// Too many wait; `done` is not called.
    pub fn hash(
        &self,
        password: String,
        done: impl FnOnce(Result<String, NoHash>) + Send + 'static,
    ) -> Result<(), Busy> {
        self.queue(Box::new(move || done(password::hash(&password))))
    }

    fn queue(&self, work: Box<dyn FnOnce() + Send>) -> Result<(), Busy> {
        let job = Job {
            since: Instant::now(),
            work,
        };
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        match queue.as_ref().ok_or(Busy)?.try_send(job) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => Err(Busy),
        }
    }

    /// Ends the threads, each after the hash that it is at.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Relaxed);
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a thread that hashes passwords ended badly");
            }
        }
    }
}

impl Drop for Hasher {
    fn drop(&mut self) {
        self.stop();
    }
}

fn run(receiver: &Mutex<Receiver<Job>>, stopping: &AtomicBool) {
    // Refused where the system does not know priorities: then nothing is lost but that.
    let _ = rustix::process::nice(NICE);
    loop {
        // The others wait for the lock while one waits for a job.
        let job = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else {
            return;
        };
        if stopping.load(Relaxed) {
            return;
        }
        if job.since.elapsed() < PATIENCE {
            // A panic here must not end the thread: nobody could sign in any more.
            if std::panic::catch_unwind(std::panic::AssertUnwindSafe(job.work)).is_err() {
                tracing::error!("hashing a password failed inside");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn the_queue_ends_and_stopping_drops_what_waits() {
        let hasher = Hasher::start().unwrap();
        let (sender, receiver) = mpsc::channel();
        let mut taken = 0;
        loop {
            let sender = sender.clone();
            match hasher.verify(None, "x".to_owned(), move |right| sender.send(right).unwrap()) {
                Ok(()) => taken += 1,
                Err(Busy) => break,
            }
        }
        assert!((WAITING..=WAITING + 2 * MOST + 8).contains(&taken), "{taken}");
        drop(sender);
        assert_eq!(receiver.recv(), Ok(false));
        hasher.stop();
        let rest = receiver.iter().count();
        assert!(
            rest < taken - 1,
            "stopping waits for hashes in progress only: {rest} of {taken}"
        );
        assert_eq!(hasher.verify(None, String::new(), drop), Err(Busy));
    }

    #[test]
    fn a_panic_ends_no_thread() {
        let hasher = Hasher::start().unwrap();
        let (sender, receiver) = mpsc::channel();
        for _ in 0..4 {
            let _ = hasher.verify(None, String::new(), |_| panic!("what was asked for fails"));
        }
        hasher
            .verify(None, String::new(), move |right| sender.send(right).unwrap())
            .unwrap();
        assert_eq!(receiver.recv_timeout(Duration::from_secs(30)), Ok(false));
    }
}
