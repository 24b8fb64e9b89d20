//! One history: an engine, a store in memory, a provider and people, driven the way the runtime drives them. One batch is
//! being committed while the next is decided; answers and effects are released only after their commit.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use guichet::domain::{
    Abilities, AgentId, AliasKind, Channel, ChannelId, ChannelKind, ContactId, InteractionId, MediaId,
    MessageId, Span, Time, Transcript,
};
use guichet::engine::{
    Answer, Batch, Caller, Command, Effect, Engine, Envelope, Input, Outgoing, RefusalKind, Reply,
    RequestKey, Stored,
};

use crate::act::{self, Act};
use crate::check::Checks;
use crate::model::Store;
use crate::policy::Rules;
use crate::source::Source;

/// When every history begins.
pub(crate) const BEGIN: Time = Time(1_700_000_000_000);

/// What was asked, to judge its answer by.
#[derive(Debug, Clone)]
pub(crate) enum Asked {
    /// An agent's command.
    Command { caller: Caller, request: Option<RequestKey>, command: Command, at: Time },
    /// A contact's message, by channel and provider's id.
    Inbound(ChannelId, String),
    /// Anything else.
    Other,
}

/// How often things happened.
#[derive(Debug, Default, Clone)]
pub(crate) struct Counts {
    pub(crate) acts: BTreeMap<Act, u64>,
    pub(crate) refusals: BTreeMap<RefusalKind, u64>,
    pub(crate) answers: u64,
}

/// Who connects to the engine and what they know.
pub(crate) struct History {
    pub(crate) source: Source,
    pub(crate) engine: Engine,
    pub(crate) store: Store,
    pub(crate) now: Time,
    pub(crate) rules: Rules,
    pub(crate) checks: Checks,
    pub(crate) counts: Counts,
    pub(crate) channels: Vec<Channel>,
    /// Decided and not committed, with what was asked in it.
    pending: Option<Batch>,
    asked: BTreeMap<u64, Asked>,
    ticket: u64,
    fail_next: bool,
    /// Whether what happens is printed.
    pub(crate) shown: bool,
    /// A hash over everything decided: the same seed gives the same.
    pub(crate) journal: u64,
    // What the world outside knows.
    pub(crate) sends: Vec<Outgoing>,
    pub(crate) fetches: Vec<MediaId>,
    pub(crate) letters: Vec<Transcript>,
    pub(crate) texts: Vec<(MessageId, u32, String)>,
    /// Messages that the provider took: its id, ours, the attempt.
    pub(crate) taken: Vec<(ChannelId, String, MessageId, u32)>,
    /// Contacts' messages: customer, channel, provider's id, when sent.
    pub(crate) written: Vec<(u64, ChannelId, String, Time)>,
    pub(crate) acknowledged: BTreeSet<(ChannelId, String)>,
    pub(crate) sessions: BTreeSet<(AgentId, u64)>,
    /// Sockets that the server closed and has not reported yet.
    pub(crate) lost_sockets: Vec<Caller>,
    pub(crate) uploads: Vec<(AgentId, MediaId)>,
    pub(crate) requests: Vec<(Caller, RequestKey, Command, Answer, Time)>,
    pub(crate) serial: u64,
}

fn channel(id: &str, kind: ChannelKind, strict: bool) -> Channel {
    let chat = kind == ChannelKind::Whatsapp;
    Channel {
        channel_id: id.parse().unwrap(),
        kind,
        abilities: Abilities {
            address: if chat { AliasKind::WaId } else { AliasKind::Email },
            template_first: chat,
            window: chat.then_some(Span::hours(24)),
            templates: chat,
            media: chat,
            receipts: chat,
            typing: chat,
            reactions: chat,
            text_max: 4_096,
            caption_max: 1_024,
            ..Abilities::default()
        },
        require_template_for_first_reply: strict,
        messages_per_second: 20,
    }
}

impl History {
    pub(crate) fn new(seed: u64, prepared: &Store) -> Self {
        let channels = vec![
            channel("wa", ChannelKind::Whatsapp, false),
            channel("strict", ChannelKind::Whatsapp, true),
            channel("mail", ChannelKind::Email, false),
        ];
        let store = prepared.clone();
        let rules = Rules::plain(1);
        let engine = Engine::new(stored(&store, &channels), BEGIN);
        let mut source = Source::new(seed);
        let now = BEGIN + Span(i64::try_from(source.below(1_000)).unwrap());
        Self {
            source,
            engine,
            checks: Checks::new(&store),
            store,
            now,
            rules,
            counts: Counts::default(),
            channels,
            pending: None,
            asked: BTreeMap::new(),
            ticket: 0,
            fail_next: false,
            shown: false,
            journal: 0xcbf2_9ce4_8422_2325,
            sends: Vec::new(),
            fetches: Vec::new(),
            letters: Vec::new(),
            texts: Vec::new(),
            taken: Vec::new(),
            written: Vec::new(),
            acknowledged: BTreeSet::new(),
            sessions: BTreeSet::new(),
            lost_sockets: Vec::new(),
            uploads: Vec::new(),
            requests: Vec::new(),
            serial: 0,
        }
    }

