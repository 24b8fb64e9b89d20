//! Guichet: a contact-centre interaction server.
//!
//! The rooms, from the bottom up; each may use those below it, never one beside or above it (`tests/tidy.rs` checks):
//!
//! - [`domain`]: the nouns.
//! - [`engine`]: the rules, pure, over a world in memory.
//! - [`port`]: what the shell plugs into the engine: a store, connectors. [`clock`]: the time.
//! - [`simulator`]: a WhatsApp Cloud API look-alike with a phone to play the customer on.
//!
//! `docs/ARCHITECTURE.md` tells the way a message takes through them.

pub mod clock;
pub mod config;
pub mod domain;
pub mod engine;
pub mod port;
pub mod simulator;
