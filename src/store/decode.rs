//! Rows read back, cell by cell, in the order of [`super::table`]. A row that makes no sense says which and why.

use std::fmt::Display;
use std::str::FromStr;

use serde::de::DeserializeOwned;

use super::backend::Cells;
use crate::domain::{
    Agent, Alias, Author, Contact, Draft, Interaction, Media, Message, Note, Role, Skill, Team, Template,
    Time, Transcript,
};
use crate::engine::{
    Audience, DecisionRow, Event, EventKind, LoginRow, RequestRow, ServiceLevelRow, StarRow, TagRow, TokenRow,
};
use crate::port::{StoreError, WorkRow};

/// A row and how far it was read.
pub(super) struct Reader<'a, R> {
    row: &'a R,
    at: usize,
    table: &'static str,
}

type Cell<T> = Result<T, StoreError>;

impl<'a, R: Cells> Reader<'a, R> {
    /// Begins with the first cell.
    pub(super) fn new(row: &'a R, table: &'static str) -> Self {
        Self { row, at: 0, table }
    }

    fn wrong(&self, problem: &dyn Display) -> StoreError {
        let key = self.row.int(0).map(|key| key.unwrap_or_default().to_string());
        let key = key.or_else(|_| self.row.text(0).map(Option::unwrap_or_default)).unwrap_or_default();
        StoreError::Inconsistent {
            table: self.table,
            row: key,
            problem: format!("cell {}: {problem}", self.at),
        }
    }

    fn take<T>(&mut self, cell: Result<Option<T>, R::Wrong>) -> Cell<Option<T>> {
        let value = cell.map_err(|error| self.wrong(&error))?;
        self.at += 1;
        Ok(value)
    }

    fn need<T>(&self, value: Option<T>) -> Cell<T> {
        value.ok_or_else(|| self.wrong(&"is empty"))
    }

    pub(super) fn opt_int(&mut self) -> Cell<Option<i64>> {
        self.take(self.row.int(self.at))
    }

    pub(super) fn int(&mut self) -> Cell<i64> {
        let value = self.opt_int()?;
        self.need(value)
    }

    /// A number of a smaller kind.
    fn small<T: TryFrom<i64, Error: Display>>(&mut self) -> Cell<T> {
        let value = self.int()?;
        T::try_from(value).map_err(|error| self.wrong(&error))
    }

    pub(super) fn time(&mut self) -> Cell<Time> {
        self.int().map(Time)
    }

    fn opt_time(&mut self) -> Cell<Option<Time>> {
        Ok(self.opt_int()?.map(Time))
    }

    pub(super) fn opt_text(&mut self) -> Cell<Option<String>> {
        self.take(self.row.text(self.at))
    }

    pub(super) fn text(&mut self) -> Cell<String> {
        let value = self.opt_text()?;
        self.need(value)
    }

    fn flag(&mut self) -> Cell<bool> {
        let value = self.take(self.row.flag(self.at))?;
        self.need(value)
    }

    /// A word or a named id.
    fn word<T: FromStr<Err: Display>>(&mut self) -> Cell<T> {
        let value = self.opt_word()?;
        self.need(value)
    }

    fn opt_word<T: FromStr<Err: Display>>(&mut self) -> Cell<Option<T>> {
        let text = self.opt_text()?;
        text.map(|text| text.parse().map_err(|error| self.wrong(&error))).transpose()
    }

    pub(super) fn json<T: DeserializeOwned>(&mut self) -> Cell<T> {
        let value = self.opt_json()?;
        self.need(value)
    }

    fn opt_json<T: DeserializeOwned>(&mut self) -> Cell<Option<T>> {
        let text = self.opt_text()?;
        text.map(|text| serde_json::from_str(&text).map_err(|error| self.wrong(&error))).transpose()
    }
}

/// The one number of a row.
pub(super) fn number<R: Cells>(r: &mut Reader<'_, R>) -> Cell<i64> {
    r.int()
}

/// The one text of a row.
pub(super) fn words<R: Cells>(r: &mut Reader<'_, R>) -> Cell<String> {
    r.text()
}

/// The column by which merged contacts are found stands between; what it says is in the last one too.
pub(super) fn contact<R: Cells>(r: &mut Reader<'_, R>) -> Cell<Contact> {
    Ok(Contact {
        contact_id: crate::domain::ContactId(r.int()?),
        name: r.text()?,
        language: r.opt_text()?,
        vip: r.flag()?,
        blocked: r.flag()?,
        opted_out: r.flag()?,
        created_at: r.time()?,
        attributes: r.json()?,
        merged: {
            r.opt_int()?;
            r.opt_json()?
        },
    })
}

