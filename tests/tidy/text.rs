//! Rules for every text file: links that lead somewhere, and nothing of the machine it was written on.

use super::{File, Finding, is};
use std::collections::{BTreeMap, BTreeSet};

/// What this machine must not leave in a file: its folders and the places it fetches packages from.
pub(crate) struct Machine {
    folders: Vec<String>,
}

/// The registries that everybody uses.
const PUBLIC: [&str; 4] =
    ["registry.npmjs.org", "index.crates.io", "static.crates.io", "registry.yarnpkg.com"];

/// Words in the name of a host that tell a registry of a company.
const PRIVATE: [&str; 6] = ["registry", "mirror", "artifactory", "nexus", "verdaccio", "proxy"];

impl Machine {
    pub(crate) fn this() -> Self {
        let checkout = Some(env!("CARGO_MANIFEST_DIR").to_owned());
        let homes = ["HOME", "CARGO_HOME", "RUSTUP_HOME"].iter().map(|name| std::env::var(name).ok());
        let anybody = ["home", "Users"].map(|parent| Some(format!("/{parent}/")));
        let folders = std::iter::once(checkout)
            .chain(homes)
            .chain(anybody)
            .flatten()
            .filter(|folder| folder.len() > 1)
            .collect();
        Self { folders }
    }
}

pub(crate) fn machine(machine: &Machine, file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in file.text.lines().enumerate().map(|(at, line)| (at + 1, line)) {
        if let Some(folder) = machine.folders.iter().find(|folder| names_folder(line, folder)) {
            let what =
                format!("`{folder}` is a folder of one machine: write a path from the repository's root");
            findings.push(Finding::new(&file.path, number, what));
        }
        if let Some(host) = hosts(line).find(|host| is_private_registry(host)) {
            let what = format!(
                "`{host}` looks like somebody's own package registry: only public ones are written down"
            );
            findings.push(Finding::new(&file.path, number, what));
        }
    }
    findings
}

/// Does the line hold this absolute path, as a path and not as the end of a longer one?
fn names_folder(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line.get(at + folder.len()..).and_then(|text| text.chars().next());
        let whole =
            folder.ends_with('/') || after.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != '-');
        whole
            && before.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '.' | '/' | '_' | '-' | '}' | '"'))
            || whole && before == Some('"') && after.is_some()
    })
}

fn hosts(line: &str) -> impl Iterator<Item = &str> {
    line.split("://").skip(1).map(|rest| {
        let authority = rest.split(['/', '"', '\'', ' ', ')', '>', '`', '?', '#']).next().unwrap_or_default();
        authority.rsplit('@').next().unwrap_or_default()
    })
}

fn is_private_registry(host: &str) -> bool {
    let name = host.split(':').next().unwrap_or_default();
    let words = name.split(['.', '-']);
    name.contains('.') && !PUBLIC.contains(&name) && words.into_iter().any(|word| PRIVATE.contains(&word))
}

/// The anchors of every Markdown file, as GitHub writes them.
pub(crate) fn anchors(files: &[File]) -> BTreeMap<String, BTreeSet<String>> {
    let markdown = files.iter().filter(|file| is(&file.path, "md"));
    markdown
        .map(|file| {
            let headings = prose(&file.text).filter(|(_, line)| line.starts_with('#'));
            (file.path.clone(), headings.map(|(_, line)| slug(line.trim_start_matches('#'))).collect())
        })
        .collect()
}

fn slug(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    kept.chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

/// Links of Markdown files, and every `docs/NAME.md` that any file speaks of.
pub(crate) fn links(
    known: &BTreeSet<String>,
    anchors: &BTreeMap<String, BTreeSet<String>>,
    file: &File,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut report = |line: usize, target: &str| {
        let what = format!("`{target}` does not exist: mend the link or write the page");
        findings.push(Finding::new(&file.path, line, what));
    };
    if is(&file.path, "md") {
        for (number, line) in prose(&file.text) {
            targets(line)
                .filter(|target| !resolves(known, anchors, &file.path, target))
                .for_each(|t| report(number, t));
        }
    }
    // Until the first page is written there is nothing to mention.
    let pages = known.iter().any(|path| path.starts_with("docs/") && is(path, "md"));
    for (number, line) in file.text.lines().enumerate().filter(|_| pages).map(|(at, line)| (at + 1, line)) {
        mentions(line).filter(|page| !known.contains(*page)).for_each(|page| report(number, page));
    }
    findings
}

/// The numbered lines outside fenced code.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    text.lines().enumerate().filter_map(move |(at, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        (!fenced && !fence).then_some((at + 1, line))
    })
}

fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', ' ']).next())
        .filter(|target| !target.is_empty())
}

fn resolves(
    known: &BTreeSet<String>,
    anchors: &BTreeMap<String, BTreeSet<String>>,
    from: &str,
    target: &str,
) -> bool {
    if target.contains("://") || target.starts_with("mailto:") {
        return true;
    }
    let (page, anchor) = target.split_once('#').map_or((target, None), |(page, anchor)| (page, Some(anchor)));
    let path = if page.is_empty() { from.to_owned() } else { join(from, page) };
    let is_file = known.contains(&path);
    let folder = format!("{}/", path.trim_end_matches('/'));
    let is_folder = || known.iter().any(|file| file.starts_with(&folder));
    match anchor {
        None => is_file || is_folder(),
        Some(anchor) => anchors.get(&path).is_some_and(|known| known.contains(anchor)),
    }
}

/// `docs/A.md` and `../src/b.rs` → `src/b.rs`.
fn join(from: &str, target: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    parts.join("/")
}

/// `docs/NAME.md` where it is a path from the root: not the end of a longer one.
fn mentions(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("docs/").filter_map(move |(at, _)| {
        let before = line.get(..at)?.chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-')) {
            return None;
        }
        let rest = line.get(at..)?;
        let end = rest.find(|c: char| !c.is_alphanumeric() && !matches!(c, '/' | '.' | '_' | '-'));
        let page = rest.get(..end.unwrap_or(rest.len()))?.trim_end_matches('.');
        is(page, "md").then_some(page)
    })
}

#[cfg(test)]
mod tests {
    use super::super::expect;
    use super::*;

    #[test]
    fn folders_and_registries_of_a_machine_are_found() {
        let here = Machine { folders: vec!["/srv/here".to_owned(), "/home/".to_owned()] };
        let rule = |file: &File| machine(&here, file);
        expect(rule, "README.md", "x\ncd /home/ann/guichet\n", &[2]);
        expect(rule, "a.rs", "include!(\"/srv/here/b\")\ncd /srv/here\n", &[1, 2]);
        expect(rule, "a.rs", "/srv/hereafter and net/srv/here\n", &[]);
        expect(
            rule,
            "web/package-lock.json",
            "\"resolved\": \"https://npm-registry.acme.example/x.tgz\"\n",
            &[1],
        );
        expect(rule, "web/package-lock.json", "\"resolved\": \"https://registry.npmjs.org/x.tgz\"\n", &[]);
        expect(rule, "a.md", "put a [proxy](https://www.nginx.com/proxy) in front\n", &[]);
    }

    #[test]
    fn broken_links_are_found() {
        let page = File { path: "docs/A.md".to_owned(), text: "# Two Words, one `x`\n".to_owned() };
        let known = BTreeSet::from(["docs/A.md".to_owned(), "src/a.rs".to_owned(), "README.md".to_owned()]);
        let anchors = anchors(&[page]);
        let rule = |file: &File| links(&known, &anchors, file);
        expect(rule, "README.md", "[a](docs/A.md) [s](src) [w](https://x.example) [m](mailto:a@b.c)\n", &[]);
        expect(rule, "README.md", "\n[gone](src/gone.rs)\n```\n[code](nowhere)\n```\n", &[2]);
        expect(rule, "docs/A.md", "[up](../README.md) [here](#two-words-one-x)\n[no](#three)\n", &[2]);
        expect(rule, "README.md", "[a](docs/A.md#two-words-one-x)\n[b](docs/A.md#nothing)\n", &[2]);
        expect(rule, "src/a.rs", "//! See docs/B.md.\n//! See docs/A.md.\n", &[1]);
        expect(rule, "src/a.rs", "//! https://x.example/docs/B.md\n", &[]);
    }
}
