//! The world checked against itself, and shown as a store would load it. For tests, and for whoever suspects a bug.

use std::collections::{BTreeMap, BTreeSet};

use super::index::{Due, Index, Readiness, Spot};
use super::{Desk, World};
use crate::domain::{Alias, DeliveryState, MediaState, MessageId};
use crate::engine::{StarRow, Stored, TagRow};

impl World {
    /// The rows that would be loaded if the process started afresh now.
    #[expect(clippy::too_many_lines, reason = "one line for each table")]
    pub(crate) fn stored(&self) -> Stored {
        let mut works: Vec<_> = self.works.values().filter(|work| work.row.ended_at.is_none()).collect();
        works.sort_by_key(|work| work.row.interaction_id);
        let contacts: BTreeSet<_> = works.iter().map(|work| work.row.contact_id).collect();
        let mut aliases: Vec<Alias> = self
            .aliases
            .iter()
            .filter_map(|((kind, alias_kind, value), identity_id)| {
                let contact_id = self.identities.get(identity_id)?.contact_id;
                let value = value.clone();
                Some(Alias {
                    kind: *kind,
                    alias_kind: *alias_kind,
                    value,
                    identity_id: *identity_id,
                    contact_id,
                })
            })
            .filter(|alias| contacts.contains(&alias.contact_id))
            .collect();
        aliases.sort();
        let unsettled = |state| match state {
            DeliveryState::Queued | DeliveryState::Sending | DeliveryState::Unknown => true,
            DeliveryState::Accepted
            | DeliveryState::Sent
            | DeliveryState::Failed
            | DeliveryState::Delivered
            | DeliveryState::Read
            | DeliveryState::Played
            | DeliveryState::Received => false,
        };
        let mut messages: Vec<_> =
            self.messages.rows.values().filter(|kept| unsettled(kept.row.state)).collect();
        messages.sort_by_key(|kept| kept.row.message_id);
        let mut media: Vec<_> =
            self.media.values().filter(|kept| kept.row.state == MediaState::Pending).collect();
        media.sort_by(|a, b| a.row.media_id.cmp(&b.row.media_id));
        Stored {
            batch: self.batch,
            next_id: self.next_id,
            seq: self.seq,
            channels: self.accounts.values().map(|account| account.channel.clone()).collect(),
            default_skill: self.default_skill.clone(),
            conversions: self.conversions.clone(),
            retention: self.retention,
            agents: self.desks.values().map(|desk| desk.agent.as_ref().clone()).collect(),
            roles: self.roles.values().map(|role| role.as_ref().clone()).collect(),
            skills: self.skills.values().cloned().collect(),
            teams: self.teams.values().cloned().collect(),
            tokens: self.tokens.values().cloned().collect(),
            logins: Vec::new(),
            service_levels: self.levels.rows(self.now).cloned().collect(),
            templates: self.templates.values().flatten().cloned().collect(),
            interactions: works.iter().map(|work| work.row.as_ref().clone()).collect(),
            contacts: contacts
                .iter()
                .filter_map(|id| self.contact(*id))
                .map(|row| row.as_ref().clone())
                .collect(),
            aliases,
            messages: messages.iter().map(|kept| kept.row.as_ref().clone()).collect(),
            media: media.iter().map(|kept| kept.row.clone()).collect(),
            drafts: self.drafts.values().cloned().collect(),
            transcripts: self.transcripts.values().cloned().collect(),
            services: self.services.clone(),
            tags: self.tags.iter().map(|(tag, uses)| TagRow { tag: tag.clone(), uses: *uses }).collect(),
            stars: self
                .stars
                .iter()
                .map(|((agent_id, id), starred)| StarRow {
                    agent_id: *agent_id,
                    quick_reply_id: id.clone(),
                    starred: *starred,
                })
                .collect(),
        }
    }

