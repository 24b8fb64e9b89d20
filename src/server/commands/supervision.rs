//! What is asked of the engine when work is shared, moved or watched.

use crate::domain::{InteractionId, To};
use crate::engine::{Command, Filter, ShareCommand, SuperviseCommand, Watched};
use crate::protocol::params::{
    Consult, EndConsult, HandTo, ListInteractions, Reassign, SetAgentState, Transfer, Watch,
};
use crate::protocol::{ErrorShape, INVALID_PARAMS};

/// Interactions in a page, unless asked otherwise.
const PAGE_DEFAULT: u32 = 50;

type Read = Result<Command, ErrorShape<'static>>;

fn wrong(field: &'static str, message: &'static str) -> ErrorShape<'static> {
    let mut error = ErrorShape::invalid(INVALID_PARAMS, message);
    error.data.field = Some(field.into());
    error
}

fn to(params: HandTo) -> Result<To, ErrorShape<'static>> {
    match params {
        HandTo { agent: Some(agent), skill: None, team: None } => Ok(To::Agent(agent.0)),
        HandTo { agent: None, skill: Some(skill), team: None } => Ok(To::Skill(skill.0)),
        HandTo { agent: None, skill: None, team: Some(team) } => Ok(To::Team(team.0)),
        HandTo { .. } => Err(wrong("to", "Field to names one of agent, skill and team")),
    }
}

pub(super) fn transfer(params: Transfer) -> Read {
    let Transfer { interaction_id, to: whom, note } = params;
    Ok(Command::Share(ShareCommand::Transfer { interaction_id: interaction_id.0, to: to(whom)?, note }))
}

pub(super) fn end_transfer(interaction_id: InteractionId) -> Command {
    Command::Share(ShareCommand::EndTransfer { interaction_id })
}

pub(super) fn take_over(interaction_id: InteractionId) -> Command {
    Command::Supervise(SuperviseCommand::TakeOver { interaction_id })
}

pub(super) fn reassign(params: Reassign) -> Read {
    let Reassign { interaction_id, to: whom } = params;
    Ok(Command::Supervise(SuperviseCommand::Reassign { interaction_id: interaction_id.0, to: to(whom)? }))
}

pub(super) fn consult(params: Consult) -> Command {
    let Consult { interaction_id, agent_id, note } = params;
    Command::Share(ShareCommand::Consult { interaction_id: interaction_id.0, agent_id: agent_id.0, note })
}

pub(super) fn end_consult(params: &EndConsult) -> Command {
    Command::Share(ShareCommand::EndConsult {
        interaction_id: params.interaction_id.0,
        agent_id: params.agent_id.map(|agent_id| agent_id.0),
    })
}

pub(super) fn watch(params: Watch) -> Read {
    let Watch { interaction_id, skill, all, on } = params;
    let what = match (interaction_id, skill, all) {
        (Some(interaction_id), None, false) => Watched::Interaction(interaction_id.0),
        (None, Some(skill), false) => Watched::Skill(skill.0),
        (None, None, true) => Watched::All,
        _ => return Err(wrong("interaction_id", "Name one of interaction_id, skill and all")),
    };
    Ok(Command::Supervise(SuperviseCommand::Watch { what, on }))
}

pub(super) fn set_agent_state(params: SetAgentState) -> Command {
    let SetAgentState { agent_id, state, reason } = params;
    Command::Supervise(SuperviseCommand::SetAgentState { agent_id: agent_id.0, state: state.0, reason })
}

pub(super) fn filter(params: ListInteractions) -> Filter {
    let ListInteractions { ended, status, ownership, agent_id, skill, channel_id, before, limit } = params;
    Filter {
        ended,
        status: status.map(|word| word.0),
        ownership: ownership.map(|word| word.0),
        agent_id: agent_id.map(|id| id.0),
        skill: skill.map(|id| id.0),
        channel_id: channel_id.map(|id| id.0),
        before: before.map(|id| id.0),
        limit: limit.unwrap_or(PAGE_DEFAULT),
    }
}
