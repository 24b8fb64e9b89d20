//! What a business sends: shapes of real clients, window, states.

use reqwest::Method;
use serde_json::json;

use crate::stage::{BUSINESS, PHONE, ZOE, id_of, stage, told};

const HOUR: i64 = 3_600_000;

#[tokio::test]
async fn a_text_of_a_careless_client_arrives_and_rises_to_read() {
    let mut stage = stage().await;
    stage.write(json!({"text": "Bonjour"})).await;
    // Bare digits, no recipient_type, no type.
    let (status, answer) =
        stage.send(json!({"text": {"body": "Oui ?"}, "biz_opaque_callback_data": "ours-1"})).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["contacts"][0], json!({"input": ZOE, "wa_id": ZOE}));
    assert!(answer["messages"][0].get("message_status").is_none());
    let id = id_of(&answer);
    let sent = stage.webhook().await;
    assert_eq!(sent["statuses"][0]["status"], "sent");
    assert_eq!(sent["statuses"][0]["recipient_id"], ZOE);
    assert_eq!(sent["statuses"][0]["biz_opaque_callback_data"], "ours-1");
    assert_eq!(sent["statuses"][0]["timestamp"], "1800000000");
    assert_eq!(sent["statuses"][0]["pricing"]["category"], "service");
    assert!(sent["statuses"][0].get("conversation").is_none());
    assert!(sent["contacts"][0]["user_id"].as_str().unwrap().starts_with("FR."));
    assert_eq!(stage.status().await, (id.clone(), "delivered".to_owned()));
    assert_eq!(stage.shown().await[1]["state"], "delivered");
    stage.sim(Method::POST, &format!("customers/{ZOE}/read"), None).await;
    assert_eq!(stage.status().await, (id.clone(), "read".to_owned()));
    stage.sim(Method::POST, &format!("customers/{ZOE}/read"), None).await;
    let shown = stage.shown().await;
    assert_eq!((shown[1]["text"].as_str(), shown[1]["state"].as_str()), (Some("Oui ?"), Some("read")));
    assert_eq!(shown[1]["direction"], "out");
    stage.nothing_more();
}

#[tokio::test]
async fn a_plus_is_taken_and_answered_as_it_was_written() {
    let mut stage = stage().await;
    stage.write(json!({"text": "Bonjour"})).await;
    let (_, answer) =
        stage.send(json!({"to": "+33 6 12 34 56 78", "type": "text", "text": {"body": "a"}})).await;
    assert_eq!(answer["contacts"][0], json!({"input": "+33 6 12 34 56 78", "wa_id": ZOE}));
}

#[tokio::test]
async fn outside_the_window_free_text_fails_after_a_200_and_a_template_passes_without_opening_it() {
    let mut stage = stage().await;
    stage.write(json!({"text": "Bonjour"})).await;
    stage.advance(24 * HOUR - 1);
    assert_eq!(stage.send(json!({"text": {"body": "still"}})).await.0, 200);
    assert_eq!((stage.status().await.1, stage.status().await.1), ("sent".into(), "delivered".into()));
    stage.advance(1);
    let (status, answer) = stage.send(json!({"text": {"body": "late"}})).await;
    assert_eq!(status, 200);
    let failed = stage.webhook().await;
    assert_eq!(failed["statuses"][0]["id"], id_of(&answer));
    assert_eq!(failed["statuses"][0]["status"], "failed");
    assert_eq!(failed["statuses"][0]["errors"][0]["code"], 131_047);
    assert!(failed.get("contacts").is_none());
    assert_eq!(stage.shown().await[2]["state"], "failed");
    let template = json!({"name": "hello_world", "language": {"code": "en_US"}});
    let (status, answer) = stage.send(json!({"type": "template", "template": template})).await;
    assert_eq!((status, &answer["messages"][0]["message_status"]), (200, &json!("accepted")));
    assert_eq!((stage.status().await.1, stage.status().await.1), ("sent".into(), "delivered".into()));
    stage.send(json!({"text": {"body": "still late"}})).await;
    assert_eq!(stage.status().await.1, "failed");
    stage.sim(Method::POST, "faults", Some(json!({"sync_window": true}))).await;
    let (status, answer) = stage.send(json!({"text": {"body": "late at once"}})).await;
    assert_eq!((status, &answer["error"]["code"]), (400, &json!(131_047)));
    assert_eq!(answer["error"]["error_data"]["messaging_product"], "whatsapp");
    stage.nothing_more();
}

