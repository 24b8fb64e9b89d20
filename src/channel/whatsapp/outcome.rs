//! What Meta's answers and errors mean for a message: one table, read by code, never by title or HTTP status.
//!
//! An error that Meta states follows the table. What nobody states (a bare 5xx, a cut connection) is not known, and a
//! message whose fate is not known is never sent again by itself.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::call::{Answer, Trouble};
use super::delivery::Text;
use super::mend;
use crate::domain::{DeliveryError, Span};
use crate::engine::SendResult;
use crate::port::ConnectorError;

/// What to do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Trying the same again would fail again.
    Fail,
    /// Nothing was taken; try again after a while that the engine chooses.
    Again,
    /// Nothing was taken, for this recipient only; try again after 4^tries seconds.
    Slower,
    /// The account sends nothing until somebody mends it.
    Stop,
}

/// What some error codes mean.
#[derive(Debug)]
pub(super) struct Row {
    codes: &'static [(i64, i64)],
    pub(super) action: Action,
    /// A key that clients translate for agents.
    pub(super) reason: &'static str,
    /// What to tell administrators, when only they can mend it.
    pub(super) alarm: Option<&'static str>,
}

const fn row(codes: &'static [(i64, i64)], action: Action, reason: &'static str) -> Row {
    Row { codes, action, reason, alarm: None }
}

const fn alarm(
    codes: &'static [(i64, i64)],
    action: Action,
    reason: &'static str,
    alarm: &'static str,
) -> Row {
    Row { codes, action, reason, alarm: Some(alarm) }
}

/// Meta's codes (ranges are inclusive). Each code stands once.
static ROWS: [Row; 27] = [
    row(&[(131_047, 131_047)], Action::Fail, "window_closed"),
    row(&[(131_026, 131_026)], Action::Fail, "undeliverable"),
    row(&[(131_049, 131_049)], Action::Fail, "marketing_limit"),
    row(&[(131_050, 131_050)], Action::Fail, "marketing_stopped"),
    row(&[(130_472, 130_472)], Action::Fail, "marketing_experiment"),
    row(&[(131_051, 131_051)], Action::Fail, "unsupported_type"),
    row(&[(131_052, 131_052)], Action::Fail, "media_download_failed"),
    row(&[(131_053, 131_053)], Action::Fail, "media_upload_failed"),
    row(&[(131_062, 131_062)], Action::Fail, "phone_needed"),
    alarm(
        &[(131_021, 131_021)],
        Action::Fail,
        "recipient_is_sender",
        "the recipient is the business's own number",
    ),
    alarm(
        &[(131_030, 131_030)],
        Action::Fail,
        "recipient_not_allowed",
        "a test number sends only to the recipients on its list; add them in the app's dashboard",
    ),
    row(&[(132_000, 132_000), (132_008, 132_008), (132_012, 132_012)], Action::Fail, "template_parameters"),
    row(&[(132_001, 132_001)], Action::Fail, "template_missing"),
    row(&[(132_005, 132_005)], Action::Fail, "template_too_long"),
    alarm(
        &[(132_007, 132_007)],
        Action::Fail,
        "template_policy",
        "a template breaks WhatsApp's content policy",
    ),
    alarm(&[(132_015, 132_015)], Action::Fail, "template_paused", "a template is paused for its low quality"),
    alarm(
        &[(132_016, 132_016)],
        Action::Fail,
        "template_disabled",
        "a template was disabled for its low quality",
    ),
    row(&[(4, 4), (80_007, 80_007), (130_429, 130_429)], Action::Again, "rate_limited"),
    row(&[(131_056, 131_056)], Action::Slower, "pair_limited"),
    alarm(
        &[(131_048, 131_048), (131_064, 131_064)],
        Action::Stop,
        "messaging_limit",
        "too many messages were reported or sent; check the number's quality and limits in WhatsApp Manager",
    ),
    row(
        &[(1, 2), (131_000, 131_000), (131_016, 131_016), (131_057, 131_057), (133_004, 133_004)],
        Action::Again,
        "provider_trouble",
    ),
    alarm(
        &[(0, 0), (190, 190)],
        Action::Stop,
        "token_invalid",
        "the access token is invalid or has expired; put a new one into the configuration",
    ),
    alarm(
        &[(3, 3), (10, 10), (200, 299), (131_005, 131_005)],
        Action::Stop,
        "permission_missing",
        "the access token lacks a permission (whatsapp_business_messaging, whatsapp_business_management)",
    ),
    row(&[(33, 33), (100, 100), (131_008, 131_009)], Action::Fail, "bad_request"),
    alarm(
        &[(368, 368), (130_497, 130_497), (131_031, 131_031)],
        Action::Stop,
        "account_restricted",
        "WhatsApp restricted or locked the account; see WhatsApp Manager",
    ),
    alarm(
        &[(131_042, 131_042)],
        Action::Stop,
        "payment",
        "the payment method has to be mended in WhatsApp Manager",
    ),
    alarm(
        &[(131_045, 131_045), (133_010, 133_010)],
        Action::Stop,
        "number_not_registered",
        "the phone number is not registered for the Cloud API",
    ),
];

