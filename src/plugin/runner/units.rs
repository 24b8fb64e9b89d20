//! Events on their way to handlers: which handlers an event is for, in which order, and how far the log is handled.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::Runner;
use crate::domain::{AgentId, Author, InteractionId, Message, Status};
use crate::engine::EventKind;
use crate::plugin::calls::locked;
use crate::plugin::event::{contact, held_by, interaction, message, told, wrote};
use crate::plugin::machine::{Entry, TASKS_MAX};
use crate::port::{LoggedEvent, PluginRow, PluginRows};

/// Messages looked at for what a contact said before the bot had it.
const OPENING: u32 = 20;
/// Events looked at before an assignment: those that one message makes, and its neighbours in the same batch.
const LOOK_BACK: u32 = 64;
/// Events passed over after which the place in the log is kept all the same.
const PASSED_MAX: i64 = 1_000;

/// An event with the handlers that are still to be called for it.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) seq: i64,
    pub(super) interaction: Option<InteractionId>,
    pub(super) entries: VecDeque<Entry>,
    pub(super) tries: u32,
}

impl Runner {
    /// Reads on in the log while there is room.
    pub(super) async fn fill(&mut self) {
        // By halves: a read for each event that was handled would be many reads.
        while self.room() >= TASKS_MAX / 2 {
            let upto = self.shared.log.read();
            match self.shared.log.after(self.read, self.room()).await {
                Ok(events) if events.is_empty() => {
                    // What was there has been forgotten meanwhile.
                    self.read = self.read.max(upto);
                    break;
                }
                Ok(events) => self.take_all(&events).await,
                Err(error) => {
                    tracing::warn!(%error, plugin = self.name, "the event log can't be read; trying again");
                    crate::clock::pause(500).await;
                    break;
                }
            }
        }
        self.passed();
    }

    async fn take_all(&mut self, events: &[Arc<LoggedEvent>]) {
        for event in events {
            if self.room() == 0 {
                return;
            }
            self.forgotten(event.event.seq);
            self.read = event.event.seq;
            self.take(event).await;
        }
    }

    /// The log is kept for a time only; who was away longer has missed something, and administrators hear of it.
    fn forgotten(&self, seq: i64) {
        if seq > self.read + 1 {
            let missed = seq - self.read - 1;
            tracing::warn!(plugin = self.name, missed, "events were forgotten before a plugin handled them");
            self.shared.desk.tell(crate::engine::Input::Notice {
                level: "warning".to_owned(),
                code: "plugin_missed_events".to_owned(),
                message: format!("The plugin {} was away so long that it missed {missed} events", self.name),
            });
        }
    }

    async fn take(&mut self, logged: &Arc<LoggedEvent>) {
        let seq = logged.event.seq;
        if locked(&self.row).done.contains(&seq) {
            return;
        }
        let entries = self.entries(logged).await;
        if !entries.is_empty() {
            self.open.insert(seq);
            let interaction = logged.event.interaction_id;
            self.pending.push_back(Unit { seq, interaction, entries, tries: 0 });
        }
    }

    /// What is to be called for an event.
    async fn entries(&mut self, logged: &LoggedEvent) -> VecDeque<Entry> {
        let (offer, rights) = (&self.vm.offer, &self.parts.rights);
        let mut entries = VecDeque::new();
        let name = logged.event.kind.name();
        if offer.events.contains(name) && rights.events.contains(name) {
            entries.push_back(Entry { kind: "event", name: name.to_owned(), given: told(logged, rights) });
        }
        let Some(me) = self.agent_id() else { return entries };
        if offer.bot || rights.bot {
            entries.extend(self.as_bot(logged, me).await);
        }
        if offer.roles.contains("resolved") {
            entries.extend(self.as_survey(logged, me));
        }
        entries
    }

    /// What a bot does about an event: only of work that it holds, and held when it happened.
    async fn as_bot(&self, logged: &LoggedEvent, me: AgentId) -> Option<Entry> {
        let row = logged.interaction.as_deref()?;
        if !held_by(row, me) {
            let name = format!("conversation/{}", row.interaction_id);
            let known = locked(&self.parts.kv).get(&name).is_some();
            let given = json!(row.interaction_id.to_string());
            return known.then_some(Entry { kind: "gone", name: String::new(), given });
        }
        let entry = |name: &str, given: Json| Some(Entry { kind: "bot", name: name.to_owned(), given });
        if logged.event.kind == (EventKind::InteractionAssigned { agent_id: me }) {
            if !self.vm.offer.bot {
                self.hand_over(row.interaction_id, None, format!("The plugin {} is no bot", self.name));
                return None;
            }
            let opening = self.opening(logged, row.interaction_id).await;
            return entry("start", self.conversation(logged, opening.as_ref()));
        }
        // Whoever was told of it then held it then: what came before the bot had the work is its opening.
        let held = logged.event.audience.agents.contains(&me);
        if held && wrote(logged).is_some() {
            let said = logged.message.as_ref().map(|it| message(it, &self.readable()));
            return entry("message", self.conversation(logged, said.as_ref()));
        }
        None
    }

