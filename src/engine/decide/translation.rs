//! Translation: what the contact writes is shown at once and translated after; what the agent writes is held until it is
//! translated, and never sent untranslated by itself (SPEC §5.12). Templates are not translated.
//!
//! The translator sees marks instead of numbers and addresses, and an answer that lost one is no answer (`domain::Masked`).

use std::sync::Arc;

use super::access::not_closed;
use crate::domain::{
    Agent, DeliveryState, Direction, Interaction, InteractionId, Masked, Message, MessageId, Permission,
    Translating, Translation, TranslationState,
};
use crate::engine::limits::{TRANSLATIONS_WAITING, fits};
use crate::engine::outbox::delivery_error;
use crate::engine::turn::{About, Turn, refuse};
use crate::engine::{Answer, Effect, EventKind, Refusal, RefusalKind, Reply, TranslationRules};

/// Longest code of a language: `zh-Hant-HK`.
const CODE_MAX: usize = 16;
/// What stands between a translation and its notice.
const NOTICE_GAP: &str = "\n\n";

/// What an agent wants an interaction set to.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) my_language: String,
    pub(super) their_language: String,
    pub(super) translate_theirs: bool,
    pub(super) translate_mine: bool,
}

impl Turn<'_> {
    pub(super) fn set_translation(&mut self, agent: &Agent, id: InteractionId, wanted: &Wanted) -> Reply {
        self.work(id)?;
        self.permit(agent, Permission::Translate)?;
        let row = self.own(agent, id)?;
        not_closed(&row)?;
        self.translation_rules()?;
        let mine = code("my_language", &wanted.my_language)?;
        let theirs = code("their_language", &wanted.their_language)?;
        if mine == theirs && (wanted.translate_theirs || wanted.translate_mine) {
            let refusal = Refusal::new(RefusalKind::Invalid, "both languages are the same");
            return Err(refusal.field("their_language"));
        }
        let old = row.translation.clone();
        let told_by = old.as_ref().filter(|old| old.their_language == theirs).and_then(|old| old.told_by);
        let translating = Translating {
            my_language: mine,
            their_language: theirs,
            translate_theirs: wanted.translate_theirs,
            translate_mine: wanted.translate_mine,
            told_by,
            pending: old.map(|old| old.pending).unwrap_or_default(),
        };
        self.edit(id, |row| row.translation = Some(translating));
        let kind = EventKind::InteractionTranslationSet { by: agent.agent_id };
        self.event(id, kind, About::default());
        self.interaction_answer(id)
    }

    /// Translates a message of the contact, again or for the first time.
    pub(super) fn translate_message(
        &mut self,
        agent: &Agent,
        id: InteractionId,
        message_id: MessageId,
    ) -> Reply {
        self.work(id)?;
        self.permit(agent, Permission::Translate)?;
        let row = self.own(agent, id)?;
        let message = self.message_of(&row, message_id)?;
        self.translation_rules()?;
        let Some(translating) = &row.translation else {
            return refuse(RefusalKind::Invalid, "choose the languages first, with translation.set");
        };
        if message.direction == Direction::Out {
            let text = "this message is ours; one that could not be translated is tried with message.retry";
            return refuse(RefusalKind::Invalid, text);
        }
        let state = message.translation.as_ref().filter(|it| it.to == translating.my_language);
        match state.map(|translation| translation.state) {
            Some(TranslationState::Pending | TranslationState::Ok) => {
                return refuse(
                    RefusalKind::AlreadyDone,
                    format!("{message_id} is translated or about to be"),
                );
            }
            Some(TranslationState::Failed | TranslationState::Skipped) | None => {}
        }
        if !Masked::of(source(&message)).has_words() {
            return refuse(RefusalKind::Invalid, format!("{message_id} has no words to translate"));
        }
        if translating.pending.len() >= TRANSLATIONS_WAITING {
            return refuse(RefusalKind::RateLimited, "too many messages wait for their translation");
        }
        let (from, to) = (translating.their_language.clone(), translating.my_language.clone());
        self.adopt_message(&row.channel_id, message_id);
        self.begin_translation(message_id, from, to);
        self.message_changed(message_id);
        let now = self.world.message(message_id).map(|kept| Arc::clone(&kept.row));
        Ok(Answer::Messages(now.into_iter().collect()))
    }

    fn translation_rules(&self) -> Result<&TranslationRules, Refusal> {
        self.world.services.translation.as_ref().ok_or_else(|| {
            let message = "this installation has no translator; an administrator sets [translation]";
            Refusal::new(RefusalKind::Unsupported, message)
        })
    }

    /// What the contact just wrote is translated, if that is wanted. Its event is the caller's.
    pub(super) fn translate_theirs(&mut self, interaction_id: InteractionId, message_id: MessageId) {
        let Some(row) = self.world.work(interaction_id) else { return };
        let Some(translating) = row.translation.as_ref().filter(|it| it.translate_theirs) else { return };
        if translating.pending.len() >= TRANSLATIONS_WAITING {
            return;
        }
        let (from, to) = (translating.their_language.clone(), translating.my_language.clone());
        self.begin_translation(message_id, from, to);
    }

    /// The contact changed a message whose translation is there, or on its way: it is made again.
    pub(super) fn translate_again(&mut self, message_id: MessageId) {
        let known = self.world.message(message_id).and_then(|kept| kept.row.translation.clone());
        if let Some(translation) = known {
            self.begin_translation(message_id, translation.from, translation.to);
        }
    }

    /// Whether these texts can be translated before they leave, where that is wanted.
    pub(super) fn may_translate_mine<'t>(
        &self,
        row: &Interaction,
        texts: impl Iterator<Item = &'t str>,
    ) -> Result<(), Refusal> {
        if row.translation.as_ref().is_none_or(|it| !it.translate_mine) {
            return Ok(());
        }
        let rules = self.translation_rules()?;
        for text in texts {
            fits("text", text, rules.text_max)?;
        }
        Ok(())
    }

    /// What the agent just wrote waits for its translation, if that is wanted.
    pub(super) fn translate_mine(&mut self, row: &Interaction, message_id: MessageId) {
        if let Some(it) = row.translation.as_ref().filter(|it| it.translate_mine) {
            self.begin_translation(message_id, it.my_language.clone(), it.their_language.clone());
        }
    }

    /// Asks for a translation; what has no words needs none.
    fn begin_translation(&mut self, message_id: MessageId, from: String, to: String) {
        let Some(message) = self.world.message(message_id).map(|kept| Arc::clone(&kept.row)) else { return };
        let masked = Masked::of(source(&message));
        let attempt = message.translation.as_ref().map_or(0, |known| known.attempt).saturating_add(1);
        if message.template.is_some() || !masked.has_words() {
            self.edit_message(message_id, |message| message.translation = None);
            return self.no_longer_pending(message.interaction_id, message_id);
        }
        let longest = self.world.services.translation.as_ref().map_or(0, |rules| rules.text_max);
        let too_long = fits("text", source(&message), longest).is_err();
        let state = if too_long { TranslationState::Failed } else { TranslationState::Pending };
        let reason = too_long.then(|| "too_long".to_owned());
        let translation =
            Translation { state, text: String::new(), from: from.clone(), to: to.clone(), reason, attempt };
        self.edit_message(message_id, |message| message.translation = Some(translation));
        if too_long {
            return self.no_longer_pending(message.interaction_id, message_id);
        }
        self.edit(message.interaction_id, |row| {
            if let Some(translating) = &mut row.translation {
                translating.pending.insert(message_id);
            }
        });
        self.effects.push(Effect::Translate { message_id, attempt, from, to, text: masked.text });
    }

    pub(super) fn no_longer_pending(&mut self, interaction_id: InteractionId, message_id: MessageId) {
        let waits = self
            .world
            .work(interaction_id)
            .and_then(|row| row.translation.as_ref())
            .is_some_and(|it| it.pending.contains(&message_id));
        if waits {
            self.edit(interaction_id, |row| {
                let translating = row.translation.as_mut();
                translating.map(|translating| translating.pending.remove(&message_id));
            });
        }
    }

    /// A translation that will not come.
    fn settle(&mut self, message_id: MessageId, state: TranslationState, reason: Option<&str>) {
        self.edit_message(message_id, |message| {
            if let Some(translation) = &mut message.translation {
                translation.state = state;
                translation.text.clear();
                translation.reason = reason.map(str::to_owned);
            }
        });
    }

    /// The translator answered, or did not.
    pub(super) fn translated(&mut self, message_id: MessageId, attempt: u32, result: Result<String, String>) {
        if self.world.message(message_id).is_none()
            && let Some(message) = self.cold.messages.get(&message_id)
            && let Ok(row) = self.work(message.interaction_id)
        {
            self.adopt_message(&row.channel_id, message_id);
        }
        let Some(message) = self.world.message(message_id).map(|kept| Arc::clone(&kept.row)) else { return };
        let waits = message.translation.as_ref().is_some_and(|translation| {
            translation.state == TranslationState::Pending && translation.attempt == attempt
        });
        if !waits {
            return;
        }
        let outcome = result.and_then(|text| self.checked(&message, &text));
        self.no_longer_pending(message.interaction_id, message_id);
        let failure = outcome.as_ref().err().cloned();
        let state = if failure.is_some() { TranslationState::Failed } else { TranslationState::Ok };
        self.edit_message(message_id, |message| {
            if let Some(translation) = &mut message.translation {
                translation.reason.clone_from(&failure);
                translation.state = state;
                translation.text = outcome.unwrap_or_default();
            }
        });
        if message.direction == Direction::In || message.state != DeliveryState::Queued {
            return self.message_changed(message_id);
        }
        if let Some(reason) = failure {
            self.fail(message_id, delivery_error("translation_failed", &reason));
            return self.landed(message_id);
        }
        self.message_changed(message_id);
        self.message_due(message_id);
    }

    /// A translation with its hidden parts back, or why it does not do.
    fn checked(&self, message: &Message, text: &str) -> Result<String, String> {
        let revealed = Masked::of(source(message)).reveal(text).ok_or("mask_lost")?;
        if revealed.trim().is_empty() {
            return Err("bad_answer".to_owned());
        }
        if message.direction == Direction::In {
            return Ok(revealed);
        }
        // The notice counts, whether or not this is the message that will carry it.
        let notice = self.notice_of(message).unwrap_or_default();
        let row = self.work(message.interaction_id).map_err(|_gone| "gone")?;
        let longest = self.world.channel(&row.channel_id).map_or(0, |channel| {
            let abilities = &channel.abilities;
            if message.media.is_empty() { abilities.text_max } else { abilities.caption_max }
        });
        let length = revealed.chars().count() + NOTICE_GAP.len() + notice.chars().count();
        if length > longest { Err("too_long".to_owned()) } else { Ok(revealed) }
    }

    /// The words that tell the contact of this message that it is translated.
    fn notice_of(&self, message: &Message) -> Option<String> {
        let rules = self.world.services.translation.as_ref()?;
        Some(rules.notice(&message.translation.as_ref()?.to).to_owned())
    }

    /// A translated message leaves: it tells the contact so, unless an earlier one did. Only now is it known which one is first.
    pub(crate) fn add_notice(&mut self, message_id: MessageId) {
        let Some(message) = self.world.message(message_id).map(|kept| Arc::clone(&kept.row)) else { return };
        let ok = |translation: &&Translation| translation.state == TranslationState::Ok;
        let Some(translation) = message.translation.as_ref().filter(ok) else { return };
        let Some(notice) = self.notice_of(&message) else { return };
        let each = self.world.services.translation.as_ref().is_some_and(|rules| rules.notice_each);
        let row = self.work(message.interaction_id).ok();
        let told_by = row.and_then(|row| row.translation.as_ref().and_then(|it| it.told_by));
        // One that failed has told nobody.
        let told = told_by.is_some_and(|told_by| {
            let kept = self.world.message(told_by);
            kept.is_none_or(|kept| kept.row.state != DeliveryState::Failed)
        });
        if (told && !each) || translation.text.ends_with(&notice) {
            return;
        }
        self.edit_message(message_id, |message| {
            if let Some(translation) = &mut message.translation {
                translation.text.push_str(NOTICE_GAP);
                translation.text.push_str(&notice);
            }
        });
        self.edit(message.interaction_id, |row| {
            if let Some(translating) = &mut row.translation {
                translating.told_by = Some(message_id);
            }
        });
    }

    /// A message that failed is tried again: translated again if that was missing, or as it was written.
    pub(super) fn retry_translation(&mut self, message: &Message, untranslated: bool) {
        let Some(translation) = &message.translation else { return };
        if untranslated {
            self.settle(message.message_id, TranslationState::Skipped, None);
            return self.no_longer_pending(message.interaction_id, message.message_id);
        }
        match translation.state {
            TranslationState::Failed | TranslationState::Pending => {
                self.begin_translation(message.message_id, translation.from.clone(), translation.to.clone());
            }
            TranslationState::Ok | TranslationState::Skipped => {}
        }
    }

    /// Whether a message that is tried again can be translated, if it must be.
    pub(super) fn may_retry_translation(&self, message: &Message, untranslated: bool) -> Result<(), Refusal> {
        let failed = message.translation.as_ref().is_some_and(|translation| {
            matches!(translation.state, TranslationState::Failed | TranslationState::Pending)
        });
        if failed && !untranslated {
            self.translation_rules()?;
        }
        Ok(())
    }

    /// What was being translated when the last process ended is asked for again.
    pub(super) fn recover_translations(&mut self) {
        let mut pending: Vec<Arc<Message>> = self
            .world
            .messages
            .rows
            .values()
            .filter(|kept| kept.row.waits_for_translation())
            .map(|kept| Arc::clone(&kept.row))
            .collect();
        pending.sort_by_key(|message| message.message_id);
        for message in pending {
            let Some(translation) = &message.translation else { continue };
            self.effects.push(Effect::Translate {
                message_id: message.message_id,
                attempt: translation.attempt,
                from: translation.from.clone(),
                to: translation.to.clone(),
                text: Masked::of(source(&message)).text,
            });
        }
    }

    /// Work ends: nobody waits for what the contact wrote in it any more. What is on its way to the contact still goes.
    pub(crate) fn drop_translations(&mut self, row: &Interaction) {
        let Some(translating) = &row.translation else { return };
        for message_id in translating.pending.clone() {
            let theirs =
                self.world.message(message_id).is_some_and(|kept| kept.row.direction == Direction::In);
            if !theirs {
                continue;
            }
            self.settle(message_id, TranslationState::Failed, Some("ended"));
            self.no_longer_pending(row.interaction_id, message_id);
            self.message_changed(message_id);
        }
    }
}

/// What is translated: a message's text, or what stands under its file.
fn source(message: &Message) -> &str {
    if message.text.is_empty() {
        message.media.iter().find_map(|media| media.caption.as_deref()).unwrap_or_default()
    } else {
        &message.text
    }
}

/// A language's code, as translators know them.
fn code(field: &str, text: &str) -> Result<String, Refusal> {
    let fits = (2..=CODE_MAX).contains(&text.len())
        && text.split('-').all(|part| {
            (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
    if fits {
        return Ok(text.to_owned());
    }
    let message = format!("{field} is no code of a language; expected one such as fr or zh-Hant");
    Err(Refusal::new(RefusalKind::Invalid, message).field(field))
}
