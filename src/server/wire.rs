//! Turns the engine's values into what crosses the wire. It knows both languages and decides nothing.

mod event;
mod oversight;

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::domain::{
    Abilities, Agent, AliasKind, Author, CardSection, Channel, ChannelId, ChannelKind, Contact, Draft,
    Interaction, Media, MediaId, Message, Note, Reaction, Role, Skill, SkillId, Team, TeamId, Template,
    TemplateValues, Timer, TimerRule, Transcript, Watching, readable_address,
};
use crate::engine::{AtRisk, Board, ContactView, DecisionRow, PolicyError, Queue, Services, Share, Snapshot};
use crate::port::FoundContact;
use crate::protocol as wire;
use crate::protocol::{Id, Moment, Word};

pub(crate) use event::{Told, event_frame};
pub(crate) use oversight::{act, channel_status, retention, token};

/// What each channel account can do, for everything that shows an interaction.
#[derive(Debug, Default)]
pub(crate) struct Channels(BTreeMap<ChannelId, wire::Capabilities>);

impl Channels {
    pub(crate) fn new<'a>(channels: impl Iterator<Item = &'a Channel>) -> Self {
        let with_id = channels.map(|channel| (channel.channel_id.clone(), capabilities(&channel.abilities)));
        Self(with_id.collect())
    }

    /// An account that is no longer configured can do nothing.
    fn of(&self, channel_id: &ChannelId) -> wire::Capabilities {
        self.0.get(channel_id).copied().unwrap_or_default()
    }
}

fn capabilities(abilities: &Abilities) -> wire::Capabilities {
    wire::Capabilities {
        window: abilities.window.is_some(),
        templates: abilities.templates,
        media: abilities.media,
        reactions: abilities.reactions,
        typing: abilities.typing,
        subject: abilities.subject,
        text_max: abilities.text_max,
    }
}

/// JSON that the engine keeps as text. What is no JSON (it never should) is left out.
fn json(text: &str) -> Option<&RawValue> {
    if text.is_empty() { None } else { serde_json::from_str(text).ok() }
}

pub(crate) fn interaction<'a>(
    channels: &Channels,
    it: &'a Interaction,
    contact: Option<&'a Contact>,
    draft: Option<&'a Draft>,
) -> wire::Interaction<'a> {
    wire::Interaction {
        interaction_id: Id(it.interaction_id),
        channel_id: it.channel_id.as_str(),
        kind: Word(it.kind),
        contact: contact.map(|contact| self::contact(contact, &it.address)),
        status: Word(it.status),
        ownership: Word(it.ownership),
        agent_id: it.agent_id.map(Id),
        last_agent_id: it.last_agent_id.map(Id),
        consulted: it.consulted.iter().copied().map(Id).collect(),
        transfer: it.transfer.map(|transfer| wire::Transfer {
            agent_id: Id(transfer.to),
            offer_expires_at: Moment(transfer.expires_at),
        }),
        skill: it.skill.as_ref().map(SkillId::as_str),
        previous_id: it.previous_id.map(Id),
        converted_from: it.converted_from.map(Id),
        outbound: it.outbound,
        subject: it.subject.as_deref(),
        language: it.language.as_deref(),
        window_ends_at: it.window_ends_at.map(Moment),
        timers: wire::Timers {
            agent: it.timers.agent.as_ref().map(|running| timer(running, None)),
            customer: it.timers.customer.as_ref().map(|running| {
                timer(running, it.kept.plan.as_ref().and_then(|kept| kept.plan.customer.as_ref()))
            }),
            offer_expires_at: it.timers.offer_expires_at.map(Moment),
            ends_at: it.timers.ends_at.map(Moment),
            snoozed_until: it.timers.snoozed_until.map(Moment),
        },
        unread: it.unread,
        last_line: &it.last_line,
        last_message_at: it.last_message_at.map(Moment),
        disposition: it.disposition.as_deref(),
        tags: &it.tags,
        created_at: Moment(it.created_at),
        assigned_at: it.assigned_at.map(Moment),
        ended_at: it.ended_at.map(Moment),
        translation: it.translation.as_ref().map(|it| wire::Translating {
            my_language: &it.my_language,
            their_language: &it.their_language,
            translate_theirs: it.translate_theirs,
            translate_mine: it.translate_mine,
        }),
        revision: it.revision,
        draft: draft.map(self::draft),
        capabilities: channels.of(&it.channel_id),
    }
}

fn contact<'a>(contact: &'a Contact, address: &'a str) -> wire::Contact<'a> {
    wire::Contact {
        contact_id: Id(contact.contact_id),
        name: &contact.name,
        language: contact.language.as_deref(),
        address,
        vip: contact.vip,
        blocked: contact.blocked,
        opted_out: contact.opted_out,
    }
}

