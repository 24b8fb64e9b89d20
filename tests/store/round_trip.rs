//! What is written comes back: every sort of row, whatever its texts hold.

use std::collections::BTreeSet;
use std::sync::Arc;

use guichet::domain::*;
use guichet::engine::*;
use guichet::port::Store;

use super::dice::{Dice, row};
use super::testbed::Testbed;

const NOW: Time = Time(1_800_000_000_000);

fn open_work(batch: &Batch) -> Vec<Interaction> {
    let open = batch.rows.interactions.iter().filter(|interaction| interaction.ended_at.is_none());
    open.map(|interaction| Interaction::clone(interaction)).collect()
}

/// Asks for everything of a batch and compares.
async fn compare(store: &Arc<dyn Store>, batch: &Batch) {
    let rows = &batch.rows;
    let stored = store.load(NOW).await.unwrap();
    assert_eq!((stored.batch, stored.next_id), (batch.number, batch.next_id));
    for agent in &rows.agents {
        assert!(stored.agents.contains(agent), "{agent:?}");
    }
    assert!(rows.roles.iter().all(|role| stored.roles.contains(role)));
    assert!(rows.skills.iter().all(|skill| stored.skills.contains(skill)));
    assert!(rows.tags.iter().all(|tag| stored.tags.contains(tag)));
    assert!(rows.stars.iter().all(|star| stored.stars.contains(star)));
    assert!(rows.teams.iter().all(|team| stored.teams.contains(team)));
    assert!(rows.tokens.iter().all(|token| stored.tokens.contains(token)));
    assert!(rows.logins.iter().all(|login| stored.logins.contains(login)));
    for template in rows.templates.iter().flat_map(|(_, templates)| templates) {
        assert!(stored.templates.contains(template), "{template:?}");
    }
    assert!(rows.transcripts.iter().all(|transcript| stored.transcripts.contains(transcript)));
    for interaction in open_work(batch) {
        assert!(stored.interactions.contains(&interaction), "{interaction:?}");
    }

    let keys = ColdKeys {
        messages: rows.messages.iter().map(|(_, message)| message.message_id).collect(),
        interactions: rows.interactions.iter().map(|interaction| interaction.interaction_id).collect(),
        contacts: rows.contacts.iter().map(|contact| contact.contact_id).collect(),
        notes: rows.interactions.iter().map(|interaction| interaction.interaction_id).collect(),
        decisions: rows.interactions.iter().map(|interaction| interaction.interaction_id).collect(),
        dedupe: rows.dedupe.iter().map(|dedupe| dedupe.key.clone()).collect(),
        requests: rows
            .requests
            .iter()
            .map(|request| (request.agent_id, request.request_id.clone()))
            .collect(),
        ..ColdKeys::default()
    };
    let mut cold = store.load_cold(keys.clone()).await.unwrap();
    assert_eq!(cold.contacts, rows.contacts.iter().map(|row| Contact::clone(row)).collect::<Vec<_>>());
    assert_eq!(
        cold.interactions,
        rows.interactions.iter().map(|row| Interaction::clone(row)).collect::<Vec<_>>()
    );
    assert_eq!(cold.messages, rows.messages.iter().map(|(_, row)| Message::clone(row)).collect::<Vec<_>>());
    // Alone, for files bring the messages that they name.
    let media = rows.media.iter().map(|media| media.media_id.clone()).collect();
    let found = store.load_cold(ColdKeys { media, ..ColdKeys::default() }).await.unwrap().media;
    assert_eq!(found.len(), rows.media.len());
    assert!(rows.media.iter().all(|media| found.contains(media)));
    assert_eq!(cold.aliases.iter().collect::<BTreeSet<_>>(), rows.aliases.iter().collect::<BTreeSet<_>>());
    cold.notes.reverse();
    assert_eq!(cold.notes, rows.notes);
    cold.decisions.reverse();
    assert_eq!(cold.decisions, rows.decisions);
    assert_eq!(cold.dedupe.into_iter().collect::<BTreeSet<_>>(), keys.dedupe);
    assert_eq!(cold.requests.len(), rows.requests.len());
    assert!(rows.requests.iter().all(|request| cold.requests.contains(request)));
    for draft in &rows.drafts {
        let found = store.draft(draft.interaction_id, draft.agent_id).await.unwrap();
        assert_eq!(found.as_ref(), Some(draft));
    }
    let cursor = batch.events.first().unwrap().event.seq - 1;
    let (events, last) = store.events_after(cursor, AgentId(0), false, true, 1_000).await.unwrap();
    let events: Vec<Event> = events.into_iter().map(|logged| logged.event).collect();
    assert_eq!(events, batch.events.iter().map(|row| row.event.clone()).collect::<Vec<_>>());
    assert_eq!(last, batch.events.last().unwrap().event.seq);
}

