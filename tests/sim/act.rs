//! What may happen in a history, as a closed list. An act says what is tried; `draw` how often, `play` on what.

use guichet::domain::{AgentState, Span, Status};

/// On which interaction an agent's request is aimed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Aim {
    /// One that it fits, asked by who holds it.
    Fit(u16),
    /// Any that has not ended.
    Live(u16),
    /// One that has ended.
    Ended(u16),
    /// None that exists.
    Unknown,
}

/// What a contact writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    Text,
    Picture,
    Voice,
    Place,
    Choice,
    Unsupported,
    Hostile,
}

/// What a report on a message names it by.
#[derive(Debug, Clone, Copy)]
pub(crate) enum By {
    Id,
    Both,
    UnknownId,
    WrongMark,
}

/// What a provider says to a send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    Accepted,
    Retry,
    RetryAfter,
    Failed,
    WindowClosed,
    ChannelDown,
    Unknown,
}

/// What is wrong with a template, if anything.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fill {
    Good,
    Picture,
    Missing,
    Extra,
    Paused,
    NoSuch,
    NoChannel,
}

/// A text and what is wrong with it, if anything.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Words {
    Good,
    Empty,
    TooLong,
    Quoting(u16),
    QuotingUnknown,
}

/// Files of a send.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Files {
    Own(u8),
    TooMany,
    Foreign,
    Unknown,
    Inbound,
}

/// For whom outbound work is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Whom {
    Contact(u16),
    UnknownContact,
    Customer(u8),
    Stranger(u8),
    BadAddress,
    Nobody,
}

/// Whom work is handed to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Towards {
    Colleague(u8),
    Stranger,
    Skill(u8),
    Team,
    UnknownTeam,
}

/// What somebody who supervises watches.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sight {
    All,
    Skill(u8),
    One,
}

/// What an agent asks that changes nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Question {
    Inbox,
    Get,
    Why,
    Board,
    List(u8),
    Templates,
    UnknownTemplates,
    Media(u16),
    UnknownMedia,
}

/// What somebody does about a contact.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Tie {
    Get,
    Unknown,
    Describe,
    Name,
    Make,
    Merge,
    Part,
    Block,
    Unblock,
    OptOut,
}

/// What somebody looks up.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Look {
    Agents,
    Skills,
    Teams,
    Snoozed,
    Tags,
    Prefill,
    Search,
}

/// What an administrator does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Task {
    Skills,
    Remove,
    Return,
    Role,
    Capacity,
    Teams,
    Password,
    Newcomer,
    BadLogin,
    SaveSkill,
    AutoAccept,
    BadSkill,
    UnknownSkill,
    SaveTeam,
    Token,
    Revoke,
    RevokeUnknown,
    Lists,
    Block,
    Unblock,
    Vip,
    UnknownContact,
    TooManySkills,
}

/// What happens around logins.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Door {
    Find,
    FindNobody,
    Open,
    Close,
    Knock,
    KnockStranger,
}

/// How an agent writes an outcome.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Form {
    Plain,
    Won,
    NotListed,
    Noted,
    Tagged,
    TooManyTags,
    LongNote,
}

/// Where a fetch of a file ended.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fetch {
    Stored,
    Again,
    Never,
    Twice,
}

/// When the process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Death {
    BeforeCommit,
    BeforeRelease,
    Idle,
}

/// Everything that may happen.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Act {
    Writes { customer: u8, line: u8, content: Content, late: Span, quotes: Option<u16> },
    Repeats { which: u16 },
    Bursts { customer: u8, line: u8, count: u8 },
    SetsEmoji { which: u16, remove: bool },
    Edits { which: u16 },
    TakesBack { which: u16 },
    Renames { customer: u8, as_another: Option<u8> },
    Begins { customer: u8, line: u8 },
    Echoes { customer: u8, line: u8 },
    Reports { which: u16, step: u8, by: By },
    AccountTells { what: u8 },
    Connects { who: u8, resume: bool },
    Drops { who: u8 },
    SetsState { who: u8, state: AgentState, long_reason: bool },
    Accepts { who: u8, aim: Aim },
    Refuses { who: u8, aim: Aim },
    Pulls { who: u8, skill: u8 },
    Says { who: u8, aim: Aim, words: Words },
    SendsFiles { who: u8, aim: Aim, files: Files },
    SendsTemplate { who: u8, aim: Aim, fill: Fill },
    SendsTwoThings { who: u8, aim: Aim },
    Floods { who: u8, which: u16 },
    Retries { who: u8, which: u16, own: bool },
    Reacts { who: u8, which: u16, own: bool, emoji: u8 },
    Reads { who: u8, aim: Aim },
    Types { who: u8, aim: Aim },
    Drafts { who: u8, aim: Aim, size: u8 },
    Notes { who: u8, aim: Aim, size: u8 },
    WritesOutcome { who: u8, aim: Aim, status: Status, form: Form },
    Closes { who: u8, aim: Aim },
    Detaches { who: u8, aim: Aim },
    Transfers { who: u8, aim: Aim, to: Towards, long_note: bool },
    EndsTransfer { who: u8, aim: Aim },
    Consults { who: u8, aim: Aim, whom: u8, long_note: bool },
    EndsConsult { who: u8, aim: Aim, whom: Option<u8>, leaves: bool },
    Watches { who: u8, aim: Aim, what: Sight, on: bool },
    Reassigns { who: u8, aim: Aim, to: Towards },
    TakesOver { who: u8, aim: Aim },
    SetsStateOf { who: u8, whom: u8, state: AgentState },
    StartsOutbound { who: u8, whom: Whom, line: u8, skill: u8, fill: Option<Fill> },
    Asks { who: u8, aim: Aim, what: Question },
    SendsTranscript { who: u8, aim: Aim, several: bool },
    AnswersLetter { which: u16, how: u8 },
    SetsTranslation { who: u8, aim: Aim, theirs: bool, ours: bool },
    Translates { who: u8, aim: Aim, which: u16 },
    AnswersText { which: u16, how: u8 },
    Tags { who: u8, aim: Aim, name: u8, message: Option<u16>, take: bool },
    Extends { who: u8, aim: Aim },
    Snoozes { who: u8, aim: Aim, span: Option<Span> },
    Converts { who: u8, aim: Aim, line: u8, fill: Fill },
    Ties { who: u8, which: u16, tie: Tie },
    LooksUp { who: u8, aim: Aim, what: Look },
    Stars { who: u8, on: bool },
    Uploads { who: u8, size: u8 },
    AsksAgain { which: u16, changed: bool },
    Answers { which: u16, said: Said },
    AnswersLate { which: u16, said: Said },
    Fetches { which: u16, fetch: Fetch },
    ListsTemplates { without: u8 },
    Administers { who: u8, allowed: bool, task: Task },
    ComesIn { who: u8, door: Door },
    ChangesScripts { seed: u16, broken: bool },
    ScriptsFail { on: bool },
    Waits { span: Span },
    Jumps { span: Span },
    ToDeadline { early: bool },
    CommitFails,
    CommitUnknown,
    Dies { death: Death },
    Gathers { count: u8 },
}
