//! A batch's rows, table by table in a fixed order, and which cell each field fills. How they travel to the database is
//! the database's business.

use super::backend::Argument;
use super::decode::{agents_cell, author_cells};
use super::encode::{Row, list};
use super::sql::Sql;
use super::table::{self, Table};
use crate::domain::{ChannelId, Draft, Interaction, Media, Message, Skill, Template, Transcript};
use crate::engine::{Batch, EventRow, Forget, Rows, TagRow};
use crate::port::StoreError;

/// What takes a batch's rows down, table by table.
pub(super) trait Script {
    /// The statements of its database.
    fn sql(&self) -> &'static Sql;
    /// Writes rows of a table.
    fn add<T>(
        &mut self,
        table: &Table,
        items: impl IntoIterator<Item = T>,
        write: impl Fn(&mut Row<'_>, T),
    ) -> Result<(), StoreError>;
    /// Runs a statement with one parameter.
    fn run(&mut self, sql: &'static str, argument: Argument) -> Result<(), StoreError>;
    /// Runs one that takes a list of keys, if there are any.
    fn delete(&mut self, sql: &'static str, keys: &[impl serde::Serialize]) -> Result<(), StoreError> {
        if keys.is_empty() { Ok(()) } else { self.run(sql, list(keys)?.into()) }
    }
}

/// What the writer's own statement takes: the batch's place, and who we are.
pub(super) fn place(batch: &Batch, epoch: i64) -> [Argument; 4] {
    let seq = batch.events.last().map_or(0, |row| row.event.seq);
    [batch.number.into(), batch.next_id.into(), seq.into(), epoch.into()]
}

/// Takes down every row of a batch.
pub(super) fn batch(script: &mut impl Script, batch: &Batch) -> Result<(), StoreError> {
    contacts(script, &batch.rows)?;
    people(script, &batch.rows)?;
    work(script, &batch.rows)?;
    logins(script, &batch.rows)?;
    script.add(&table::EVENTS, &batch.events, event)?;
    oversight(script, &batch.rows)?;
    if let Some(forget) = batch.rows.forget {
        forget_old(script, &forget)?;
    }
    Ok(())
}

/// Who did what; and, last of all, what is erased: also what this very batch wrote of it.
fn oversight(script: &mut impl Script, rows: &Rows) -> Result<(), StoreError> {
    script.add(&table::AUDIT, &rows.audit, |row, act| {
        row.put(&act.audit_id)
            .put(&act.time)
            .put(&act.agent_id)
            .put(&act.action)
            .put(&act.object)
            .put(&act.detail);
    })?;
    script.add(&table::ERASED_FILES, &rows.erased_files, |row, media_id| {
        row.put(media_id);
    })?;
    script.delete(&script.sql().delete_erased_files, &rows.removed_files)?;
    if !rows.erased.is_empty() {
        let contacts = list(&rows.erased)?;
        for step in &script.sql().erase.contacts {
            script.run(step, contacts.clone().into())?;
        }
    }
    Ok(())
}

fn forget_old(script: &mut impl Script, forget: &Forget) -> Result<(), StoreError> {
    let sql = script.sql();
    for (statement, before) in [
        (&sql.forget_dedupe, forget.expired),
        (&sql.forget_requests, forget.expired),
        (&sql.forget_logins, forget.expired),
        (&sql.forget_events, forget.events),
        (&sql.forget_decisions, forget.decisions),
        (&sql.forget_audit, forget.audit),
        (&sql.forget_raw, forget.raw),
        (&sql.forget_service_levels, forget.expired),
    ] {
        script.run(statement, before.0.into())?;
    }
    if let Some(before) = forget.content {
        for step in &sql.erase.ended {
            script.run(step, before.0.into())?;
        }
    }
    Ok(())
}

fn contacts(script: &mut impl Script, rows: &Rows) -> Result<(), StoreError> {
    script.add(&table::CONTACTS, &rows.contacts, |row, contact| {
        row.put(&contact.contact_id)
            .put(&contact.name)
            .put(&contact.language)
            .put(&contact.vip)
            .put(&contact.blocked)
            .put(&contact.opted_out)
            .put(&contact.created_at)
            .put(&contact.attributes)
            .put(&contact.merged.as_ref().map(|merged| merged.into))
            .put(&contact.merged);
    })?;
    script.delete(&script.sql().delete_contact_words, &rows.contact_words_gone)?;
    script.add(&table::CONTACT_WORDS, &rows.contact_words, |row, (word, contact_id)| {
        row.put(word).put(contact_id);
    })?;
    script.add(&table::ALIASES, &rows.aliases, |row, alias| {
        row.put(&alias.kind)
            .put(&alias.alias_kind)
            .put(&alias.value)
            .put(&alias.identity_id)
            .put(&alias.contact_id);
    })
}

fn people(script: &mut impl Script, rows: &Rows) -> Result<(), StoreError> {
    script.add(&table::AGENTS, &rows.agents, |row, agent| {
        row.put(&agent.agent_id)
            .put(&agent.login)
            .put(&agent.name)
            .put(&agent.role)
            .put(&agent.password_hash)
            .put(&agent.skills)
            .put(&agent.teams)
            .put(&agent.capacity)
            .put(&agent.state)
            .put(&agent.reason)
            .put(&agent.state_since)
            .put(&agent.idle_since)
            .put(&agent.missed_offers)
            .put(&agent.removed)
            .put(&agent.watching)
            .put(&agent.bot);
    })?;
    script.delete(&script.sql().delete_roles, &rows.roles_removed)?;
    script.add(&table::ROLES, &rows.roles, |row, role| {
        row.put(&role.role).put(&role.title).put(&role.permissions).put(&role.kinds);
    })?;
    script.delete(&script.sql().delete_skills, &rows.skills_removed)?;
    script.delete(&script.sql().delete_teams, &rows.teams_removed)?;
    script.add(&table::SKILLS, &rows.skills, skill)?;
    script.add(&table::TEAMS, &rows.teams, |row, team| {
        row.put(&team.team).put(&team.title);
    })?;
    let channels: Vec<&ChannelId> = rows.templates.iter().map(|(channel_id, _)| channel_id).collect();
    script.delete(&script.sql().delete_templates, &channels)?;
    script.add(&table::TEMPLATES, rows.templates.iter().flat_map(|(_, templates)| templates), template)
}

fn work(script: &mut impl Script, rows: &Rows) -> Result<(), StoreError> {
    script.add(&table::INTERACTIONS, &rows.interactions, |row, interaction| {
        self::interaction(row, interaction);
    })?;
    script.add(&table::MESSAGES, &rows.messages, |row, (channel_id, message)| {
        self::message(row, channel_id, message);
    })?;
    script.add(&table::MEDIA, &rows.media, media)?;
    script.add(&table::NOTES, &rows.notes, |row, note| {
        row.put(&note.note_id)
            .put(&note.interaction_id)
            .put(&note.message_id)
            .put(&note.agent_id)
            .put(&note.text)
            .put(&note.created_at);
    })?;
    let (gone, kept): (Vec<&Draft>, Vec<&Draft>) = rows.drafts.iter().partition(|draft| draft.is_empty());
    let gone: Vec<_> = gone.iter().map(|draft| (draft.interaction_id, draft.agent_id)).collect();
    script.delete(&script.sql().delete_drafts, &gone)?;
    script.add(&table::DRAFTS, kept, |row, draft| {
        row.put(&draft.interaction_id)
            .put(&draft.agent_id)
            .put(&draft.text)
            .put(&draft.media)
            .put(&draft.saved_at)
            .put(&draft.mode)
            .put(&draft.reply_to);
    })?;
    script.add(&table::TRANSCRIPTS, &rows.transcripts, transcript)?;
    choices(script, rows)?;
    script.add(&table::SERVICE_LEVELS, &rows.service_levels, |row, level| {
        row.put(&level.skill).put(&level.time).put(&level.accepted).put(&level.in_time).put(&level.waited);
    })?;
    script.add(&table::DECISIONS, &rows.decisions, |row, decision| {
        row.put(&decision.decision_id)
            .put(&decision.interaction_id)
            .put(&decision.time)
            .put(&decision.question)
            .put(&decision.facts)
            .put(&decision.answer)
            .put(&decision.generation)
            .put(&decision.at)
            .put(&decision.error)
            .put(&decision.reasons)
            .put(&decision.sentence);
    })
}

/// Tags in use and stars.
fn choices(script: &mut impl Script, rows: &Rows) -> Result<(), StoreError> {
    let (gone, used): (Vec<&TagRow>, Vec<&TagRow>) = rows.tags.iter().partition(|row| row.uses <= 0);
    let gone: Vec<&str> = gone.iter().map(|row| row.tag.as_str()).collect();
    script.delete(&script.sql().delete_tags, &gone)?;
    script.add(&table::TAGS, used, |row, tag| {
        row.put(&tag.tag).put(&tag.uses);
    })?;
    script.add(&table::STARS, &rows.stars, |row, star| {
        row.put(&star.agent_id).put(&star.quick_reply_id).put(&star.starred);
    })
}

fn logins(script: &mut impl Script, rows: &Rows) -> Result<(), StoreError> {
    script.add(&table::DEDUPE, &rows.dedupe, |row, dedupe| {
        row.put(&dedupe.key).put(&dedupe.expires_at);
    })?;
    script.add(&table::REQUESTS, &rows.requests, |row, request| {
        row.put(&request.agent_id)
            .put(&request.request_id)
            .put(&request.hash)
            .put(&request.answer)
            .put(&request.expires_at);
    })?;
    script.add(&table::LOGINS, &rows.logins, |row, login| {
        row.put(&login.hash).put(&login.agent_id).put(&login.expires_at);
    })?;
    script.delete(&script.sql().delete_logins, &rows.logins_ended)?;
    script.delete(&script.sql().delete_tokens, &rows.tokens_revoked)?;
    script.add(&table::TOKENS, &rows.tokens, |row, token| {
        row.put(&token.name).put(&token.hash).put(&token.agent_id).put(&token.created_at);
    })?;
    script.add(&table::RAW_DELIVERIES, &rows.raw, |row, raw| {
        row.put(&raw.hash).put(&raw.channel_id).put(&raw.body).put(&raw.reason).put(&raw.received_at);
    })
}

fn interaction(row: &mut Row<'_>, interaction: &Interaction) {
    row.put(&interaction.interaction_id)
        .put(&interaction.channel_id)
        .put(&interaction.kind)
        .put(&interaction.contact_id)
        .put(&interaction.identity_id)
        .put(&interaction.address)
        .put(&interaction.previous_id)
        .put(&interaction.outbound)
        .put(&interaction.status)
        .put(&interaction.ownership)
        .put(&interaction.agent_id)
        .put(&interaction.last_agent_id)
        .put(&interaction.consulted)
        .put(&interaction.skill)
        .put(&interaction.waiting)
        .put(&interaction.language)
        .put(&interaction.window_ends_at)
        .put(&interaction.window_told)
        .put(&interaction.timers)
        .put(&interaction.unread)
        .put(&interaction.last_message_id)
        .put(&interaction.last_line)
        .put(&interaction.last_message_at)
        .put(&interaction.unanswered_since)
        .put(&interaction.answered)
        .put(&interaction.disposition)
        .put(&interaction.tags)
        .put(&interaction.created_at)
        .put(&interaction.assigned_at)
        .put(&interaction.status_since)
        .put(&interaction.accepted_at)
        .put(&interaction.answered_at)
        .put(&interaction.ended_at)
        .put(&interaction.translation)
        .put(&interaction.revision)
        .put(&interaction.kept)
        .put(&interaction.subject)
        .put(&interaction.converted_from)
        .put(&interaction.transfer);
}

fn message(row: &mut Row<'_>, channel_id: &ChannelId, message: &Message) {
    let (author, agent_id) = author_cells(&message.author);
    row.put(&message.message_id)
        .put(&message.interaction_id)
        .put(channel_id)
        .put(&message.direction)
        .put(author)
        .put(&agent_id)
        .put(&message.kind)
        .put(&message.text)
        .put(&message.media)
        .put(&message.data)
        .put(&message.template)
        .put(&message.reply_to)
        .put(&message.forwarded)
        .put(&message.edited)
        .put(&message.deleted)
        .put(&message.reactions)
        .put(&message.state)
        .put(&message.error)
        .put(&message.translation)
        .put(&message.provider_id)
        .put(&message.attempts)
        .put(&message.retry_at)
        .put(&message.backoff)
        .put(&message.sent_at)
        .put(&message.created_at)
        .put(&Some(&message.tags).filter(|tags| !tags.is_empty()));
}

fn media(row: &mut Row<'_>, media: &Media) {
    row.put(&media.media_id)
        .put(&media.message_id)
        .put(&media.agent_id)
        .put(&media.mime)
        .put(&media.filename)
        .put(&media.caption)
        .put(&media.size)
        .put(&media.voice)
        .put(&media.state)
        .put(&media.channel_id)
        .put(&media.provider_media_id)
        .put(&media.attempts)
        .put(&media.retry_at)
        .put(&media.created_at);
}

fn transcript(row: &mut Row<'_>, transcript: &Transcript) {
    row.put(&transcript.transcript_id)
        .put(&transcript.interaction_id)
        .put(&transcript.agent_id)
        .put(&transcript.email)
        .put(&transcript.language)
        .put(&transcript.last_message_id)
        .put(&transcript.state)
        .put(&transcript.attempts)
        .put(&transcript.retry_at)
        .put(&transcript.reason)
        .put(&transcript.created_at)
        .put(&transcript.settled_at);
}

fn skill(row: &mut Row<'_>, skill: &Skill) {
    row.put(&skill.skill)
        .put(&skill.title)
        .put(&skill.offer)
        .put(&skill.auto_accept)
        .put(&skill.outbound)
        .put(&skill.dispositions)
        .put(&skill.disposition_required);
}

fn template(row: &mut Row<'_>, template: &Template) {
    row.put(&template.channel_id)
        .put(&template.name)
        .put(&template.language)
        .put(&template.category)
        .put(&template.status)
        .put(&template.parameter_format)
        .put(&template.header_format)
        .put(&template.header)
        .put(&template.body)
        .put(&template.footer)
        .put(&template.buttons);
}

fn event(row: &mut Row<'_>, EventRow { event, .. }: &EventRow) {
    row.put(&event.seq)
        .put(&event.time)
        .put(&event.interaction_id)
        .put(&event.revision)
        .put(event.kind.name())
        .put(&agents_cell(&event.audience))
        .put(&event.audience.supervisors)
        .put(&event.audience.administrators)
        .put(&event.kind);
}
