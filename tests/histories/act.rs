//! What may happen in a history, as a closed list, and how often. An act says what is tried; `play` tells on what.

use guichet::domain::{AgentState, Span, Status};

use crate::source::Source;

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

/// What an agent asks that changes nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Question {
    Inbox,
    Get,
    Why,
    Templates,
    UnknownTemplates,
    Media(u16),
    UnknownMedia,
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
    SaveSkill,
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
    Renames { customer: u8 },
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
    StartsOutbound { who: u8, whom: Whom, line: u8, skill: u8, fill: Option<Fill> },
    Asks { who: u8, aim: Aim, what: Question },
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

/// How an act is drawn.
pub(crate) struct Draw {
    /// Its name in the counts.
    pub(crate) name: &'static str,
    /// How often, against the others.
    weight: usize,
    make: fn(&mut Source) -> Act,
}

fn aim(source: &mut Source) -> Aim {
    let which = source.which();
    match source.below(100) {
        0..78 => Aim::Fit(which),
        78..90 => Aim::Live(which),
        90..97 => Aim::Ended(which),
        _ => Aim::Unknown,
    }
}

/// Six agents; who supervises and who administers come less often.
fn who(source: &mut Source) -> u8 {
    source.pick(&[0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 5])
}

fn customer(source: &mut Source) -> u8 {
    source.small(8)
}

/// Mostly the main account.
fn line(source: &mut Source) -> u8 {
    source.pick(&[0, 0, 0, 0, 1, 1, 2])
}

fn late(source: &mut Source) -> Span {
    match source.below(20) {
        0 => Span::hours(i64::from(source.small(50))),
        1 => Span(-(i64::from(source.which()))),
        2..6 => Span::seconds(i64::from(source.small(120))),
        _ => Span(0),
    }
}

fn fill(source: &mut Source) -> Fill {
    use Fill::{Extra, Good, Missing, NoChannel, NoSuch, Paused, Picture};
    source.pick(&[Good, Good, Good, Good, Good, Good, Picture, Missing, Extra, Paused, NoSuch, NoChannel])
}

const CONTENTS: [Content; 10] = [
    Content::Text,
    Content::Text,
    Content::Text,
    Content::Text,
    Content::Picture,
    Content::Voice,
    Content::Place,
    Content::Choice,
    Content::Unsupported,
    Content::Hostile,
];

const SAID: [Said; 14] = [
    Said::Accepted,
    Said::Accepted,
    Said::Accepted,
    Said::Accepted,
    Said::Accepted,
    Said::Accepted,
    Said::Accepted,
    Said::Retry,
    Said::Retry,
    Said::RetryAfter,
    Said::Failed,
    Said::WindowClosed,
    Said::ChannelDown,
    Said::Unknown,
];

const TASKS: [Task; 18] = [
    Task::Skills,
    Task::Remove,
    Task::Return,
    Task::Role,
    Task::Capacity,
    Task::Teams,
    Task::SaveSkill,
    Task::UnknownSkill,
    Task::SaveTeam,
    Task::Token,
    Task::Revoke,
    Task::RevokeUnknown,
    Task::Lists,
    Task::Block,
    Task::Unblock,
    Task::Vip,
    Task::UnknownContact,
    Task::TooManySkills,
];

fn words(source: &mut Source) -> Words {
    match source.below(20) {
        0 => Words::Empty,
        1 => Words::TooLong,
        2 => Words::QuotingUnknown,
        3..6 => Words::Quoting(source.which()),
        _ => Words::Good,
    }
}

fn files(source: &mut Source) -> Files {
    match source.below(12) {
        0 => Files::TooMany,
        1 => Files::Foreign,
        2 => Files::Unknown,
        3 => Files::Inbound,
        _ => Files::Own(1 + source.small(3)),
    }
}

