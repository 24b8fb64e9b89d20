//! Tags: words that colleagues put on an interaction or on a message, chosen from those in use or made (SPEC §5.9).

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::domain::{Agent, AgentId, Interaction, InteractionId, Message, MessageId, fold};
use crate::engine::limits::{KNOWN_TAGS, TAG_CHARS, TAGS, fits};
use crate::engine::turn::{About, Turn};
use crate::engine::world::index::is_done;
use crate::engine::{Answer, EventKind, Refusal, RefusalKind, Reply, TagRow};

/// Tags before and after, and what that comes to.
#[derive(Debug)]
pub(super) struct Retag {
    pub(super) tags: BTreeSet<String>,
    added: Vec<String>,
    removed: Vec<String>,
}

impl Retag {
    pub(super) fn new(before: &BTreeSet<String>, tags: BTreeSet<String>) -> Self {
        let added = tags.difference(before).cloned().collect();
        let removed = before.difference(&tags).cloned().collect();
        Self { tags, added, removed }
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }
}

impl Turn<'_> {
    pub(super) fn add_tag(
        &mut self,
        agent: &Agent,
        interaction_id: InteractionId,
        message_id: Option<MessageId>,
        tag: &str,
    ) -> Reply {
        let (row, message) = self.tagged(agent, interaction_id, message_id)?;
        let tag = clean(tag, "tag")?;
        let mut tags = message.as_ref().map_or_else(|| row.tags.clone(), |message| message.tags.clone());
        tags.insert(tag);
        self.put_tags(&row, message.as_deref(), tags, "tag", agent.agent_id)
    }

    pub(super) fn remove_tag(
        &mut self,
        agent: &Agent,
        interaction_id: InteractionId,
        message_id: Option<MessageId>,
        tag: &str,
    ) -> Reply {
        let (row, message) = self.tagged(agent, interaction_id, message_id)?;
        let mut tags = message.as_ref().map_or_else(|| row.tags.clone(), |message| message.tags.clone());
        // As it stands there, or as it would have been written.
        if !tags.remove(tag) {
            tags.remove(&clean(tag, "tag")?);
        }
        self.put_tags(&row, message.as_deref(), tags, "tag", agent.agent_id)
    }

    /// Tags steer closing: who answers for the interaction sets them.
    fn tagged(
        &self,
        agent: &Agent,
        interaction_id: InteractionId,
        message_id: Option<MessageId>,
    ) -> Result<(Arc<Interaction>, Option<Arc<Message>>), Refusal> {
        let row = self.own_or_supervised(agent, interaction_id)?;
        let message = message_id.map(|message_id| self.message_of(&row, message_id)).transpose()?;
        Ok((row, message))
    }

    fn put_tags(
        &mut self,
        row: &Interaction,
        message: Option<&Message>,
        tags: BTreeSet<String>,
        field: &str,
        by: AgentId,
    ) -> Reply {
        let retag = Retag::new(message.map_or(&row.tags, |message| &message.tags), tags);
        self.check_retag(&retag, field)?;
        let tags = retag.tags.clone();
        match message {
            Some(message) => self.retag_message(row, message.message_id, retag, by),
            None => self.retag(row.interaction_id, retag, by),
        }
        Ok(Answer::Tags(tags))
    }

    /// Whether there is room for them, here and among those in use.
    pub(super) fn check_retag(&self, retag: &Retag, field: &str) -> Result<(), Refusal> {
        if retag.tags.len() > TAGS {
            return Err(Refusal::new(RefusalKind::TooLarge, format!("at most {TAGS} tags")).field(field));
        }
        let new = retag.added.iter().filter(|tag| !self.world.tags.contains_key(*tag)).count();
        if new > 0 && self.world.tags.len() + new > KNOWN_TAGS {
            let message = format!("{KNOWN_TAGS} tags are in use already; choose one of them");
            return Err(Refusal::new(RefusalKind::TooLarge, message).field(field));
        }
        Ok(())
    }

    /// Changes an interaction's tags.
    pub(super) fn retag(&mut self, interaction_id: InteractionId, retag: Retag, by: AgentId) {
        if retag.is_nothing() {
            return;
        }
        self.count_tags(&retag);
        let Retag { tags, added, removed } = retag;
        self.edit(interaction_id, |row| row.tags = tags);
        // A closing rule may look at tags: without an end it would never be asked again.
        if self.world.work(interaction_id).is_some_and(|row| is_done(row.status)) {
            let ends_at = self.when_it_ends(interaction_id);
            self.edit(interaction_id, |row| row.timers.ends_at = ends_at);
        }
        let kind = EventKind::TagChanged { message_id: None, added, removed, by: Some(by) };
        self.event(interaction_id, kind, About::default());
    }

    fn retag_message(&mut self, row: &Interaction, message_id: MessageId, retag: Retag, by: AgentId) {
        if retag.is_nothing() || !self.adopt_message(&row.channel_id, message_id) {
            return;
        }
        self.count_tags(&retag);
        let Retag { tags, added, removed } = retag;
        self.edit_message(message_id, |message| message.tags = tags);
        let kind = EventKind::TagChanged { message_id: Some(message_id), added, removed, by: Some(by) };
        self.tell_message(message_id, kind);
    }

    fn count_tags(&mut self, retag: &Retag) {
        let changes = retag.added.iter().map(|tag| (tag, 1)).chain(retag.removed.iter().map(|tag| (tag, -1)));
        for (tag, change) in changes {
            let uses = self.world.tags.get(tag).copied().unwrap_or(0).saturating_add(change).max(0);
            if uses == 0 {
                self.world.tags.remove(tag);
            } else {
                self.world.tags.insert(tag.clone(), uses);
            }
            self.dirty.tags.insert(tag.clone(), uses);
        }
    }

    /// Tags in use that begin so, accents and capitals aside; those used most first.
    pub(super) fn list_tags(&self, prefix: &str, limit: usize) -> Answer {
        let prefix = fold(prefix.trim());
        let mut found: Vec<TagRow> = self
            .world
            .tags
            .iter()
            .filter(|(tag, _)| fold(tag).starts_with(&prefix))
            .map(|(tag, uses)| TagRow { tag: tag.clone(), uses: *uses })
            .collect();
        found.sort_by(|a, b| b.uses.cmp(&a.uses).then_with(|| a.tag.cmp(&b.tag)));
        found.truncate(limit);
        Answer::KnownTags(found)
    }
}

/// A tag as it is kept: one line, single spaces.
pub(super) fn clean(tag: &str, field: &str) -> Result<String, Refusal> {
    let words: Vec<&str> =
        tag.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    let tag = words.join(" ");
    if tag.is_empty() {
        return Err(Refusal::new(RefusalKind::Invalid, "a tag is empty").field(field));
    }
    fits(field, &tag, TAG_CHARS)?;
    Ok(tag)
}
