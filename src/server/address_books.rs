//! Entries of the address books, found for an agent. What is in them is the scripts'; who may look is the engine's.

use serde_json::value::RawValue;

use super::app::App;
use crate::domain::query_words;
use crate::engine::Answer;
use crate::lua::{AddressBook, AddressEntry};
use crate::protocol::{self, Found, FoundAddress};

/// The frame with the entries that fit, at most `limit`; `None`: no answer to a search.
pub(crate) fn found(app: &App, id: &RawValue, answer: &Answer, query: &str, limit: u32) -> Option<String> {
    let Answer::Prefill(asker) = answer else { return None };
    let agent = &asker.agent;
    // Who has no skills, such as a supervisor, sees all of them.
    let sees = |book: &&AddressBook| {
        book.skills.is_empty()
            || agent.skills.is_empty()
            || book.skills.iter().any(|skill| agent.level(skill) > 0)
    };
    let books = app.desk.scripts().map(|host| host.address_books()).unwrap_or_default();
    let words = query_words(query);
    let entries =
        books.iter().filter(sees).flat_map(|book| book.entries.iter().map(move |entry| (book, entry)));
    let found = entries.filter(|(_, entry)| entry.fits(&words)).take(limit.try_into().unwrap_or(0));
    let address_books = Some(found.map(|(book, entry)| shown(book, entry)).collect());
    Some(protocol::answer(id, Found { address_books, ..Found::default() }))
}

fn shown<'a>(book: &'a AddressBook, entry: &'a AddressEntry) -> FoundAddress<'a> {
    FoundAddress {
        address_book: &book.address_book,
        title: &book.title,
        name: &entry.name,
        phone: entry.phone.as_deref(),
        email: entry.email.as_deref(),
        note: entry.note.as_deref(),
    }
}
