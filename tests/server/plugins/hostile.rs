//! Plugins that loop, bomb, flood or pry: stopped or refused, shown with their line, and no agent notices.

use axum::Router;
use axum::response::Redirect;
use axum::routing::{any, get};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{Plugged, call, grant, seen, until};
use crate::client::{Client, on};

/// A webhook whose body is the code to run.
fn probe(code: &str) -> String {
    format!("local p = plugin()\np:webhook(function(r)\n{code}\nend)\nreturn p\n")
}

#[tokio::test]
async fn what_does_not_end_is_stopped_and_shown_and_agents_notice_nothing() {
    for (code, problem) in [
        ("while true do end", "took too long and was stopped"),
        ("while true do pcall(function() while true do end end) end", "took too long and was stopped"),
        ("local s = 'x' while true do s = s .. s end", "needs more memory than a plugin may use"),
        ("local t = {} while true do t[#t + 1] = {} end", "needs more memory than a plugin may use"),
        (
            "return string.find(string.rep('a', 5000), string.rep('a-', 50) .. 'b')",
            "took too long and was stopped",
        ),
        ("error('thrown')", "thrown"),
        ("return nobody.there", "attempt to index nil with 'there'"),
        ("return { body = function() end }", "unsupported value type `function`"),
    ] {
        let plugged = Plugged::start(&[("probe", "[capabilities]\nwebhook = true", &probe(code))], "").await;
        let desk = &plugged.desk;
        let (mut ada, _) = Client::start(desk, "ada").await;
        grant(&mut ada, "probe").await;
        let mut alice = Client::available(desk, "alice").await;
        let asked = async {
            assert_eq!(call(desk, "probe", "").await.0, 503, "{code}");
        };
        let work = async {
            desk.write("33600000001", &[("wamid.1", "hello")]).await;
            let id = alice.accept_next().await;
            alice.ask("message.send", on(&id, json!({ "text": "I notice nothing" }))).await;
        };
        tokio::join!(asked, work);
        let shown = until(&mut ada, "probe", problem, |it| it["failed"] == 1).await;
        let error = &shown["errors"][0];
        assert!(error["message"].as_str().is_some_and(|text| text.contains(problem)), "{code}: {error}");
        assert_eq!(error["file"], "plugins/probe/init.lua", "{code}");
        // It is in working order again at once, and suspended after the fifth time.
        for _ in 0..4 {
            assert_eq!(call(desk, "probe", "").await.0, 503);
        }
        until(&mut ada, "probe", "suspended", |it| it["state"] == "suspended").await;
    }
}

/// A server that only the host's own network should reach.
async fn inside() -> String {
    let router = Router::new()
        .route("/redirect", get(async || Redirect::temporary("http://127.0.0.1:1/secret")))
        .route("/else", get(async || Redirect::temporary("http://other.example/")))
        .route("/echo", any(async |headers: axum::http::HeaderMap| format!("{headers:?}")))
        .route("/large", get(async || "x".repeat(2 * 1024 * 1024)));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move { axum::serve(listener, router).await });
    port.to_string()
}

#[tokio::test]
async fn http_goes_to_granted_addresses_only_and_never_inside() {
    let port = inside().await;
    let code = probe(
        "local got, problem = http.get(r.body) return { body = json.encode({ got = got and got.status, problem = problem }) }",
    );
    let capabilities = format!(
        "[capabilities]\nwebhook = true\nhttp = [\"http://good.example:{port}/\", \"http://twice.example:{port}/\", \
         \"http://127.0.0.1:{port}/\", \"http://[::1]:{port}/\", \"http://0x7f.1:{port}/\"]"
    );
    let plugged = Plugged::start(&[("probe", &capabilities, &code)], "").await;
    let desk = &plugged.desk;
    let (mut ada, _) = Client::start(desk, "ada").await;
    grant(&mut ada, "probe").await;
    plugged.names.set("good.example", &["127.0.0.1"]);
    // The second look-up leads inside: where the connection is made, that is what counts.
    plugged.names.set("twice.example", &["192.0.2.1", "169.254.169.254"]);
    for (url, problem) in [
        (
            format!("http://good.example:{port}/echo"),
            "good.example leads to 127.0.0.1, an address of a private network",
        ),
        (format!("http://bad.example:{port}/"), "is not granted"),
        ("http://good.example/".to_owned(), "is not granted"),
        (format!("http://127.0.0.1:{port}/echo"), "an address of a private network"),
        (format!("http://[::1]:{port}/echo"), "an address of a private network"),
        (format!("http://0x7f.1:{port}/echo"), "an address of a private network"),
        (format!("http://twice.example:{port}/"), "an address of a private network"),
        ("file:///etc/passwd".to_owned(), "is not granted"),
        ("no address".to_owned(), "is no address"),
    ] {
        let before = seen(&mut ada, "probe").await["failed"].as_u64().expect("a count");
        assert_eq!(call(desk, "probe", &url).await.0, 503, "{url}");
        let shown = until(&mut ada, "probe", problem, |it| it["failed"].as_u64() > Some(before)).await;
        let error = &shown["errors"][0];
        assert!(error["message"].as_str().is_some_and(|text| text.contains(problem)), "{url}: {error}");
        assert_eq!(error["line"], 3, "{error}");
        if shown["state"] == "suspended" {
            ada.ask("admin.plugins.resume", json!({ "plugin": "probe" })).await;
        }
    }
}

