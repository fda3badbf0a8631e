//! SIGINT, SIGTERM and SIGHUP: the first stops the host in order, the second ends it at once.

use std::mem::MaybeUninit;

use crate::core::request_stop;

/// Takes the signals from now on. Before any other thread is started: they inherit that they do not get them.
pub(super) fn watch() -> Result<(), String> {
    let mut set = MaybeUninit::uninit();
    // SAFETY: initialises the set.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        // SAFETY: initialised above.
        unsafe { libc::sigaddset(set.as_mut_ptr(), signal) };
    }
    // SAFETY: initialised above.
    let set = unsafe { set.assume_init() };
    // SAFETY: a set of signals that this thread may block.
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut()) };
    let wait = move || {
        let mut signal = 0;
        // SAFETY: the signals are blocked in every thread.
        unsafe { libc::sigwait(&raw const set, &raw mut signal) };
        request_stop();
        // SAFETY: as above.
        unsafe { libc::sigwait(&raw const set, &raw mut signal) };
        // SAFETY: ends the process without unwinding what hangs.
        unsafe { libc::_exit(128 + signal) };
    };
    let thread = std::thread::Builder::new().name("signals".to_owned());
    thread.spawn(wait).map(drop).map_err(|error| error.to_string())
}