fn whom(source: &mut Source) -> Whom {
    match source.below(20) {
        0..8 => Whom::Contact(source.which()),
        8..15 => Whom::Customer(customer(source)),
        15 | 16 => Whom::Stranger(source.small(200)),
        17 => Whom::BadAddress,
        18 => Whom::UnknownContact,
        _ => Whom::Nobody,
    }
}

fn question(source: &mut Source) -> Question {
    match source.below(10) {
        0 | 1 => Question::Inbox,
        2 | 3 => Question::Get,
        4 | 5 => Question::Why,
        6 => Question::Templates,
        7 => Question::UnknownTemplates,
        8 => Question::Media(source.which()),
        _ => Question::UnknownMedia,
    }
}

fn form(source: &mut Source) -> Form {
    use Form::{LongNote, NotListed, Noted, Plain, Tagged, TooManyTags, Won};
    source.pick(&[Plain, Plain, Plain, Won, Won, Won, Noted, Tagged, NotListed, TooManyTags, LongNote])
}

fn jump(source: &mut Source) -> Span {
    match source.below(6) {
        0 | 1 => Span::hours(1 + i64::from(source.small(30))),
        2 | 3 => Span::hours(24),
        4 => Span::days(1 + i64::from(source.small(12))),
        _ => Span::days(1 + i64::from(source.small(40))),
    }
}

fn wait(source: &mut Source) -> Span {
    match source.below(8) {
        0 => Span(i64::from(source.small(5))),
        1..4 => Span(i64::from(source.which() % 3_000)),
        4..7 => Span::seconds(1 + i64::from(source.small(60))),
        _ => Span::minutes(1 + i64::from(source.small(20))),
    }
}

macro_rules! draws {
    ($($name:literal $weight:literal $source:ident => $make:expr;)*) => {
        &[$(Draw { name: $name, weight: $weight, make: |$source| $make }),*]
    };
}

