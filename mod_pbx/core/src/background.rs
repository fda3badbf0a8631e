//! Threads of ours that work behind the switch's.
//!
//! The switch's threads tell them what happened and go on: they never wait, and what waits to be worked on is bounded.
//! Each is told to stop once, works off what it was told before, and is waited for.

use std::cell::Cell;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::priority::{self, Behind};

/// For how long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a thread rests: a caller, a lamp and a page wait for it.
const BREATH: Duration = Duration::from_millis(50);

/// What a thread does that is told of the switch's events, when it has worked off all that waited: what comes meanwhile
/// wakes nobody. The waking is paid by the switch's only thread for events; under a registration storm it was half the
/// cost of one.
pub(crate) fn rest() {
    std::thread::sleep(BREATH);
}

/// A thread and how it is told. It ends when this is dropped.
pub(crate) struct Background<T> {
    name: &'static str,
    teller: Teller<T>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// How a thread is told.
pub(crate) struct Teller<T> {
    sender: Sender<Message<T>>,
    waiting: Arc<AtomicUsize>,
    most: usize,
}

/// What a thread was told, on its own side.
pub(crate) struct Queue<T> {
    receiver: Receiver<Message<T>>,
    waiting: Arc<AtomicUsize>,
    over: Cell<bool>,
}

enum Message<T> {
    /// One of those that are counted while they wait.
    Counted(T),
    Uncounted(T),
    Stop,
}

/// The two ends of a queue in which at most `most` wait of what is [told](Teller::tell).
///
/// Not a `sync_channel`, which would take memory for all these places, nearly always empty.
pub(crate) fn queue<T>(most: usize) -> (Teller<T>, Queue<T>) {
    let (sender, receiver) = mpsc::channel();
    let waiting = Arc::new(AtomicUsize::new(0));
    let teller = Teller {
        sender,
        waiting: Arc::clone(&waiting),
        most,
    };
    let queue = Queue {
        receiver,
        waiting,
        over: Cell::new(false),
    };
    (teller, queue)
}

impl<T> Background<T> {
    /// Starts the thread `name` with a stack of so many bytes. `run` must return when its queue [is over](Queue::is_over).
    ///
    /// # Errors
    /// The system has no thread for it.
    pub(crate) fn start(
        name: &'static str,
        stack: usize,
        teller: Teller<T>,
        run: impl FnOnce() + Send + 'static,
    ) -> std::io::Result<Self> {
        let thread = std::thread::Builder::new().name(name.to_owned());
        let thread = thread.stack_size(stack).spawn(move || {
            priority::stand(Behind::Audio);
            run();
        })?;
        Ok(Self {
            name,
            teller,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// See [`Teller::tell`].
    pub(crate) fn tell(&self, told: T) -> bool {
        self.teller.tell(told)
    }

    /// See [`Teller::tell_made`].
    pub(crate) fn tell_made(&self, make: impl FnOnce() -> T) -> bool {
        self.teller.tell_made(make)
    }

    /// See [`Teller::order`].
    pub(crate) fn order(&self, told: T) {
        self.teller.order(told);
    }

    /// Tells it something that it answers, and waits for that; none: it has ended, or does not come to it. Blocks.
    pub(crate) fn ask<A>(&self, told: impl FnOnce(Sender<A>) -> T) -> Option<A> {
        let (sender, receiver) = mpsc::channel();
        self.teller.order(told(sender));
        receiver.recv_timeout(PATIENCE).ok()
    }

    /// Has it work off what it was told, and waits for its end. Blocks; the second time nothing is left to do.
    pub(crate) fn stop(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // Fails only if the thread is gone already.
            let _ = self.teller.sender.send(Message::Stop);
            if thread.join().is_err() {
                tracing::error!("the thread {} ended badly", self.name);
            }
        }
    }
}

impl<T> Drop for Background<T> {
    fn drop(&mut self) {
        self.stop();
    }
}

impl<T> Teller<T> {
    /// Tells it; false: so many wait already that this was dropped. Any thread; never waits.
    pub(crate) fn tell(&self, told: T) -> bool {
        self.tell_made(|| told)
    }

    /// The same of what is made only if there is room.
    pub(crate) fn tell_made(&self, make: impl FnOnce() -> T) -> bool {
        if self.waiting.fetch_add(1, Relaxed) >= self.most {
            self.waiting.fetch_sub(1, Relaxed);
            return false;
        }
        if self.sender.send(Message::Counted(make())).is_err() {
            // The thread has ended with the PBX: nobody waits for what it would have done.
            self.waiting.fetch_sub(1, Relaxed);
        }
        true
    }

    /// Tells it what must not be dropped, and is not said by strangers. Any thread; never waits.
    pub(crate) fn order(&self, told: T) {
        // Fails only when the thread has ended with the PBX.
        let _ = self.sender.send(Message::Uncounted(told));
    }
}

impl<T> Clone for Teller<T> {
    fn clone(&self) -> Self {
        Self {
            sender: self.sender.clone(),
            waiting: Arc::clone(&self.waiting),
            most: self.most,
        }
    }
}

impl<T> fmt::Debug for Teller<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Teller")
    }
}

impl<T> Queue<T> {
    /// Waits until something is told, at most for `patience`; gives that, and what else was told by the time it is asked
    /// for, at most `most` in all.
    pub(crate) fn wait(&self, patience: Duration, most: usize) -> impl Iterator<Item = T> {
        let first = match self.receiver.recv_timeout(patience) {
            Ok(message) => self.open(message),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => self.open(Message::Stop),
        };
        let further = std::iter::from_fn(|| {
            if self.is_over() {
                return None;
            }
            self.open(self.receiver.try_recv().ok()?)
        });
        first.into_iter().chain(further).take(most)
    }

