//! The search index: what is stored is found, by those who may see it, newest first, on a bounded look.

use std::sync::Arc;

use guichet::domain::*;
use guichet::engine::*;
use guichet::port::{DocumentKind, Found, SearchPage, SearchQuery, Store};

use super::dice::Dice;
use super::testbed::Testbed;

const ME: AgentId = AgentId(7);

fn query(text: &str) -> SearchQuery {
    SearchQuery {
        words: search_words(text),
        kinds: Vec::new(),
        status: None,
        agent_id: None,
        channel_id: None,
        contact_id: None,
        from: None,
        to: None,
        sight: Sight { agent_id: AgentId(1), everything: true, contacts: Vec::new() },
        before: None,
        limit: 50,
    }
}

/// As an agent sees it who works with these contacts now.
fn seen_by(agent_id: AgentId, contacts: &[i64], text: &str) -> SearchQuery {
    let contacts = contacts.iter().copied().map(ContactId).collect();
    SearchQuery { sight: Sight { agent_id, everything: false, contacts }, ..query(text) }
}

async fn index(store: &Arc<dyn Store>) {
    for _ in 0..10_000 {
        if store.index_more(128).await.unwrap().complete {
            return;
        }
    }
    panic!("the index never comes to an end");
}

/// What was found, as ids.
fn ids(page: &SearchPage) -> Vec<String> {
    let id = |found: &Found, row: &Interaction| match found {
        Found::Message(message) => message.message_id.to_string(),
        Found::Note(note) => note.note_id.to_string(),
        Found::Interaction => row.interaction_id.to_string(),
    };
    page.hits.iter().map(|hit| id(&hit.found, &hit.interaction)).collect()
}

async fn find(store: &Arc<dyn Store>, query: &SearchQuery) -> Vec<String> {
    ids(&store.search(query).await.unwrap())
}

/// A desk being written: batches follow one another, numbers too.
struct Desk {
    dice: Dice,
    batch: Batch,
}

impl Desk {
    fn new() -> Self {
        Self { dice: Dice::new(5), batch: Batch { number: 1, next_id: 10_000, ..Batch::default() } }
    }

    fn event(&mut self, seq: i64, interaction_id: i64, kind: EventKind) {
        let event = Event {
            seq,
            time: Time(1_000 + seq),
            interaction_id: Some(InteractionId(interaction_id)),
            revision: 1,
            kind,
            audience: Audience::default(),
        };
        self.batch.events.push(EventRow {
            event,
            interaction: None,
            contact: None,
            message: None,
            note: None,
            agent: None,
            draft: None,
        });
    }

    fn contact(&mut self, id: i64, name: &str) {
        let contact = Contact { name: name.into(), ..self.dice.contact(id) };
        self.batch.rows.contacts.push(Arc::new(contact));
    }

    fn interaction(&mut self, id: i64, contact: i64, change: impl FnOnce(&mut Interaction)) {
        let mut row = self.dice.interaction(id);
        row.contact_id = ContactId(contact);
        row.channel_id = "whatsapp-fr".parse().unwrap();
        (row.status, row.ownership) = (Status::Open, Ownership::Queued);
        (row.agent_id, row.last_agent_id) = (None, None);
        row.consulted.clear();
        row.tags.clear();
        row.disposition = None;
        row.address = "+33600000001".into();
        row.created_at = Time(id);
        change(&mut row);
        self.batch.rows.interactions.push(Arc::new(row));
    }

    fn message(&mut self, id: i64, interaction: i64, text: &str) -> &mut Message {
        let mut row = self.dice.message(id, interaction);
        row.text = text.into();
        row.media.clear();
        (row.edited, row.deleted) = (false, false);
        row.created_at = Time(id);
        self.batch.rows.messages.push(("whatsapp-fr".parse().unwrap(), Arc::new(row)));
        Arc::make_mut(&mut self.batch.rows.messages.last_mut().unwrap().1)
    }

    fn note(&mut self, id: i64, interaction: i64, text: &str) {
        self.batch.rows.notes.push(Note {
            note_id: NoteId(id),
            interaction_id: InteractionId(interaction),
            message_id: None,
            agent_id: None,
            text: text.into(),
            created_at: Time(id),
        });
    }

    async fn store(&mut self, store: &Arc<dyn Store>) {
        let next = Batch { number: self.batch.number + 1, next_id: self.batch.next_id, ..Batch::default() };
        store.commit(Arc::new(std::mem::replace(&mut self.batch, next))).await.unwrap();
    }
}

