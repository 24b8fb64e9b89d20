//! The sources of an installation's scripts: read from a folder with limits, or the ones that come with the server.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::fault::fault;
use crate::engine::PolicyError;

/// Largest script. The compiler is outside the VM's limits, so it never sees more.
pub const FILE_MAX: usize = 256 * 1024;
/// Most files in a set.
pub const FILES_MAX: usize = 64;
/// Most bytes in a set.
pub const SET_MAX: usize = 2 * 1024 * 1024;
/// Deepest folder below `scripts/`.
const DEPTH_MAX: usize = 4;

/// The five scripts, each of which returns one table.
pub(crate) const ROUTING: &str = "scripts/routing.lua";
pub(crate) const QUICK_REPLIES: &str = "scripts/quick_replies.lua";
pub(crate) const TIMERS: &str = "scripts/timers.lua";
pub(crate) const AUTO_CLOSE: &str = "scripts/auto_close.lua";
pub(crate) const ADDRESS_BOOKS: &str = "scripts/address_books.lua";

/// Where tests stand.
pub(crate) const TESTS: &str = "scripts/tests/";

/// A snapshot of the scripts. Everything that is loaded comes from one, so that a file can't change half way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScriptSet {
    /// Name (`scripts/routing.lua`, whatever the folder is called) to source.
    pub files: BTreeMap<String, String>,
}

impl ScriptSet {
    /// Tells one set from another: names and contents.
    pub fn fingerprint(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        for (name, text) in &self.files {
            for part in [name, text] {
                hash.update(part.len().to_le_bytes());
                hash.update(part);
            }
        }
        hash.finalize().into()
    }

    /// A script that is not there is the one that comes with the server.
    pub(crate) fn completed(&self) -> Self {
        let mut set = self.clone();
        for (name, text) in SHIPPED {
            if !name.starts_with(TESTS) {
                set.files.entry(name.to_owned()).or_insert_with(|| text.to_owned());
            }
        }
        set
    }

    /// What is wrong with the set as files, if anything.
    pub(crate) fn faults(&self) -> Vec<PolicyError> {
        let mut faults: Vec<PolicyError> = self
            .files
            .iter()
            .filter(|(_, text)| text.len() > FILE_MAX)
            .map(|(name, text)| {
                fault(name, 0, format!("{} bytes; a script has at most {FILE_MAX}: split it", text.len()))
            })
            .collect();
        if self.files.len() > FILES_MAX {
            let what = format!("{} scripts; at most {FILES_MAX}: remove some", self.files.len());
            faults.push(fault("scripts", 0, what));
        }
        let total: usize = self.files.values().map(String::len).sum();
        if total > SET_MAX {
            faults.push(fault("scripts", 0, format!("{total} bytes in all; at most {SET_MAX}: remove some")));
        }
        faults
    }
}

const SHIPPED: [(&str, &str); 9] = [
    (ROUTING, include_str!("../../scripts/routing.lua")),
    (QUICK_REPLIES, include_str!("../../scripts/quick_replies.lua")),
    (TIMERS, include_str!("../../scripts/timers.lua")),
    (AUTO_CLOSE, include_str!("../../scripts/auto_close.lua")),
    (ADDRESS_BOOKS, include_str!("../../scripts/address_books.lua")),
    ("scripts/tests/routing.lua", include_str!("../../scripts/tests/routing.lua")),
    ("scripts/tests/quick_replies.lua", include_str!("../../scripts/tests/quick_replies.lua")),
    ("scripts/tests/timers.lua", include_str!("../../scripts/tests/timers.lua")),
    ("scripts/tests/auto_close.lua", include_str!("../../scripts/tests/auto_close.lua")),
];

/// The scripts that come with the server, with their tests.
pub fn defaults() -> ScriptSet {
    let files = SHIPPED.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
    ScriptSet { files }
}

/// Reads the `.lua` files of a folder and its folders.
pub fn read_folder(dir: &Path) -> Result<ScriptSet, Vec<PolicyError>> {
    let mut reading = Reading { set: ScriptSet::default(), faults: Vec::new() };
    reading.folder(dir, "scripts", 0);
    if reading.faults.is_empty() {
        reading.faults = reading.set.faults();
    }
    if reading.faults.is_empty() { Ok(reading.set) } else { Err(reading.faults) }
}

/// Names an editor makes for a moment; hidden ones include the `..data` of a mounted configuration, whose files appear
/// under their own names too.
fn passing(name: &str) -> bool {
    name.starts_with('.') || name.ends_with('~') || !is_lua(name)
}