pub(crate) async fn every_row_comes_back(testbed: &Testbed) {
    let store = testbed.open().await;
    for round in 0..24 {
        let mut dice = Dice::new(round);
        let batch = Arc::new(dice.batch(i64::try_from(round).unwrap() * 100 + 1, 12));
        store.commit(Arc::clone(&batch)).await.unwrap_or_else(|error| panic!("seed {round}: {error}"));
        compare(&store, &batch).await;
    }
    store.close().await;
    // And after a new start.
    let store = testbed.open().await;
    let mut dice = Dice::new(23);
    compare(&store, &dice.batch(2_301, 12)).await;
}

pub(crate) async fn a_second_write_replaces(testbed: &Testbed) {
    let store = testbed.open().await;
    let first = Dice::new(1).batch(1, 20);
    let mut second = Dice::new(2).batch(1, 20);
    // What never changes, by the words of the domain.
    for (new, old) in second.rows.contacts.iter_mut().zip(&first.rows.contacts) {
        Arc::make_mut(new).created_at = old.created_at;
    }
    second.rows.aliases.clone_from(&first.rows.aliases);
    for (new, old) in second.rows.interactions.iter_mut().zip(&first.rows.interactions) {
        let new = Arc::make_mut(new);
        new.channel_id = old.channel_id.clone();
        (new.kind, new.outbound, new.created_at) = (old.kind, old.outbound, old.created_at);
        new.converted_from = old.converted_from;
    }
    for ((_, new), (_, old)) in second.rows.messages.iter_mut().zip(&first.rows.messages) {
        let new = Arc::make_mut(new);
        (new.direction, new.created_at) = (old.direction, old.created_at);
    }
    for (new, old) in second.rows.transcripts.iter_mut().zip(&first.rows.transcripts) {
        (new.interaction_id, new.agent_id, new.email) = (old.interaction_id, old.agent_id, old.email.clone());
        (new.language, new.last_message_id) = (old.language.clone(), old.last_message_id);
        new.created_at = old.created_at;
    }
    for (new, old) in second.rows.media.iter_mut().zip(&first.rows.media) {
        new.created_at = old.created_at;
    }
    for (new, old) in second.rows.notes.iter_mut().zip(&first.rows.notes) {
        new.created_at = old.created_at;
    }
    for (new, old) in second.rows.tags.iter_mut().zip(&first.rows.tags) {
        new.tag.clone_from(&old.tag);
    }
    for (new, old) in second.rows.stars.iter_mut().zip(&first.rows.stars) {
        new.quick_reply_id.clone_from(&old.quick_reply_id);
    }
    for (new, old) in second.rows.tokens.iter_mut().zip(&first.rows.tokens) {
        new.name.clone_from(&old.name);
    }
    for (new, old) in second.rows.requests.iter_mut().zip(&first.rows.requests) {
        new.request_id.clone_from(&old.request_id);
    }
    // What is only ever added.
    second.rows.dedupe.clear();
    second.rows.decisions.clear();
    second.rows.raw.clear();
    second.rows.audit.clear();
    let mut seq = 100;
    for row in &mut second.events {
        seq += 1;
        row.event.seq = seq;
    }
    store.commit(Arc::new(first.clone())).await.unwrap();
    store.commit(Arc::new(second.clone())).await.unwrap();
    second.rows.decisions.clone_from(&first.rows.decisions);
    compare(&store, &second).await;
    for table in [
        "contacts",
        "aliases",
        "interactions",
        "messages",
        "media",
        "notes",
        "agents",
        "templates",
        "tags",
        "stars",
    ] {
        assert_eq!(testbed.number(&format!("SELECT COUNT(*) FROM {table}")).await, 20, "{table}");
    }
}

