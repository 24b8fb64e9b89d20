//! Carries out what a committed batch asks for: sends, read marks, reactions, fetching files, reading templates.
//!
//! It decides nothing: what came of a send or a fetch goes back to the engine as an input. Its one rule of its own is
//! SPEC §4's second look at the window, because time may have passed between the commit and the send.

mod gate;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

use super::Desk;
use super::media::{Media, MediaError, sniff};
use crate::clock::{Clock, pause};
use crate::domain::{ChannelId, DeliveryError, Media as File, MediaId, MessageId, Span, Transcript};
use crate::engine::{
    Effect, FetchFailure, Input, MailResult, Outgoing, OutgoingBody, SendResult, StoredMedia,
};
use crate::port::{Connector, ConnectorError, Content, TranslatorError};
use crate::telemetry::{Kind, Metrics};

pub(crate) use gate::Gate;

use super::letters::Letters;
use super::translations::Translations;

/// Sends of one account that are with the provider at once. At 80 messages a second and answers of a second, 80 are.
const SENDS_MAX: usize = 256;
/// Sends of one account that wait for one of these places. Later ones go back to the engine's queue.
const SENDS_WAITING_MAX: usize = 4_096;
/// Read marks, typing signs and reactions of one account at once, and waiting. Best effort: more are dropped.
const SIGNS_MAX: usize = 32;
const SIGNS_WAITING_MAX: usize = 1_024;
/// Files fetched at once, and files sent at once, each held in memory; and those waiting. Later ones go back to the engine.
const FILES_MAX: usize = 4;
const FILES_WAITING_MAX: usize = 4_096;
/// The largest file that is fetched. Meta's own limit is 100 MB.
const FILE_MAX: u64 = 100 * 1024 * 1024;
/// When a full outbox wants to see a message again.
const FULL_AGAIN: Span = Span::seconds(5);
/// Reasons that an administrator must mend before any transcript can leave.
const MAIL_ALARMS: [&str; 3] = ["mail_login", "mail_tls", "mail_missing"];
/// Waits between tries to read templates, in milliseconds.
const TEMPLATE_TRIES_MS: [u64; 5] = [0, 5_000, 30_000, 120_000, 600_000];

/// Where answers go: the engine's own lane, which never refuses.
type Tell = Arc<dyn Fn(Input) + Send + Sync>;

struct Account {
    connector: Arc<dyn Connector>,
    sends: Gate,
    signs: Gate,
    reading: Mutex<Reading>,
}

/// Whether an account's templates are being read, and whether they changed meanwhile.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    Idle,
    Running,
    Again,
}

struct Outbox {
    accounts: BTreeMap<ChannelId, Account>,
    media: Media,
    clock: Arc<Clock>,
    metrics: Arc<Metrics>,
    fetches: Gate,
    uploads: Gate,
    /// The way transcripts go, if there is a mail server.
    letters: Option<Letters>,
    translations: Option<Arc<Translations>>,
    tell: Tell,
}

/// Carries effects out until the commits end.
pub(crate) fn start(desk: Desk, letters: Option<Letters>, effects: mpsc::Receiver<Effect>) {
    let connectors: Vec<_> = desk.connectors().map(Arc::clone).collect();
    let (media, clock, metrics) =
        (desk.media().clone(), Arc::clone(desk.clock()), Arc::clone(desk.metrics()));
    let ways = (letters, desk.translations().map(Arc::clone));
    let teller = desk.clone();
    let tell: Tell = Arc::new(move |input| teller.tell(input));
    let outbox = Outbox::new(connectors, media, clock, metrics, ways, tell);
    tokio::spawn(outbox.run(effects, move |effect| clear(&desk, effect)));
}