pub(crate) fn whole_contact(view: &ContactView) -> wire::WholeContact<'_> {
    let contact = &*view.contact;
    wire::WholeContact {
        contact_id: Id(contact.contact_id),
        name: &contact.name,
        language: contact.language.as_deref(),
        vip: contact.vip,
        blocked: contact.blocked,
        opted_out: contact.opted_out,
        attributes: &contact.attributes,
        addresses: view
            .addresses
            .iter()
            .map(|it| wire::Address { kind: Word(it.kind), address: &it.address })
            .collect(),
        merged_into: contact.merged.as_ref().map(|merged| Id(merged.into)),
        created_at: Moment(contact.created_at),
    }
}

pub(crate) fn listed_contact(found: &FoundContact) -> wire::ListedContact {
    let mut identities: BTreeMap<_, (ChannelKind, Vec<(AliasKind, String)>)> = BTreeMap::new();
    for alias in &found.aliases {
        let identity = identities.entry(alias.identity_id).or_insert((alias.kind, Vec::new()));
        identity.1.push((alias.alias_kind, alias.value.clone()));
    }
    let addresses = identities
        .into_values()
        .map(|(kind, aliases)| wire::ListedAddress { kind: Word(kind), address: readable_address(&aliases) });
    wire::ListedContact {
        contact_id: Id(found.contact.contact_id),
        name: found.contact.name.clone(),
        vip: found.contact.vip,
        blocked: found.contact.blocked,
        opted_out: found.contact.opted_out,
        addresses: addresses.collect(),
    }
}

pub(crate) fn merged_contact(contact: &Contact) -> Option<wire::MergedContact> {
    let merged = contact.merged.as_ref()?;
    Some(wire::MergedContact {
        contact_id: Id(contact.contact_id),
        name: contact.name.clone(),
        by: Id(merged.by),
        at: Moment(merged.at),
    })
}

pub(crate) fn section(it: CardSection) -> wire::Section {
    let fields = it.fields.into_iter().map(|field| wire::SectionField {
        label: field.label,
        value: field.value,
        link: field.link,
    });
    wire::Section { provider: it.provider, title: it.title, state: Word(it.state), fields: fields.collect() }
}

/// A timer, with the rule by which it may be extended, if it may.
fn timer(timer: &Timer, rule: Option<&TimerRule>) -> wire::Timer {
    let extend_by = rule.filter(|rule| rule.extend_max > 0).and_then(|rule| rule.extend_by);
    wire::Timer {
        started_at: Moment(timer.started_at),
        yellow_at: Moment(timer.yellow_at()),
        red_at: Moment(timer.red_at()),
        total_seconds: timer.total.0 / 1_000,
        extended: timer.extended,
        extensions_left: rule.map_or(0, |rule| rule.extensions_left(timer)),
        extend_by_seconds: extend_by.map(|by| by.0 / 1_000),
        // As announced, not as the clock says: the same event reads the same whenever it is written.
        state: match (timer.red, timer.yellow) {
            (true, _) => wire::TimerState::Red,
            (false, true) => wire::TimerState::Yellow,
            (false, false) => wire::TimerState::Running,
        },
    }
}

pub(crate) fn draft(draft: &Draft) -> wire::Draft<'_> {
    wire::Draft {
        mode: Word(draft.mode),
        text: &draft.text,
        media: draft.media.iter().map(MediaId::as_str).collect(),
        reply_to: draft.reply_to.map(Id),
        saved_at: Moment(draft.saved_at),
    }
}

pub(crate) fn note(note: &Note) -> wire::Note<'_> {
    wire::Note {
        note_id: Id(note.note_id),
        interaction_id: Id(note.interaction_id),
        message_id: note.message_id.map(Id),
        agent_id: note.agent_id.map(Id),
        text: &note.text,
        created_at: Moment(note.created_at),
    }
}

pub(crate) fn transcript(it: &Transcript) -> wire::Transcript<'_> {
    wire::Transcript {
        transcript_id: Id(it.transcript_id),
        interaction_id: Id(it.interaction_id),
        email: &it.email,
        state: Word(it.state),
    }
}

fn services(it: &Services) -> wire::Services {
    wire::Services { transcripts: it.transcripts, translation: it.translation.is_some() }
}

fn author(author: &Author) -> wire::Author {
    match author {
        Author::Contact => wire::Author::Contact,
        Author::Agent(agent_id) => wire::Author::Agent { agent_id: Id(*agent_id) },
        Author::System => wire::Author::System,
        Author::Elsewhere => wire::Author::Elsewhere,
    }
}

