//! Every statement, made once a database from what differs between the two dialects: how a parameter is named, how a JSON
//! array is taken apart, how rows are written.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::erase::Erase;
use super::search;
use super::table::{self, Again, Kind, Table};

/// Which database a statement is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// A list of keys is a JSON array (`jsonb_each`: its elements are binary, so that a cell is found without parsing the
    /// text again for each). Rows are written one by one: a call costs little here, and a bound cell needs
    /// no JSON to be taken apart.
    Sqlite,
    /// Keys and rows are JSON arrays (`jsonb_array_elements`): every call is a way to the server and back.
    Postgres,
}

/// How many rows of each table one batch forgets at most, so that a week's worth of expired keys does not hold everybody up
/// for minutes. What is left over goes with the next one: forgetting often keeps the bites small.
pub(super) const FORGET_MAX: i64 = 100_000;
/// How many interactions one page of a list looks at.
pub(super) const LIST_SCAN: i64 = 10_000;
/// How long counts for the service level are kept: a year and a month, so that a month can be held against the year before.
const SERVICE_LEVELS_MS: i64 = 400 * 24 * 3_600 * 1_000;
/// How many rows of words a search for contacts looks at: what is asked for is on the first pages, or the query says too little.
pub(super) const FOUND_MAX: i64 = 400;
/// What a contact may see of its conversation: not the channel's own news, and nothing that has not left or never will.
const CONVERSATION: &str = "WHERE interaction_id IN \
    (SELECT interaction_id FROM interactions WHERE identity_id = $1 AND channel_id = $2 AND erased = FALSE) \
    AND kind <> 'system' AND state NOT IN ('queued', 'failed')";
/// How many notes, or decisions, of one interaction are read: the newest.
pub(super) const PER_INTERACTION_MAX: i64 = 200;

impl Dialect {
    /// The rows of parameter `at`, as `e.value`.
    fn each(self, at: u8) -> String {
        match self {
            Self::Sqlite => format!("jsonb_each(${at}) AS e"),
            Self::Postgres => format!("jsonb_array_elements(${at}::jsonb) AS e(value)"),
        }
    }

    /// A cell of `e.value`.
    fn cell(self, at: usize, kind: Kind) -> String {
        let cast = match (self, kind) {
            (Self::Sqlite, Kind::Int | Kind::Text | Kind::Flag) | (Self::Postgres, Kind::Text) => "",
            (Self::Postgres, Kind::Int) => "::bigint",
            (Self::Postgres, Kind::Flag) => "::boolean",
        };
        format!("(e.value->>{at}){cast}")
    }

    /// Any of the numbers in parameter `at`.
    pub(super) fn ints(self, at: u8) -> String {
        match self {
            Self::Sqlite => format!("(SELECT value FROM json_each(${at}))"),
            Self::Postgres => format!("(SELECT value::bigint FROM jsonb_array_elements_text(${at}::jsonb))"),
        }
    }

    /// Any of the texts in parameter `at`.
    pub(super) fn texts(self, at: u8) -> String {
        match self {
            Self::Sqlite => format!("(SELECT value FROM json_each(${at}))"),
            Self::Postgres => format!("(SELECT value FROM jsonb_array_elements_text(${at}::jsonb))"),
        }
    }

    /// A statement as this database wants its parameters: `$1` or `?1`.
    pub(super) fn spelt(self, sql: String) -> String {
        match self {
            Self::Sqlite => sql.replace('$', "?"),
            Self::Postgres => sql,
        }
    }

    /// What a table's statement writes: a row of parameters, or the rows in one.
    fn rows(self, table: &Table) -> String {
        let columns = table.columns.iter().enumerate();
        match self {
            Self::Sqlite => {
                let places: Vec<String> = columns.map(|(at, _)| format!("${}", at + 1)).collect();
                format!("VALUES ({})", places.join(", "))
            }
            Self::Postgres => {
                let cells: Vec<String> = columns.map(|(at, column)| self.cell(at, column.kind)).collect();
                format!("SELECT {} FROM {} WHERE true", cells.join(", "), self.each(1))
            }
        }
    }