#[tokio::test]
async fn redirects_are_judged_again_and_secrets_stay_with_the_host() {
    let port = inside().await;
    let code = probe(
        "local key = secret.key\n\
         if r.query == 'key' then return { body = key } end\n\
         if r.query == 'body' then http.post(r.body, { body = key }) end\n\
         if r.query == 'url' then http.get(r.body .. '?' .. key) end\n\
         local got, problem = http.get(r.body, { headers = { Authorization = 'Bearer ' .. key } })\n\
         return { body = json.encode({ status = got and got.status, body = got and got.body, problem = problem }) }",
    );
    let capabilities = format!(
        "[capabilities]\nwebhook = true\nprivate_network = true\nhttp = [\"http://good.example:{port}/\"]\n\
         [[settings]]\nkey = \"key\"\ntype = \"secret\""
    );
    let plugged = Plugged::start(&[("probe", &capabilities, &code)], "").await;
    let desk = &plugged.desk;
    let (mut ada, _) = Client::start(desk, "ada").await;
    grant(&mut ada, "probe").await;
    plugged.names.set("good.example", &["127.0.0.1"]);
    let ask = async |query: &str, path: &str| {
        let url = desk.url(&format!("/plugins/probe/webhook?{query}"));
        let body = format!("http://good.example:{port}{path}");
        let answer = desk.http.post(url).body(body).send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a body"))
    };
    // It goes out in the header, and what comes back is without it.
    let (_, body) = ask("", "/echo").await;
    let answer: Value = serde_json::from_str(&body).expect("JSON");
    assert!(answer["body"].as_str().is_some_and(|text| text.contains("Bearer (secret)")), "{body}");
    let (_, word) = ask("key", "/").await;
    assert!(!word.contains("s3cret-key") && word.contains(":key"), "{word}");
    let (_, body) = ask("", "/large").await;
    assert!(body.contains("the answer has more than"), "{body}");
    for (query, path, problem) in [
        ("", "/redirect", "http://127.0.0.1/secret is not granted"),
        ("", "/else", "http://other.example/ is not granted"),
        ("body", "/echo", "a secret goes into a header only"),
        ("url", "/echo", "a secret goes into a header only"),
    ] {
        assert_eq!(ask(query, path).await.0, 503, "{path}");
        let shown = seen(&mut ada, "probe").await;
        let error = &shown["errors"][0]["message"];
        assert!(error.as_str().is_some_and(|text| text.contains(problem)), "{error}");
    }
}

#[tokio::test]
async fn what_is_not_granted_is_not_there() {
    let code = r#"
local p = plugin()
p:on("message.added", function(e) kv.set("e", e) end)
p:webhook(function(r)
    if r.body == "full" then kv.set("big", string.rep("x", 70000)) end
    if r.body == "schedule" then schedule.at("x", "1h") end
    return { body = json.encode(kv.get("e") or {}) }
end)
return p
"#;
    let capabilities = "[capabilities]\nwebhook = true\nkv = \"64KiB\"\nevents = [\"message.added\"]";
    let plugged = Plugged::start(&[("probe", capabilities, code)], "").await;
    let desk = &plugged.desk;
    let (mut ada, _) = Client::start(desk, "ada").await;
    grant(&mut ada, "probe").await;
    desk.write("33600000001", &[("wamid.1", "a private matter")]).await;
    desk.until("it is told", async || call(desk, "probe", "").await.1 != "{}").await;
    let (_, body) = call(desk, "probe", "").await;
    for hidden in ["a private matter", "33600000001", "Customer"] {
        assert!(!body.contains(hidden), "{body}");
    }
    for (body, problem) in
        [("full", "does not fit"), ("schedule", "not granted: plugin.toml does not ask for it")]
    {
        assert_eq!(call(desk, "probe", body).await.0, 503);
        let shown = seen(&mut ada, "probe").await;
        let error = &shown["errors"][0]["message"];
        assert!(error.as_str().is_some_and(|text| text.contains(problem)), "{error}");
    }
}

#[tokio::test]
async fn a_bot_that_floods_is_stopped_and_its_work_goes_to_people() {
    let code = "local p = plugin()\np:bot { start = function(c) while true do c:reply('again') end end, message = function() end }\nreturn p\n";
    let plugged =
        Plugged::start(&[("flood", "[capabilities]\nbot = true", code)], "return to.bot('flood')").await;
    let desk = &plugged.desk;
    let (mut ada, _) = Client::start(desk, "ada").await;
    grant(&mut ada, "flood").await;
    let mut alice = Client::available(desk, "alice").await;
    desk.write("33600000001", &[("wamid.1", "hi")]).await;
    let id = alice.accept_next().await;
    let whole = alice.ask("interaction.get", json!({ "interaction_id": id })).await;
    let note = whole["notes"][0]["text"].as_str().expect("a note");
    assert!(note.contains("plugins/flood/init.lua:2: more than 20 replies"), "{note}");
    desk.until("twenty left", async || desk.provider.texts().len() == 20).await;
}
