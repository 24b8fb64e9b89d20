//! The event log read back from a cursor.

use std::sync::Arc;

use guichet::domain::*;
use guichet::engine::*;
use guichet::port::Store;

use super::dice::{Dice, row};
use super::testbed::Testbed;

fn event(seq: i64, agents: &[i64], supervisors: bool, administrators: bool) -> EventRow {
    let agents = agents.iter().map(|id| AgentId(*id)).collect();
    row(Event {
        seq,
        time: Time(seq),
        interaction_id: None,
        revision: 0,
        kind: EventKind::InteractionCreated,
        audience: Audience { agents, supervisors, administrators },
    })
}

async fn seen(store: &Arc<dyn Store>, cursor: i64, who: (i64, bool, bool), limit: u32) -> (Vec<i64>, i64) {
    let (events, last) = store.events_after(cursor, AgentId(who.0), who.1, who.2, limit).await.unwrap();
    (events.iter().map(|logged| logged.event.seq).collect(), last)
}

async fn keep(store: &Arc<dyn Store>, number: i64, events: Vec<EventRow>) {
    store.commit(Arc::new(Batch { number, next_id: 1, events, ..Batch::default() })).await.unwrap();
}

pub(crate) async fn everybody_sees_their_own(testbed: &Testbed) {
    let store = testbed.open().await;
    assert_eq!(store.event_bounds().await.unwrap(), (1, 0));
    assert_eq!(seen(&store, 0, (1, true, true), 10).await, (vec![], 0));
    keep(
        &store,
        1,
        vec![
            event(1, &[1], false, false),
            event(2, &[11, 21], true, false),
            event(3, &[1, 2, 11], false, true),
            event(4, &[], true, true),
            event(5, &[], false, false),
        ],
    )
    .await;
    assert_eq!(store.event_bounds().await.unwrap(), (1, 5));
    for (cursor, who, expected) in [
        (0, (1, false, false), vec![1, 3]),
        (0, (11, false, false), vec![2, 3]),
        (0, (2, false, false), vec![3]),
        (0, (12, false, false), vec![]),
        (0, (99, true, false), vec![2, 4]),
        (0, (99, false, true), vec![3, 4]),
        (0, (1, true, true), vec![1, 2, 3, 4]),
        (1, (1, false, false), vec![3]),
        (3, (1, true, true), vec![4]),
    ] {
        assert_eq!(seen(&store, cursor, who, 10).await, (expected, 5), "{cursor} {who:?}");
    }
    // At the end, and beyond it.
    assert_eq!(seen(&store, 5, (1, true, true), 10).await, (vec![], 5));
    assert_eq!(seen(&store, 9, (1, true, true), 10).await, (vec![], 9));
}

pub(crate) async fn pages_join_without_gap_or_overlap(testbed: &Testbed) {
    let store = testbed.open().await;
    keep(&store, 1, (1..=2_500).map(|seq| event(seq, &[seq % 3], seq % 5 == 0, false)).collect()).await;
    let expected: Vec<i64> = (1..=2_500).filter(|seq| seq % 3 == 1 || seq % 5 == 0).collect();
    for limit in [7, 1_000, u32::MAX] {
        let (mut cursor, mut all) = (0, Vec::new());
        loop {
            let (page, last) = seen(&store, cursor, (1, true, false), limit).await;
            // 1,000 at most, whatever is asked for.
            assert!(page.len() <= 1_000.min(limit as usize));
            all.extend(page);
            if last == cursor {
                break;
            }
            cursor = last;
        }
        assert_eq!((cursor, &all), (2_500, &expected));
    }
}

pub(crate) async fn bodies_are_as_they_are_now(testbed: &Testbed) {
    let store = testbed.open().await;
    let mut dice = Dice::new(21);
    let mut batch = dice.batch(1, 3);
    let with = |seq, kind| {
        let mut row = event(seq, &[1], false, false);
        row.event.interaction_id = Some(InteractionId(2));
        row.event.kind = kind;
        row
    };
    batch.events = vec![
        with(1, EventKind::MessageAdded { message_id: MessageId(2) }),
        with(2, EventKind::MessageChanged { message_id: MessageId(3) }),
        with(3, EventKind::MessageReaction { message_id: MessageId(77) }),
        with(4, EventKind::NoteAdded { note_id: NoteId(2) }),
        with(5, EventKind::InteractionClosed),
        event(6, &[1], false, false),
    ];
    store.commit(Arc::new(batch.clone())).await.unwrap();
    let mut changed = Message::clone(&batch.rows.messages[1].1);
    changed.text = "changed since".to_owned();
    let rows = Rows {
        messages: vec![(batch.rows.messages[1].0.clone(), Arc::new(changed.clone()))],
        ..Rows::default()
    };
    store.commit(Arc::new(Batch { number: 2, next_id: 9, rows, ..Batch::default() })).await.unwrap();

    let (events, _) = store.events_after(0, AgentId(1), false, false, 10).await.unwrap();
    let messages: Vec<Option<&Message>> = events.iter().map(|logged| logged.message.as_deref()).collect();
    assert_eq!(messages, [Some(&changed), Some(&*batch.rows.messages[2].1), None, None, None, None]);
    let notes: Vec<Option<&Note>> = events.iter().map(|logged| logged.note.as_deref()).collect();
    assert_eq!(notes, [None, None, None, Some(&batch.rows.notes[1]), None, None]);
    for logged in &events[..5] {
        assert_eq!(logged.interaction, Some(Arc::clone(&batch.rows.interactions[1])));
        assert_eq!(logged.contact, Some(Arc::clone(&batch.rows.contacts[1])));
    }
    assert_eq!((&events[5].interaction, &events[5].contact), (&None, &None));
}

pub(crate) async fn a_call_looks_at_a_bounded_window(testbed: &Testbed) {
    let store = testbed.open().await;
    keep(&store, 1, (1..=10_500).map(|seq| event(seq, &[i64::from(seq > 10_400)], false, false)).collect())
        .await;
    assert_eq!(seen(&store, 0, (1, false, false), 200).await, (vec![], 10_000));
    assert_eq!(seen(&store, 10_000, (1, false, false), 200).await, ((10_401..=10_500).collect(), 10_500));
    // A cursor before what is kept goes on from what is.
    let rows = Rows { forget: Some(crate::forget(Time(0), Time(10_490))), ..Rows::default() };
    store.commit(Arc::new(Batch { number: 2, next_id: 1, rows, ..Batch::default() })).await.unwrap();
    assert_eq!(seen(&store, 3, (1, false, false), 200).await, ((10_490..=10_500).collect(), 10_500));
}
