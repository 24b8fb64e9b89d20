//! `guichet export …` and `guichet erase …`: one contact's data, while the server is stopped. The engine decides as it does
//! in the server, so the same rules hold and the same things are written down.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;

use super::{Place, offline::Offline, say, tokio_runtime};
use crate::domain::{ContactId, InteractionId, Message};
use crate::engine::{AdminCommand, Input};
use crate::port::{Store, StoreError};
use crate::runtime::{Media, remove_files};

/// Files removed at a time.
const FILES: u32 = 100;
/// Messages read at a time.
const MESSAGES: u32 = 500;

#[derive(Debug, Args)]
pub(super) struct OneContact {
    /// The contact's id, such as `c42`.
    contact: ContactId,
    #[command(flatten)]
    place: Place,
}

/// Every message of an interaction, oldest first.
async fn all_messages(store: &dyn Store, interaction_id: InteractionId) -> Result<Vec<Message>, StoreError> {
    let (mut messages, mut before, mut more) = (Vec::new(), None, true);
    while more {
        let page = store.messages(interaction_id, before, MESSAGES).await?;
        before = page.messages.first().map(|first| first.message_id);
        more = page.more;
        messages.splice(0..0, page.messages);
    }
    Ok(messages)
}

/// Prints everything that is kept of a contact, as JSON.
pub(super) fn export(one: &OneContact) -> anyhow::Result<ExitCode> {
    tokio_runtime()?.block_on(async {
        let mut offline = Offline::open(&one.place.read()?).await?;
        offline.ask(Input::Admin(AdminCommand::ExportContact { contact_id: one.contact })).await?;
        let store = offline.store();
        let Some(file) = store.contact_file(one.contact).await? else {
            bail!("there is no contact {}", one.contact)
        };
        let mut interactions = Vec::with_capacity(file.interactions.len());
        for row in &file.interactions {
            let messages = all_messages(&**store, row.interaction_id).await?;
            let notes: Vec<_> =
                file.notes.iter().filter(|note| note.interaction_id == row.interaction_id).collect();
            interactions
                .push(serde_json::json!({ "interaction": row, "messages": messages, "notes": notes }));
        }
        let whole = serde_json::json!({
            "contact": file.contact, "addresses": file.aliases, "interactions": interactions,
        });
        say(&serde_json::to_string_pretty(&whole)?);
        offline.close().await;
        Ok(ExitCode::SUCCESS)
    })
}

/// Erases a contact, its files included.
pub(super) fn erase(one: &OneContact) -> anyhow::Result<ExitCode> {
    tokio_runtime()?.block_on(async {
        let config = one.place.read()?;
        let media = Media::open(&config.data.join("media")).context("the folder for files")?;
        let mut offline = Offline::open(&config).await?;
        offline.ask(Input::Admin(AdminCommand::EraseContact { contact_id: one.contact })).await?;
        loop {
            let named = offline.store().erased_files(FILES).await?;
            if named.is_empty() {
                break;
            }
            let gone = remove_files(&media, named).await;
            if gone.is_empty() {
                bail!(
                    "the contact is erased, but files in {} can't be removed; the next start tries again",
                    config.data.join("media").display()
                );
            }
            offline.ask(Input::FilesRemoved { media_ids: gone }).await?;
        }
        offline.close().await;
        say(&format!("{} is erased", one.contact));
        Ok(ExitCode::SUCCESS)
    })
}
