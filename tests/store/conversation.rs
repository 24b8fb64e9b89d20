//! A contact's own conversation: its messages on its account, in their order, and nothing else.

use std::sync::Arc;

use guichet::domain::*;
use guichet::engine::*;
use guichet::port::{Party, Seen, Store, Stretch};

use super::dice::Dice;
use super::testbed::Testbed;

const HERE: i64 = 3;

fn channel(name: &str) -> ChannelId {
    name.parse().unwrap()
}

fn party(channel_id: &str, token: &str) -> Party {
    Party {
        channel_id: channel(channel_id),
        kind: ChannelKind::Chat,
        alias: (AliasKind::Visitor, token.to_owned()),
    }
}

/// One identity on two accounts, and another one; messages 1 to 12 in turn from and to the first.
async fn filled(testbed: &Testbed) -> Arc<dyn Store> {
    let store = testbed.open().await;
    let mut dice = Dice::new(21);
    let mut batch = Batch { number: 1, next_id: 1_000, ..Batch::default() };
    let alias = |token: &str, identity: i64| Alias {
        kind: ChannelKind::Chat,
        alias_kind: AliasKind::Visitor,
        value: token.to_owned(),
        identity_id: IdentityId(identity),
        contact_id: ContactId(identity),
    };
    batch.rows.aliases = vec![alias("anna", HERE), alias("other", 4)];
    let mut agent = dice.agent(7);
    agent.name = "Alice".to_owned();
    batch.rows.agents.push(Arc::new(agent));
    for (id, identity, account) in
        [(50, HERE, "site"), (51, HERE, "site"), (52, HERE, "shop"), (53, 4, "site")]
    {
        let mut row = dice.interaction(id);
        row.identity_id = IdentityId(identity);
        row.channel_id = channel(account);
        row.agent_id = Some(AgentId(7));
        batch.rows.interactions.push(Arc::new(row));
    }
    let mut add = |id: i64, interaction: i64, change: &dyn Fn(&mut Message)| {
        let mut row = dice.message(id, interaction);
        (row.direction, row.author) = match id % 2 {
            1 => (Direction::In, Author::Contact),
            _ => (Direction::Out, Author::Agent(AgentId(7))),
        };
        row.state = if id % 2 == 1 { DeliveryState::Received } else { DeliveryState::Read };
        row.kind = MessageKind::Text;
        row.provider_id = Some(format!("p{id}"));
        row.media = Vec::new();
        row.attempts = 1;
        change(&mut row);
        let account = if interaction == 52 { "shop" } else { "site" };
        batch.rows.messages.push((channel(account), Arc::new(row)));
    };
    for id in 1..=12 {
        add(id, if id < 7 { 50 } else { 51 }, &|_| {});
    }
    add(20, 51, &|row| row.state = DeliveryState::Queued);
    add(22, 51, &|row| row.state = DeliveryState::Failed);
    add(23, 51, &|row| row.kind = MessageKind::System);
    add(24, 51, &|row| row.state = DeliveryState::Sending);
    add(26, 50, &|row| (row.state, row.attempts) = (DeliveryState::Accepted, 2));
    add(31, 52, &|_| {});
    add(33, 53, &|_| {});
    let mut file = |id: &str, message: Option<i64>| {
        let mut media = dice.media(1);
        media.media_id = id.parse().unwrap();
        media.message_id = message.map(MessageId);
        batch.rows.media.push(media);
    };
    file("mine", Some(1));
    file("theirs", Some(2));
    file("queued", Some(20));
    file("elsewhere", Some(31));
    file("other", Some(33));
    file("nobody", None);
    store.commit(Arc::new(batch)).await.unwrap();
    store
}

pub(crate) async fn a_contact_reads_its_own(testbed: &Testbed) {
    let store = filled(testbed).await;
    let anna = party("site", "anna");
    let at = |inbound, outbound| Seen { inbound: MessageId(inbound), outbound: MessageId(outbound) };
    let seen = |inbound, outbound| Stretch::Missed(at(inbound, outbound));
    let fresh = |inbound, outbound| Stretch::New(at(inbound, outbound));
    let all: Vec<i64> = (1..=12).chain([24, 26]).collect();
    let cases = [
        (&anna, Stretch::Before(None), 50, all.clone(), false),
        (&anna, Stretch::Before(None), 3, vec![12, 24, 26], true),
        (&anna, Stretch::Before(Some(MessageId(3))), 3, vec![1, 2], false),
        (&anna, seen(0, 0), 50, all, false),
        // What is under way is told again until it was acknowledged.
        (&anna, seen(11, 26), 50, vec![24, 26], false),
        (&anna, seen(9, 12), 50, vec![11, 24, 26], false),
        // To who looks on, only when it was tried again.
        (&anna, fresh(11, 26), 50, vec![26], false),
        (&anna, fresh(11, 12), 50, vec![24, 26], false),
        // Each way has its own place.
        (&anna, seen(11, 8), 50, vec![10, 12, 24, 26], false),
        (&anna, seen(0, 0), 2, vec![1, 2], true),
        (&party("shop", "anna"), Stretch::Before(None), 50, vec![31], false),
        (&party("site", "other"), Stretch::Before(None), 50, vec![33], false),
        (&party("shop", "other"), Stretch::Before(None), 50, vec![], false),
        (&party("site", "nobody"), Stretch::Before(None), 50, vec![], false),
    ];
    for (party, part, limit, expected, more) in cases {
        let found = store.conversation(party.clone(), part, limit).await.unwrap();
        let ids: Vec<i64> = found.messages.iter().map(|message| message.message_id.0).collect();
        assert_eq!((ids, found.more), (expected, more), "{party:?} {part:?} {limit}");
    }
    let found = store.conversation(anna, Stretch::Before(None), 50).await.unwrap();
    assert_eq!(found.identity_id, Some(IdentityId(HERE)));
    assert_eq!(found.interaction.map(|row| row.interaction_id), Some(InteractionId(51)));
    assert_eq!(found.names, [(AgentId(7), "Alice".to_owned())].into());
}

pub(crate) async fn a_contact_has_its_own_files(testbed: &Testbed) {
    let store = filled(testbed).await;
    for (id, mine) in [
        ("mine", true),
        ("theirs", true),
        ("queued", false),
        ("elsewhere", false),
        ("other", false),
        ("nobody", false),
    ] {
        let found = store.conversation_media(party("site", "anna"), id.parse().unwrap()).await.unwrap();
        assert_eq!(found.is_some(), mine, "{id}");
    }
    for (account, id, known) in [("site", "p1", true), ("shop", "p1", false), ("site", "p99", false)] {
        assert_eq!(
            store.knows_message(channel(account), id.to_owned()).await.unwrap(),
            known,
            "{account} {id}"
        );
    }
}
