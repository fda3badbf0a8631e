//! A read-write lock with the default attributes of pthread, as the switch's own.
//!
//! Not `std::sync::RwLock`: the switch lets a reader read again, and under steady readers it lets a writer
//! starve. A module must live with both, so the stand-in has both.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A number that was never a handle before.
pub(crate) fn next_handle() -> usize {
    static LAST: AtomicUsize = AtomicUsize::new(0x5ea7_0000);
    LAST.fetch_add(1, Ordering::Relaxed)
}

/// A value behind a `pthread_rwlock_t`.
pub(crate) struct PthreadRw<T> {
    lock: UnsafeCell<libc::pthread_rwlock_t>,
    value: UnsafeCell<T>,
}

// SAFETY: `value` is reached only through `read` and `write`, which hold `lock` meanwhile.
unsafe impl<T: Send + Sync> Sync for PthreadRw<T> {}

impl<T> PthreadRw<T> {
    /// A lock that nobody holds.
    pub(crate) const fn new(value: T) -> Self {
        Self {
            lock: UnsafeCell::new(libc::PTHREAD_RWLOCK_INITIALIZER),
            value: UnsafeCell::new(value),
        }
    }

    /// Runs `f` with the lock held for reading; `f` may read again.
    pub(crate) fn read<R>(&self, f: impl FnOnce(&T) -> R) -> R {
        // SAFETY: the lock is initialised and never moves while borrowed.
        let status = unsafe { libc::pthread_rwlock_rdlock(self.lock.get()) };
        assert_eq!(status, 0, "pthread_rwlock_rdlock");
        let held = Held(self.lock.get());
        // SAFETY: no writer exists while `held` lives.
        let answer = f(unsafe { &*self.value.get() });
        drop(held);
        answer
    }

    /// Runs `f` alone. Called from within `read` on the same thread it never returns, or fails: the switch's
    /// modules deadlock there.
    pub(crate) fn write<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        // SAFETY: as in `read`.
        let status = unsafe { libc::pthread_rwlock_wrlock(self.lock.get()) };
        assert_eq!(
            status, 0,
            "pthread_rwlock_wrlock: bound or unbound inside a callback?"
        );
        let held = Held(self.lock.get());
        // SAFETY: nobody else holds the lock while `held` lives.
        let answer = f(unsafe { &mut *self.value.get() });
        drop(held);
        answer
    }

    /// As `write`, or `None` at once when someone holds the lock.
    pub(crate) fn try_write<R>(&self, f: impl FnOnce(&mut T) -> R) -> Option<R> {
        // SAFETY: as in `read`.
        if unsafe { libc::pthread_rwlock_trywrlock(self.lock.get()) } != 0 {
            return None;
        }
        let held = Held(self.lock.get());
        // SAFETY: as in `write`.
        let answer = f(unsafe { &mut *self.value.get() });
        drop(held);
        Some(answer)
    }
}

struct Held(*mut libc::pthread_rwlock_t);

impl Drop for Held {
    fn drop(&mut self) {
        // SAFETY: this thread holds the lock, which outlives the guard.
        unsafe { libc::pthread_rwlock_unlock(self.0) };
    }
}

#[cfg(test)]
mod tests {
    use super::PthreadRw;

    #[test]
    fn a_reader_may_read_again_and_keeps_writers_out() {
        let lock = PthreadRw::new(1);
        let seen = lock.read(|outer| {
            assert!(lock.try_write(|_| ()).is_none());
            lock.read(|inner| outer + inner)
        });
        assert_eq!(seen, 2);
        assert_eq!(lock.try_write(|value| std::mem::replace(value, 5)), Some(1));
        lock.write(|value| *value += 1);
        assert_eq!(lock.read(|value| *value), 6);
    }
}
