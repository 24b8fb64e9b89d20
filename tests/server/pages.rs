//! Pages for people and machines: health, metrics, the reference, the console, and what is nowhere.

use crate::desk::TestDesk;

#[tokio::test]
async fn operators_find_what_they_need() {
    let desk = TestDesk::start().await;
    desk.write("33600000001", &[("wamid.1", "a secret between us")]).await;
    for path in ["/healthz", "/readyz", "/docs/", "/docs/openrpc.json"] {
        let answer = desk.http.get(desk.url(path)).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
    }
    let metrics =
        desk.http.get(desk.url("/metrics")).send().await.expect("an answer").text().await.expect("a text");
    for line in
        ["guichet_webhooks_total{kind=\"accepted\"} 1", "guichet_commit_seconds_count", "guichet_sockets 0"]
    {
        assert!(metrics.contains(line), "{line} missing in\n{metrics}");
    }
    assert!(!metrics.contains("33600000001") && !metrics.contains("secret"));
}

#[tokio::test]
async fn every_page_is_guarded() {
    let desk = TestDesk::start().await;
    for path in ["/", "/docs/", "/healthz", "/nowhere"] {
        let answer =
            desk.http.get(desk.url(path)).header("accept", "text/html").send().await.expect("an answer");
        let policy = answer.headers()["content-security-policy"].to_str().expect("a text").to_owned();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'"), "{path}: {policy}");
        assert!(policy.ends_with("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    }
}

#[tokio::test]
async fn the_console_or_how_to_get_it() {
    let desk = TestDesk::start().await;
    let get = async |path: &str, accept: &str| {
        let answer = desk.http.get(desk.url(path)).header("accept", accept).send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a text"))
    };
    let (status, page) = get("/", "*/*").await;
    assert_eq!(status, 200);
    assert!(page.contains("cargo xtask serve") || page.contains("<script"), "{page}");
    assert_eq!(get("/inbox/i1", "text/html,*/*").await, (200, page));
    for (path, accept) in
        [("/assets/none.js", "text/html"), ("/none.json", "application/json"), ("/../Cargo.toml", "*/*")]
    {
        let (status, body) = get(path, accept).await;
        assert_eq!(
            (status, body.as_str()),
            (404, "{\"error\":\"There is nothing at this address\"}"),
            "{path}"
        );
    }
    let post =
        desk.http.post(desk.url("/nowhere")).header("accept", "text/html").send().await.expect("an answer");
    assert_eq!(post.status(), 404);
}
