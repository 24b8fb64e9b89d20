//! Guichet: a contact-centre interaction server.
//!
//! The rooms, from the bottom up; each may use those below it, never one beside or above it (`tests/tidy.rs` checks):
//!
//! - [`domain`]: the nouns.
//! - [`engine`]: the rules, pure, over a world in memory. One writer decides.
//! - [`port`]: what the shell plugs into the engine: a store, connectors. [`config`], [`clock`], [`telemetry`].
//! - `store`, `lua`, `channel`, `mail`, `translate`, `simulator`, `protocol`: the databases, the scripts, the providers, the mail
//!   server, the translator, the look-alike of a provider, the wire. They never see each other.
//! - `runtime`: the loop around the engine, the commit pipeline, the workers.
//! - `plugin`: bots, translators and cards in Lua, beside the desk.
//! - `server`: HTTP and sockets.
//! - `cli`: arguments → what to run.
//!
//! `docs/ARCHITECTURE.md` tells the way a message takes through them.

pub mod domain;

pub mod engine;

pub mod clock;
pub mod config;
pub mod port;
pub mod telemetry;

pub mod channel;
pub mod lua;
pub mod mail;
pub mod protocol;
pub mod simulator;
pub mod store;
pub mod translate;

pub mod runtime;

pub mod plugin;

pub mod server;

pub mod cli;
