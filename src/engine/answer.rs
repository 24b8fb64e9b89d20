//! What the engine answers, and what it shows of its world.

#![expect(missing_docs, reason = "the fields of a variant are told in the line above it")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Board, ContactView, DecisionRow, Refusal, Retention, ServiceLevel, Sight, TagRow, TeamAtWork};
use crate::domain::{
    Agent, AgentId, Channel, ChannelKind, Contact, Conversions, DeliveryError, Draft, Interaction,
    InteractionId, Media, Message, Note, Permission, Role, Skill, SkillId, Team, Template, Time, Transcript,
    Watching,
};

/// A queue's counters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// Which skill.
    pub skill: SkillId,
    /// What to show.
    pub title: String,
    /// How many wait (offers included).
    pub waiting: u32,
    /// Since when the first of them waits.
    pub longest_since: Option<Time>,
    /// Available agents who hold the skill.
    pub available_agents: u32,
    /// Whether work waits that nobody on duty can take.
    pub unattended: bool,
    /// How fast it is served.
    pub level: ServiceLevel,
}

/// A channel account and how it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelHealth {
    /// The account.
    pub channel: Channel,
    /// Until when it is left alone because it refuses everything; `None`: it works, as far as is known.
    pub down_until: Option<Time>,
    /// What it refused everything with last, and when; since the server started.
    pub last_error: Option<(Time, DeliveryError)>,
}

/// A bearer token, without what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenInfo {
    /// Its name.
    pub name: String,
    /// Whose rights it has.
    pub agent_id: AgentId,
    /// That agent's login.
    pub login: String,
    /// When it was made.
    pub created_at: Time,
}

/// What a client begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Who it is.
    pub agent: Arc<Agent>,
    /// What it may do.
    pub permissions: BTreeSet<Permission>,
    /// Kinds of channel whose work it may handle.
    pub kinds: BTreeSet<ChannelKind>,
    /// The last event before this.
    pub cursor: i64,
    /// Offered and assigned work.
    pub interactions: Vec<View>,
    /// Work that the caller is consulted on.
    pub consulted: Vec<View>,
    /// The caller's drafts on them.
    pub drafts: Vec<Draft>,
    /// Colleagues, with what each holds now.
    pub agents: Vec<(Arc<Agent>, u32)>,
    /// Queues the caller may see: its skills', or all for those who supervise.
    pub queues: Vec<Queue>,
    /// Channel accounts.
    pub channels: Vec<Channel>,
    /// Skills.
    pub skills: Vec<Skill>,
    /// Which kind of channel may be converted to which.
    #[serde(default)]
    pub conversions: Conversions,
    /// What this installation has beside its channels.
    pub services: Services,
}

/// What an installation has beside its channels, by its configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Services {
    /// A mail server for transcripts.
    pub transcripts: bool,
    /// A translator, with what is to be kept to.
    pub translation: Option<TranslationRules>,
}

/// What is to be kept to in translations.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TranslationRules {
    /// Longest text that is translated, in characters.
    pub text_max: usize,
    /// Whether each message tells the contact that it is translated, or the first one only.
    pub notice_each: bool,
    /// What tells it, by language.
    pub notices: BTreeMap<String, String>,
}

impl TranslationRules {
    /// What tells the contact, in its language or the one nearest to it.
    pub fn notice(&self, language: &str) -> &str {
        let nearest = language.split('-').next().unwrap_or_default();
        let text = [language, nearest, "en"].into_iter().find_map(|code| self.notices.get(code));
        text.map_or("(Translated automatically)", String::as_str)
    }
}

/// An interaction with the contact it is with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// The interaction.
    pub interaction: Arc<Interaction>,
    /// Its contact.
    pub contact: Arc<Contact>,
}

/// Whose quick replies are shown, and for what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prefill {
    /// The caller.
    pub agent: Arc<Agent>,
    /// What the caller said of quick replies: id and whether it is a favourite.
    pub stars: BTreeMap<String, bool>,
    /// The interaction, if one is meant.
    pub view: Option<View>,
    /// Its skill's title.
    pub skill: Option<String>,
}

/// What the engine answers. Serialisable, because a repeated request gets the very answer it got before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It is so.
    Done,
    /// A socket may begin.
    Session(Box<Snapshot>),
    /// An agent and what it holds.
    Agent(Arc<Agent>, u32),
    /// Agents and what each holds.
    Agents(Vec<(Arc<Agent>, u32)>),
    /// Roles.
    Roles(Vec<Arc<Role>>),
    /// Skills.
    Skills(Vec<Skill>),
    /// Teams.
    Teams(Vec<Team>),
    /// One interaction, with its notes where asked for by `Get`, and the caller's draft.
    Interaction { view: View, notes: Vec<Note>, draft: Option<Draft> },
    /// Channel accounts with how they do.
    Channels(Vec<ChannelHealth>),
    /// Tokens, without what they are.
    Tokens(Vec<TokenInfo>),
    /// How long things are kept.
    Retention(Retention),
    /// What is offered and assigned to the caller, and what it is consulted on.
    Inbox { interactions: Vec<View>, consulted: Vec<View> },
    /// A page of a list, newest first, and what to give as `before` for the next.
    Page { views: Vec<View>, next: Option<InteractionId> },
    /// The live board.
    Board(Box<Board>),
    /// All that the caller watches.
    Watching(Watching),
    /// Messages as they are now.
    Messages(Vec<Arc<Message>>),
    /// Begun work and its first message, if it has one.
    Outbound(View, Option<Arc<Message>>),
    /// Skills with what waits for them.
    Queues(Vec<Queue>),
    /// Teams with who is there.
    TeamsAtWork(Vec<TeamAtWork>),
    /// A contact.
    Contact(Box<ContactView>),
    /// A note.
    Note(Note),
    /// All tags that a thing has now.
    Tags(BTreeSet<String>),
    /// Tags in use.
    KnownTags(Vec<TagRow>),
    /// What a quick reply is filled in with.
    Prefill(Box<Prefill>),
    /// A channel's templates.
    Templates(Vec<Template>),
    /// A transcript on its way.
    Transcript(Transcript),
    /// A file.
    Media(Media),
    /// Decisions, newest first; `full`: the caller may see all of them, not just the sentence.
    Why { full: bool, sentence: String, decisions: Vec<DecisionRow> },
    /// What the caller may see.
    Sight(Sight),
    /// Who a cookie or token belongs to.
    Caller { agent_id: AgentId, role: Arc<Role> },
    /// What a login needs to be checked.
    Credentials { agent_id: AgentId, password_hash: String },
}

/// An answer or a refusal.
pub type Reply = Result<Answer, Refusal>;
