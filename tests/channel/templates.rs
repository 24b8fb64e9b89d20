//! Reading the account's templates: pages, shapes, and what is broken.

use guichet::domain::{HeaderFormat, ParameterFormat};
use serde_json::{Value, json};

use crate::connector;
use crate::stand_in::{Says, StandIn, says};

fn page(data: &Value, after: Option<&str>) -> Says {
    let next = after.map(|after| format!("https://graph.facebook.com/next?after={after}&access_token=x"));
    let after = after.unwrap_or("END");
    let paging = json!({ "cursors": { "before": "B", "after": after }, "next": next });
    says(200, json!({ "data": data, "paging": paging }).to_string())
}

fn plain(name: &str) -> Value {
    json!({ "id": "1", "name": name, "language": "fr", "status": "APPROVED", "category": "UTILITY",
        "components": [{ "type": "BODY", "text": "Bonjour" }] })
}

#[tokio::test]
async fn every_page_is_read() {
    let meta = StandIn::start().await;
    meta.will(page(&json!([plain("a"), plain("b")]), Some("C1")))
        .will(page(&json!([plain("c")]), Some("C 2")))
        .will(page(&json!([plain("d")]), None));
    let templates = connector(&meta.url).templates().await.unwrap();
    let names: Vec<&str> = templates.iter().map(|template| template.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c", "d"]);
    let lines: Vec<String> = meta.asked().into_iter().map(|asked| asked.line).collect();
    let first = "GET /v23.0/102290129340398/message_templates?fields=name%2Clanguage%2Cstatus%2Ccategory%2Cparameter_format%2Ccomponents&limit=100";
    assert_eq!(lines, [first.to_owned(), format!("{first}&after=C1"), format!("{first}&after=C+2")]);
}

#[tokio::test]
async fn pages_without_end_end() {
    let meta = StandIn::start().await;
    for number in 0..200 {
        meta.will(page(&json!([plain("a")]), Some(&number.to_string())));
    }
    assert_eq!(connector(&meta.url).templates().await.unwrap().len(), 100);
    let meta = StandIn::start().await;
    for _ in 0..5 {
        meta.will(page(&json!([plain("a")]), Some("the same")));
    }
    assert_eq!(connector(&meta.url).templates().await.unwrap().len(), 2, "a cursor that does not move");
}

#[tokio::test]
async fn shapes() {
    let meta = StandIn::start().await;
    meta.will(page(
        &json!([
            { "name": "full", "language": "en_US", "status": "PAUSED", "category": "MARKETING", "parameter_format": "NAMED",
              "components": [
                { "type": "HEADER", "format": "IMAGE", "example": { "header_handle": ["x"] } },
                { "type": "BODY", "text": "Hello {{first_name}}", "example": {} },
                { "type": "FOOTER", "text": "Guichet" },
                { "type": "BUTTONS", "buttons": [
                    { "type": "URL", "text": "Track", "url": "https://x.example/{{1}}", "example": ["1"] },
                    { "type": "QUICK_REPLY", "text": "Stop" },
                    { "type": "OTP", "otp_type": "COPY_CODE", "text": "Copy" } ] } ] },
            { "name": "text_header", "language": "fr", "status": "approved",
              "components": [{ "type": "header", "format": "text", "text": "Commande {{1}}" }, { "type": "body", "text": "x" }] },
            { "name": "carousel", "language": "fr", "status": "APPROVED", "components": [{ "type": "BODY", "text": "x" }, { "type": "CAROUSEL", "cards": [] }] },
            { "name": "unknown header", "language": "fr", "status": "APPROVED", "components": [{ "type": "HEADER", "format": "HOLOGRAM" }] },
            { "name": 5 },
            "broken",
        ]),
        None,
    ));
    let templates = connector(&meta.url).templates().await.unwrap();
    assert_eq!(templates.len(), 4, "two that can't be read are left out");
    let full = &templates[0];
    assert_eq!((full.status.as_str(), full.category.as_str()), ("paused", "marketing"));
    assert_eq!(full.parameter_format, ParameterFormat::Named);
    assert_eq!((full.header_format, full.header.as_deref()), (Some(HeaderFormat::Image), None));
    assert_eq!((full.body.as_str(), full.footer.as_deref()), ("Hello {{first_name}}", Some("Guichet")));
    let buttons: Vec<_> =
        full.buttons.iter().map(|button| (button.kind.as_str(), button.text.as_str())).collect();
    assert_eq!(buttons, [("url", "Track"), ("quick_reply", "Stop"), ("otp", "Copy")]);
    assert_eq!(full.buttons[0].url.as_deref(), Some("https://x.example/{{1}}"));
    let header = &templates[1];
    assert_eq!(
        (header.header_format, header.header.as_deref()),
        (Some(HeaderFormat::Text), Some("Commande {{1}}"))
    );
    assert_eq!(header.parameter_format, ParameterFormat::Positional);
    // They can be seen, and the check before a send refuses them.
    assert_eq!([&templates[2].status, &templates[3].status], ["unsupported", "unsupported"]);
}

#[tokio::test]
async fn what_fails_says_whether_to_try_again() {
    let meta = StandIn::start().await;
    let whatsapp = connector(&meta.url);
    for (answer, again) in [
        (says(500, ""), true),
        (says(200, "<html>"), true),
        (says(401, r#"{"error":{"code":190,"message":"secret words"}}"#), true),
        (says(400, r#"{"error":{"code":100,"message":"secret words"}}"#), false),
    ] {
        meta.will(answer);
        let error = whatsapp.templates().await.unwrap_err();
        assert_eq!(error.again, again, "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
