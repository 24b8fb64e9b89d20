//! Writes scripts into their folder, whole or not at all. It must not know whether they are good: they were tried before.

use std::ffi::OsStr;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::source::{ScriptSet, is_lua, read_folder};

/// What every script's name begins with, whatever the folder is called.
const ROOT: &str = "scripts";

/// Whether a script may be called so: below the folder, no hidden part, and Lua.
pub fn is_name(name: &str) -> bool {
    place(Path::new(""), name).is_some()
}

/// Where a script of this name stands.
fn place(dir: &Path, name: &str) -> Option<PathBuf> {
    let inner = Path::new(name).strip_prefix(ROOT).ok()?;
    let plain = |part: Component<'_>| match part {
        Component::Normal(part) => part.to_str().is_some_and(|part| !part.starts_with('.')),
        Component::Prefix(_) | Component::RootDir | Component::CurDir | Component::ParentDir => false,
    };
    let fits = is_lua(name) && !name.contains('\\') && inner.components().all(plain);
    fits.then(|| dir.join(inner))
}

/// Writes one script. Whoever reads the folder meanwhile finds the old one or the new one.
pub fn write_script(dir: &Path, name: &str, text: &str) -> io::Result<()> {
    let wrong = || io::Error::new(io::ErrorKind::InvalidInput, format!("{name} is no name for a script"));
    let path = place(dir, name).ok_or_else(wrong)?;
    let file = path.file_name().and_then(OsStr::to_str).ok_or_else(wrong)?;
    let parent = path.parent().ok_or_else(wrong)?;
    std::fs::create_dir_all(parent)?;
    // Hidden, so that nobody takes it for a script.
    let passing = parent.join(format!(".{file}.new"));
    std::fs::write(&passing, text)?;
    std::fs::File::open(&passing)?.sync_all()?;
    std::fs::rename(&passing, &path)
}

/// Makes the folder's scripts those of a set; what the set does not have goes.
pub fn write_set(dir: &Path, set: &ScriptSet) -> io::Result<()> {
    let there = read_folder(dir).unwrap_or_default();
    for (name, text) in &set.files {
        if there.files.get(name) != Some(text) {
            write_script(dir, name, text)?;
        }
    }
    for name in there.files.keys().filter(|name| !set.files.contains_key(*name)) {
        if let Some(path) = place(dir, name) {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn names_stay_below_the_folder() {
        for name in ["scripts/routing.lua", "scripts/tests/routing.lua", "scripts/lib/a b.lua"] {
            assert!(is_name(name), "{name}");
        }
        for name in [
            "routing.lua",
            "/etc/passwd.lua",
            "scripts/../main.lua",
            "scripts/.hidden.lua",
            "scripts/x.txt",
            "scripts/a\\b.lua",
            "scripts",
            "",
        ] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn a_set_replaces_what_is_there_and_leaves_other_files() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("notes.txt"), "ours").unwrap();
        write_script(dir.path(), "scripts/old.lua", "return 1").unwrap();
        let files = BTreeMap::from([("scripts/lib/new.lua".to_owned(), "return 2".to_owned())]);
        let set = ScriptSet { files };
        write_set(dir.path(), &set).unwrap();
        assert_eq!(read_folder(dir.path()).unwrap(), set);
        assert!(dir.path().join("notes.txt").exists() && !dir.path().join("old.lua").exists());
        assert!(write_script(dir.path(), "scripts/../out.lua", "return 3").is_err());
    }
}
