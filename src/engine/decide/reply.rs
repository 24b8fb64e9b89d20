//! An agent answers: free text and files inside the window, templates at any time (SPEC §4, §5.2).

use std::sync::Arc;

use super::access::not_closed;
use super::inbound::blank;
use crate::domain::{
    Abilities, Agent, AgentId, Author, Choice, DeliveryState, Direction, DraftMode, Interaction,
    InteractionId, Media, MediaId, MediaState, Message, MessageId, MessageKind, TemplateValues,
    check_template, render_template,
};
use crate::engine::limits::{MEDIA_PER_SEND, QUEUED_PER_RECIPIENT, TYPING, fits};
use crate::engine::turn::{About, Turn, refuse};
use crate::engine::{Answer, Effect, EventKind, EventRow, Refusal, RefusalKind, Reply};

/// What an agent wants to send.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) text: Option<String>,
    pub(super) media: Vec<(MediaId, Option<String>)>,
    pub(super) template: Option<TemplateValues>,
    pub(super) reply_to: Option<MessageId>,
}

impl Content {
    /// Whether there is nothing to send.
    pub(super) fn is_empty(&self) -> bool {
        let says = self.text.as_ref().is_some_and(|text| !text.trim().is_empty());
        !says && self.media.is_empty() && self.template.is_none()
    }
}

/// One message to be made.
#[derive(Debug)]
pub(super) struct Piece {
    kind: MessageKind,
    text: String,
    media: Option<Media>,
    template: Option<TemplateValues>,
    /// What the contact may choose from.
    pub(super) choices: Vec<Choice>,
}

impl Piece {
    fn text(text: String) -> Self {
        Self { kind: MessageKind::Text, text, media: None, template: None, choices: Vec::new() }
    }
}