pub(super) fn alias<R: Cells>(r: &mut Reader<'_, R>) -> Cell<Alias> {
    Ok(Alias {
        kind: r.word()?,
        alias_kind: r.word()?,
        value: r.text()?,
        identity_id: crate::domain::IdentityId(r.int()?),
        contact_id: crate::domain::ContactId(r.int()?),
    })
}

pub(super) fn interaction<R: Cells>(r: &mut Reader<'_, R>) -> Cell<Interaction> {
    use crate::domain::{AgentId, ContactId, IdentityId, InteractionId, MessageId};
    Ok(Interaction {
        interaction_id: InteractionId(r.int()?),
        channel_id: r.word()?,
        kind: r.word()?,
        contact_id: ContactId(r.int()?),
        identity_id: IdentityId(r.int()?),
        address: r.text()?,
        previous_id: r.opt_int()?.map(InteractionId),
        outbound: r.flag()?,
        status: r.word()?,
        ownership: r.word()?,
        agent_id: r.opt_int()?.map(AgentId),
        last_agent_id: r.opt_int()?.map(AgentId),
        consulted: r.json()?,
        skill: r.opt_word()?,
        waiting: r.opt_json()?,
        language: r.opt_text()?,
        window_ends_at: r.opt_time()?,
        window_told: r.small()?,
        timers: r.json()?,
        unread: r.small()?,
        last_message_id: r.opt_int()?.map(MessageId),
        last_line: r.text()?,
        last_message_at: r.opt_time()?,
        unanswered_since: r.opt_time()?,
        answered: r.flag()?,
        disposition: r.opt_text()?,
        tags: r.json()?,
        created_at: r.time()?,
        assigned_at: r.opt_time()?,
        status_since: r.time()?,
        accepted_at: r.opt_time()?,
        answered_at: r.opt_time()?,
        ended_at: r.opt_time()?,
        translation: r.opt_json()?,
        revision: r.int()?,
        kept: r.json()?,
        subject: r.opt_text()?,
        converted_from: r.opt_int()?.map(InteractionId),
        transfer: r.opt_json()?,
    })
}

/// The few cells that reports and exports need.
pub(super) fn work<R: Cells>(r: &mut Reader<'_, R>) -> Cell<WorkRow> {
    use crate::domain::{AgentId, ContactId, InteractionId};
    Ok(WorkRow {
        interaction_id: InteractionId(r.int()?),
        channel_id: r.word()?,
        kind: r.word()?,
        contact_id: ContactId(r.int()?),
        outbound: r.flag()?,
        status: r.word()?,
        skill: r.opt_word()?,
        agent_id: r.opt_int()?.map(AgentId),
        last_agent_id: r.opt_int()?.map(AgentId),
        disposition: r.opt_text()?,
        tags: r.json()?,
        created_at: r.time()?,
        accepted_at: r.opt_time()?,
        answered_at: r.opt_time()?,
        status_since: r.time()?,
        ended_at: r.opt_time()?,
    })
}

/// The two cells that tell an author, so that "who wrote most" is a plain query.
pub(super) fn author_cells(author: &Author) -> (&'static str, Option<i64>) {
    match author {
        Author::Contact => ("contact", None),
        Author::Agent(agent_id) => ("agent", Some(agent_id.0)),
        Author::System => ("system", None),
        Author::Elsewhere => ("elsewhere", None),
    }
}

fn author<R: Cells>(r: &mut Reader<'_, R>) -> Cell<Author> {
    let (word, agent_id) = (r.text()?, r.opt_int()?);
    match (word.as_str(), agent_id) {
        ("contact", None) => Ok(Author::Contact),
        ("agent", Some(agent_id)) => Ok(Author::Agent(crate::domain::AgentId(agent_id))),
        ("system", None) => Ok(Author::System),
        ("elsewhere", None) => Ok(Author::Elsewhere),
        (_, _) => Err(r.wrong(&"an author must be contact, agent (with its id), system or elsewhere")),
    }
}

