//! Transcripts: what a contact saw, to exactly one e-mail address (SPEC §5.7).
//!
//! A transcript is a job that survives restarts: stored as `sending` before the mail server is asked, tried again while the
//! server takes nothing, and `unknown`, told and never sent again by itself, when its fate is not known. What stands in it
//! is made when it leaves; here is only who may, to whom, and up to which message.

use crate::domain::{
    Agent, Interaction, InteractionId, Ownership, Permission, Span, Time, Transcript, TranscriptId,
    TranscriptState, one_address,
};
use crate::engine::limits::{MAIL_BACKOFF, TRANSCRIPTS, TRANSCRIPTS_WAITING, TRANSCRIPTS_WITHIN, TRIES};
use crate::engine::turn::{About, Turn, refuse};
use crate::engine::world::index::Due;
use crate::engine::{Answer, Effect, EventKind, MailResult, Refusal, RefusalKind, Reply};

impl Turn<'_> {
    /// Who has the work, or had it last, or supervises. It may have ended: that is when most are asked for.
    pub(super) fn send_transcript(
        &mut self,
        agent: &Agent,
        interaction_id: InteractionId,
        email: &str,
    ) -> Reply {
        let row = self.readable(agent, interaction_id)?;
        self.permit(agent, Permission::Transcript)?;
        if !has_or_had(agent, &row) && !self.may(agent, Permission::Supervise) {
            return refuse(RefusalKind::NotAssigned, format!("{interaction_id} is not assigned to you"));
        }
        let email = one_address(email)
            .map_err(|error| Refusal::new(RefusalKind::Invalid, error.to_string()).field("email"))?;
        let Some(last_message_id) = row.last_message_id else {
            return refuse(RefusalKind::Invalid, format!("{interaction_id} has no messages yet"));
        };
        if !self.world.services.transcripts {
            let message = "this installation has no mail server; an administrator sets [smtp]";
            return refuse(RefusalKind::Unsupported, message);
        }
        self.counts_as_one(agent)?;
        let transcript = Transcript {
            transcript_id: TranscriptId(self.next_id()),
            interaction_id,
            agent_id: agent.agent_id,
            email,
            language: self.language_of(&row),
            last_message_id,
            state: TranscriptState::Sending,
            attempts: 0,
            retry_at: None,
            reason: None,
            created_at: self.now,
            settled_at: None,
        };
        let transcript = self.hand_to_mail(transcript);
        Ok(Answer::Transcript(transcript))
    }

    /// Refuses an agent who sends too many, and everybody while too many wait; else it is counted.
    fn counts_as_one(&mut self, agent: &Agent) -> Result<(), Refusal> {
        if self.world.transcripts.len() >= TRANSCRIPTS_WAITING {
            return refuse(
                RefusalKind::Unavailable,
                "too many transcripts wait for the mail server; try later",
            );
        }
        let now = self.now;
        let times = self.world.transcript_times.entry(agent.agent_id).or_default();
        while times.front().is_some_and(|time| now - *time >= TRANSCRIPTS_WITHIN) {
            times.pop_front();
        }
        if times.len() >= TRANSCRIPTS {
            let message = format!("you sent {TRANSCRIPTS} transcripts within an hour; wait before the next");
            return refuse(RefusalKind::RateLimited, message);
        }
        times.push_back(now);
        Ok(())
    }

    /// The language of the conversation: routing's, else the contact's, else English.
    fn language_of(&self, row: &Interaction) -> String {
        let of_contact = || self.contact(row.contact_id).and_then(|contact| contact.language.clone());
        row.language.clone().or_else(of_contact).unwrap_or_else(|| "en".to_owned())
    }

    fn hand_to_mail(&mut self, mut transcript: Transcript) -> Transcript {
        transcript.state = TranscriptState::Sending;
        transcript.retry_at = None;
        transcript.attempts = transcript.attempts.saturating_add(1);
        self.keep_transcript(transcript.clone(), None);
        self.effects.push(Effect::SendTranscript(Box::new(transcript.clone())));
        transcript
    }

    /// Keeps a transcript whose fate is open, with when it is tried again.
    fn keep_transcript(&mut self, mut transcript: Transcript, retry_at: Option<Time>) {
        let transcript_id = transcript.transcript_id;
        transcript.retry_at = retry_at;
        let old = self.world.transcripts.get(&transcript_id).and_then(|kept| kept.retry_at);
        self.world.set_due(Due::Transcript(transcript_id), old, retry_at);
        self.dirty.transcripts.insert(transcript_id, transcript.clone());
        self.world.transcripts.insert(transcript_id, transcript);
    }

    /// The mail server answered, or did not.
    pub(super) fn transcript_sent(&mut self, transcript_id: TranscriptId, attempt: u32, result: MailResult) {
        let open = self.world.transcripts.get(&transcript_id);
        let Some(mut transcript) = open.filter(|it| it.attempts == attempt).cloned() else { return };
        if transcript.state != TranscriptState::Sending {
            return;
        }
        let (state, reason) = match result {
            MailResult::Sent => (TranscriptState::Sent, None),
            MailResult::Failed { reason } => (TranscriptState::Failed, Some(reason)),
            MailResult::Unknown { reason } => (TranscriptState::Unknown, Some(reason)),
            MailResult::Retry { reason } if attempt >= TRIES => (TranscriptState::Failed, Some(reason)),
            MailResult::Retry { reason } => (TranscriptState::Queued, Some(reason)),
        };
        transcript.state = state;
        transcript.reason = reason;
        if state == TranscriptState::Queued {
            let doubled = MAIL_BACKOFF.0.0.saturating_mul(1_i64.checked_shl(attempt - 1).unwrap_or(i64::MAX));
            let longest = doubled.clamp(MAIL_BACKOFF.0.0, MAIL_BACKOFF.1.0);
            // At least half of it: a crowd that comes back at once is refused again.
            let wait = longest / 2 + self.jitter(longest / 2);
            let retry_at = self.now + Span(wait);
            self.keep_transcript(transcript.clone(), Some(retry_at));
            transcript.retry_at = Some(retry_at);
            self.tell_transcript(&transcript);
        } else {
            self.settle_transcript(transcript);
        }
    }

    /// Its fate is known, as far as it ever will be.
    fn settle_transcript(&mut self, mut transcript: Transcript) {
        transcript.settled_at = Some(self.now);
        self.keep_transcript(transcript.clone(), None);
        self.world.transcripts.remove(&transcript.transcript_id);
        self.tell_transcript(&transcript);
    }

    fn tell_transcript(&mut self, transcript: &Transcript) {
        let kind = EventKind::TranscriptChanged {
            transcript_id: transcript.transcript_id,
            agent_id: transcript.agent_id,
            state: transcript.state,
            reason: transcript.reason.clone(),
        };
        let about = About { also: Some(transcript.agent_id), ..About::default() };
        self.event(transcript.interaction_id, kind, about);
    }

    /// Time to try again.
    pub(crate) fn transcript_due(&mut self, transcript_id: TranscriptId) {
        match self.world.transcripts.get(&transcript_id).cloned() {
            Some(transcript) => {
                self.hand_to_mail(transcript);
            }
            None => self.world.index.deadlines.retain(|(_, due)| *due != Due::Transcript(transcript_id)),
        }
    }

    /// What was with the mail server when the last process ended may have been taken. What waited still waits.
    pub(super) fn recover_transcripts(&mut self) {
        let sending = self.world.transcripts.values().filter(|it| it.state == TranscriptState::Sending);
        let sending: Vec<Transcript> = sending.cloned().collect();
        for mut transcript in sending {
            transcript.state = TranscriptState::Unknown;
            transcript.reason = Some("restarted".to_owned());
            self.settle_transcript(transcript);
        }
    }
}

fn has_or_had(agent: &Agent, row: &Interaction) -> bool {
    match row.ownership {
        Ownership::Assigned => row.agent_id == Some(agent.agent_id),
        Ownership::Detached => row.last_agent_id == Some(agent.agent_id),
        Ownership::Queued | Ownership::Offered => false,
    }
}
