//! What agents and administrators do, mostly sensible and sometimes not.

use std::collections::BTreeMap;

use guichet::domain::{
    AgentId, AgentState, DraftMode, InteractionId, Ownership, Role, SkillLevel, Status, TemplateValues,
};
use guichet::engine::{AdminCommand, Caller, Command, Input, RequestKey, SuperviseCommand};

use crate::act::Act;
use crate::history::{Asked, History};

impl History {
    fn agents(&self) -> Vec<AgentId> {
        self.store
            .agents
            .values()
            .filter(|agent| agent.role != Role::Administrator)
            .map(|agent| agent.agent_id)
            .collect()
    }

    fn any_agent(&mut self) -> AgentId {
        let agents = self.agents();
        if self.source.chance(2) {
            return AgentId(888_888);
        }
        self.source.pick(&agents).unwrap()
    }

    fn ada(&self) -> AgentId {
        let mut all = self.store.agents.values();
        all.find(|agent| agent.role == Role::Administrator).map(|agent| agent.agent_id).unwrap()
    }

    /// Who has an interaction, mostly; sometimes another.
    fn holder(&mut self, interaction_id: InteractionId) -> AgentId {
        let holder =
            self.store.interactions.get(&interaction_id).and_then(|row| row.agent_id.or(row.last_agent_id));
        match holder.filter(|_| self.source.chance(90)) {
            Some(holder) => holder,
            None => self.any_agent(),
        }
    }

    /// An interaction in the wanted ownership, mostly.
    fn in_ownership(&mut self, wanted: Ownership) -> InteractionId {
        let of = self.store.live.iter().filter_map(|id| self.store.interactions.get(id));
        let found: Vec<_> = of.filter(|row| row.ownership == wanted).map(|row| row.interaction_id).collect();
        match self.source.pick(&found).filter(|_| self.source.chance(90)) {
            Some(interaction_id) => interaction_id,
            None => self.any_interaction(),
        }
    }

    /// Work in an agent's hands, with that agent, mostly.
    fn own(&mut self) -> (AgentId, InteractionId) {
        let interaction_id = self.in_ownership(Ownership::Assigned);
        (self.holder(interaction_id), interaction_id)
    }

    fn ask(&mut self, agent_id: AgentId, command: Command) {
        self.ask_as(agent_id, 1, command);
    }

    fn ask_as(&mut self, agent_id: AgentId, session: u64, command: Command) {
        let caller = Caller { agent_id, session };
        let reads = matches!(
            command,
            Command::StartSession
                | Command::Inbox
                | Command::Get { .. }
                | Command::Why { .. }
                | Command::Supervise(SuperviseCommand::Board | SuperviseCommand::List(_))
                | Command::ListTemplates { .. }
                | Command::Search
                | Command::ReadMedia { .. }
                | Command::Typing { .. }
        );
        let request = (!reads && self.source.chance(40)).then(|| {
            let serial = self.fresh();
            RequestKey { id: format!("request-number-{serial}"), hash: format!("hash{serial}") }
        });
        let input = Input::Command { caller, request: request.clone(), command: command.clone() };
        self.batch(vec![(Asked::Command { caller, request, command, at: self.now }, input)]);
    }

    fn again(&mut self) {
        let recent: Vec<_> = self.requests.iter().rev().take(6).cloned().collect();
        let Some((caller, mut request, command, ..)) = self.source.pick(&recent) else { return };
        if self.source.chance(25) {
            "other".clone_into(&mut request.hash);
        }
        let input = Input::Command { caller, request: Some(request.clone()), command: command.clone() };
        self.batch(vec![(Asked::Command { caller, request: Some(request), command, at: self.now }, input)]);
    }

    fn text(interaction_id: InteractionId, text: &str) -> Command {
        let text = Some(text.to_owned());
        Command::Send { interaction_id, text, media: Vec::new(), template: None, reply_to: None }
    }

    fn template(&mut self, good: bool) -> TemplateValues {
        let mut values = TemplateValues {
            name: "hello".to_owned(),
            language: "fr".to_owned(),
            ..TemplateValues::default()
        };
        if self.source.chance(50) {
            "order".clone_into(&mut values.name);
            values.parameters.insert("1".to_owned(), "Marie".to_owned());
            if good {
                values.parameters.insert("2".to_owned(), "42".to_owned());
            }
        } else if !good {
            "nothing".clone_into(&mut values.name);
        }
        values
    }