pub(crate) fn message(it: &Message) -> wire::Message<'_> {
    wire::Message {
        message_id: Id(it.message_id),
        interaction_id: Id(it.interaction_id),
        direction: Word(it.direction),
        author: author(&it.author),
        kind: Word(it.kind),
        text: &it.text,
        media: it.media.iter().map(media).collect(),
        data: json(&it.data),
        template: it.template.as_ref().map(sent_template),
        reply_to: it.reply_to.map(Id),
        forwarded: it.forwarded,
        edited: it.edited,
        deleted: it.deleted,
        reactions: reactions(&it.reactions),
        tags: &it.tags,
        state: Word(it.state),
        error: it.error.as_ref().map(|error| wire::DeliveryError {
            code: error.code,
            reason: &error.reason,
            details: &error.details,
        }),
        translation: it.translation.as_ref().map(|translation| wire::Translation {
            state: Word(translation.state),
            text: &translation.text,
            from: &translation.from,
            to: &translation.to,
            reason: translation.reason.as_deref(),
        }),
        sent_at: Moment(it.sent_at),
        created_at: Moment(it.created_at),
    }
}

fn reactions(all: &[Reaction]) -> Vec<wire::Reaction<'_>> {
    all.iter()
        .map(|reaction| wire::Reaction { author: author(&reaction.author), emoji: &reaction.emoji })
        .collect()
}

fn media(it: &Media) -> wire::Media<'_> {
    wire::Media {
        media_id: it.media_id.as_str(),
        mime: &it.mime,
        filename: it.filename.as_deref(),
        caption: it.caption.as_deref(),
        size: it.size,
        voice: it.voice,
        state: Word(it.state),
    }
}

fn sent_template(values: &TemplateValues) -> wire::SentTemplate<'_> {
    let has_header = values.header_text.is_some() || values.header_media.is_some();
    wire::SentTemplate {
        name: &values.name,
        language: &values.language,
        parameters: &values.parameters,
        header: has_header.then(|| wire::SentHeader {
            text: values.header_text.as_deref(),
            media_id: values.header_media.as_ref().map(MediaId::as_str),
        }),
        buttons: &values.buttons,
    }
}

pub(crate) fn agent(it: &Agent, load: u32) -> wire::Agent<'_> {
    wire::Agent {
        agent_id: Id(it.agent_id),
        login: &it.login,
        name: &it.name,
        bot: it.bot,
        role: it.role.as_str(),
        state: Word(it.state),
        reason: it.reason.as_deref(),
        state_since: Moment(it.state_since),
        skills: it
            .skills
            .iter()
            .map(|held| wire::HeldSkill { skill: held.skill.as_str(), level: held.level })
            .collect(),
        teams: it.teams.iter().map(TeamId::as_str).collect(),
        capacity: wire::Room { total: it.capacity.total, per_kind: &it.capacity.per_kind },
        load,
        removed: it.removed,
    }
}

pub(crate) fn queue(it: &Queue) -> wire::Queue<'_> {
    wire::Queue {
        skill: it.skill.as_str(),
        title: &it.title,
        waiting: it.waiting,
        longest_since: it.longest_since.map(Moment),
        available_agents: it.available_agents,
        unattended: it.unattended,
        service_level: wire::ServiceLevel {
            target_seconds: it.level.target.0 / 1_000,
            today: share(it.level.today),
            last_hour: share(it.level.last_hour),
        },
    }
}

fn share(it: Share) -> wire::Share {
    let percent = (it.accepted > 0).then(|| (it.in_time * 200 + it.accepted) / (it.accepted * 2));
    wire::Share { accepted: it.accepted, in_time: it.in_time, percent }
}

pub(crate) fn watching(it: &Watching) -> wire::WatchedThings<'_> {
    wire::WatchedThings {
        all: it.all,
        skills: it.skills.iter().map(SkillId::as_str).collect(),
        interactions: it.interactions.iter().copied().map(Id).collect(),
    }
}

pub(crate) fn board<'a>(channels: &Channels, it: &'a Board) -> wire::Board<'a> {
    let timer = |at_risk: &'a AtRisk| wire::AtRisk {
        timer: Word(at_risk.timer),
        state: if at_risk.red { wire::TimerState::Red } else { wire::TimerState::Yellow },
        red_at: Moment(at_risk.red_at),
        interaction: interaction(channels, &at_risk.view.interaction, Some(&at_risk.view.contact), None),
    };
    wire::Board {
        queues: it.queues.iter().map(queue).collect(),
        agents: it.agents.iter().map(|(agent, load)| self::agent(agent, *load)).collect(),
        timers: it.timers.iter().map(timer).collect(),
        more_timers: it.more_timers,
    }
}

