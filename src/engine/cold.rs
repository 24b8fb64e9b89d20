//! What a batch needs from the store because the world does not hold it, and how it is found once loaded.
//!
//! Loaded things are looked at here after the world: the world is never older. Only what is about to change moves into it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::world::World;
use super::{
    AdminCommand, BotCommand, ChannelInput, Cold, ColdKeys, Command, ContactCommand, Conversion, DecisionRow,
    Envelope, Input, RequestRow, Sender,
};
use crate::domain::{
    AgentId, Alias, AliasKind, ChannelId, ChannelKind, Contact, ContactId, IdentityId, Interaction,
    InteractionId, Media, MediaId, Message, MessageId, Note, TemplateValues, Time,
};
use crate::engine::decide::keys;

/// What was loaded for a batch, by key.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    pub(crate) aliases: BTreeMap<(ChannelKind, AliasKind, String), (IdentityId, ContactId)>,
    pub(crate) of_identity: BTreeMap<IdentityId, Vec<Alias>>,
    pub(crate) contacts: HashMap<ContactId, Arc<Contact>>,
    pub(crate) interactions: BTreeMap<InteractionId, Arc<Interaction>>,
    pub(crate) messages: HashMap<MessageId, Message>,
    pub(crate) by_provider: HashMap<String, Vec<MessageId>>,
    pub(crate) dedupe: BTreeSet<String>,
    pub(crate) requests: HashMap<(AgentId, String), RequestRow>,
    pub(crate) of_contact: HashMap<ContactId, Vec<InteractionId>>,
    pub(crate) media: HashMap<MediaId, Media>,
    pub(crate) decisions: Vec<DecisionRow>,
    pub(crate) notes: Vec<Note>,
}

impl From<Cold> for Loaded {
    fn from(cold: Cold) -> Self {
        let mut loaded = Self::default();
        for alias in cold.aliases {
            let key = (alias.kind, alias.alias_kind, alias.value.clone());
            loaded.aliases.insert(key, (alias.identity_id, alias.contact_id));
            loaded.of_identity.entry(alias.identity_id).or_default().push(alias);
        }
        for contact in cold.contacts {
            loaded.contacts.insert(contact.contact_id, Arc::new(contact));
        }
        for row in cold.interactions {
            loaded.interactions.insert(row.interaction_id, Arc::new(row));
        }
        for message in cold.messages {
            if let Some(provider_id) = &message.provider_id {
                loaded.by_provider.entry(provider_id.clone()).or_default().push(message.message_id);
            }
            loaded.messages.insert(message.message_id, message);
        }
        loaded.dedupe = cold.dedupe.into_iter().collect();
        for row in cold.requests {
            loaded.requests.insert((row.agent_id, row.request_id.clone()), row);
        }
        for (contact_id, interaction_id) in cold.work_of {
            loaded.of_contact.entry(contact_id).or_default().push(interaction_id);
        }
        for media in cold.media {
            loaded.media.insert(media.media_id.clone(), media);
        }
        loaded.decisions = cold.decisions;
        loaded.notes = cold.notes;
        loaded
    }
}

