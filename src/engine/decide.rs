//! One input at a time: which rule it goes to, and what every rule shares.
//!
//! A rule checks everything first and changes the world afterwards. When several refusals hold, the first is told of:
//! not found, not permitted, not assigned, wrong status, window closed, the others.

mod access;
mod admin;
mod audit;
mod begin;
mod board;
mod bot;
mod channel;
mod contact;
mod convert;
mod directory;
mod draft;
mod erase;
mod extension;
mod favourite;
mod identity;
mod inbound;
pub(crate) mod keys;
mod login;
mod media;
mod merge;
mod note;
mod offer;
mod outbound;
mod outcome;
mod reaction;
mod read;
mod recovery;
mod reply;
mod role;
mod sent;
mod session;
mod snooze;
mod status;
mod supervise;
mod tag;
mod template;
mod transcript;
mod transfer;
mod translation;
mod upkeep;

pub(crate) use erase::scrub;

use super::limits::REQUEST_TTL;
use super::turn::{Turn, refuse};
use super::{
    Answer, Audience, Caller, Command, ContactCommand, Envelope, EventKind, Input, RefusalKind, Reply,
    RequestKey, RequestRow,
};
use crate::domain::{Agent, Draft};

impl Turn<'_> {
    /// Handles one input and answers it.
    pub(crate) fn handle_input(&mut self, envelope: Envelope) {
        self.random = envelope.random;
        self.session = 0;
        let reply = match envelope.input {
            Input::Channel { channel_id, input } => self.channel_input(&channel_id, input),
            Input::Command { caller, request, command } => self.request(caller, request, command),
            Input::Admin(command) => self.administer(None, command),
            Input::FindLogin { login } => self.find_login(&login),
            Input::OpenLogin { agent_id, hash, expires_at } => self.open_login(agent_id, hash, expires_at),
            Input::CloseLogin { hash } => {
                self.close_login(hash);
                Ok(Answer::Done)
            }
            Input::Authenticate { hash } => self.authenticate(&hash),
            Input::Disconnected { caller } => {
                self.disconnected(caller);
                Ok(Answer::Done)
            }
            Input::Sent { message_id, attempt, result } => {
                self.sent(message_id, attempt, result);
                Ok(Answer::Done)
            }
            Input::MediaFetched { media_id, result } => {
                self.media_fetched(&media_id, result);
                Ok(Answer::Done)
            }
            Input::TranscriptSent { transcript_id, attempt, result } => {
                self.transcript_sent(transcript_id, attempt, result);
                Ok(Answer::Done)
            }
            Input::Translated { message_id, attempt, result } => {
                self.translated(message_id, attempt, result);
                Ok(Answer::Done)
            }
            Input::Templates { channel_id, templates } => self.templates_read(channel_id, templates),
            Input::FilesRemoved { media_ids } => {
                self.rows.removed_files.extend(media_ids);
                Ok(Answer::Done)
            }
            Input::EraseSilent { contact_ids } => {
                self.erase_silent(contact_ids);
                Ok(Answer::Done)
            }
            Input::PolicyChanged { generation, live, script, errors } => {
                let audience = Audience { agents: Vec::new(), supervisors: false, administrators: true };
                let kind = EventKind::PolicyChanged { generation, live, script, errors };
                self.global_event(kind, audience, None);
                if live {
                    self.ask_held_again();
                }
                Ok(Answer::Done)
            }
            Input::Bots { on_duty } => Ok(self.bots_on_duty(&on_duty)),
            Input::PluginChanged { plugin, state, errors } => {
                let audience = Audience { agents: Vec::new(), supervisors: false, administrators: true };
                self.global_event(EventKind::PluginChanged { plugin, state, errors }, audience, None);
                Ok(Answer::Done)
            }
            Input::Notice { level, code, message } => {
                self.notice(&level, &code, message);
                Ok(Answer::Done)
            }
            Input::CardSection { contact_id, section } => {
                self.card_section(contact_id, &section);
                Ok(Answer::Done)
            }
            Input::Tick => Ok(Answer::Done),
        };
        self.match_work();
        self.answer(envelope.ticket, reply);
    }

    /// An agent's command: once for each request id, whatever the network repeats.
    fn request(&mut self, caller: Caller, request: Option<RequestKey>, command: Command) -> Reply {
        let changes = changes_something(&command);
        let request = request.filter(|_| changes);
        if let Some(request) = &request
            && let Some(reply) = self.answered_before(caller, request)
        {
            return reply;
        }
        let answer = self.command(caller, command)?;
        if let Some(request) = request {
            let row = RequestRow {
                agent_id: caller.agent_id,
                request_id: request.id,
                hash: request.hash,
                answer: serde_json::to_string(&answer).unwrap_or_default(),
                expires_at: self.now + REQUEST_TTL,
            };
            self.remember_request(row);
        }
        Ok(answer)
    }

    fn answered_before(&self, caller: Caller, request: &RequestKey) -> Option<Reply> {
        let key = (caller.agent_id, request.id.clone());
        // Kept until it is forgotten, which is after its time, within the hour.
        let row = self.world.recent.requests.get(&key).or_else(|| self.cold.requests.get(&key))?;
        if row.hash != request.hash {
            let message = "this request id was used before with other parameters; choose a new id";
            return Some(refuse(RefusalKind::Invalid, message));
        }
        match serde_json::from_str(&row.answer) {
            Ok(answer) => Some(Ok(answer)),
            // A stored answer of an older version: that it was done is what counts.
            Err(_) => Some(Ok(Answer::Done)),
        }
    }

    fn command(&mut self, caller: Caller, command: Command) -> Reply {
        let agent = self.agent(caller.agent_id)?;
        self.session = caller.session;
        let act = audit::of_command(&agent, &command);
        let answer = self.carry_out(caller, &agent, command)?;
        if let Some(act) = act {
            self.audit(Some(caller.agent_id), act);
        }
        Ok(answer)
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each command, and none of them long")]
    fn carry_out(&mut self, caller: Caller, agent: &Agent, command: Command) -> Reply {
        match command {
            Command::StartSession => self.start_session(caller, agent),
            Command::SetState { state, reason } => self.set_state(agent, state, reason),
            Command::Inbox => Ok(self.inbox(agent)),
            Command::Get { interaction_id } => self.get(agent, interaction_id),
            Command::Why { interaction_id } => self.why(agent, interaction_id),
            Command::Accept { interaction_id } => self.accept(agent, interaction_id),
            Command::Refuse { interaction_id, reason } => {
                self.refuse_offer(agent, interaction_id, reason.as_deref())
            }
            Command::Pull { skill } => self.pull(agent, skill.as_ref()),
            Command::Send { interaction_id, text, media, template, reply_to } => {
                let content = reply::Content { text, media, template, reply_to };
                self.send(agent, interaction_id, content)
            }
            Command::Retry { interaction_id, message_id, untranslated } => {
                self.retry(agent, interaction_id, message_id, untranslated)
            }
            Command::SetTranslation {
                interaction_id,
                my_language,
                their_language,
                translate_theirs,
                translate_mine,
            } => {
                let wanted =
                    translation::Wanted { my_language, their_language, translate_theirs, translate_mine };
                self.set_translation(agent, interaction_id, &wanted)
            }
            Command::Translate { interaction_id, message_id } => {
                self.translate_message(agent, interaction_id, message_id)
            }
            Command::React { interaction_id, message_id, emoji } => {
                self.react(agent, interaction_id, message_id, emoji)
            }
            Command::MarkRead { interaction_id } => self.mark_read(agent, interaction_id),
            Command::Typing { interaction_id } => self.typing(agent, interaction_id),
            Command::SaveDraft { interaction_id, mode, text, media, reply_to } => {
                let (agent_id, saved_at) = (agent.agent_id, self.now);
                let draft = Draft { interaction_id, agent_id, mode, text, media, reply_to, saved_at };
                self.save_draft(agent, draft)
            }
            Command::SetOutcome { interaction_id, status, disposition, note, tags } => {
                let outcome = outcome::Outcome { status, disposition, note, tags };
                self.set_outcome(agent, interaction_id, outcome)
            }
            Command::Close { interaction_id } => self.close(agent, interaction_id),
            Command::Detach { interaction_id } => self.detach_by(agent, interaction_id),
            Command::AddNote { interaction_id, message_id, text } => {
                self.note(agent, interaction_id, message_id, text)
            }
            Command::SendTranscript { interaction_id, email } => {
                self.send_transcript(agent, interaction_id, &email)
            }
            Command::AddTag { interaction_id, message_id, tag } => {
                self.add_tag(agent, interaction_id, message_id, &tag)
            }
            Command::RemoveTag { interaction_id, message_id, tag } => {
                self.remove_tag(agent, interaction_id, message_id, &tag)
            }
            Command::ListTags { prefix, limit } => Ok(self.list_tags(&prefix, limit)),
            Command::ExtendTimer { interaction_id } => self.extend_timer(agent, interaction_id),
            Command::Prefill { interaction_id } => self.prefill(agent, interaction_id),
            Command::Star { quick_reply_id, starred } => self.star(agent, quick_reply_id, starred),
            Command::ReadCredentials => Ok(login::credentials(agent)),
            Command::ChangePassword { old_hash, new_hash, login } => {
                self.change_password(agent, &old_hash, new_hash, &login)
            }
            Command::Share(command) => self.share(agent, command),
            Command::Supervise(command) => self.supervise(agent, command),
            Command::ListTemplates { channel_id } => self.list_templates(agent, &channel_id),
            Command::StartOutbound { contact_id, address, channel_id, skill, template, text, subject } => {
                let outbound =
                    outbound::Outbound { contact_id, address, channel_id, skill, template, text, subject };
                self.start_outbound(agent, outbound)
            }
            Command::Convert(conversion) => self.convert(agent, *conversion),
            Command::Snooze { interaction_id, until } => self.snooze(agent, interaction_id, until),
            Command::Snoozed => Ok(Answer::Page { views: self.snoozed(agent), next: None }),
            Command::AddMedia { media_id, mime, filename, size } => {
                self.upload(agent, media_id, &mime, filename.as_deref(), size)
            }
            Command::Search => self.sight(agent),
            Command::ReadMedia { media_id } => self.read_media(agent, &media_id),
            Command::Directory { book, query, limit } => self.directory(agent, book, &query, limit),
            Command::Contact(command) => self.contact_command(agent, command),
            Command::Bot(command) => self.bot_command(agent, command),
            Command::Administer(command) => self.administer_by(agent, command),
        }
    }
}

