//! The plugins that come with the server, and the examples of `docs/PLUGINS.md`, pass their own tests.

use std::collections::BTreeMap;
use std::path::Path;

use guichet::plugin::{Bundle, folders, test};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn shipped_plugins_pass_their_tests() {
    let all = folders(&root().join("plugins"));
    let names: Vec<&str> = all.keys().map(String::as_str).collect();
    assert_eq!(names, ["crm-card", "deepl", "faq", "greeter", "libretranslate", "survey"]);
    for (name, folder) in all {
        let bundle = Bundle::read(&folder).unwrap_or_else(|errors| panic!("{name}: {errors:?}"));
        let report = test(&bundle);
        assert!(report.errors.is_empty(), "{name}: {:#?}", report.errors);
        assert!(report.passed >= 3, "{name}: {} tests", report.passed);
    }
}

/// Each fenced block of the page that opens with `-- plugins/NAME/FILE` or `# plugins/NAME/FILE` is that file.
#[test]
fn examples_of_the_documentation_run() {
    let page = std::fs::read_to_string(root().join("docs/PLUGINS.md")).unwrap();
    let mut plugins: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for block in page.split("```").skip(1).step_by(2) {
        let code = block.split_once('\n').map_or("", |(_, code)| code);
        let first = code.lines().next().unwrap_or_default();
        let place = first.strip_prefix("-- plugins/").or_else(|| first.strip_prefix("# plugins/"));
        let Some((name, file)) = place.and_then(|place| place.split_once('/')) else { continue };
        plugins.entry(name.to_owned()).or_default().insert(file.to_owned(), code.to_owned());
    }
    assert!(plugins.len() >= 3, "{:?}", plugins.keys());
    for (name, files) in plugins {
        let bundle = Bundle::from_files(&name, &files).unwrap_or_else(|errors| panic!("{name}: {errors:?}"));
        let report = test(&bundle);
        assert!(report.errors.is_empty() && report.passed > 0, "{name}: {report:#?}");
    }
}
