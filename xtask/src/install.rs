//! What the tests need from the system: found, else installed where Debian's or Ubuntu's packages can be, else named.

use crate::run::{Done, Failure, find, output, program, works};
use std::path::PathBuf;
use std::process::Command;

/// Installs Debian packages, as root or through `sudo` without a password.
pub fn apt(packages: &[&str], wanted_for: &str) -> Done {
    let named = packages.join(" ");
    let refused = |why: &str| {
        Failure::new(format!(
            "{wanted_for} needs {named}, which is not installed, and {why}; install it and repeat"
        ))
    };
    if find("apt-get", &[]).is_none() {
        return Err(refused("this system has no apt-get"));
    }
    let root = output(&mut program("id", ["-u"])).is_ok_and(|uid| uid.trim() == "0");
    if !root && !works(&mut program("sudo", ["-n", "true"])) {
        return Err(refused("installing it needs root or `sudo` without a password"));
    }
    println!("   installing {named}");
    let apt = |arguments: &[&str]| -> Done<String> {
        let mut command: Command = if root {
            program("env", ["DEBIAN_FRONTEND=noninteractive", "apt-get"])
        } else {
            program("sudo", ["-n", "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"])
        };
        output(command.args(arguments))
    };
    apt(&["update", "-qq"])?;
    let mut install = vec!["install", "-y", "-qq", "--no-install-recommends"];
    install.extend(packages);
    apt(&install).map(drop)
}

/// A Chromium that starts: `GUICHET_CHROMIUM`, else one in PATH, else installed.
pub fn chromium() -> Done<PathBuf> {
    if let Some(given) = std::env::var_os("GUICHET_CHROMIUM") {
        let given = PathBuf::from(given);
        return if starts(&given) {
            Ok(given)
        } else {
            Err(Failure::new(format!("GUICHET_CHROMIUM={} does not start", given.display())))
        };
    }
    if let Some(found) = chromium_in_path() {
        return Ok(found);
    }
    apt(&["chromium"], "the browser tests")?;
    chromium_in_path().ok_or_else(|| {
        Failure::new(
            "the package `chromium` brought no browser that starts (Ubuntu's is only a pointer to a snap); \
             install Chromium or Chrome and set GUICHET_CHROMIUM to its path",
        )
    })
}

fn chromium_in_path() -> Option<PathBuf> {
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
        .iter()
        .filter_map(|name| find(name, &[]))
        .find(starts)
}

fn starts(browser: &PathBuf) -> bool {
    works(&mut program(browser, ["--version"]))
}
