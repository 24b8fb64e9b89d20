//! How often everything happened, and what must have happened often.

use std::collections::BTreeMap;

use guichet::engine::{Effect, RefusalKind, Reply};

use crate::draw::DRAWS;

/// How often each act and each refusal must occur in [`FULL`] histories.
const OFTEN: u64 = 1_000;
/// How many histories a whole run has.
const FULL: u64 = 10_000;

/// Refusals that can't occur yet, with the reason. Empty: all of them can.
const IMPOSSIBLE: [(RefusalKind, &str); 0] = [];

/// Events that the engine must have made at least once in a share of a run.
const EVENTS: [&str; 31] = [
    "interaction.created",
    "interaction.queued",
    "interaction.offered",
    "interaction.offer_ended",
    "interaction.assigned",
    "interaction.detached",
    "interaction.transferred",
    "interaction.consult_started",
    "interaction.consult_ended",
    "interaction.status_changed",
    "interaction.outcome_set",
    "interaction.closed",
    "interaction.window_changed",
    "interaction.read",
    "interaction.translation_set",
    "interaction.snoozed",
    "interaction.converted",
    "contact.changed",
    "contact.merged",
    "transcript.changed",
    "quick_reply.starred",
    "message.added",
    "message.changed",
    "message.reaction",
    "note.added",
    "tag.changed",
    "timer.changed",
    "draft.changed",
    "agent.changed",
    "policy.changed",
    "notice",
];

/// What was counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) histories: u64,
    acts: BTreeMap<&'static str, u64>,
    refusals: BTreeMap<RefusalKind, u64>,
    events: BTreeMap<&'static str, u64>,
    effects: BTreeMap<&'static str, u64>,
    faults: BTreeMap<&'static str, u64>,
    questions: BTreeMap<(&'static str, bool), u64>,
}

fn one<K: Ord>(map: &mut BTreeMap<K, u64>, key: K) {
    *map.entry(key).or_default() += 1;
}

fn all<K: Ord + Copy>(map: &mut BTreeMap<K, u64>, other: &BTreeMap<K, u64>) {
    for (key, count) in other {
        *map.entry(*key).or_default() += count;
    }
}

impl Counts {
    pub(crate) fn act(&mut self, place: usize) {
        one(&mut self.acts, DRAWS[place].name);
    }

    pub(crate) fn reply(&mut self, reply: &Reply) {
        if let Err(refusal) = reply {
            self.refusal(refusal.kind);
        }
    }

    pub(crate) fn refusal(&mut self, kind: RefusalKind) {
        one(&mut self.refusals, kind);
    }

    pub(crate) fn event(&mut self, name: &'static str) {
        one(&mut self.events, name);
    }

    pub(crate) fn fault(&mut self, name: &'static str) {
        one(&mut self.faults, name);
    }

    pub(crate) fn effect(&mut self, effect: &Effect) {
        one(
            &mut self.effects,
            match effect {
                Effect::Send(_) => "send",
                Effect::FetchMedia { .. } => "fetch_media",
                Effect::MarkRead { .. } => "mark_read",
                Effect::React { .. } => "react",
                Effect::RefreshTemplates { .. } => "refresh_templates",
                Effect::Translate { .. } => "translate",
                Effect::SendTranscript(_) => "send_transcript",
                Effect::RemoveErasedFiles => "remove_erased_files",
                Effect::FindSilent { .. } => "find_silent",
                Effect::CloseSockets { .. } => "close_sockets",
                Effect::CloseLogins { .. } => "close_logins",
            },
        );
    }

    /// Takes over what the scripts were asked.
    pub(crate) fn asked(&mut self, asked: &mut Vec<(&'static str, bool)>) {
        for question in asked.drain(..) {
            one(&mut self.questions, question);
        }
    }

    /// Adds another history's counts.
    pub(crate) fn add(&mut self, other: &Self) {
        self.histories += 1;
        all(&mut self.acts, &other.acts);
        all(&mut self.refusals, &other.refusals);
        all(&mut self.events, &other.events);
        all(&mut self.effects, &other.effects);
        all(&mut self.faults, &other.faults);
        all(&mut self.questions, &other.questions);
    }

    /// What did not occur often enough for this share of a run.
    pub(crate) fn missing(&self) -> Vec<String> {
        let enough = (OFTEN * self.histories).div_ceil(FULL);
        let mut missing = Vec::new();
        let mut look = |what: &str, name: &str, count: Option<&u64>, enough: u64| {
            let count = count.copied().unwrap_or(0);
            if count < enough {
                missing.push(format!("{what} {name}: {count} times, at least {enough} wanted"));
            }
        };
        for draw in DRAWS {
            look("act", draw.name, self.acts.get(draw.name), enough);
        }
        for kind in RefusalKind::ALL.iter().filter(|kind| !IMPOSSIBLE.iter().any(|(known, _)| known == *kind))
        {
            look("refusal", kind.as_str(), self.refusals.get(kind), enough);
        }
        for name in EVENTS {
            look("event", name, self.events.get(name), enough);
        }
        for name in [
            "send",
            "fetch_media",
            "mark_read",
            "react",
            "refresh_templates",
            "translate",
            "send_transcript",
            "close_sockets",
        ] {
            look("effect", name, self.effects.get(name), enough);
        }
        for name in
            ["commit_failed", "commit_unknown", "died_before_commit", "died_before_release", "died", "loaded"]
        {
            look("fault", name, self.faults.get(name), enough);
        }
        for question in ["routing", "timers", "auto_close"] {
            look("answered question of", question, self.questions.get(&(question, false)), enough);
            look("failed question of", question, self.questions.get(&(question, true)), enough);
        }
        missing
    }
}
