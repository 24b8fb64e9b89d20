//! What the tests need from the system: found, else installed where Debian's or Ubuntu's packages can be, else named.

use crate::run::{Done, Failure, find, memory, output, program, works};
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

/// A Python that has aiosmtpd, the mail server of the tests: `GUICHET_TEST_SMTP_PYTHON`, else one of our own with the package.
pub fn smtp_python() -> Done<PathBuf> {
    /// The release that the tests were written with.
    const PACKAGE: &str = "aiosmtpd==1.4.6";
    let serves = |python: &PathBuf| works(&mut program(python, ["-c", "import aiosmtpd"]));
    if let Some(given) = std::env::var_os("GUICHET_TEST_SMTP_PYTHON").map(PathBuf::from) {
        let no = || Failure::new(format!("GUICHET_TEST_SMTP_PYTHON={} has no aiosmtpd", given.display()));
        return if serves(&given) { Ok(given) } else { Err(no()) };
    }
    let folder = memory()?.join("smtp-python");
    let python = folder.join("bin/python");
    if serves(&python) {
        return Ok(python);
    }
    if find("python3", &[]).is_none() || !works(&mut program("python3", ["-c", "import venv, ensurepip"])) {
        apt(&["python3", "python3-venv"], "the tests of transcripts")?;
    }
    println!("   installing {PACKAGE}");
    output(program("python3", ["-m", "venv"]).arg(&folder))?;
    output(&mut program(&python, ["-m", "pip", "install", "--quiet", PACKAGE]))?;
    Ok(python)
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
