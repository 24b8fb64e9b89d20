//! From a request's text to the frame that answers it. The same for sockets and `POST /rpc`.
//!
//! Rights to interactions, and everything else that is a rule, are the engine's; here is only what the engine does not see.

use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

mod oversee;

use super::address_books;
use super::answers;
use super::app::App;
use super::auth::{Who, new_secret};
use super::commands::{self, Own, Plan};
use super::contacts;
use super::mend::mend;
use super::plugins;
use super::quick_replies;
use super::scripts;
use super::search;
use crate::domain::{Book, ContactId, InteractionId};
use crate::engine::{
    AdminCommand, Answer, Caller, Command, ContactCommand, ContactView, Filter, Input, Prefill, Refusal,
    RefusalKind, RequestKey, SuperviseCommand,
};
use crate::protocol::params::{
    AddToken, ChangePassword, History, PastInteractions, SaveAgent, SearchDirectory, SearchRun, SessionStart,
    StarQuickReply,
};
use crate::protocol::{
    self, ErrorShape, INVALID_PARAMS, METHOD_NOT_FOUND, Method, NewToken, REFUSED, Repeat, Request,
};

/// Messages in a page, unless asked otherwise.
const HISTORY_DEFAULT: u32 = 50;
const HISTORY_MAX: u32 = 100;
/// Finds of a directory, unless asked otherwise.
const FOUND_DEFAULT: u32 = 20;
const FOUND_MAX: u32 = 50;
/// Characters of a password.
const PASSWORD_CHARS: std::ops::RangeInclusive<usize> = 8..=200;

/// By which way a request came.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Via {
    /// A socket, and whether its session has started.
    Socket { session: u64, started: bool },
    /// `POST /rpc`.
    Http,
}

/// What came of a request.
pub(crate) enum Served {
    /// A frame to send.
    Frame(String),
    /// Nothing to say.
    Nothing,
    /// The socket's session is to start.
    Start { id: Box<RawValue>, params: SessionStart },
    /// The login of this socket is not known any more.
    LoginEnded,
}

/// A request with who made it.
struct Asked<'a> {
    app: &'a App,
    who: &'a Who,
    via: Via,
    request: &'a Request<'a>,
    id: &'a RawValue,
    method: Method,
}

type Frame = Result<String, ErrorShape<'static>>;

/// Serves one request.
pub(crate) async fn serve(app: &App, who: &Who, via: Via, text: &str) -> Served {
    let text = mend(text);
    let request = match Request::read(&text) {
        Ok(request) => request,
        Err(error) => return Served::Frame(protocol::error(None, &error)),
    };
    let Some(id) = request.id else { return Served::Nothing };
    let Some(method) = Method::named(&request.method) else {
        let error = ErrorShape::invalid(METHOD_NOT_FOUND, format!("There is no method {:?}", request.method));
        return Served::Frame(protocol::error(Some(id), &error));
    };
    let asked = Asked { app, who, via, request: &request, id, method };
    asked.serve().await.unwrap_or_else(|error| Served::Frame(protocol::error(Some(id), &error)))
}

/// The engine answered something else than was asked.
pub(crate) fn unexpected() -> ErrorShape<'static> {
    tracing::error!("the engine gave another kind of answer than was asked for");
    Refusal::new(RefusalKind::Unavailable, "The server could not answer this; try again").into()
}

fn busy(message: &str) -> Refusal {
    Refusal::new(RefusalKind::Unavailable, message)
}

pub(crate) fn invalid(field: &'static str, message: String) -> ErrorShape<'static> {
    let mut error = ErrorShape::invalid(INVALID_PARAMS, message);
    error.data.field = Some(field.into());
    error
}

/// How many a page holds.
fn page(limit: Option<u32>, default: u32, max: u32) -> Result<u32, ErrorShape<'static>> {
    let limit = limit.unwrap_or(default);
    if (1..=max).contains(&limit) {
        return Ok(limit);
    }
    Err(invalid("limit", format!("Field limit goes from 1 to {max}")))
}