impl Loaded {
    /// What was loaded may be older than an erasure that is not committed yet, or that comes with the next bite of what is
    /// too old: nothing of it may come back.
    pub(crate) fn forget_erased(&mut self, world: &World) {
        let old = world.retention.content.map(|content| world.now - content);
        let erased = |contact_id: ContactId| world.recent.erased.iter().any(|(_, id)| *id == contact_id);
        if old.is_none() && world.recent.erased.is_empty() {
            return;
        }
        self.aliases.retain(|_, (_, contact_id)| !erased(*contact_id));
        self.of_identity.retain(|_, all| all.first().is_none_or(|alias| !erased(alias.contact_id)));
        self.contacts.retain(|contact_id, _| !erased(*contact_id));
        let gone = |row: &Interaction| {
            erased(row.contact_id) || row.ended_at.is_some_and(|at| old.is_some_and(|old| at < old))
        };
        let gone: BTreeSet<InteractionId> =
            self.interactions.values().filter(|row| gone(row)).map(|row| row.interaction_id).collect();
        for message in self.messages.values_mut().filter(|row| gone.contains(&row.interaction_id)) {
            crate::engine::decide::scrub(message);
        }
        self.by_provider.retain(|_, ids| {
            ids.retain(|id| self.messages.get(id).is_none_or(|row| !gone.contains(&row.interaction_id)));
            !ids.is_empty()
        });
        let messages = &self.messages;
        self.media.retain(|_, media| {
            let of = media.message_id.and_then(|message_id| messages.get(&message_id));
            of.is_none_or(|message| !gone.contains(&message.interaction_id))
        });
        self.notes.retain(|note| !gone.contains(&note.interaction_id));
        self.decisions.retain(|decision| !gone.contains(&decision.interaction_id));
    }
}

/// Which keys these inputs need.
pub(crate) fn keys_of(world: &World, inputs: &[Envelope]) -> ColdKeys {
    let mut keys = ColdKeys::default();
    if world.recovering {
        keys.messages.extend(&world.wanted_messages);
        keys.interactions.extend(&world.wanted_interactions);
    }
    for envelope in inputs {
        of_input(world, &envelope.input, &mut keys);
    }
    keys
}

fn of_input(world: &World, input: &Input, keys: &mut ColdKeys) {
    match input {
        Input::Channel { channel_id, input } => of_channel(world, channel_id, input, keys),
        Input::Command { caller, request, command } => {
            if let Some(request) = request {
                let key = (caller.agent_id, request.id.clone());
                if !world.recent.requests.contains_key(&key) {
                    keys.requests.insert(key);
                }
            }
            of_command(world, command, keys);
        }
        Input::Sent { message_id, .. } | Input::Translated { message_id, .. } => {
            message(world, *message_id, keys);
        }
        Input::Admin(command) => of_admin(command, keys),
        Input::EraseSilent { contact_ids } => {
            for contact_id in contact_ids {
                of_admin(&AdminCommand::EraseContact { contact_id: *contact_id }, keys);
            }
        }
        Input::MediaFetched { media_id, .. } => media(world, media_id, keys),
        Input::TranscriptSent { transcript_id, .. } => {
            if let Some(transcript) = world.transcripts.get(transcript_id) {
                interaction(world, transcript.interaction_id, keys);
            }
        }
        Input::FindLogin { .. }
        | Input::OpenLogin { .. }
        | Input::CloseLogin { .. }
        | Input::Authenticate { .. }
        | Input::Disconnected { .. }
        | Input::Templates { .. }
        | Input::FilesRemoved { .. }
        | Input::PolicyChanged { .. }
        | Input::Bots { .. }
        | Input::PluginChanged { .. }
        | Input::Notice { .. }
        | Input::CardSection { .. }
        | Input::Tick => {}
    }
}

