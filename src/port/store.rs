//! What a store promises: load the world, load cold keys, commit a batch, read.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::{Conversation, Party, PluginRows, Stretch};
use crate::domain::{
    AgentId, Alias, ChannelId, ChannelKind, Contact, ContactId, Draft, Interaction, InteractionId, Media,
    MediaId, Message, MessageId, Note, SearchWord, SkillId, Status, Time,
};
use crate::engine::{AuditRow, Batch, Cold, ColdKeys, Event, Filter, Sight, Stored};

/// What broke in a store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process writes to this database.
    #[error("another server is the writer of this database; stop it first, or wait until it has ended ({0})")]
    Taken(String),
    /// Our right to write is gone: another process took over. The process must end.
    #[error("this process is no longer the writer of the database (its epoch was taken over)")]
    Fenced,
    /// The database refused this batch; the same batch would be refused again.
    #[error("the database refused the batch: {0}")]
    Refused(String),
    /// The connection was lost and the batch's fate is unknown; `Store::committed_batch` tells.
    #[error("the connection to the database was lost: {0}")]
    Lost(String),
    /// The disk is full or broken; nothing can be written until somebody helps.
    #[error("the database can't write: {0}")]
    ReadOnly(String),
    /// A row does not make sense.
    #[error("table {table}, row {row}: {problem}")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// Its key.
        row: String,
        /// What is wrong.
        problem: String,
    },
    /// The schema can't be brought to this version.
    #[error("the database schema can't be prepared: {0}")]
    Schema(String),
}

/// A batch in the form a store writes: made by the engine, shared with the feed.
pub type Commit = Arc<Batch>;

/// An event read back from the log with the bodies it is about, as they are now (`None`: erased).
#[derive(Debug, Clone)]
pub struct LoggedEvent {
    /// The event.
    pub event: Event,
    /// The interaction it is about.
    pub interaction: Option<Arc<Interaction>>,
    /// Its contact.
    pub contact: Option<Arc<Contact>>,
    /// The message it is about.
    pub message: Option<Arc<Message>>,
    /// The note it is about.
    pub note: Option<Arc<Note>>,
}

/// Which acts of the audit log.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// Only before this number.
    pub before: Option<i64>,
    /// Only of this agent.
    pub agent_id: Option<AgentId>,
    /// Only this action.
    pub action: Option<String>,
    /// Only on this object.
    pub object: Option<String>,
    /// Only from then on.
    pub from: Option<Time>,
    /// Only before then.
    pub to: Option<Time>,
    /// How many.
    pub limit: u32,
}

/// Everything that is kept of one contact but its messages.
#[derive(Debug, Clone)]
pub struct ContactFile {
    /// The contact.
    pub contact: Contact,
    /// Its addresses.
    pub aliases: Vec<Alias>,
    /// Its interactions, oldest first.
    pub interactions: Vec<Interaction>,
    /// Their notes, oldest first.
    pub notes: Vec<Note>,
}

/// A place among interactions in the order in which they began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// When the one before began.
    pub created_at: Time,
    /// Which it was.
    pub interaction_id: InteractionId,
}

/// What reports and exports need of an interaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkRow {
    /// Which.
    pub interaction_id: InteractionId,
    /// On which channel account.
    pub channel_id: ChannelId,
    /// Of which kind.
    pub kind: ChannelKind,
    /// With whom.
    pub contact_id: ContactId,
    /// Whether an agent began it.
    pub outbound: bool,
    /// Its status.
    pub status: Status,
    /// Its skill.
    pub skill: Option<SkillId>,
    /// Who has it.
    pub agent_id: Option<AgentId>,
    /// Who had it.
    pub last_agent_id: Option<AgentId>,
    /// Its disposition.
    pub disposition: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// When it began.
    pub created_at: Time,
    /// When an agent first had it.
    pub accepted_at: Option<Time>,
    /// When an agent first answered.
    pub answered_at: Option<Time>,
    /// Since when its status is so.
    pub status_since: Time,
    /// When it ended.
    pub ended_at: Option<Time>,
}

/// A page of an interaction's messages, oldest first.
#[derive(Debug, Clone, Default)]
pub struct MessagePage {
    /// The messages.
    pub messages: Vec<Message>,
    /// Whether there are older ones.
    pub more: bool,
}

/// A page of interactions that have ended, newest first.
#[derive(Debug, Clone, Default)]
pub struct EndedPage {
    /// Each with its contact (`None`: erased).
    pub interactions: Vec<(Arc<Interaction>, Option<Arc<Contact>>)>,
    /// What the next page begins before; `None`: there is none. A page may be short and still have a next one.
    pub next: Option<InteractionId>,
}

