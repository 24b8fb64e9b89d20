//! Rows of plugins: what is written comes back, what is dropped is gone, and only the writer may.

use guichet::domain::{Span, Time};
use guichet::engine::{Audience, Batch, Event, EventKind};
use guichet::port::{PluginJob, PluginRow, PluginRows, PluginValue, StoreError};
use std::sync::Arc;

use super::dice::row;
use super::testbed::Testbed;

fn value(name: &str, value: Option<&str>) -> PluginValue {
    PluginValue { plugin: "faq".to_owned(), name: name.to_owned(), value: value.map(str::to_owned) }
}

fn job(name: &str, due_at: Option<i64>) -> PluginJob {
    let (plugin, job, data) = ("faq".to_owned(), name.to_owned(), "{\"é\":1}".to_owned());
    PluginJob { plugin, job, due_at: due_at.map(Time), every: Span(60_000), data }
}

pub(crate) async fn what_plugins_keep_comes_back(testbed: &Testbed) {
    let store = testbed.open().await;
    assert_eq!(store.load_plugins().await.unwrap(), PluginRows::default());
    let granted = PluginRow {
        plugin: "faq".to_owned(),
        granted: ["bot", "contacts name"].map(str::to_owned).into(),
        granted_by: "a1".to_owned(),
        granted_at: Some(Time(5)),
        settings: "{\"greeting\":\"Hé\"}".to_owned(),
        seq: Some(7),
        done: [9, 12].into(),
    };
    let bare = PluginRow { plugin: "other".to_owned(), settings: "{}".to_owned(), ..PluginRow::default() };
    let mut rows = PluginRows {
        plugins: vec![granted, bare],
        values: vec![value("a", Some("1")), value("b", Some("\"x\""))],
        jobs: vec![job("hourly", Some(1_000)), job("once", Some(2_000))],
    };
    store.save_plugins(&rows).await.unwrap();
    assert_eq!(store.load_plugins().await.unwrap(), rows);

    // A second write replaces; what is no longer there is dropped.
    rows.plugins[0].seq = Some(20);
    rows.plugins[0].done.clear();
    rows.plugins[0].granted_at = None;
    let change = PluginRows {
        plugins: vec![rows.plugins[0].clone()],
        values: vec![value("a", None), value("b", Some("[2]")), value("none", None)],
        jobs: vec![job("once", None), job("hourly", Some(3_000))],
    };
    store.save_plugins(&change).await.unwrap();
    rows.values = vec![value("b", Some("[2]"))];
    rows.jobs = vec![job("hourly", Some(3_000))];
    assert_eq!(store.load_plugins().await.unwrap(), rows);
    assert_eq!(testbed.number("SELECT COUNT(*) FROM plugin_values").await, 1);

    // Who is no longer the writer keeps nothing.
    testbed.run("UPDATE writer SET epoch = epoch + 1").await;
    let refused = store.save_plugins(&change).await;
    assert!(matches!(refused, Err(StoreError::Fenced)), "{refused:?}");
    assert_eq!(store.load_plugins().await.unwrap(), rows);
}

pub(crate) async fn the_log_is_read_whoever_it_is_for(testbed: &Testbed) {
    let store = testbed.open().await;
    let event = |seq| {
        row(Event {
            seq,
            time: Time(seq),
            interaction_id: None,
            revision: 0,
            kind: EventKind::InteractionCreated,
            audience: Audience::default(),
        })
    };
    let events = (1..=5).map(event).collect();
    store.commit(Arc::new(Batch { number: 1, next_id: 1, events, ..Batch::default() })).await.unwrap();
    for (after, limit, expected) in [(0, 10, vec![1, 2, 3, 4, 5]), (2, 2, vec![3, 4]), (5, 10, vec![])] {
        let read = store.log_after(after, limit).await.unwrap();
        assert_eq!(read.iter().map(|logged| logged.event.seq).collect::<Vec<_>>(), expected);
    }
}