impl Asked<'_> {
    async fn serve(&self) -> Result<Served, ErrorShape<'static>> {
        let started = match self.via {
            Via::Socket { started, .. } => started,
            Via::Http => true,
        };
        if !started && !matches!(self.method, Method::SessionStart | Method::Discover) {
            return Err(ErrorShape::invalid(REFUSED, "Call session.start first"));
        }
        match commands::plan(self.method, self.request)? {
            Plan::Own(Own::Start(params)) => self.start(params),
            Plan::Own(own) => self.own(own).await.map(Served::Frame),
            Plan::Ask(command) => {
                let answer = self.ask(command).await?;
                self.frame(&answer).map(Served::Frame)
            }
        }
    }

    fn start(&self, params: SessionStart) -> Result<Served, ErrorShape<'static>> {
        let refused = |kind, sentence| Err(Refusal::new(kind, sentence).into());
        match self.via {
            Via::Http => refused(RefusalKind::Unsupported, "A session needs the socket, GET /ws"),
            Via::Socket { started: true, .. } => refused(
                RefusalKind::AlreadyDone,
                "This session has started; open a new socket to start afresh",
            ),
            Via::Socket { .. } => Ok(Served::Start { id: self.id.to_owned(), params }),
        }
    }

    /// The rights to what the engine does not see, or sees only after much work, are looked at here.
    async fn own(&self, own: Own) -> Frame {
        let seen = matches!(
            own,
            Own::History(_)
                | Own::List(_)
                | Own::Directory(_)
                | Own::Contact(_)
                | Own::Past(_)
                | Own::Card(_)
                | Own::Search(_)
                | Own::TestChannel(_)
                | Own::Dispositions(_)
                | Own::Audit(_)
                | Own::ExportContact(_)
                | Own::Report(_)
                | Own::ExportInteractions(_)
        );
        if let Some(permission) = self.method.permission().filter(|_| !seen) {
            self.who.may(permission)?;
        }
        match own {
            Own::History(params) => self.history(&params).await,
            Own::List(filter) => self.list(filter).await,
            Own::Directory(params) => self.directory(params).await,
            Own::Contact(params) => {
                let view = self.contact(params.contact_id.0).await?;
                Ok(contacts::card(self.app, self.id, &view, false).await?)
            }
            Own::Past(params) => self.past(&params).await,
            Own::Card(params) => self.card(params.interaction_id.0).await,
            Own::Search(params) => self.search(params).await,
            Own::SaveAgent(params) => self.save_agent(params).await,
            Own::AddToken(params) => self.add_token(params).await,
            Own::ChangePassword(params) => self.change_password(params).await,
            Own::QuickReplies(params) => {
                let prefill = self.prefill(params.interaction_id.map(|id| id.0)).await?;
                Ok(quick_replies::list(self.app, self.id, &prefill, &params))
            }
            Own::RenderQuickReply(params) => {
                let prefill = self.prefill(Some(params.interaction_id.0)).await?;
                quick_replies::render(self.app, self.id, &prefill, &params)
            }
            Own::StarQuickReply(params) => self.star(params).await,
            Own::Languages => self.languages().await,
            Own::Plugins(ask) => plugins::answer(self.app, self.id, self.who.agent_id, ask).await,
            Own::Scripts { reload } => {
                if reload {
                    self.ask(Command::Administer(AdminCommand::ReloadScripts)).await?;
                }
                scripts::state(self.app, self.id, reload).await
            }
            Own::ReadScript(params) => scripts::read(self.app, self.id, &params).await,
            Own::CheckScript(params) => scripts::check(self.app, self.id, params).await,
            Own::SaveScript(params) => self.save_script(params).await,
            Own::RollScriptsBack(params) => self.roll_scripts_back(&params).await,
            Own::ResetPassword(params) => self.reset_password(params).await,
            Own::TestChannel(params) => self.test_channel(&params).await,
            Own::Dispositions(params) => self.dispositions(&params).await,
            Own::Audit(params) => self.audit(params).await,
            Own::ExportContact(params) => self.export_contact(&params).await,
            Own::Report(params) => self.report(params).await,
            Own::ExportInteractions(params) => self.export_interactions(params).await,
            Own::Discover => Ok(protocol::answer(self.id, &self.app.document)),
            Own::Start(_) => Err(unexpected()),
        }
    }

    fn frame(&self, answer: &Answer) -> Frame {
        answers::frame(self.app, self.id, self.method, answer).ok_or_else(unexpected)
    }

    async fn ask(&self, command: Command) -> Result<Answer, ErrorShape<'static>> {
        let session = match self.via {
            Via::Socket { session, .. } => session,
            Via::Http => 0,
        };
        let caller = Caller { agent_id: self.who.agent_id, session };
        let input = Input::Command { caller, request: self.key(), command };
        Ok(self.app.desk.ask(input).await?)
    }

    /// What makes sending this request again safe.
    fn key(&self) -> Option<RequestKey> {
        if self.method.repeat() == Repeat::Harmless {
            return None;
        }
        let id = self.request.lasting_id()?;
        // Read and written again, so that neither spaces nor the order of fields make it another request.
        let params =
            self.request.params.and_then(|raw| serde_json::from_str::<serde_json::Value>(raw.get()).ok());
        let mut hasher = Sha256::new();
        hasher.update(self.method.name());
        hasher.update([0]);
        hasher.update(params.unwrap_or_default().to_string());
        Some(RequestKey { id, hash: hex::encode(hasher.finalize()) })
    }

    async fn history(&self, params: &History) -> Frame {
        let interaction_id = params.interaction_id.0;
        let limit = page(params.limit, HISTORY_DEFAULT, HISTORY_MAX)?;
        // The engine says whether the caller may read it; the store then has the messages.
        self.ask(Command::Get { interaction_id }).await?;
        let before = params.before.map(|id| id.0);
        let page = self.app.desk.store().messages(interaction_id, before, limit).await.map_err(|error| {
            tracing::warn!(%error, "messages can't be read");
            Refusal::new(RefusalKind::Unavailable, "The messages can't be read now; try again")
        })?;
        Ok(answers::history(self.id, &page))
    }

    async fn prefill(&self, interaction_id: Option<InteractionId>) -> Result<Prefill, ErrorShape<'static>> {
        let Answer::Prefill(prefill) = self.ask(Command::Prefill { interaction_id }).await? else {
            return Err(unexpected());
        };
        Ok(*prefill)
    }

    async fn star(&self, params: StarQuickReply) -> Frame {
        let StarQuickReply { quick_reply_id, starred } = params;
        // The star of one that scripts no longer have can still be taken away.
        if starred {
            quick_replies::exists(self.app, &quick_reply_id)?;
        }
        let answer = self.ask(Command::Star { quick_reply_id, starred }).await?;
        self.frame(&answer)
    }

    /// The engine lists what has not ended, and says whether the caller may; the store has the rest.
    async fn list(&self, filter: Filter) -> Frame {
        let answer = self.ask(Command::Supervise(SuperviseCommand::List(filter.clone()))).await?;
        if !filter.ended {
            return self.frame(&answer);
        }
        let page = self.app.desk.store().ended(filter).await.map_err(|error| {
            tracing::warn!(%error, "interactions that have ended can't be read");
            Refusal::new(RefusalKind::Unavailable, "The list can't be read now; try again")
        })?;
        Ok(answers::ended(self.app, self.id, &page))
    }

    async fn directory(&self, params: SearchDirectory) -> Frame {
        let SearchDirectory { book, query, limit } = params;
        let limit = page(limit, FOUND_DEFAULT, FOUND_MAX)?;
        let command =
            Command::Directory { book: book.0, query: query.clone(), limit: limit.try_into().unwrap_or(0) };
        let answer = self.ask(command).await?;
        let contacts = match book.0 {
            Book::Contacts => Some(contacts::search(self.app, &query, limit).await?),
            Book::AddressBooks => {
                return address_books::found(self.app, self.id, &answer, &query, limit)
                    .ok_or_else(unexpected);
            }
            Book::Agents | Book::Skills | Book::Teams => None,
        };
        contacts::found(self.id, &answer, contacts).ok_or_else(unexpected)
    }

    async fn contact(&self, contact_id: ContactId) -> Result<ContactView, ErrorShape<'static>> {
        let answer = self.ask(Command::Contact(ContactCommand::Get { contact_id })).await?;
        if let Answer::Contact(view) = answer { Ok(*view) } else { Err(unexpected()) }
    }

    async fn past(&self, params: &PastInteractions) -> Frame {
        let limit = page(params.limit, FOUND_DEFAULT, HISTORY_MAX)?;
        let view = self.contact(params.contact_id.0).await?;
        Ok(contacts::past(self.app, self.id, &view, params.before.map(|id| id.0), limit).await?)
    }

    /// Who may read an interaction may read its contact's card, if it may read cards.
    async fn card(&self, interaction_id: InteractionId) -> Frame {
        let Answer::Interaction { view, .. } = self.ask(Command::Get { interaction_id }).await? else {
            return Err(unexpected());
        };
        let card = self.contact(view.contact.contact_id).await?;
        Ok(contacts::card(self.app, self.id, &card, true).await?)
    }

    async fn languages(&self) -> Frame {
        let Some(answer) = self.app.desk.languages().await else {
            let message = "This installation has no translator; an administrator sets [translation]";
            return Err(Refusal::new(RefusalKind::Unsupported, message).into());
        };
        let languages = answer.map_err(|error| {
            Refusal::new(RefusalKind::Unavailable, format!("The languages can't be read now: {error}"))
        })?;
        Ok(answers::languages(self.id, &languages))
    }

    async fn search(&self, params: SearchRun) -> Frame {
        // The engine says what the caller may see; the store then looks there.
        let Answer::Sight(sight) = self.ask(Command::Search).await? else { return Err(unexpected()) };
        let query = search::query(params, sight)?;
        let (page, behind) = self.app.desk.search(&query).await.map_err(|error| {
            tracing::warn!(%error, "the index can't be searched");
            Refusal::new(RefusalKind::Unavailable, "Nothing can be looked up now; try again")
        })?;
        Ok(search::frame(self.app, self.id, &page, behind))
    }

    async fn save_agent(&self, mut params: SaveAgent) -> Frame {
        let password_hash = match params.password.take() {
            None => None,
            Some(password) if !PASSWORD_CHARS.contains(&password.chars().count()) => {
                return Err(invalid("password", "A password has 8 to 200 characters".into()));
            }
            Some(password) => Some(self.hash(password).await?),
        };
        let answer = self.ask(Command::Administer(commands::save_agent(params, password_hash))).await?;
        self.frame(&answer)
    }

    /// The old password is checked here, because checking takes a while; that it is still the one, by the engine.
    async fn change_password(&self, params: ChangePassword) -> Frame {
        let ChangePassword { old_password, new_password } = params;
        if !PASSWORD_CHARS.contains(&new_password.chars().count()) {
            return Err(invalid("new_password", "A password has 8 to 200 characters".into()));
        }
        if new_password == old_password {
            return Err(invalid("new_password", "The new password is the old one; choose another".into()));
        }
        if old_password.chars().count() > *PASSWORD_CHARS.end() {
            return Err(invalid("old_password", "A password has at most 200 characters".into()));
        }
        let now = self.app.desk.clock().now();
        let attempt = self.app.throttle.attempt_of(self.who.agent_id, now).map_err(|seconds| {
            let message = format!("Too many wrong passwords; try again in {seconds} s");
            Refusal::new(RefusalKind::RateLimited, message)
        })?;
        let old_hash = match self.ask(Command::ReadCredentials).await {
            Ok(Answer::Credentials { password_hash, .. }) => password_hash,
            other => {
                self.app.throttle.succeeded(&attempt);
                return Err(other.err().unwrap_or_else(unexpected));
            }
        };
        let checked = self.app.passwords.check(old_password, Some(old_hash.clone())).await;
        let right = checked.map_err(|_| {
            self.app.throttle.succeeded(&attempt);
            busy("Too many passwords at once; try again")
        })?;
        if !right {
            return Err(invalid("old_password", "The old password is wrong".into()));
        }
        self.app.throttle.succeeded(&attempt);
        let new_hash = self.hash(new_password).await?;
        let login = self.who.login.clone();
        let answer = self.ask(Command::ChangePassword { old_hash, new_hash, login }).await?;
        self.frame(&answer)
    }

    async fn hash(&self, password: String) -> Result<String, ErrorShape<'static>> {
        let hash = self
            .app
            .passwords
            .hash(password)
            .await
            .map_err(|_| busy("Too many passwords at once; try again"))?;
        hash.map_err(|error| {
            tracing::error!(error, "a password could not be hashed");
            busy("The password can't be kept now; try again").into()
        })
    }

    async fn add_token(&self, params: AddToken) -> Frame {
        let AddToken { name, login } = params;
        let (token, hash) = new_secret()
            .map_err(|failure| Refusal::new(RefusalKind::Unavailable, failure.message.into_owned()))?;
        self.ask(Command::Administer(AdminCommand::AddToken { name: name.clone(), login, hash })).await?;
        Ok(protocol::answer(self.id, NewToken { name: &name, token: &token }))
    }
}