/// For codes that are in no row.
static OTHER: Row = row(&[], Action::Fail, "provider_error");

/// What a code means.
pub(super) fn meaning(code: i64) -> &'static Row {
    ROWS.iter().find(|row| row.codes.iter().any(|(from, to)| (*from..=*to).contains(&code))).unwrap_or(&OTHER)
}

/// An error as Meta writes it, in an answer, a status or beside messages.
#[derive(Deserialize)]
struct Stated<'a> {
    #[serde(borrow)]
    code: Option<&'a RawValue>,
    #[serde(borrow)]
    title: Option<Text<'a>>,
    #[serde(borrow)]
    message: Option<Text<'a>>,
    #[serde(borrow)]
    error_data: Option<&'a RawValue>,
    #[serde(default)]
    is_transient: Option<bool>,
}

#[derive(Deserialize)]
struct ErrorData<'a> {
    #[serde(borrow)]
    details: Option<Text<'a>>,
}

/// Longest explanation that is kept.
const DETAILS_MAX: usize = 500;

fn error(code: Option<i64>, reason: &str, details: &str) -> DeliveryError {
    DeliveryError { code, reason: reason.to_owned(), details: mend::cut(details, DETAILS_MAX).to_owned() }
}

/// A failure for which Meta gave no error.
pub(super) fn unexplained() -> DeliveryError {
    error(None, "provider_error", "WhatsApp gave no reason")
}

/// An error that never left this house.
pub(super) fn ours(reason: &str, details: &str) -> DeliveryError {
    error(None, reason, details)
}

fn code(stated: &Stated<'_>) -> Option<i64> {
    stated.code.and_then(|code| code.get().trim_matches('"').parse().ok())
}

/// The error in our words.
pub(super) fn stated(part: &str) -> DeliveryError {
    serde_json::from_str::<Stated<'_>>(part).map_or_else(|_| unexplained(), |stated| worded(&stated))
}

fn worded(stated: &Stated<'_>) -> DeliveryError {
    let data = stated.error_data.and_then(|part| serde_json::from_str::<ErrorData<'_>>(part.get()).ok());
    let details = data.and_then(|data| data.details);
    let details =
        [&details, &stated.message, &stated.title].into_iter().flatten().find(|text| !text.0.is_empty());
    let code = code(stated);
    let reason = code.map_or(OTHER.reason, |code| meaning(code).reason);
    error(code, reason, details.map_or("", |text| text.0.as_ref()))
}

/// The error of an answer that is none of a success, if Meta stated one.
fn in_answer(answer: &Answer) -> Option<(Action, DeliveryError)> {
    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(borrow)]
        error: Stated<'a>,
    }
    let text = String::from_utf8_lossy(&answer.body);
    let text = mend::mend(&text);
    let body: Body<'_> = serde_json::from_str(&text).ok()?;
    let code = code(&body.error)?;
    let known = std::ptr::from_ref(meaning(code)) != &raw const OTHER;
    let action =
        if !known && body.error.is_transient == Some(true) { Action::Again } else { meaning(code).action };
    Some((action, worded(&body.error)))
}