    fn reply_file(&mut self) {
        let (mut agent_id, interaction_id) = self.own();
        let Some((owner, media_id)) = self.source.pick(&self.uploads.clone()) else {
            return self.upload();
        };
        if self.source.chance(70) {
            agent_id = owner;
        }
        let media = vec![(media_id, self.source.chance(30).then(|| "a caption".to_owned()))];
        let text = self.source.chance(50).then(|| "see this".to_owned());
        self.ask(agent_id, Command::Send { interaction_id, text, media, template: None, reply_to: None });
    }

    fn upload(&mut self) {
        let agent_id = self.any_agent();
        let media_id: guichet::domain::MediaId = format!("u{}", self.fresh()).parse().unwrap();
        self.uploads.push((agent_id, media_id.clone()));
        let mime = self.source.pick(&["image/png", "audio/ogg", "application/pdf"]).unwrap().to_owned();
        self.ask(agent_id, Command::AddMedia { media_id, mime, filename: None, size: 10 });
    }

    fn reply_wrong(&mut self) {
        let (agent_id, interaction_id) = self.own();
        let command = match self.source.below(4) {
            0 => Self::text(interaction_id, &"x".repeat(5_000)),
            1 => Self::text(interaction_id, "  "),
            2 => {
                let template = Some(self.template(false));
                Command::Send { interaction_id, text: None, media: Vec::new(), template, reply_to: None }
            }
            _ => {
                let reply_to = Some(guichet::domain::MessageId(777_777));
                let text = Some("hello".to_owned());
                Command::Send { interaction_id, text, media: Vec::new(), template: None, reply_to }
            }
        };
        self.ask(agent_id, command);
    }

    /// More than may wait for one recipient, in one batch.
    fn flood(&mut self) {
        let (agent_id, interaction_id) = self.own();
        let caller = Caller { agent_id, session: 1 };
        let asked = (0..140).map(|at| {
            let command = Self::text(interaction_id, &format!("flood {at}"));
            let input = Input::Command { caller, request: None, command: command.clone() };
            (Asked::Command { caller, request: None, command, at: self.now }, input)
        });
        self.batch(asked.collect());
    }

    fn outcome(&mut self) {
        let (agent_id, interaction_id) = self.own();
        let statuses = [
            Status::New,
            Status::Open,
            Status::Pending,
            Status::Escalated,
            Status::Resolved,
            Status::Resolved,
            Status::Closed,
        ];
        let dispositions = [None, None, Some("sold"), Some("spam")];
        let tags = self.source.chance(20).then(|| [format!("tag{}", self.source.below(3))].into());
        let command = Command::SetOutcome {
            interaction_id,
            status: self.source.pick(&statuses).unwrap(),
            disposition: self.source.pick(&dispositions).unwrap().map(str::to_owned),
            note: self.source.chance(20).then(|| "note".to_owned()),
            tags,
        };
        self.ask(agent_id, command);
    }

    fn outbound(&mut self) {
        let agent_id = self.any_agent();
        let contact_id = self.source.chance(50).then(|| self.any_contact());
        let address = match (contact_id, self.source.below(3)) {
            (Some(_), 1 | 2) => None,
            (_, 0) => Some("not an address".to_owned()),
            _ => Some(format!("+33 6 00 00 00 0{}", self.source.below(8))),
        };
        let channel = self.source.pick(&["wa", "wa", "strict", "mail", "none"]).unwrap();
        // Often somebody whom a colleague works with.
        let taken = self.in_ownership(Ownership::Assigned);
        let taken = self.store.interactions.get(&taken).filter(|_| self.source.chance(30));
        let (contact_id, address, channel) = match taken {
            Some(row) => (Some(row.contact_id), None, row.channel_id.to_string()),
            None => (contact_id, address, channel.to_owned()),
        };
        let skill = self.source.pick(&[None, Some("support"), Some("sales")]).unwrap();
        let good = self.source.chance(85);
        let template = self.source.chance(60).then(|| self.template(good));
        let text = template.is_none().then(|| "hello".to_owned());
        let command = Command::StartOutbound {
            contact_id,
            address,
            channel_id: channel.parse().unwrap(),
            skill: skill.map(|skill| skill.parse().unwrap()),
            template,
            text,
            subject: None,
        };
        self.ask(agent_id, command);
    }

    fn connect(&mut self) {
        let agents: Vec<AgentId> = self.store.agents.keys().copied().collect();
        let agent_id = self.source.pick(&agents).unwrap();
        let session = 1 + self.source.below(2);
        self.sessions.insert((agent_id, session));
        self.ask_as(agent_id, session, Command::StartSession);
        if self.source.chance(80) {
            self.ask(agent_id, Command::SetState { state: AgentState::Available, reason: None });
        }
    }

