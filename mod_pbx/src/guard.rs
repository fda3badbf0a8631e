//! Panics stop here: one that left a function of C's calling convention would abort the switch, and with
//! it every call.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};

use once_cell::sync::OnceCell;

/// Runs the body of a function that the switch calls; `fallback` is what the switch gets if it panics.
///
/// The panic itself is logged by the hook that [`log_panics`] installs.
pub fn guard<T>(fallback: T, body: impl FnOnce() -> T) -> T {
    // What a panic left half-done is dropped with the closure, or behind a lock whose users take the
    // value as it is (module.rs), or in the core, which answers from immutable snapshots.
    match panic::catch_unwind(AssertUnwindSafe(body)) {
        Ok(result) => result,
        Err(payload) => {
            discard(payload);
            fallback
        }
    }
}

/// Drops a panic's payload, whose destructor may panic in its turn.
fn discard(payload: Box<dyn Any + Send>) {
    if let Err(second) = panic::catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(second);
    }
}

/// Logs every panic of ours with its place, then does what was done before (the default prints to
/// stderr, with a backtrace if asked to). Once per process: the hook outlives an unload as the image does.
pub fn log_panics() {
    static HOOKED: OnceCell<()> = OnceCell::new();
    HOOKED.get_or_init(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            report(info);
            before(info);
        }));
    });
}

fn report(info: &PanicHookInfo<'_>) {
    let payload = info.payload();
    let text = match payload.downcast_ref::<String>() {
        Some(text) => text,
        None => payload.downcast_ref::<&str>().copied().unwrap_or("(no text)"),
    };
    match info.location() {
        Some(place) => tracing::error!("panic at {place}: {text}"),
        None => tracing::error!("panic: {text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_the_fallback() {
        assert_eq!(guard(7, || panic!("expected")), 7);
        assert_eq!(guard(7, || 8), 8);
    }

    #[test]
    fn so_does_one_whose_payload_panics_when_dropped() {
        struct Grenade;
        impl Drop for Grenade {
            fn drop(&mut self) {
                panic!("expected too");
            }
        }
        assert_eq!(guard(7, || panic::panic_any(Grenade)), 7);
    }
}
