//! Which columns each table has, in the order in which rows are written and read. The migrations are the other half.

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// BIGINT.
    Int,
    /// TEXT; nested values as JSON.
    Text,
    /// BOOLEAN.
    Flag,
}

/// A column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// Never changes once written. An update leaves it out, and with it the indexes it is in (`SQLite` rewrites an index
    /// for every column that an update names, changed or not).
    pub(super) fixed: bool,
}

/// What to do with a row that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// Replace it.
    Update,
    /// Leave it.
    Keep,
    /// It is a bug: the batch fails.
    Refuse,
}

/// A table.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) key: &'static str,
    pub(super) again: Again,
    pub(super) columns: &'static [Column],
}

const fn int(name: &'static str) -> Column {
    Column { name, kind: Kind::Int, fixed: false }
}

const fn text(name: &'static str) -> Column {
    Column { name, kind: Kind::Text, fixed: false }
}

const fn flag(name: &'static str) -> Column {
    Column { name, kind: Kind::Flag, fixed: false }
}

const fn fixed(column: Column) -> Column {
    Column { fixed: true, ..column }
}

macro_rules! tables {
    ($($constant:ident $name:literal by $key:literal $again:ident [$($column:expr),* $(,)?];)*) => {
        $(pub(super) const $constant: Table = Table {
            name: $name, key: $key, again: Again::$again, columns: &[$($column),*],
        };)*
        /// Every table that a batch writes.
        pub(super) const ALL: &[&Table] = &[$(&$constant),*];
    };
}

tables! {
    CONTACTS "contacts" by "contact_id" Update [
        int("contact_id"), text("name"), text("language"), flag("vip"), flag("blocked"), flag("opted_out"),
        fixed(int("created_at")), text("attributes"), int("merged_into"),
        text("merged"),
    ];
    CONTACT_WORDS "contact_words" by "word, contact_id" Keep [text("word"), int("contact_id")];
    ALIASES "aliases" by "kind, alias_kind, value" Update [
        text("kind"), text("alias_kind"), text("value"), int("identity_id"), int("contact_id"),
    ];
    INTERACTIONS "interactions" by "interaction_id" Update [
        int("interaction_id"), fixed(text("channel_id")), fixed(text("kind")), int("contact_id"),
        fixed(int("identity_id")), text("address"), int("previous_id"), fixed(flag("outbound")), text("status"),
        text("ownership"), int("agent_id"), int("last_agent_id"), text("consulted"), text("skill"), text("waiting"),
        text("language"), int("window_ends_at"), int("window_told"), text("timers"), int("unread"),
        int("last_message_id"), text("last_line"), int("last_message_at"), int("unanswered_since"), flag("answered"),
        text("disposition"), text("tags"), fixed(int("created_at")), int("assigned_at"), int("status_since"),
        int("accepted_at"), int("answered_at"), int("ended_at"), text("translation"), int("revision"), text("kept"),
        text("subject"), fixed(int("converted_from")), text("transfer"),
    ];
    MESSAGES "messages" by "message_id" Update [
        int("message_id"), fixed(int("interaction_id")), fixed(text("channel_id")), fixed(text("direction")),
        text("author"), int("agent_id"), text("kind"), text("text"), text("media"), text("data"), text("template"),
        int("reply_to"), flag("forwarded"), flag("edited"), flag("deleted"), text("reactions"), text("state"),
        text("error"), text("translation"), text("provider_id"), int("attempts"), int("retry_at"),
        int("backoff"), int("sent_at"), fixed(int("created_at")), text("tags"),
    ];
    MEDIA "media" by "media_id" Update [
        text("media_id"), int("message_id"), int("agent_id"), text("mime"), text("filename"), text("caption"),
        int("size"), flag("voice"), text("state"), text("channel_id"), text("provider_media_id"), int("attempts"),
        int("retry_at"), fixed(int("created_at")),
    ];
    NOTES "notes" by "note_id" Update [
        int("note_id"), fixed(int("interaction_id")), int("message_id"), int("agent_id"), text("text"),
        fixed(int("created_at")),
    ];
    DRAFTS "drafts" by "interaction_id, agent_id" Update [
        int("interaction_id"), int("agent_id"), text("text"), text("media"), int("saved_at"), text("mode"),
        int("reply_to"),
    ];
    TAGS "tags" by "tag" Update [text("tag"), int("uses")];
    STARS "stars" by "agent_id, quick_reply_id" Update [
        int("agent_id"), text("quick_reply_id"), flag("starred"),
    ];
    TRANSCRIPTS "transcripts" by "transcript_id" Update [
        int("transcript_id"), fixed(int("interaction_id")), fixed(int("agent_id")), fixed(text("email")),
        fixed(text("language")), fixed(int("last_message_id")), text("state"), int("attempts"), int("retry_at"),
        text("reason"), fixed(int("created_at")), int("settled_at"),
    ];
    AGENTS "agents" by "agent_id" Update [
        int("agent_id"), text("login"), text("name"), text("role"), text("password_hash"), text("skills"),
        text("teams"), text("capacity"), text("state"), text("reason"), int("state_since"), int("idle_since"),
        int("missed_offers"), flag("removed"), text("watching"), flag("bot"),
    ];
    ROLES "roles" by "role" Update [text("role"), text("title"), text("permissions"), text("kinds")];
    SKILLS "skills" by "skill" Update [
        text("skill"), text("title"), int("offer"), flag("auto_accept"), text("outbound"), text("dispositions"),
        flag("disposition_required"),
    ];
    TEAMS "teams" by "team" Update [text("team"), text("title")];
    TEMPLATES "templates" by "channel_id, name, language" Refuse [
        text("channel_id"), text("name"), text("language"), text("category"), text("status"),
        text("parameter_format"), text("header_format"), text("header"), text("body"), text("footer"),
        text("buttons"),
    ];
    DEDUPE "dedupe" by "key" Refuse [text("key"), int("expires_at")];
    // A request id may come again after its day, before the old row was forgotten.
    REQUESTS "requests" by "agent_id, request_id" Update [
        int("agent_id"), text("request_id"), text("hash"), text("answer"), int("expires_at"),
    ];
    DECISIONS "decisions" by "decision_id" Refuse [
        int("decision_id"), int("interaction_id"), int("time"), text("question"), text("facts"), text("answer"),
        int("generation"), text("at"), text("error"), text("reasons"), text("sentence"),
    ];
    SERVICE_LEVELS "service_levels" by "skill, time" Update [
        text("skill"), int("time"), int("accepted"), int("in_time"), int("waited"),
    ];
    LOGINS "logins" by "hash" Update [text("hash"), int("agent_id"), int("expires_at")];
    TOKENS "tokens" by "name" Update [text("name"), text("hash"), int("agent_id"), int("created_at")];
    AUDIT "audit" by "audit_id" Refuse [
        int("audit_id"), int("time"), int("agent_id"), text("action"), text("object"), text("detail"),
    ];
    ERASED_FILES "erased_files" by "media_id" Keep [text("media_id")];
    RAW_DELIVERIES "raw_deliveries" by "hash" Keep [
        text("hash"), text("channel_id"), text("body"), text("reason"), int("received_at"),
    ];
    EVENTS "events" by "seq" Refuse [
        int("seq"), int("time"), int("interaction_id"), int("revision"), text("type"), text("agents"),
        flag("supervisors"), flag("administrators"), text("payload"),
    ];
}