/// What is to be cleared away is the cleaner's.
fn clear(desk: &Desk, effect: &Effect) {
    let desk = desk.clone();
    match *effect {
        Effect::RemoveErasedFiles => {
            tokio::spawn(async move { desk.cleaner().remove_files(&desk).await });
        }
        Effect::FindSilent { before } => {
            tokio::spawn(async move { desk.cleaner().find_silent(&desk, before).await });
        }
        Effect::Send(_)
        | Effect::FetchMedia { .. }
        | Effect::MarkRead { .. }
        | Effect::React { .. }
        | Effect::SendTranscript(_)
        | Effect::Translate { .. }
        | Effect::RefreshTemplates { .. }
        | Effect::CloseSockets { .. }
        | Effect::CloseLogins { .. } => {}
    }
}

/// Reads an account's templates; they arrive as an input.
pub(crate) fn refresh_templates(desk: Desk, connector: Arc<dyn Connector>) {
    tokio::spawn(async move { read_templates(&*connector, &|input| desk.tell(input)).await });
}

impl Outbox {
    fn new(
        connectors: Vec<Arc<dyn Connector>>,
        media: Media,
        clock: Arc<Clock>,
        metrics: Arc<Metrics>,
        (letters, translations): (Option<Letters>, Option<Arc<Translations>>),
        tell: Tell,
    ) -> Arc<Self> {
        let account = |connector: Arc<dyn Connector>| {
            let channel_id = connector.channel().channel_id.clone();
            let account = Account {
                connector,
                sends: Gate::new(SENDS_MAX, SENDS_WAITING_MAX),
                signs: Gate::new(SIGNS_MAX, SIGNS_WAITING_MAX),
                reading: Mutex::new(Reading::Idle),
            };
            (channel_id, account)
        };
        let accounts = connectors.into_iter().map(account).collect();
        let [fetches, uploads] = [(); 2].map(|()| Gate::new(FILES_MAX, FILES_WAITING_MAX));
        Arc::new(Self { accounts, media, clock, metrics, fetches, uploads, letters, translations, tell })
    }

    async fn run(self: Arc<Self>, mut effects: mpsc::Receiver<Effect>, clear: impl Fn(&Effect) + Send) {
        while let Some(effect) = effects.recv().await {
            clear(&effect);
            // By itself: this loop never waits for a provider, or commits would.
            drop(tokio::spawn(Arc::clone(&self).carry_out(effect)));
        }
    }

    async fn carry_out(self: Arc<Self>, effect: Effect) {
        match effect {
            Effect::Send(outgoing) => self.send(&outgoing).await,
            Effect::FetchMedia { media_id, channel_id, provider_media_id } => {
                self.fetch(media_id, &channel_id, &provider_media_id).await;
            }
            Effect::MarkRead { .. } | Effect::React { .. } => self.sign(&effect).await,
            Effect::RefreshTemplates { channel_id } => self.refresh(channel_id).await,
            Effect::SendTranscript(transcript) => self.mail(&transcript).await,
            Effect::Translate { message_id, attempt, from, to, text } => {
                self.translate(message_id, attempt, [&from, &to, &text]).await;
            }
            // The cleaner's business, and the feed's.
            Effect::RemoveErasedFiles
            | Effect::FindSilent { .. }
            | Effect::CloseSockets { .. }
            | Effect::CloseLogins { .. } => {}
        }
    }

    async fn send(self: &Arc<Self>, outgoing: &Outgoing) {
        let mut owed = Owed {
            tell: &self.tell,
            message_id: outgoing.message_id,
            attempt: outgoing.attempt,
            result: None,
        };
        let result = self.hand_over(outgoing).await;
        let (kind, error) = outcome(&result);
        self.metrics.sends.get_or_create(&Kind { kind }).inc();
        if let Some(error) = error {
            let (channel, message, attempt) = (&outgoing.channel_id, outgoing.message_id, outgoing.attempt);
            tracing::warn!(%channel, %message, attempt, kind, reason = error.reason, code = error.code, "a send was not accepted");
            // What is known of the template is no longer so.
            if error.reason.starts_with("template_") {
                drop(tokio::spawn(Arc::clone(self).refresh(outgoing.channel_id.clone())));
            }
        }
        owed.result = Some(result);
    }

