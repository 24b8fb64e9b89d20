//! The talk with a mail server, step by step, so that it is known at each moment whether the letter may have been taken:
//! until its last byte is written nothing was, and afterwards only the server's answer tells.

use std::future::Future;
use std::time::Duration;

use lettre::Message;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};

use super::SmtpSettings;
use crate::config::SmtpTls;
use crate::engine::MailResult;

/// For a connection, and for each command.
const STEP: Duration = Duration::from_secs(30);
/// For the letter itself: servers look into it before they answer.
const LETTER: Duration = Duration::from_mins(5);

/// Why a step failed, before anything could be taken.
struct Stopped(MailResult);

fn retry(reason: &str) -> Stopped {
    Stopped(MailResult::Retry { reason: reason.to_owned() })
}

fn failed(reason: &str) -> Stopped {
    Stopped(MailResult::Failed { reason: reason.to_owned() })
}

/// Sends a mail, once.
pub(super) async fn send(
    settings: &SmtpSettings,
    credentials: Option<Credentials>,
    mail: &Message,
) -> MailResult {
    let mut connection = match opened(settings, credentials).await {
        Ok(connection) => connection,
        Err(Stopped(result)) => return result,
    };
    let bytes = mail.formatted();
    if let Err(Stopped(result)) = announced(&mut connection, mail, bytes.is_ascii()).await {
        hang_up(connection).await;
        return result;
    }
    let result = match tokio::time::timeout(LETTER, connection.message(&bytes)).await {
        Ok(Ok(response)) if response.is_positive() => MailResult::Sent,
        Ok(Ok(_)) => failed("mail_refused").0,
        Ok(Err(error)) if error.is_transient() => retry("mail_busy").0,
        Ok(Err(error)) if error.is_permanent() => failed("mail_refused").0,
        // It has all or nearly all of it, and did not say.
        Ok(Err(_)) | Err(_) => MailResult::Unknown { reason: "mail_unanswered".to_owned() },
    };
    hang_up(connection).await;
    result
}

async fn opened(
    settings: &SmtpSettings,
    credentials: Option<Credentials>,
) -> Result<AsyncSmtpConnection, Stopped> {
    let tls = || TlsParameters::new_rustls(settings.host.clone()).map_err(|_| failed("mail_tls"));
    let hello = ClientId::default();
    let address = (settings.host.as_str(), settings.port);
    let implicit = match settings.tls {
        SmtpTls::Implicit => Some(tls()?),
        SmtpTls::Starttls | SmtpTls::None => None,
    };
    let mut connection = step(
        AsyncSmtpConnection::connect_tokio1(address, Some(STEP), &hello, implicit, None),
        "mail_refused",
    )
    .await?;
    if settings.tls == SmtpTls::Starttls {
        if !connection.can_starttls() {
            // Not without: the password and the letter would travel in the open.
            tracing::error!(
                "the mail server offers no STARTTLS; set tls = \"implicit\" if it speaks TLS at once"
            );
            return Err(failed("mail_tls"));
        }
        step(connection.starttls(tls()?, &hello), "mail_tls").await?;
    }
    if let Some(credentials) = credentials {
        step(connection.auth(DEFAULT_MECHANISMS, &credentials), "mail_login").await?;
    }
    Ok(connection)
}

/// Everything before the letter.
async fn announced(connection: &mut AsyncSmtpConnection, mail: &Message, ascii: bool) -> Result<(), Stopped> {
    let mut parameters = Vec::new();
    if !ascii && connection.server_info().supports_feature(Extension::EightBitMime) {
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    let envelope = mail.envelope();
    step(connection.command(Mail::new(envelope.from().cloned(), parameters)), "mail_refused").await?;
    for to in envelope.to() {
        step(connection.command(Rcpt::new(to.clone(), Vec::new())), "mail_refused").await?;
    }
    step(connection.command(Data), "mail_refused").await.map(drop)
}

/// One step: nothing is taken yet. `refused`: the reason when the server says no for good.
async fn step<T>(doing: impl Future<Output = Result<T, Error>>, refused: &str) -> Result<T, Stopped> {
    match tokio::time::timeout(STEP, doing).await {
        Err(_late) => Err(retry("mail_unreachable")),
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => {
            tracing::debug!(%error, "a step of a mail failed");
            Err(if error.is_permanent() {
                failed(refused)
            } else if error.is_transient() {
                retry("mail_busy")
            } else if error.is_tls() {
                failed("mail_tls")
            } else if error.is_client() {
                // We can't go on with this server as it is: no way to log in that both know.
                failed("mail_login")
            } else {
                retry("mail_unreachable")
            })
        }
    }
}

async fn hang_up(mut connection: AsyncSmtpConnection) {
    // What is said at the end changes nothing.
    let _ended = tokio::time::timeout(STEP, connection.quit()).await;
}
