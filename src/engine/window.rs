//! The service window: for how long free text may be sent after the contact's last message (SPEC §4).

use super::EventKind;
use super::turn::{About, Turn};
use crate::domain::{Interaction, InteractionId, Time};

impl Turn<'_> {
    /// The contact wrote at `sent_at`: the window counts from the earlier of then and now, and never gets shorter.
    pub(crate) fn open_window(&mut self, interaction_id: InteractionId, sent_at: Time) {
        let Some(row) = self.world.work(interaction_id).cloned() else { return };
        let window = self.world.channel(&row.channel_id).and_then(|channel| channel.abilities.window);
        let Some(window) = window else { return };
        let now = self.now;
        let ends = sent_at.min(now) + window;
        if row.window_ends_at.is_some_and(|known| ends <= known) {
            return;
        }
        let was_open = is_open(&row, now);
        let opens = now < ends;
        self.edit(interaction_id, |row| {
            row.window_ends_at = Some(ends);
            // A window that a late delivery finds over is not announced.
            row.window_told = if opens { 0 } else { 2 };
        });
        if opens && !was_open {
            self.window_event(interaction_id, "open");
        }
    }

    /// The provider says that the window is closed: it knows better.
    pub(crate) fn close_window(&mut self, interaction_id: InteractionId) {
        let Some(row) = self.world.work(interaction_id).cloned() else { return };
        if row.window_told >= 2 && !is_open(&row, self.now) {
            return;
        }
        let now = self.now;
        let had_one = row.window_ends_at.is_some();
        self.edit(interaction_id, |row| {
            row.window_ends_at = row.window_ends_at.map(|ends| ends.min(now));
            row.window_told = 2;
        });
        if had_one {
            self.window_event(interaction_id, "closed");
        }
    }

    /// Announces the last hour, and the end.
    pub(crate) fn window_due(&mut self, interaction_id: InteractionId) {
        let Some(row) = self.world.work(interaction_id).filter(|row| row.ended_at.is_none()) else { return };
        let (Some(ends), told) = (row.window_ends_at, row.window_told) else { return };
        let now = self.now;
        if told < 1 && now >= ends - crate::engine::limits::CLOSING {
            self.edit(interaction_id, |row| row.window_told = 1);
            if now < ends {
                self.window_event(interaction_id, "closing");
            }
        }
        if told < 2 && now >= ends {
            self.edit(interaction_id, |row| row.window_told = 2);
            self.window_event(interaction_id, "closed");
        }
    }

    fn window_event(&mut self, interaction_id: InteractionId, state: &str) {
        let kind = EventKind::InteractionWindowChanged { state: state.to_owned() };
        self.event(interaction_id, kind, About::default());
    }

    /// Whether free text may leave on this interaction now.
    pub(crate) fn free_text_allowed(&self, row: &Interaction) -> bool {
        let limited =
            self.world.channel(&row.channel_id).is_none_or(|channel| channel.abilities.window.is_some());
        !limited || is_open(row, self.now)
    }
}

fn is_open(row: &Interaction, now: Time) -> bool {
    row.window_ends_at.is_some_and(|ends| now < ends)
}