/// The channel account's column stands between, for the provider's id; a message itself does not carry it.
pub(super) fn message<R: Cells>(r: &mut Reader<'_, R>) -> Cell<Message> {
    use crate::domain::{InteractionId, MessageId, Span};
    let (message_id, interaction_id) = (MessageId(r.int()?), InteractionId(r.int()?));
    r.text()?;
    Ok(Message {
        message_id,
        interaction_id,
        direction: r.word()?,
        author: author(r)?,
        kind: r.word()?,
        text: r.text()?,
        media: r.json()?,
        data: r.text()?,
        template: r.opt_json()?,
        reply_to: r.opt_int()?.map(MessageId),
        forwarded: r.flag()?,
        edited: r.flag()?,
        deleted: r.flag()?,
        reactions: r.json()?,
        state: r.word()?,
        error: r.opt_json()?,
        translation: r.opt_json()?,
        provider_id: r.opt_text()?,
        attempts: r.small()?,
        retry_at: r.opt_time()?,
        backoff: Span(r.int()?),
        sent_at: r.time()?,
        created_at: r.time()?,
        tags: r.opt_json()?.unwrap_or_default(),
    })
}

pub(super) fn media<R: Cells>(r: &mut Reader<'_, R>) -> Cell<Media> {
    Ok(Media {
        media_id: r.word()?,
        message_id: r.opt_int()?.map(crate::domain::MessageId),
        agent_id: r.opt_int()?.map(crate::domain::AgentId),
        mime: r.text()?,
        filename: r.opt_text()?,
        caption: r.opt_text()?,
        size: r.opt_int()?,
        voice: r.flag()?,
        state: r.word()?,
        channel_id: r.opt_word()?,
        provider_media_id: r.opt_text()?,
        attempts: r.small()?,
        retry_at: r.opt_time()?,
        created_at: r.time()?,
    })
}

pub(super) fn note<R: Cells>(r: &mut Reader<'_, R>) -> Cell<Note> {
    use crate::domain::{AgentId, InteractionId, MessageId, NoteId};
    Ok(Note {
        note_id: NoteId(r.int()?),
        interaction_id: InteractionId(r.int()?),
        message_id: r.opt_int()?.map(MessageId),
        agent_id: r.opt_int()?.map(AgentId),
        text: r.text()?,
        created_at: r.time()?,
    })
}

pub(super) fn draft<R: Cells>(r: &mut Reader<'_, R>) -> Cell<Draft> {
    Ok(Draft {
        interaction_id: crate::domain::InteractionId(r.int()?),
        agent_id: crate::domain::AgentId(r.int()?),
        text: r.text()?,
        media: r.json()?,
        saved_at: r.time()?,
        mode: r.word()?,
        reply_to: r.opt_int()?.map(crate::domain::MessageId),
    })
}

pub(super) fn transcript<R: Cells>(r: &mut Reader<'_, R>) -> Cell<Transcript> {
    Ok(Transcript {
        transcript_id: crate::domain::TranscriptId(r.int()?),
        interaction_id: crate::domain::InteractionId(r.int()?),
        agent_id: crate::domain::AgentId(r.int()?),
        email: r.text()?,
        language: r.text()?,
        last_message_id: crate::domain::MessageId(r.int()?),
        state: r.word()?,
        attempts: r.small()?,
        retry_at: r.opt_time()?,
        reason: r.opt_text()?,
        created_at: r.time()?,
        settled_at: r.opt_time()?,
    })
}

pub(super) fn tag<R: Cells>(r: &mut Reader<'_, R>) -> Cell<TagRow> {
    Ok(TagRow { tag: r.text()?, uses: r.int()? })
}

pub(super) fn star<R: Cells>(r: &mut Reader<'_, R>) -> Cell<StarRow> {
    Ok(StarRow { agent_id: crate::domain::AgentId(r.int()?), quick_reply_id: r.text()?, starred: r.flag()? })
}

pub(super) fn agent<R: Cells>(r: &mut Reader<'_, R>) -> Cell<Agent> {
    Ok(Agent {
        agent_id: crate::domain::AgentId(r.int()?),
        login: r.text()?,
        name: r.text()?,
        role: r.word()?,
        password_hash: r.text()?,
        skills: r.json()?,
        teams: r.json()?,
        capacity: r.json()?,
        state: r.word()?,
        reason: r.opt_text()?,
        state_since: r.time()?,
        idle_since: r.time()?,
        missed_offers: r.small()?,
        removed: r.flag()?,
        watching: r.json()?,
        bot: r.flag()?,
    })
}