pub(crate) async fn nul_and_surrogates_pass(testbed: &Testbed) {
    let store = testbed.open().await;
    let mut dice = Dice::new(7);
    let mut batch = Batch { number: 1, next_id: 2, ..Batch::default() };
    let mut message = dice.message(1, 1);
    message.text = "a\0b".to_owned();
    message.data = r#"{"raw":"\ud800 alone \u0000"}"#.to_owned();
    message.template = Some(TemplateValues { name: "nested\0".to_owned(), ..TemplateValues::default() });
    message.provider_id = Some("wamid.\0".to_owned());
    batch.rows.messages.push(("wa".parse().unwrap(), Arc::new(message.clone())));
    batch.rows.raw.push(RawDelivery {
        channel_id: "wa".parse().unwrap(),
        hash: "h".to_owned(),
        body: "{\"text\":\"\\ud83d\\u0000\0\"}".to_owned(),
        reason: "\0".to_owned(),
        received_at: NOW,
    });
    batch.rows.dedupe.push(DedupeRow { key: "\0".to_owned(), expires_at: NOW });
    store.commit(Arc::new(batch)).await.unwrap();
    let keys = ColdKeys {
        provider_ids: [("wa".parse().unwrap(), "wamid.\0".to_owned())].into(),
        dedupe: ["\0".to_owned()].into(),
        ..ColdKeys::default()
    };
    let cold = store.load_cold(keys).await.unwrap();
    message.text = "a\u{FFFD}b".to_owned();
    message.template =
        Some(TemplateValues { name: "nested\u{FFFD}".to_owned(), ..TemplateValues::default() });
    message.provider_id = Some("wamid.\u{FFFD}".to_owned());
    assert_eq!(cold.messages, [message]);
    assert_eq!(cold.dedupe, ["\u{FFFD}"]);
}

pub(crate) async fn five_hundred_rows(testbed: &Testbed) {
    let store = testbed.open().await;
    let batch = Dice::new(500).batch(1, 500);
    store.commit(Arc::new(batch.clone())).await.unwrap();
    compare(&store, &batch).await;
    // Nothing to write is a batch too.
    store.commit(Arc::new(Batch { number: 2, next_id: 9_999, ..Batch::default() })).await.unwrap();
    let stored = store.load(NOW).await.unwrap();
    assert_eq!((stored.batch, stored.next_id, stored.seq), (2, 9_999, 500));
}

pub(crate) async fn a_start_reads_only_what_is_open(testbed: &Testbed) {
    let store = testbed.open().await;
    let mut dice = Dice::new(3);
    let mut batch = dice.batch(1, 60);
    for (at, (_, message)) in batch.rows.messages.iter_mut().enumerate() {
        Arc::make_mut(message).state = DeliveryState::ALL[at % DeliveryState::ALL.len()];
    }
    batch.rows.logins.push(LoginRow { hash: "old".to_owned(), agent_id: AgentId(1), expires_at: NOW });
    store.commit(Arc::new(batch.clone())).await.unwrap();
    let stored = store.load(NOW).await.unwrap();

    let open = open_work(&batch);
    assert!(!open.is_empty() && open.len() < 60);
    let with: BTreeSet<ContactId> = open.iter().map(|interaction| interaction.contact_id).collect();
    assert_eq!(stored.contacts.iter().map(|contact| contact.contact_id).collect::<BTreeSet<_>>(), with);
    assert_eq!(stored.aliases.iter().map(|alias| alias.contact_id).collect::<BTreeSet<_>>(), with);
    assert_eq!(stored.interactions, open);
    assert_eq!(stored.drafts.len(), open.len());
    let in_flight = [DeliveryState::Queued, DeliveryState::Sending, DeliveryState::Unknown];
    assert_eq!(stored.messages.len(), 60 * in_flight.len() / DeliveryState::ALL.len());
    assert!(stored.messages.iter().all(|message| in_flight.contains(&message.state)));
    let pending = batch.rows.media.iter().filter(|media| media.state == MediaState::Pending).count();
    assert_eq!(stored.media.len(), pending);
    assert!(stored.logins.iter().all(|login| login.hash != "old"));
}

pub(crate) async fn what_is_taken_away_is_gone(testbed: &Testbed) {
    let store = testbed.open().await;
    let first = Dice::new(4).batch(1, 6);
    let (account, templates) = first.rows.templates[0].clone();
    store.commit(Arc::new(first.clone())).await.unwrap();
    let mut rows = Rows {
        templates: vec![(account.clone(), templates[..2].to_vec())],
        logins_ended: vec!["login1".to_owned(), "login2".to_owned(), "never was".to_owned()],
        tokens_revoked: vec![first.rows.tokens[0].name.clone()],
        tags: vec![TagRow { uses: 0, ..first.rows.tags[0].clone() }],
        ..Rows::default()
    };
    // Text or files keep a draft; neither ends it.
    let draft = |id: i64, text: &str, media: &[&str]| Draft {
        interaction_id: InteractionId(id),
        agent_id: AgentId(3),
        mode: DraftMode::Reply,
        text: text.to_owned(),
        reply_to: None,
        media: media.iter().map(|id| id.parse().unwrap()).collect(),
        saved_at: NOW,
    };
    rows.drafts = vec![draft(1, "", &[]), draft(2, "", &["file"]), draft(3, "text", &[])];
    store.commit(Arc::new(Batch { number: 2, next_id: 7, rows, ..Batch::default() })).await.unwrap();

    let stored = store.load(NOW).await.unwrap();
    let mut kept = stored.templates.clone();
    kept.retain(|template| template.channel_id == account);
    assert_eq!(kept.len(), 2);
    assert!(templates[..2].iter().all(|template| kept.contains(template)));
    assert_eq!(stored.logins.len(), 4);
    assert_eq!(stored.tokens.len(), 5);
    assert_eq!(stored.tags.len(), 5);
    assert!(!stored.tags.iter().any(|row| row.tag == first.rows.tags[0].tag));
    assert_eq!(store.draft(InteractionId(1), AgentId(3)).await.unwrap(), None);
    assert_eq!(store.draft(InteractionId(2), AgentId(3)).await.unwrap(), Some(draft(2, "", &["file"])));
    assert_eq!(store.draft(InteractionId(3), AgentId(3)).await.unwrap(), Some(draft(3, "text", &[])));
    assert_eq!(store.draft(InteractionId(4), AgentId(4)).await.unwrap(), None);

    // A channel that has none any more.
    let rows = Rows { templates: vec![(account, Vec::new())], ..Rows::default() };
    store.commit(Arc::new(Batch { number: 3, next_id: 7, rows, ..Batch::default() })).await.unwrap();
    assert!(store.load(NOW).await.unwrap().templates.is_empty());
}

