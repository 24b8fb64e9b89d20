//! What a plugin keeps, in memory and on its way to the store: names and JSON texts, with versions and a quota.

use std::collections::{BTreeMap, BTreeSet};

/// Longest name.
const NAME_BYTES: usize = 128;
/// Longest value, as JSON: what a plugin looks at in one go.
const VALUE_BYTES: usize = 256 * 1024;
/// What conversations of a bot may take beside the quota: some thousands of them, each with a few hundred bytes.
const CONVERSATIONS_BYTES: usize = 4 * 1024 * 1024;
/// Under this stand a bot's conversations.
const CONVERSATIONS: &str = "conversation/";

/// See the file's head.
#[derive(Debug, Default)]
pub(crate) struct Kv {
    values: BTreeMap<String, (String, u64)>,
    /// Names that changed and are not on their way yet.
    changed: BTreeSet<String>,
    bytes: [usize; 2],
    quota: usize,
    versions: u64,
}

/// 1: a conversation, 0: anything else.
fn pool(name: &str) -> usize {
    usize::from(name.starts_with(CONVERSATIONS))
}

impl Kv {
    pub(crate) fn new(values: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut kv = Self::default();
        for (name, value) in values {
            if let Some(bytes) = kv.bytes.get_mut(pool(&name)) {
                *bytes += name.len() + value.len();
            }
            kv.values.insert(name, (value, 0));
        }
        kv
    }

    pub(crate) fn set_quota(&mut self, bytes: usize) {
        self.quota = bytes;
    }

    /// The value and its version; 0: there is none, or nothing changed it since the start.
    pub(crate) fn get(&self, name: &str) -> Option<(&str, u64)> {
        self.values.get(name).map(|(value, version)| (value.as_str(), version + 1))
    }

    /// Names that begin so.
    pub(crate) fn names<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        let from = self.values.range(prefix.to_owned()..);
        from.map(|(name, _)| name.as_str()).take_while(move |name| name.starts_with(prefix))
    }

    /// Keeps or drops a value, if it is still at `version`. `Ok(false)`: it is not. `Err`: it can't be kept.
    pub(crate) fn set(
        &mut self,
        name: &str,
        value: Option<String>,
        version: Option<u64>,
    ) -> Result<bool, String> {
        let now = self.get(name).map_or(0, |(_, version)| version);
        if version.is_some_and(|version| version != now) {
            return Ok(false);
        }
        if name.is_empty() || name.len() > NAME_BYTES {
            return Err(format!("a name has 1 to {NAME_BYTES} bytes"));
        }
        let new = value.as_ref().map_or(0, |value| name.len() + value.len());
        if value.as_ref().is_some_and(|value| value.len() > VALUE_BYTES) {
            return Err(format!("{name:?} would take {new} bytes; a value has at most {VALUE_BYTES}"));
        }
        let (pool, quota) = (pool(name), [self.quota, CONVERSATIONS_BYTES]);
        let quota = quota.get(pool).copied().unwrap_or_default();
        let old = self.values.get(name).map_or(0, |(value, _)| name.len() + value.len());
        let Some(bytes) = self.bytes.get_mut(pool) else { return Ok(false) };
        if new > old && *bytes - old + new > quota {
            let hint = if quota == 0 {
                "ask for `kv = \"64KiB\"` in plugin.toml"
            } else {
                "delete something, or ask for more"
            };
            return Err(format!("{name:?} does not fit: {bytes} of {quota} bytes are used; {hint}"));
        }
        *bytes = *bytes - old + new;
        self.versions += 1;
        match value {
            Some(value) => drop(self.values.insert(name.to_owned(), (value, self.versions))),
            None => drop(self.values.remove(name)),
        }
        self.changed.insert(name.to_owned());
        Ok(true)
    }

    /// What changed since the last time, as it is now.
    pub(crate) fn take_changed(&mut self) -> Vec<(String, Option<String>)> {
        let changed = std::mem::take(&mut self.changed);
        changed
            .into_iter()
            .map(|name| (self.values.get(&name).map(|(value, _)| value.clone()), name))
            .map(|(v, n)| (n, v))
            .collect()
    }

    /// Bytes used, conversations left aside.
    pub(crate) fn used(&self) -> usize {
        self.bytes.first().copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_set_against_its_version_and_within_the_quota() {
        let mut kv = Kv::new([("a".to_owned(), "1".to_owned())]);
        kv.set_quota(20);
        assert_eq!(kv.get("a"), Some(("1", 1)));
        assert_eq!(kv.set("a", Some("2".to_owned()), Some(1)), Ok(true));
        assert_eq!(kv.set("a", Some("3".to_owned()), Some(1)), Ok(false));
        assert_eq!(kv.set("new", Some("1".to_owned()), Some(0)), Ok(true));
        assert_eq!(kv.set("new", Some("1".to_owned()), Some(0)), Ok(false));
        assert!(kv.set("b", Some("x".repeat(20)), None).unwrap_err().contains("does not fit"));
        assert!(kv.set("b", Some("x".repeat(VALUE_BYTES + 1)), None).unwrap_err().contains("at most"));
        assert!(kv.set(&"n".repeat(NAME_BYTES + 1), Some(String::new()), None).is_err());
        assert_eq!(
            kv.set("conversation/i1", Some("x".repeat(100)), None),
            Ok(true),
            "conversations have room of their own"
        );
        assert_eq!(kv.names("n").collect::<Vec<_>>(), ["new"]);
        assert_eq!(kv.set("new", None, None), Ok(true));
        let changed = kv.take_changed();
        assert_eq!(changed.len(), 3);
        assert_eq!(changed[2], ("new".to_owned(), None));
        assert!(kv.take_changed().is_empty());
        assert_eq!(kv.used(), 2);
    }
}
