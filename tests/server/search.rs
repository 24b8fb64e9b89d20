//! `search.run`: words are found by those who may see them, as soon as they are stored.

use serde_json::{Value, json};

use crate::client::Client;
use crate::desk::TestDesk;

fn kinds_and_texts(found: &Value) -> Vec<(String, String)> {
    let text = |hit: &Value| {
        let body = hit["message"]["text"].as_str().or(hit["note"]["text"].as_str());
        body.or(hit["interaction"]["contact"]["name"].as_str()).unwrap_or_default().to_owned()
    };
    let hits = found["hits"].as_array().expect("hits");
    hits.iter().map(|hit| (hit["kind"].as_str().expect("a kind").to_owned(), text(hit))).collect()
}

#[tokio::test]
async fn what_was_acknowledged_is_found_at_once_by_those_who_may_see_it() {
    let desk = TestDesk::start().await;
    let mut alice = Client::available(&desk, "alice").await;
    let mut bruno = Client::available(&desk, "bruno").await;
    let (mut sam, _) = Client::start(&desk, "sam").await;
    desk.write("33600000001", &[("wamid.1", "my parcels were never delivered")]).await;
    let offered = alice.told("interaction.offered").await;
    let id = offered["interaction_id"].clone();
    alice.ask("interaction.accept", json!({ "interaction_id": id })).await;
    alice.ask("note.add", json!({ "interaction_id": id, "text": "très énervée, parcel lost" })).await;
    alice
        .ask(
            "interaction.set_outcome",
            json!({ "interaction_id": id, "status": "pending", "tags": ["parcel"] }),
        )
        .await;

    for client in [&mut alice, &mut sam] {
        let found = client.ask("search.run", json!({ "query": "Parcel" })).await;
        let found_kinds: Vec<String> = kinds_and_texts(&found).into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(found_kinds, ["note", "message", "interaction"], "{found}");
        assert_eq!((&found["next"], &found["behind"]), (&Value::Null, &json!(0)));
        assert_eq!(found["hits"][0]["interaction"]["interaction_id"], id);
    }
    // A colleague who has nothing to do with it finds nothing.
    let found = bruno.ask("search.run", json!({ "query": "parcel" })).await;
    assert_eq!(found["hits"], json!([]));

    let filtered = json!({ "query": "parcel", "filters": { "kinds": ["note"], "status": "pending" } });
    assert_eq!(
        kinds_and_texts(&sam.ask("search.run", filtered).await),
        [("note".to_owned(), "très énervée, parcel lost".to_owned())]
    );
    for filters in [
        json!({ "status": "resolved" }),
        json!({ "to": "2020-01-01T00:00:00Z" }),
        json!({ "from": "2999-01-01T00:00:00+01:00" }),
        json!({ "channel_id": "elsewhere" }),
        json!({ "agent_id": "a999" }),
        json!({ "contact_id": "c999" }),
    ] {
        let found = sam.ask("search.run", json!({ "query": "parcel", "filters": filters })).await;
        assert_eq!(found["hits"], json!([]), "{filters}");
    }

    // Pages join.
    let first = sam.ask("search.run", json!({ "query": "parcel", "limit": 2 })).await;
    let rest = json!({ "query": "parcel", "limit": 2, "before": first["next"] });
    assert_eq!(kinds_and_texts(&sam.ask("search.run", rest).await).len(), 1);
}

#[tokio::test]
async fn what_can_not_be_looked_for_is_refused_by_field() {
    let desk = TestDesk::start().await;
    let (mut sam, _) = Client::start(&desk, "sam").await;
    let long = "ab ".repeat(70);
    let many = (10..30).map(|n| n.to_string()).collect::<Vec<_>>().join(" ");
    for (params, field) in [
        (json!({ "query": "" }), "query"),
        (json!({ "query": "l' !" }), "query"),
        (json!({ "query": long }), "query"),
        (json!({ "query": many }), "query"),
        (json!({ "query": "word", "limit": 0 }), "limit"),
        (json!({ "query": "word", "limit": 101 }), "limit"),
        (json!({ "query": "word", "before": "yesterday" }), "before"),
    ] {
        let refused = sam.call("search.run", params.clone()).await["error"].clone();
        assert_eq!(
            (&refused["data"]["kind"], &refused["data"]["field"]),
            (&json!("invalid"), &json!(field)),
            "{params}"
        );
    }
    for filters in [json!({ "from": "today" }), json!({ "kinds": ["agent"] }), json!({ "color": "red" })] {
        let params = json!({ "query": "word", "filters": filters });
        assert_eq!(sam.refused("search.run", params).await, "invalid");
    }
}