/// A contact with every name it is known by.
#[derive(Debug, Clone)]
pub struct FoundContact {
    /// The contact.
    pub contact: Contact,
    /// Its aliases.
    pub aliases: Vec<Alias>,
}

/// A page of a contact's interactions, newest first.
#[derive(Debug, Clone, Default)]
pub struct InteractionPage {
    /// The interactions.
    pub interactions: Vec<Interaction>,
    /// Whether there are older ones.
    pub more: bool,
}

/// What search finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentKind {
    /// A message, by its text and the names and captions of its files.
    Message,
    /// A note.
    Note,
    /// An interaction, by its contact's name, its address, tags and disposition.
    Interaction,
}

impl DocumentKind {
    /// One letter, as ids have them.
    pub fn letter(self) -> char {
        match self {
            Self::Message => 'm',
            Self::Note => 'n',
            Self::Interaction => 'i',
        }
    }
}

/// What to look for. Empty filters filter nothing.
#[derive(Debug, Clone)]
pub struct SearchQuery {
    /// Every one of these words is there; none: nothing is found.
    pub words: Vec<SearchWord>,
    /// Only these kinds; empty: all.
    pub kinds: Vec<DocumentKind>,
    /// On interactions of this status.
    pub status: Option<Status>,
    /// On interactions that this agent has or had last.
    pub agent_id: Option<AgentId>,
    /// On this channel account.
    pub channel_id: Option<ChannelId>,
    /// With this contact.
    pub contact_id: Option<ContactId>,
    /// Not before this.
    pub from: Option<Time>,
    /// Before this.
    pub to: Option<Time>,
    /// What the caller may see.
    pub sight: Sight,
    /// Only what is older: a former page's `next`.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

/// One thing found, with the interaction it stands in.
#[derive(Debug, Clone)]
pub struct SearchHit {
    /// The interaction.
    pub interaction: Interaction,
    /// Its contact.
    pub contact: Option<Contact>,
    /// What was found in it.
    pub found: Found,
}

/// What was found.
#[derive(Debug, Clone)]
pub enum Found {
    /// A message.
    Message(Box<Message>),
    /// A note.
    Note(Note),
    /// The interaction itself.
    Interaction,
}

/// A page of what was found, newest first.
#[derive(Debug, Clone, Default)]
pub struct SearchPage {
    /// The hits.
    pub hits: Vec<SearchHit>,
    /// Where to go on; `None`: everything was looked at.
    pub next: Option<i64>,
}

/// How far the search index has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Indexed {
    /// The log is followed up to this event.
    pub seq: i64,
    /// Events still to follow.
    pub behind: i64,
    /// Whether nothing at all is left to do, what is older than the index included.
    pub complete: bool,
}

