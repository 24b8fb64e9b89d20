//! A plugin's folder, read once: everything that is loaded comes from this snapshot, so that a file can't change half way.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::fault::fault;
use super::manifest::{Manifest, is_name};
use crate::engine::PolicyError;
use crate::lua::{FILE_MAX, FILES_MAX, SET_MAX};

/// Plugins in one installation: each has a thread and up to 32 MiB.
pub const PLUGINS_MAX: usize = 32;
/// Deepest folder below a plugin's.
const DEPTH_MAX: usize = 3;

/// A plugin's sources.
#[derive(Debug, Clone, PartialEq)]
pub struct Bundle {
    /// What it is.
    pub manifest: Manifest,
    /// Name (`plugins/faq/init.lua`) to source.
    pub files: BTreeMap<String, String>,
    /// Tells one snapshot from another.
    pub hash: String,
}

impl Bundle {
    /// The file that is run first.
    pub(crate) fn main(&self) -> String {
        format!("plugins/{}/init.lua", self.manifest.name)
    }

    /// What it asks for, a line each.
    pub fn asks(&self) -> std::collections::BTreeSet<String> {
        self.manifest.asks()
    }

    /// From texts by their names inside the folder.
    pub fn from_files(name: &str, files: &BTreeMap<String, String>) -> Result<Self, Vec<PolicyError>> {
        let place = |file: &str| format!("plugins/{name}/{file}");
        let Some(text) = files.get("plugin.toml") else {
            return Err(vec![fault(
                &place("plugin.toml"),
                0,
                "is missing: it says what the plugin is and may",
            )]);
        };
        let manifest = Manifest::read(name, text)?;
        if !files.contains_key("init.lua") {
            return Err(vec![fault(&place("init.lua"), 0, "is missing: it is what runs")]);
        }
        let mut hash = Sha256::new();
        for (file, text) in files {
            for part in [file, text] {
                hash.update(part.len().to_le_bytes());
                hash.update(part);
            }
        }
        let total: usize = files.values().map(String::len).sum();
        if total > SET_MAX {
            return Err(vec![fault(&place(""), 0, format!("{total} bytes in all; at most {SET_MAX}"))]);
        }
        let sources = files.iter().filter(|(file, _)| is_lua(file));
        let files = sources.map(|(file, text)| (place(file), text.clone())).collect();
        Ok(Self { manifest, files, hash: hex::encode(hash.finalize()) })
    }

    /// Reads a folder.
    pub fn read(folder: &Path) -> Result<Self, Vec<PolicyError>> {
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let mut reading = Reading { name, files: BTreeMap::new(), faults: Vec::new() };
        reading.folder(folder, "", 0);
        if reading.faults.is_empty() { Self::from_files(name, &reading.files) } else { Err(reading.faults) }
    }
}

fn is_lua(file: &str) -> bool {
    Path::new(file).extension().is_some_and(|end| end == "lua")
}

/// The folders of plugins in a folder, by name. One that can't be read has none.
pub fn folders(plugins: &Path) -> BTreeMap<String, PathBuf> {
    let entries = std::fs::read_dir(plugins).into_iter().flatten().filter_map(Result::ok);
    let named = entries.filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())));
    let all: BTreeMap<String, PathBuf> =
        named.filter(|(name, path)| is_name(name) && path.join("plugin.toml").is_file()).collect();
    all.into_iter().take(PLUGINS_MAX).collect()
}

struct Reading<'a> {
    name: &'a str,
    files: BTreeMap<String, String>,
    faults: Vec<PolicyError>,
}

impl Reading<'_> {
    fn folder(&mut self, dir: &Path, inside: &str, depth: usize) {
        let place = |file: &str| format!("plugins/{}/{file}", self.name);
        let entries = match std::fs::read_dir(dir) {
            Ok(entries) => entries,
            Err(error) => {
                return self.faults.push(fault(&place(inside), 0, format!("can't be read: {error}")));
            }
        };
        let mut found: Vec<(String, PathBuf)> = entries
            .filter_map(Result::ok)
            .filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())))
            .filter(|(file, _)| !file.starts_with('.'))
            .collect();
        found.sort();
        for (file, path) in found {
            let name = if inside.is_empty() { file.clone() } else { format!("{inside}/{file}") };
            match path.is_dir() {
                true if depth < DEPTH_MAX => self.folder(&path, &name, depth + 1),
                false if is_lua(&file) || name == "plugin.toml" => self.file(&path, name),
                true | false => {}
            }
            if self.files.len() > FILES_MAX || self.faults.len() > FILES_MAX {
                let what = format!("more than {FILES_MAX} files: remove some");
                return self.faults.push(fault(&format!("plugins/{}", self.name), 0, what));
            }
        }
    }

    fn file(&mut self, path: &Path, name: String) {
        let place = format!("plugins/{}/{name}", self.name);
        let size = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        if size > FILE_MAX as u64 {
            return self.faults.push(fault(
                &place,
                0,
                format!("{size} bytes; a file has at most {FILE_MAX}: split it"),
            ));
        }
        match std::fs::read_to_string(path) {
            Ok(text) => drop(self.files.insert(name, text)),
            Err(error) => self.faults.push(fault(&place, 0, format!("can't be read: {error}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_read_within_limits() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("faq");
        std::fs::create_dir_all(folder.join("lib")).unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
        write("plugin.toml", "name = \"faq\"\nversion = \"1\"\napi = 1\nsummary = \"x\"\n");
        write("README.md", "x");
        write(".init.lua.swp", "x");
        assert!(Bundle::read(&folder).unwrap_err()[0].message.contains("is what runs"));
        write("init.lua", "return plugin()");
        write("lib/a.lua", "return 1");
        let bundle = Bundle::read(&folder).unwrap();
        let names: Vec<&str> = bundle.files.keys().map(String::as_str).collect();
        assert_eq!(names, ["plugins/faq/init.lua", "plugins/faq/lib/a.lua"]);
        assert_eq!(folders(dir.path()).len(), 1);
        write("init.lua", &"-".repeat(FILE_MAX + 1));
        assert!(Bundle::read(&folder).unwrap_err()[0].message.contains("split it"));
        write("init.lua", "return plugin()");
        for n in 0..=FILES_MAX {
            write(&format!("f{n}.lua"), "");
        }
        assert!(Bundle::read(&folder).unwrap_err()[0].message.contains("remove some"));
    }
}
