//! `search.run`: the question as the store takes it, the answer as clients get it. What may be seen is the engine's to say.

use serde_json::value::RawValue;

use super::app::App;
use super::dispatch::invalid;
use super::wire;
use crate::domain::search_words;
use crate::engine::Sight;
use crate::port::{DocumentKind, Found, SearchHit, SearchPage, SearchQuery};
use crate::protocol::params::{HitKind, SearchFilters, SearchRun};
use crate::protocol::{self, ErrorShape, Hit, SearchResult};

/// Characters of a query. Nobody types more; each word costs a look into the index.
const QUERY_CHARS: usize = 200;
/// Words of a query.
const QUERY_WORDS: usize = 12;
/// Hits in a page, unless asked otherwise.
const LIMIT_DEFAULT: u32 = 50;
const LIMIT_MAX: u32 = 100;

/// Reads the parameters.
pub(crate) fn query(params: SearchRun, sight: Sight) -> Result<SearchQuery, ErrorShape<'static>> {
    let SearchRun { query, filters, before, limit } = params;
    let limit = limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(invalid("limit", format!("Field limit goes from 1 to {LIMIT_MAX}")));
    }
    if query.chars().count() > QUERY_CHARS {
        return Err(invalid("query", format!("A query has at most {QUERY_CHARS} characters")));
    }
    let words = search_words(&query);
    if words.is_empty() {
        return Err(invalid("query", "There is no word to look for; single letters are not kept".into()));
    }
    if words.len() > QUERY_WORDS {
        return Err(invalid("query", format!("A query has at most {QUERY_WORDS} words")));
    }
    let before = match before.map(|text| text.parse::<i64>()) {
        None => None,
        Some(Ok(before)) => Some(before),
        Some(Err(_)) => {
            return Err(invalid("before", "Field before takes the `next` of a former page".into()));
        }
    };
    let SearchFilters { kinds, status, agent_id, channel_id, contact_id, from, to } = filters;
    Ok(SearchQuery {
        words,
        kinds: kinds.into_iter().map(kind).collect(),
        status: status.map(|word| word.0),
        agent_id: agent_id.map(|id| id.0),
        channel_id: channel_id.map(|id| id.0),
        contact_id: contact_id.map(|id| id.0),
        from: from.map(|instant| instant.0),
        to: to.map(|instant| instant.0),
        sight,
        before,
        limit,
    })
}

fn kind(kind: HitKind) -> DocumentKind {
    match kind {
        HitKind::Message => DocumentKind::Message,
        HitKind::Note => DocumentKind::Note,
        HitKind::Interaction => DocumentKind::Interaction,
    }
}

/// The answer.
pub(crate) fn frame(app: &App, id: &RawValue, page: &SearchPage, behind: i64) -> String {
    let hits = page.hits.iter().map(|hit| self::hit(app, hit)).collect();
    let next = page.next.map(|next| next.to_string());
    protocol::answer(id, SearchResult { hits, next, behind })
}

fn hit<'a>(app: &App, hit: &'a SearchHit) -> Hit<'a> {
    let interaction = wire::interaction(&app.channels, &hit.interaction, hit.contact.as_ref(), None);
    let (kind, message, note) = match &hit.found {
        Found::Message(message) => (HitKind::Message, Some(wire::message(message)), None),
        Found::Note(note) => (HitKind::Note, None, Some(wire::note(note))),
        Found::Interaction => (HitKind::Interaction, None, None),
    };
    Hit { kind, interaction, message, note }
}
