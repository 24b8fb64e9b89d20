//! The server that is measured: its folder on a real disk, its settings and people, and how it is started.

use crate::agents::PASSWORD;
use crate::process::{Process, pinned};
use crate::webhook::{ACCOUNT, CHANNEL, PHONE, SECRET};
use anyhow::{Context as _, bail};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Where one server has everything.
pub struct Server<'a> {
    pub program: &'a Path,
    pub data: &'a Path,
    pub provider: SocketAddr,
}

impl Server<'_> {
    /// Writes its settings (`more` comes first: keys that belong to no table) and adds people.
    pub fn set_up(&self, more: &str, logins: &[String]) -> anyhow::Result<()> {
        std::fs::write(self.config(), format!("{more}{}", configuration(self.provider)))?;
        let (config, data) = (self.config(), self.data.to_string_lossy().into_owned());
        for login in logins {
            let config = config.to_string_lossy();
            add_agent(&[
                &self.program.to_string_lossy(),
                "agent",
                "add",
                login,
                "--config",
                &config,
                "--data",
                &data,
            ])?;
        }
        Ok(())
    }

    fn config(&self) -> PathBuf {
        self.data.join("guichet.toml")
    }

    /// Runs one of its commands to the end.
    pub fn command(&self, words: &[&str]) -> anyhow::Result<()> {
        let output = Command::new(self.program)
            .args(words)
            .arg("--config")
            .arg(self.config())
            .arg("--data")
            .arg(self.data)
            .stdin(Stdio::null())
            .output()
            .with_context(|| words.join(" "))?;
        if !output.status.success() {
            bail!("{}: {}", words.join(" "), String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }

    /// Starts it.
    pub fn start(&self, address: SocketAddr) -> anyhow::Result<Process> {
        let (program, listen) = (self.program.to_string_lossy(), address.to_string());
        let (config, data) = (self.config(), self.data.to_string_lossy().into_owned());
        let config = config.to_string_lossy();
        let parts = [&*program, "serve", "--demo", "--config", &config, "--data", &data, "--listen", &listen];
        Process::start(&parts.map(str::to_owned), &std::env::current_dir()?, &self.data.join("log"))
    }
}

fn add_agent(command: &[&str]) -> anyhow::Result<()> {
    let mut child = Command::new(command[0])
        .args(&command[1..])
        .args([
            "--name",
            "Bench",
            "--role",
            "agent",
            "--skill",
            "support:5",
            "--skill",
            "sales:5",
            "--capacity",
            "1000",
            "--password-stdin",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| command.join(" "))?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(PASSWORD.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("{}: {}", command.join(" "), String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

fn configuration(provider: SocketAddr) -> String {
    format!(
        r#"[[channel]]
id = "{CHANNEL}"
kind = "whatsapp"
phone_number_id = "{PHONE}"
business_account_id = "{ACCOUNT}"
graph_url = "http://{provider}/v23.0"
access_token = "bench-token"
app_secret = "{SECRET}"
verify_token = "bench-verify"
messages_per_second = 1000000
"#
    )
}

/// Where the databases are made: on the disk of the build, as a temporary folder may be memory, where nothing is durable.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> anyhow::Result<Self> {
        let program = std::env::current_exe()?;
        let beside = program.parent().context("a program without a folder")?;
        let folder = beside.join(format!("bench-data-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left is in the build's folder, which is thrown away anyway.
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// The same folder, with nothing in it.
pub fn fresh(folder: &Path) -> anyhow::Result<PathBuf> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    std::fs::create_dir_all(folder)?;
    Ok(folder.to_path_buf())
}

/// What the figures depend on besides the programs.
pub fn conditions(folder: &Path) -> anyhow::Result<String> {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown");
    let cores = cpu.lines().filter(|line| line.starts_with("processor")).count();
    let mut file = std::fs::File::create(folder.join("sync"))?;
    let mut waits: Vec<Duration> = Vec::new();
    for _ in 0..100 {
        file.write_all(&[0; 4096])?;
        let start = Instant::now();
        file.sync_data()?;
        waits.push(start.elapsed());
    }
    waits.sort();
    let sync = waits.get(50).map_or(0.0, Duration::as_secs_f64) * 1000.0;
    let place =
        if pinned() { "server on CPU 0, load on CPU 1" } else { "one core for both: ratios mean little" };
    Ok(format!(
        "{}, {cores} cores; {place}; fdatasync {sync:.2} ms",
        model.trim_start_matches([':', '\t', ' '])
    ))
}