/// Permissions and kinds of a newer version are left out: the version before must be able to run.
pub(super) fn role<R: Cells>(r: &mut Reader<'_, R>) -> Cell<Role> {
    let (role, title) = (r.word()?, r.text()?);
    let (permissions, kinds): (Vec<String>, Vec<String>) = (r.json()?, r.json()?);
    Ok(Role {
        role,
        title,
        permissions: permissions.iter().filter_map(|word| word.parse().ok()).collect(),
        kinds: kinds.iter().filter_map(|word| word.parse().ok()).collect(),
    })
}

pub(super) fn skill<R: Cells>(r: &mut Reader<'_, R>) -> Cell<Skill> {
    Ok(Skill {
        skill: r.word()?,
        title: r.text()?,
        offer: crate::domain::Span(r.int()?),
        auto_accept: r.flag()?,
        outbound: r.json()?,
        dispositions: r.json()?,
        disposition_required: r.flag()?,
    })
}

pub(super) fn team<R: Cells>(r: &mut Reader<'_, R>) -> Cell<Team> {
    Ok(Team { team: r.word()?, title: r.text()? })
}

pub(super) fn template<R: Cells>(r: &mut Reader<'_, R>) -> Cell<Template> {
    Ok(Template {
        channel_id: r.word()?,
        name: r.text()?,
        language: r.text()?,
        category: r.text()?,
        status: r.text()?,
        parameter_format: r.word()?,
        header_format: r.opt_word()?,
        header: r.opt_text()?,
        body: r.text()?,
        footer: r.opt_text()?,
        buttons: r.json()?,
    })
}

pub(super) fn request<R: Cells>(r: &mut Reader<'_, R>) -> Cell<RequestRow> {
    Ok(RequestRow {
        agent_id: crate::domain::AgentId(r.int()?),
        request_id: r.text()?,
        hash: r.text()?,
        answer: r.text()?,
        expires_at: r.time()?,
    })
}

pub(super) fn decision<R: Cells>(r: &mut Reader<'_, R>) -> Cell<DecisionRow> {
    Ok(DecisionRow {
        decision_id: crate::domain::DecisionId(r.int()?),
        interaction_id: crate::domain::InteractionId(r.int()?),
        time: r.time()?,
        question: r.text()?,
        facts: r.text()?,
        answer: r.text()?,
        generation: r.int()?,
        at: r.opt_text()?,
        error: r.opt_text()?,
        reasons: r.text()?,
        sentence: r.text()?,
    })
}

pub(super) fn service_level<R: Cells>(r: &mut Reader<'_, R>) -> Cell<ServiceLevelRow> {
    Ok(ServiceLevelRow {
        skill: r.word()?,
        time: r.time()?,
        accepted: r.int()?,
        in_time: r.int()?,
        waited: crate::domain::Span(r.int()?),
    })
}

pub(super) fn login<R: Cells>(r: &mut Reader<'_, R>) -> Cell<LoginRow> {
    Ok(LoginRow { hash: r.text()?, agent_id: crate::domain::AgentId(r.int()?), expires_at: r.time()? })
}

pub(super) fn token<R: Cells>(r: &mut Reader<'_, R>) -> Cell<TokenRow> {
    Ok(TokenRow {
        name: r.text()?,
        hash: r.text()?,
        agent_id: crate::domain::AgentId(r.int()?),
        created_at: r.time()?,
    })
}

/// The agents of an event as its column holds them: `,3,7,`, so that `LIKE '%,3,%'` finds one.
pub(super) fn agents_cell(audience: &Audience) -> String {
    use std::fmt::Write;
    let mut cell = String::new();
    for agent_id in &audience.agents {
        // Writing to a String can't fail.
        let _written = write!(cell, ",{}", agent_id.0);
    }
    if !cell.is_empty() {
        cell.push(',');
    }
    cell
}

/// The type's column stands between, for people; the payload tells it too.
pub(super) fn event<R: Cells>(r: &mut Reader<'_, R>) -> Cell<Event> {
    let (seq, time) = (r.int()?, r.time()?);
    let interaction_id = r.opt_int()?.map(crate::domain::InteractionId);
    let revision = r.int()?;
    r.text()?;
    let agents = r.text()?;
    let agents = agents
        .split(',')
        .filter(|id| !id.is_empty())
        .map(|id| id.parse().map(crate::domain::AgentId).map_err(|error| r.wrong(&error)))
        .collect::<Result<_, _>>()?;
    let audience = Audience { agents, supervisors: r.flag()?, administrators: r.flag()? };
    let kind: EventKind = r.json()?;
    Ok(Event { seq, time, interaction_id, revision, kind, audience })
}
