//! The widget: a page of our own for a frame, and the script by which a host page gets its button. Small, without a framework, in
//! French and English; nothing in it is made from what visitors say.

use std::fmt::Write as _;

use bytes::Bytes;
use serde::Serialize;

use super::Settings;
use crate::port::Page;

/// A text in the languages that the page speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// French.
    pub fr: String,
    /// English.
    pub en: String,
}

/// How the page looks and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Its title.
    pub title: Words,
    /// What stands there before anybody has written.
    pub greeting: Words,
    /// The colour of its head and of the visitor's messages, `#rrggbb`.
    pub accent: String,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            title: Words { fr: "Discutons".into(), en: "Chat with us".into() },
            greeting: Words {
                fr: "Bonjour ! Écrivez-nous, nous répondons ici.".into(),
                en: "Hello! Write to us, we answer here.".into(),
            },
            accent: "#1d4f91".into(),
        }
    }
}

const PAGE: &str = include_str!("widget/page.html");
const SCRIPT: &str = include_str!("widget/chat.js");
const STYLE: &str = include_str!("widget/chat.css");
const EMBED: &str = include_str!("widget/embed.js");

const SCRIPT_MIME: &str = "text/javascript; charset=utf-8";
const STYLE_MIME: &str = "text/css; charset=utf-8";

/// The files of one account's page, ready to be given out.
#[derive(Debug)]
pub(super) struct Pages {
    french: Bytes,
    english: Bytes,
    look: Bytes,
    embed: Bytes,
}

/// What the page's script needs to know.
#[derive(Serialize)]
struct Known<'a> {
    channel: &'a str,
    origins: &'a [String],
    title: &'a str,
    greeting: &'a str,
    text_max: usize,
    file_max: usize,
    file_types: &'a [String],
}

impl Pages {
    /// Makes them. The error says what is wrong with the colour.
    pub(super) fn new(settings: &Settings) -> Result<Self, &'static str> {
        let accent = &settings.look.accent;
        let dark = is_dark(accent).ok_or("must be a colour such as #1d4f91")?;
        let on_accent = if dark { "#fff" } else { "#000" };
        let look = format!(":root{{--accent:{accent};--on-accent:{on_accent}}}");
        Ok(Self {
            french: page(settings, "fr", |words| &words.fr).into(),
            english: page(settings, "en", |words| &words.en).into(),
            look: look.into(),
            embed: EMBED.replace("{{accent}}", accent).replace("{{on_accent}}", on_accent).into(),
        })
    }

    pub(super) fn find(&self, name: &str, language: Option<&str>) -> Option<Page> {
        let text = |mime, body: &'static str| Page { mime, body: Bytes::from_static(body.as_bytes()) };
        Some(match name {
            "" => {
                let body = if is_french(language) { &self.french } else { &self.english };
                Page { mime: "text/html; charset=utf-8", body: body.clone() }
            }
            "chat.js" => text(SCRIPT_MIME, SCRIPT),
            "embed.js" => Page { mime: SCRIPT_MIME, body: self.embed.clone() },
            "chat.css" => text(STYLE_MIME, STYLE),
            "look.css" => Page { mime: STYLE_MIME, body: self.look.clone() },
            _ => return None,
        })
    }
}

fn page(settings: &Settings, language: &str, word: fn(&Words) -> &String) -> String {
    let known = Known {
        channel: settings.channel_id.as_str(),
        origins: &settings.origins,
        title: word(&settings.look.title),
        greeting: word(&settings.look.greeting),
        text_max: settings.text_max,
        file_max: settings.file_max,
        file_types: &settings.file_types,
    };
    let known = serde_json::to_string(&known).unwrap_or_default();
    PAGE.replace("{{language}}", language)
        .replace("{{title}}", &escape(word(&settings.look.title)))
        .replace("{{known}}", &escape(&known))
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        // Writing to a String can't fail.
        let _written = match c {
            '&' | '<' | '>' | '"' | '\'' => write!(escaped, "&#{};", u32::from(c)),
            _ => {
                escaped.push(c);
                Ok(())
            }
        };
    }
    escaped
}

/// Whether French comes first among what somebody reads (`fr`, or a whole `Accept-Language`).
fn is_french(language: Option<&str>) -> bool {
    let words = language.unwrap_or_default().split(',').map(|one| one.trim().to_ascii_lowercase());
    words
        .into_iter()
        .find(|one| one.starts_with("fr") || one.starts_with("en"))
        .is_some_and(|one| one.starts_with("fr"))
}

/// Whether white reads better than black on a colour (WCAG's relative luminance). `None`: it is none.
fn is_dark(colour: &str) -> Option<bool> {
    let digits = colour.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    let part = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    let light = |part: u8| {
        let part = f64::from(part) / 255.0;
        if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    };
    let luminance = 0.2126 * light(part(0)?) + 0.7152 * light(part(2)?) + 0.0722 * light(part(4)?);
    // Where the contrasts of white and of black are equal; either is above 4.5 on its side.
    Some(luminance < 0.179)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widget_is_small() {
        let bytes = PAGE.len() + SCRIPT.len() + STYLE.len() + EMBED.len();
        assert!(bytes < 30_000, "{bytes} bytes");
        for text in [PAGE, SCRIPT, EMBED] {
            assert!(!text.contains("innerHTML") && !text.contains("eval("));
        }
        assert!(!PAGE.contains("<script>") && !PAGE.contains("style="));
    }

    #[test]
    fn the_reader_s_language_is_chosen() {
        for (language, french) in [
            (None, false),
            (Some("fr"), true),
            (Some("fr-CA,fr;q=0.9,en;q=0.8"), true),
            (Some("de, en-GB;q=0.7, fr;q=0.3"), false),
            (Some("de"), false),
        ] {
            assert_eq!(is_french(language), french, "{language:?}");
        }
    }

    #[test]
    fn words_stay_words() {
        assert_eq!(escape("<b a='\"'>&"), "&#60;b a=&#39;&#34;&#39;&#62;&#38;");
    }

    #[test]
    fn text_on_the_accent_can_be_read() {
        for (colour, dark) in [
            ("#000000", Some(true)),
            ("#1d4f91", Some(true)),
            ("#ffffff", Some(false)),
            ("#ffcc00", Some(false)),
            ("red", None),
            ("#12345", None),
            ("#12345g", None),
            ("#1é2345", None),
        ] {
            assert_eq!(is_dark(colour), dark, "{colour}");
        }
    }
}
