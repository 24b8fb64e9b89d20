//! Contacts, their cards and directories: the engine says what the caller may see, the store has the rest.

use serde_json::value::RawValue;

use super::app::App;
use super::wire;
use crate::domain::{AddressKind, ContactId, InteractionId, words_of_alias};
use crate::engine::{Answer, ContactView, Refusal, RefusalKind};
use crate::port::{CardSubject, FoundContact, InteractionPage, StoreError};
use crate::protocol::{self, Card, Found, FoundTeam, ListedContact, OneContact, PastInteractions};

/// Interactions that come with a card.
const CARD_PAGE: u32 = 10;
/// Duplicates and merged contacts that come with a card.
const ALIKE_MAX: u32 = 20;

fn unread(error: &StoreError) -> Refusal {
    tracing::warn!(%error, "contacts can't be read");
    Refusal::new(RefusalKind::Unavailable, "The contacts can't be read now; try again")
}

/// A contact with what belongs to it; `sections`: with what other systems know.
pub(crate) async fn card(
    app: &App,
    id: &RawValue,
    view: &ContactView,
    sections: bool,
) -> Result<String, Refusal> {
    let store = app.desk.store();
    let contact_id = view.contact.contact_id;
    let page = if view.history {
        store.contact_interactions(contact_id, None, CARD_PAGE).await.map_err(|error| unread(&error))?
    } else {
        InteractionPage::default()
    };
    let alike = store.contacts_called(exact_words(view), ALIKE_MAX).await.map_err(|error| unread(&error))?;
    let merged = store.contacts_merged(contact_id, ALIKE_MAX).await.map_err(|error| unread(&error))?;
    let sections =
        sections.then(|| app.desk.card_sections(&subject(view)).into_iter().map(wire::section).collect());
    let card = Card {
        contact: wire::whole_contact(view),
        interactions: interactions(app, view, &page),
        more: page.more,
        duplicates: alike
            .iter()
            .filter(|found| shares_address(view, found))
            .map(wire::listed_contact)
            .collect(),
        merged: merged.iter().filter_map(|found| wire::merged_contact(&found.contact)).collect(),
        sections,
    };
    Ok(protocol::answer(id, card))
}

/// A page of a contact's interactions.
pub(crate) async fn past(
    app: &App,
    id: &RawValue,
    view: &ContactView,
    before: Option<InteractionId>,
    limit: u32,
) -> Result<String, Refusal> {
    if !view.history {
        let message = "Past work is shown to who has work with the contact now";
        return Err(Refusal::new(RefusalKind::NotPermitted, message));
    }
    let read = app.desk.store().contact_interactions(view.contact.contact_id, before, limit);
    let page = read.await.map_err(|error| unread(&error))?;
    Ok(protocol::answer(
        id,
        PastInteractions { interactions: interactions(app, view, &page), more: page.more },
    ))
}

/// Contacts that a query finds.
pub(crate) async fn search(app: &App, query: &str, limit: u32) -> Result<Vec<ListedContact>, Refusal> {
    let words = crate::domain::query_words(query);
    let found = app.desk.store().find_contacts(words, limit).await.map_err(|error| unread(&error))?;
    Ok(found.iter().map(wire::listed_contact).collect())
}

/// What was found in a book, as its frame; `None`: no answer to a search.
pub(crate) fn found(id: &RawValue, answer: &Answer, contacts: Option<Vec<ListedContact>>) -> Option<String> {
    let mut found = Found { contacts, ..Found::default() };
    if let Answer::Agents(agents) = answer {
        found.agents = Some(agents.iter().map(|(agent, load)| wire::agent(agent, *load)).collect());
    } else if let Answer::Queues(queues) = answer {
        found.skills = Some(queues.iter().map(wire::queue).collect());
    } else if let Answer::TeamsAtWork(teams) = answer {
        let teams = teams.iter().map(|at_work| FoundTeam {
            team: at_work.team.team.as_str(),
            title: &at_work.team.title,
            members: at_work.members,
            available_agents: at_work.available_agents,
        });
        found.teams = Some(teams.collect());
    } else if found.contacts.is_none() {
        return None;
    }
    Some(protocol::answer(id, found))
}

pub(crate) fn one(id: &RawValue, view: &ContactView) -> String {
    protocol::answer(id, OneContact { contact: wire::whole_contact(view) })
}

fn interactions<'a>(
    app: &App,
    view: &'a ContactView,
    page: &'a InteractionPage,
) -> Vec<protocol::Interaction<'a>> {
    let whole = page.interactions.iter();
    whole.map(|it| wire::interaction(&app.channels, it, Some(&view.contact), None)).collect()
}

fn subject(view: &ContactView) -> CardSubject {
    let names = view.addresses.iter().flat_map(|address| {
        address.aliases.iter().map(|(alias_kind, value)| (address.kind, *alias_kind, value.clone()))
    });
    CardSubject {
        contact_id: view.contact.contact_id,
        name: view.contact.name.clone(),
        language: view.contact.language.clone(),
        attributes: view.contact.attributes.clone(),
        addresses: names.collect(),
    }
}

/// Its phone numbers and e-mail addresses as the words that they are found by as a whole: the longest of each.
fn exact_words(view: &ContactView) -> Vec<String> {
    let names = view.addresses.iter().flat_map(|address| &address.aliases);
    let readable = names.filter(|(alias_kind, _)| alias_kind.address() != AddressKind::Opaque);
    readable
        .filter_map(|(alias_kind, value)| {
            words_of_alias(*alias_kind, value).into_iter().max_by_key(String::len)
        })
        .collect()
}

/// Whether another contact has the same phone number or e-mail address, on whichever channel.
fn shares_address(view: &ContactView, found: &FoundContact) -> bool {
    let mine = view.addresses.iter().flat_map(|address| &address.aliases);
    let alike = |other: &ContactId| *other != view.contact.contact_id;
    alike(&found.contact.contact_id)
        && mine.clone().any(|(alias_kind, value)| {
            found.aliases.iter().any(|alias| {
                alias_kind.as_read_by(value, alias.alias_kind).is_some_and(|read| read == alias.value)
            })
        })
}