fn of_channel(world: &World, channel_id: &ChannelId, input: &ChannelInput, keys: &mut ColdKeys) {
    match input {
        ChannelInput::Message(message) | ChannelInput::Echo(message) => {
            dedupe(world, keys::message(channel_id, &message.provider_id), keys);
            late(world, channel_id, &message.provider_id, message.sent_at, keys);
            sender(world, channel_id, &message.sender, keys);
            if let Some(quoted) = &message.reply_to {
                provider(world, channel_id, quoted, keys);
            }
        }
        ChannelInput::Status { provider_id, mark, .. } => {
            if world.message_of_provider(channel_id, provider_id).is_some() {
                return;
            }
            match mark.as_deref().and_then(keys::parse_mark) {
                Some((message_id, _)) if world.message(message_id).is_some() => {}
                Some((message_id, _)) => {
                    keys.messages.insert(message_id);
                    provider(world, channel_id, provider_id, keys);
                }
                None => provider(world, channel_id, provider_id, keys),
            }
        }
        ChannelInput::Reaction { provider_id, target, .. } => {
            dedupe(world, keys::message(channel_id, provider_id), keys);
            provider(world, channel_id, target, keys);
        }
        ChannelInput::Edit { target, .. } | ChannelInput::Revoke { target, .. } => {
            provider(world, channel_id, target, keys);
        }
        ChannelInput::AliasChanged { old, new, provider_id, at, .. } => {
            dedupe(world, keys::message(channel_id, provider_id), keys);
            late(world, channel_id, provider_id, *at, keys);
            aliases(world, channel_id, std::iter::once(old).chain(new), keys);
        }
        // Typing concerns only whom the world holds already.
        ChannelInput::Typing { .. }
        | ChannelInput::TemplatesChanged
        | ChannelInput::Notice { .. }
        | ChannelInput::Raw(_) => {}
    }
}

#[expect(clippy::too_many_lines, reason = "one arm for each command, and none of them long")]
fn of_command(world: &World, command: &Command, keys: &mut ColdKeys) {
    match command {
        Command::Get { interaction_id } => {
            interaction(world, *interaction_id, keys);
            keys.notes.insert(*interaction_id);
        }
        Command::Why { interaction_id } => {
            interaction(world, *interaction_id, keys);
            keys.decisions.insert(*interaction_id);
        }
        Command::Bot(
            BotCommand::Say { interaction_id, .. }
            | BotCommand::HandOver { interaction_id, .. }
            | BotCommand::Ask { interaction_id, .. },
        )
        | Command::Accept { interaction_id }
        | Command::Refuse { interaction_id, .. }
        | Command::ExtendTimer { interaction_id }
        | Command::Prefill { interaction_id: Some(interaction_id) }
        | Command::SetOutcome { interaction_id, .. }
        | Command::SendTranscript { interaction_id, .. }
        | Command::SetTranslation { interaction_id, .. }
        | Command::Close { interaction_id }
        | Command::Snooze { interaction_id, .. }
        | Command::Detach { interaction_id } => interaction(world, *interaction_id, keys),
        Command::Share(command) => interaction(world, command.interaction_id(), keys),
        Command::Supervise(command) => {
            if let Some(interaction_id) = command.interaction_id() {
                interaction(world, interaction_id, keys);
            }
        }
        Command::MarkRead { interaction_id } | Command::Typing { interaction_id } => {
            interaction(world, *interaction_id, keys);
            perhaps(world, world.work(*interaction_id).and_then(|row| row.kept.last_in), keys);
            if let Some(message_id) = world.work(*interaction_id).and_then(|row| row.kept.last_in) {
                message(world, message_id, keys);
            }
        }
        Command::Send { interaction_id, media: files, reply_to, template, .. } => {
            interaction(world, *interaction_id, keys);
            for (media_id, _) in files {
                media(world, media_id, keys);
            }
            perhaps(world, *reply_to, keys);
            header(world, template.as_ref(), keys);
            if let Some(message_id) = reply_to {
                message(world, *message_id, keys);
            }
            header(world, template.as_ref(), keys);
        }
        Command::Retry { interaction_id, message_id, .. }
        | Command::Translate { interaction_id, message_id }
        | Command::React { interaction_id, message_id, .. } => {
            interaction(world, *interaction_id, keys);
            message(world, *message_id, keys);
        }
        Command::AddNote { interaction_id, message_id, .. }
        | Command::AddTag { interaction_id, message_id, .. }
        | Command::RemoveTag { interaction_id, message_id, .. }
        | Command::SaveDraft { interaction_id, reply_to: message_id, .. } => {
            interaction(world, *interaction_id, keys);
            perhaps(world, *message_id, keys);
        }
        Command::StartOutbound { contact_id, address, channel_id, template, .. } => {
            if let Some(contact_id) = contact_id {
                contact(*contact_id, keys);
            }
            header(world, template.as_ref(), keys);
            keys.contacts.extend(contact_id);
            header(world, template.as_ref(), keys);
            header(world, template.as_ref(), keys);
            if let Some(address) = address {
                typed(world, channel_id, address, keys);
            }
        }
        Command::Convert(conversion) => of_conversion(world, conversion, keys),
        Command::Contact(command) => of_contact(world, command, keys),
        Command::ReadMedia { media_id } => media(world, media_id, keys),
        Command::Administer(command) => of_admin(command, keys),
        Command::StartSession
        | Command::SetState { .. }
        | Command::Inbox
        | Command::Pull { .. }
        | Command::ListTemplates { .. }
        | Command::ListTags { .. }
        | Command::Prefill { interaction_id: None }
        | Command::Star { .. }
        | Command::ReadCredentials
        | Command::ChangePassword { .. }
        | Command::Search
        | Command::AddMedia { .. }
        | Command::Snoozed
        | Command::Directory { .. } => {}
    }
}

