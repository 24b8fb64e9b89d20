//! What clients send: the parameters of each method. Unknown fields are refused by name.

/// Declares parameter structs with everything they have in common.
macro_rules! params {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }
    )*};
}

mod admin;
mod plugin;
mod search;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Deserialize;

pub use admin::*;
pub use plugin::*;
pub use search::*;

use super::{Id, Moment, Word};
use crate::domain::{
    AgentId, AgentState, Book, ChannelId, ChannelKind, ContactId, DraftMode, InteractionId, MediaId,
    MessageId, Ownership, SkillId, Status, TeamId,
};

params! {
    /// Nothing.
    Nothing {}
    /// Begins, or goes on after a cursor.
    SessionStart {
        /// The last event's cursor that the client has seen.
        #[serde(default)]
        cursor: Option<String>,
        /// The language of the client's screen.
        #[serde(default)]
        locale: Option<String>,
    }
    /// One's own state.
    SetState {
        /// `available` or `unavailable`.
        state: Word<AgentState>,
        /// Why unavailable, from `snapshot.reasons`.
        #[serde(default)]
        reason: Option<String>,
    }
    /// One interaction.
    OfInteraction {
        /// Which.
        interaction_id: Id<InteractionId>,
    }
    /// An offer refused.
    Refuse {
        /// Which.
        interaction_id: Id<InteractionId>,
        /// Why, in a few words.
        #[serde(default)]
        reason: Option<String>,
    }
    /// A page of messages.
    History {
        /// Of which interaction.
        interaction_id: Id<InteractionId>,
        /// Only messages before this one.
        #[serde(default)]
        before: Option<Id<MessageId>>,
        /// How many, 1 to 100; by default 50.
        #[serde(default)]
        limit: Option<u32>,
    }
    /// The next waiting work.
    Pull {
        /// Of one skill only.
        #[serde(default)]
        skill: Option<Id<SkillId>>,
    }
    /// A reply: text, files or a template.
    Send {
        /// On which interaction.
        interaction_id: Id<InteractionId>,
        /// What to say.
        #[serde(default)]
        text: Option<String>,
        /// Files, uploaded before; each becomes a message of its own.
        #[serde(default)]
        media: Vec<SendMedia>,
        /// A template instead.
        #[serde(default)]
        template: Option<FilledTemplate>,
        /// The message it answers.
        #[serde(default)]
        reply_to: Option<Id<MessageId>>,
    }
    /// A file to send.
    SendMedia {
        /// Its id, from `POST /media`.
        media_id: Id<MediaId>,
        /// Text under it.
        #[serde(default)]
        caption: Option<String>,
    }
    /// A template with its values.
    FilledTemplate {
        /// Its name.
        name: String,
        /// Its language.
        language: String,
        /// The body's values; keys are `1`, `2`, … or names.
        #[serde(default)]
        parameters: BTreeMap<String, String>,
        /// The header's value.
        #[serde(default)]
        header: Option<FilledHeader>,
        /// Values of buttons, by position from `0`.
        #[serde(default)]
        buttons: BTreeMap<String, String>,
    }
    /// The value of a template's header.
    FilledHeader {
        /// What fills its text.
        #[serde(default)]
        text: Option<String>,
        /// Its file, from `POST /media`.
        #[serde(default)]
        media_id: Option<Id<MediaId>>,
    }
    /// One message.
    OfMessage {
        /// On which interaction.
        interaction_id: Id<InteractionId>,
        /// Which.
        message_id: Id<MessageId>,
    }
    /// A message to try again.
    Retry {
        /// On which interaction.
        interaction_id: Id<InteractionId>,
        /// Which.
        message_id: Id<MessageId>,
        /// Whether it goes as it was written, when it could not be translated.
        #[serde(default)]
        untranslated: bool,
    }
    /// How an interaction is translated.
    SetTranslation {
        /// Which.
        interaction_id: Id<InteractionId>,
        /// The agent's language, a code such as `fr`.
        my_language: String,
        /// The contact's.
        their_language: String,
        /// Whether what the contact writes is translated.
        translate_theirs: bool,
        /// Whether what the agent writes is.
        translate_mine: bool,
    }
    /// An emoji on a message.
    React {
        /// On which interaction.
        interaction_id: Id<InteractionId>,
        /// On which message.
        message_id: Id<MessageId>,
        /// The emoji; empty removes it.
        emoji: String,
    }
    /// An unfinished reply.
    SaveDraft {
        /// On which interaction.
        interaction_id: Id<InteractionId>,
        /// What it is to become: `reply` (unless said) or `note`.
        #[serde(default)]
        mode: Option<Word<DraftMode>>,
        /// Its text; empty with no files: the draft is gone.
        text: String,
        /// Files, uploaded before.
        #[serde(default)]
        media: Vec<Id<MediaId>>,
        /// The message it answers.
        #[serde(default)]
        reply_to: Option<Id<MessageId>>,
    }
    /// An outcome.
    SetOutcome {
        /// Of which interaction.
        interaction_id: Id<InteractionId>,
        /// The new status.
        status: Word<Status>,
        /// The business outcome, from the skill's list.
        #[serde(default)]
        disposition: Option<String>,
        /// A note to add.
        #[serde(default)]
        notes: Option<String>,
        /// All tags it has from now on; left out: as they are.
        #[serde(default)]
        tags: Option<BTreeSet<String>>,
    }
    /// Work that an agent begins. One of `contact_id` and `address`.
    StartOutbound {
        /// With a known contact.
        #[serde(default)]
        contact_id: Option<Id<ContactId>>,
        /// At an address.
        #[serde(default)]
        address: Option<String>,
        /// Through which channel account.
        channel_id: Id<ChannelId>,
        /// With which skill, when several fit.
        #[serde(default)]
        skill_id: Option<Id<SkillId>>,
        /// The first message, where the channel needs a template.
        #[serde(default)]
        template: Option<FilledTemplate>,
        /// The first message elsewhere.
        #[serde(default)]
        text: Option<String>,
        /// What it is about, where the channel has subjects.
        #[serde(default)]
        subject: Option<String>,
    }
    /// Work handed over.
    Transfer {
        /// Which.
        interaction_id: Id<InteractionId>,
        /// To whom.
        to: HandTo,
        /// A note that goes with it; only colleagues see it.
        #[serde(default)]
        note: Option<String>,
    }
    /// One of these.
    HandTo {
        /// To an agent.
        #[serde(default)]
        agent: Option<Id<AgentId>>,
        /// To whoever holds a skill.
        #[serde(default)]
        skill: Option<Id<SkillId>>,
        /// To whoever is of a team.
        #[serde(default)]
        team: Option<Id<TeamId>>,
    }
    /// A colleague asked.
    Consult {
        /// On which interaction.
        interaction_id: Id<InteractionId>,
        /// Whom.
        agent_id: Id<AgentId>,
        /// A note that goes with it; only colleagues see it.
        #[serde(default)]
        note: Option<String>,
    }
    /// A consult that ends.
    EndConsult {
        /// On which interaction.
        interaction_id: Id<InteractionId>,
        /// Whose; left out: the caller's own, or all of them where the work is the caller's.
        #[serde(default)]
        agent_id: Option<Id<AgentId>>,
    }
    /// A page of a list of work. What is left out does not matter.
    ListInteractions {
        /// Work that has ended, instead of work that has not.
        #[serde(default)]
        ended: bool,
        /// In this status.
        #[serde(default)]
        status: Option<Word<Status>>,
        /// In these hands.
        #[serde(default)]
        ownership: Option<Word<Ownership>>,
        /// Offered or assigned to this agent; of what has ended: this agent had it last.
        #[serde(default)]
        agent_id: Option<Id<AgentId>>,
        /// Of this skill.
        #[serde(default)]
        skill: Option<Id<SkillId>>,
        /// On this channel account.
        #[serde(default)]
        channel_id: Option<Id<ChannelId>>,
        /// Only what began before this one: `next` of the page before.
        #[serde(default)]
        before: Option<Id<InteractionId>>,
        /// How many, 1 to 100; by default 50.
        #[serde(default)]
        limit: Option<u32>,
    }
    /// What to watch: one of the first three.
    Watch {
        /// This interaction.
        #[serde(default)]
        interaction_id: Option<Id<InteractionId>>,
        /// All work of this skill.
        #[serde(default)]
        skill: Option<Id<SkillId>>,
        /// Everything.
        #[serde(default)]
        all: bool,
        /// `false`: not any more.
        #[serde(default = "yes")]
        on: bool,
    }
    /// Anybody's work moved.
    Reassign {
        /// Which.
        interaction_id: Id<InteractionId>,
        /// To whom.
        to: HandTo,
    }
    /// Another's state.
    SetAgentState {
        /// Whose.
        agent_id: Id<AgentId>,
        /// `available`, `unavailable` or `offline`.
        state: Word<AgentState>,
        /// Why unavailable.
        #[serde(default)]
        reason: Option<String>,
    }
    /// An interaction to go on with on another channel. One of `channel_id` and `kind`.
    Convert {
        /// Which.
        interaction_id: Id<InteractionId>,
        /// Through which channel account.
        #[serde(default)]
        channel_id: Option<Id<ChannelId>>,
        /// Or through an account of which kind.
        #[serde(default)]
        kind: Option<Word<ChannelKind>>,
        /// The contact's address there, when it is not known yet.
        #[serde(default)]
        address: Option<String>,
        /// With which skill, when several fit.
        #[serde(default)]
        skill_id: Option<Id<SkillId>>,
        /// The first message, where the channel needs a template.
        #[serde(default)]
        template: Option<FilledTemplate>,
        /// The first message elsewhere, if there is one.
        #[serde(default)]
        text: Option<String>,
        /// What it is about, where the channel has subjects.
        #[serde(default)]
        subject: Option<String>,
    }
    /// Work to put aside.
    Snooze {
        /// Which.
        interaction_id: Id<InteractionId>,
        /// Until when; `null` takes it back at once.
        until: Option<Moment>,
    }
    /// A look into a directory.
    SearchDirectory {
        /// Which book.
        book: Word<Book>,
        /// Beginnings of words of a name, an address or a part of a number; accents and case do not matter.
        query: String,
        /// How many, 1 to 50; by default 20.
        #[serde(default)]
        limit: Option<u32>,
    }
    /// One contact.
    OfContact {
        /// Which.
        contact_id: Id<ContactId>,
    }
    /// A page of a contact's interactions.
    PastInteractions {
        /// Of which contact.
        contact_id: Id<ContactId>,
        /// Only interactions before this one.
        #[serde(default)]
        before: Option<Id<InteractionId>>,
        /// How many, 1 to 100; by default 20.
        #[serde(default)]
        limit: Option<u32>,
    }
    /// A contact to change, or (without an id) to make. What is left out stays.
    SaveContact {
        /// Which.
        #[serde(default)]
        contact_id: Option<Id<ContactId>>,
        /// The name to show.
        #[serde(default)]
        name: Option<String>,
        /// Its language, two small letters; empty: not known.
        #[serde(default)]
        language: Option<String>,
        /// The mark for routing.
        #[serde(default)]
        vip: Option<bool>,
        /// Attributes to set; `null` takes one away.
        #[serde(default)]
        attributes: BTreeMap<String, Option<String>>,
        /// Addresses to add.
        #[serde(default)]
        add_addresses: Vec<SaveAddress>,
        /// Addresses that are not this contact's: each, with its interactions, becomes a contact of its own.
        #[serde(default)]
        remove_addresses: Vec<SaveAddress>,
    }
    /// An address.
    SaveAddress {
        /// The kind of channel.
        kind: Word<ChannelKind>,
        /// As people write it.
        address: String,
    }
    /// Two contacts that are one person.
    MergeContact {
        /// The one whose addresses move.
        contact_id: Id<ContactId>,
        /// Where they move.
        into: Id<ContactId>,
        /// Takes such a merge back.
        #[serde(default)]
        undo: bool,
    }
    /// A contact to block.
    BlockContact {
        /// Which.
        contact_id: Id<ContactId>,
        /// `false` lets it write again.
        #[serde(default = "yes")]
        blocked: bool,
    }
    /// A contact that wants no more outbound messages.
    OptOut {
        /// Which.
        contact_id: Id<ContactId>,
        /// `false`: it wants them again.
        #[serde(default = "yes")]
        opted_out: bool,
    }
    /// A note.
    AddNote {
        /// On which interaction.
        interaction_id: Id<InteractionId>,
        /// About one of its messages.
        #[serde(default)]
        message_id: Option<Id<MessageId>>,
        /// What it says.
        text: String,
    }
    /// A transcript.
    SendTranscript {
        /// Of which interaction.
        interaction_id: Id<InteractionId>,
        /// To which address: exactly one.
        email: String,
    }
    /// A tag on an interaction or on a message.
    OneTag {
        /// On which interaction.
        interaction_id: Id<InteractionId>,
        /// On one of its messages; left out: on the interaction itself.
        #[serde(default)]
        message_id: Option<Id<MessageId>>,
        /// Which, at most 50 characters.
        tag: String,
    }
    /// Tags to choose from.
    FindTags {
        /// Only those that begin so; capitals and accents don't matter.
        #[serde(default)]
        search: Option<String>,
        /// How many, 1 to 200; by default 50.
        #[serde(default)]
        limit: Option<u32>,
    }
    /// One's own password.
    ChangePassword {
        /// The one until now.
        old_password: String,
        /// The one from now on, 8 to 200 characters.
        new_password: String,
    }
    /// One channel account.
    OfChannel {
        /// Which.
        channel_id: Id<ChannelId>,
    }
    /// Quick replies.
    FindQuickReplies {
        /// For which interaction: its skill, its language, its contact's values. Left out: for the caller's skills.
        #[serde(default)]
        interaction_id: Option<Id<InteractionId>>,
        /// Only those with these words in title, text, tags or shortcut; accents and slips don't matter. Best first.
        #[serde(default)]
        search: Option<String>,
        /// Only the caller's favourites.
        #[serde(default)]
        favourites: bool,
        /// In this language, two letters, instead of the contact's.
        #[serde(default)]
        language: Option<String>,
    }
    /// A quick reply to fill in.
    RenderQuickReply {
        /// Which.
        quick_reply_id: String,
        /// For which interaction.
        interaction_id: Id<InteractionId>,
        /// Values by field.
        #[serde(default)]
        fields: BTreeMap<String, String>,
        /// In this language, two letters, instead of the contact's.
        #[serde(default)]
        language: Option<String>,
    }
    /// A star on a quick reply.
    StarQuickReply {
        /// Which.
        quick_reply_id: String,
        /// Whether it is a favourite.
        starred: bool,
    }
}

fn yes() -> bool {
    true
}