#[tokio::test]
async fn a_template_is_drawn_with_its_buttons_and_a_tap_answers_it() {
    let mut stage = stage().await;
    let template = json!({"name": "welcome_back", "language": {"code": "fr", "policy": "deterministic"}, "components": [
        {"type": "BODY", "parameters": [{"type": "text", "text": "Zoé"}, {"type": "text", "text": "colis"}]},
        {"type": "button", "sub_type": "quick_reply", "index": "0", "parameters": [{"type": "payload", "payload": "go"}]},
    ]});
    let (status, answer) = stage.send(json!({"type": "template", "template": template})).await;
    assert_eq!(status, 200, "{answer}");
    let shown = stage.shown().await;
    assert!(shown[0]["text"].as_str().unwrap().contains("Bonjour Zoé"));
    assert_eq!(shown[0]["buttons"][0]["payload"], "go");
    stage.status().await;
    stage.status().await;
    let id = id_of(&answer);
    let tap = json!({"button": {"payload": "go", "text": "Oui, reprenons"}, "context": {"id": id}});
    let (_, told) = stage.write(tap).await;
    assert_eq!(told["messages"][0]["type"], "button");
    assert_eq!(told["messages"][0]["context"], json!({"id": id, "from": "33155000000"}));
    assert_eq!(stage.shown().await[1]["reply_to"], id);
}

#[tokio::test]
async fn a_wrong_template_is_refused_with_the_code_and_words_of_meta() {
    let stage = stage().await;
    let template = json!({"name": "welcome_back", "language": {"code": "fr"}});
    let (status, answer) = stage.send(json!({"type": "template", "template": template})).await;
    assert_eq!((status, &answer["error"]["code"]), (400, &json!(132_000)));
    assert_eq!(
        answer["error"]["error_data"]["details"],
        "body: number of localizable_params (0) does not match the expected number of params (2)"
    );
    let template = json!({"name": "nothing", "language": {"code": "fr"}});
    let (status, answer) = stage.send(json!({"type": "template", "template": template})).await;
    assert_eq!((status, &answer["error"]["code"]), (404, &json!(132_001)));
}

#[tokio::test]
async fn every_other_type_is_shown() {
    let mut stage = stage().await;
    let (written, _) = stage.write(json!({"text": "Bonjour"})).await;
    let reply = |id: &str| json!({"type": "reply", "reply": {"id": id, "title": id}});
    let sends = [
        json!({"type": "image", "image": {"link": "https://example.com/a.png", "caption": "look"}}),
        json!({"type": "location", "location": {"latitude": "48.85", "longitude": 2.35, "name": "Paris"}}),
        json!({"type": "contacts", "contacts": [{"name": {"formatted_name": "Ada", "first_name": "Ada"}}]}),
        json!({"type": "interactive", "interactive": {"type": "button", "body": {"text": "Which?"},
            "action": {"buttons": [reply("a"), reply("b")]}}}),
        json!({"type": "interactive", "interactive": {"type": "list", "body": {"text": "Which?"},
            "action": {"button": "Open", "sections": [{"rows": [{"id": "r", "title": "Row"}]}]}}}),
        json!({"type": "reaction", "reaction": {"message_id": written, "emoji": "👍"}}),
    ];
    for send in sends {
        let (status, answer) = stage.send(send.clone()).await;
        assert_eq!(status, 200, "{send} {answer}");
        assert_eq!((stage.status().await.1, stage.status().await.1), ("sent".into(), "delivered".into()));
    }
    let shown = stage.shown().await;
    assert_eq!(shown[0]["reactions"]["business"], "👍");
    assert_eq!(shown[1]["media"]["link"], "https://example.com/a.png");
    assert_eq!(shown[4]["buttons"][1]["id"], "b");
    assert_eq!(shown[5]["list"]["sections"][0]["rows"][0]["title"], "Row");
}