    /// Whether it was told to stop: after this nothing comes.
    pub(crate) fn is_over(&self) -> bool {
        self.over.get()
    }

    fn open(&self, message: Message<T>) -> Option<T> {
        match message {
            Message::Counted(told) => {
                self.waiting.fetch_sub(1, Relaxed);
                Some(told)
            }
            Message::Uncounted(told) => Some(told),
            Message::Stop => {
                self.over.set(true);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STACK: usize = 256 * 1024;

    /// A thread that gives back what it was told, once `go` is said.
    fn echo(most: usize) -> (Background<u32>, Sender<()>, Receiver<u32>) {
        let (teller, queue) = queue(most);
        let (go, gone) = mpsc::channel();
        let (sender, receiver) = mpsc::channel();
        let run = move || {
            let _ = gone.recv();
            while !queue.is_over() {
                for told in queue.wait(Duration::from_secs(60), 2) {
                    let _ = sender.send(told);
                }
            }
        };
        let thread = Background::start("pbx-echo", STACK, teller, run).unwrap();
        (thread, go, receiver)
    }

    #[test]
    fn no_more_wait_than_may_and_orders_are_never_dropped() {
        let (thread, go, receiver) = echo(3);
        let taken: Vec<bool> = (0..5).map(|told| thread.tell(told)).collect();
        assert_eq!(taken, [true, true, true, false, false]);
        thread.order(9);
        assert!(!thread.tell(5), "an order makes no room");
        go.send(()).unwrap();
        thread.stop();
        assert_eq!(receiver.iter().collect::<Vec<_>>(), [0, 1, 2, 9]);
    }

    #[test]
    fn what_was_worked_off_makes_room() {
        let (thread, go, receiver) = echo(1);
        go.send(()).unwrap();
        for told in 0..100 {
            assert!(thread.tell(told));
            assert_eq!(receiver.recv_timeout(Duration::from_secs(30)), Ok(told));
        }
    }

    #[test]
    fn stopping_twice_and_telling_afterwards_do_nothing() {
        let (thread, go, receiver) = echo(1);
        drop(go);
        thread.stop();
        thread.stop();
        for told in 0..3 {
            assert!(thread.tell(told), "nothing waits");
        }
        assert_eq!(receiver.iter().count(), 0);
    }

    #[test]
    fn it_answers_or_the_asker_is_told_of_its_end() {
        let (teller, queue) = queue::<Sender<u32>>(1);
        let run = move || {
            while !queue.is_over() {
                for answer in queue.wait(Duration::from_secs(60), 1) {
                    answer.send(7).unwrap();
                }
            }
        };
        let thread = Background::start("pbx-answer", STACK, teller, run).unwrap();
        assert_eq!(thread.ask(|answer| answer), Some(7));
        thread.stop();
        assert_eq!(thread.ask(|answer| answer), None);
    }

    #[test]
    fn one_that_panics_is_no_danger_to_who_tells_it() {
        let (teller, queue) = queue::<u32>(1);
        let run = move || {
            let told = queue.wait(Duration::from_secs(60), 1).next();
            panic!("it was told {told:?}");
        };
        let thread = Background::start("pbx-panic", STACK, teller, run).unwrap();
        assert!(thread.tell(1));
        thread.stop();
        assert!(thread.tell(2));
    }

    #[test]
    fn nobody_left_to_tell_it_ends_it() {
        let (teller, queue) = queue::<u32>(1);
        drop(teller);
        assert_eq!(queue.wait(Duration::from_secs(60), 1).count(), 0);
        assert!(queue.is_over());
    }
}
