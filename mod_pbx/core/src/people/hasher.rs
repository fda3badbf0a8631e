//! Where passwords are hashed: on at most two threads of their own, behind everything else that the processor
//! has to do, with a queue that ends.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::priority::{self, Behind};

use super::lock;
use super::password::{self, NoHash};

/// Hashes at once: one processor is left to the switch.
const MOST: usize = 2;

/// How many may wait. Whoever comes then is sent away.
const WAITING: usize = 256;

/// Who has waited so long has gone: nothing is hashed for them.
const PATIENCE: Duration = Duration::from_secs(20);

/// The threads' stacks, in bytes.
const STACK: usize = 256 * 1024;

/// The queue is full, or the PBX stops: it may be tried again in some seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many people sign in at once: try again in a few seconds")]
pub struct Busy;

/// The leave to hash: only the threads here have it.
pub struct AtWork(());

impl AtWork {
    /// Whether `password` is the one of the hash `phc`. Without a hash it is not, after as long a time.
    pub fn verify(&self, phc: Option<&str>, password: &str) -> bool {
        password::verify(phc, password)
    }

    /// The hash of a password, a PHC string.
    ///
    /// # Errors
    /// No random bytes from the kernel.
    pub fn hash(&self, password: &str) -> Result<String, NoHash> {
        password::hash(password)
    }
}

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
            lock(&hasher.threads).push(thread);
        }
        Ok(hasher)
    }

    /// Runs `work` on a thread of ours, which it gets the leave to hash with. Whoever has gone meanwhile should say
    /// so by hashing nothing. If the PBX stops first, `work` is dropped.
    ///
    /// # Errors
    /// Too many wait; `work` is dropped.
    pub fn run(&self, work: impl FnOnce(AtWork) + Send + 'static) -> Result<(), Busy> {
        let job = Job {
            since: Instant::now(),
            work: Box::new(move || work(AtWork(()))),
        };
        let queue = lock(&self.queue);
        match queue.as_ref().ok_or(Busy)?.try_send(job) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => Err(Busy),
        }
    }

    /// Ends the threads, each after the hash that it is at.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Relaxed);
        lock(&self.queue).take();
        let threads = std::mem::take(&mut *lock(&self.threads));
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
    priority::stand(Behind::Everybody);
    loop {
        // The others wait for the lock while one waits for a job.
        let job = lock(receiver).recv();
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
            let work = move |at_work: AtWork| sender.send(at_work.verify(None, "x")).unwrap();
            match hasher.run(work) {
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
        assert_eq!(hasher.run(drop), Err(Busy));
    }

    #[test]
    fn a_panic_ends_no_thread() {
        let hasher = Hasher::start().unwrap();
        let (sender, receiver) = mpsc::channel();
        for _ in 0..4 {
            let _ = hasher.run(|_| panic!("what was asked for fails"));
        }
        let work = move |at_work: AtWork| sender.send(at_work.verify(None, "")).unwrap();
        hasher.run(work).unwrap();
        assert_eq!(receiver.recv_timeout(Duration::from_secs(30)), Ok(false));
    }
}
