//! Scripts changed over the protocol: read, tried, saved, rolled back; never live when broken (SPEC §6, §7).

use serde_json::json;

use crate::client::Client;
use crate::desk::TestDesk;

const FIRST: &str =
    "return timers { version = 1, agent = { total = \"10m\", on_zero = \"alert\" }, customer = false }\n";
const NAME: &str = "scripts/timers.lua";

#[tokio::test]
async fn a_draft_is_tried_saved_and_taken_back_and_a_broken_one_changes_nothing() {
    let desk = TestDesk::with_scripts(&[("timers.lua", FIRST)]).await;
    let folder = tempfile::tempdir().unwrap();
    let on_disk = folder.path().join("timers.lua");
    std::fs::write(&on_disk, FIRST).unwrap();
    desk.desk.watch_scripts(folder.path());
    desk.desk.reload_scripts().await;
    let (mut ada, _) = Client::start(&desk, "ada").await;

    let begun = ada.ask("admin.scripts.get", json!({})).await;
    let source = ada.ask("admin.scripts.read", json!({ "name": NAME })).await;
    assert_eq!(source["text"], FIRST);

    // What is wrong is told with its place, and nothing happens.
    let broken = format!("{FIRST}this is not Lua\n");
    let draft = json!({ "name": NAME, "text": broken, "hash": source["hash"] });
    let tried = ada.ask("admin.scripts.check", json!({ "name": NAME, "text": broken })).await;
    assert_eq!((&tried["errors"][0]["file"], &tried["errors"][0]["line"]), (&json!(NAME), &json!(2)));
    let refused = ada.ask("admin.scripts.save", draft).await;
    assert_eq!((&refused["saved"], &refused["errors"]), (&json!(false), &tried["errors"]));
    assert_eq!(std::fs::read_to_string(&on_disk).unwrap(), FIRST);
    assert_eq!(ada.ask("admin.scripts.get", json!({})).await["generation"], begun["generation"]);

    // What is good is written and decides at once; whoever began with the old source is told.
    let better = FIRST.replace("10m", "20m");
    let draft = json!({ "name": NAME, "text": better, "hash": source["hash"] });
    let saved = ada.ask("admin.scripts.save", draft.clone()).await;
    assert_eq!((&saved["saved"], &saved["errors"]), (&json!(true), &json!([])));
    assert_eq!(std::fs::read_to_string(&on_disk).unwrap(), better);
    let live = ada.ask("admin.scripts.get", json!({})).await;
    assert_eq!(live["generation"], saved["generation"]);
    assert_ne!(live["generation"], begun["generation"]);
    assert_eq!(ada.call("admin.scripts.save", draft).await["error"]["data"]["field"], "hash");

    // The older generation comes back, into the folder too.
    let back = json!({ "generation": begun["generation"] });
    let rolled = ada.ask("admin.scripts.rollback", back).await;
    assert_eq!(rolled["state"], "live");
    assert_eq!(std::fs::read_to_string(&on_disk).unwrap(), FIRST);
    assert_eq!(ada.ask("admin.scripts.read", json!({ "name": NAME })).await["text"], FIRST);
    assert_eq!(ada.refused("admin.scripts.rollback", json!({ "generation": 999 })).await, "not_found");

    // Both are in the audit log; what was refused is not.
    for (action, object) in
        [("script.save", json!(NAME)), ("scripts.rollback", begun["generation"].to_string().into())]
    {
        let log = ada.ask("admin.audit.list", json!({ "action": action })).await;
        let objects: Vec<_> =
            log["entries"].as_array().unwrap().iter().map(|entry| &entry["object"]).collect();
        assert_eq!(objects, [&object], "{log}");
    }

    // Names lead nowhere else, and nobody but an administrator has a say.
    let outside = json!({ "name": "scripts/../outside.lua", "text": "return 1" });
    assert_eq!(ada.call("admin.scripts.save", outside).await["error"]["data"]["field"], "name");
    let (mut sam, _) = Client::start(&desk, "sam").await;
    for (method, params) in [
        ("admin.scripts.read", json!({ "name": NAME })),
        ("admin.scripts.check", json!({ "name": NAME, "text": FIRST })),
        ("admin.scripts.save", json!({ "name": NAME, "text": FIRST })),
        ("admin.scripts.rollback", json!({ "generation": 1 })),
    ] {
        assert_eq!(sam.refused(method, params).await, "not_permitted", "{method}");
    }
}
