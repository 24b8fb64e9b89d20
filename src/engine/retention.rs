//! How long things are kept, and what is forgotten when (SPEC §6).

use serde::{Deserialize, Serialize};

use crate::domain::{Span, Time};

/// How long things are kept. The configuration says so: it deletes for good, so it takes somebody who can change files on the
/// server, not just a session of an administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// Events.
    pub events: Span,
    /// Decisions with their reasons.
    pub decisions: Span,
    /// Who did what.
    pub audit: Span,
    /// Deliveries that could not be understood.
    pub raw: Span,
    /// Texts, files and notes of interactions after their end, and contacts after their last one; `None`: for good.
    pub content: Option<Span>,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            events: Span::days(30),
            decisions: Span::days(90),
            audit: Span::days(730),
            raw: Span::days(30),
            content: None,
        }
    }
}

/// What goes: everything older than these times, some of it in a batch, the rest with the next ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forget {
    /// Dedupe keys, requests and logins that expired before this.
    pub expired: Time,
    /// Events before this.
    pub events: Time,
    /// Decisions before this.
    pub decisions: Time,
    /// Acts before this.
    pub audit: Time,
    /// Raw deliveries before this.
    pub raw: Time,
    /// Texts of interactions that ended before this.
    pub content: Option<Time>,
}

impl Retention {
    /// What goes now.
    pub(crate) fn forget(&self, now: Time) -> Forget {
        Forget {
            expired: now,
            events: now - self.events,
            decisions: now - self.decisions,
            audit: now - self.audit,
            raw: now - self.raw,
            content: self.content.map(|content| now - content),
        }
    }
}
