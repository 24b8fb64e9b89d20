//! What a batch can ask for by key, and how history is paged.

use std::sync::Arc;

use guichet::domain::*;
use guichet::engine::*;

use super::dice::Dice;
use super::testbed::Testbed;

/// Interactions, contacts and messages by their numbers, and how many aliases.
type Ids = (Vec<i64>, Vec<i64>, Vec<i64>, usize);

pub(crate) async fn each_sort_of_key_finds_its_rows(testbed: &Testbed) {
    let store = testbed.open().await;
    let mut batch = Dice::new(11).batch(1, 9);
    for (at, alias) in batch.rows.aliases.iter_mut().enumerate() {
        alias.kind = ChannelKind::Whatsapp;
        alias.alias_kind = AliasKind::WaId;
        alias.value = format!("wa{at}");
    }
    // A second name of identity 4.
    batch.rows.aliases.push(Alias {
        kind: ChannelKind::Whatsapp,
        alias_kind: AliasKind::UserId,
        value: "wa3".to_owned(),
        identity_id: IdentityId(4),
        contact_id: ContactId(4),
    });
    for (_, message) in &mut batch.rows.messages {
        let message = Arc::make_mut(message);
        message.provider_id = Some(format!("wamid.{}", message.message_id));
    }
    for media in &mut batch.rows.media {
        media.message_id = Some(MessageId(8));
    }
    let channel_id = batch.rows.messages[0].0.clone();
    store.commit(Arc::new(batch)).await.unwrap();
    let ids = |cold: &Cold| {
        let interactions = cold.interactions.iter().map(|found| found.interaction_id.0).collect::<Vec<_>>();
        let contacts = cold.contacts.iter().map(|found| found.contact_id.0).collect::<Vec<_>>();
        let messages = cold.messages.iter().map(|found| found.message_id.0).collect::<Vec<_>>();
        (interactions, contacts, messages, cold.aliases.len())
    };
    let wa = |value: &str| (ChannelKind::Whatsapp, AliasKind::WaId, value.to_owned());
    let none = ColdKeys::default;
    let cases: Vec<(ColdKeys, Ids)> = vec![
        (none(), (vec![], vec![], vec![], 0)),
        (ColdKeys { aliases: [wa("wa3"), wa("nobody")].into(), ..none() }, (vec![4], vec![4], vec![], 2)),
        (
            ColdKeys { aliases: [(ChannelKind::Sms, AliasKind::WaId, "wa3".to_owned())].into(), ..none() },
            (vec![], vec![], vec![], 0),
        ),
        (ColdKeys { contacts: [ContactId(4)].into(), ..none() }, (vec![4], vec![4], vec![], 2)),
        (ColdKeys { interactions: [InteractionId(2)].into(), ..none() }, (vec![2], vec![2], vec![], 1)),
        (ColdKeys { media: ["file-1".parse().unwrap()].into(), ..none() }, (vec![8], vec![8], vec![8], 1)),
        (ColdKeys { messages: [MessageId(5)].into(), ..none() }, (vec![5], vec![5], vec![5], 1)),
        (
            ColdKeys {
                provider_ids: [
                    (channel_id.clone(), "wamid.m6".to_owned()),
                    ("elsewhere".parse().unwrap(), "wamid.m7".to_owned()),
                ]
                .into(),
                messages: [MessageId(6), MessageId(99)].into(),
                ..none()
            },
            (vec![6], vec![6], vec![6], 1),
        ),
    ];
    for (keys, expected) in cases {
        let shown = format!("{keys:?}");
        assert_eq!(ids(&store.load_cold(keys).await.unwrap()), expected, "{shown}");
    }
}