    async fn hand_over(&self, outgoing: &Outgoing) -> SendResult {
        let Some(account) = self.accounts.get(&outgoing.channel_id) else {
            return SendResult::Failed {
                error: error("channel_missing", "no channel of this name is configured"),
            };
        };
        let full = || SendResult::Retry { after: Some(FULL_AGAIN), error: error("outbox_full", "") };
        let Some(_place) = account.sends.enter().await else { return full() };
        let (_upload, content) = match file(outgoing) {
            None => (None, None),
            Some(file) => {
                let Some(place) = self.uploads.enter().await else { return full() };
                match self.content(file).await {
                    Ok(content) => (Some(place), Some(content)),
                    Err(result) => return result,
                }
            }
        };
        if outgoing.window_ends_at.is_some_and(|ends_at| self.clock.now() >= ends_at) {
            return SendResult::Failed {
                error: error("window_closed", "it closed before the message could leave"),
            };
        }
        account.connector.send(outgoing, content).await
    }

    async fn content(&self, file: &File) -> Result<Content, SendResult> {
        match self.media.get(&file.media_id).await {
            Ok(bytes) => Ok(Content { bytes, mime: file.mime.clone(), filename: filename(file) }),
            Err(MediaError::Missing(_)) => {
                Err(SendResult::Failed { error: error("media_missing", "the file is not stored here") })
            }
            Err(problem @ (MediaError::Storage { .. } | MediaError::Folder { .. })) => {
                tracing::error!(error = %problem, "a file to send can't be read");
                Err(SendResult::Retry {
                    after: None,
                    error: error("media_missing", "the file can't be read now"),
                })
            }
        }
    }

    async fn fetch(&self, media_id: MediaId, channel_id: &ChannelId, provider_media_id: &str) {
        let result = self.fetch_and_keep(&media_id, channel_id, provider_media_id).await;
        let kind = match &result {
            Ok(_) => "stored",
            Err(FetchFailure { again: true, .. }) => "again",
            Err(FetchFailure { again: false, .. }) => "failed",
        };
        self.metrics.fetches.get_or_create(&Kind { kind }).inc();
        if let Err(failure) = &result {
            tracing::warn!(channel = %channel_id, media = %media_id, kind, reason = failure.reason, "a file could not be fetched");
        }
        (self.tell)(Input::MediaFetched { media_id, result });
    }

    async fn fetch_and_keep(
        &self,
        media_id: &MediaId,
        channel_id: &ChannelId,
        provider_media_id: &str,
    ) -> Result<StoredMedia, FetchFailure> {
        let failure = |again, reason: String| FetchFailure { again, reason };
        let Some(account) = self.accounts.get(channel_id) else {
            return Err(failure(false, "no channel of this name is configured".into()));
        };
        let Some(_place) = self.fetches.enter().await else {
            return Err(failure(true, "too many files wait to be fetched".into()));
        };
        let download = account.connector.fetch(provider_media_id, FILE_MAX).await;
        let download = download.map_err(|ConnectorError { again, reason }| failure(again, reason))?;
        let mime = sniff(&download.bytes, &download.mime);
        let size = i64::try_from(download.bytes.len()).unwrap_or(i64::MAX);
        self.media.put(media_id, download.bytes).await.map_err(|error| failure(true, error.to_string()))?;
        Ok(StoredMedia { size, mime })
    }