pub(crate) async fn what_is_stored_is_found(testbed: &Testbed) {
    let store = testbed.open().await;
    let mut desk = Desk::new();
    desk.contact(1, "Élodie Müller");
    desk.interaction(100, 1, |row| row.tags = ["relance".to_owned()].into());
    desk.message(101, 100, "Bonjour, ma livraison est en retard, commande A-4711");
    desk.message(102, 100, "Where is my refund?").media =
        vec![Media { filename: Some("facture.pdf".into()), ..Dice::new(1).media(1) }];
    desk.note(103, 100, "cliente énervée, rappeler demain");
    desk.event(1, 100, EventKind::InteractionCreated);
    desk.event(2, 100, EventKind::MessageAdded { message_id: MessageId(101) });
    desk.event(3, 100, EventKind::MessageAdded { message_id: MessageId(102) });
    desk.event(4, 100, EventKind::NoteAdded { note_id: NoteId(103) });
    desk.store(&store).await;
    assert_eq!(find(&store, &query("livraisons")).await, [""; 0], "nothing is indexed yet");
    index(&store).await;

    let cases: [(&str, &[&str]); 12] = [
        ("livraisons", &["m101"]),
        ("LIVRAISON,", &["m101"]),
        ("commandes 4711", &["m101"]),
        ("refunds", &["m102"]),
        ("facture", &["m102"]),
        ("enervee", &["n103"]),
        ("muller elodie", &["i100"]),
        ("33600000001", &["i100"]),
        ("relance", &["i100"]),
        ("rapp*", &["n103"]),
        ("livraison refund", &[]),
        ("zzz", &[]),
    ];
    for (text, expected) in cases {
        assert_eq!(find(&store, &query(text)).await, expected, "{text}");
    }
    let page = store.search(&query("muller")).await.unwrap();
    assert_eq!(page.hits[0].contact.as_ref().unwrap().name, "Élodie Müller");
    assert_eq!(page.next, None);

    // A correction takes the old words away, a message taken back all of them.
    let first = desk.message(101, 100, "Bonjour, tout est arrivé");
    first.edited = true;
    desk.message(102, 100, "").deleted = true;
    desk.event(5, 100, EventKind::MessageChanged { message_id: MessageId(101) });
    desk.event(6, 100, EventKind::MessageChanged { message_id: MessageId(102) });
    desk.store(&store).await;
    index(&store).await;
    assert_eq!(find(&store, &query("livraison")).await, [""; 0]);
    assert_eq!(find(&store, &query("refund")).await, [""; 0]);
    assert_eq!(find(&store, &query("arrivé")).await, ["m101"]);
}

pub(crate) async fn what_is_indexed_again_hides_nothing_else(testbed: &Testbed) {
    let store = testbed.open().await;
    let mut desk = Desk::new();
    desk.contact(1, "somebody");
    desk.interaction(100, 1, |_| {});
    desk.message(101, 100, "my lamp is broken");
    desk.event(1, 100, EventKind::MessageAdded { message_id: MessageId(101) });
    desk.store(&store).await;
    index(&store).await;
    // One bite: the first message is corrected, and others with its words come.
    desk.message(101, 100, "my lamp broke").edited = true;
    desk.event(2, 100, EventKind::MessageChanged { message_id: MessageId(101) });
    for id in 102..110 {
        desk.message(id, 100, "which lamp?");
        desk.event(id, 100, EventKind::MessageAdded { message_id: MessageId(id) });
    }
    desk.note(110, 100, "a new lamp");
    desk.event(110, 100, EventKind::NoteAdded { note_id: NoteId(110) });
    desk.store(&store).await;
    index(&store).await;
    let all: Vec<String> =
        std::iter::once("n110".to_owned()).chain((101..110).rev().map(|id| format!("m{id}"))).collect();
    assert_eq!(find(&store, &query("lamp")).await, all);
    assert_eq!(find(&store, &query("lamp new")).await, ["n110"]);
}

pub(crate) async fn everybody_finds_only_what_they_may_see(testbed: &Testbed) {
    let store = testbed.open().await;
    let mut desk = Desk::new();
    for contact in 1..=5 {
        desk.contact(contact, "somebody");
    }
    let mine = |row: &mut Interaction| (row.ownership, row.agent_id) = (Ownership::Assigned, Some(ME));
    let lost = |row: &mut Interaction| {
        (row.ownership, row.agent_id, row.last_agent_id) = (Ownership::Assigned, Some(AgentId(77)), Some(ME));
    };
    desk.interaction(100, 1, mine);
    desk.interaction(110, 2, |row| {
        row.consulted = [AgentId(3), ME].into();
    });
    desk.interaction(120, 3, lost);
    desk.interaction(130, 4, |row| (row.ownership, row.last_agent_id) = (Ownership::Detached, Some(ME)));
    desk.interaction(140, 5, |row| row.consulted = [AgentId(70), AgentId(17)].into());
    for id in [100, 110, 120, 130, 140] {
        desk.message(id + 1, id, "the word");
        desk.event(id, id, EventKind::MessageAdded { message_id: MessageId(id + 1) });
    }
    desk.store(&store).await;
    index(&store).await;
    assert_eq!(find(&store, &query("word")).await, ["m141", "m131", "m121", "m111", "m101"]);
    assert_eq!(find(&store, &seen_by(ME, &[], "word")).await, ["m131", "m111", "m101"]);
    assert_eq!(find(&store, &seen_by(ME, &[5], "word")).await, ["m141", "m131", "m111", "m101"]);
    assert_eq!(find(&store, &seen_by(AgentId(1), &[], "word")).await, [""; 0]);

    // It changes hands: the new agent finds what was said before.
    desk.interaction(140, 5, mine);
    desk.event(150, 140, EventKind::InteractionAssigned { agent_id: ME });
    desk.store(&store).await;
    index(&store).await;
    assert_eq!(find(&store, &seen_by(ME, &[], "word")).await, ["m141", "m131", "m111", "m101"]);
}

