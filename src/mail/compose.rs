//! A letter as a mail: one text part, one HTML part with its pictures in place, and nothing that can be clicked.

use std::fmt::Write as _;
use std::time::{Duration, UNIX_EPOCH};

use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, Message, MultiPart, SinglePart};

use super::words::{self, Words};
use crate::domain::{Time, without_links};
use crate::port::{Letter, Part, Picture};

/// Why a letter can't be made. The address was checked before, so this is a bug or a strange `from`.
#[derive(Debug, thiserror::Error)]
pub(super) enum ComposeError {
    #[error("the address is none")]
    Address(#[from] lettre::address::AddressError),
    #[error("the mail can't be put together: {0}")]
    Mail(#[from] lettre::error::Error),
    #[error("a type of content is none: {0}")]
    Type(#[from] lettre::message::header::ContentTypeErr),
}

/// Machines shall not answer it (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }
    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }
    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// Both forms of a letter, being written.
struct Forms {
    words: &'static Words,
    text: String,
    html: String,
    pictures: Vec<(String, Picture)>,
}

/// Makes the mail.
pub(super) fn mail(from: &Mailbox, letter: Letter) -> Result<Message, ComposeError> {
    let words = words::of(&letter.language);
    let mut forms = Forms { words, text: String::new(), html: String::new(), pictures: Vec::new() };
    let asked_at = Duration::from_millis(u64::try_from(letter.asked_at.0).unwrap_or(0));
    // The same letter has the same id however often it is tried, so that a server that knows it keeps one.
    let id = format!("<transcript-{}-{}@{}>", letter.reference, letter.asked_at.0, from.email.domain());
    let to = Mailbox::new(None, letter.to.parse()?);
    forms.write(letter);
    let plain = SinglePart::plain(forms.text);
    let html = SinglePart::html(forms.html);
    let body = MultiPart::alternative().singlepart(plain);
    let body = if forms.pictures.is_empty() {
        body.singlepart(html)
    } else {
        let mut related = MultiPart::related().singlepart(html);
        for (cid, picture) in forms.pictures {
            let kind = ContentType::parse(picture.mime)?;
            related = related.singlepart(Attachment::new_inline(cid).body(picture.bytes.to_vec(), kind));
        }
        body.multipart(related)
    };
    Ok(Message::builder()
        .from(from.clone())
        .to(to)
        .subject(words.subject)
        .date(UNIX_EPOCH + asked_at)
        .message_id(Some(id))
        .header(AutoSubmitted)
        .multipart(body)?)
}

impl Forms {
    fn write(&mut self, letter: Letter) {
        let words = self.words;
        let opening = words.opening;
        self.add_text(opening);
        self.add_text("\n");
        // Format detection off: some programs make links of numbers and dates.
        let head = format!(
            "<!DOCTYPE html><html lang=\"{}\"><head><meta charset=\"utf-8\"><meta name=\"format-detection\" \
             content=\"telephone=no,date=no,address=no,email=no,url=no\"></head><body><p>{opening}</p>",
            words.code
        );
        self.html.push_str(&head);
        if letter.shortened {
            self.add_line(words.shortened);
        }
        for entry in letter.entries {
            let who = if entry.by_contact { words.contact } else { words.agent };
            let title = format!("{} — {who}", moment(entry.at));
            self.text.push('\n');
            self.add_text(&title);
            // Writing to a String can't fail.
            let _written = write!(self.html, "<div><p><b>{}</b></p>", escaped(&title));
            for part in entry.parts {
                self.part(part);
            }
            self.html.push_str("</div>");
        }
        self.html.push_str("</body></html>");
    }

    fn part(&mut self, part: Part) {
        match part {
            Part::Text(text) => {
                let text = without_links(&text, self.words.link);
                self.add_line(text.trim_end());
            }
            Part::Picture(picture) => {
                let cid = format!("picture{}@transcript", self.pictures.len() + 1);
                self.add_text(self.words.picture);
                let _written = write!(
                    self.html,
                    "<p><img src=\"cid:{cid}\" alt=\"{}\" style=\"max-width:100%\"></p>",
                    self.words.picture
                );
                self.pictures.push((cid, picture));
            }
            Part::Omitted => self.add_line(self.words.omitted),
            Part::Deleted => self.add_line(self.words.deleted),
        }
    }

    /// A paragraph in both forms.
    fn add_line(&mut self, text: &str) {
        self.add_text(text);
        let _written = write!(self.html, "<p>{}</p>", escaped(text).replace('\n', "<br>"));
    }

    fn add_text(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }
}

fn moment(time: Time) -> String {
    let text = time.to_string();
    // To the minute: `2026-11-25T13:05:07.123Z`.
    text.get(..16).unwrap_or(&text).replace('T', " ")
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\r' => {}
            other => out.push(other),
        }
    }
    out
}
