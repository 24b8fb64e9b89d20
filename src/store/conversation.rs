//! A contact's own conversation read back: what it wrote and what was sent to it on one channel account.

use std::collections::{BTreeMap, BTreeSet};

use super::backend::{Argument, Connection, Read};
use super::decode;
use super::encode::list;
use super::sql::Sql;
use crate::domain::{AgentId, Author, IdentityId, Interaction, Media, MediaId, Message};
use crate::port::{Conversation, Party, Seen, StoreError, Stretch};

/// The most messages one call gives back, whatever the caller asks for.
const PAGE_MAX: u32 = 200;

/// Reads part of it.
pub(super) async fn load<C: Connection>(
    sql: &'static Sql,
    c: &mut C,
    party: &Party,
    part: Stretch,
    limit: u32,
) -> Result<Conversation, StoreError> {
    let limit = limit.min(PAGE_MAX);
    let alias: Vec<Argument> = vec![
        party.kind.as_str().to_owned().into(),
        party.alias.0.as_str().to_owned().into(),
        party.alias.1.clone().into(),
    ];
    let identities = c.each(&sql.identity, alias, "aliases", decode::number).await?;
    let Some(identity_id) = identities.first().copied() else { return Ok(Conversation::default()) };
    let channel_id = || Argument::from(party.channel_id.as_str().to_owned());
    let whose = || vec![identity_id.into(), channel_id()];
    let newest = c.each(&sql.conversation_newest, whose(), "interactions", decode::interaction).await?;
    let interaction = newest.into_iter().next();
    // One more than asked for tells whether there are more.
    let wanted = i64::from(limit) + 1;
    let after = |seen: Seen, tries: i64| {
        vec![seen.inbound.0.into(), seen.outbound.0.into(), tries.into(), wanted.into()]
    };
    let (statement, rest): (&'static str, Vec<Argument>) = match part {
        Stretch::Before(before) => {
            (&sql.conversation_before, vec![before.map_or(i64::MAX, |id| id.0).into(), wanted.into()])
        }
        Stretch::Missed(seen) => (&sql.conversation_after, after(seen, 0)),
        Stretch::New(seen) => (&sql.conversation_after, after(seen, 1)),
    };
    let arguments = whose().into_iter().chain(rest).collect();
    let mut messages = c.each(statement, arguments, "messages", decode::message).await?;
    let more = messages.len() > limit as usize;
    messages.truncate(limit as usize);
    if matches!(part, Stretch::Before(_)) {
        messages.reverse();
    }
    let names = names(sql, c, &messages, interaction.as_ref()).await?;
    Ok(Conversation { identity_id: Some(IdentityId(identity_id)), interaction, messages, more, names })
}

/// The names of the agents who appear in it.
async fn names<C: Connection>(
    sql: &'static Sql,
    c: &mut C,
    messages: &[Message],
    interaction: Option<&Interaction>,
) -> Result<BTreeMap<AgentId, String>, StoreError> {
    let authors = messages.iter().filter_map(|message| match message.author {
        Author::Agent(agent_id) => Some(agent_id),
        Author::Contact | Author::System | Author::Elsewhere => None,
    });
    let holder = interaction.and_then(|row| row.agent_id);
    let wanted: BTreeSet<AgentId> = authors.chain(holder).collect();
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let read: Read<C::Row, (AgentId, String)> = |r| Ok((AgentId(r.int()?), r.text()?));
    let found = c.each(&sql.names, vec![list(&wanted)?.into()], "agents", read).await?;
    Ok(found.into_iter().collect())
}

/// A file of it.
pub(super) async fn media<C: Connection>(
    sql: &'static Sql,
    c: &mut C,
    party: &Party,
    media_id: &MediaId,
) -> Result<Option<Media>, StoreError> {
    let arguments: Vec<Argument> = vec![
        media_id.as_str().to_owned().into(),
        party.channel_id.as_str().to_owned().into(),
        party.kind.as_str().to_owned().into(),
        party.alias.0.as_str().to_owned().into(),
        party.alias.1.clone().into(),
    ];
    let found = c.each(&sql.conversation_media, arguments, "media", decode::media).await?;
    Ok(found.into_iter().next())
}
