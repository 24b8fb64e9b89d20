//! What people may do: permissions, and the roles that grant them. Roles are data; three are there from the start.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::status::words;
use super::{ChannelKind, RoleId};

words! {
    /// One capability that a role grants. Checked in the engine, and told to the client at `session.start`.
    Permission {
        /// Accept, answer, resolve and close interactions.
        Handle = "handle",
        /// Pull the next interaction from a queue.
        Pull = "pull",
        /// Start outbound interactions.
        Outbound = "outbound",
        /// Extend a customer timer.
        ExtendTimer = "extend_timer",
        /// Give an interaction to another agent, skill or team.
        Transfer = "transfer",
        /// Invite a colleague to read and to advise.
        Consult = "consult",
        /// Go on with a contact on another channel.
        Convert = "convert",
        /// Send a transcript by e-mail.
        Transcript = "transcript",
        /// Have messages translated.
        Translate = "translate",
        /// Read contacts: cards, attributes, addresses.
        Card = "card",
        /// Put work aside until a time.
        Snooze = "snooze",
        /// Search messages, notes, contacts and tags.
        Search = "search",
        /// Change a contact's name and attributes, and record an opt-out.
        EditContact = "edit_contact",
        /// Make one of two contacts, or two of one.
        MergeContact = "merge_contact",
        /// Block a contact.
        BlockContact = "block_contact",
        /// See every interaction, its history and its decisions.
        Supervise = "supervise",
        /// See reports.
        Report = "report",
        /// Take data out: interactions, a contact.
        Export = "export",
        /// Erase a contact.
        Erase = "erase",
        /// Change agents, roles, skills, channels and scripts.
        Administer = "administer",
    }
}

use Permission::{
    Administer, BlockContact, Card, Consult, Convert, EditContact, Erase, Export, ExtendTimer, Handle,
    MergeContact, Outbound, Pull, Report, Search, Snooze, Supervise, Transcript, Transfer, Translate,
};

/// What the role `agent` may do until somebody changes it: the work of the desk.
const DESK: [Permission; 14] = [
    Handle,
    Pull,
    Outbound,
    ExtendTimer,
    Transfer,
    Consult,
    Convert,
    Transcript,
    Translate,
    Card,
    Snooze,
    Search,
    EditContact,
    BlockContact,
];
/// What the role `supervisor` may do beside.
const OVERSIGHT: [Permission; 4] = [Supervise, MergeContact, Report, Export];
/// What the role `administrator` may do: it runs the installation and does not answer contacts.
const INSTALLATION: [Permission; 10] =
    [Supervise, Administer, Card, Search, Export, Erase, Report, EditContact, MergeContact, BlockContact];

/// A role: what its holders may do, and on which kinds of channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// Its name.
    pub role: RoleId,
    /// What to show.
    pub title: String,
    /// What its holders may do.
    pub permissions: BTreeSet<Permission>,
    /// Kinds of channel whose work they may handle.
    pub kinds: BTreeSet<ChannelKind>,
}

impl Role {
    /// Whether it grants a permission.
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }

    /// Whether its holders may be given work of a kind of channel.
    pub fn handles(&self, kind: ChannelKind) -> bool {
        self.may(Handle) && self.kinds.contains(&kind)
    }

    /// A role as it is while nobody has saved another: one of the three, or one that may do nothing.
    pub fn unsaved(role: &RoleId) -> Self {
        let (title, permissions): (&str, BTreeSet<Permission>) = match role.as_str() {
            "agent" => ("Agent", DESK.into()),
            "supervisor" => ("Supervisor", DESK.into_iter().chain(OVERSIGHT).collect()),
            "administrator" => ("Administrator", INSTALLATION.into()),
            other => (other, BTreeSet::new()),
        };
        let kinds = ChannelKind::ALL.iter().copied().collect();
        Self { role: role.clone(), title: title.to_owned(), permissions, kinds }
    }
}

impl RoleId {
    /// Who answers contacts.
    pub fn agent() -> Self {
        Self::known("agent")
    }

    /// Who watches and helps agents.
    pub fn supervisor() -> Self {
        Self::known("supervisor")
    }

    /// Who runs the installation.
    pub fn administrator() -> Self {
        Self::known("administrator")
    }

    /// The three that are always there, and can be changed but not removed.
    pub fn built_in() -> [Self; 3] {
        [Self::agent(), Self::supervisor(), Self::administrator()]
    }

    /// Whether it is one of the three.
    pub fn is_built_in(&self) -> bool {
        matches!(self.as_str(), "agent" | "supervisor" | "administrator")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_may_what_their_work_needs() {
        for (role, may, may_not) in [
            (RoleId::agent(), [Handle, Transfer, Search], [Supervise, Export, MergeContact]),
            (RoleId::supervisor(), [Handle, Supervise, Export], [Administer, Erase, Administer]),
            (RoleId::administrator(), [Administer, Erase, Supervise], [Handle, Pull, Transfer]),
            ("cleaner".parse().unwrap(), [Handle; 3].map(|_| Handle), [Handle, Supervise, Administer]),
        ] {
            let known = role.is_built_in();
            let granted = Role::unsaved(&role);
            assert!(may.iter().all(|permission| granted.may(*permission) == known), "{role}");
            assert!(may_not.iter().all(|permission| !granted.may(*permission)), "{role}");
        }
    }

    #[test]
    fn without_the_permission_to_handle_no_kind_is_handled() {
        assert!(Role::unsaved(&RoleId::agent()).handles(ChannelKind::Whatsapp));
        assert!(!Role::unsaved(&RoleId::administrator()).handles(ChannelKind::Whatsapp));
        let mut narrow = Role::unsaved(&RoleId::agent());
        narrow.kinds.remove(&ChannelKind::Whatsapp);
        assert!(!narrow.handles(ChannelKind::Whatsapp) && narrow.handles(ChannelKind::Chat));
    }
}
