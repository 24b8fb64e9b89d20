//! The console: built when one of its inputs changed, checked and tested with its own tools.

use crate::run::{Done, Failure, find, memory, output, program, root, run};
use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::Hasher;
use std::path::Path;
use std::process::Command;

/// What a build leaves behind, and so is no input of it.
const OUTPUTS: [&str; 5] = ["node_modules", "dist", "test-results", "playwright-report", ".svelte-kit"];

/// Is there a console in this checkout?
pub fn exists() -> bool {
    root().join("web/package.json").is_file()
}

/// Builds the console unless the last build saw the same inputs.
pub fn build() -> Done {
    let web = root().join("web");
    let inputs = hash(&web)?;
    let remembered = memory()?.join("console");
    let fresh = fs::read_to_string(&remembered).is_ok_and(|last| last == inputs);
    if fresh && web.join("dist/index.html").is_file() {
        return Ok(());
    }
    println!("building the console");
    packages()?;
    output(&mut command(&["run", "--silent", "build"]))?;
    remember(&remembered, &inputs)
}

/// Installs the console's packages unless they are those of the lock file.
pub fn packages() -> Done {
    node()?;
    let web = root().join("web");
    let lock = web.join("package-lock.json");
    let wanted = hash_of(&[&lock])?;
    let remembered = memory()?.join("packages");
    let fresh = fs::read_to_string(&remembered).is_ok_and(|last| last == wanted);
    if fresh && web.join("node_modules").is_dir() {
        return Ok(());
    }
    output(&mut command(&["ci", "--no-audit", "--no-fund"]))?;
    remember(&remembered, &wanted)
}

/// Runs one of the console's scripts.
pub fn npm(arguments: &[&str]) -> Done {
    run(&mut command(arguments))
}

/// Npm in the console's folder.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = program("npm", arguments);
    command.current_dir(root().join("web"));
    command
}

/// The oldest Node that the console's tools run on.
const NODE: (u32, u32) = (20, 19);

/// A Node that is new enough, or what to do about it.
fn node() -> Done {
    let missing =
        "the console is built with Node 20 or newer (https://nodejs.org, or `apt-get install nodejs npm`)";
    if find("node", &[]).is_none() || find("npm", &[]).is_none() {
        return Err(Failure::new(format!(
            "{missing}, and `node` or `npm` is not in PATH. Without the console: `cargo run -- serve --demo`"
        )));
    }
    let version = output(&mut program("node", ["--version"]))?;
    match numbers(&version) {
        Some(found) if found >= NODE => Ok(()),
        _ => Err(Failure::new(format!("{missing}; this one is {}", version.trim()))),
    }
}

/// `v20.19.2` → 20 and 19.
fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.trim().strip_prefix('v')?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn remember(file: &Path, text: &str) -> Done {
    fs::write(file, text).map_err(|error| Failure::new(format!("cannot write {}: {error}", file.display())))
}

/// One number for all the inputs below a folder: names and contents.
fn hash(folder: &Path) -> Done<String> {
    let mut files = Vec::new();
    inputs(folder, &mut files)
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", folder.display())))?;
    files.sort();
    hash_of(&files)
}

fn hash_of<P: AsRef<Path>>(files: &[P]) -> Done<String> {
    let mut hasher = DefaultHasher::new();
    for file in files {
        let file = file.as_ref();
        let content = fs::read(file)
            .map_err(|error| Failure::new(format!("cannot read {}: {error}", file.display())))?;
        hasher.write(file.as_os_str().as_encoded_bytes());
        hasher.write_usize(content.len());
        hasher.write(&content);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn inputs(folder: &Path, files: &mut Vec<std::path::PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if OUTPUTS.iter().any(|output| name == *output) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            inputs(&entry.path(), files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_inputs_change_the_hash() {
        let folder = std::env::temp_dir().join(format!("guichet-xtask-hash-{}", std::process::id()));
        fs::create_dir_all(folder.join("src")).unwrap();
        fs::create_dir_all(folder.join("dist")).unwrap();
        fs::write(folder.join("src/a.ts"), "1").unwrap();
        let first = hash(&folder).unwrap();
        fs::write(folder.join("dist/a.js"), "built").unwrap();
        assert_eq!(hash(&folder).unwrap(), first);
        fs::write(folder.join("src/a.ts"), "2").unwrap();
        let changed = hash(&folder).unwrap();
        assert_ne!(changed, first);
        fs::rename(folder.join("src/a.ts"), folder.join("src/b.ts")).unwrap();
        assert_ne!(hash(&folder).unwrap(), changed);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn node_versions_are_read() {
        let cases = [("v20.19.2\n", Some((20, 19))), ("v8.1.0", Some((8, 1))), ("20.1", None), ("", None)];
        for (version, expected) in cases {
            assert_eq!(numbers(version), expected, "{version}");
        }
    }
}