impl Turn<'_> {
    pub(super) fn send(&mut self, agent: &Agent, interaction_id: InteractionId, content: Content) -> Reply {
        let row = self.own(agent, interaction_id)?;
        not_closed(&row)?;
        self.window_for(&row, content.template.is_some())?;
        let reply_to = match content.reply_to {
            Some(message_id) => Some(self.message_of(&row, message_id)?.message_id),
            None => None,
        };
        let pieces = self.pieces(agent, &row, content)?;
        if self.queued_for(&row) + pieces.len() > QUEUED_PER_RECIPIENT {
            let message = format!(
                "{QUEUED_PER_RECIPIENT} messages to this contact wait already; wait until they have left"
            );
            return refuse(RefusalKind::RateLimited, message);
        }
        self.may_translate_mine(
            &row,
            pieces.iter().filter(|piece| piece.template.is_none()).map(|piece| piece.text.as_str()),
        )?;
        let author = Author::Agent(agent.agent_id);
        let ids: Vec<MessageId> = pieces
            .into_iter()
            .enumerate()
            .map(|(at, piece)| self.write(&row, &author, piece, reply_to.filter(|_| at == 0)))
            .collect();
        for message_id in &ids {
            self.agent_answered(interaction_id, *message_id);
            self.translate_mine(&row, *message_id);
            self.launch(&row, *message_id);
        }
        self.drop_draft(agent, interaction_id, DraftMode::Reply);
        // The message takes the typing sign away over there; the next word shows it again.
        if let Some(work) = self.world.works.get_mut(&interaction_id) {
            work.typing_at = None;
        }
        let rows = ids.iter().filter_map(|id| self.world.message(*id));
        Ok(Answer::Messages(rows.map(|kept| Arc::clone(&kept.row)).collect()))
    }

    /// Refuses free text where only a template may go.
    pub(super) fn window_for(&self, row: &Interaction, template: bool) -> Result<(), Refusal> {
        if template {
            return Ok(());
        }
        if !self.free_text_allowed(row) {
            return refuse(RefusalKind::WindowClosed, "the service window is closed; send a template");
        }
        let strict = self
            .world
            .channel(&row.channel_id)
            .is_some_and(|channel| channel.require_template_for_first_reply && channel.abilities.templates);
        if strict && !row.answered {
            return refuse(
                RefusalKind::TemplateRequired,
                "the first answer on this channel must be a template",
            );
        }
        Ok(())
    }

    /// The messages that a send comes to, all checked.
    pub(super) fn pieces(
        &self,
        agent: &Agent,
        row: &Interaction,
        content: Content,
    ) -> Result<Vec<Piece>, Refusal> {
        let text = content.text.filter(|text| !text.trim().is_empty());
        if let Some(values) = content.template {
            if text.is_some() || !content.media.is_empty() {
                let message = "a template goes alone; send text and files as a message of their own";
                return Err(Refusal::new(RefusalKind::Invalid, message).field("template"));
            }
            return Ok(vec![self.template_piece(agent, row, values)?]);
        }
        if text.is_none() && content.media.is_empty() {
            return Err(Refusal::new(RefusalKind::Invalid, "there is nothing to send").field("text"));
        }
        let Some(abilities) = self.world.channel(&row.channel_id).map(|channel| &channel.abilities) else {
            return refuse(RefusalKind::NotFound, format!("there is no channel {} any more", row.channel_id));
        };
        if content.media.len() > MEDIA_PER_SEND {
            let message = format!("at most {MEDIA_PER_SEND} files go in one send");
            return Err(Refusal::new(RefusalKind::TooLarge, message).field("media"));
        }
        if !content.media.is_empty() && !abilities.media {
            return refuse(RefusalKind::Unsupported, "this channel carries no files");
        }
        if let Some(text) = &text {
            if abilities.text_max == 0 {
                return refuse(RefusalKind::Unsupported, "this channel carries no text");
            }
            fits("text", text, abilities.text_max)?;
        }
        let mut files = Vec::new();
        for (media_id, caption) in content.media {
            let caption = caption.filter(|caption| !caption.trim().is_empty());
            if let Some(caption) = &caption {
                fits("caption", caption, abilities.caption_max)?;
            }
            let mut media = self.uploaded(agent, &media_id)?;
            check_file(abilities, &media)?;
            if files.iter().any(|other: &Media| other.media_id == media.media_id) {
                return Err(Refusal::new(RefusalKind::Invalid, "the same file is named twice").field("media"));
            }
            media.caption = caption;
            files.push(media);
        }
        let mut text = text;
        if let ([only], Some(words)) = (files.as_mut_slice(), &text)
            && only.caption.is_none()
            && words.chars().count() <= abilities.caption_max
            && kind_of(&only.mime) != MessageKind::Audio
        {
            only.caption = text.take();
        }
        let words = text.map(Piece::text);
        let files = files.into_iter().map(|media| Piece {
            kind: kind_of(&media.mime),
            text: media.caption.clone().unwrap_or_default(),
            media: Some(media),
            template: None,
            choices: Vec::new(),
        });
        Ok(words.into_iter().chain(files).collect())
    }

    fn template_piece(
        &self,
        agent: &Agent,
        row: &Interaction,
        values: TemplateValues,
    ) -> Result<Piece, Refusal> {
        let able = self.world.channel(&row.channel_id).is_some_and(|channel| channel.abilities.templates);
        if !able {
            return refuse(RefusalKind::Unsupported, "this channel has no templates");
        }
        let templates = self.world.templates.get(&row.channel_id);
        let found = templates.and_then(|all| {
            all.iter().find(|one| one.name == values.name && one.language == values.language)
        });
        let Some(template) = found else {
            let message =
                format!("there is no template {:?} in the language {:?}", values.name, values.language);
            return Err(Refusal::new(RefusalKind::TemplateInvalid, message).field("name"));
        };
        if let Err(error) = check_template(template, &values) {
            return Err(Refusal::new(RefusalKind::TemplateInvalid, error.to_string()).field(error.field));
        }
        let media = match &values.header_media {
            Some(media_id) => Some(self.uploaded(agent, media_id)?),
            None => None,
        };
        let text = render_template(template, &values);
        Ok(Piece { kind: MessageKind::Template, text, media, template: Some(values), choices: Vec::new() })
    }

    /// A file that the caller uploaded and has not sent yet.
    fn uploaded(&self, agent: &Agent, media_id: &MediaId) -> Result<Media, Refusal> {
        let known = self.world.media.get(media_id).map(|kept| &kept.row);
        let media = known.or_else(|| self.cold.media.get(media_id));
        let Some(media) = media.filter(|media| media.agent_id == Some(agent.agent_id)) else {
            return refuse(RefusalKind::NotFound, "there is no such file among those you uploaded");
        };
        if media.state != MediaState::Stored || media.message_id.is_some() {
            let message = "this file was sent already, or is not stored yet; upload it again";
            return Err(Refusal::new(RefusalKind::Invalid, message).field("media"));
        }
        Ok(media.clone())
    }

    /// A message of this interaction, in memory or loaded.
    pub(super) fn message_of(
        &self,
        row: &Interaction,
        message_id: MessageId,
    ) -> Result<Arc<Message>, Refusal> {
        let known = self.world.message(message_id).map(|kept| Arc::clone(&kept.row));
        let message = known.or_else(|| self.cold.messages.get(&message_id).cloned().map(Arc::new));
        if let Some(message) = message.filter(|message| message.interaction_id == row.interaction_id) {
            Ok(message)
        } else {
            let message = format!("there is no message {message_id} in {}", row.interaction_id);
            refuse(RefusalKind::NotFound, message)
        }
    }

    /// Makes a message and stores it as `queued`.
    pub(super) fn write(
        &mut self,
        row: &Interaction,
        author: &Author,
        piece: Piece,
        reply_to: Option<MessageId>,
    ) -> MessageId {
        let message_id = MessageId(self.next_id());
        let mut message = blank(message_id, row.interaction_id, self.now);
        message.author = author.clone();
        message.kind = piece.kind;
        message.text = piece.text;
        message.template = piece.template;
        message.reply_to = reply_to;
        if !piece.choices.is_empty() {
            message.data = serde_json::json!({ "choices": piece.choices }).to_string();
        }
        if let Some(mut media) = piece.media {
            media.message_id = Some(message_id);
            self.put_media(media.clone());
            message.media.push(media);
        }
        self.add_message(&row.channel_id, message);
        message_id
    }

    /// Lets a message leave, at once if it may, then tells of it in the state that it has by now.
    pub(super) fn launch(&mut self, row: &Interaction, message_id: MessageId) {
        self.submit(row, message_id, false);
        self.message_added(message_id);
    }

    /// An automatic reply of a script. It stops no agent timer: nobody has looked yet.
    pub(crate) fn send_system_text(&mut self, row: &Interaction, text: String) {
        let piece = Piece::text(text);
        let message_id = self.write(row, &Author::System, piece, None);
        self.launch(row, message_id);
    }

    /// Tries a message again whose fate is failure, or not known.
    pub(super) fn retry(
        &mut self,
        agent: &Agent,
        interaction_id: InteractionId,
        message_id: MessageId,
        untranslated: bool,
    ) -> Reply {
        let row = self.own(agent, interaction_id)?;
        let message = self.message_of(&row, message_id)?;
        not_closed(&row)?;
        self.window_for(&row, message.kind == MessageKind::Template)?;
        let may = message.direction == Direction::Out
            && matches!(message.state, DeliveryState::Failed | DeliveryState::Unknown);
        if !may {
            let text = format!(
                "{message_id} is {}; only failed messages and those of unknown fate are tried again",
                message.state
            );
            return refuse(RefusalKind::AlreadyDone, text);
        }
        if self.queued_for(&row) >= QUEUED_PER_RECIPIENT {
            return refuse(RefusalKind::RateLimited, "too many messages to this contact wait already");
        }
        self.may_retry_translation(&message, untranslated)?;
        self.adopt_message(&row.channel_id, message_id);
        self.edit_message(message_id, |message| {
            message.state = DeliveryState::Queued;
            message.error = None;
            message.provider_id = None;
            message.retry_at = None;
            message.backoff = crate::domain::Span(0);
        });
        self.retry_translation(&message, untranslated);
        if message.author != Author::System {
            self.agent_answered(interaction_id, message_id);
        }
        self.submit(&row, message_id, false);
        self.message_changed(message_id);
        Ok(Answer::Messages(
            self.world.message(message_id).map(|kept| Arc::clone(&kept.row)).into_iter().collect(),
        ))
    }

    /// The agent has read everything; the contact's phone is told.
    pub(super) fn mark_read(&mut self, agent: &Agent, interaction_id: InteractionId) -> Reply {
        let row = self.own(agent, interaction_id)?;
        if row.unread > 0 {
            self.edit(interaction_id, |row| row.unread = 0);
            let kind = EventKind::InteractionRead { agent_id: agent.agent_id };
            self.event(interaction_id, kind, About::default());
            self.tell_read(&row, false);
        }
        self.interaction_answer(interaction_id)
    }

    fn tell_read(&mut self, row: &Interaction, typing: bool) {
        let able = self
            .world
            .channel(&row.channel_id)
            .is_some_and(|channel| channel.abilities.receipts && (!typing || channel.abilities.typing));
        let Some(message_id) = row.kept.last_in.filter(|_| able) else { return };
        let Ok(message) = self.message_of(row, message_id) else { return };
        if let Some(provider_id) = message.provider_id.clone() {
            self.effects.push(Effect::MarkRead { channel_id: row.channel_id.clone(), provider_id, typing });
        }
    }

    /// The agent types: colleagues see it at once, the contact's phone now and then.
    pub(super) fn typing(&mut self, agent: &Agent, interaction_id: InteractionId) -> Reply {
        let row = self.own(agent, interaction_id)?;
        not_closed(&row)?;
        let now = self.now;
        let due = self.world.works.get_mut(&interaction_id).is_some_and(|work| {
            let due = work.typing_at.is_none_or(|at| now >= at + TYPING);
            if due {
                work.typing_at = Some(now);
            }
            due
        });
        if due && self.free_text_allowed(&row) {
            self.tell_read(&row, true);
        }
        self.tell_typing(row, Some(agent.agent_id));
        Ok(Answer::Done)
    }

    /// Somebody types: an agent, or (`None`) the contact. It passes and is never stored.
    pub(super) fn tell_typing(&mut self, row: Arc<Interaction>, agent_id: Option<AgentId>) {
        let contact = self.contact(row.contact_id);
        self.passing.push(EventRow {
            event: crate::engine::Event {
                seq: 0,
                time: self.now,
                interaction_id: Some(row.interaction_id),
                revision: row.revision,
                kind: EventKind::Typing { agent_id },
                audience: self.audience(&row, None),
            },
            interaction: Some(row),
            contact,
            message: None,
            note: None,
            agent: None,
            draft: None,
        });
    }
}

/// Refuses files that the channel does not carry.
fn check_file(abilities: &Abilities, media: &Media) -> Result<(), Refusal> {
    if !abilities.carries(&media.mime) {
        let message = format!("this channel carries no files of the type {}", media.mime);
        return Err(Refusal::new(RefusalKind::Unsupported, message).field("media"));
    }
    if media.size.is_some_and(|size| size > abilities.media_max) {
        let message = format!("a file on this channel has at most {} bytes", abilities.media_max);
        return Err(Refusal::new(RefusalKind::TooLarge, message).field("media"));
    }
    Ok(())
}

/// What a file is sent as.
fn kind_of(mime: &str) -> MessageKind {
    match mime.split('/').next() {
        Some("image") => MessageKind::Image,
        Some("audio") => MessageKind::Audio,
        Some("video") => MessageKind::Video,
        _ => MessageKind::Document,
    }
}