    /// Lets `acts` things happen.
    pub(crate) fn run(&mut self, acts: u64) {
        for at in 0..acts {
            let act = act::next(&mut self.source);
            *self.counts.acts.entry(act).or_default() += 1;
            if self.shown {
                eprintln!("{} {act:?}", self.now);
            }
            self.act(act);
            if at % 40 == 39 {
                self.settle();
                self.compare();
            }
        }
        self.settle();
        self.compare();
    }

    pub(crate) fn fresh(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// Decides a batch, then commits the one before it.
    pub(crate) fn batch(&mut self, asked: Vec<(Asked, Input)>) {
        let mut inputs = Vec::new();
        let mut tickets = Vec::new();
        for (asked, input) in asked {
            self.ticket += 1;
            tickets.push(self.ticket);
            self.asked.insert(self.ticket, asked);
            inputs.push(Envelope { ticket: self.ticket, random: self.source.number(), input });
        }
        let keys = self.engine.cold_keys(&inputs);
        let cold = self.store.load_cold(&keys);
        let batch = self.engine.handle(inputs, cold, &self.rules, self.now);
        self.write_journal(&batch);
        self.checks.decided(&batch, &self.engine, self.now);
        if let Some(before) = self.pending.take()
            && !self.commit(before)
        {
            // Everything decided after a batch that failed is void.
            self.void(&tickets);
            return;
        }
        self.pending = Some(batch);
    }

    /// Waits until everything decided is committed.
    pub(crate) fn settle(&mut self) {
        while let Some(batch) = self.pending.take() {
            self.commit(batch);
        }
    }

    fn write_journal(&mut self, batch: &Batch) {
        let mut line = String::new();
        for row in batch.events.iter().filter(|_| self.shown) {
            let id = row.event.interaction_id.map(|id| id.to_string()).unwrap_or_default();
            eprintln!("    {id} {:?}", row.event.kind);
        }
        let kinds = batch.events.iter().map(|row| (&row.event.kind, row.event.revision));
        for (kind, revision) in kinds {
            write!(line, "{kind:?}{revision}").unwrap();
        }
        write!(line, "{}{}{}{}", batch.number, batch.next_id, batch.effects.len(), batch.rows.dedupe.len())
            .unwrap();
        for byte in line.bytes() {
            self.journal = (self.journal ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// Commits and releases. False: it failed, and the world was loaded again.
    fn commit(&mut self, batch: Batch) -> bool {
        if std::mem::take(&mut self.fail_next) && !batch.is_read_only() {
            let tickets: Vec<u64> = batch.answers.iter().map(|answer| answer.ticket).collect();
            self.void(&tickets);
            self.reload();
            return false;
        }
        self.keep(&batch);
        self.engine.committed(batch.number);
        self.release(batch);
        true
    }

    /// Stores a batch, whether or not anybody will be told of it.
    fn keep(&mut self, batch: &Batch) {
        self.checks.committing(batch, &self.store);
        self.store.commit(batch);
        // A wish to send again counts once it is stored, even if the process dies before its answer.
        for answered in batch.answers.iter().filter(|answered| answered.reply.is_ok()) {
            let asked = self.asked.get(&answered.ticket);
            if let Some(Asked::Command { command: Command::Retry { message_id, .. }, .. }) = asked {
                self.checks.may_send_again(*message_id);
            }
        }
    }

    /// Callers of what did not happen are told to try again.
    fn void(&mut self, tickets: &[u64]) {
        for ticket in tickets {
            if self.asked.remove(ticket).is_some() {
                *self.counts.refusals.entry(RefusalKind::Unavailable).or_default() += 1;
            }
        }
    }

    fn release(&mut self, batch: Batch) {
        assert!(batch.number <= self.store.batch, "an answer leaves before its batch is committed");
        for answered in batch.answers {
            if let Some(asked) = self.asked.remove(&answered.ticket) {
                Checks::answered(&answered.reply, &self.store);
                self.told(asked, answered.reply);
            }
        }
        for effect in batch.effects {
            match effect {
                Effect::Send(outgoing) => {
                    self.checks.released(&outgoing, &self.store);
                    self.sends.push(*outgoing);
                }
                Effect::FetchMedia { media_id, .. } => self.fetches.push(media_id),
                Effect::Translate { message_id, attempt, text, .. } => {
                    self.texts.push((message_id, attempt, text));
                }
                Effect::SendTranscript(transcript) => {
                    let kept = self.store.transcripts.get(&transcript.transcript_id);
                    assert_eq!(kept, Some(&*transcript), "a transcript leaves as it is stored");
                    self.letters.push(*transcript);
                }
                Effect::CloseSockets { agent_id } => {
                    let gone: Vec<_> =
                        self.sessions.iter().filter(|(agent, _)| *agent == agent_id).copied().collect();
                    self.sessions.retain(|(agent, _)| *agent != agent_id);
                    let lost = gone.into_iter().map(|(agent_id, session)| Caller { agent_id, session });
                    self.lost_sockets.extend(lost);
                }
                Effect::MarkRead { .. }
                | Effect::React { .. }
                | Effect::RefreshTemplates { .. }
                | Effect::CloseLogins { .. } => {}
            }
        }
    }

    fn told(&mut self, asked: Asked, reply: Reply) {
        self.counts.answers += 1;
        if let Err(refusal) = &reply {
            *self.counts.refusals.entry(refusal.kind).or_default() += 1;
        }
        match asked {
            Asked::Inbound(channel_id, provider_id) => {
                assert!(reply.is_ok(), "a contact's message is never refused: {reply:?}");
                self.acknowledged.insert((channel_id, provider_id));
            }
            Asked::Command { caller, request, command, at } => {
                if let Some(request) = request {
                    self.check_request((caller, request, command, at), reply);
                }
            }
            Asked::Other => {}
        }
    }

    /// The same request gets the same answer for a day; with other parameters it is refused.
    fn check_request(
        &mut self,
        (caller, request, command, at): (Caller, RequestKey, Command, Time),
        reply: Reply,
    ) {
        let known = self.requests.iter().rev().find(|(who, key, ..)| *who == caller && key.id == request.id);
        let kind = reply.as_ref().err().map(|refusal| refusal.kind);
        match known {
            // Whoever is gone gets no answer at all.
            _ if kind == Some(RefusalKind::NotFound) => {}
            Some((.., first)) if at >= *first + Span::hours(24) => {}
            Some((_, key, _, answer, _)) if key.hash == request.hash => {
                let same = reply.as_ref().is_ok_and(|again| again == answer);
                assert!(same, "sent again, {command:?} gave {reply:?} instead of {answer:?}");
            }
            Some(_) => assert_eq!(kind, Some(RefusalKind::Invalid), "another request under a used id"),
            None => {
                if let Ok(answer) = reply {
                    self.requests.push((caller, request, command, answer, at));
                }
            }
        }
    }

    /// The world is thrown away and made again from what was committed. Sockets announce their agents again.
    pub(crate) fn reload(&mut self) {
        self.pending = None;
        self.engine = Engine::new(stored(&self.store, &self.channels), self.now);
        self.checks.reloaded(&self.store);
        let again: Vec<_> = self.sessions.iter().copied().collect();
        let starts = again.into_iter().map(|(agent_id, session)| {
            let caller = Caller { agent_id, session };
            (Asked::Other, Input::Command { caller, request: None, command: Command::StartSession })
        });
        self.batch(starts.collect());
    }

    /// The process dies: sockets, provider answers and what was not committed are gone.
    pub(crate) fn crash(&mut self) {
        if self.source.chance(50)
            && let Some(batch) = self.pending.take()
        {
            // It died after the commit and before anybody was told.
            self.keep(&batch);
        }
        self.pending = None;
        let tickets: Vec<u64> = self.asked.keys().copied().collect();
        self.void(&tickets);
        self.sessions.clear();
        self.sends.clear();
        self.fetches.clear();
        self.letters.clear();
        self.texts.clear();
        self.lost_sockets.clear();
        self.reload();
    }

    pub(crate) fn fail_next_commit(&mut self) {
        self.fail_next = true;
    }

    /// replay(store) = world, and every index agrees with the rows.
    pub(crate) fn compare(&mut self) {
        if self.engine.next_deadline().is_some_and(|(_, why)| why == "recovery") {
            self.batch(vec![(Asked::Other, Input::Tick)]);
            self.settle();
        }
        Checks::compare(&self.engine, &stored(&self.store, &self.channels), self.now);
        for (channel_id, provider_id) in &self.acknowledged {
            self.checks.acknowledged(channel_id, provider_id, &self.store);
        }
    }

    // What the acts choose from.

    pub(crate) fn any_interaction(&mut self) -> InteractionId {
        let live: Vec<InteractionId> = self.store.live.iter().copied().collect();
        match (self.source.below(10), self.source.pick(&live)) {
            (0, _) | (_, None) => {
                let known: Vec<InteractionId> = self.store.interactions.keys().copied().collect();
                self.source.pick(&known).unwrap_or(InteractionId(999_999))
            }
            (1, _) => InteractionId(999_999),
            (_, Some(one)) => one,
        }
    }

    pub(crate) fn any_contact(&mut self) -> ContactId {
        let known: Vec<ContactId> = self.store.contacts.keys().copied().collect();
        self.source.pick(&known).unwrap_or(ContactId(999_999))
    }

    pub(crate) fn any_message(&mut self, interaction_id: InteractionId) -> MessageId {
        let newest: Vec<MessageId> = self
            .store
            .messages
            .values()
            .rev()
            .filter(|(_, row)| row.interaction_id == interaction_id)
            .take(5)
            .map(|(_, row)| row.message_id)
            .collect();
        self.source.pick(&newest).unwrap_or(MessageId(999_999))
    }
}

pub(crate) fn stored(store: &Store, channels: &[Channel]) -> Stored {
    let default_skill = Some("support".parse().unwrap());
    Stored { channels: channels.to_vec(), default_skill, ..store.load() }
}

/// A store with people in it: what an administrator would have set up.
pub(crate) fn prepared() -> Store {
    let mut history = History::new(0, &Store::default());
    let commands = crate::people::setup();
    history.batch(commands.into_iter().map(|command| (Asked::Other, Input::Admin(command))).collect());
    history.settle();
    assert_eq!(history.store.agents.len(), 6, "everybody is there: {:?}", history.counts.refusals);
    let templates = crate::people::templates();
    for channel in ["wa", "strict"] {
        let of_channel = templates.iter().cloned().map(|mut template| {
            template.channel_id = channel.parse().unwrap();
            template
        });
        let input =
            Input::Templates { channel_id: channel.parse().unwrap(), templates: of_channel.collect() };
        history.batch(vec![(Asked::Other, input)]);
    }
    history.settle();
    history.store
}

impl History {
    pub(crate) fn new_plain_scripts(&mut self) {
        let input = Input::PolicyChanged {
            generation: self.rules.generation,
            live: true,
            script: None,
            errors: Vec::new(),
        };
        self.batch(vec![(Asked::Other, input)]);
        self.settle();
    }

    /// Everybody is there, with skills and room for everything.
    pub(crate) fn come_to_work(&mut self) {
        self.fail_next = false;
        let mut inputs = Vec::new();
        let agents: Vec<_> = self.store.agents.values().filter(|agent| !agent.removed).cloned().collect();
        for agent in agents {
            let caller = Caller { agent_id: agent.agent_id, session: 9 };
            if agent.login == "alice" && agent.capacity.total < 100 {
                let skills = ["support", "sales", "chat", "new_skill"].into_iter();
                let skills: Vec<_> = skills
                    .filter_map(|name| name.parse().ok())
                    .filter(|skill| self.store.skills.contains_key(skill))
                    .map(|skill| guichet::domain::SkillLevel { skill, level: 9 })
                    .collect();
                let input = Input::Admin(guichet::engine::AdminCommand::SaveAgent {
                    login: "alice".to_owned(),
                    name: None,
                    role: None,
                    password_hash: None,
                    skills: Some(skills),
                    teams: None,
                    capacity: Some(guichet::domain::Capacity { total: 100, per_kind: BTreeMap::new() }),
                    removed: false,
                });
                inputs.push((Asked::Other, input));
            }
            if self.sessions.insert((agent.agent_id, 9)) {
                inputs.push((
                    Asked::Other,
                    Input::Command { caller, request: None, command: Command::StartSession },
                ));
            }
            let state = guichet::domain::AgentState::Available;
            if agent.state != state && agent.role != guichet::domain::Role::Administrator {
                let command = Command::SetState { state, reason: None };
                inputs.push((Asked::Other, Input::Command { caller, request: None, command }));
            }
        }
        self.batch(inputs);
        self.settle();
    }

    /// Whoever has work accepts, resolves and closes it.
    pub(crate) fn finish_work(&mut self) {
        let rows: Vec<_> =
            self.store.live.iter().filter_map(|id| self.store.interactions.get(id)).cloned().collect();
        let mut inputs = Vec::new();
        for row in rows {
            let Some(agent_id) = row.agent_id else { continue };
            let caller = Caller { agent_id, session: 9 };
            let interaction_id = row.interaction_id;
            let mut ask = |command| {
                inputs.push((Asked::Other, Input::Command { caller, request: None, command }));
            };
            ask(Command::Accept { interaction_id });
            ask(Command::SetOutcome {
                interaction_id,
                status: guichet::domain::Status::Resolved,
                disposition: Some("sold".to_owned()),
                note: None,
                tags: None,
            });
            ask(Command::Close { interaction_id });
        }
        self.batch(inputs);
        self.settle();
    }
}
