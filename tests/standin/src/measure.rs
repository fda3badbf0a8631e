//! What this process holds, as the kernel and the allocator count it. For tests: without /proc it panics.

/// Threads of this process.
pub fn threads() -> usize {
    entries("/proc/self/task")
}

/// Open descriptors of this process; the one that counts them is among them.
pub fn descriptors() -> usize {
    entries("/proc/self/fd")
}

fn entries(directory: &str) -> usize {
    std::fs::read_dir(directory).expect("/proc is mounted").count()
}

/// Bytes that are allocated and not freed, by us and by every library: all use the same `malloc`.
pub fn heap() -> usize {
    // SAFETY: no conditions.
    let info = unsafe { libc::mallinfo2() };
    info.uordblks + info.hblkhd
}

/// Resident memory, in bytes.
pub fn resident() -> usize {
    // What is freed stays with glibc's arenas, more or less of it as chance has it: hundreds of kilobytes.
    // SAFETY: no conditions.
    unsafe { libc::malloc_trim(0) };
    let text = std::fs::read_to_string("/proc/self/statm").expect("/proc is mounted");
    let pages: usize = text
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse().ok())
        .expect("a number");
    pages * 4096
}

/// What `now` answers, after a moment in which it may come down to `wanted`: the kernel cleans up after a
/// thread a little later than whoever joined it goes on.
pub fn settled(now: impl Fn() -> usize, wanted: usize) -> usize {
    for _ in 0..200 {
        if now() <= wanted {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    now()
}
