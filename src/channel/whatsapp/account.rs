//! What Meta tells about the account itself: templates, quality, restrictions, errors. People are not its business.

use serde_json::Value;

use super::delivery::Reading;
use super::{mend, outcome};
use crate::engine::ChannelInput;

/// Longest sentence of a notice.
const TOLD_MAX: usize = 500;

fn notice(level: &str, code: &str, message: &str) -> ChannelInput {
    ChannelInput::Notice {
        level: level.to_owned(),
        code: format!("whatsapp.{}", mend::cut(code, 64)),
        message: mend::cut(message, TOLD_MAX).to_owned(),
    }
}

/// One entry of `errors` beside messages: something that Meta could not hand over.
pub(super) fn error(reading: &mut Reading<'_>, part: &str) {
    let error = outcome::stated(part);
    let code = error.code.map_or_else(|| "error".to_owned(), |code| code.to_string());
    reading.add(notice("warning", &code, &format!("WhatsApp reports: {}", error.details)));
    if let Some(code) = error.code {
        alarm(reading, code);
    }
}

/// Tells administrators of errors that only they can mend.
pub(super) fn alarm(reading: &mut Reading<'_>, code: i64) {
    let row = outcome::meaning(code);
    if let Some(advice) = row.alarm {
        reading.add(notice("alarm", row.reason, &format!("WhatsApp error {code}: {advice}")));
    }
}

/// A change of any field but messages.
pub(super) fn read(reading: &mut Reading<'_>, field: &str, value: &str) {
    let Ok(tree) = serde_json::from_str::<Value>(value) else {
        return reading.raw(value, &format!("a {field} change that can't be read"));
    };
    let text = |key: &str| tree.get(key).and_then(Value::as_str).unwrap_or_default();
    match field {
        "message_template_status_update" => {
            reading.add(ChannelInput::TemplatesChanged);
            let event = text("event");
            if matches!(event, "REJECTED" | "PAUSED" | "DISABLED" | "FLAGGED" | "LOCKED" | "LIMIT_EXCEEDED") {
                let name = text("message_template_name");
                let told = format!(
                    "template {name} ({}): {event} {}",
                    text("message_template_language"),
                    text("reason")
                );
                reading.add(notice("warning", "template_status", told.trim_end()));
            }
        }
        "message_template_quality_update"
        | "message_template_components_update"
        | "template_category_update" => {
            reading.add(ChannelInput::TemplatesChanged);
        }
        "account_update" | "account_review_update" | "account_alerts" | "security" => {
            reading.add(notice(level(&tree), field, &told(field, &tree)));
        }
        "phone_number_quality_update"
        | "phone_number_name_update"
        | "business_capability_update"
        | "business_status_update"
        | "account_settings_update" => {
            let level = if text("event") == "DOWNGRADE" { "warning" } else { "info" };
            reading.add(notice(level, field, &told(field, &tree)));
        }
        // Names people: kept, not told.
        "user_preferences" => {
            reading.raw(value, "a marketing preference of a person; nothing acts on it yet");
        }
        _ => reading.raw(value, &format!("a change of {}, which is not known here", mend::cut(field, 64))),
    }
}

/// What takes the account away, or is about to, is an alarm.
fn level(tree: &Value) -> &'static str {
    const ALARMS: [&str; 4] = ["RESTRICTION", "DISABLED", "VIOLATION", "DELETED"];
    let event =
        tree.get("event").or_else(|| tree.get("alert_type")).and_then(Value::as_str).unwrap_or_default();
    let severity = tree.get("alert_severity").and_then(Value::as_str).unwrap_or_default();
    if ALARMS.iter().any(|word| event.contains(word)) || severity == "CRITICAL" {
        "alarm"
    } else if matches!(severity, "WARNING" | "HIGH") {
        "warning"
    } else {
        "info"
    }
}

/// Everything the change says, on one line: `account_update: event DISABLED_UPDATE, ban_info {…}`.
fn told(field: &str, tree: &Value) -> String {
    let parts: Vec<String> = tree
        .as_object()
        .into_iter()
        .flatten()
        // The number is personal where the business is one person's.
        .filter(|(key, _)| !key.contains("phone_number") && *key != "requester")
        .map(|(key, value)| {
            format!("{key} {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        })
        .collect();
    format!("{field}: {}", parts.join(", "))
}