fn of_admin(command: &AdminCommand, keys: &mut ColdKeys) {
    match command {
        AdminCommand::SaveContact { contact_id, .. } | AdminCommand::ExportContact { contact_id } => {
            contact(*contact_id, keys);
        }
        AdminCommand::EraseContact { contact_id } => {
            contact(*contact_id, keys);
            keys.work_of.insert(*contact_id);
        }
        AdminCommand::SaveAgent { .. }
        | AdminCommand::RemoveAgent { .. }
        | AdminCommand::ResetPassword { .. }
        | AdminCommand::SaveRole(_)
        | AdminCommand::RemoveRole { .. }
        | AdminCommand::ListRoles
        | AdminCommand::SaveSkill(_)
        | AdminCommand::RemoveSkill { .. }
        | AdminCommand::SaveDispositions { .. }
        | AdminCommand::SaveTeam(_)
        | AdminCommand::RemoveTeam { .. }
        | AdminCommand::AddToken { .. }
        | AdminCommand::RevokeToken { .. }
        | AdminCommand::ListAgents
        | AdminCommand::ListSkills
        | AdminCommand::ListTeams
        | AdminCommand::ListChannels
        | AdminCommand::ListTokens
        | AdminCommand::TestChannel { .. }
        | AdminCommand::ReloadScripts
        | AdminCommand::SaveScript { .. }
        | AdminCommand::RollScriptsBack { .. }
        | AdminCommand::ReadAudit
        | AdminCommand::ReadRetention
        | AdminCommand::ReadReport
        | AdminCommand::MayExport
        | AdminCommand::Export { .. } => {}
    }
}

fn of_conversion(world: &World, conversion: &Conversion, keys: &mut ColdKeys) {
    interaction(world, conversion.interaction_id, keys);
    // Work that may be converted has not ended, so it is in the world.
    if let Some(row) = world.work(conversion.interaction_id) {
        contact(row.contact_id, keys);
    }
    header(world, conversion.template.as_ref(), keys);
    let Some(address) = &conversion.address else { return };
    let of_kind = conversion.kind.iter().flat_map(|kind| world.channels_of(*kind));
    for channel_id in of_kind.map(|channel| &channel.channel_id).chain(&conversion.channel_id) {
        typed(world, channel_id, address, keys);
    }
}

/// The file of a template's header.
fn header(world: &World, template: Option<&TemplateValues>, keys: &mut ColdKeys) {
    if let Some(media_id) = template.and_then(|values| values.header_media.as_ref()) {
        media(world, media_id, keys);
    }
}

