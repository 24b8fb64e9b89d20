//! What only administrators see, as it crosses the wire.

use super::{capabilities, json};
use crate::domain::Span;
use crate::engine::{AuditRow, ChannelHealth, Retention, TokenInfo};
use crate::protocol as wire;
use crate::protocol::{Id, Moment, Word};

pub(crate) fn channel_status(it: &ChannelHealth) -> wire::ChannelStatus<'_> {
    let channel = &it.channel;
    wire::ChannelStatus {
        channel_id: channel.channel_id.as_str(),
        kind: Word(channel.kind),
        state: if it.down_until.is_some() { "down" } else { "up" },
        down_until: it.down_until.map(Moment),
        last_error: it.last_error.as_ref().map(|(time, error)| wire::ChannelError {
            time: Moment(*time),
            code: error.code,
            reason: &error.reason,
            details: &error.details,
        }),
        window_hours: channel.abilities.window.map(|window| window.0 / Span::hours(1).0),
        abilities: capabilities(&channel.abilities),
        receipts: channel.abilities.receipts,
        caption_max: channel.abilities.caption_max,
        messages_per_second: channel.messages_per_second,
    }
}

pub(crate) fn token(it: &TokenInfo) -> wire::Token<'_> {
    wire::Token {
        name: &it.name,
        agent_id: Id(it.agent_id),
        login: &it.login,
        created_at: Moment(it.created_at),
    }
}

pub(crate) fn act(it: &AuditRow) -> wire::AuditEntry<'_> {
    wire::AuditEntry {
        audit_id: it.audit_id.to_string(),
        time: Moment(it.time),
        agent_id: it.agent_id.map(Id),
        action: &it.action,
        object: &it.object,
        detail: json(&it.detail),
    }
}

pub(crate) fn retention(it: &Retention) -> wire::Retention {
    let days = |span: Span| span.0 / Span::days(1).0;
    wire::Retention {
        events_days: days(it.events),
        decisions_days: days(it.decisions),
        audit_days: days(it.audit),
        raw_days: days(it.raw),
        content_days: it.content.map(days),
    }
}
