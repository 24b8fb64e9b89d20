//! Those outside: what providers hold and have done, and what everybody remembers for later acts.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use guichet::domain::{AgentId, ChannelId, MediaId, MessageId, Span, Time, TranscriptId};
use guichet::engine::{Answer, Caller, ChannelInput, Command, Effect, Reply, RequestKey};

/// How many of anything is remembered.
const KEPT: usize = 60;

/// A message with a provider.
#[derive(Debug, Clone)]
pub(crate) struct Handed {
    pub(crate) channel_id: ChannelId,
    pub(crate) message_id: MessageId,
    pub(crate) attempt: u32,
    /// The id the provider gives it, if it takes it.
    pub(crate) provider_id: String,
}

impl Handed {
    /// The mark that comes back with reports.
    pub(crate) fn mark(&self) -> String {
        format!("{}.{}", self.message_id, self.attempt)
    }
}

/// The providers.
#[derive(Debug, Default)]
pub(crate) struct Provider {
    /// Sends not answered yet.
    pub(crate) open: Vec<Handed>,
    /// Sends answered, or whose answer was lost: reports and late answers are about these.
    pub(crate) past: VecDeque<Handed>,
    /// Files to fetch.
    pub(crate) fetches: Vec<MediaId>,
    pub(crate) fetched: VecDeque<MediaId>,
    /// Files that were ever asked for, for tests of what may be read.
    pub(crate) named: u64,
    /// Transcripts with the mail server.
    pub(crate) letters: Vec<(TranscriptId, u32)>,
    /// Texts with the translator.
    pub(crate) texts: Vec<(MessageId, u32, String)>,
    /// Accounts whose templates are to be read.
    pub(crate) refreshes: Vec<ChannelId>,
}

fn keep<T>(kept: &mut VecDeque<T>, new: T) {
    if kept.len() == KEPT {
        kept.pop_front();
    }
    kept.push_back(new);
}

impl Provider {
    /// Takes what is to be done.
    pub(crate) fn take(&mut self, effect: &Effect) {
        match effect {
            Effect::Send(outgoing) => {
                self.named += 1;
                self.open.push(Handed {
                    channel_id: outgoing.channel_id.clone(),
                    message_id: outgoing.message_id,
                    attempt: outgoing.attempt,
                    provider_id: format!("wamid.out{}", self.named),
                });
            }
            Effect::FetchMedia { media_id, .. } => self.fetches.push(media_id.clone()),
            Effect::RefreshTemplates { channel_id } => self.refreshes.push(channel_id.clone()),
            Effect::SendTranscript(transcript) => {
                self.letters.push((transcript.transcript_id, transcript.attempts));
            }
            Effect::Translate { message_id, attempt, text, .. } => {
                self.texts.push((*message_id, *attempt, text.clone()));
            }
            Effect::MarkRead { .. }
            | Effect::React { .. }
            | Effect::CloseSockets { .. }
            | Effect::RemoveErasedFiles
            | Effect::FindSilent { .. }
            | Effect::CloseLogins { .. } => {}
        }
    }

    pub(crate) fn answered(&mut self, handed: Handed) {
        keep(&mut self.past, handed);
    }

    pub(crate) fn was_fetched(&mut self, media_id: MediaId) {
        keep(&mut self.fetched, media_id);
    }

    /// Our process died: its answers reach nobody.
    pub(crate) fn cut(&mut self) {
        for handed in std::mem::take(&mut self.open) {
            keep(&mut self.past, handed);
        }
        self.fetches.clear();
        self.letters.clear();
        self.texts.clear();
        self.refreshes.clear();
    }
}

/// A delivery of a provider.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub(crate) channel_id: ChannelId,
    pub(crate) input: ChannelInput,
    pub(crate) at: Time,
    pub(crate) acknowledged: bool,
}

impl Delivery {
    /// The provider's id, if it is a message's. An echo to somebody without an interaction is left out, so it does not count.
    pub(crate) fn message(&self) -> Option<&str> {
        match &self.input {
            ChannelInput::Message(message) => Some(&message.provider_id),
            ChannelInput::Echo(_)
            | ChannelInput::Status { .. }
            | ChannelInput::Reaction { .. }
            | ChannelInput::Edit { .. }
            | ChannelInput::Revoke { .. }
            | ChannelInput::AliasChanged { .. }
            | ChannelInput::Typing { .. }
            | ChannelInput::TemplatesChanged
            | ChannelInput::Notice { .. }
            | ChannelInput::Raw(_) => None,
        }
    }
}

/// A request that may be sent again.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) caller: Caller,
    pub(crate) key: RequestKey,
    pub(crate) command: Command,
}

/// An answer that somebody has in hand.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) hash: String,
    pub(crate) answer: Answer,
    /// The first ticket of the batch that brought it.
    pub(crate) ticket: u64,
    pub(crate) at: Time,
}

/// What is remembered for later.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) asked: VecDeque<Asked>,
    pub(crate) known: BTreeMap<(AgentId, String), Known>,
    /// Files each agent uploaded and has not sent yet.
    pub(crate) uploads: Vec<(AgentId, MediaId)>,
    /// How often each customer's number changed.
    pub(crate) moved: BTreeMap<u8, u8>,
    /// Whether a contact was ever blocked: then messages may be dropped.
    pub(crate) ever_blocked: bool,
    /// Logins: cookies and tokens.
    pub(crate) doors: BTreeSet<String>,
    pub(crate) tokens: Vec<String>,
    /// One counter for every name somebody outside makes up.
    counter: u64,
}

impl Memory {
    /// A name nobody used yet.
    pub(crate) fn fresh(&mut self, what: &str) -> String {
        self.counter += 1;
        format!("{what}{:016}", self.counter)
    }

    /// Deliveries that a provider may send again: Meta does for seven days.
    pub(crate) fn recent(&self, now: Time) -> Vec<usize> {
        let from = self.deliveries.len().saturating_sub(KEPT);
        (from..self.deliveries.len()).filter(|at| now < self.deliveries[*at].at + Span::days(7)).collect()
    }

    pub(crate) fn acknowledged(&mut self, place: usize) {
        self.deliveries[place].acknowledged = true;
    }

    pub(crate) fn remember(&mut self, asked: Asked) {
        keep(&mut self.asked, asked);
    }

    /// An answer reached who asked.
    pub(crate) fn answered(
        &mut self,
        caller: Caller,
        key: Option<&RequestKey>,
        command: &Command,
        reply: &Reply,
        (ticket, at): (u64, Time),
    ) {
        let Ok(answer) = reply else { return };
        if let Command::Send { media, .. } = command {
            self.uploads.retain(|(_, id)| !media.iter().any(|(sent, _)| sent == id));
        }
        if let Some(key) = key {
            let known = Known { hash: key.hash.clone(), answer: answer.clone(), ticket, at };
            self.known.entry((caller.agent_id, key.id.clone())).or_insert(known);
        }
    }
}
