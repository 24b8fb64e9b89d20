//! Scripts changed over the protocol: a draft is tried beside the others, written into the folder and put live; an older
//! generation comes back into the folder. It must not know who asks, nor how it is shown.

use std::sync::Arc;

use super::{Desk, reload};
use crate::lua::{self, Limits, Report, ScriptSet};

/// Why nothing was written.
#[derive(Debug)]
pub enum NotWritten {
    /// The folder is not watched: what is written there would not go live.
    NoFolder,
    /// The script is not what its editor began with.
    Changed,
    /// It would not be good; here is what is wrong.
    Broken(Report),
    /// That generation is not kept.
    NotKept,
    /// The folder can't be written.
    Failed(std::io::Error),
}

impl Desk {
    /// The scripts as the folder has them, good or not; where it has none, those that come with the server.
    pub async fn script_drafts(&self) -> ScriptSet {
        let (folder, host) = (self.0.folder.path(), self.scripts().cloned());
        let read = move || {
            let live = || host.map(|host| ScriptSet::clone(&host.sources())).unwrap_or_default();
            folder.and_then(|folder| lua::read_folder(&folder).ok()).map_or_else(live, |set| set.completed())
        };
        tokio::task::spawn_blocking(read).await.unwrap_or_default()
    }

    /// What the scripts would come to with this one among them; nothing is changed.
    pub async fn try_script(&self, name: String, text: String) -> Report {
        let mut set = self.script_drafts().await;
        set.files.insert(name, text);
        tokio::task::spawn_blocking(move || lua::check(&set, Limits::default(), true))
            .await
            .unwrap_or_default()
    }

    /// Writes a script whose draft is good and puts it live. `same` says whether it still is what its editor began with.
    pub async fn save_script(
        &self,
        name: String,
        text: String,
        same: impl FnOnce(Option<&str>) -> bool + Send,
    ) -> Result<Report, NotWritten> {
        let folder = self.0.folder.path().ok_or(NotWritten::NoFolder)?;
        let _one_at_a_time = self.0.editing.lock().await;
        if !same(self.script_drafts().await.files.get(&name).map(String::as_str)) {
            return Err(NotWritten::Changed);
        }
        let report = self.try_script(name.clone(), text.clone()).await;
        if !report.errors.is_empty() {
            return Err(NotWritten::Broken(report));
        }
        self.write(move || lua::write_script(&folder, &name, &text)).await?;
        Ok(report)
    }

    /// Puts the files of an older generation back into the folder, and live.
    pub async fn roll_scripts_back(&self, generation: i64) -> Result<(), NotWritten> {
        let folder = self.0.folder.path().ok_or(NotWritten::NoFolder)?;
        let _one_at_a_time = self.0.editing.lock().await;
        let set = self.scripts().and_then(|host| host.kept(generation)).ok_or(NotWritten::NotKept)?;
        self.write(move || lua::write_set(&folder, &set)).await
    }

    /// Writes, then puts live what is there: whoever asked for it sees it in the answer, not when the folder's watch wakes.
    async fn write(
        &self,
        write: impl FnOnce() -> std::io::Result<()> + Send + 'static,
    ) -> Result<(), NotWritten> {
        let broken = |error: tokio::task::JoinError| NotWritten::Failed(std::io::Error::other(error));
        let desk = self.clone();
        let done = tokio::task::spawn_blocking(move || {
            write()?;
            if let (Some(host), Some(folder)) = (desk.scripts().cloned(), desk.0.folder.path()) {
                reload::try_set(&desk, &Arc::clone(&host), lua::read_folder(&folder));
            }
            Ok(())
        });
        done.await.map_err(broken)?.map_err(NotWritten::Failed)
    }
}
