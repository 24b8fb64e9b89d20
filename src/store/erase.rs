//! Erasing what was said: the statements that take texts, names, addresses and files out of every table, and leave ids.
//!
//! The same steps serve one contact and everything that ended long ago; they differ in which interactions they are about.
//! Dedupe keys stay: they are hashes, and a provider's repetition must not bring a message back.

use super::sql::Dialect;

/// How many interactions one batch erases because they ended long ago.
pub(super) const BITE: i64 = 200;

/// The statements, in order; each takes one parameter.
#[derive(Debug)]
pub(super) struct Erase {
    /// Everything of the contacts in the parameter, a list of ids.
    pub(super) contacts: Vec<String>,
    /// The texts of some interactions that ended before the parameter, a time.
    pub(super) ended: Vec<String>,
}

impl Erase {
    pub(super) fn new(dialect: Dialect) -> Self {
        let contacts = dialect.ints(1);
        let of_contacts = format!("SELECT interaction_id FROM interactions WHERE contact_id IN {contacts}");
        let of_ended = format!(
            "SELECT interaction_id FROM interactions WHERE ended_at < $1 AND ended_at IS NOT NULL \
             AND erased = FALSE ORDER BY ended_at LIMIT {BITE}"
        );
        let mut whole = people(dialect, &contacts);
        whole.extend(work(dialect, &of_contacts, "$1 <> ''"));
        whole.push(format!("DELETE FROM contact_words WHERE contact_id IN {contacts}"));
        whole.push(format!("UPDATE contacts SET attributes = '{{}}', merged_into = NULL, merged = NULL WHERE contact_id IN {contacts}"));
        whole.push(format!("DELETE FROM aliases WHERE contact_id IN {contacts}"));
        let spelt = |steps: Vec<String>| steps.into_iter().map(|step| dialect.spelt(step)).collect();
        Self { contacts: spelt(whole), ended: spelt(work(dialect, &of_ended, "$1 <> 0")) }
    }
}

/// What hangs on a person's addresses and answers. First, while the addresses are known.
fn people(dialect: Dialect, contacts: &str) -> Vec<String> {
    let holds = match dialect {
        Dialect::Sqlite => "instr(raw_deliveries.body, a.value) > 0",
        Dialect::Postgres => "strpos(raw_deliveries.body, a.value) > 0",
    };
    let told = "requests.answer LIKE '%\"interaction_id\":' || i.interaction_id";
    vec![
        format!(
            "DELETE FROM raw_deliveries WHERE EXISTS (SELECT 1 FROM aliases AS a \
             WHERE a.contact_id IN {contacts} AND {holds})"
        ),
        // That it was done is what a repeated request needs to learn.
        format!(
            "UPDATE requests SET answer = '\"done\"' WHERE EXISTS (SELECT 1 FROM interactions AS i \
             WHERE i.contact_id IN {contacts} AND ({told} || ',%' OR {told} || '}}%'))"
        ),
    ]
}

/// What was said in some interactions. The last statement marks them, so that the next bite takes others. `always` is a
/// condition on the parameter that holds: one statement with a text and with a time would be two to `PostgreSQL`.
fn work(dialect: Dialect, which: &str, always: &str) -> Vec<String> {
    let messages = format!("SELECT message_id FROM messages WHERE interaction_id IN ({which})");
    let drafted = match dialect {
        Dialect::Sqlite => "SELECT e.value FROM drafts, json_each(drafts.media) AS e",
        Dialect::Postgres => {
            "SELECT e.value FROM drafts, jsonb_array_elements_text(drafts.media::jsonb) AS e(value)"
        }
    };
    let untold = match dialect {
        Dialect::Sqlite => "json_patch(payload, '{\"added\":[],\"removed\":[]}')",
        Dialect::Postgres => "(payload::jsonb || '{\"added\":[],\"removed\":[]}')::text",
    };
    let files = |source: String| {
        format!("INSERT INTO erased_files (media_id) {source} ON CONFLICT (media_id) DO NOTHING")
    };
    vec![
        files(format!("SELECT media_id FROM media WHERE message_id IN ({messages})")),
        files(format!("{drafted} WHERE drafts.interaction_id IN ({which})")),
        format!("DELETE FROM media WHERE media_id IN (SELECT media_id FROM erased_files) AND {always}"),
        format!(
            "DELETE FROM documents WHERE document_id IN (SELECT message_id FROM messages \
             WHERE interaction_id IN ({which}) UNION ALL SELECT note_id FROM notes WHERE interaction_id IN ({which}) \
             UNION ALL SELECT interaction_id FROM ({which}) AS theirs)"
        ),
        format!(
            "UPDATE events SET payload = {untold} WHERE type = 'tag.changed' AND interaction_id IN ({which})"
        ),
        format!("DELETE FROM drafts WHERE interaction_id IN ({which})"),
        format!("DELETE FROM notes WHERE interaction_id IN ({which})"),
        format!("UPDATE transcripts SET email = '' WHERE interaction_id IN ({which})"),
        format!(
            "UPDATE decisions SET facts = '{{}}', answer = '{{}}', reasons = '[]', sentence = '', error = NULL \
             WHERE interaction_id IN ({which})"
        ),
        format!(
            "UPDATE messages SET text = '', media = '[]', data = '', template = NULL, reactions = '[]', \
             tags = NULL, translation = NULL, error = NULL, provider_id = NULL, deleted = TRUE WHERE interaction_id IN ({which})"
        ),
        format!(
            "UPDATE interactions SET address = '', last_line = '', tags = '[]', subject = NULL, \
             kept = '{{}}', translation = NULL, transfer = NULL, erased = TRUE \
             WHERE interaction_id IN ({which})"
        ),
    ]
}
