//! How far threads of ours stand behind the switch's own: calls and lookups come first.

use thread_priority::{
    NormalThreadSchedulePolicy, ThreadPriority, ThreadPriorityValue, ThreadSchedulePolicy,
    set_thread_priority_and_policy, thread_native_id,
};

/// How far behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behind {
    /// The switch waits for none of it, but wants it soon.
    Audio,
    /// Somebody waits for it, in a browser.
    People,
    /// Long calculations take what nobody else wants.
    Everybody,
}

/// The calling thread gives way from now on. It leaves the real-time class: distributions start the switch in that
/// (`CPUSchedulingPolicy=rr`), its threads inherit it, and a hash of a password would then hold up audio. One that is
/// further behind wakes without pushing another off its processor (`SCHED_BATCH`). One that calculates for long is
/// `SCHED_IDLE`, and not only nice: a processor that has nothing else counts as free, so that threads of the switch wake
/// there, and not where a lookup runs. Where the system refuses nothing is lost but that.
pub fn stand(behind: Behind) {
    // Of 99: the crate's scale, which ends as a niceness of 0, 10 and, for want of a meaning in that class, 0.
    let (priority, policy) = match behind {
        Behind::Audio => (48, NormalThreadSchedulePolicy::Other),
        Behind::People => (22, NormalThreadSchedulePolicy::Batch),
        Behind::Everybody => (48, NormalThreadSchedulePolicy::Idle),
    };
    let Ok(priority) = ThreadPriorityValue::try_from(priority) else {
        return;
    };
    let policy = ThreadSchedulePolicy::Normal(policy);
    let priority = ThreadPriority::Crossplatform(priority);
    if let Err(error) = set_thread_priority_and_policy(thread_native_id(), priority, policy) {
        tracing::debug!(?error, "a thread keeps the priority that it was started with");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_gives_way_and_no_other() {
        // proc(5): the 19th field is the niceness, the 41st the policy; the name before them ends with the last ')'.
        let standing = || {
            let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
            let fields: Vec<&str> = stat[stat.rfind(')').unwrap() + 2..].split(' ').collect();
            (fields[19 - 3].to_owned(), fields[41 - 3].to_owned())
        };
        let before = standing();
        let behind = |behind| {
            let stood = move || {
                stand(behind);
                standing()
            };
            std::thread::scope(|scope| scope.spawn(stood).join().unwrap())
        };
        let (batch, idle) = ("3".to_owned(), "5".to_owned());
        assert_eq!(behind(Behind::Audio), ("0".to_owned(), "0".to_owned()));
        assert_eq!(behind(Behind::People), ("10".to_owned(), batch));
        assert_eq!(behind(Behind::Everybody), ("0".to_owned(), idle));
        assert_eq!(standing(), before);
    }
}
