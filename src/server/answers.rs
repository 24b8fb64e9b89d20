//! The frames that carry the engine's answers.

use serde_json::value::RawValue;

use super::app::App;
use super::wire;
use crate::engine::{Answer, View};
use crate::port::{EndedPage, Language, MessagePage};
use crate::protocol::{
    self, Agents, Done, History, Id, InteractionPage, Interactions, KnownTag, KnownTags, Method, OneAgent,
    OneInteraction, OneMessage, OneNote, OneTranscript, Outbound, Roles, Skills, Tags, Teams, Templates,
    Watching, WholeInteraction, Why,
};

/// The frame; `None`: no answer to such a method.
#[expect(clippy::too_many_lines, reason = "one arm for each kind of answer")]
pub(crate) fn frame(app: &App, id: &RawValue, method: Method, answer: &Answer) -> Option<String> {
    let text = match answer {
        Answer::Done => protocol::answer(id, Done {}),
        Answer::Agent(agent, load) => protocol::answer(id, OneAgent { agent: wire::agent(agent, *load) }),
        Answer::Agents(agents) => {
            let agents = agents.iter().map(|(agent, load)| wire::agent(agent, *load)).collect();
            protocol::answer(id, Agents { agents })
        }
        Answer::Roles(roles) => {
            protocol::answer(id, Roles { roles: roles.iter().map(|role| wire::role(role)).collect() })
        }
        Answer::Skills(skills) => {
            protocol::answer(id, Skills { skills: skills.iter().map(wire::skill).collect() })
        }
        Answer::Teams(teams) => protocol::answer(id, Teams { teams: teams.iter().map(wire::team).collect() }),
        Answer::Channels(channels) => {
            let channels = channels.iter().map(wire::channel_status).collect();
            protocol::answer(id, protocol::Channels { channels })
        }
        Answer::Tokens(tokens) => {
            let tokens = tokens.iter().map(wire::token).collect();
            protocol::answer(id, protocol::Tokens { tokens })
        }
        Answer::Retention(kept) => protocol::answer(id, wire::retention(kept)),
        Answer::Interaction { view, notes, draft } if method == Method::InteractionGet => {
            let (it, contact) = (&view.interaction, Some(&*view.contact));
            protocol::answer(
                id,
                WholeInteraction {
                    interaction: wire::interaction(&app.channels, it, contact, draft.as_ref()),
                    notes: notes.iter().map(wire::note).collect(),
                },
            )
        }
        Answer::Interaction { view, .. } => {
            protocol::answer(id, OneInteraction { interaction: interaction(app, view) })
        }
        Answer::Inbox { interactions, consulted } => {
            let interactions = interactions.iter().map(|view| interaction(app, view)).collect();
            let consulted = consulted.iter().map(|view| interaction(app, view)).collect();
            protocol::answer(id, Interactions { interactions, consulted })
        }
        Answer::Page { views, next } => {
            let interactions = views.iter().map(|view| interaction(app, view)).collect();
            protocol::answer(id, InteractionPage { interactions, next: next.map(Id) })
        }
        Answer::Board(board) => protocol::answer(id, wire::board(&app.channels, board)),
        Answer::Watching(watching) => protocol::answer(id, Watching { watching: wire::watching(watching) }),
        Answer::Messages(messages) => {
            let message = wire::message(messages.first()?);
            let several = messages.len() > 1;
            let messages =
                messages.iter().filter(|_| several).map(|message| wire::message(message)).collect();
            protocol::answer(id, OneMessage { message, messages })
        }
        Answer::Outbound(view, message) => {
            let message = message.as_deref().map(wire::message);
            protocol::answer(id, Outbound { interaction: interaction(app, view), message })
        }
        Answer::Contact(view) => super::contacts::one(id, view),
        Answer::Note(note) => protocol::answer(id, OneNote { note: wire::note(note) }),
        Answer::Transcript(transcript) => {
            protocol::answer(id, OneTranscript { transcript: wire::transcript(transcript) })
        }
        Answer::Tags(tags) => protocol::answer(id, Tags { tags }),
        Answer::KnownTags(tags) => {
            let tags = tags.iter().map(|row| KnownTag { tag: &row.tag, uses: row.uses }).collect();
            protocol::answer(id, KnownTags { tags })
        }
        Answer::Templates(templates) => {
            protocol::answer(id, Templates { templates: templates.iter().map(wire::template).collect() })
        }
        Answer::Why { full, sentence, decisions } => {
            let decisions = full.then(|| decisions.iter().map(wire::decision).collect());
            protocol::answer(id, Why { sentence, decisions })
        }
        Answer::Session(_)
        | Answer::Prefill(_)
        | Answer::Queues(_)
        | Answer::TeamsAtWork(_)
        | Answer::Media(_)
        | Answer::Caller { .. }
        | Answer::Credentials { .. }
        | Answer::Sight(_) => {
            return None;
        }
    };
    Some(text)
}

fn interaction<'a>(app: &App, view: &'a View) -> protocol::Interaction<'a> {
    wire::interaction(&app.channels, &view.interaction, Some(&view.contact), None)
}

pub(crate) fn history(id: &RawValue, page: &MessagePage) -> String {
    protocol::answer(
        id,
        History { messages: page.messages.iter().map(wire::message).collect(), more: page.more },
    )
}

pub(crate) fn ended(app: &App, id: &RawValue, page: &EndedPage) -> String {
    let interactions = page
        .interactions
        .iter()
        .map(|(it, contact)| wire::interaction(&app.channels, it, contact.as_deref(), None))
        .collect();
    protocol::answer(id, InteractionPage { interactions, next: page.next.map(Id) })
}

pub(crate) fn languages(id: &RawValue, languages: &[Language]) -> String {
    let languages =
        languages.iter().map(|it| protocol::Language { code: &it.code, name: &it.name }).collect();
    protocol::answer(id, protocol::Languages { languages })
}