pub(crate) async fn an_identity_brings_its_newest_work(testbed: &Testbed) {
    let store = testbed.open().await;
    let mut dice = Dice::new(12);
    let mut batch = Batch { number: 1, next_id: 100, ..Batch::default() };
    let channels: [ChannelId; 2] = ["wa-1".parse().unwrap(), "wa-2".parse().unwrap()];
    for id in 1..=8 {
        let mut interaction = dice.interaction(id);
        interaction.identity_id = IdentityId(if id == 8 { 51 } else { 50 });
        interaction.contact_id = ContactId(60);
        interaction.channel_id = channels[usize::try_from(id % 2).unwrap()].clone();
        interaction.ended_at = Some(Time(id));
        batch.rows.interactions.push(Arc::new(interaction));
    }
    let alias = Alias { identity_id: IdentityId(50), contact_id: ContactId(60), ..dice.alias(1) };
    batch.rows.aliases.push(alias.clone());
    batch.rows.contacts.push(Arc::new(dice.contact(60)));
    store.commit(Arc::new(batch)).await.unwrap();
    let keys = ColdKeys {
        aliases: [(alias.kind, alias.alias_kind, alias.value.clone())].into(),
        interactions: [InteractionId(1)].into(),
        ..ColdKeys::default()
    };
    let cold = store.load_cold(keys).await.unwrap();
    let ids: Vec<i64> = cold.interactions.iter().map(|found| found.interaction_id.0).collect();
    assert_eq!(ids, [1, 6, 7]);
    assert_eq!(cold.contacts.len(), 1);
    assert_eq!(cold.aliases, [alias]);
}

pub(crate) async fn notes_and_decisions_are_bounded(testbed: &Testbed) {
    let store = testbed.open().await;
    let mut dice = Dice::new(13);
    let mut batch = Batch { number: 1, next_id: 1_000, ..Batch::default() };
    for id in 1..=250 {
        batch.rows.notes.push(dice.note(id, 1));
        batch.rows.decisions.push(dice.decision(id, 1));
    }
    batch.rows.notes.push(dice.note(300, 2));
    store.commit(Arc::new(batch)).await.unwrap();
    let both = [InteractionId(1), InteractionId(2)];
    let keys = ColdKeys { notes: both.into(), decisions: both.into(), ..ColdKeys::default() };
    let cold = store.load_cold(keys).await.unwrap();
    let notes: Vec<i64> = cold.notes.iter().map(|note| note.note_id.0).collect();
    let newest: Vec<i64> = (51..=250).rev().collect();
    assert_eq!(notes, [vec![300], newest.clone()].concat());
    assert_eq!(cold.decisions.iter().map(|found| found.decision_id.0).collect::<Vec<_>>(), newest);
}

pub(crate) async fn messages_come_in_pages(testbed: &Testbed) {
    let store = testbed.open().await;
    let mut dice = Dice::new(14);
    let mut batch = Batch { number: 1, next_id: 2_000, ..Batch::default() };
    let channel_id: ChannelId = "wa".parse().unwrap();
    for id in 1..=600 {
        batch.rows.messages.push((channel_id.clone(), Arc::new(dice.message(id, 1 + i64::from(id > 590)))));
    }
    store.commit(Arc::new(batch)).await.unwrap();
    let cases = [
        (1, None, 3, vec![588, 589, 590], true),
        (1, Some(588), 3, vec![585, 586, 587], true),
        (1, Some(4), 3, vec![1, 2, 3], false),
        (1, Some(3), 3, vec![1, 2], false),
        (1, Some(1), 3, vec![], false),
        (2, None, 3, vec![598, 599, 600], true),
        (3, None, 3, vec![], false),
        (1, None, 0, vec![], true),
        // A page holds 500, whatever is asked for.
        (1, None, u32::MAX, (91..=590).collect(), true),
    ];
    for (interaction, before, limit, expected, more) in cases {
        let page = store.messages(InteractionId(interaction), before.map(MessageId), limit).await.unwrap();
        let ids: Vec<i64> = page.messages.iter().map(|message| message.message_id.0).collect();
        assert_eq!((ids, page.more), (expected, more), "{interaction} {before:?} {limit}");
    }
}
