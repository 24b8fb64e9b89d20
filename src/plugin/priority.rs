//! What plugins compute gives way to what agents wait for: the priority of their threads, and the time that a thread has used.
//!
//! Linux has a priority for each thread; elsewhere plugins run like everything else, and time is counted by the watch.

/// How much the thread that carries events to VMs and answers back gives way: its work is bounded by theirs.
const CARRIER: i32 = 10;

/// For threads that own a VM: the calling thread has what others leave, and everybody who wakes up goes first at once. A nicer thread
/// is not enough: it would finish its turn of some milliseconds.
#[cfg(target_os = "linux")]
pub(crate) fn idle() {
    use thread_priority::unix::{set_thread_priority_and_policy, thread_native_id};
    use thread_priority::{NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy};
    let policy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    // Always allowed; without it plugins would only be less modest.
    let _lowered = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, policy);
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn idle() {}

/// For the thread that carries: lowers the priority of the calling thread.
#[cfg(target_os = "linux")]
pub(crate) fn carrier() {
    // `None` is the calling thread.
    let _lowered = rustix::process::setpriority_process(None, CARRIER);
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn carrier() {}

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
        use thread_priority::unix::{thread_native_id, thread_schedule_policy_param};
        use thread_priority::{NormalThreadSchedulePolicy, ThreadSchedulePolicy};
        let policy = || thread_schedule_policy_param(thread_native_id()).unwrap().0;
        let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
        let worked = std::thread::spawn(move || {
            super::idle();
            let (thread, before) = here();
            let mut sum = 0_u64;
            while here().1 < before + 20_000_000 {
                sum = std::hint::black_box(sum + 1);
            }
            (thread, policy(), before, used(thread).unwrap())
        });
        let (thread, lowered, before, after) = worked.join().unwrap();
        assert_eq!(lowered, idle);
        // Only that thread: this one is as it was.
        assert_ne!(policy(), idle);
        assert!(after >= before + 10_000_000, "{before} {after}");
        assert_ne!(thread, here().0);
        let carrier = std::thread::spawn(|| {
            carrier();
            rustix::process::getpriority_process(None).unwrap()
        });
        assert_eq!(carrier.join().unwrap(), CARRIER);
    }
}