    async fn mail(&self, transcript: &Transcript) {
        let mut owed = OwedMail { tell: &self.tell, transcript, result: None };
        let result = match &self.letters {
            Some(letters) => letters.send(transcript).await,
            None => MailResult::Failed { reason: "mail_missing".to_owned() },
        };
        let (kind, reason) = mailed(&result);
        self.metrics.transcripts.get_or_create(&Kind { kind }).inc();
        if let Some(reason) = reason {
            tracing::warn!(transcript = %transcript.transcript_id, kind, reason, "a transcript did not leave");
            if MAIL_ALARMS.contains(&reason) {
                (self.tell)(Input::Notice {
                    level: "alarm".into(),
                    code: reason.into(),
                    message:
                        "The mail server does not let transcripts be sent; check [smtp] and its password"
                            .into(),
                });
            }
        }
        owed.result = Some(result);
    }

    async fn translate(&self, message_id: MessageId, attempt: u32, [from, to, text]: [&str; 3]) {
        let mut owed = OwedTranslation { tell: &self.tell, message_id, attempt, result: None };
        let result = match &self.translations {
            Some(translations) => {
                let translated = translations.translate(from, to, text).await;
                if translated == Err(TranslatorError::Refused) {
                    (self.tell)(Input::Notice {
                        level: "alarm".into(),
                        code: "translator_refused".into(),
                        message:
                            "The translator refuses our key, or its quota is used up; check [translation]"
                                .into(),
                    });
                }
                translated.map_err(|error| error.reason().to_owned())
            }
            None => Err("translator_missing".to_owned()),
        };
        let kind = if result.is_ok() { "ok" } else { "failed" };
        self.metrics.translations.get_or_create(&Kind { kind }).inc();
        if let Err(reason) = &result {
            tracing::warn!(message = %message_id, from, to, reason, "a text was not translated");
        }
        owed.result = Some(result);
    }

    /// Read marks, typing signs, reactions: tried once.
    async fn sign(&self, effect: &Effect) {
        let (Effect::MarkRead { channel_id, .. } | Effect::React { channel_id, .. }) = effect else { return };
        let Some(account) = self.accounts.get(channel_id) else { return };
        let Some(_place) = account.signs.enter().await else { return };
        let done = match effect {
            Effect::MarkRead { provider_id, typing, .. } => {
                account.connector.mark_read(provider_id, *typing).await
            }
            Effect::React { to, provider_id, emoji, .. } => {
                account.connector.react(to, provider_id, emoji).await
            }
            Effect::Send(_)
            | Effect::FetchMedia { .. }
            | Effect::RefreshTemplates { .. }
            | Effect::SendTranscript(_)
            | Effect::Translate { .. }
            | Effect::CloseSockets { .. }
            | Effect::CloseLogins { .. }
            | Effect::RemoveErasedFiles
            | Effect::FindSilent { .. } => Ok(()),
        };
        if let Err(error) = done {
            tracing::info!(channel = %channel_id, %error, "a read mark or a reaction was not taken");
        }
    }

    /// Reads an account's templates, once for however many wishes come meanwhile.
    async fn refresh(self: Arc<Self>, channel_id: ChannelId) {
        let Some(account) = self.accounts.get(&channel_id) else { return };
        if !account.begins_reading() {
            return;
        }
        loop {
            read_templates(&*account.connector, &*self.tell).await;
            if account.has_read() {
                return;
            }
        }
    }
}

impl Account {
    /// Whether it is the caller's to read; else whoever reads already will do it again.
    fn begins_reading(&self) -> bool {
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = *reading == Reading::Idle;
        *reading = if idle { Reading::Running } else { Reading::Again };
        idle
    }

    /// Whether nothing changed since it began.
    fn has_read(&self) -> bool {
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        *reading = if *reading == Reading::Again { Reading::Running } else { Reading::Idle };
        *reading == Reading::Idle
    }
}

