//! The simulator over real sockets, driven as WhatsApp Cloud API clients and a webhook receiver would.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

#[path = "simulator/customers.rs"]
mod customers;
#[path = "simulator/graph.rs"]
mod graph;
#[path = "simulator/sends.rs"]
mod sends;
#[path = "simulator/stage.rs"]
mod stage;
#[path = "simulator/trouble.rs"]
mod trouble;
