//! Contacts by the words they are found by, and their interactions in pages.

use std::sync::Arc;

use guichet::domain::*;
use guichet::engine::*;
use guichet::port::Store;

use super::dice::Dice;
use super::testbed::Testbed;

/// A contact with a name and a number, as the engine would hand it over.
fn person(batch: &mut Batch, id: i64, name: &str, number: &str) {
    let mut contact = Dice::new(1).contact(id);
    contact.name = name.to_owned();
    contact.merged = None;
    let alias = Alias {
        kind: ChannelKind::Whatsapp,
        alias_kind: AliasKind::WaId,
        value: number.to_owned(),
        identity_id: IdentityId(id + 1_000),
        contact_id: ContactId(id),
    };
    let words = words_of(name).into_iter().chain(words_of_alias(AliasKind::WaId, number));
    batch.rows.contact_words.extend(words.map(|word| (word, ContactId(id))));
    batch.rows.contacts.push(Arc::new(contact));
    batch.rows.aliases.push(alias);
}

async fn found(store: &dyn Store, query: &str, limit: u32) -> Vec<i64> {
    let found = store.find_contacts(query_words(query), limit).await.unwrap();
    assert!(
        found.iter().all(|one| one.aliases.len() == 1 && one.aliases[0].contact_id == one.contact.contact_id)
    );
    found.iter().map(|one| one.contact.contact_id.0).collect()
}

pub(crate) async fn contacts_are_found_by_beginnings_of_their_words(testbed: &Testbed) {
    let store = testbed.open().await;
    let mut batch = Batch { number: 1, next_id: 100, ..Batch::default() };
    person(&mut batch, 1, "Élodie Lebœuf", "33612345678");
    person(&mut batch, 2, "Elo Dupont", "33612349999");
    person(&mut batch, 3, "Ωμέγα 100%_", "33700000003");
    // Twice in one batch, and again in the next: a word is there once.
    batch.rows.contact_words.push(("elo".to_owned(), ContactId(2)));
    let again = batch.rows.contact_words.clone();
    store.commit(Arc::new(batch)).await.unwrap();
    let next = Rows { contact_words: again, ..Rows::default() };
    store.commit(Arc::new(Batch { number: 2, next_id: 100, rows: next, ..Batch::default() })).await.unwrap();
    for (query, expected) in [
        ("elo", [2, 1].as_slice()),
        ("ELODIE", &[1]),
        ("elo leb", &[1]),
        ("leb élo", &[1]),
        ("elo dupont leb", &[]),
        ("06 12 34", &[1, 2]),
        ("345678", &[1]),
        ("ωμεγα", &[3]),
        ("100", &[3]),
        ("%", &[]),
        ("lodie", &[]),
        ("", &[]),
    ] {
        let mut ids = found(&*store, query, 10).await;
        if query == "06 12 34" {
            ids.sort_unstable();
        }
        assert_eq!(ids, expected, "{query}");
    }
    assert_eq!(found(&*store, "elo", 1).await.len(), 1);

    let gone = Rows { contact_words_gone: vec![("elodie".to_owned(), ContactId(1))], ..Rows::default() };
    store.commit(Arc::new(Batch { number: 3, next_id: 100, rows: gone, ..Batch::default() })).await.unwrap();
    assert_eq!(found(&*store, "elodie", 10).await, [] as [i64; 0]);
    assert_eq!(found(&*store, "leboeuf", 10).await, [1]);
    let called =
        store.contacts_called(vec!["33612345678".to_owned(), "nobody".to_owned()], 10).await.unwrap();
    assert_eq!(called.iter().map(|one| one.contact.contact_id.0).collect::<Vec<_>>(), [1]);
    assert!(store.contacts_called(Vec::new(), 10).await.unwrap().is_empty());
}

pub(crate) async fn a_search_for_contacts_looks_at_a_bounded_number(testbed: &Testbed) {
    let store = testbed.open().await;
    let mut batch = Batch { number: 1, next_id: 10_000, ..Batch::default() };
    for id in 1..=1_000 {
        person(&mut batch, id, &format!("Martin {id}"), &format!("33{id:09}"));
    }
    store.commit(Arc::new(batch)).await.unwrap();
    assert_eq!(found(&*store, "martin", 1_000).await.len(), 100);
    assert_eq!(found(&*store, "martin 999", 10).await, [999]);
}

pub(crate) async fn merged_contacts_and_past_work_are_found(testbed: &Testbed) {
    let store = testbed.open().await;
    let mut dice = Dice::new(21);
    let mut batch = Batch { number: 1, next_id: 100, ..Batch::default() };
    person(&mut batch, 1, "One", "33600000001");
    person(&mut batch, 2, "Two", "33600000002");
    let mut other = dice.contact(3);
    other.merged =
        Some(Merged { into: ContactId(1), identities: vec![IdentityId(1_003)], by: AgentId(5), at: Time(7) });
    batch.rows.contacts.push(Arc::new(other.clone()));
    batch.rows.aliases.push(Alias {
        kind: ChannelKind::Sms,
        alias_kind: AliasKind::Phone,
        value: "+33600000001".to_owned(),
        identity_id: IdentityId(1_003),
        contact_id: ContactId(1),
    });
    for (id, identity_id, contact_id) in [(10, 1_001, 1), (11, 1_003, 3), (12, 1_002, 2), (13, 1_003, 1)] {
        let mut interaction = dice.interaction(id);
        interaction.identity_id = IdentityId(identity_id);
        interaction.contact_id = ContactId(contact_id);
        batch.rows.interactions.push(Arc::new(interaction));
    }
    store.commit(Arc::new(batch)).await.unwrap();
    let merged = store.contacts_merged(ContactId(1), 10).await.unwrap();
    assert_eq!(merged.iter().map(|one| &one.contact).collect::<Vec<_>>(), [&other]);
    let page = async |before, limit| {
        let page = store.contact_interactions(ContactId(1), before, limit).await.unwrap();
        (page.interactions.iter().map(|one| one.interaction_id.0).collect::<Vec<_>>(), page.more)
    };
    assert_eq!(page(None, 2).await, (vec![13, 11], true));
    assert_eq!(page(Some(InteractionId(11)), 2).await, (vec![10], false));
}