pub(crate) async fn filters_and_pages(testbed: &Testbed) {
    let store = testbed.open().await;
    let mut desk = Desk::new();
    desk.contact(1, "one");
    desk.contact(2, "two");
    desk.interaction(100, 1, |row| row.status = Status::Pending);
    desk.interaction(200, 2, |row| {
        row.channel_id = "sms".parse().unwrap();
        (row.ownership, row.agent_id) = (Ownership::Assigned, Some(ME));
    });
    desk.message(101, 100, "word");
    desk.note(102, 100, "word");
    desk.message(201, 200, "word");
    desk.event(1, 100, EventKind::MessageAdded { message_id: MessageId(101) });
    desk.event(2, 100, EventKind::NoteAdded { note_id: NoteId(102) });
    desk.event(3, 200, EventKind::MessageAdded { message_id: MessageId(201) });
    desk.store(&store).await;
    index(&store).await;
    let base = query("word");
    let cases: [(SearchQuery, &[&str]); 9] = [
        (SearchQuery { status: Some(Status::Pending), ..base.clone() }, &["n102", "m101"]),
        (SearchQuery { channel_id: "sms".parse().ok(), ..base.clone() }, &["m201"]),
        (SearchQuery { agent_id: Some(ME), ..base.clone() }, &["m201"]),
        (SearchQuery { contact_id: Some(ContactId(1)), ..base.clone() }, &["n102", "m101"]),
        (SearchQuery { kinds: vec![DocumentKind::Note], ..base.clone() }, &["n102"]),
        (
            SearchQuery { kinds: vec![DocumentKind::Message, DocumentKind::Interaction], ..base.clone() },
            &["m201", "m101"],
        ),
        (SearchQuery { from: Some(Time(102)), ..base.clone() }, &["m201", "n102"]),
        (SearchQuery { to: Some(Time(102)), ..base.clone() }, &["m101"]),
        (SearchQuery { words: Vec::new(), ..base.clone() }, &[]),
    ];
    for (query, expected) in cases {
        assert_eq!(find(&store, &query).await, expected, "{query:?}");
    }
    let mut query = SearchQuery { limit: 1, ..base };
    let mut seen = Vec::new();
    loop {
        let page = store.search(&query).await.unwrap();
        seen.extend(ids(&page));
        query.before = page.next;
        if page.next.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["m201", "n102", "m101"]);
}

/// A filter that lets nothing through ends after its bounded look, and tells where to go on until the end is reached.
pub(crate) async fn a_look_is_bounded(testbed: &Testbed) {
    let store = testbed.open().await;
    let mut desk = Desk::new();
    desk.contact(1, "one");
    desk.interaction(1, 1, |_| {});
    desk.store(&store).await;
    let copies = if testbed.file().is_some() {
        "WITH RECURSIVE n(i) AS (VALUES (100) UNION ALL SELECT i + 1 FROM n WHERE i < 20200) \
         INSERT INTO documents (document_id, stems) SELECT i, 'word c_1' FROM n"
    } else {
        "INSERT INTO documents (document_id, stems) SELECT i, 'word c_1' FROM generate_series(100, 20200) AS i"
    };
    testbed.run(copies).await;
    let mut query = query("word");
    let mut looks = 0;
    loop {
        let page = store.search(&query).await.unwrap();
        looks += 1;
        assert!(page.hits.is_empty());
        query.before = page.next;
        if page.next.is_none() {
            break;
        }
    }
    assert_eq!(looks, 3);
}

/// What was stored before there was an index is read back from the newest to the oldest, whatever the log still holds.
pub(crate) async fn what_is_older_than_the_index_is_found_too(testbed: &Testbed) {
    let store = testbed.open().await;
    let mut desk = Desk::new();
    desk.contact(1, "Ancienne Cliente");
    desk.interaction(100, 1, |_| {});
    desk.message(101, 100, "une vieille histoire");
    desk.note(5_000, 100, "une vieille note");
    desk.store(&store).await;
    testbed.run("UPDATE index_progress SET below = 10000").await;
    index(&store).await;
    assert_eq!(find(&store, &query("vieille")).await, ["n5000", "m101"]);
    assert_eq!(find(&store, &query("ancienne")).await, ["i100"]);
}

/// Whoever lost the writer's place writes no index either.
pub(crate) async fn only_the_writer_indexes(testbed: &Testbed) {
    let store = testbed.open().await;
    let mut desk = Desk::new();
    desk.contact(1, "one");
    desk.interaction(100, 1, |_| {});
    desk.event(1, 100, EventKind::InteractionCreated);
    desk.store(&store).await;
    testbed.run("UPDATE writer SET epoch = epoch + 1").await;
    let error = store.index_more(128).await.unwrap_err();
    assert!(matches!(error, guichet::port::StoreError::Fenced), "{error}");
}