/// Every act, with how often it comes.
pub(crate) const DRAWS: &[Draw] = draws! {
    "writes" 150 s => Act::Writes {
        customer: customer(s), line: line(s), content: s.pick(&CONTENTS), late: late(s),
        quotes: s.chance(8).then(|| s.which()),
    };
    "repeats" 35 s => Act::Repeats { which: s.which() };
    "bursts" 25 s => Act::Bursts { customer: customer(s), line: line(s), count: 2 + s.small(5) };
    "sets_emoji" 15 s => Act::SetsEmoji { which: s.which(), remove: s.chance(3) };
    "edits" 12 s => Act::Edits { which: s.which() };
    "takes_back" 10 s => Act::TakesBack { which: s.which() };
    "renames" 10 s => Act::Renames { customer: customer(s) };
    "echoes" 10 s => Act::Echoes { customer: customer(s), line: line(s) };
    "reports" 110 s => Act::Reports {
        which: s.which(), step: s.small(5),
        by: s.pick(&[By::Id, By::Id, By::Id, By::Both, By::Both, By::Both, By::UnknownId, By::WrongMark]),
    };
    "account_tells" 8 s => Act::AccountTells { what: s.small(4) };
    "connects" 60 s => Act::Connects { who: who(s), resume: s.chance(2) };
    "drops" 25 s => Act::Drops { who: who(s) };
    "sets_state" 70 s => Act::SetsState {
        who: who(s),
        state: s.pick(&[AgentState::Available, AgentState::Available, AgentState::Available, AgentState::Available,
            AgentState::Unavailable, AgentState::Offline]),
        long_reason: s.chance(12),
    };
    "accepts" 120 s => Act::Accepts { who: who(s), aim: aim(s) };
    "refuses" 20 s => Act::Refuses { who: who(s), aim: aim(s) };
    "pulls" 45 s => Act::Pulls { who: who(s), skill: s.small(6) };
    "says" 130 s => Act::Says { who: who(s), aim: aim(s), words: words(s) };
    "sends_files" 40 s => Act::SendsFiles { who: who(s), aim: aim(s), files: files(s) };
    "sends_template" 50 s => Act::SendsTemplate { who: who(s), aim: aim(s), fill: fill(s) };
    "sends_two_things" 6 s => Act::SendsTwoThings { who: who(s), aim: aim(s) };
    "floods" 6 s => Act::Floods { who: who(s), which: s.which() };
    "retries" 25 s => Act::Retries { who: who(s), which: s.which(), own: !s.chance(5) };
    "reacts" 25 s => Act::Reacts { who: who(s), which: s.which(), own: !s.chance(5), emoji: s.small(5) };
    "reads" 20 s => Act::Reads { who: who(s), aim: aim(s) };
    "types" 12 s => Act::Types { who: who(s), aim: aim(s) };
    "drafts" 20 s => Act::Drafts { who: who(s), aim: aim(s), size: s.small(8) };
    "notes" 20 s => Act::Notes { who: who(s), aim: aim(s), size: s.small(8) };
    "writes_outcome" 75 s => Act::WritesOutcome {
        who: who(s), aim: aim(s),
        status: s.pick(&[Status::Resolved, Status::Resolved, Status::Resolved, Status::Closed, Status::Pending,
            Status::Escalated, Status::Open, Status::New]),
        form: form(s),
    };
    "closes" 25 s => Act::Closes { who: who(s), aim: aim(s) };
    "detaches" 20 s => Act::Detaches { who: who(s), aim: aim(s) };
    "starts_outbound" 50 s => Act::StartsOutbound {
        who: who(s), whom: whom(s), line: line(s), skill: s.small(6),
        fill: if s.chance(6) { None } else { Some(fill(s)) },
    };
    "asks" 25 s => Act::Asks { who: who(s), aim: aim(s), what: question(s) };
    "uploads" 20 s => Act::Uploads { who: who(s), size: s.small(6) };
    "asks_again" 40 s => Act::AsksAgain { which: s.which(), changed: s.chance(4) };
    "answers" 170 s => Act::Answers { which: s.which(), said: s.pick(&SAID) };
    "answers_late" 15 s => Act::AnswersLate { which: s.which(), said: s.pick(&SAID) };
    "fetches" 30 s => Act::Fetches {
        which: s.which(), fetch: s.pick(&[Fetch::Stored, Fetch::Stored, Fetch::Again, Fetch::Never, Fetch::Twice]),
    };
    "lists_templates" 6 s => Act::ListsTemplates { without: s.small(12) };
    "administers" 40 s => Act::Administers { who: who(s), allowed: !s.chance(4), task: s.pick(&TASKS) };
    "comes_in" 15 s => Act::ComesIn {
        who: who(s),
        door: s.pick(&[Door::Find, Door::FindNobody, Door::Open, Door::Close, Door::Knock, Door::KnockStranger]),
    };
    "changes_scripts" 12 s => Act::ChangesScripts { seed: s.which(), broken: s.chance(4) };
    "scripts_fail" 10 s => Act::ScriptsFail { on: s.chance(2) };
    "waits" 110 s => Act::Waits { span: wait(s) };
    "jumps" 14 s => Act::Jumps { span: jump(s) };
    "to_deadline" 110 s => Act::ToDeadline { early: s.chance(5) };
    "commit_fails" 10 _s => Act::CommitFails;
    "commit_unknown" 5 _s => Act::CommitUnknown;
    "dies" 10 s => Act::Dies { death: s.pick(&[Death::BeforeCommit, Death::BeforeRelease, Death::Idle]) };
    "gathers" 30 s => Act::Gathers { count: 2 + s.small(6) };
};

/// Draws the next act: its place in [`DRAWS`], and the act.
pub(crate) fn draw(source: &mut Source) -> (usize, Act) {
    let total: usize = DRAWS.iter().map(|draw| draw.weight).sum();
    let mut left = source.below(total);
    for (place, draw) in DRAWS.iter().enumerate() {
        if left < draw.weight {
            return (place, (draw.make)(source));
        }
        left -= draw.weight;
    }
    (0, Act::Waits { span: Span(0) })
}
