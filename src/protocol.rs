//! What crosses the wire: JSON-RPC frames, the methods with their parameters and results, the events.
//!
//! Types only. They are the source of the OpenRPC document (`docs/openrpc.json`, `rpc.discover`), and `server` turns the
//! engine's values into them and back. What goes out borrows from the engine's values, because each event is written once
//! for all its readers and nothing else; what comes in is owned.
//!
//! This room must not know: sockets, HTTP, the engine's rules, who may see what.

mod answer;
mod contact;
mod event;
mod frame;
mod interaction;
mod message;
mod method;
mod openrpc;
pub mod params;
mod people;
mod plugin;
mod spelled;
mod template;

pub use answer::{
    AgentFigures, Agents, AtRisk, Audit, AuditEntry, Board, ChannelError, ChannelStatus, ChannelTested,
    Channels, DailyReport, Decision, Dispositions, Done, ExportAddress, ExportedContact, FieldKindName,
    Figures, History, Hit, InteractionPage, Interactions, KnownTag, KnownTags, Language, Languages, Lengths,
    NewPassword, NewToken, Notice, OneAgent, OneInteraction, OneMessage, OneNote, OneTranscript, Outbound,
    QuickReplies, QuickReply, QuickReplyField, RenderedQuickReply, Retention, Roles, Script, ScriptError,
    ScriptSource, Scripts, SearchResult, Services, SessionStarted, SkillDispositions, SkillFigures, Skills,
    Snapshot, Tags, Teams, Templates, Token, Tokens, Transcript, TriedScript, Uploaded, WatchedThings,
    Watching, WholeInteraction, Why,
};
pub use contact::{
    Address, Card, Found, FoundAddress, FoundTeam, ListedAddress, ListedContact, MergedContact, OneContact,
    PastInteractions, Section, SectionField, WholeContact,
};
pub use event::{About, Cursor, Event, EventBody, Given, HandedTo, Hello, MessageAbout};
pub use frame::{
    ErrorData, ErrorShape, INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND, PARSE_ERROR, REFUSED,
    REMEMBERED_ID_MIN, REQUEST_ID_MAX, Request, answer, error, notification, read_params,
};
pub use interaction::{
    Capabilities, Contact, Draft, Interaction, Note, Timer, TimerState, Timers, Transfer, Translating,
};
pub use message::{Author, DeliveryError, Media, Message, Reaction, SentHeader, SentTemplate, Translation};
pub use method::{METHODS, Method, MethodInfo, Repeat};
pub use openrpc::{document, schema_of};
pub use people::{Agent, Channel, HeldSkill, Queue, Role, Room, ServiceLevel, Share, Skill, Team};
pub use plugin::{OnePlugin, Plugin, PluginSetting, Plugins};
pub use spelled::{Id, Moment, Opaque, Word, Words};
pub use template::{Template, TemplateButton, TemplateHeader};