    /// What the indexes have wrong, compared with the rows. Empty: nothing.
    pub(crate) fn audit(&self) -> Vec<String> {
        let mut fresh = Self::default();
        for desk in self.desks.values() {
            let mut copy = Desk::new(desk.agent.as_ref().clone(), self.role(&desk.agent.role));
            copy.sessions.clone_from(&desk.sessions);
            fresh.index.rank(&copy);
            fresh.desks.insert(copy.agent.agent_id, copy);
        }
        let mut works: Vec<_> = self.works.values().collect();
        works.sort_by_key(|work| work.row.interaction_id);
        for work in works {
            let copy = super::Work {
                row: std::sync::Arc::clone(&work.row),
                spot: Spot::default(),
                changed: 0,
                typing_at: None,
            };
            fresh.works.insert(work.row.interaction_id, copy);
            fresh.reindex(work.row.interaction_id);
        }
        let mut wrong = differences(&self.index, &fresh.index);
        for (agent_id, desk) in &self.desks {
            let other = fresh.desks.get(agent_id);
            let same = other.is_some_and(|other| {
                other.holds == desk.holds && other.load == desk.load && other.consults == desk.consults
            });
            if other.is_some_and(|other| other.role != desk.role) {
                wrong.push(format!("{agent_id} works under a role that has changed"));
            }
            if !same {
                wrong.push(format!("what {agent_id} holds is miscounted"));
            }
        }
        if self.watchers() != self.index.watchers {
            wrong.push("who watches what differs from the rows".to_owned());
        }
        wrong.extend(self.audit_lanes());
        wrong
    }

    fn audit_lanes(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut flying: BTreeMap<MessageId, u32> = BTreeMap::new();
        let mut lanes: Vec<_> = self.lanes.iter().collect();
        lanes.sort_by(|a, b| a.0.cmp(b.0));
        for (key, lane) in lanes {
            if lane.queue.is_empty() && lane.sending.is_none() {
                wrong.push(format!("the lane of {} is empty and still kept", key.1));
            }
            let head_due =
                lane.queue.front().and_then(|id| self.flights.get(id)).and_then(|flight| flight.due);
            let head = lane.queue.front().and_then(|id| self.message(*id));
            let translating = head.is_some_and(|kept| kept.row.waits_for_translation());
            if lane.sending.is_none() && head_due.is_none() && !translating {
                wrong.push(format!("the lane of {} waits for nothing", key.1));
            }
            for message_id in lane.queue.iter().chain(&lane.sending) {
                *flying.entry(*message_id).or_default() += 1;
            }
        }
        if !flying.values().all(|count| *count == 1) || !flying.keys().eq(self.flights.keys()) {
            wrong.push("lanes and flights differ".to_owned());
        }
        let mut rows: Vec<_> = self.messages.rows.values().collect();
        rows.sort_by_key(|kept| kept.row.message_id);
        for kept in rows {
            let flies = matches!(kept.row.state, DeliveryState::Queued | DeliveryState::Sending);
            if flies != flying.contains_key(&kept.row.message_id) {
                wrong.push(format!(
                    "{} is {} and its lane does not know",
                    kept.row.message_id, kept.row.state
                ));
            }
        }
        wrong
    }
}

fn differences(kept: &Index, fresh: &Index) -> Vec<String> {
    let mut wrong = Vec::new();
    let of_rows = |index: &Index| -> Vec<_> {
        index.deadlines.iter().filter(|(_, due)| matches!(due, Due::Interaction(_))).cloned().collect()
    };
    if of_rows(kept) != of_rows(fresh) {
        wrong.push("deadlines differ from the rows".to_owned());
    }
    if kept.lines != fresh.lines {
        wrong.push(format!("lines are {:?}, by the rows {:?}", kept.lines, fresh.lines));
    }
    if kept.at_risk != fresh.at_risk || kept.live != fresh.live {
        wrong.push("countdowns at risk or the list of what lives differ from the rows".to_owned());
    }
    if kept.snoozed != fresh.snoozed {
        wrong.push("what agents put aside differs from the rows".to_owned());
    }
    if kept.queues != fresh.queues {
        wrong.push("queues differ from the rows".to_owned());
    }
    if kept.ready != fresh.ready {
        wrong.push(format!("ready agents are {:?}, by the rows {:?}", kept.ready, fresh.ready));
    }
    let counted = |index: &Index| -> BTreeMap<_, u32> {
        let all = index
            .holders
            .iter()
            .flat_map(|(skill, by)| by.iter().map(move |(at, n)| ((skill.clone(), *at), *n)));
        all.filter(|(_, n)| *n > 0).collect::<BTreeMap<(_, Readiness), u32>>()
    };
    if counted(kept) != counted(fresh) {
        wrong.push("holders of skills are miscounted".to_owned());
    }
    wrong
}
