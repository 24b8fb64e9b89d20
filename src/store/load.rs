//! The world as it was left: everything that has not ended, and everybody.
//!
//! What a start costs grows with what is open, not with what is stored: the large tables are read through indexes that
//! hold only their open rows.

use super::backend::Connection;
use super::database::place;
use super::decode;
use super::sql::Sql;
use crate::domain::Time;
use crate::engine::{Retention, Services, Stored, board_begins};
use crate::port::StoreError;

/// Reads it.
pub(super) async fn load<C: Connection>(
    sql: &'static Sql,
    connection: &mut C,
    now: Time,
) -> Result<Stored, StoreError> {
    let c = connection;
    let place = place(sql, c).await?;
    Ok(Stored {
        batch: place.batch,
        next_id: place.next_id,
        seq: place.seq,
        channels: Vec::new(),
        default_skill: None,
        conversions: crate::domain::Conversions::default(),
        retention: Retention::default(),
        agents: c.each(&sql.load_agents, Vec::new(), "agents", decode::agent).await?,
        roles: c.each(&sql.load_roles, Vec::new(), "roles", decode::role).await?,
        skills: c.each(&sql.load_skills, Vec::new(), "skills", decode::skill).await?,
        teams: c.each(&sql.load_teams, Vec::new(), "teams", decode::team).await?,
        tokens: c.each(&sql.load_tokens, Vec::new(), "tokens", decode::token).await?,
        logins: c.each(&sql.load_logins, vec![now.0.into()], "logins", decode::login).await?,
        service_levels: {
            let since = vec![board_begins(now).0.into()];
            c.each(&sql.load_service_levels, since, "service_levels", decode::service_level).await?
        },
        templates: c.each(&sql.load_templates, Vec::new(), "templates", decode::template).await?,
        interactions: c.each(&sql.load_interactions, Vec::new(), "interactions", decode::interaction).await?,
        contacts: c.each(&sql.load_contacts, Vec::new(), "contacts", decode::contact).await?,
        aliases: c.each(&sql.load_aliases, Vec::new(), "aliases", decode::alias).await?,
        messages: c.each(&sql.load_messages, Vec::new(), "messages", decode::message).await?,
        media: c.each(&sql.load_media, Vec::new(), "media", decode::media).await?,
        drafts: c.each(&sql.load_drafts, Vec::new(), "drafts", decode::draft).await?,
        transcripts: c.each(&sql.load_transcripts, Vec::new(), "transcripts", decode::transcript).await?,
        services: Services::default(),
        tags: c.each(&sql.load_tags, Vec::new(), "tags", decode::tag).await?,
        stars: c.each(&sql.load_stars, Vec::new(), "stars", decode::star).await?,
    })
}
