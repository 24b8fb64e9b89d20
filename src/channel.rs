//! Connectors: one for each kind of channel, each the only place that knows its provider.
//!
//! A connector verifies and parses what comes in (pure), sends what goes out, and says what its channel can do; the rest
//! of the house reads that and never asks which channel it is. This room must not know: the world, the store, who is
//! listening. What it reports goes in as [`crate::engine::ChannelInput`]; what it is told comes as
//! [`crate::engine::Outgoing`].

pub mod chat;
pub mod whatsapp;

pub use chat::Chat;
pub use whatsapp::WhatsApp;
