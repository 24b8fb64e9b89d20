//! What a caller did wrong, as a closed list.

use std::fmt;

use crate::domain::AgentId;

crate::domain::words! {
    /// The kinds of refusal that cross the wire as `data.kind`. Clients translate them; the list is closed.
    RefusalKind {
        /// No such thing, or not for this caller's eyes.
        NotFound = "not_found",
        /// The caller's role does not allow it.
        NotPermitted = "not_permitted",
        /// The interaction is not assigned to the caller.
        NotAssigned = "not_assigned",
        /// Its status does not allow it.
        WrongStatus = "wrong_status",
        /// Free text after the service window.
        WindowClosed = "window_closed",
        /// A template has to come first.
        TemplateRequired = "template_required",
        /// A template's values do not fit it.
        TemplateInvalid = "template_invalid",
        /// The agent holds as much as it may.
        NoCapacity = "no_capacity",
        /// The offer was answered, expired or withdrawn.
        OfferGone = "offer_gone",
        /// Another agent has work with this address.
        HeldByOther = "held_by_other",
        /// The contact's address on the channel is not known.
        AddressNeeded = "address_needed",
        /// Several skills fit, or none was given.
        SkillNeeded = "skill_needed",
        /// Resolving needs a disposition.
        OutcomeNeeded = "outcome_needed",
        /// A value does not fit.
        Invalid = "invalid",
        /// More than a limit allows.
        TooLarge = "too_large",
        /// The channel can't do it.
        Unsupported = "unsupported",
        /// It is so already.
        AlreadyDone = "already_done",
        /// Not now; try again.
        Unavailable = "unavailable",
        /// Too many requests.
        RateLimited = "rate_limited",
    }
}

/// A refusal: its kind, a sentence for people, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which of the closed list.
    pub kind: RefusalKind,
    /// What was wrong and what to do, as a sentence.
    pub message: String,
    /// The field it is about, when it is about one.
    pub field: Option<String>,
    /// Who holds it, for `held_by_other`.
    pub holder: Option<AgentId>,
    /// What there is to choose from: skills for `skill_needed`, known addresses that might serve for `address_needed`,
    /// dispositions for an outcome.
    pub choices: Vec<String>,
}

impl Refusal {
    /// A refusal with its sentence.
    pub fn new(kind: RefusalKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), field: None, holder: None, choices: Vec::new() }
    }

    /// The same, about a field.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// The same, with what there is to choose from.
    #[must_use]
    pub fn choices(mut self, choices: impl IntoIterator<Item = String>) -> Self {
        self.choices = choices.into_iter().collect();
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.message)
    }
}

impl std::error::Error for Refusal {}
