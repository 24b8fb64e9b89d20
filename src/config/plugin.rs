//! `[plugin.NAME]`: what a plugin is given that must not stand in a database.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Secret, SecretSource};

/// What an installation says of one plugin.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PluginConfig {
    /// Its secrets, by the names that its `plugin.toml` has for them.
    #[serde(default)]
    pub secrets: BTreeMap<String, SecretSource>,
}

impl PluginConfig {
    /// Reads its secrets.
    ///
    /// # Errors
    /// The key of one that can't be read, and why.
    pub fn read(&self) -> Result<BTreeMap<String, Secret>, String> {
        let read = |(key, source): (&String, &SecretSource)| match source.read() {
            Ok(secret) => Ok((key.clone(), secret)),
            Err(problem) => Err(format!("secrets.{key}: {problem}")),
        };
        self.secrets.iter().map(read).collect()
    }
}

/// `GUICHET_PLUGIN_DEEPL_API_KEY` → the plugin `deepl`, its secret `api_key`. A plugin whose name has a `_` or a `-` must have a
/// section in the file, so that the name's end is known.
pub(super) fn overlay(table: &mut toml::Table, rest: &str, text: &str) {
    let plugins = table.entry("plugin").or_insert_with(|| toml::Value::Table(toml::Table::new()));
    let Some(plugins) = plugins.as_table_mut() else { return };
    let known = plugins.keys().find_map(|name| {
        let key = rest.strip_prefix(&name.replace('-', "_"))?.strip_prefix('_')?;
        Some((name.clone(), key.to_owned()))
    });
    let split = || rest.split_once('_').map(|(name, key)| (name.to_owned(), key.to_owned()));
    let Some((name, key)) = known.or_else(split) else { return };
    let plugin = plugins.entry(name).or_insert_with(|| toml::Value::Table(toml::Table::new()));
    let Some(plugin) = plugin.as_table_mut() else { return };
    let secrets = plugin.entry("secrets").or_insert_with(|| toml::Value::Table(toml::Table::new()));
    if let Some(secrets) = secrets.as_table_mut() {
        secrets.insert(key, toml::Value::String(text.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::super::Config;

    #[test]
    fn secrets_come_from_the_file_and_over_it_from_the_environment() {
        let text =
            "[plugin.crm-card.secrets]\ntoken = \"a\"\n[plugin.deepl.secrets]\napi_key = { env = \"NONE\" }";
        let environment = [
            ("GUICHET_PLUGIN_CRM_CARD_TOKEN".to_owned(), "b".to_owned()),
            ("GUICHET_PLUGIN_DEEPL_API_KEY".to_owned(), "c".to_owned()),
            ("GUICHET_PLUGIN_OTHER_KEY".to_owned(), "d".to_owned()),
        ];
        let config = Config::parse(text, "guichet.toml", &environment).unwrap();
        let secret = |plugin: &str, key: &str| config.plugin[plugin].read().unwrap()[key].expose().to_owned();
        assert_eq!(secret("crm-card", "token"), "b");
        assert_eq!(secret("deepl", "api_key"), "c");
        assert_eq!(secret("other", "key"), "d");
        let missing = Config::parse(text, "guichet.toml", &[]).unwrap().plugin["deepl"].read().unwrap_err();
        assert!(missing.starts_with("secrets.api_key"), "{missing}");
    }
}
