//! Running other programs: where they are, what they were called with, and what to say when they fail.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What went wrong, said once, to a person.
#[derive(Debug)]
pub struct Failure(String);

impl Failure {
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub type Done<T = ()> = Result<T, Failure>;

/// The folder that holds the workspace.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// The folder in which cargo builds.
pub fn target() -> PathBuf {
    let given = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    root().join(given.unwrap_or_else(|| PathBuf::from("target")))
}

/// The folder for what these commands remember between runs.
pub fn memory() -> Done<PathBuf> {
    let folder = target().join("xtask");
    std::fs::create_dir_all(&folder)
        .map_err(|error| Failure::new(format!("cannot make {}: {error}", folder.display())))?;
    Ok(folder)
}

/// What cargo calls that which it tells of a package.
const OURS: [&str; 2] = ["CARGO_PKG_", "CARGO_MANIFEST_"];

/// Cargo, as the one that started us, in the workspace's folder.
pub fn cargo<I: AsRef<OsStr>>(arguments: impl IntoIterator<Item = I>) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    // Cargo tells its children about the package it runs (us); a cargo below must find out for itself. Build scripts look at
    // these too: with ours, `ring` and all that uses it would be built anew here, and once more by whoever types the command.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| OURS.iter().any(|begin| name.starts_with(begin))) {
            command.env_remove(name);
        }
    }
    command.args(arguments).current_dir(root());
    command
}

/// Any program, in the workspace's folder.
pub fn program<I: AsRef<OsStr>>(name: impl AsRef<OsStr>, arguments: impl IntoIterator<Item = I>) -> Command {
    let mut command = Command::new(name);
    command.args(arguments).current_dir(root());
    command
}

/// Runs it with our own output; anything but success is a failure.
pub fn run(command: &mut Command) -> Done {
    let shown = shown(command);
    let status =
        command.status().map_err(|error| Failure::new(format!("cannot start `{shown}`: {error}")))?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("`{shown}` failed ({status})"))) }
}

/// Runs it in silence and gives what it printed, or what it complained about.
pub fn output(command: &mut Command) -> Done<String> {
    let shown = shown(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Failure::new(format!("cannot start `{shown}`: {error}")))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let also = String::from_utf8_lossy(&output.stdout);
    Err(Failure::new(format!("`{shown}` failed ({})\n{}{}", output.status, also, said.trim_end())))
}

/// Does this program start at all?
pub fn works(command: &mut Command) -> bool {
    output(command).is_ok()
}

/// The first folder of PATH (then of `also`) that holds this program.
pub fn find(name: &str, also: &[PathBuf]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(also.iter().cloned())
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file())
}

fn shown(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|argument| argument.to_string_lossy().into_owned()));
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_command_and_what_it_said() {
        let failure = output(&mut program("sh", ["-c", "echo why >&2; exit 3"])).unwrap_err().to_string();
        assert!(failure.contains("sh -c") && failure.contains("why") && failure.contains('3'), "{failure}");
        let failure = run(&mut program("no-such-program-here", ["-x"])).unwrap_err().to_string();
        assert!(failure.contains("cannot start `no-such-program-here -x`"), "{failure}");
    }

    #[test]
    fn programs_are_found_in_path_and_elsewhere() {
        assert!(find("sh", &[]).is_some());
        assert!(find("no-such-program-here", &[]).is_none());
    }
}
