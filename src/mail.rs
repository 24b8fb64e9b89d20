//! Letters to contacts through a mail server: how a transcript looks as a mail, and the talk with the server.
//!
//! It must not know the engine's world, who may send what, or where messages are kept.

mod compose;
mod picture;
mod talk;
mod words;

use futures_util::future::BoxFuture;
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;

use crate::config::{Secret, SmtpTls};
use crate::engine::MailResult;
use crate::port::{Letter, Mailer, Picture};

/// How the mail server is reached.
#[derive(Debug, Clone)]
pub struct SmtpSettings {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is secured.
    pub tls: SmtpTls,
    /// Who we are there: name and password.
    pub login: Option<(String, Secret)>,
    /// Whom letters are from, such as `Support <support@example.com>`.
    pub from: String,
}

/// What is wrong with the settings.
#[derive(Debug, thiserror::Error)]
pub enum MailSetupError {
    /// The sender is no mailbox.
    #[error(
        "configuration key smtp.from: {0:?} is no mailbox; expected one such as \"Support <support@example.com>\""
    )]
    From(String),
}

/// A mail server that speaks SMTP.
#[derive(Debug)]
pub struct Smtp {
    settings: SmtpSettings,
    from: Mailbox,
}

impl Smtp {
    /// Checks the settings. The server is asked only when something is to be sent.
    ///
    /// # Errors
    /// They make no sense.
    pub fn new(settings: SmtpSettings) -> Result<Self, MailSetupError> {
        let from: Mailbox =
            settings.from.parse().map_err(|_no_mailbox| MailSetupError::From(settings.from.clone()))?;
        Ok(Self { settings, from })
    }

    fn credentials(&self) -> Option<Credentials> {
        let (name, password) = self.settings.login.as_ref()?;
        Some(Credentials::new(name.clone(), password.expose().to_owned()))
    }
}

impl Mailer for Smtp {
    fn picture(&self, bytes: &[u8]) -> Option<Picture> {
        picture::written_anew(bytes)
    }

    fn send(&self, letter: Letter) -> BoxFuture<'_, MailResult> {
        Box::pin(async move {
            match compose::mail(&self.from, letter) {
                Ok(mail) => talk::send(&self.settings, self.credentials(), &mail).await,
                Err(error) => {
                    tracing::error!(%error, "a letter could not be made");
                    MailResult::Failed { reason: "mail_refused".to_owned() }
                }
            }
        })
    }
}
