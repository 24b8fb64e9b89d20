//! What plugins compute gives way to what agents wait for: the priority of their threads, and the time that a thread has used.
//!
//! Linux has a priority for each thread; elsewhere plugins run like everything else, and time is counted by the watch.

/// How much they give way: where others want the whole machine, they have about a tenth of it. Nothing at all (`SCHED_IDLE`) was
/// tried, and leaves customers without their bot for as long as anything else is busy.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// The calling thread gives way. Always allowed; where it fails, plugins are only less modest.
pub(crate) fn give_way() {
    #[cfg(target_os = "linux")]
    {
        // `None` is the calling thread.
        let _lowered = rustix::process::setpriority_process(None, NICE);
    }
}

/// The processor time of a thread, by its number; nanoseconds. `None`: it can't be told here.
#[cfg(target_os = "linux")]
pub(crate) fn used(thread: i32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/self/task/{thread}/schedstat")).ok()?;
    text.split_whitespace().next()?.parse().ok()
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn used(_thread: i32) -> Option<u64> {
    None
}

/// The calling thread's number and its processor time so far.
#[cfg(target_os = "linux")]
pub(crate) fn here() -> (i32, u64) {
    use rustix::time::{ClockId, clock_gettime};
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let nanoseconds = time.tv_sec.saturating_mul(1_000_000_000).saturating_add(time.tv_nsec);
    (rustix::thread::gettid().as_raw_pid(), u64::try_from(nanoseconds).unwrap_or(0))
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn here() -> (i32, u64) {
    (0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_thread_gives_way_and_its_time_is_known() {
        let nice = || rustix::process::getpriority_process(None).unwrap();
        let worked = std::thread::spawn(move || {
            give_way();
            let (thread, before) = here();
            let mut sum = 0_u64;
            while here().1 < before + 20_000_000 {
                sum = std::hint::black_box(sum + 1);
            }
            (thread, nice(), before, used(thread).unwrap())
        });
        let own = nice();
        let (thread, lowered, before, after) = worked.join().unwrap();
        assert_eq!(lowered, NICE);
        // Only that thread: this one is as it was.
        assert_eq!(nice(), own);
        assert!(after >= before + 10_000_000, "{before} {after}");
        assert_ne!(thread, here().0);
    }
}