    /// The statement that writes a table's rows, or one of them.
    fn upsert(self, table: &Table) -> String {
        let names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
        let mut sql = format!("INSERT INTO {} ({}) {}", table.name, names.join(", "), self.rows(table));
        // Writing to a String can't fail.
        let _written = match table.again {
            Again::Refuse => Ok(()),
            Again::Keep => write!(sql, " ON CONFLICT ({}) DO NOTHING", table.key),
            Again::Update => {
                let key: Vec<&str> = table.key.split(", ").collect();
                let changes: Vec<String> = table
                    .columns
                    .iter()
                    .filter(|column| !column.fixed && !key.contains(&column.name))
                    .map(|column| format!("{0} = excluded.{0}", column.name))
                    .collect();
                write!(sql, " ON CONFLICT ({}) DO UPDATE SET {}", table.key, changes.join(", "))
            }
        };
        self.spelt(sql)
    }
}

/// The columns of a table for a SELECT, each with its table's name.
fn columns(table: &Table) -> String {
    table
        .columns
        .iter()
        .map(|column| format!("{}.{}", table.name, column.name))
        .collect::<Vec<_>>()
        .join(", ")
}

/// `SELECT` every column of a table, then the rest.
fn select(table: &Table, rest: &str) -> String {
    format!("SELECT {} FROM {} {rest}", columns(table), table.name)
}

/// The newest rows of each interaction in parameter 1.
fn newest(dialect: Dialect, table: &Table) -> String {
    format!(
        "SELECT {columns} FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY interaction_id ORDER BY {key} DESC) AS place \
         FROM {name} WHERE interaction_id IN {ids}) AS {name} WHERE place <= {PER_INTERACTION_MAX} ORDER BY {key} DESC",
        columns = columns(table),
        key = table.key,
        name = table.name,
        ids = dialect.ints(1),
    )
}

macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident: |$d:ident| $sql:expr,)*) => {
        /// The statements of one dialect.
        #[derive(Debug)]
        pub(super) struct Sql {
            upserts: BTreeMap<&'static str, String>,
            /// What erasing takes.
            pub(super) erase: Erase,
            $($(#[$doc])* pub(super) $name: String,)*
        }

        impl Sql {
            /// Makes them.
            pub(super) fn new(dialect: Dialect) -> Self {
                Self {
                    erase: Erase::new(dialect),
                    upserts: table::ALL.iter().map(|table| (table.name, dialect.upsert(table))).collect(),
                    $($name: { let $d = dialect; $d.spelt($sql) },)*
                }
            }
        }
    };
}

statements! {
    /// Whether we are still the writer; the first statement of every batch.
    begin_batch: |d| "UPDATE writer SET batch = $1, next_id = $2, seq = CASE WHEN $3 > 0 THEN $3 ELSE seq END \
        WHERE epoch = $4".to_owned(),
    raise_epoch: |d| "UPDATE writer SET epoch = epoch + 1".to_owned(),
    writer: |d| "SELECT epoch, batch, next_id, seq FROM writer".to_owned(),
    ping: |d| "SELECT 1".to_owned(),

    delete_drafts: |d| format!("DELETE FROM drafts WHERE (interaction_id, agent_id) IN (SELECT {}, {} FROM {})",
        d.cell(0, Kind::Int), d.cell(1, Kind::Int), d.each(1)),
    delete_tags: |d| format!("DELETE FROM tags WHERE tag IN {}", d.texts(1)),
    delete_contact_words: |d| format!("DELETE FROM contact_words WHERE (word, contact_id) IN (SELECT {}, {} FROM {})",
        d.cell(0, Kind::Text), d.cell(1, Kind::Int), d.each(1)),
    delete_roles: |d| format!("DELETE FROM roles WHERE role IN {}", d.texts(1)),
    delete_skills: |d| format!("DELETE FROM skills WHERE skill IN {}", d.texts(1)),
    delete_teams: |d| format!("DELETE FROM teams WHERE team IN {}", d.texts(1)),
    delete_erased_files: |d| format!("DELETE FROM erased_files WHERE media_id IN {}", d.texts(1)),
    delete_templates: |d| format!("DELETE FROM templates WHERE channel_id IN {}", d.texts(1)),
    delete_logins: |d| format!("DELETE FROM logins WHERE hash IN {}", d.texts(1)),
    delete_tokens: |d| format!("DELETE FROM tokens WHERE name IN {}", d.texts(1)),
    forget_dedupe: |d| format!("DELETE FROM dedupe WHERE key IN \
        (SELECT key FROM dedupe WHERE expires_at < $1 ORDER BY expires_at LIMIT {FORGET_MAX})"),
    forget_requests: |d| format!("DELETE FROM requests WHERE (agent_id, request_id) IN \
        (SELECT agent_id, request_id FROM requests WHERE expires_at < $1 ORDER BY expires_at LIMIT {FORGET_MAX})"),
    forget_logins: |d| "DELETE FROM logins WHERE expires_at < $1".to_owned(),
    // Numbers and times of events rise together, so the oldest are first and no index on time is needed.
    forget_events: |d| format!("DELETE FROM events WHERE time < $1 AND seq IN \
        (SELECT seq FROM events ORDER BY seq LIMIT {FORGET_MAX})"),

    // Kept longer than any report looks back.
    forget_service_levels: |d| format!("DELETE FROM service_levels WHERE time < $1 - {SERVICE_LEVELS_MS}"),

    forget_decisions: |d| format!("DELETE FROM decisions WHERE time < $1 AND decision_id IN \
        (SELECT decision_id FROM decisions ORDER BY decision_id LIMIT {FORGET_MAX})"),
    forget_audit: |d| format!("DELETE FROM audit WHERE time < $1 AND audit_id IN \
        (SELECT audit_id FROM audit ORDER BY audit_id LIMIT {FORGET_MAX})"),
    forget_raw: |d| "DELETE FROM raw_deliveries WHERE received_at < $1".to_owned(),

    audit: |d| "SELECT audit_id, time, agent_id, action, object, detail FROM audit WHERE audit_id < $1 \
        AND ($2 = -1 OR agent_id = $2) AND ($3 = '' OR action = $3) AND ($4 = '' OR object = $4) \
        AND time >= $5 AND time < $6 ORDER BY audit_id DESC LIMIT $7".to_owned(),
    aliases_of_contact: |d| select(&table::ALIASES,
        &format!("WHERE contact_id IN {} ORDER BY kind, alias_kind, value", d.ints(1))),
    work_of_contact: |d| select(&table::INTERACTIONS,
        &format!("WHERE contact_id IN {} ORDER BY interaction_id LIMIT $2", d.ints(1))),
    notes_of_contact: |d| select(&table::NOTES, &format!("WHERE interaction_id IN \
        (SELECT interaction_id FROM interactions WHERE contact_id IN {}) ORDER BY note_id", d.ints(1))),
    // Whoever turned out to be one of these, or one of those.
    merged_into: |d| format!("WITH RECURSIVE same (contact_id) AS (SELECT contact_id FROM contacts WHERE merged_into IN {} \
        UNION SELECT c.contact_id FROM contacts AS c JOIN same AS s ON c.merged_into = s.contact_id) \
        SELECT contact_id FROM same", d.ints(1)),
    work_ids: |d| format!("SELECT contact_id, interaction_id FROM interactions WHERE contact_id IN {}", d.ints(1)),
    erased_files: |d| "SELECT media_id FROM erased_files ORDER BY media_id LIMIT $1".to_owned(),
    // A stretch at a time, so that a long list of contacts who are all still kept costs little.
    silent_contacts: |d| "SELECT c.contact_id, CASE WHEN c.created_at < $1 \
            AND EXISTS (SELECT 1 FROM aliases AS a WHERE a.contact_id = c.contact_id) \
            AND NOT EXISTS (SELECT 1 FROM interactions AS i WHERE i.contact_id = c.contact_id \
                AND (i.ended_at IS NULL OR i.ended_at >= $1)) THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END \
        FROM contacts AS c WHERE c.contact_id > $2 ORDER BY c.contact_id LIMIT $3".to_owned(),
    work_since: |d| "SELECT interaction_id, channel_id, kind, contact_id, outbound, status, skill, agent_id, \
            last_agent_id, disposition, tags, created_at, accepted_at, answered_at, status_since, ended_at \
        FROM interactions WHERE (created_at, interaction_id) > ($1, $2) AND created_at < $3 \
        ORDER BY created_at, interaction_id LIMIT $4".to_owned(),

    load_agents: |d| select(&table::AGENTS, "ORDER BY agent_id"),
    load_roles: |d| select(&table::ROLES, "ORDER BY role"),
    load_skills: |d| select(&table::SKILLS, "ORDER BY skill"),
    load_teams: |d| select(&table::TEAMS, "ORDER BY team"),
    load_tokens: |d| select(&table::TOKENS, "ORDER BY name"),
    load_logins: |d| select(&table::LOGINS, "WHERE expires_at > $1 ORDER BY hash"),
    load_service_levels: |d| select(&table::SERVICE_LEVELS, "WHERE time >= $1 ORDER BY skill, time"),
    load_templates: |d| select(&table::TEMPLATES, "ORDER BY channel_id, name, language"),
    load_interactions: |d| select(&table::INTERACTIONS, "WHERE ended_at IS NULL ORDER BY interaction_id"),
    load_contacts: |d| select(&table::CONTACTS, "WHERE contact_id IN \
        (SELECT contact_id FROM interactions WHERE ended_at IS NULL) ORDER BY contact_id"),
    load_aliases: |d| select(&table::ALIASES, "WHERE contact_id IN \
        (SELECT contact_id FROM interactions WHERE ended_at IS NULL) ORDER BY kind, alias_kind, value"),
    load_messages: |d| select(&table::MESSAGES,
        "WHERE state IN ('queued', 'sending', 'unknown') ORDER BY message_id"),
    load_media: |d| select(&table::MEDIA, "WHERE state = 'pending' ORDER BY media_id"),
    load_drafts: |d| select(&table::DRAFTS, "WHERE interaction_id IN \
        (SELECT interaction_id FROM interactions WHERE ended_at IS NULL) ORDER BY interaction_id, agent_id"),
    load_transcripts: |d| select(&table::TRANSCRIPTS, "WHERE settled_at IS NULL ORDER BY transcript_id"),
    load_tags: |d| select(&table::TAGS, "ORDER BY tag"),
    load_stars: |d| select(&table::STARS, "ORDER BY agent_id, quick_reply_id"),

    cold_messages: |d| select(&table::MESSAGES, &format!("WHERE message_id IN {}", d.ints(1))),
    // CROSS JOIN keeps SQLite from beginning with the larger table.
    cold_messages_by_provider: |d| format!("SELECT {} FROM {} CROSS JOIN messages \
        WHERE messages.channel_id = {} AND messages.provider_id = {}",
        columns(&table::MESSAGES), d.each(1), d.cell(0, Kind::Text), d.cell(1, Kind::Text)),
    cold_aliases: |d| select(&table::ALIASES, &format!("WHERE identity_id IN (\
        SELECT a.identity_id FROM {} CROSS JOIN aliases AS a \
            WHERE a.kind = {} AND a.alias_kind = {} AND a.value = {} \
        UNION SELECT identity_id FROM aliases WHERE contact_id IN {} \
        UNION SELECT identity_id FROM interactions WHERE interaction_id IN {}) ORDER BY kind, alias_kind, value",
        d.each(1), d.cell(0, Kind::Text), d.cell(1, Kind::Text), d.cell(2, Kind::Text), d.ints(2), d.ints(3))),
    cold_interactions: |d| select(&table::INTERACTIONS, &format!("WHERE interaction_id IN (\
        SELECT interaction_id FROM interactions WHERE interaction_id IN {} \
        UNION SELECT MAX(interaction_id) FROM interactions WHERE identity_id IN {} GROUP BY identity_id, channel_id) \
        ORDER BY interaction_id", d.ints(1), d.ints(2))),
    contacts: |d| select(&table::CONTACTS, &format!("WHERE contact_id IN {} ORDER BY contact_id", d.ints(1))),
    cold_dedupe: |d| format!("SELECT key FROM dedupe WHERE key IN {}", d.texts(1)),
    cold_requests: |d| format!("SELECT {} FROM {} CROSS JOIN requests \
        WHERE requests.agent_id = {} AND requests.request_id = {}",
        columns(&table::REQUESTS), d.each(1), d.cell(0, Kind::Int), d.cell(1, Kind::Text)),
    cold_media: |d| select(&table::MEDIA, &format!("WHERE media_id IN {}", d.texts(1))),
    cold_decisions: |d| newest(d, &table::DECISIONS),
    cold_notes: |d| newest(d, &table::NOTES),

    // The longest word of a query leads; the others are looked up for what it finds. In the key's order, so that it ends early.
    contacts_found: |d| format!("SELECT w.contact_id FROM contact_words AS w WHERE w.word >= $1 AND w.word < $2 \
        AND NOT EXISTS (SELECT 1 FROM {} WHERE NOT EXISTS (SELECT 1 FROM contact_words AS o \
            WHERE o.contact_id = w.contact_id AND o.word >= {} AND o.word < {})) \
        ORDER BY w.word, w.contact_id LIMIT {FOUND_MAX}",
        d.each(3), d.cell(0, Kind::Text), d.cell(1, Kind::Text)),
    contacts_called: |d| format!("SELECT contact_id FROM contact_words WHERE word IN {} \
        ORDER BY word, contact_id LIMIT {FOUND_MAX}", d.texts(1)),
    contacts_merged: |d| select(&table::CONTACTS,
        &format!("WHERE merged_into = $1 ORDER BY contact_id LIMIT {FOUND_MAX}")),
    aliases_of: |d| select(&table::ALIASES,
        &format!("WHERE contact_id IN {} ORDER BY kind, alias_kind, value", d.ints(1))),
    contact_interactions: |d| select(&table::INTERACTIONS, "WHERE identity_id IN \
        (SELECT identity_id FROM aliases WHERE contact_id = $1) AND interaction_id < $2 \
        ORDER BY interaction_id DESC LIMIT $3"),

    messages_before: |d| select(&table::MESSAGES,
        "WHERE interaction_id = $1 AND message_id < $2 ORDER BY message_id DESC LIMIT $3"),
    // Looks at a bounded number of rows, so that a filter that fits few does not read everything.
    ended: |d| format!("SELECT {} FROM (SELECT * FROM interactions WHERE interaction_id < $1         ORDER BY interaction_id DESC LIMIT {LIST_SCAN}) AS interactions WHERE ended_at IS NOT NULL         AND ($2 = '' OR status = $2) AND ($3 = '' OR ownership = $3) AND ($4 = 0 OR last_agent_id = $4)         AND ($5 = '' OR skill = $5) AND ($6 = '' OR channel_id = $6) ORDER BY interaction_id DESC LIMIT $7",
        columns(&table::INTERACTIONS)),
    ended_looked_at: |d| format!("SELECT COUNT(*), MIN(interaction_id) FROM (SELECT interaction_id FROM interactions         WHERE interaction_id < $1 ORDER BY interaction_id DESC LIMIT {LIST_SCAN}) AS looked_at"),
    identity: |d| "SELECT identity_id FROM aliases WHERE kind = $1 AND alias_kind = $2 AND value = $3".to_owned(),
    conversation_newest: |d| select(&table::INTERACTIONS,
        "WHERE identity_id = $1 AND channel_id = $2 AND erased = FALSE ORDER BY interaction_id DESC LIMIT 1"),
    conversation_before: |d| select(&table::MESSAGES, &format!("{CONVERSATION} AND message_id < $3 \
        ORDER BY message_id DESC LIMIT $4")),
    // Of those to the contact that are older, what was tried more often than parameter 5 says and never acknowledged.
    conversation_after: |d| select(&table::MESSAGES, &format!("{CONVERSATION} \
        AND ((direction = 'in' AND message_id > $3) OR (direction = 'out' AND (message_id > $4 \
            OR (attempts > $5 AND state IN ('sending', 'unknown', 'accepted', 'sent'))))) \
        ORDER BY message_id LIMIT $6")),
    conversation_media: |d| select(&table::MEDIA, "WHERE media_id = $1 AND EXISTS (SELECT 1 FROM messages \
        JOIN interactions ON interactions.interaction_id = messages.interaction_id \
        JOIN aliases ON aliases.identity_id = interactions.identity_id \
        WHERE messages.message_id = media.message_id AND messages.state NOT IN ('queued', 'failed') \
            AND interactions.channel_id = $2 AND aliases.kind = $3 AND aliases.alias_kind = $4 AND aliases.value = $5)"),
    knows_message: |d| "SELECT message_id FROM messages WHERE channel_id = $1 AND provider_id = $2".to_owned(),
    names: |d| format!("SELECT agent_id, name FROM agents WHERE agent_id IN {}", d.ints(1)),
    draft: |d| select(&table::DRAFTS, "WHERE interaction_id = $1 AND agent_id = $2"),
    event_bounds: |d| "SELECT (SELECT MIN(seq) FROM events), seq FROM writer".to_owned(),
    events: |d| select(&table::EVENTS, "WHERE seq > $1 AND seq <= $2 AND (agents LIKE $3 \
        OR ($4 = 1 AND supervisors = TRUE) OR ($5 = 1 AND administrators = TRUE)) ORDER BY seq LIMIT $6"),
    interactions: |d| select(&table::INTERACTIONS, &format!("WHERE interaction_id IN {}", d.ints(1))),

    /// How far the index has come; the second statement of every bite, as `begin_batch` is of a batch.
    begin_index: |d| "UPDATE index_progress SET seq = $1, below = $2, written = written + $3 \
        WHERE (SELECT epoch FROM writer) = $4".to_owned(),
    /// A bite's documents, as one JSON array: they are of no batch, and few statements hold the writer shortest. What was
    /// erased since they were read does not come back.
    index_documents: |d| format!("INSERT INTO documents (document_id, stems) SELECT {}, {} FROM {} WHERE NOT EXISTS \
        (SELECT 1 FROM interactions AS i WHERE i.interaction_id = {} AND i.erased = TRUE) \
        ON CONFLICT (document_id) DO UPDATE SET stems = excluded.stems",
        d.cell(0, Kind::Int), d.cell(1, Kind::Text), d.each(1), d.cell(2, Kind::Int)),
    index_progress: |d| "SELECT p.seq, p.below, w.seq FROM index_progress AS p CROSS JOIN writer AS w".to_owned(),
    index_events: |d| select(&table::EVENTS, "WHERE seq > $1 ORDER BY seq LIMIT $2"),
    index_messages_between: |d| select(&table::MESSAGES, "WHERE message_id >= $1 AND message_id < $2"),
    index_notes_between: |d| select(&table::NOTES, "WHERE note_id >= $1 AND note_id < $2"),
    index_interactions_between: |d| select(&table::INTERACTIONS,
        "WHERE interaction_id >= $1 AND interaction_id < $2"),
    /// The newest messages of interactions that changed hands.
    index_messages_of: |d| select(&table::MESSAGES,
        &format!("WHERE interaction_id IN {} ORDER BY message_id DESC LIMIT $2", d.ints(1))),
    /// Whether we are still the writer; the first statement of rows of plugins.
    begin_plugins: |d| "UPDATE writer SET epoch = epoch WHERE epoch = $1".to_owned(),
    load_plugins: |d| "SELECT plugin, granted, granted_by, granted_at, settings, seq, done FROM plugins ORDER BY plugin".to_owned(),
    load_plugin_values: |d| "SELECT plugin, name, value FROM plugin_values ORDER BY plugin, name".to_owned(),
    load_plugin_jobs: |d| "SELECT plugin, job, due_at, every, data FROM plugin_jobs ORDER BY plugin, job".to_owned(),
    save_plugins: |d| format!("INSERT INTO plugins (plugin, granted, granted_by, granted_at, settings, seq, done) \
        SELECT {}, {}, {}, {}, {}, {}, {} FROM {} WHERE true ON CONFLICT (plugin) DO UPDATE SET \
        granted = excluded.granted, granted_by = excluded.granted_by, granted_at = excluded.granted_at, \
        settings = excluded.settings, seq = excluded.seq, done = excluded.done",
        d.cell(0, Kind::Text), d.cell(1, Kind::Text), d.cell(2, Kind::Text), d.cell(3, Kind::Int),
        d.cell(4, Kind::Text), d.cell(5, Kind::Int), d.cell(6, Kind::Text), d.each(1)),
    save_plugin_values: |d| format!("INSERT INTO plugin_values (plugin, name, value) SELECT {}, {}, {} FROM {} \
        WHERE true ON CONFLICT (plugin, name) DO UPDATE SET value = excluded.value",
        d.cell(0, Kind::Text), d.cell(1, Kind::Text), d.cell(2, Kind::Text), d.each(1)),
    save_plugin_jobs: |d| format!("INSERT INTO plugin_jobs (plugin, job, due_at, every, data) \
        SELECT {}, {}, {}, {}, {} FROM {} WHERE true ON CONFLICT (plugin, job) DO UPDATE SET \
        due_at = excluded.due_at, every = excluded.every, data = excluded.data",
        d.cell(0, Kind::Text), d.cell(1, Kind::Text), d.cell(2, Kind::Int), d.cell(3, Kind::Int),
        d.cell(4, Kind::Text), d.each(1)),
    drop_plugin_values: |d| format!("DELETE FROM plugin_values WHERE (plugin, name) IN (SELECT {}, {} FROM {})",
        d.cell(0, Kind::Text), d.cell(1, Kind::Text), d.each(1)),
    drop_plugin_jobs: |d| format!("DELETE FROM plugin_jobs WHERE (plugin, job) IN (SELECT {}, {} FROM {})",
        d.cell(0, Kind::Text), d.cell(1, Kind::Text), d.each(1)),
    search: |d| search::found(d),
    search_reach: |d| search::reach(d),
    notes: |d| select(&table::NOTES, &format!("WHERE note_id IN {}", d.ints(1))),
}

impl Sql {
    /// The statement that writes a table's rows.
    pub(super) fn upsert(&'static self, table: &Table) -> &'static str {
        // Every table is in the map; an empty statement would be refused by the database.
        self.upserts.get(table.name).map_or("", String::as_str)
    }
}
