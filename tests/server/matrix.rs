//! Role × method × whose work: every method of the table has a row that says what it needs, and every role is let in or
//! refused accordingly, on its own work, on work that it is consulted on, and on others'. A method without a row fails the
//! test.

use std::collections::BTreeSet;

use guichet::domain::{Permission, Role, RoleId};
use guichet::protocol::METHODS;
use serde_json::{Value, json};

use crate::client::Client;
use crate::desk::{CHANNEL, TestDesk};
use crate::transfer::agent_id;

use Needs::{Both, Either, Hold, HoldOrJoin, HoldOrSupervise, Know, May, Nothing, Sight, SightAndHold};
use Permission::{
    Administer, BlockContact, Card, Consult, Convert, EditContact, Erase, Export, ExtendTimer, Handle,
    MergeContact, Outbound, Pull, Report, Search, Snooze, Supervise, Transcript, Transfer, Translate,
};

/// What a method asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    /// Nothing.
    Nothing,
    /// A permission.
    May(Permission),
    /// One of two permissions.
    Either(Permission, Permission),
    /// Two permissions.
    Both(Permission, Permission),
    /// A permission, and that the caller works with the contact, or supervises.
    Know(Permission),
    /// That the caller may read the interaction; and perhaps a permission.
    Sight(Option<Permission>),
    /// That the interaction is the caller's, and a permission.
    Hold(Permission),
    /// That the caller may read the interaction; a permission; and that it is the caller's, or the caller supervises.
    SightAndHold(Permission),
    /// That the interaction is the caller's or the caller supervises, and a permission.
    HoldOrSupervise(Permission),
    /// The same, or that the caller is consulted.
    HoldOrJoin(Permission),
}

/// How a call can end here: let in, whatever comes of it then, or kept out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gate {
    Open,
    NotPermitted,
    NotFound,
    NotAssigned,
}

/// Which work a call is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    Own,
    Consulted,
    Others,
}

/// What a call is about.
struct Object {
    interaction: Value,
    message: Value,
    contact: Value,
    colleague: Value,
}