pub(crate) fn is_lua(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|end| end == "lua")
}

struct Reading {
    set: ScriptSet,
    faults: Vec<PolicyError>,
}

impl Reading {
    fn folder(&mut self, dir: &Path, name: &str, depth: usize) {
        let entries = match std::fs::read_dir(dir) {
            Ok(entries) => entries,
            Err(error) => return self.faults.push(fault(name, 0, format!("can't be read: {error}"))),
        };
        let mut found: Vec<(String, PathBuf)> = entries
            .filter_map(Result::ok)
            .filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())))
            .collect();
        found.sort();
        for (file, path) in found {
            let inner = format!("{name}/{file}");
            match path.is_dir() {
                true if depth < DEPTH_MAX && !file.starts_with('.') => self.folder(&path, &inner, depth + 1),
                false if !passing(&file) => self.file(&path, inner),
                true | false => {}
            }
            // A folder with a million files is not read to its end to say so.
            if self.set.files.len() > FILES_MAX || self.faults.len() > FILES_MAX {
                return;
            }
        }
    }

    fn file(&mut self, path: &Path, name: String) {
        let size = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        if size > FILE_MAX as u64 {
            let what = format!("{size} bytes; a script has at most {FILE_MAX}: split it");
            return self.faults.push(fault(&name, 0, what));
        }
        match std::fs::read(path) {
            Ok(bytes) => match String::from_utf8(bytes) {
                Ok(text) => drop(self.set.files.insert(name, text)),
                Err(error) => {
                    let good = error.utf8_error().valid_up_to();
                    let before = error.as_bytes().get(..good).unwrap_or_default();
                    let line = before.split(|byte| *byte == b'\n').count();
                    self.faults.push(fault(&name, line, "not UTF-8 text: save the file as UTF-8"));
                }
            },
            Err(error) => self.faults.push(fault(&name, 0, format!("can't be read: {error}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        dir
    }

    #[test]
    fn what_editors_leave_is_not_read() {
        let dir = folder(&[
            ("routing.lua", b"a"),
            ("lib/words.lua", b"b"),
            ("tests/routing.lua", b"c"),
            (".routing.lua.swp", b"x"),
            (".#routing.lua", b"x"),
            ("routing.lua~", b"x"),
            ("4913", b"x"),
            ("README.md", b"x"),
            ("..2026_11_23/routing.lua", b"x"),
        ]);
        let set = read_folder(dir.path()).unwrap();
        let names: Vec<&str> = set.files.keys().map(String::as_str).collect();
        assert_eq!(names, ["scripts/lib/words.lua", "scripts/routing.lua", "scripts/tests/routing.lua"]);
    }

    #[test]
    fn limits_name_the_file() {
        let big = vec![b'-'; FILE_MAX + 1];
        let dir = folder(&[("routing.lua", &big), ("timers.lua", b"return 1\n\xff")]);
        let faults = read_folder(dir.path()).unwrap_err();
        let shown: Vec<(&str, u32)> = faults.iter().map(|f| (f.file.as_str(), f.line)).collect();
        assert_eq!(shown, [("scripts/routing.lua", 0), ("scripts/timers.lua", 2)]);
        let exact = vec![b'-'; FILE_MAX];
        assert!(read_folder(folder(&[("routing.lua", &exact)]).path()).is_ok());

        let names: Vec<String> = (0..=FILES_MAX).map(|n| format!("f{n}.lua")).collect();
        let many: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
        assert!(read_folder(folder(&many).path()).unwrap_err()[0].message.contains("at most 64"));
        let names: Vec<(&str, &[u8])> =
            many.iter().take(9).map(|(name, _)| (*name, exact.as_slice())).collect();
        assert!(read_folder(folder(&names).path()).unwrap_err()[0].message.contains("in all"));
        let gone = read_folder(Path::new("no-such-folder")).unwrap_err();
        assert_eq!((gone[0].file.as_str(), gone.len()), ("scripts", 1));
    }

    #[test]
    fn a_fingerprint_tells_names_from_contents() {
        let set = |name: &str, text: &str| ScriptSet { files: BTreeMap::from([(name.into(), text.into())]) };
        assert_ne!(set("a", "bc").fingerprint(), set("ab", "c").fingerprint());
        assert_eq!(set("a", "b").fingerprint(), set("a", "b").fingerprint());
    }
}
