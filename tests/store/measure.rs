//! How fast messages are made durable, and what they cost. Not a test: it asserts nothing, and is run by hand:
//! `cargo nextest run --release --run-ignored only --no-capture --test store -E 'test(/measure/)'`

use std::sync::Arc;
use std::time::Instant;

use guichet::domain::*;
use guichet::engine::*;

use super::dice::row;
use super::testbed::{Testbed, say};

/// Interactions among which the messages fall.
const OPEN: i64 = 10_000;

fn interaction(id: i64, message_id: i64) -> Interaction {
    Interaction {
        interaction_id: InteractionId(id),
        channel_id: "whatsapp-fr".parse().unwrap(),
        kind: ChannelKind::Whatsapp,
        contact_id: ContactId(id),
        identity_id: IdentityId(id),
        address: format!("+33 6 12 {id:06}"),
        previous_id: None,
        converted_from: None,
        subject: None,
        outbound: false,
        status: Status::Open,
        ownership: Ownership::Assigned,
        agent_id: Some(AgentId(id % 50)),
        last_agent_id: Some(AgentId(id % 50)),
        consulted: std::collections::BTreeSet::new(),
        transfer: None,
        skill: Some("support".parse().unwrap()),
        waiting: None,
        language: Some("fr".to_owned()),
        window_ends_at: Some(Time(1_800_000_000_000 + message_id)),
        window_told: 0,
        timers: Timers {
            agent: Some(Timer {
                started_at: Time(1_800_000_000_000),
                total: Span::minutes(10),
                extended: 0,
                yellow: false,
                red: false,
            }),
            ..Timers::default()
        },
        unread: 1,
        last_message_id: Some(MessageId(message_id)),
        last_line: "Bonjour, je n'ai toujours pas reçu mon colis, pouvez-vous m'aider ?".to_owned(),
        last_message_at: Some(Time(1_800_000_000_000 + message_id)),
        unanswered_since: Some(Time(1_800_000_000_000)),
        answered: true,
        disposition: None,
        tags: std::collections::BTreeSet::new(),
        created_at: Time(1_800_000_000_000),
        assigned_at: Some(Time(1_800_000_000_000)),
        status_since: Time(1_800_000_000_000),
        accepted_at: None,
        answered_at: None,
        ended_at: None,
        revision: message_id,
        translation: None,
        kept: Kept::default(),
    }
}

fn message(id: i64, interaction_id: i64) -> Message {
    Message {
        message_id: MessageId(id),
        interaction_id: InteractionId(interaction_id),
        direction: Direction::In,
        author: Author::Contact,
        kind: MessageKind::Text,
        text: "Bonjour, je n'ai toujours pas reçu mon colis, pouvez-vous m'aider ? Commande 4711.".to_owned(),
        media: Vec::new(),
        data: String::new(),
        template: None,
        reply_to: None,
        forwarded: false,
        edited: false,
        deleted: false,
        reactions: Vec::new(),
        tags: std::collections::BTreeSet::new(),
        state: DeliveryState::Received,
        error: None,
        translation: None,
        provider_id: Some(format!("wamid.HBgLMzM2MTIzNDU2NzgVAgASGCA{id:020}AA==")),
        attempts: 0,
        retry_at: None,
        backoff: Span(0),
        sent_at: Time(1_800_000_000_000 + id),
        created_at: Time(1_800_000_000_000 + id),
    }
}

/// `size` messages, each on an interaction of its own.
fn batch(number: i64, first: i64, size: i64) -> Batch {
    let mut batch = Batch { number, next_id: first + size, ..Batch::default() };
    for id in first..first + size {
        let interaction_id = 1 + id * 7 % OPEN;
        batch.rows.interactions.push(Arc::new(interaction(interaction_id, id)));
        batch.rows.messages.push(("whatsapp-fr".parse().unwrap(), Arc::new(message(id, interaction_id))));
        let key = id.cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15);
        batch.rows.dedupe.push(DedupeRow {
            key: format!("{key:016x}{key:016x}{key:016x}{key:016x}"),
            expires_at: Time(1_800_700_000_000 + id),
        });
        let kinds = [
            EventKind::MessageAdded { message_id: MessageId(id) },
            EventKind::TimerChanged { timer: TimerKind::Agent, change: TimerChange::Started },
        ];
        for (at, kind) in kinds.into_iter().enumerate() {
            batch.events.push(row(Event {
                seq: id * 2 + i64::try_from(at).unwrap(),
                time: Time(1_800_000_000_000 + id),
                interaction_id: Some(InteractionId(interaction_id)),
                revision: id,
                kind,
                audience: Audience {
                    agents: vec![AgentId(id % 50)],
                    supervisors: true,
                    administrators: false,
                },
            }));
        }
    }
    batch
}

/// Processor time of this process so far, in microseconds.
fn cpu() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, after) = stat.rsplit_once(')').unwrap();
    let fields: Vec<&str> = after.split_whitespace().collect();
    // utime and stime, in hundredths of a second.
    (fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()) * 10_000
}

#[expect(
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "this measures real time, for people"
)]
async fn run(testbed: &Testbed) {
    let store = testbed.open().await;
    let (mut number, mut first) = (0, 1);
    for size in [256, 1, 16, 64, 256] {
        let count = (40_000 / size).min(2_000);
        let batches: Vec<Arc<Batch>> = (0..count)
            .map(|_| {
                number += 1;
                first += size;
                Arc::new(batch(number, first - size, size))
            })
            .collect();
        let (begin, cpu_before) = (Instant::now(), cpu());
        for batch in batches {
            store.commit(batch).await.unwrap();
        }
        let (seconds, spent) = (begin.elapsed().as_secs_f64(), cpu() - cpu_before);
        let messages = (count * size) as f64;
        say(&format!(
            "{size:4} a batch: {:8.0} messages/s, {:6.1} µs of this process's CPU each, {:6.2} ms a commit",
            messages / seconds,
            spent as f64 / messages,
            seconds * 1_000.0 / count as f64
        ));
    }
    let begin = Instant::now();
    let stored = store.load(Time(0)).await.unwrap();
    say(&format!("load of {} open: {:.2} s", stored.interactions.len(), begin.elapsed().as_secs_f64()));
}

#[tokio::test]
#[ignore = "a measurement"]
async fn sqlite() {
    run(&Testbed::sqlite()).await;
}

#[tokio::test]
#[ignore = "a measurement"]
async fn postgres() {
    if let Some(testbed) = Testbed::postgres().await {
        run(&testbed).await;
        testbed.remove().await;
    }
}
