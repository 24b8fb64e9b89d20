//! Editor definitions of the scripts' API, for luau-lsp. Lists of words come from the types they belong to.

use std::path::{Path, PathBuf};

use super::holidays::Country;
use crate::domain::{ChannelKind, Ownership, Status};

const TEMPLATE: &str = include_str!("guichet.d.luau");

/// Settings of the Luau tools: strict checking, unless a file says otherwise.
const LUAURC: &str = "{\n  \"languageMode\": \"strict\",\n  \"lint\": { \"*\": true }\n}\n";

/// The definitions as text.
pub fn definitions() -> String {
    let choice =
        |words: &[&str]| words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" | ");
    TEMPLATE
        .replace("@STATUS@", &choice(Status::WORDS))
        .replace("@OWNERSHIP@", &choice(Ownership::WORDS))
        .replace("@KIND@", &choice(ChannelKind::WORDS))
        .replace("@COUNTRY@", &Country::WORDS.join(", "))
}

/// Writes `guichet.d.luau` and `.luaurc` into a folder; returns what was written.
pub fn write_types(out: &Path) -> std::io::Result<Vec<PathBuf>> {
    std::fs::create_dir_all(out)?;
    let files = [(out.join("guichet.d.luau"), definitions()), (out.join(".luaurc"), LUAURC.to_owned())];
    let mut written = Vec::new();
    for (path, text) in files {
        std::fs::write(&path, text)?;
        written.push(path);
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_the_api_is_defined() {
        let text = definitions();
        assert!(text.contains("\"pending\"") && !text.contains('@'));
        let api = concat!(include_str!("api.luau"), include_str!("testing.luau"));
        let methods = api.lines().filter_map(|line| {
            let name = line.strip_prefix("function ")?.split(['(']).next()?;
            Some(name.split(['.', ':']).next_back()?.to_owned())
        });
        let kinds = [
            "routing",
            "timers",
            "auto_close",
            "quick_replies",
            "address_books",
            "to",
            "field",
            "calendar",
            "require",
            "test",
        ];
        for name in methods.chain(kinds.map(str::to_owned)) {
            let defined = [format!("function {name}("), format!("\t{name}: "), format!("declare {name}:")];
            assert!(defined.iter().any(|form| text.contains(form)), "`{name}` is not in guichet.d.luau");
        }
    }
}
