//! Tells readers that somebody's presence changed.
//!
//! What is told is who, not what: the reader looks at the view, which is always the latest. So a reader
//! that is slow misses steps but never the outcome, and what is kept for it is bounded: each name once,
//! and beyond [`MOST`] names "everything".

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::names::{DomainName, Number, Username};

/// How many names are kept for one reader.
pub const MOST: usize = 4096;

/// Whose presence changed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A line's, and so its extension's.
    Line(DomainName, Username),
    /// An extension's, by a call that belongs to none of its lines.
    Extension(DomainName, Number),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(domain, username) => write!(f, "{username}@{domain}"),
            Self::Extension(domain, number) => write!(f, "{number}@{domain}"),
        }
    }
}

/// What a reader is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changes {
    /// These changed since it last asked.
    These(HashSet<Subject>),
    /// Anything may have changed.
    Everything,
}

/// Where readers subscribe.
#[derive(Debug, Default)]
pub struct Feed {
    readers: Mutex<Vec<Weak<Queue>>>,
}

/// A reader's end. Dropping it ends the subscription.
#[derive(Debug)]
pub struct Subscriber(Arc<Queue>);

#[derive(Debug, Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    something: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    changed: HashSet<Subject>,
    everything: bool,
    closed: bool,
    waker: Option<Waker>,
}

impl Feed {
    /// A new reader, who is told "everything" first.
    pub fn subscribe(&self) -> Subscriber {
        let queue = Arc::new(Queue::default());
        lock(&queue.waiting).everything = true;
        let mut readers = lock(&self.readers);
        readers.retain(|reader| reader.strong_count() > 0);
        readers.push(Arc::downgrade(&queue));
        Subscriber(queue)
    }

    /// Tells all readers that these changed. A thread of ours; never the switch's.
    pub(super) fn tell(&self, changed: &HashSet<Subject>) {
        self.each(|waiting| {
            if waiting.changed.len() + changed.len() > MOST {
                waiting.everything = true;
            }
            if waiting.everything {
                waiting.changed.clear();
            } else {
                waiting.changed.extend(changed.iter().cloned());
            }
        });
    }

    /// Tells all readers that nothing will follow.
    pub(super) fn close(&self) {
        self.each(|waiting| waiting.closed = true);
    }

    fn each(&self, change: impl Fn(&mut Waiting)) {
        for queue in lock(&self.readers).iter().filter_map(Weak::upgrade) {
            let waker = {
                let mut waiting = lock(&queue.waiting);
                change(&mut waiting);
                waiting.waker.take()
            };
            queue.something.notify_all();
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
}

impl Subscriber {
    /// Waits for changes, at most this long; none: there were none, or none will follow.
    pub fn wait(&self, at_most: Duration) -> Option<Changes> {
        let waiting = lock(&self.0.waiting);
        let idle = |waiting: &mut Waiting| !waiting.has_news() && !waiting.closed;
        let waited = self.0.something.wait_timeout_while(waiting, at_most, idle);
        let (mut waiting, _) = waited.unwrap_or_else(PoisonError::into_inner);
        waiting.take()
    }

    /// The same for a task: ready with changes, or with none when nothing will follow.
    pub fn poll(&self, context: &mut Context<'_>) -> Poll<Option<Changes>> {
        let mut waiting = lock(&self.0.waiting);
        match waiting.take() {
            Some(changes) => Poll::Ready(Some(changes)),
            None if waiting.closed => Poll::Ready(None),
            None => {
                waiting.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }

    /// Whether nothing will follow.
    pub fn is_closed(&self) -> bool {
        lock(&self.0.waiting).closed
    }
}

impl Waiting {
    fn has_news(&self) -> bool {
        self.everything || !self.changed.is_empty()
    }

    fn take(&mut self) -> Option<Changes> {
        if std::mem::take(&mut self.everything) {
            self.changed.clear();
            return Some(Changes::Everything);
        }
        (!self.changed.is_empty()).then(|| Changes::These(std::mem::take(&mut self.changed)))
    }
}

/// A reader that panicked left nothing half done: what is guarded is a set and three flags.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(n: usize) -> Subject {
        Subject::Line("pbx.test".parse().unwrap(), format!("line{n}").parse().unwrap())
    }

    fn set(range: std::ops::Range<usize>) -> HashSet<Subject> {
        range.map(line).collect()
    }

    const NOW: Duration = Duration::ZERO;

    #[test]
    fn changes_of_one_line_are_told_once_and_the_last_is_never_lost() {
        let feed = Feed::default();
        let reader = feed.subscribe();
        assert_eq!(reader.wait(NOW), Some(Changes::Everything));
        for _ in 0..1000 {
            feed.tell(&set(1..2));
        }
        assert_eq!(reader.wait(NOW), Some(Changes::These(set(1..2))));
        assert_eq!(reader.wait(NOW), None);
        feed.tell(&set(1..2));
        assert_eq!(reader.wait(NOW), Some(Changes::These(set(1..2))));
    }

    #[test]
    fn a_reader_that_does_not_read_costs_a_bounded_amount() {
        let feed = Feed::default();
        let slow = feed.subscribe();
        slow.wait(NOW);
        for n in 0..3 * MOST {
            feed.tell(&set(n..n + 1));
        }
        assert!(lock(&slow.0.waiting).changed.len() <= MOST);
        assert_eq!(slow.wait(NOW), Some(Changes::Everything));
        feed.tell(&set(0..3));
        assert_eq!(slow.wait(NOW), Some(Changes::These(set(0..3))));
    }

    #[test]
    fn a_reader_that_left_is_forgotten() {
        let feed = Feed::default();
        drop(feed.subscribe());
        let _kept = feed.subscribe();
        assert_eq!(lock(&feed.readers).len(), 1);
    }

    #[test]
    fn a_task_is_woken_and_told_the_end() {
        let feed = Feed::default();
        let reader = feed.subscribe();
        let mut context = Context::from_waker(Waker::noop());
        assert_eq!(reader.poll(&mut context), Poll::Ready(Some(Changes::Everything)));
        assert_eq!(reader.poll(&mut context), Poll::Pending);
        feed.tell(&set(0..1));
        assert_eq!(
            reader.poll(&mut context),
            Poll::Ready(Some(Changes::These(set(0..1))))
        );
        feed.close();
        assert_eq!(reader.poll(&mut context), Poll::Ready(None));
        assert_eq!(reader.wait(Duration::from_secs(60)), None);
        assert!(reader.is_closed());
    }
}
