//! Carries out what a handler waits for: a call to somewhere, or a command to the engine. It knows nothing of Lua.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use super::http::{Ask, Http, Refused};
use super::machine::{Answer, Call};
use super::rights::Rights;
use super::secrets::Secrets;
use crate::clock::pause;
use crate::domain::{AgentId, Choice, InteractionId, SkillId, Span, Status};
use crate::engine::{self, BotCommand, Caller, Command, Input, RefusalKind, RequestKey};
use crate::runtime::Desk;

/// How often a command is tried again that the server could not take, and how long it waits between.
const TRIES: u32 = 20;
const AGAIN_MS: u64 = 250;

/// What a plugin's calls are carried out with.
#[derive(Clone)]
pub(crate) struct Performer {
    pub(crate) desk: Desk,
    pub(crate) http: Http,
    pub(crate) rights: Rights,
    pub(crate) settings: Map<String, Json>,
    pub(crate) secrets: Arc<Secrets>,
    /// The agent that it is, if it is a bot.
    pub(crate) agent_id: Option<AgentId>,
}

fn wrong(text: impl Into<String>) -> Answer {
    Answer { wrong: Some(text.into()), ..Answer::default() }
}

impl Performer {
    /// Carries one out. `key` is the same if the same handler asks again for the same event: then it acts once.
    pub(crate) async fn perform(&self, call: Call, key: String) -> Answer {
        if call.op == "http" {
            return self.http(call.given).await;
        }
        let Some(agent_id) = self.agent_id else {
            return wrong(format!(
                "{}: only a bot may; plugin.toml must ask for it ([capabilities] bot = true)",
                call.op
            ));
        };
        match command(&call) {
            Ok(command) => self.ask(agent_id, command, key).await,
            Err(problem) => wrong(problem),
        }
    }

    async fn http(&self, given: Json) -> Answer {
        let ask: Ask = match serde_json::from_value(given) {
            Ok(ask) => ask,
            Err(error) => return wrong(format!("http: {error}")),
        };
        match self.http.call(ask, &self.rights, &self.settings, &self.secrets).await {
            Ok(answer) => Answer { value: Some(answer), ..Answer::default() },
            Err(Refused::Failed(problem)) => Answer { problem: Some(json!(problem)), ..Answer::default() },
            Err(Refused::Wrong(problem)) => wrong(problem),
        }
    }

    /// Asks the engine. The hash is the same for all: what counts is that this step of this event was done.
    pub(crate) async fn ask(&self, agent_id: AgentId, command: Command, key: String) -> Answer {
        let caller = Caller { agent_id, session: 0 };
        for _ in 0..TRIES {
            let request = Some(RequestKey { id: key.clone(), hash: String::new() });
            let reply = self.desk.ask(Input::Command { caller, request, command: command.clone() }).await;
            return match reply {
                Ok(answer) => Answer { value: Some(shown(&answer)), ..Answer::default() },
                Err(refusal) if refusal.kind == RefusalKind::Unavailable => {
                    pause(AGAIN_MS).await;
                    continue;
                }
                Err(refusal) => {
                    let problem = json!({ "kind": refusal.kind.as_str(), "message": refusal.message });
                    Answer { problem: Some(problem), ..Answer::default() }
                }
            };
        }
        let problem = json!({ "kind": "unavailable", "message": "the server could not take this" });
        Answer { problem: Some(problem), ..Answer::default() }
    }
}

/// What a plugin sees of an answer.
fn shown(answer: &engine::Answer) -> Json {
    if let engine::Answer::Messages(messages) = answer {
        return json!({ "id": messages.first().map(|message| message.message_id.to_string()) });
    }
    json!({ "done": true })
}

#[derive(Deserialize)]
struct Given {
    interaction_id: String,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    note: Option<String>,
    #[serde(default)]
    tag: Option<String>,
    #[serde(default)]
    skill: Option<String>,
    #[serde(default)]
    disposition: Option<String>,
    #[serde(default)]
    within: Option<String>,
    /// A Lua table without entries is no list.
    #[serde(default)]
    choices: Json,
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(what: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|error| format!("{what} {text:?}: {error}"))
}

/// A call as a command.
pub(crate) fn command(call: &Call) -> Result<Command, String> {
    let given: Given =
        serde_json::from_value(call.given.clone()).map_err(|error| format!("{}: {error}", call.op))?;
    let interaction_id: InteractionId = parsed("interaction", &given.interaction_id)?;
    let text = given.text.unwrap_or_default();
    let choices = if given.choices.is_array() {
        serde_json::from_value::<Vec<Choice>>(given.choices).map_err(|error| format!("choices: {error}"))?
    } else {
        Vec::new()
    };
    let within = given.within.as_deref().map_or(Ok(Span(0)), |text| parsed("within", text))?;
    let skill = given.skill.as_deref().map(|text| parsed::<SkillId>("skill", text)).transpose()?;
    Ok(match call.op.as_str() {
        "reply" => Command::Bot(BotCommand::Say { interaction_id, text, choices }),
        "hand_over" => Command::Bot(BotCommand::HandOver { interaction_id, skill, note: given.note }),
        "ask" => Command::Bot(BotCommand::Ask { interaction_id, text, choices, within }),
        "note" => Command::AddNote { interaction_id, message_id: None, text },
        "tag" => Command::AddTag { interaction_id, message_id: None, tag: given.tag.unwrap_or_default() },
        "resolve" => Command::SetOutcome {
            interaction_id,
            status: Status::Resolved,
            disposition: given.disposition,
            note: given.note,
            tags: None,
        },
        other => return Err(format!("there is no {other}")),
    })
}