/// Whether a command is one that must act once: what only reads is not remembered.
fn changes_something(command: &Command) -> bool {
    match command {
        Command::Supervise(command) => command.changes(),
        Command::StartSession
        | Command::Inbox
        | Command::Get { .. }
        | Command::Why { .. }
        | Command::ListTemplates { .. }
        | Command::ListTags { .. }
        | Command::Prefill { .. }
        | Command::ReadCredentials
        | Command::Search
        | Command::ReadMedia { .. }
        | Command::Snoozed
        | Command::Directory { .. }
        | Command::Contact(ContactCommand::Get { .. })
        | Command::Typing { .. } => false,
        Command::SetState { .. }
        | Command::Accept { .. }
        | Command::Refuse { .. }
        | Command::Pull { .. }
        | Command::Send { .. }
        | Command::Retry { .. }
        | Command::React { .. }
        | Command::MarkRead { .. }
        | Command::SaveDraft { .. }
        | Command::SetOutcome { .. }
        | Command::Close { .. }
        | Command::Detach { .. }
        | Command::Share(_)
        | Command::Bot(_)
        | Command::AddNote { .. }
        | Command::SendTranscript { .. }
        | Command::AddTag { .. }
        | Command::RemoveTag { .. }
        | Command::ExtendTimer { .. }
        | Command::Star { .. }
        | Command::ChangePassword { .. }
        | Command::SetTranslation { .. }
        | Command::Translate { .. }
        | Command::StartOutbound { .. }
        | Command::AddMedia { .. }
        | Command::Convert(_)
        | Command::Snooze { .. }
        | Command::Contact(
            ContactCommand::Save { .. }
            | ContactCommand::Merge { .. }
            | ContactCommand::Part { .. }
            | ContactCommand::Block { .. }
            | ContactCommand::OptOut { .. },
        )
        | Command::Administer(_) => true,
    }
}
