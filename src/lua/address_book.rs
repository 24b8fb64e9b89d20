//! `scripts/address_books.lua`: people and places to write to who need not have written first, such as suppliers or branches.
//!
//! It must not know who asks or what the address is used for; whether an agent may begin there is the engine's to say.

use std::collections::BTreeSet;

use super::data::Node;
use super::timer_rules::version;
use crate::domain::{AliasKind, SkillId, found_by, words_of, words_of_alias};

/// Most books. With a thousand entries each (the most a table may have) all of them are gone through in a few milliseconds.
const BOOKS_MAX: usize = 20;
/// Longest name, title and note, in characters.
const TEXT_MAX: usize = 200;

/// One list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressBook {
    /// Its name in scripts and on the wire.
    pub address_book: String,
    /// What a list shows.
    pub title: String,
    /// For agents with one of these skills; empty: for all.
    pub skills: Vec<SkillId>,
    /// Who is in it, in the script's order.
    pub entries: Vec<AddressEntry>,
}

/// Somebody in a book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressEntry {
    /// The name to show.
    pub name: String,
    /// A number for every kind of channel that has numbers, as `+33123456789`.
    pub phone: Option<String>,
    /// An e-mail address.
    pub email: Option<String>,
    /// What to know before writing.
    pub note: Option<String>,
    /// What it is found by.
    words: BTreeSet<String>,
}

impl AddressEntry {
    /// Whether every word of a query (see [`crate::domain::query_words`]) begins one of its own.
    pub fn fits(&self, query: &[String]) -> bool {
        found_by(&self.words, query)
    }
}

/// Reads `address_books { … }`.
pub(crate) fn read(node: &Node<'_>) -> Option<Vec<AddressBook>> {
    let mut fields = node.fields()?;
    version(&mut fields);
    let items = fields.items();
    if items.len() > BOOKS_MAX {
        fields.wrong(format!("more than {BOOKS_MAX} address books"));
    }
    let mut books: Vec<AddressBook> = Vec::new();
    for item in items.iter().take(BOOKS_MAX) {
        let Some(book) = book(item) else { continue };
        if books.iter().any(|other| other.address_book == book.address_book) {
            item.wrong(format!("the id \"{}\" is taken by another address book", book.address_book));
        }
        books.push(book);
    }
    fields.finish();
    Some(books)
}

fn book(node: &Node<'_>) -> Option<AddressBook> {
    let mut fields = node.fields()?;
    let id = fields.must("id").and_then(|node| node.id());
    let title = fields.must("title").and_then(|node| node.text(TEXT_MAX));
    let skills = fields.may("skills").map(|node| node.list().iter().filter_map(Node::parsed).collect());
    let entries = fields.must("entries").map(|node| node.list().iter().filter_map(entry).collect());
    fields.finish();
    Some(AddressBook {
        address_book: id?,
        title: title?,
        skills: skills.unwrap_or_default(),
        entries: entries?,
    })
}

fn entry(given: &Node<'_>) -> Option<AddressEntry> {
    let mut fields = given.fields()?;
    let name = fields.must("name").and_then(|value| value.text(TEXT_MAX));
    let phone = fields
        .may("phone")
        .map(|value| address(&value, AliasKind::Phone, "a number such as \"+33 1 23 45 67 89\""));
    let email = fields.may("email").map(|value| address(&value, AliasKind::Email, "an e-mail address"));
    let note = fields.may("note").and_then(|value| value.text(TEXT_MAX));
    if phone.is_none() && email.is_none() {
        fields.wrong("needs a `phone` or an `email`");
    }
    fields.finish();
    let (name, phone, email) = (name?, phone.flatten(), email.flatten());
    let mut words = words_of(&name);
    for (kind, value) in [(AliasKind::Phone, &phone), (AliasKind::Email, &email)] {
        words.extend(value.iter().flat_map(|value| words_of_alias(kind, value)));
    }
    Some(AddressEntry { name, phone, email, note, words })
}

fn address(node: &Node<'_>, kind: AliasKind, expected: &str) -> Option<String> {
    let typed = node.text(TEXT_MAX)?;
    let read = kind.read(&typed);
    if read.is_none() {
        node.wrong(format!("expected {expected}, got \"{typed}\""));
    }
    read
}
