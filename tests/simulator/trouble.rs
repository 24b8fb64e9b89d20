//! Faults on demand, and webhooks that find a closed door.

use reqwest::Method;
use serde_json::{Value, json};

use crate::stage::{PHONE, Stage, ZOE, stage, told};

async fn fault(stage: &Stage, wish: Value) {
    let (status, answer) = stage.sim(Method::POST, "faults", Some(wish)).await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn an_error_code_touches_as_many_sends_as_asked() {
    let mut stage = stage().await;
    stage.write(json!({"text": "Bonjour"})).await;
    fault(&stage, json!({"error_code": 131_056, "count": 2})).await;
    for _ in 0..2 {
        let (status, answer) = stage.send(json!({"text": {"body": "a"}})).await;
        assert_eq!((status, &answer["error"]["code"]), (400, &json!(131_056)));
        assert!(answer["error"]["message"].as_str().unwrap().starts_with("(#131056) "));
    }
    assert_eq!(stage.send(json!({"text": {"body": "a"}})).await.0, 200);
    fault(&stage, json!({"error_code": 131_026, "as_status": true})).await;
    stage.status().await;
    stage.status().await;
    assert_eq!(stage.send(json!({"text": {"body": "a"}})).await.0, 200);
    assert_eq!(stage.webhook().await["statuses"][0]["errors"][0]["code"], 131_026);
    assert_eq!(stage.shown().await.len(), 3);
}

#[tokio::test]
async fn a_bare_status_is_not_metas() {
    let stage = stage().await;
    fault(&stage, json!({"status": 503})).await;
    let (status, answer) = stage.send(json!({"text": {"body": "a"}})).await;
    assert_eq!((status, answer), (503, Value::Null));
}

#[tokio::test]
async fn a_cut_connection_keeps_the_message_only_when_cut_after() {
    let mut stage = stage().await;
    stage.write(json!({"text": "Bonjour"})).await;
    for (when, kept) in [("before", 1), ("after", 2)] {
        fault(&stage, json!({"drop": when})).await;
        let body = json!({"messaging_product": "whatsapp", "to": ZOE, "text": {"body": when}});
        let request = stage.graph(Method::POST, &format!("{PHONE}/messages")).json(&body).send().await;
        assert!(request.is_err(), "an answer came: {request:?}");
        assert_eq!(stage.shown().await.len(), kept, "{when}");
    }
}

#[tokio::test]
async fn garbage_is_a_200_that_nobody_can_read_and_delays_end() {
    let mut stage = stage().await;
    stage.write(json!({"text": "Bonjour"})).await;
    fault(&stage, json!({"garbage": true, "delay_ms": 20})).await;
    assert_eq!(stage.send(json!({"text": {"body": "a"}})).await, (200, Value::Null));
    assert_eq!(stage.shown().await.len(), 2);
}

#[tokio::test]
async fn duplicates_stay_until_cleared() {
    let mut stage = stage().await;
    fault(&stage, json!({"duplicate": true})).await;
    let (id, first) = stage.write(json!({"text": "Bonjour"})).await;
    assert_eq!(stage.webhook().await, first);
    assert_eq!(first["messages"][0]["id"], id);
    assert_eq!(stage.sim(Method::GET, "faults", None).await.1["duplicate"], true);
    assert_eq!(stage.sim(Method::DELETE, "faults", None).await.0, 204);
    stage.write(json!({"text": "Bonjour"})).await;
    stage.nothing_more();
}

#[tokio::test]
async fn webhooks_are_tried_again_in_order() {
    let mut stage = stage().await;
    stage.will_answer(&[503, 500]);
    let wait = json!({"text": "one", "wait": true});
    let (_, answer) = stage.sim(Method::POST, &format!("customers/{ZOE}/messages"), Some(wait)).await;
    assert_eq!(answer["webhook"], json!({"status": 503}));
    stage.sim(Method::POST, &format!("customers/{ZOE}/messages"), Some(json!({"text": "two"}))).await;
    let mut bodies = Vec::new();
    for _ in 0..4 {
        bodies.push(stage.webhook().await["messages"][0]["text"]["body"].as_str().unwrap().to_owned());
    }
    assert_eq!(bodies, ["one", "one", "one", "two"]);
}

#[tokio::test]
async fn a_refused_webhook_is_given_up_and_lets_the_next_pass() {
    let mut stage = stage().await;
    stage.will_answer(&[401, 401, 401, 401]);
    for text in ["one", "two"] {
        stage.sim(Method::POST, &format!("customers/{ZOE}/messages"), Some(json!({"text": text}))).await;
    }
    let mut bodies = Vec::new();
    for _ in 0..5 {
        bodies.push(stage.webhook().await["messages"][0]["text"]["body"].as_str().unwrap().to_owned());
    }
    assert_eq!(bodies, ["one", "one", "one", "one", "two"]);
    let shown = stage.shown().await;
    assert_eq!(shown[0]["state"], "sent");
}

#[tokio::test]
async fn a_message_whose_webhook_finds_nobody_says_so() {
    let stage = stage().await;
    stage.simulator.set_webhook_base("http://127.0.0.1:1");
    let wait = json!({"text": "one", "wait": true});
    let (status, answer) = stage.sim(Method::POST, &format!("customers/{ZOE}/messages"), Some(wait)).await;
    assert_eq!(status, 200);
    assert!(answer["webhook"]["error"].is_string(), "{answer}");
    let (_, listed) =
        told(stage.http.get(format!("{}/sim/customers", stage.base)).send().await.unwrap()).await;
    assert_eq!(listed["accounts"][0]["webhook"]["waiting"], 1);
}