type Params = fn(&Object) -> Value;
type Row = (&'static str, Needs, Params);

fn of(object: &Object, more: Value) -> Value {
    let mut params = more;
    params["interaction_id"] = object.interaction.clone();
    params
}

fn none(_: &Object) -> Value {
    json!({})
}

fn interaction(object: &Object) -> Value {
    of(object, json!({}))
}

/// Each method with what it needs and a call of it. Calls that could harm later ones are such as are refused afterwards.
fn rows() -> Vec<Row> {
    [everyday(), contacts(), oversight(), installation()].into_iter().flatten().collect()
}

fn everyday() -> Vec<Row> {
    vec![
        ("session.start", Nothing, none),
        ("rpc.discover", Nothing, none),
        ("agent.set_state", May(Handle), |_| json!({ "state": "available" })),
        ("inbox.list", Nothing, none),
        ("interaction.get", Sight(None), interaction),
        ("interaction.history", Sight(None), interaction),
        ("interaction.why", Sight(None), interaction),
        ("interaction.accept", May(Handle), interaction),
        ("interaction.refuse", May(Handle), interaction),
        ("interaction.pull", May(Pull), none),
        ("interaction.set_outcome", HoldOrSupervise(Handle), |it| of(it, json!({ "status": "pending" }))),
        ("interaction.close", HoldOrSupervise(Handle), interaction),
        ("interaction.detach", HoldOrSupervise(Handle), interaction),
        ("message.send", Hold(Handle), |it| of(it, json!({ "text": "hello" }))),
        ("message.retry", Hold(Handle), |it| of(it, json!({ "message_id": it.message }))),
        ("message.react", Hold(Handle), |it| of(it, json!({ "message_id": it.message, "emoji": "👍" }))),
        ("message.mark_read", Hold(Handle), interaction),
        ("message.typing", Hold(Handle), interaction),
        ("draft.save", Hold(Handle), |it| of(it, json!({ "text": "half a" }))),
        ("note.add", Sight(Some(Handle)), |it| of(it, json!({ "text": "a note" }))),
        ("outbound.start", May(Outbound), |it| json!({ "contact_id": it.contact, "channel_id": CHANNEL })),
        ("template.list", May(Handle), |_| json!({ "channel_id": CHANNEL })),
        ("quick_reply.list", Nothing, none),
        ("transcript.send", SightAndHold(Transcript), |it| of(it, json!({ "email": "nobody" }))),
        ("draft.save", Sight(Some(Handle)), |it| of(it, json!({ "text": "half a", "mode": "note" }))),
        ("quick_reply.render", Sight(None), |it| of(it, json!({ "quick_reply_id": "x", "fields": {} }))),
        ("quick_reply.star", Nothing, |_| json!({ "quick_reply_id": "x", "starred": false })),
        ("tag.add", HoldOrSupervise(Handle), |it| of(it, json!({ "tag": "late" }))),
        ("tag.remove", HoldOrSupervise(Handle), |it| of(it, json!({ "tag": "late" }))),
        ("tag.list", Nothing, none),
        ("timer.extend", HoldOrSupervise(ExtendTimer), interaction),
        ("translation.set", Hold(Translate), |it| of(it, languages())),
        ("message.translate", Hold(Translate), |it| of(it, json!({ "message_id": it.message }))),
        ("translation.languages", May(Translate), none),
        ("agent.change_password", Nothing, |_| json!({ "old_password": "x", "new_password": "x" })),
        ("interaction.transfer", Hold(Transfer), |it| of(it, json!({ "to": { "agent": "a999999" } }))),
        ("interaction.end_transfer", HoldOrSupervise(Handle), interaction),
        ("interaction.consult", Hold(Consult), |it| of(it, json!({ "agent_id": "a999999" }))),
        ("interaction.end_consult", HoldOrJoin(Consult), interaction),
        ("interaction.convert", Hold(Convert), |it| of(it, json!({ "channel_id": CHANNEL }))),
        ("interaction.snooze", Hold(Snooze), |it| of(it, json!({ "until": "2020-01-01T00:00:00Z" }))),
        ("inbox.snoozed", Nothing, none),
        ("search.run", May(Search), |_| json!({ "query": "hello" })),
    ]
}

fn contacts() -> Vec<Row> {
    vec![
        ("directory.search", Nothing, |_| json!({ "book": "agents", "query": "" })),
        ("directory.search", Either(Card, Outbound), |_| json!({ "book": "contacts", "query": "x" })),
        ("contact.get", May(Card), |it| json!({ "contact_id": it.contact })),
        ("contact.interactions", Know(Card), |it| json!({ "contact_id": it.contact })),
        ("contact.save", May(EditContact), |it| json!({ "contact_id": it.contact })),
        ("contact.opt_out", May(EditContact), |it| json!({ "contact_id": it.contact, "opted_out": false })),
        ("contact.block", May(BlockContact), |it| json!({ "contact_id": it.contact, "blocked": false })),
        ("contact.merge", May(MergeContact), |it| json!({ "contact_id": it.contact, "into": it.contact })),
        ("card.get", Sight(Some(Card)), interaction),
    ]
}

fn oversight() -> Vec<Row> {
    vec![
        ("interaction.list", May(Supervise), none),
        ("board.get", May(Supervise), none),
        ("supervise.watch", May(Supervise), interaction),
        ("supervise.reassign", May(Supervise), |it| of(it, json!({ "to": { "agent": "a999999" } }))),
        ("supervise.take_over", Both(Supervise, Handle), interaction),
        (
            "supervise.set_agent_state",
            May(Supervise),
            |it| json!({ "agent_id": it.colleague, "state": "available" }),
        ),
    ]
}

fn installation() -> Vec<Row> {
    vec![
        ("admin.agents.list", Either(Administer, Supervise), none),
        ("admin.agents.save", May(Administer), |_| json!({ "login": "a login with spaces" })),
        ("admin.agents.remove", May(Administer), |_| json!({ "login": "nobody" })),
        ("admin.agents.reset_password", May(Administer), |_| json!({ "login": "nobody" })),
        ("admin.roles.list", Either(Administer, Supervise), none),
        ("admin.roles.save", May(Administer), |_| json!({ "role": "administrator", "permissions": [] })),
        ("admin.roles.remove", May(Administer), |_| json!({ "role": "agent" })),
        ("admin.skills.list", Either(Administer, Supervise), none),
        ("admin.skills.save", May(Administer), |_| json!({ "skill": "other" })),
        ("admin.skills.remove", May(Administer), |_| json!({ "skill": "support" })),
        ("admin.dispositions.list", Either(Administer, Supervise), none),
        ("admin.dispositions.save", May(Administer), |_| json!({ "skill": "nothing", "dispositions": [] })),
        ("admin.teams.list", Either(Administer, Supervise), none),
        ("admin.teams.save", May(Administer), |_| json!({ "team": "front" })),
        ("admin.teams.remove", May(Administer), |_| json!({ "team": "nobody" })),
        ("admin.channels.list", May(Administer), none),
        ("admin.channels.test", May(Administer), |_| json!({ "channel_id": CHANNEL })),
        ("admin.tokens.list", May(Administer), none),
        ("admin.tokens.add", May(Administer), |_| json!({ "name": "x", "login": "nobody" })),
        ("admin.tokens.revoke", May(Administer), |_| json!({ "name": "nothing" })),
        ("admin.scripts.get", May(Administer), none),
        ("admin.scripts.reload", May(Administer), none),
        ("admin.scripts.read", May(Administer), |_| json!({ "name": "scripts/nothing.lua" })),
        ("admin.scripts.check", May(Administer), |_| json!({ "name": "scripts/nothing.lua", "text": "" })),
        (
            "admin.scripts.save",
            May(Administer),
            |_| json!({ "name": "scripts/nothing.lua", "text": "", "hash": "" }),
        ),
        ("admin.scripts.rollback", May(Administer), |_| json!({ "generation": 999_999 })),
        ("admin.audit.list", May(Administer), none),
        ("admin.retention.get", May(Administer), none),
        ("admin.plugins.list", May(Administer), none),
        ("admin.plugins.reload", May(Administer), none),
        ("admin.plugins.grant", May(Administer), |_| json!({ "plugin": "nothing", "capabilities": [] })),
        ("admin.plugins.revoke", May(Administer), |_| json!({ "plugin": "nothing" })),
        ("admin.plugins.configure", May(Administer), |_| json!({ "plugin": "nothing", "settings": {} })),
        ("admin.plugins.resume", May(Administer), |_| json!({ "plugin": "nothing" })),
        ("admin.contacts.export", May(Export), |it| json!({ "contact_id": it.contact })),
        ("admin.contacts.erase", May(Erase), |_| json!({ "contact_id": "c999999" })),
        ("report.daily", May(Report), none),
        ("export.interactions", May(Export), |_| json!({ "from": "x", "to": "y" })),
    ]
}

fn languages() -> Value {
    json!({
        "my_language": "fr", "their_language": "en", "translate_theirs": false, "translate_mine": false,
    })
}

fn expected(needs: Needs, role: &Role, whose: Whose) -> Gate {
    let may = |permission| role.may(permission);
    let supervises = may(Supervise);
    let unless = |let_in: bool, gate: Gate| if let_in { Gate::Open } else { gate };
    match needs {
        Nothing => Gate::Open,
        May(permission) => unless(may(permission), Gate::NotPermitted),
        Either(one, other) => unless(may(one) || may(other), Gate::NotPermitted),
        Both(one, other) => unless(may(one) && may(other), Gate::NotPermitted),
        Know(permission) => {
            unless(may(permission) && (supervises || whose != Whose::Others), Gate::NotPermitted)
        }
        Sight(_) | SightAndHold(_) if whose == Whose::Others && !supervises => Gate::NotFound,
        Sight(permission) => unless(permission.is_none_or(may), Gate::NotPermitted),
        HoldOrJoin(_) if whose == Whose::Consulted => Gate::Open,
        Hold(permission)
        | SightAndHold(permission)
        | HoldOrSupervise(permission)
        | HoldOrJoin(permission)
            if !may(permission) =>
        {
            Gate::NotPermitted
        }
        Hold(_) => unless(whose == Whose::Own, Gate::NotAssigned),
        SightAndHold(_) | HoldOrSupervise(_) | HoldOrJoin(_) => {
            unless(whose == Whose::Own || supervises, Gate::NotAssigned)
        }
    }
}

/// How a call ended, as far as it matters here: that the work itself is not there, not something else that was named.
fn gate(frame: &Value, it: &Object) -> Gate {
    let error = &frame["error"];
    let (message, id) = (error["message"].as_str().unwrap_or(""), it.interaction.as_str().unwrap_or("?"));
    match error["data"]["kind"].as_str() {
        Some("not_permitted") => Gate::NotPermitted,
        Some("not_assigned") => Gate::NotAssigned,
        Some("not_found") if message.contains(id) => Gate::NotFound,
        Some(_) | None => Gate::Open,
    }
}

/// Somebody writes and an agent has the work: the caller's, or a colleague's.
async fn object(desk: &TestDesk, holder: &mut Client, number: u32, text: &str, colleague: &Value) -> Object {
    let (wa_id, id) = (format!("3361{number:07}"), format!("wamid.M{number}"));
    desk.write(&wa_id, &[(&id, text)]).await;
    let interaction = holder.accept_next().await;
    let history = holder.ask("interaction.history", json!({ "interaction_id": interaction })).await;
    let got = holder.ask("interaction.get", json!({ "interaction_id": interaction })).await;
    Object {
        interaction: interaction.into(),
        message: history["messages"][0]["message_id"].clone(),
        contact: got["interaction"]["contact"]["contact_id"].clone(),
        colleague: colleague.clone(),
    }
}

/// The roles of the matrix: the three, and one that may do nothing.
fn roles() -> [RoleId; 4] {
    [RoleId::agent(), RoleId::supervisor(), RoleId::administrator(), "visitor".parse().expect("a role")]
}

#[test]
fn every_method_has_a_row_and_every_row_a_method() {
    let rows: BTreeSet<&str> = rows().iter().map(|(method, ..)| *method).collect();
    let methods: BTreeSet<&str> = METHODS.iter().map(|info| info.name).collect();
    assert_eq!(methods.difference(&rows).collect::<Vec<_>>(), [&""; 0], "methods without a row");
    assert_eq!(rows.difference(&methods).collect::<Vec<_>>(), [&""; 0], "rows without a method");
}

#[test]
fn the_document_names_each_permission() {
    let page = include_str!("../../docs/PROTOCOL.md");
    for permission in Permission::ALL {
        assert!(page.contains(&format!("`{permission}`")), "docs/PROTOCOL.md does not name {permission}");
    }
    let document = guichet::protocol::document();
    assert_eq!(document["x-permissions"], json!(Permission::WORDS));
}

/// Calls every method as a role, and gives those that ended otherwise than their row says.
async fn calls(desk: &TestDesk, role: &RoleId, whose: Whose) -> Vec<String> {
    let (mut ada, _) = Client::start(desk, "ada").await;
    let everything = json!({ "total": 1_000 });
    ada.ask("admin.agents.save", json!({ "login": "alice", "capacity": everything })).await;
    ada.ask("admin.agents.save", json!({ "login": "bruno", "capacity": everything })).await;
    ada.ask("admin.roles.save", json!({ "role": "visitor", "permissions": [] })).await;
    ada.ask("admin.agents.save", json!({ "login": "alice", "role": role.to_string() })).await;
    let granted = if role.is_built_in() { Role::unsaved(role) } else { empty(role) };
    let mut bruno = Client::available(desk, "bruno").await;
    let (mut caller, started) = Client::start(desk, "alice").await;
    let [alice_id, bruno_id] = ["alice", "bruno"].map(|login| agent_id(&started, login));
    if whose == Whose::Own {
        caller.ask("agent.set_state", json!({ "state": "available" })).await;
    }
    let mut shared: Option<Object> = None;
    let mut wrong = Vec::new();
    for (number, (method, needs, params)) in (1..).zip(rows()) {
        let about_work = !matches!(needs, Nothing | May(_) | Either(..) | Both(..) | Know(_));
        // What a call does to its work must not change what the next one finds.
        let made = match whose {
            _ if !about_work && shared.is_some() => None,
            Whose::Own => Some(object(desk, &mut caller, number, "hello", &bruno_id).await),
            Whose::Others => Some(object(desk, &mut bruno, number, "I want to buy", &bruno_id).await),
            Whose::Consulted => {
                let it = object(desk, &mut bruno, number, "I want to buy", &bruno_id).await;
                bruno.ask("interaction.consult", of(&it, json!({ "agent_id": alice_id }))).await;
                Some(it)
            }
        };
        shared = made.or(shared);
        let Some(it) = &shared else { continue };
        let frame = caller.call(method, params(it)).await;
        let (found, expected) = (gate(&frame, it), expected(needs, &granted, whose));
        if found != expected {
            wrong.push(format!("{method} as {role} on {whose:?}: {found:?}, not {expected:?}: {frame}"));
        }
    }
    wrong
}

fn empty(role: &RoleId) -> Role {
    Role { permissions: BTreeSet::new(), ..Role::unsaved(role) }
}

#[tokio::test]
async fn others_work_is_kept_from_those_who_may_not() {
    let mut wrong = Vec::new();
    for role in roles() {
        let desk = TestDesk::start().await;
        wrong.extend(calls(&desk, &role, Whose::Others).await);
    }
    assert_eq!(wrong, [""; 0]);
}

#[tokio::test]
async fn ones_own_work_is_as_the_role_says() {
    let mut wrong = Vec::new();
    for role in [RoleId::agent(), RoleId::supervisor()] {
        let desk = TestDesk::start().await;
        wrong.extend(calls(&desk, &role, Whose::Own).await);
    }
    assert_eq!(wrong, [""; 0]);
}

#[tokio::test]
async fn who_is_consulted_reads_and_notes_and_leaves() {
    let mut wrong = Vec::new();
    for role in [RoleId::agent(), RoleId::supervisor()] {
        let desk = TestDesk::start().await;
        wrong.extend(calls(&desk, &role, Whose::Consulted).await);
    }
    assert_eq!(wrong, [""; 0]);
}
