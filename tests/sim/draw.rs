//! How often each act comes, and with what: drawn from the history's source.

use guichet::domain::{AgentState, Span, Status};

use crate::act::{
    Act, Aim, By, Content, Death, Door, Fetch, Files, Fill, Form, Look, Question, Said, Sight, Task, Tie,
    Towards, Whom, Words,
};
use crate::play::desk::SNOOZES;
use crate::source::Source;

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

const TIES: [Tie; 12] = [
    Tie::Get,
    Tie::Unknown,
    Tie::Describe,
    Tie::Name,
    Tie::Make,
    Tie::Merge,
    Tie::Merge,
    Tie::Part,
    Tie::Part,
    Tie::Block,
    Tie::Unblock,
    Tie::OptOut,
];

const LOOKS: [Look; 7] =
    [Look::Agents, Look::Skills, Look::Teams, Look::Snoozed, Look::Tags, Look::Prefill, Look::Search];

const TASKS: [Task; 23] = [
    Task::Skills,
    Task::Remove,
    Task::Return,
    Task::Role,
    Task::Capacity,
    Task::Teams,
    Task::Password,
    Task::Newcomer,
    Task::BadLogin,
    Task::SaveSkill,
    Task::AutoAccept,
    Task::BadSkill,
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

fn towards(source: &mut Source) -> Towards {
    match source.below(12) {
        0 => Towards::Stranger,
        1 | 2 => Towards::Skill(source.small(4)),
        3 => Towards::Team,
        4 => Towards::UnknownTeam,
        _ => Towards::Colleague(source.small(6)),
    }
}

fn question(source: &mut Source) -> Question {
    match source.below(12) {
        0 | 1 => Question::Inbox,
        2 | 3 => Question::Get,
        4 | 5 => Question::Why,
        6 => Question::Templates,
        7 => Question::UnknownTemplates,
        8 => Question::Media(source.which()),
        9 => Question::Board,
        10 => Question::List(source.small(8)),
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
    "renames" 10 s => Act::Renames { customer: customer(s), as_another: s.chance(4).then(|| customer(s)) };
    "begins" 10 s => Act::Begins { customer: customer(s), line: line(s) };
    "echoes" 10 s => Act::Echoes { customer: customer(s), line: line(s) };
    "reports" 110 s => Act::Reports {
        which: s.which(), step: s.small(5),
        by: s.pick(&[By::Id, By::Id, By::Id, By::Both, By::Both, By::Both, By::UnknownId, By::WrongMark]),
    };
    "account_tells" 8 s => Act::AccountTells { what: s.small(5) };
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
    "floods" 3 s => Act::Floods { who: who(s), which: s.which() };
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
    "transfers" 50 s => Act::Transfers { who: who(s), aim: aim(s), to: towards(s), long_note: s.chance(20) };
    "ends_transfer" 8 s => Act::EndsTransfer { who: who(s), aim: aim(s) };
    "consults" 35 s => Act::Consults { who: who(s), aim: aim(s), whom: s.small(7), long_note: s.chance(20) };
    "ends_consult" 15 s => Act::EndsConsult {
        who: who(s), aim: aim(s), whom: s.chance(2).then(|| s.small(7)), leaves: s.chance(2),
    };
    "watches" 12 s => Act::Watches {
        who: who(s), aim: aim(s), what: s.pick(&[Sight::All, Sight::Skill(0), Sight::Skill(3), Sight::One, Sight::One]),
        on: !s.chance(3),
    };
    "reassigns" 15 s => Act::Reassigns { who: who(s), aim: aim(s), to: towards(s) };
    "takes_over" 12 s => Act::TakesOver { who: who(s), aim: aim(s) };
    "sets_state_of" 8 s => Act::SetsStateOf {
        who: who(s), whom: s.small(7), state: s.pick(&[AgentState::Available, AgentState::Unavailable, AgentState::Offline]),
    };
    "starts_outbound" 50 s => Act::StartsOutbound {
        who: who(s), whom: whom(s), line: line(s), skill: s.small(6),
        fill: if s.chance(6) { None } else { Some(fill(s)) },
    };
    "asks" 25 s => Act::Asks { who: who(s), aim: aim(s), what: question(s) };
    "sends_transcript" 12 s => Act::SendsTranscript { who: who(s), aim: aim(s), several: s.chance(8) };
    "answers_letter" 12 s => Act::AnswersLetter { which: s.which(), how: s.small(8) };
    "sets_translation" 12 s => Act::SetsTranslation { who: who(s), aim: aim(s), theirs: !s.chance(3), ours: s.chance(2) };
    "translates" 12 s => Act::Translates { who: who(s), aim: aim(s), which: s.which() };
    "answers_text" 60 s => Act::AnswersText { which: s.which(), how: s.small(12) };
    "tags" 20 s => Act::Tags {
        who: who(s), aim: aim(s), name: s.small(12), message: s.chance(3).then(|| s.which()), take: s.chance(3),
    };
    "extends" 12 s => Act::Extends { who: who(s), aim: aim(s) };
    "snoozes" 12 s => Act::Snoozes { who: who(s), aim: aim(s), span: s.pick(&SNOOZES) };
    "converts" 25 s => Act::Converts { who: who(s), aim: aim(s), line: line(s), fill: fill(s) };
    "ties" 30 s => Act::Ties { who: who(s), which: s.which(), tie: s.pick(&TIES) };
    "looks_up" 12 s => Act::LooksUp { who: who(s), aim: aim(s), what: s.pick(&LOOKS) };
    "stars" 6 s => Act::Stars { who: who(s), on: !s.chance(3) };
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