    /// A bot reads what is written to it, whatever else it may read.
    fn readable(&self) -> crate::plugin::rights::Rights {
        crate::plugin::rights::Rights { texts: true, ..self.parts.rights.clone() }
    }

    /// What the contact said last before the bot had the work: of the events just before, or (work that waited) of all messages.
    async fn opening(&self, logged: &LoggedEvent, interaction_id: InteractionId) -> Option<Json> {
        let unread = |error: crate::port::StoreError| {
            tracing::warn!(%error, plugin = self.name, "messages can't be read");
        };
        let seq = logged.event.seq;
        let just = self.shared.log.before(seq, LOOK_BACK).await.map_err(unread).ok()?;
        let ours =
            |it: &&Arc<LoggedEvent>| it.event.seq < seq && it.event.interaction_id == Some(interaction_id);
        let said = just.iter().rev().filter(ours).find(|it| wrote(it).is_some());
        if let Some(said) = said.and_then(|it| it.message.as_ref()) {
            return Some(message(said, &self.readable()));
        }
        let store = Arc::clone(self.shared.desk.store());
        let read = async move { store.messages(interaction_id, None, OPENING).await };
        let page = self.shared.main.spawn(read).await.ok()?.map_err(unread).ok()?;
        let before = |it: &&Message| it.author == Author::Contact && it.created_at < logged.event.time;
        page.messages.iter().rev().find(before).map(|it| message(it, &self.readable()))
    }

    fn conversation(&self, logged: &LoggedEvent, said: Option<&Json>) -> Json {
        let rights = &self.parts.rights;
        json!({
            "interaction": logged.interaction.as_ref().map(|row| interaction(row, rights)),
            "contact": logged.contact.as_ref().map(|it| contact(it, logged.interaction.as_deref(), rights)),
            "message": said,
        })
    }

    /// What a survey does: it asks once, when work is resolved, and hears the answer.
    fn as_survey(&self, logged: &LoggedEvent, me: AgentId) -> Option<Entry> {
        let row = logged.interaction.as_deref()?;
        let entry = |kind: &'static str, given: Json| Some(Entry { kind, name: String::new(), given });
        if let EventKind::InteractionStatusChanged { to: Status::Resolved, .. } = logged.event.kind {
            let still = row.status == Status::Resolved && row.ended_at.is_none() && row.kept.survey.is_none();
            return if still { entry("resolved", self.conversation(logged, None)) } else { None };
        }
        let survey = row.kept.survey.as_ref().filter(|survey| survey.by == me)?;
        let answer = wrote(logged).filter(|message_id| survey.answer == Some(*message_id))?;
        let said = logged.message.as_ref().filter(|said| said.message_id == answer)?;
        let choice = survey.chosen(&said.text).map(|choice| json!(choice.id));
        let mut given = self.conversation(logged, None);
        if let Some(table) = given.as_object_mut() {
            table.extend(choice.map(|id| ("choice".to_owned(), id)));
        }
        entry("answered", given)
    }

    /// Gives events to handlers whose interaction no other handler is busy with.
    pub(super) fn dispatch(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let mut waiting = VecDeque::new();
        let mut blocked = self.busy.clone();
        while let Some(mut unit) = self.pending.pop_front() {
            let free = unit.interaction.is_none_or(|id| !blocked.contains(&id));
            let entry = if free { unit.entries.pop_front() } else { None };
            // Later events of the same interaction wait behind it.
            blocked.extend(unit.interaction);
            match entry {
                Some(entry) => {
                    self.busy.extend(unit.interaction);
                    let key = format!("plugin {} e{}.{}", self.name, unit.seq, unit.entries.len());
                    self.begin(super::From::Unit(unit), entry, key);
                }
                None => waiting.push_back(unit),
            }
        }
        self.pending = waiting;
    }

    /// The interaction of an event is free for its next one.
    pub(super) fn free(&mut self, unit: &Unit) {
        if let Some(id) = unit.interaction {
            self.busy.remove(&id);
        }
    }

    /// An event is handled: its row, as it is kept.
    pub(super) fn handled(&mut self, seq: i64) -> Vec<PluginRow> {
        self.open.remove(&seq);
        let upto = self.open.first().map_or(self.read, |first| first - 1);
        let mut row = locked(&self.row);
        row.done.insert(seq);
        row.done.retain(|done| *done > upto);
        row.seq = Some(upto);
        vec![row.clone()]
    }

    /// Keeps the place in the log when many events were none of its business.
    fn passed(&self) {
        let upto = self.open.first().map_or(self.read, |first| first - 1);
        let plugins = {
            let mut row = locked(&self.row);
            // Fewer are not worth a write: who is passed over twice is not the worse for it.
            if upto - row.seq.unwrap_or(0) < PASSED_MAX {
                return;
            }
            row.seq = Some(upto);
            row.done.retain(|done| *done > upto);
            vec![row.clone()]
        };
        self.shared.keep.add(PluginRows { plugins, ..PluginRows::default() });
    }
}
