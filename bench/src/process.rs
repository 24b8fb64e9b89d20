//! A server as a process of its own: pinned to a core, read from `/proc`, gone when we are.

use anyhow::{Context as _, bail, ensure};
use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::webhook::Connection;

pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone afterwards.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Process {
    /// Starts a program on CPU 0. It dies with us, also when we are killed.
    pub fn start(command: &[String], folder: &Path, log: &Path) -> anyhow::Result<Self> {
        let output = File::create(log).with_context(|| format!("write {}", log.display()))?;
        let mut words = vec!["setpriv".to_owned(), "--pdeathsig".to_owned(), "KILL".to_owned()];
        if pinned() {
            words.extend(["taskset", "-c", "0"].map(str::to_owned));
        }
        words.extend_from_slice(command);
        let child = Command::new(&words[0])
            .args(&words[1..])
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("start {}", words.join(" ")))?;
        Ok(Self { child, log: log.to_path_buf() })
    }

    /// Waits until it says that it is ready.
    pub async fn ready(&mut self, address: SocketAddr) -> anyhow::Result<()> {
        let patience = Instant::now() + Duration::from_secs(30);
        loop {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended ({status}) before it was ready:\n{}", self.said());
            }
            if let Ok(mut connection) = Connection::open(address).await
                && let Ok((200, _)) = connection.call("GET", "/readyz", "", "").await
            {
                return Ok(());
            }
            ensure!(Instant::now() < patience, "the server is not ready after 30 s:\n{}", self.said());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// User and system time so far, in steps of 10 ms.
    pub fn cpu_seconds(&self) -> anyhow::Result<f64> {
        cpu_seconds(&format!("/proc/{}/stat", self.child.id()))
    }

    /// What it holds in memory.
    pub fn mebibytes(&self) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kibibytes / 1024.0)
    }

    /// The end of its log.
    pub fn said(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }
}

pub fn own_cpu_seconds() -> anyhow::Result<f64> {
    cpu_seconds("/proc/self/stat")
}

fn cpu_seconds(file: &str) -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string(file).with_context(|| format!("read {file}"))?;
    // The name, in brackets, may hold anything; the numbers follow it. Fields 14 and 15 are ticks of 10 ms.
    let after = stat.rsplit_once(')').context("a stat line without a name")?.1;
    let ticks: Vec<f64> =
        after.split_whitespace().skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<f64>() / 100.0)
}

/// Are there two cores to keep the server and the load apart?
pub fn pinned() -> bool {
    std::thread::available_parallelism().is_ok_and(|cores| cores.get() >= 2)
        || std::env::var_os(PINNED).is_some()
}

const PINNED: &str = "GUICHET_BENCH_PINNED";

/// Starts this program again on CPU 1, once; gives its exit code when it did.
pub fn pin_to_second_core() -> anyhow::Result<Option<i32>> {
    if !pinned() || std::env::var_os(PINNED).is_some() {
        return Ok(None);
    }
    let status = Command::new("taskset")
        .args(["-c", "1"])
        .arg(std::env::current_exe()?)
        .args(std::env::args_os().skip(1))
        .env(PINNED, "1")
        .status()
        .context("start `taskset` (package util-linux)")?;
    Ok(Some(status.code().unwrap_or(1)))
}

/// A port that was free a moment ago.
pub fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?)
}
