//! What administrators send about plugins.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

params! {
    /// One plugin.
    OfPlugin {
        /// Its name.
        plugin: String,
    }
    /// A grant: exactly what the plugin asks for, so that nothing is granted that nobody saw.
    GrantPlugin {
        /// Which.
        plugin: String,
        /// Every line of `asks`.
        capabilities: BTreeSet<String>,
    }
    /// A plugin's settings.
    ConfigurePlugin {
        /// Which.
        plugin: String,
        /// Values by key; what is left out is as the plugin has it.
        settings: Map<String, Value>,
    }
}
