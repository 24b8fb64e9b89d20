//! Every limit of the engine in one place, each with its reason, and the checks of texts that use them.

use crate::domain::Span;

use super::{Refusal, RefusalKind};

/// Files in one send: more than a person checks at a glance, and each is a message of its own.
pub(crate) const MEDIA_PER_SEND: usize = 10;
/// Tags on one interaction: beyond this they stop telling anything apart.
pub(crate) const TAGS: usize = 50;
/// Characters of a tag: one line of a list.
pub(crate) const TAG_CHARS: usize = 50;
/// Tags in use in the whole installation: a list that people choose from, kept in memory (about 1 MB).
pub(crate) const KNOWN_TAGS: usize = 5_000;
/// Quick replies an agent may have a word on: as many as there can be.
pub(crate) const STARS: usize = 500;
/// Characters of a quick reply's id, as scripts may write it.
pub(crate) const QUICK_REPLY_CHARS: usize = 64;
/// Characters of a note: some pages.
pub(crate) const NOTE_CHARS: usize = 10_000;
/// Characters of a draft: five times the longest `WhatsApp` text, for channels that take more.
pub(crate) const DRAFT_CHARS: usize = 20_000;
/// Characters of a reason (of a refusal, of being unavailable): one line.
pub(crate) const REASON_CHARS: usize = 100;
/// Characters of a subject: what a mail client shows of one.
pub(crate) const SUBJECT_CHARS: usize = 250;
/// Characters of a disposition: one line.
pub(crate) const DISPOSITION_CHARS: usize = 100;
/// Characters of a name of a person, skill or team.
pub(crate) const NAME_CHARS: usize = 100;
/// Addresses of one contact: more are a collection of people.
pub(crate) const ADDRESSES: usize = 50;
/// Attributes of a contact, and the characters of their names and values: a card is read at a glance.
pub(crate) const ATTRIBUTES: usize = 50;
pub(crate) const ATTRIBUTE_NAME_CHARS: usize = 50;
pub(crate) const ATTRIBUTE_CHARS: usize = 1_000;
/// Characters of a search in a directory.
pub(crate) const QUERY_CHARS: usize = 200;
/// Characters of an address or another alias.
pub(crate) const ALIAS_CHARS: usize = 256;
/// Aliases of one sender that are looked at: a provider gives at most five.
pub(crate) const ALIASES: usize = 16;
/// Characters of an inbound text that are kept: more than any chat channel carries.
pub(crate) const INBOUND_CHARS: usize = 100_000;
/// Characters of the inbox's last line.
pub(crate) const LINE_CHARS: usize = 120;
/// Characters of a message that a script sees.
pub(crate) const FACT_CHARS: usize = 4_096;
/// Bytes of an emoji: the longest sequences have about 35.
pub(crate) const EMOJI_BYTES: usize = 64;
/// Reactions kept on one message.
pub(crate) const REACTIONS: usize = 50;
/// Dispositions of a skill: more can't be chosen from.
pub(crate) const DISPOSITIONS: usize = 200;
/// Units an agent may be given: a slip of the keyboard should not give one agent everything.
pub(crate) const CAPACITY: u32 = 1_000;
/// Roles of an installation: more can't be told apart by those who give them.
pub(crate) const ROLES: usize = 100;
/// Skills an agent may hold.
pub(crate) const SKILLS_PER_AGENT: usize = 100;
/// Characters of a bot's name.
pub(crate) const BOT_NAME_CHARS: usize = NAME_CHARS;
/// Entries of a choice: the longest list that any channel shows.
pub(crate) const CHOICES: usize = 10;
/// Characters of a title, and of an id, of an entry: one line.
pub(crate) const CHOICE_CHARS: usize = 60;
/// For how long an answer to a survey is one: by the next day people write of something else.
pub(crate) const SURVEY: Span = Span::hours(24);
/// Messages to one recipient that wait for their turn; one more is `rate_limited`.
pub(crate) const QUEUED_PER_RECIPIENT: usize = 100;
/// Reports about messages that are not known yet. The oldest goes first: its message most probably never was ours.
pub(crate) const HELD_REPORTS: usize = 10_000;
/// Recent messages in memory beside those on their way: about 20 MB, and most statuses find theirs here.
pub(crate) const CACHED_MESSAGES: usize = 20_000;
/// Deadlines handled in one batch: the next batch goes on at once, so that agents do not wait behind a long list.
pub(crate) const DUE_PER_BATCH: usize = 500;
/// Waiting work looked at for one agent that became free: what does not fit is rare, and the next event looks again.
pub(crate) const SCAN: usize = 200;
/// Candidates named in a decision; the rest are counted.
pub(crate) const NEAREST: usize = 10;
/// Tries of one message, and of one file.
pub(crate) const TRIES: u32 = 8;
/// Messages of one answer that may still put its timer back.
pub(crate) const PUT_BACK: usize = 20;