fn of_contact(world: &World, command: &ContactCommand, keys: &mut ColdKeys) {
    match command {
        ContactCommand::Get { contact_id }
        | ContactCommand::Block { contact_id, .. }
        | ContactCommand::OptOut { contact_id, .. } => contact(*contact_id, keys),
        ContactCommand::Merge { contact_id, into } | ContactCommand::Part { contact_id, into } => {
            contact(*contact_id, keys);
            contact(*into, keys);
        }
        ContactCommand::Save { contact_id, changes } => {
            if let Some(contact_id) = contact_id {
                contact(*contact_id, keys);
            }
            for (kind, address) in changes.add.iter().chain(&changes.remove) {
                // Accounts of one kind share its addresses.
                if let Some(channel) = world.channels_of(*kind).next() {
                    typed(world, &channel.channel_id, address, keys);
                }
            }
        }
    }
}

fn dedupe(world: &World, key: String, keys: &mut ColdKeys) {
    if !world.recent.dedupe.contains(&key) {
        keys.dedupe.insert(key);
    }
}

/// Something so late that its key may be forgotten: the message itself tells whether it was here.
fn late(world: &World, channel_id: &ChannelId, provider_id: &str, sent_at: Time, keys: &mut ColdKeys) {
    if world.now >= sent_at + super::limits::KEY_TTL {
        provider(world, channel_id, provider_id, keys);
    }
}

fn sender(world: &World, channel_id: &ChannelId, sender: &Sender, keys: &mut ColdKeys) {
    aliases(world, channel_id, sender.aliases.iter(), keys);
}

fn aliases<'a>(
    world: &World,
    channel_id: &ChannelId,
    aliases: impl Iterator<Item = &'a (AliasKind, String)>,
    keys: &mut ColdKeys,
) {
    let Some(channel) = world.channel(channel_id) else { return };
    for (alias_kind, value) in aliases.filter(|alias| alias.0.identifies()).take(super::limits::ALIASES) {
        let alias = (*alias_kind, alias_kind.kept(value));
        let known = world.identity_of(channel.kind, &alias).and_then(|id| world.identities.get(&id));
        if known.is_some_and(|identity| identity.whole || identity.newest.contains_key(channel_id)) {
            continue;
        }
        for variant in alias_kind.variants(&alias.1) {
            keys.aliases.insert((channel.kind, *alias_kind, variant));
        }
        keys.aliases.insert((channel.kind, alias.0, alias.1));
    }
}

/// An address as an agent typed it.
fn typed(world: &World, channel_id: &ChannelId, address: &str, keys: &mut ColdKeys) {
    let Some(channel) = world.channel(channel_id) else { return };
    aliases(world, channel_id, keys::spellings_of_address(&channel.abilities, address).iter(), keys);
}

fn provider(world: &World, channel_id: &ChannelId, provider_id: &str, keys: &mut ColdKeys) {
    if world.message_of_provider(channel_id, provider_id).is_none() {
        keys.provider_ids.insert((channel_id.clone(), provider_id.to_owned()));
    }
}

fn message(world: &World, message_id: MessageId, keys: &mut ColdKeys) {
    if world.message(message_id).is_none() {
        keys.messages.insert(message_id);
    }
}

fn perhaps(world: &World, message_id: Option<MessageId>, keys: &mut ColdKeys) {
    if let Some(message_id) = message_id {
        message(world, message_id, keys);
    }
}

fn interaction(world: &World, interaction_id: InteractionId, keys: &mut ColdKeys) {
    if world.work(interaction_id).is_none() {
        keys.interactions.insert(interaction_id);
    }
}

/// All of a contact's addresses are needed, and the world may hold some only: it is always asked for.
fn contact(contact_id: ContactId, keys: &mut ColdKeys) {
    keys.contacts.insert(contact_id);
}

fn media(world: &World, media_id: &MediaId, keys: &mut ColdKeys) {
    match world.media.get(media_id).map(|media| media.row.message_id) {
        Some(Some(message_id)) => message(world, message_id, keys),
        Some(None) => {}
        None => {
            keys.media.insert(media_id.clone());
        }
    }
}