    fn disconnect(&mut self) {
        let lost = self.lost_sockets.pop();
        let open: Vec<_> = self.sessions.iter().copied().collect();
        let picked = self.source.pick(&open).map(|(agent_id, session)| Caller { agent_id, session });
        let Some(caller) = lost.or(picked) else { return };
        self.sessions.remove(&(caller.agent_id, caller.session));
        self.batch(vec![(Asked::Other, Input::Disconnected { caller })]);
    }

    fn admin(&mut self, command: AdminCommand) {
        let ada = self.ada();
        if self.source.chance(50) {
            self.batch(vec![(Asked::Other, Input::Admin(command))]);
        } else {
            self.ask(ada, Command::Administer(command));
        }
    }

    fn save_agent(&mut self) {
        let login = self.source.pick(&["alice", "bruno", "chloe", "david", "eve", "a b"]).unwrap();
        let level = u8::try_from(self.source.below(12)).unwrap();
        let skill = self.source.pick(&["support", "sales", "chat", "nothing"]).unwrap();
        let removed = login == "eve" && self.source.chance(50);
        let command = match self.source.below(3) {
            0 => crate::people::agent(login, Role::Agent, &[(skill, level)], 2, BTreeMap::new()),
            1 => {
                crate::people::agent(login, Role::Agent, &[("support", 5), ("sales", 5)], 2, BTreeMap::new())
            }
            _ => AdminCommand::SaveAgent {
                login: login.to_owned(),
                name: None,
                role: None,
                password_hash: Some(format!("hash{}", self.source.below(3))),
                skills: Some(vec![SkillLevel { skill: "support".parse().unwrap(), level: 3 }]),
                teams: None,
                capacity: None,
                removed,
            },
        };
        self.admin(command);
    }

    fn save_contact(&mut self) {
        let contact_id = self.any_contact();
        let blocked = self.source.chance(15);
        if blocked {
            self.checks.ever_blocked.insert(contact_id);
        }
        let command = AdminCommand::SaveContact {
            contact_id,
            name: Some("Renamed".to_owned()),
            language: self.source.pick(&[None, Some("fr"), Some("FR")]).unwrap().map(str::to_owned),
            vip: Some(self.source.chance(50)),
            blocked: Some(blocked),
        };
        self.admin(command);
    }

    fn token(&mut self) {
        let name = format!("token{}", self.source.below(3));
        if self.source.chance(60) {
            let login = self.source.pick(&["alice", "sam", "nobody"]).unwrap().to_owned();
            let hash = format!("token-hash{}", self.fresh());
            self.admin(AdminCommand::AddToken { name, login, hash });
        } else {
            self.admin(AdminCommand::RevokeToken { name });
        }
    }

    fn login(&mut self) {
        let agent_id = self.any_agent();
        let hash = format!("login-hash{}", self.source.below(4));
        let input = match self.source.below(4) {
            0 => Input::FindLogin { login: self.source.pick(&["alice", "nobody"]).unwrap().to_owned() },
            1 => Input::OpenLogin { agent_id, hash, expires_at: self.now + guichet::domain::Span::hours(12) },
            2 => Input::CloseLogin { hash },
            _ => Input::Authenticate { hash },
        };
        self.batch(vec![(Asked::Other, input)]);
    }

    fn not_allowed(&mut self) {
        let ada = self.ada();
        let interaction_id = self.any_interaction();
        if self.source.chance(50) {
            let state = AgentState::Available;
            self.ask(ada, Command::SetState { state, reason: None });
        } else {
            let agent_id = self.any_agent();
            self.ask(agent_id, Command::Administer(AdminCommand::ListAgents));
            self.ask(ada, Command::Accept { interaction_id });
        }
    }

    fn set_state(&mut self) {
        let agent_id = self.any_agent();
        let states =
            [AgentState::Available, AgentState::Available, AgentState::Unavailable, AgentState::Offline];
        let state = self.source.pick(&states).unwrap();
        let reason = self.source.chance(30).then(|| "lunch".to_owned());
        self.ask(agent_id, Command::SetState { state, reason });
    }

    pub(crate) fn accept(&mut self) {
        let interaction_id = self.in_ownership(Ownership::Offered);
        let agent_id = self.holder(interaction_id);
        self.ask(agent_id, Command::Accept { interaction_id });
    }