/// What an answer other than 200 means for the message; `attempt` counts from 1.
pub(super) fn of_refusal(answer: &Answer, attempt: u32) -> SendResult {
    let after = answer.retry_after;
    let Some((action, error)) = in_answer(answer) else { return of_status(answer) };
    match action {
        Action::Fail => SendResult::Failed { error },
        Action::Again => SendResult::Retry { after, error },
        Action::Slower => SendResult::Retry { after: after.or(Some(slower(attempt))), error },
        Action::Stop => SendResult::ChannelDown { error },
    }
}

/// Meta's rule for one recipient: 4^X seconds, X growing from 0 with each try.
fn slower(attempt: u32) -> Span {
    /// 4^6 s is more than an hour; waiting longer helps nobody.
    const EXPONENT_MAX: u32 = 6;
    Span::seconds(4_i64.pow(attempt.saturating_sub(1).min(EXPONENT_MAX)))
}

/// Nobody stated anything: the status is all there is.
fn of_status(answer: &Answer) -> SendResult {
    let details = format!("HTTP {} without an explanation", answer.status);
    let told = |reason| error(None, reason, &details);
    match answer.status {
        408 | 429 => SendResult::Retry { after: answer.retry_after, error: told("rate_limited") },
        401 | 403 => SendResult::ChannelDown { error: told("token_invalid") },
        300..=499 => SendResult::Failed { error: told("provider_error") },
        _ => SendResult::Unknown { error: told("provider_trouble") },
    }
}

/// No answer at all.
pub(super) fn of_trouble(trouble: Trouble) -> SendResult {
    match trouble {
        Trouble::NotSent(details) => {
            SendResult::Retry { after: None, error: error(None, "provider_unreachable", &details) }
        }
        Trouble::Unanswered(details) => SendResult::Unknown { error: error(None, "no_answer", &details) },
    }
}

/// What a request that sends no message came to.
pub(super) fn of_request(answer: Result<Answer, Trouble>) -> Result<Answer, ConnectorError> {
    match answer {
        Ok(answer) if answer.status == 200 => Ok(answer),
        Ok(answer) => Err(match of_refusal(&answer, 1) {
            SendResult::Failed { error } => told(false, &answer, &error),
            SendResult::Accepted { .. } | SendResult::Unknown { .. } => ConnectorError {
                again: true,
                reason: format!("HTTP {} without an explanation", answer.status),
            },
            // A token can be mended, and then it works.
            SendResult::Retry { error, .. } | SendResult::ChannelDown { error } => {
                told(true, &answer, &error)
            }
        }),
        Err(Trouble::NotSent(reason) | Trouble::Unanswered(reason)) => {
            Err(ConnectorError { again: true, reason })
        }
    }
}

/// Without Meta's own words, which may name a person.
fn told(again: bool, answer: &Answer, error: &DeliveryError) -> ConnectorError {
    let code = error.code.map_or_else(|| "no code".to_owned(), |code| format!("code {code}"));
    ConnectorError { again, reason: format!("{} (HTTP {}, {code})", error.reason, answer.status) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_stands_once() {
        let ranges: Vec<_> = ROWS.iter().flat_map(|row| row.codes).collect();
        for (at, (from, to)) in ranges.iter().enumerate() {
            assert!(from <= to);
            for (other_from, other_to) in ranges.iter().skip(at + 1) {
                assert!(to < other_from || other_to < from, "{from}..{to} and {other_from}..{other_to}");
            }
        }
    }

    #[test]
    fn one_recipient_waits_longer_each_time() {
        for (attempt, seconds) in [(0, 1), (1, 1), (2, 4), (3, 16), (5, 256), (7, 4_096), (99, 4_096)] {
            assert_eq!(slower(attempt), Span::seconds(seconds));
        }
    }
}
