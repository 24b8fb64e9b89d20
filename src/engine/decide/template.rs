//! A channel's templates, as the provider has them now.

use crate::domain::{ChannelId, Template};
use crate::engine::turn::{Turn, refuse};
use crate::engine::{Answer, RefusalKind, Reply};

impl Turn<'_> {
    pub(super) fn templates_read(&mut self, channel_id: ChannelId, mut templates: Vec<Template>) -> Reply {
        if !self.world.accounts.contains_key(&channel_id) {
            return refuse(RefusalKind::NotFound, format!("there is no channel {channel_id}"));
        }
        templates.retain(|template| template.channel_id == channel_id);
        templates.sort_by(|a, b| (&a.name, &a.language).cmp(&(&b.name, &b.language)));
        templates.dedup_by(|a, b| a.name == b.name && a.language == b.language);
        if self.world.templates.get(&channel_id) != Some(&templates) {
            self.world.templates.insert(channel_id.clone(), templates.clone());
            self.rows.templates.retain(|(other, _)| *other != channel_id);
            self.rows.templates.push((channel_id, templates));
        }
        Ok(Answer::Done)
    }
}
