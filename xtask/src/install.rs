//! What the tests need from the system: found, else installed where Debian's or Ubuntu's packages can be, else named.

use crate::run::{Done, Failure, find, memory, output, program, root, works};
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

/// A published description that is not ours to copy, kept beside the project.
const DEEPL: &str = "../shared/specs/deepl_openapi.json";

/// What the tests of translators need that we did not write, as the variables that name it. What is not to be had is said.
pub fn translators() -> Vec<(&'static str, PathBuf)> {
    let mut found = Vec::new();
    let description =
        std::env::var_os("GUICHET_TEST_DEEPL").map_or_else(|| root().join(DEEPL), PathBuf::from);
    if description.is_file() {
        match prism() {
            Ok(prism) => found.extend([("GUICHET_TEST_PRISM", prism), ("GUICHET_TEST_DEEPL", description)]),
            Err(failure) => println!("   SKIPPED, the deepl plugin against DeepL's description: {failure}"),
        }
    } else {
        let place = description.display();
        println!("   SKIPPED, the deepl plugin against DeepL's description: there is no {place}");
    }
    match apertium() {
        Ok(apertium) => found.push(("GUICHET_TEST_APERTIUM", apertium)),
        Err(failure) => println!("   SKIPPED, the libretranslate plugin before a real translator: {failure}"),
    }
    found
}

/// Prism, which checks calls and answers by a description; its version and those of all it needs are in the lock file.
fn prism() -> Done<PathBuf> {
    if let Some(given) = std::env::var_os("GUICHET_TEST_PRISM") {
        return Ok(given.into());
    }
    let (ours, folder) = (root().join("xtask/prism"), memory()?.join("prism"));
    let program = folder.join("node_modules/.bin/prism");
    let read = |path: PathBuf| std::fs::read(path).unwrap_or_default();
    let lock = "package-lock.json";
    if program.is_file() && read(folder.join(lock)) == read(ours.join(lock)) {
        return Ok(program);
    }
    println!("   installing Prism");
    let failed =
        |error: std::io::Error| Failure::new(format!("cannot prepare {}: {error}", folder.display()));
    std::fs::create_dir_all(&folder).map_err(failed)?;
    // The lock file last: it says that the rest is there.
    std::fs::copy(ours.join("package.json"), folder.join("package.json")).map_err(failed)?;
    std::fs::copy(ours.join(lock), folder.join(lock)).map_err(failed)?;
    let mut npm = program_in(&folder, "npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"]);
    if let Err(failure) = output(&mut npm) {
        // What is half there is not taken for the whole next time.
        drop(std::fs::remove_file(folder.join(lock)));
        return Err(failure);
    }
    Ok(program)
}

fn program_in<const N: usize>(folder: &std::path::Path, name: &str, arguments: [&str; N]) -> Command {
    let mut command = program(name, arguments);
    command.current_dir(folder);
    command
}

/// Apertium with the pair of languages that the test uses.
fn apertium() -> Done<PathBuf> {
    let there = || -> Option<PathBuf> {
        let given = std::env::var_os("GUICHET_TEST_APERTIUM").map(PathBuf::from);
        let found = given.or_else(|| find("apertium", &[]))?;
        let modes = output(&mut program(&found, ["-l"])).ok()?;
        modes.lines().any(|mode| mode.trim() == "fra-cat").then_some(found)
    };
    if let Some(found) = there() {
        return Ok(found);
    }
    apt(&["apertium", "apertium-fra-cat"], "a translator for the tests")?;
    there()
        .ok_or_else(|| Failure::new("the packages of Apertium brought no translation from French to Catalan"))
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
