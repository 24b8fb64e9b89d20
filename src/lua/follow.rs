//! Keeps a host at what the folder holds: the watch, joined to the reload.

use std::path::Path;
use std::sync::Arc;

use super::host::Host;
use super::watch::{Found, Watch, Watching, watch};
use crate::engine::PolicyError;

/// What became of a save.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The folder is live.
    Live {
        /// Under this number.
        generation: i64,
    },
    /// Something is wrong with it; the generation before goes on.
    Refused {
        /// What, in the order of files and lines.
        errors: Vec<PolicyError>,
    },
}

/// Reloads `host` whenever `dir` differs from `known`, and tells what became of it (on a thread of its own).
pub fn follow(
    host: Arc<Host>,
    dir: &Path,
    known: Found,
    watching: Watching,
    mut tell: impl FnMut(Change) + Send + 'static,
) -> std::io::Result<Watch> {
    watch(dir, known, watching, move |found| {
        tell(match found.and_then(|set| host.reload(set)) {
            Ok(generation) => Change::Live { generation },
            Err(errors) => Change::Refused { errors },
        });
    })
}