/// Colleagues consulted on one interaction at a time: more than these is a meeting.
pub(crate) const CONSULTED: usize = 5;
/// Interactions, and skills, that one supervisor watches one by one: who watches more watches everything.
pub(crate) const WATCHED: usize = 100;
/// Countdowns on a board: more than a screen shows.
pub(crate) const AT_RISK: usize = 100;
/// Interactions looked at for one page of a list: the engine answers everybody else meanwhile; the next page goes on.
pub(crate) const LIST_SCAN: usize = 5_000;
/// Interactions of one page.
pub(crate) const LIST_PAGE: u32 = 100;

/// An offer's time when its skill does not say (SPEC §3).
pub(crate) const OFFER: Span = Span::seconds(45);
/// For how long work is not offered again to who refused it (SPEC §3).
pub(crate) const NOT_AGAIN: Span = Span::seconds(60);
/// For how long an agent without a connection keeps state and offers (SPEC §3).
pub(crate) const GRACE: Span = Span::seconds(60);
/// For how long returning work waits for the agent who had it (SPEC §5.10).
pub(crate) const PREFERRED: Span = Span::minutes(5);
/// How long before its end a window is announced as closing (SPEC §4).
pub(crate) const CLOSING: Span = Span::hours(1);
/// After how long a silence detached work ends (SPEC §5.14).
pub(crate) const SILENCE: Span = Span::days(30);
/// The longest that work may be put aside: beyond a quarter nobody remembers why.
pub(crate) const SNOOZE: Span = Span::days(90);
/// How often held work asks again where it should go.
pub(crate) const HOLD_AGAIN: Span = Span::minutes(1);
/// How long an account that refuses everything is left alone.
pub(crate) const DOWN: Span = Span::seconds(60);
/// The first and the longest wait before a message is tried again.
pub(crate) const BACKOFF: (Span, Span) = (Span::seconds(1), Span::minutes(5));
/// How long a script that could not say whether work ends is left alone.
pub(crate) const CLOSE_AGAIN: Span = Span::minutes(5);
/// Dedupe keys: providers resend for 7 days, and 8 are promised.
pub(crate) const KEY_TTL: Span = Span::days(9);
/// Answers of requests that may be sent again (PROTOCOL §3).
pub(crate) const REQUEST_TTL: Span = Span::hours(24);
/// How often what expired is forgotten.
pub(crate) const FORGET: Span = Span::minutes(10);
/// How often the contact's phone is told again that somebody types: the sign lasts 25 s there.
pub(crate) const TYPING: Span = Span::seconds(20);
/// Transcripts that one agent may send within [`TRANSCRIPTS_WITHIN`]: far more than a day's work asks for, far fewer than it
/// takes to carry a desk's conversations away.
pub(crate) const TRANSCRIPTS: usize = 20;
/// Over which time they are counted.
pub(crate) const TRANSCRIPTS_WITHIN: Span = Span::hours(1);
/// Transcripts that wait for a mail server at once; one more is `unavailable`.
pub(crate) const TRANSCRIPTS_WAITING: usize = 1_000;
/// The first and the longest wait before a transcript is tried again. Servers that do not know us yet let us wait for
/// minutes; with [`TRIES`] it is given up after about an hour.
pub(crate) const MAIL_BACKOFF: (Span, Span) = (Span::seconds(30), Span::minutes(30));
/// Messages of one interaction that wait for their translation; what comes beyond is not translated by itself.
pub(crate) const TRANSLATIONS_WAITING: usize = 100;
/// How often the same notice is told.
pub(crate) const NOTICE_AGAIN: Span = Span::seconds(60);
/// Within what time work should be accepted; the board tells how much was.
pub(crate) const SERVICE_TARGET: Span = Span::seconds(60);
/// How finely acceptances are counted.
pub(crate) const SERVICE_SLOT: Span = Span::minutes(5);
/// What the board calls the last hour.
pub(crate) const SERVICE_HOUR: Span = Span::hours(1);
/// Offers in a row that may expire before an agent is taken out of work (SPEC §3).
pub(crate) const MISSED_OFFERS: u32 = 2;

/// The first `max` characters.
pub(crate) fn shorten(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned(),
        None => text.to_owned(),
    }
}

/// Refuses a text of more than `max` characters.
pub(crate) fn fits(field: &str, text: &str, max: usize) -> Result<(), Refusal> {
    // Bytes are at least as many as characters: most texts need no counting.
    if text.len() <= max || text.chars().count() <= max {
        return Ok(());
    }
    let message = format!("{field} is longer than {max} characters; shorten it");
    Err(Refusal::new(RefusalKind::TooLarge, message).field(field))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_counted_in_characters() {
        assert_eq!(shorten("héllo", 2), "hé");
        assert_eq!(shorten("hé", 2), "hé");
        assert!(fits("text", "ééé", 3).is_ok());
        assert_eq!(fits("text", "éééé", 3).unwrap_err().kind, RefusalKind::TooLarge);
    }
}
