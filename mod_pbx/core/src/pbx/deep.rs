//! A thread with room for what a thread of the switch has none for.

/// Whatever is not a look-up runs on a thread of its own with this much stack, in bytes: FreeSWITCH's
/// threads have 240 kB (`SWITCH_THREAD_STACKSIZE`), which parsing arguments and SQL may exceed.
const DEEP_STACK: usize = 2 * 1024 * 1024;

/// Why there is no answer.
pub(super) enum NoAnswer {
    Panicked(Box<dyn std::any::Any + Send>),
    NoThread(std::io::Error),
}

/// Runs `work` on a thread of [`DEEP_STACK`] and waits for it.
pub(super) fn on_deep_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, NoAnswer> {
    std::thread::scope(|scope| {
        let worker = std::thread::Builder::new()
            .name("pbx-command".to_owned())
            .stack_size(DEEP_STACK);
        let thread = worker.spawn_scoped(scope, work).map_err(NoAnswer::NoThread)?;
        thread.join().map_err(NoAnswer::Panicked)
    })
}