    pub(crate) fn act_inside(&mut self, act: Act) {
        match act {
            Act::Connect => self.connect(),
            Act::Disconnect => self.disconnect(),
            Act::SetState => self.set_state(),
            Act::Accept => self.accept(),
            Act::Flood => self.flood(),
            Act::ReplyWrong => self.reply_wrong(),
            Act::ReplyFile => self.reply_file(),
            Act::SetOutcome => self.outcome(),
            Act::Outbound => self.outbound(),
            Act::Upload => self.upload(),
            Act::RequestAgain => self.again(),
            Act::SaveAgent => self.save_agent(),
            Act::SaveContact => self.save_contact(),
            Act::Token => self.token(),
            Act::Login => self.login(),
            Act::NotAllowed => self.not_allowed(),
            Act::SaveSkill => {
                let (auto, needed) = (self.source.chance(30), self.source.chance(30));
                let name = self.source.pick(&["chat", "sales", "new_skill"]).unwrap();
                self.admin(AdminCommand::SaveSkill(crate::people::skill(name, auto, needed)));
            }
            Act::List => {
                let all = [AdminCommand::ListAgents, AdminCommand::ListSkills, AdminCommand::ListTeams];
                let command = self.source.pick(&all).unwrap();
                self.admin(command);
            }
            _ => self.act_on_work(act),
        }
    }

    fn translation(&mut self, interaction_id: InteractionId) -> Command {
        let their_language = if self.source.chance(10) { "en" } else { "fr" };
        Command::SetTranslation {
            interaction_id,
            my_language: "en".to_owned(),
            their_language: their_language.to_owned(),
            translate_theirs: self.source.chance(70),
            translate_mine: self.source.chance(50),
        }
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each act")]
    fn act_on_work(&mut self, act: Act) {
        let (agent_id, interaction_id) = match act {
            Act::Refuse => {
                let interaction_id = self.in_ownership(Ownership::Offered);
                (self.holder(interaction_id), interaction_id)
            }
            _ => self.own(),
        };
        let message_id = self.any_message(interaction_id);
        let command = match act {
            Act::Refuse => Command::Refuse { interaction_id, reason: None },
            Act::Pull => {
                let skill =
                    self.source.pick(&[None, Some("support"), Some("sales"), Some("nothing")]).unwrap();
                Command::Pull { skill: skill.map(|skill| skill.parse().unwrap()) }
            }
            Act::ReplyTemplate => {
                let template = Some(self.template(true));
                Command::Send { interaction_id, text: None, media: Vec::new(), template, reply_to: None }
            }
            Act::Retry => {
                let failed = self.store.messages.values().rev().filter(|(_, row)| {
                    matches!(
                        row.state,
                        guichet::domain::DeliveryState::Failed | guichet::domain::DeliveryState::Unknown
                    )
                });
                let failed: Vec<_> =
                    failed.take(5).map(|(_, row)| (row.interaction_id, row.message_id)).collect();
                let (interaction_id, message_id) =
                    self.source.pick(&failed).unwrap_or((interaction_id, message_id));
                let agent_id = self.holder(interaction_id);
                return self
                    .ask(agent_id, Command::Retry { interaction_id, message_id, untranslated: false });
            }
            Act::AgentReacts => Command::React { interaction_id, message_id, emoji: "👍".to_owned() },
            Act::MarkRead => Command::MarkRead { interaction_id },
            Act::Typing => Command::Typing { interaction_id },
            Act::SaveDraft => {
                let text = self.source.pick(&["", "draft", "another"]).unwrap().to_owned();
                Command::SaveDraft {
                    interaction_id,
                    mode: DraftMode::Reply,
                    text,
                    media: Vec::new(),
                    reply_to: None,
                }
            }
            Act::SetTranslation => self.translation(interaction_id),
            Act::Translate => Command::Translate { interaction_id, message_id },
            Act::SendTranscript => {
                let several = self.source.chance(10);
                let email = if several { "a@b.fr, c@d.fr" } else { "marie@example.com" };
                Command::SendTranscript { interaction_id, email: email.to_owned() }
            }
            Act::Close => Command::Close { interaction_id },
            Act::Detach => Command::Detach { interaction_id },
            Act::Note => {
                let message_id = self.source.chance(40).then_some(message_id);
                Command::AddNote { interaction_id, message_id, text: "note".to_owned() }
            }
            Act::Get => Command::Get { interaction_id },
            Act::Why => Command::Why { interaction_id },
            Act::Inbox => Command::Inbox,
            Act::ListTemplates => Command::ListTemplates { channel_id: "wa".parse().unwrap() },
            Act::ReadFile => {
                let known: Vec<_> = self.store.media.keys().cloned().collect();
                let Some(media_id) = self.source.pick(&known) else { return };
                Command::ReadMedia { media_id }
            }
            _ => Self::text(interaction_id, "a reply"),
        };
        self.ask(agent_id, command);
    }
}
