//! The installation's rules in Lua: loads `scripts/`, answers the engine's questions, reloads while it runs.
//!
//! - [`sandbox`]: a VM in which somebody else's code can do no harm; knows nothing of policy.
//! - `source`, `book`, `data`, `locate`: a set of files, loaded and checked, each fault with its place.
//! - `questions`, `worker`, [`Host`]: the engine's questions, on a thread that can be left behind.
//! - `trial`, `testing`: a set is tried before it goes live. `watch`, [`follow()`]: when files change.
//!
//! This room must not know: databases, sockets, the store, channels. It never decides what the engine's rules decide; it
//! answers [`crate::engine::Policy`].

pub mod sandbox;

mod address_book;
mod book;
mod calendar;
mod close_rules;
mod data;
mod fault;
mod folder;
mod follow;
mod holidays;
mod host;
mod limits;
mod locate;
mod questions;
mod quick_reply;
mod source;
mod testing;
mod timer_rules;
mod trial;
mod types;
mod watch;
mod worker;

pub use address_book::{AddressBook, AddressEntry};
pub(crate) use book::{beside, weekly};
pub(crate) use calendar::instant;
pub(crate) use fault::{nearest, out_of_memory, texts};
pub use folder::{is_name, write_script, write_set};
pub use follow::{Change, follow};
pub use holidays::Country;
pub use host::{Host, OnFailure};
pub use limits::Limits;
pub use quick_reply::{
    ATTRIBUTES, FieldKind, Localized, QuickReplies, QuickReply, QuickReplyBody, QuickReplyField, Search,
    Unfilled, first_name, in_language, preview,
};
pub use source::{FILE_MAX, FILES_MAX, SET_MAX, ScriptSet, defaults, read_folder};
pub use trial::{Report, check, line};
pub use types::{definitions, write_types};
pub use watch::{Found, Watch, Watching, watch};