/// Reads an account's templates, several times if need be.
async fn read_templates(connector: &dyn Connector, tell: &(dyn Fn(Input) + Send + Sync)) {
    let channel = connector.channel();
    if !channel.abilities.templates {
        return;
    }
    let channel_id = &channel.channel_id;
    let mut reason = String::new();
    for wait in TEMPLATE_TRIES_MS {
        pause(wait).await;
        match connector.templates().await {
            Ok(templates) => return tell(Input::Templates { channel_id: channel_id.clone(), templates }),
            Err(error) => {
                tracing::warn!(channel = %channel_id, %error, "the templates could not be read");
                reason = error.reason;
                if !error.again {
                    break;
                }
            }
        }
    }
    tell(Input::Notice {
        level: "warning".into(),
        code: "templates_unread".into(),
        message: format!("The templates of {channel_id} could not be read: {reason}"),
    });
}

/// A send's result, told in any case: also when the task that sends panics.
struct Owed<'a> {
    tell: &'a Tell,
    message_id: MessageId,
    attempt: u32,
    result: Option<SendResult>,
}

impl Drop for Owed<'_> {
    fn drop(&mut self) {
        let result = self
            .result
            .take()
            .unwrap_or_else(|| SendResult::Unknown { error: error("no_answer", "the send broke off here") });
        (self.tell)(Input::Sent { message_id: self.message_id, attempt: self.attempt, result });
    }
}

/// The same for a transcript.
struct OwedMail<'a> {
    tell: &'a Tell,
    transcript: &'a Transcript,
    result: Option<MailResult>,
}

impl Drop for OwedMail<'_> {
    fn drop(&mut self) {
        let result = self
            .result
            .take()
            .unwrap_or_else(|| MailResult::Unknown { reason: "mail_unanswered".to_owned() });
        let (transcript_id, attempt) = (self.transcript.transcript_id, self.transcript.attempts);
        (self.tell)(Input::TranscriptSent { transcript_id, attempt, result });
    }
}

/// The same for a translation.
struct OwedTranslation<'a> {
    tell: &'a Tell,
    message_id: MessageId,
    attempt: u32,
    result: Option<Result<String, String>>,
}

impl Drop for OwedTranslation<'_> {
    fn drop(&mut self) {
        let result = self.result.take().unwrap_or_else(|| Err("translator_unanswered".to_owned()));
        (self.tell)(Input::Translated { message_id: self.message_id, attempt: self.attempt, result });
    }
}

/// The result's name for counters, and its reason.
fn mailed(result: &MailResult) -> (&'static str, Option<&str>) {
    match result {
        MailResult::Sent => ("sent", None),
        MailResult::Retry { reason } => ("retry", Some(reason)),
        MailResult::Failed { reason } => ("failed", Some(reason)),
        MailResult::Unknown { reason } => ("unknown", Some(reason)),
    }
}

fn error(reason: &str, details: &str) -> DeliveryError {
    DeliveryError { code: None, reason: reason.to_owned(), details: details.to_owned() }
}

/// The result's name for counters, and its error.
fn outcome(result: &SendResult) -> (&'static str, Option<&DeliveryError>) {
    match result {
        SendResult::Accepted { .. } => ("accepted", None),
        SendResult::Retry { error, .. } => ("retry", Some(error)),
        SendResult::Failed { error } => ("failed", Some(error)),
        SendResult::ChannelDown { error } => ("channel_down", Some(error)),
        SendResult::Unknown { error } => ("unknown", Some(error)),
    }
}

/// The file that goes with a message.
fn file(outgoing: &Outgoing) -> Option<&File> {
    match &outgoing.body {
        OutgoingBody::Text(_) | OutgoingBody::Choices { .. } => None,
        OutgoingBody::Media { media, .. } => Some(media),
        OutgoingBody::Template { header, .. } => header.as_ref(),
    }
}

/// The file's name, or one that its type suggests.
fn filename(file: &File) -> String {
    let suggested = || {
        let ending = mime_guess::get_mime_extensions_str(&file.mime).and_then(|endings| endings.first());
        ending.map_or_else(|| "file".to_owned(), |ending| format!("file.{ending}"))
    };
    file.filename.clone().filter(|name| !name.is_empty()).unwrap_or_else(suggested)
}
