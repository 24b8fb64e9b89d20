//! Plugins: folders of Lua that add bots, translators, customer cards and observers to an installation (SPEC §8).
//!
//! Scripts are functions, plugins are clients: each follows the event log from a place of its own, behind the commits, and asks the
//! engine for what an agent might. Nobody waits for a plugin; one that fails is stopped and shown.
//!
//! - `manifest`, `rights`, `bundle`: what a plugin is, asks for and may; its sources, as one snapshot.
//! - `machine`, `calls`, `kv`, `secrets`, `fault`: one VM, driven slice by slice. `thread`, `pulse`, `priority`: where it runs, who
//!   watches, and that it gives way.
//! - `http`, `perform`: what takes time. `log`, `keep`: the way in and the way to the store.
//! - `runner`: one plugin at work. [`Host`]: all of them: grants, settings, reloads.
//! - `testing`: a plugin's own tests, with a customer, a clock and a network that are played. `starter`: what a new one begins as.
//!
//! This room must not know: SQL, sockets, wire types, any provider. It decides nothing about work; the engine does.

mod bundle;
mod calls;
mod event;
mod fault;
mod host;
mod http;
mod keep;
mod kv;
mod log;
mod machine;
mod manifest;
mod perform;
mod priority;
mod pulse;
mod rights;
mod runner;
mod secrets;
mod services;
mod starter;
mod testing;
mod thread;

pub use bundle::{Bundle, PLUGINS_MAX, folders};
pub use host::{Host, PluginError, Settings, Shown, State, WebhookAnswer, WebhookAsk};
pub use http::{Lookup, SystemLookup};
pub use manifest::{API, Manifest, Setting, SettingKind};
pub use starter::starter;
pub use testing::{Report, test};

/// Definitions of the plugin API for editors.
pub fn definitions() -> &'static str {
    include_str!("plugin/plugin.d.luau")
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_name_of_the_api_is_defined() {
        let text = super::definitions();
        let api = concat!(include_str!("plugin/api.luau"), include_str!("plugin/testing.luau"));
        let mut names = 0;
        for line in api.lines() {
            let method = line.strip_prefix("function ").and_then(|rest| rest.split('(').next());
            let global = line.strip_prefix("globals.").and_then(|rest| rest.split(' ').next());
            let Some(name) = method.and_then(|name| name.split([':', '.']).next_back()).or(global) else {
                continue;
            };
            let defined = [
                format!("function {name}("),
                format!("\t{name}: "),
                format!(" {name}: "),
                format!("declare {name}:"),
            ];
            assert!(defined.iter().any(|form| text.contains(form)), "`{name}` is not in plugin.d.luau");
            names += 1;
        }
        assert!(names > 40, "{names}");
    }
}
