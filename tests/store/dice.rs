//! Rows from a seed: every field thrown, with the texts that databases stumble over among them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use guichet::domain::*;
use guichet::engine::*;

/// A small generator of numbers; the same seed gives the same rows.
pub(crate) struct Dice(u64);

/// Texts that have broken somebody's database before.
const NASTY: [&str; 18] = [
    "",
    " ",
    "null",
    "123",
    "-0",
    "1e400",
    "true",
    "[1,2]",
    "{\"a\":1}",
    "'; DROP TABLE messages; --",
    "\\u0000 and \\ud800",
    "\"quoted\" \\ back/slash",
    "line\r\nbreak\ttab\u{1}\u{1f}\u{7f}",
    "👩‍👩‍👧 مرحبا e\u{301} 𝒳 \u{202e}back\u{202c}",
    "\u{feff}\u{fffd}\u{ffff}\u{10ffff}",
    "$1 ? :name @x {} %s",
    "per%cent _under",
    "\u{2028}\u{2029}",
];

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The generator called `SplitMix64`.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(n).unwrap()).unwrap()
    }

    fn flag(&mut self) -> bool {
        self.next() & 1 == 1
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.flag().then(|| make(self))
    }

    fn some<T>(&mut self, make: impl Fn(&mut Self) -> T) -> Vec<T> {
        (0..self.below(4)).map(|_| make(self)).collect()
    }

    /// A text that an index holds: as nasty, and no longer than one may be.
    fn key(&mut self) -> String {
        let mut text = self.of(&NASTY).to_owned();
        if self.flag() {
            text.push_str(self.of(&NASTY));
        }
        text
    }

    pub(crate) fn text(&mut self) -> String {
        let mut text = self.key();
        if self.below(50) == 0 {
            text = text.repeat(3_000);
        }
        text
    }

    fn name<T: std::str::FromStr<Err: std::fmt::Debug>>(&mut self) -> T {
        format!("name-{}_x.{}", self.below(5), self.below(5)).parse().unwrap()
    }

    /// Any number that can be a time or an id, the edges among them.
    fn number(&mut self) -> i64 {
        let number = self.next().cast_signed();
        self.of(&[0, 1, 1_700_000_000_123, 9_007_199_254_740_993, i64::MAX, i64::MIN, number])
    }

    fn time(&mut self) -> Time {
        Time(self.number())
    }

    fn small(&mut self) -> u32 {
        u32::try_from(self.next() >> 32).unwrap()
    }

    pub(crate) fn contact(&mut self, id: i64) -> Contact {
        Contact {
            contact_id: ContactId(id),
            name: self.text(),
            language: self.maybe(Self::text),
            vip: self.flag(),
            blocked: self.flag(),
            opted_out: self.flag(),
            created_at: self.time(),
            attributes: self.some(|dice| (dice.text(), dice.text())).into_iter().collect(),
            merged: self.maybe(|dice| Merged {
                into: ContactId(dice.number()),
                identities: dice.some(|dice| IdentityId(dice.number())),
                by: AgentId(dice.number()),
                at: dice.time(),
            }),
        }
    }

    pub(crate) fn alias(&mut self, id: i64) -> Alias {
        Alias {
            kind: self.of(ChannelKind::ALL),
            alias_kind: self.of(AliasKind::ALL),
            value: format!("{}{id}", self.text()),
            identity_id: IdentityId(id),
            contact_id: ContactId(id),
        }
    }

    fn waiting(&mut self) -> Waiting {
        let target = match self.below(4) {
            0 => Target::Skill { skill: self.name(), level: 7 },
            1 => Target::Agent(AgentId(self.number())),
            2 => Target::Team(self.name()),
            _ => Target::Hold(self.text()),
        };
        Waiting {
            target,
            priority: 1_000,
            since: self.time(),
            until: self.maybe(Self::time),
            otherwise: self.maybe(Self::name),
            not_before: self.some(|dice| (AgentId(dice.number()), dice.time())),
        }
    }

    fn timer(&mut self) -> Timer {
        Timer {
            started_at: self.time(),
            total: Span(self.number()),
            extended: self.small(),
            yellow: self.flag(),
            red: self.flag(),
        }
    }

    pub(crate) fn interaction(&mut self, id: i64) -> Interaction {
        Interaction {
            interaction_id: InteractionId(id),
            channel_id: self.name(),
            kind: self.of(ChannelKind::ALL),
            contact_id: ContactId(id),
            identity_id: IdentityId(id),
            address: self.text(),
            previous_id: self.maybe(|dice| InteractionId(dice.number())),
            converted_from: self.maybe(|dice| InteractionId(dice.number())),
            subject: self.maybe(Self::text),
            outbound: self.flag(),
            status: self.of(Status::ALL),
            ownership: self.of(Ownership::ALL),
            agent_id: self.maybe(|dice| AgentId(dice.number())),
            last_agent_id: self.maybe(|dice| AgentId(dice.number())),
            consulted: self.some(|dice| AgentId(dice.number())).into_iter().collect(),
            transfer: self.maybe(|dice| Transfer { to: AgentId(dice.number()), expires_at: dice.time() }),
            skill: self.maybe(Self::name),
            waiting: self.maybe(Self::waiting),
            language: self.maybe(Self::text),
            window_ends_at: self.maybe(Self::time),
            window_told: 2,
            timers: Timers {
                agent: self.maybe(Self::timer),
                customer: self.maybe(Self::timer),
                offer_expires_at: self.maybe(Self::time),
                ends_at: self.maybe(Self::time),
                snoozed_until: self.maybe(Self::time),
            },
            unread: self.small(),
            last_message_id: self.maybe(|dice| MessageId(dice.number())),
            last_line: self.text(),
            last_message_at: self.maybe(Self::time),
            unanswered_since: self.maybe(Self::time),
            answered: self.flag(),
            disposition: self.maybe(Self::text),
            tags: self.some(Self::text).into_iter().collect(),
            created_at: self.time(),
            assigned_at: self.maybe(Self::time),
            status_since: self.time(),
            accepted_at: self.maybe(Self::time),
            answered_at: self.maybe(Self::time),
            ended_at: self.maybe(Self::time),
            revision: self.number(),
            translation: self.maybe(|dice| Translating {
                my_language: dice.text(),
                their_language: dice.text(),
                translate_theirs: dice.flag(),
                translate_mine: dice.flag(),
                told_by: dice.maybe(|dice| MessageId(dice.number())),
                pending: dice.some(|dice| MessageId(dice.number())).into_iter().collect(),
            }),
            kept: Kept {
                put_back: self.maybe(|dice| PutBack {
                    messages: dice.some(|dice| MessageId(dice.number())),
                    unanswered_since: dice.time(),
                    timer: dice.maybe(Self::timer),
                }),
                replied: self.maybe(Self::text),
                last_in: self.maybe(|dice| MessageId(dice.number())),
                detached_at: self.maybe(Self::time),
                place: self.maybe(|dice| Place { priority: 7, since: dice.time() }),
                ..Kept::default()
            },
        }
    }

    fn author(&mut self) -> Author {
        match self.below(4) {
            0 => Author::Contact,
            1 => Author::Agent(AgentId(self.number())),
            2 => Author::System,
            _ => Author::Elsewhere,
        }
    }

    fn template_values(&mut self) -> TemplateValues {
        TemplateValues {
            name: self.text(),
            language: self.text(),
            parameters: self.some(|dice| (dice.text(), dice.text())).into_iter().collect(),
            header_text: self.maybe(Self::text),
            header_media: self.maybe(Self::name),
            buttons: BTreeMap::from([("0".to_owned(), self.text())]),
        }
    }

    pub(crate) fn message(&mut self, id: i64, interaction_id: i64) -> Message {
        Message {
            message_id: MessageId(id),
            interaction_id: InteractionId(interaction_id),
            direction: self.of(Direction::ALL),
            author: self.author(),
            kind: self.of(MessageKind::ALL),
            text: self.text(),
            media: self.some(|dice| dice.media(9)),
            data: self.text(),
            template: self.maybe(Self::template_values),
            reply_to: self.maybe(|dice| MessageId(dice.number())),
            forwarded: self.flag(),
            edited: self.flag(),
            deleted: self.flag(),
            reactions: self.some(|dice| Reaction { author: dice.author(), emoji: dice.text() }),
            tags: self.some(Self::text).into_iter().collect(),
            state: self.of(DeliveryState::ALL),
            error: self.maybe(|dice| DeliveryError {
                code: dice.maybe(Self::number),
                reason: dice.text(),
                details: dice.text(),
            }),
            translation: self.maybe(|dice| Translation {
                state: dice.of(TranslationState::ALL),
                text: dice.text(),
                from: dice.text(),
                to: dice.text(),
                reason: dice.maybe(Self::text),
                attempt: dice.small(),
            }),
            provider_id: self.maybe(|dice| format!("wamid.{}{id}", dice.text())),
            attempts: self.small(),
            retry_at: self.maybe(Self::time),
            backoff: Span(self.number()),
            sent_at: self.time(),
            created_at: self.time(),
        }
    }

    pub(crate) fn media(&mut self, id: i64) -> Media {
        Media {
            media_id: format!("file-{id}").parse().unwrap(),
            message_id: self.maybe(|dice| MessageId(dice.number())),
            agent_id: self.maybe(|dice| AgentId(dice.number())),
            mime: self.text(),
            filename: self.maybe(Self::text),
            caption: self.maybe(Self::text),
            size: self.maybe(Self::number),
            voice: self.flag(),
            state: self.of(MediaState::ALL),
            channel_id: self.maybe(Self::name),
            provider_media_id: self.maybe(Self::text),
            attempts: self.small(),
            retry_at: self.maybe(Self::time),
            created_at: self.time(),
        }
    }

    pub(crate) fn note(&mut self, id: i64, interaction_id: i64) -> Note {
        Note {
            note_id: NoteId(id),
            interaction_id: InteractionId(interaction_id),
            message_id: self.maybe(|dice| MessageId(dice.number())),
            agent_id: self.maybe(|dice| AgentId(dice.number())),
            text: self.text(),
            created_at: self.time(),
        }
    }

    pub(crate) fn draft(&mut self, interaction_id: i64) -> Draft {
        Draft {
            interaction_id: InteractionId(interaction_id),
            agent_id: AgentId(3),
            mode: self.of(DraftMode::ALL),
            text: format!("x{}", self.text()),
            media: self.some(Self::name),
            reply_to: self.maybe(|dice| MessageId(dice.number())),
            saved_at: self.time(),
        }
    }

    pub(crate) fn transcript(&mut self, id: i64) -> Transcript {
        Transcript {
            transcript_id: TranscriptId(id),
            interaction_id: InteractionId(self.number()),
            agent_id: AgentId(self.number()),
            email: self.text(),
            language: self.text(),
            last_message_id: MessageId(self.number()),
            state: self.of(TranscriptState::ALL),
            attempts: self.small(),
            retry_at: self.maybe(Self::time),
            reason: self.maybe(Self::text),
            created_at: self.time(),
            settled_at: None,
        }
    }

    pub(crate) fn agent(&mut self, id: i64) -> Agent {
        Agent {
            agent_id: AgentId(id),
            login: format!("{}{id}", self.text()),
            name: self.text(),
            role: self.name(),
            password_hash: self.text(),
            skills: self.some(|dice| SkillLevel { skill: dice.name(), level: 10 }),
            teams: self.some(Self::name).into_iter().collect(),
            capacity: Capacity {
                total: self.small(),
                per_kind: self.some(|dice| (dice.of(ChannelKind::ALL), dice.small())).into_iter().collect(),
            },
            state: self.of(AgentState::ALL),
            reason: self.maybe(Self::text),
            state_since: self.time(),
            idle_since: self.time(),
            bot: self.flag(),
            missed_offers: self.small(),
            removed: self.flag(),
            watching: Watching {
                all: self.flag(),
                skills: self.some(Self::name).into_iter().collect(),
                interactions: self.some(|dice| InteractionId(dice.number())).into_iter().collect(),
            },
        }
    }

    pub(crate) fn role(&mut self, id: i64) -> Role {
        Role {
            role: format!("role-{id}").parse().unwrap(),
            title: self.text(),
            permissions: self.some(|dice| dice.of(Permission::ALL)).into_iter().collect(),
            kinds: self.some(|dice| dice.of(ChannelKind::ALL)).into_iter().collect(),
        }
    }

    pub(crate) fn skill(&mut self, id: i64) -> Skill {
        Skill {
            skill: format!("skill-{id}").parse().unwrap(),
            title: self.text(),
            offer: Span(self.number()),
            auto_accept: self.flag(),
            outbound: self.some(|dice| dice.of(ChannelKind::ALL)).into_iter().collect(),
            dispositions: self.some(Self::text),
            disposition_required: self.flag(),
        }
    }

    pub(crate) fn template(&mut self, id: i64, channel_id: &ChannelId) -> Template {
        Template {
            channel_id: channel_id.clone(),
            name: format!("{}{id}", self.key()),
            language: self.key(),
            category: self.text(),
            status: self.text(),
            parameter_format: self.of(ParameterFormat::ALL),
            header_format: self.maybe(|dice| dice.of(HeaderFormat::ALL)),
            header: self.maybe(Self::text),
            body: self.text(),
            footer: self.maybe(Self::text),
            buttons: self.some(|dice| TemplateButton {
                kind: dice.text(),
                text: dice.text(),
                url: dice.maybe(Self::text),
            }),
        }
    }

    pub(crate) fn request(&mut self, id: i64) -> RequestRow {
        RequestRow {
            agent_id: AgentId(id),
            request_id: self.text(),
            hash: self.text(),
            answer: self.text(),
            expires_at: self.time(),
        }
    }

    pub(crate) fn decision(&mut self, id: i64, interaction_id: i64) -> DecisionRow {
        DecisionRow {
            decision_id: DecisionId(id),
            interaction_id: InteractionId(interaction_id),
            time: self.time(),
            question: self.text(),
            facts: self.text(),
            answer: self.text(),
            generation: self.number(),
            at: self.maybe(Self::text),
            error: self.maybe(Self::text),
            reasons: self.text(),
            sentence: self.text(),
        }
    }

    fn kind(&mut self) -> EventKind {
        match self.below(10) {
            0 => EventKind::InteractionCreated,
            6 => EventKind::TagChanged {
                message_id: self.maybe(|dice| MessageId(dice.number())),
                added: self.some(Self::text),
                removed: self.some(Self::text),
                by: self.maybe(|dice| AgentId(dice.number())),
            },
            1 => EventKind::InteractionOfferEnded { agent_id: AgentId(self.number()), reason: self.text() },
            2 => EventKind::InteractionStatusChanged {
                from: self.of(Status::ALL),
                to: self.of(Status::ALL),
                by: self.maybe(|dice| AgentId(dice.number())),
            },
            3 => {
                EventKind::TimerChanged { timer: self.of(TimerKind::ALL), change: self.of(TimerChange::ALL) }
            }
            4 => EventKind::PolicyChanged {
                generation: self.number(),
                live: self.flag(),
                script: self.maybe(Self::text),
                errors: self.some(|dice| PolicyError {
                    file: dice.text(),
                    line: dice.small(),
                    column: dice.small(),
                    message: dice.text(),
                }),
            },
            8 => EventKind::InteractionTransferred {
                by: AgentId(self.number()),
                from: self.maybe(|dice| AgentId(dice.number())),
                to: To::Skill(self.name()),
            },
            7 => EventKind::InteractionConsultEnded { agent_id: AgentId(self.number()), reason: self.text() },
            5 if self.flag() => EventKind::ContactErased { contact_id: ContactId(self.number()) },
            5 => EventKind::Notice { level: self.text(), code: self.text(), message: self.text() },
            _ => EventKind::InteractionDetached { agent_id: self.maybe(|dice| AgentId(dice.number())) },
        }
    }

    pub(crate) fn event(&mut self, seq: i64) -> Event {
        let agents: BTreeSet<AgentId> = self.some(|dice| AgentId(dice.number())).into_iter().collect();
        Event {
            seq,
            time: self.time(),
            interaction_id: self.maybe(|dice| InteractionId(dice.number())),
            revision: self.number(),
            kind: self.kind(),
            audience: Audience {
                agents: agents.into_iter().collect(),
                supervisors: self.flag(),
                administrators: true,
            },
        }
    }

    /// Rows of every table, `n` of each, with ids from `first` on.
    pub(crate) fn batch(&mut self, first: i64, n: i64) -> Batch {
        let ids = || first..first + n;
        let mut rows = Rows::default();
        let channel_id: ChannelId = "a-channel".parse().unwrap();
        for id in ids() {
            rows.contacts.push(Arc::new(self.contact(id)));
            rows.aliases.push(self.alias(id));
            rows.interactions.push(Arc::new(self.interaction(id)));
            rows.messages.push((channel_id.clone(), Arc::new(self.message(id, id))));
            rows.media.push(self.media(id));
            rows.notes.push(self.note(id, id));
            rows.drafts.push(self.draft(id));
            rows.transcripts.push(self.transcript(id));
            rows.tags.push(TagRow { tag: format!("{}{id}", self.text()), uses: i64::from(self.small()) + 1 });
            rows.stars.push(StarRow {
                agent_id: AgentId(id),
                quick_reply_id: self.text(),
                starred: self.flag(),
            });
            rows.agents.push(Arc::new(self.agent(id)));
            rows.roles.push(Arc::new(self.role(id)));
            rows.skills.push(self.skill(id));
            rows.teams.push(Team { team: format!("team-{id}").parse().unwrap(), title: self.text() });
            rows.audit.push(AuditRow {
                audit_id: id,
                time: self.time(),
                agent_id: self.maybe(|dice| AgentId(dice.small().into())),
                action: self.text(),
                object: self.text(),
                detail: self.text(),
            });
            rows.erased_files.push(format!("file-{id}").parse().unwrap());
            rows.dedupe.push(DedupeRow { key: format!("{id:064x}"), expires_at: self.time() });
            rows.requests.push(self.request(id));
            rows.decisions.push(self.decision(id, id));
            rows.service_levels.push(ServiceLevelRow {
                skill: format!("skill-{id}").parse().unwrap(),
                time: self.time(),
                accepted: self.number(),
                in_time: self.number(),
                waited: Span(self.number()),
            });
            rows.logins.push(LoginRow {
                hash: format!("login{id}"),
                agent_id: AgentId(id),
                expires_at: Time(i64::MAX),
            });
            rows.tokens.push(TokenRow {
                name: format!("{}{id}", self.text()),
                hash: format!("token{id}"),
                agent_id: AgentId(id),
                created_at: self.time(),
            });
            rows.raw.push(RawDelivery {
                channel_id: channel_id.clone(),
                hash: format!("raw{id}"),
                body: self.text(),
                reason: self.text(),
                received_at: self.time(),
            });
        }
        let account: ChannelId = format!("account-{first}").parse().unwrap();
        rows.templates.push((account.clone(), ids().map(|id| self.template(id, &account)).collect()));
        let events = ids().map(|id| row(self.event(id))).collect();
        Batch { number: first, next_id: first + n, rows, events, ..Batch::default() }
    }
}

/// An event's row without bodies: the store reads only the event of it.
pub(crate) fn row(event: Event) -> EventRow {
    EventRow { event, interaction: None, contact: None, message: None, note: None, agent: None, draft: None }
}
