//! What the tests share: facts, sets of scripts, a host with patience for a busy machine.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use guichet::domain::{AgentId, ChannelKind, Ownership, Status, Time};
use guichet::engine::{Facts, PolicyError};
use guichet::lua::{Host, Limits, ScriptSet, defaults};

/// Monday 2026-11-23, 12:00 UTC.
pub(crate) const NOON: Time = Time(1_795_435_200_000);

pub(crate) fn facts() -> Facts {
    Facts {
        channel: "whatsapp-demo".parse().unwrap(),
        kind: ChannelKind::Whatsapp,
        status: Status::New,
        ownership: Ownership::Queued,
        contact_name: "Ana Prado".to_owned(),
        language: None,
        vip: false,
        first_contact: true,
        text: "Bonjour".to_owned(),
        message_kind: "text".to_owned(),
        skill: None,
        tags: Vec::new(),
        disposition: None,
        last_agent: Some(AgentId(7)),
        last_agent_available: true,
        outbound: false,
        created_at: NOON,
    }
}

/// The scripts that come with the server, one of them replaced; no tests.
pub(crate) fn with(name: &str, text: &str) -> ScriptSet {
    let mut set = defaults();
    set.files.retain(|name, _| !name.contains("/tests/"));
    set.files.insert(format!("scripts/{name}"), text.to_owned());
    set
}

/// A routing script with this body of `route`.
pub(crate) fn route(body: &str) -> ScriptSet {
    with("routing.lua", &format!("return routing {{ version = 1, route = function(i, now)\n{body}\nend }}"))
}

/// Long enough for a machine that does ten other things.
pub(crate) fn patient() -> Limits {
    Limits {
        answer: Duration::from_secs(2),
        patience: Duration::from_secs(10),
        step: Duration::from_secs(3),
        ..Limits::default()
    }
}

/// A host, and what it complained of.
pub(crate) fn host(set: ScriptSet, limits: Limits) -> (Arc<Host>, Arc<Mutex<Vec<PolicyError>>>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let host = Host::start(set, 1, limits, Box::new(move |error| tell.lock().unwrap().push(error)));
    (host.unwrap(), told)
}