pub(crate) async fn a_raw_delivery_is_kept_once(testbed: &Testbed) {
    let store = testbed.open().await;
    let raw = |hash: &str, body: &str| RawDelivery {
        channel_id: "wa".parse().unwrap(),
        hash: hash.to_owned(),
        body: body.to_owned(),
        reason: "not JSON".to_owned(),
        received_at: NOW,
    };
    for (number, raws) in
        [(1, vec![raw("a", "first"), raw("a", "again")]), (2, vec![raw("a", "later"), raw("b", "other")])]
    {
        let rows = Rows { raw: raws, ..Rows::default() };
        store.commit(Arc::new(Batch { number, next_id: 1, rows, ..Batch::default() })).await.unwrap();
    }
    assert_eq!(testbed.number("SELECT COUNT(*) FROM raw_deliveries").await, 2);
    assert_eq!(testbed.number("SELECT COUNT(*) FROM raw_deliveries WHERE body = 'first'").await, 1);
}

pub(crate) async fn what_expired_is_forgotten(testbed: &Testbed) {
    let store = testbed.open().await;
    let mut dice = Dice::new(5);
    let mut batch = Batch { number: 1, next_id: 1, ..Batch::default() };
    for at in 0..10_i64 {
        let expires_at = Time(1_000 + at);
        batch.rows.dedupe.push(DedupeRow { key: format!("k{at}"), expires_at });
        batch.rows.logins.push(LoginRow { hash: format!("l{at}"), agent_id: AgentId(1), expires_at });
        batch.rows.requests.push(RequestRow { expires_at, ..dice.request(at) });
        batch.events.push(row(Event { time: Time(2_000 + at), ..dice.event(at + 1) }));
    }
    store.commit(Arc::new(batch)).await.unwrap();
    let rows = Rows { forget: Some(crate::forget(Time(1_004), Time(2_003))), ..Rows::default() };
    store.commit(Arc::new(Batch { number: 2, next_id: 1, rows, ..Batch::default() })).await.unwrap();
    for (table, left) in [("dedupe", 6), ("requests", 6), ("logins", 6), ("events", 7)] {
        assert_eq!(testbed.number(&format!("SELECT COUNT(*) FROM {table}")).await, left, "{table}");
    }
    assert_eq!(store.event_bounds().await.unwrap(), (4, 10));
    let rows = Rows { forget: Some(crate::forget(Time(9_000), Time(9_000))), ..Rows::default() };
    store.commit(Arc::new(Batch { number: 3, next_id: 1, rows, ..Batch::default() })).await.unwrap();
    // The numbers go on after everything is forgotten.
    assert_eq!(store.event_bounds().await.unwrap(), (11, 10));
    assert_eq!(store.load(NOW).await.unwrap().seq, 10);
}

pub(crate) async fn forgetting_takes_bounded_bites(testbed: &Testbed) {
    let store = testbed.open().await;
    let many = "INSERT INTO dedupe (key, expires_at) SELECT 'k' || n, n FROM (WITH RECURSIVE c(n) AS \
                (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 100500) SELECT n FROM c) AS numbers";
    assert_eq!(testbed.run(many).await, 100_500);
    for (number, left) in [(2, 500), (3, 0)] {
        let rows = Rows { forget: Some(crate::forget(NOW, NOW)), ..Rows::default() };
        store.commit(Arc::new(Batch { number, next_id: 1, rows, ..Batch::default() })).await.unwrap();
        assert_eq!(testbed.number("SELECT COUNT(*) FROM dedupe").await, left);
    }
}