/// A database. One process writes at a time (fenced by an epoch); any number of reads run beside.
pub trait Store: Send + Sync + 'static {
    /// Becomes the writer: raises the epoch, so that every earlier writer's commit fails. Refused with
    /// [`StoreError::Taken`] while another process lives that holds it.
    fn acquire(&self) -> BoxFuture<'_, Result<(), StoreError>>;
    /// Loads everything the world is made from. `channels`, `default_skill` and `conversions` are left as they are by default: the
    /// configuration has them.
    fn load(&self, now: Time) -> BoxFuture<'_, Result<Stored, StoreError>>;
    /// Loads what a batch needs from outside the world.
    fn load_cold(&self, keys: ColdKeys) -> BoxFuture<'_, Result<Cold, StoreError>>;
    /// Writes a batch in one transaction. When it returns `Ok` the batch survives a power cut.
    fn commit(&self, batch: Commit) -> BoxFuture<'_, Result<(), StoreError>>;
    /// The number of the last batch that was committed, after a lost connection.
    fn committed_batch(&self) -> BoxFuture<'_, Result<i64, StoreError>>;
    /// An interaction's messages before one of them (exclusive; `None`: the newest), at most `limit`.
    fn messages(
        &self,
        interaction_id: InteractionId,
        before: Option<MessageId>,
        limit: u32,
    ) -> BoxFuture<'_, Result<MessagePage, StoreError>>;
    /// Interactions that have ended, as the filter wants them.
    fn ended(&self, filter: Filter) -> BoxFuture<'_, Result<EndedPage, StoreError>>;
    /// Events after a cursor that an agent (or, as told, those who supervise or administer) may see, oldest first, at most
    /// `limit`; with the number of the last event looked at, so that a caller can go on from there.
    fn events_after(
        &self,
        cursor: i64,
        agent_id: AgentId,
        supervises: bool,
        administers: bool,
        limit: u32,
    ) -> BoxFuture<'_, Result<(Vec<LoggedEvent>, i64), StoreError>>;
    /// The oldest event still kept and the newest.
    fn event_bounds(&self) -> BoxFuture<'_, Result<(i64, i64), StoreError>>;
    /// An agent's draft on an interaction.
    fn draft(
        &self,
        interaction_id: InteractionId,
        agent_id: AgentId,
    ) -> BoxFuture<'_, Result<Option<Draft>, StoreError>>;
    /// Contacts each of whose words (`domain::query_words`) begins a word that they are found by, at most `limit`.
    fn find_contacts(
        &self,
        words: Vec<String>,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<FoundContact>, StoreError>>;
    /// Contacts that are found by any of these words as a whole, at most `limit`.
    fn contacts_called(
        &self,
        words: Vec<String>,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<FoundContact>, StoreError>>;
    /// Contacts that were merged into one, at most `limit`.
    fn contacts_merged(
        &self,
        into: ContactId,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<FoundContact>, StoreError>>;
    /// The interactions at a contact's addresses before one of them (exclusive; `None`: the newest), at most `limit`.
    fn contact_interactions(
        &self,
        contact_id: ContactId,
        before: Option<InteractionId>,
        limit: u32,
    ) -> BoxFuture<'_, Result<InteractionPage, StoreError>>;
    /// Takes the search index one step further behind the event log: at most so many events. Only the writer may.
    fn index_more(&self, events: u32) -> BoxFuture<'_, Result<Indexed, StoreError>>;
    /// Looks words up in the search index.
    fn search<'a>(&'a self, query: &'a SearchQuery) -> BoxFuture<'a, Result<SearchPage, StoreError>>;
    /// What a contact may read of its own conversation, at most `limit` messages.
    fn conversation(
        &self,
        party: Party,
        part: Stretch,
        limit: u32,
    ) -> BoxFuture<'_, Result<Conversation, StoreError>>;
    /// A file of that conversation, if it is one.
    fn conversation_media(
        &self,
        party: Party,
        media_id: MediaId,
    ) -> BoxFuture<'_, Result<Option<Media>, StoreError>>;
    /// Whether a message of this provider's id is stored.
    fn knows_message(
        &self,
        channel_id: ChannelId,
        provider_id: String,
    ) -> BoxFuture<'_, Result<bool, StoreError>>;
    /// The log after an event, whoever may see it, oldest first, at most `limit`.
    fn log_after(&self, seq: i64, limit: u32) -> BoxFuture<'_, Result<Vec<LoggedEvent>, StoreError>>;
    /// Everything that plugins keep.
    fn load_plugins(&self) -> BoxFuture<'_, Result<PluginRows, StoreError>>;
    /// Writes rows of plugins, all or none. Only the writer may.
    fn save_plugins<'a>(&'a self, rows: &'a PluginRows) -> BoxFuture<'a, Result<(), StoreError>>;
    /// A page of the audit log, newest first.
    fn audit(&self, query: AuditQuery) -> BoxFuture<'_, Result<Vec<AuditRow>, StoreError>>;
    /// Everything that is kept of one contact but its messages.
    fn contact_file(&self, contact_id: ContactId) -> BoxFuture<'_, Result<Option<ContactFile>, StoreError>>;
    /// Files whose rows are erased and that are still to be removed.
    fn erased_files(&self, limit: u32) -> BoxFuture<'_, Result<Vec<MediaId>, StoreError>>;
    /// The next stretch of contacts after one: those with whom nothing is open and nothing was since `before`, and how far
    /// the stretch goes (`None`: there are no more).
    fn silent_contacts(
        &self,
        before: Time,
        after: ContactId,
        limit: u32,
    ) -> BoxFuture<'_, Result<(Vec<ContactId>, Option<ContactId>), StoreError>>;
    /// Interactions that began after a place and before a time, in order.
    fn work_since(
        &self,
        place: Place,
        to: Time,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<WorkRow>, StoreError>>;
    /// Whether it answers at all, for `/readyz`.
    fn ping(&self) -> BoxFuture<'_, Result<(), StoreError>>;
    /// Closes every connection and gives the writer's place free.
    fn close(&self) -> BoxFuture<'_, ()>;
}