#[tokio::test]
async fn a_read_mark_turns_the_customers_ticks_blue_and_shows_typing() {
    let mut stage = stage().await;
    let (first, _) = stage.write(json!({"text": "one"})).await;
    let (second, _) = stage.write(json!({"text": "two"})).await;
    let mark = json!({"messaging_product": "whatsapp", "status": "read", "message_id": second,
        "typing_indicator": {"type": "text"}});
    let path = format!("{PHONE}/messages");
    let answer = told(stage.graph(Method::POST, &path).json(&mark).send().await.unwrap()).await;
    assert_eq!(answer, (200, json!({"success": true})));
    let typing = |stage: &crate::stage::Stage| {
        let (http, url) = (stage.http.clone(), format!("{}/sim/customers/{ZOE}/messages", stage.base));
        async move { told(http.get(url).send().await.unwrap()).await.1["typing"].clone() }
    };
    assert_eq!(stage.shown().await[0]["id"], first);
    assert_eq!(stage.shown().await[0]["state"], "read");
    assert_eq!(typing(&stage).await, true);
    stage.advance(25_000);
    assert_eq!(typing(&stage).await, false);
    let mark = json!({"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.none"});
    let answer = told(stage.graph(Method::POST, &path).json(&mark).send().await.unwrap()).await;
    assert_eq!((answer.0, &answer.1["error"]["code"]), (400, &json!(131_009)));
}

#[tokio::test]
async fn a_business_scoped_id_is_reached_by_recipient_and_a_hidden_number_stays_hidden() {
    let mut stage = stage().await;
    let path = format!("customers/{ZOE}");
    let change = json!({"name": "Zoé", "username": "zoe", "hides_number": true});
    let (_, customer) = stage.sim(Method::POST, &path, Some(change)).await;
    let user_id = customer["user_id"].as_str().unwrap().to_owned();
    let (_, told_in) = stage.write(json!({"text": "Bonjour"})).await;
    assert!(told_in["messages"][0].get("from").is_none());
    assert_eq!(told_in["messages"][0]["from_user_id"], user_id);
    assert_eq!(
        told_in["contacts"][0],
        json!({"profile": {"name": "Zoé", "username": "zoe"}, "user_id": user_id})
    );
    let body =
        json!({"messaging_product": "whatsapp", "recipient": user_id, "type": "text", "text": {"body": "a"}});
    let request = stage.graph(Method::POST, &format!("{PHONE}/messages")).json(&body);
    let (status, answer) = told(request.send().await.unwrap()).await;
    assert_eq!((status, &answer["contacts"][0]), (200, &json!({"input": user_id, "user_id": user_id})));
    let value = stage.webhook().await;
    assert!(value["statuses"][0].get("recipient_id").is_none());
    assert_eq!(value["statuses"][0]["recipient_user_id"], user_id);
}

#[tokio::test]
async fn a_phone_that_is_off_gets_its_messages_when_it_comes_back() {
    let mut stage = stage().await;
    stage.write(json!({"text": "Bonjour"})).await;
    stage.sim(Method::POST, &format!("customers/{ZOE}"), Some(json!({"online": false}))).await;
    let (_, answer) = stage.send(json!({"text": {"body": "a"}})).await;
    assert_eq!(stage.status().await.1, "sent");
    assert_eq!(stage.shown().await[1]["state"], "sent");
    stage.nothing_more();
    stage.sim(Method::POST, &format!("customers/{ZOE}"), Some(json!({"online": true}))).await;
    assert_eq!(stage.status().await, (id_of(&answer), "delivered".to_owned()));
    stage.sim(Method::POST, &format!("customers/{ZOE}"), Some(json!({"on_whatsapp": false}))).await;
    stage.send(json!({"text": {"body": "a"}})).await;
    assert_eq!(stage.webhook().await["statuses"][0]["errors"][0]["code"], 131_026);
}

#[tokio::test]
async fn templates_are_paged_and_next_is_an_address_to_follow() {
    let stage = stage().await;
    let path =
        format!("{BUSINESS}/message_templates?limit=5&fields=name,language,status&summary=total_count");
    let (_, mut page) = told(stage.graph(Method::GET, &path).send().await.unwrap()).await;
    let total = page["summary"]["total_count"].as_u64().unwrap();
    let mut seen = 0;
    loop {
        seen += page["data"].as_array().unwrap().len() as u64;
        let Some(next) = page["paging"]["next"].as_str() else { break };
        assert!(!next.contains("demo-token"));
        page = told(stage.http.get(next).bearer_auth("demo-token").send().await.unwrap()).await.1;
    }
    assert_eq!(seen, total);
}