pub(crate) fn skill(it: &Skill) -> wire::Skill<'_> {
    wire::Skill {
        skill: it.skill.as_str(),
        title: &it.title,
        dispositions: &it.dispositions,
        disposition_required: it.disposition_required,
        offer_seconds: it.offer.0 / 1_000,
        auto_accept: it.auto_accept,
        outbound: &it.outbound,
    }
}

pub(crate) fn role(it: &Role) -> wire::Role<'_> {
    wire::Role {
        role: it.role.as_str(),
        title: &it.title,
        permissions: it.permissions.iter().copied().map(Word).collect(),
        kinds: it.kinds.iter().copied().map(Word).collect(),
        built_in: it.role.is_built_in(),
    }
}

pub(crate) fn team(it: &Team) -> wire::Team<'_> {
    wire::Team { team: it.team.as_str(), title: &it.title }
}

fn channel(it: &Channel) -> wire::Channel<'_> {
    wire::Channel {
        channel_id: it.channel_id.as_str(),
        kind: Word(it.kind),
        templates: it.abilities.templates,
        address: Word(it.abilities.address.address()),
        outbound: it.abilities.outbound,
        template_first: it.abilities.template_first,
        subject: it.abilities.subject,
        text: it.abilities.text_max > 0,
    }
}

pub(crate) fn template(it: &Template) -> wire::Template<'_> {
    let asks = |text: Option<&str>| text.is_some_and(|text| text.contains("{{"));
    wire::Template {
        name: &it.name,
        language: &it.language,
        category: &it.category,
        status: &it.status,
        parameter_format: Word(it.parameter_format),
        header: it.header_format.map(|format| wire::TemplateHeader {
            format: Word(format),
            text: it.header.as_deref(),
            parameters: if asks(it.header.as_deref()) { vec!["text"] } else { Vec::new() },
        }),
        body: &it.body,
        parameters: it.parameters(),
        footer: it.footer.as_deref(),
        buttons: it
            .buttons
            .iter()
            .map(|button| wire::TemplateButton {
                kind: &button.kind,
                text: &button.text,
                url: button.url.as_deref(),
                needs_value: asks(button.url.as_deref()) || button.kind == "copy_code",
            })
            .collect(),
    }
}

pub(crate) fn decision(it: &DecisionRow) -> wire::Decision<'_> {
    wire::Decision {
        decision_id: Id(it.decision_id),
        time: Moment(it.time),
        question: &it.question,
        generation: it.generation,
        at: it.at.as_deref(),
        error: it.error.as_deref(),
        facts: json(&it.facts).unwrap_or(RawValue::NULL),
        answer: json(&it.answer).unwrap_or(RawValue::NULL),
        reasons: json(&it.reasons).unwrap_or(RawValue::NULL),
    }
}

pub(crate) fn script_error(it: &PolicyError) -> wire::ScriptError<'_> {
    wire::ScriptError { file: &it.file, line: it.line, column: it.column, message: &it.message }
}

pub(crate) fn snapshot<'a>(
    channels: &Channels,
    it: &'a Snapshot,
    reasons: &'a [String],
) -> wire::Snapshot<'a> {
    let draft_of = |id| it.drafts.iter().find(|draft| draft.interaction_id == id);
    wire::Snapshot {
        interactions: it
            .interactions
            .iter()
            .map(|view| {
                let draft = draft_of(view.interaction.interaction_id);
                interaction(channels, &view.interaction, Some(&view.contact), draft)
            })
            .collect(),
        consulted: it
            .consulted
            .iter()
            .map(|view| {
                let draft = draft_of(view.interaction.interaction_id);
                interaction(channels, &view.interaction, Some(&view.contact), draft)
            })
            .collect(),
        watching: Some(&it.agent.watching).filter(|it| **it != Watching::default()).map(watching),
        agents: it.agents.iter().map(|(agent, load)| self::agent(agent, *load)).collect(),
        queues: it.queues.iter().map(queue).collect(),
        channels: it.channels.iter().map(channel).collect(),
        skills: it.skills.iter().map(skill).collect(),
        services: services(&it.services),
        conversions: &it.conversions,
        reasons,
        notices: Vec::new(),
    }
}

/// The caller as `session.start` shows it: with what it holds, if the snapshot tells.
pub(crate) fn myself(it: &Snapshot) -> wire::Agent<'_> {
    let load =
        it.agents.iter().find(|(agent, _)| agent.agent_id == it.agent.agent_id).map_or(0, |(_, load)| *load);
    agent(&it.agent, load)
}
