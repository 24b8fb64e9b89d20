//! What a new plugin begins as: a bot that works, with a test, to be changed into something else.

const MANIFEST: &str = include_str!("starter/plugin.toml");
const MAIN: &str = include_str!("starter/init.lua");
const TEST: &str = include_str!("starter/test.lua");

/// The files of a new plugin, by their names inside its folder.
pub fn starter(name: &str) -> [(&'static str, String); 3] {
    let named = |text: &str| text.replace("@NAME@", name);
    [("plugin.toml", named(MANIFEST)), ("init.lua", named(MAIN)), ("tests/first.lua", named(TEST))]
}

#[cfg(test)]
mod tests {
    use super::super::{Bundle, test};
    use super::*;

    #[test]
    fn what_a_new_plugin_begins_as_passes_its_tests() {
        let files = starter("hello").map(|(name, text)| (name.to_owned(), text)).into();
        let report = test(&Bundle::from_files("hello", &files).unwrap());
        assert_eq!((report.errors.len(), report.passed), (0, 2), "{:?}", report.errors);
    }
}
