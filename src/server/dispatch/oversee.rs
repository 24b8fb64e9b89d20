//! Methods of administrators and supervisors that take more than one question to the engine. The engine is asked first: it
//! says whether the caller may, and writes down that it was done.

use super::{Asked, Frame, HISTORY_DEFAULT, HISTORY_MAX, PASSWORD_CHARS, invalid, unexpected};
use crate::domain::Time;
use crate::engine::{AdminCommand, Answer, Command, Refusal, RefusalKind};
use crate::port::AuditQuery;
use crate::protocol::params::{
    DailyReport, ExportInteractions, ListAudit, MaybeSkill, OfChannel, OfContact, OfGeneration,
    ResetPassword, SaveScript,
};
use crate::protocol::{
    self, Audit, ChannelTested, Dispositions, ErrorShape, ExportAddress, ExportedContact, NewPassword,
    SkillDispositions,
};
use crate::server::{auth::new_secret, oversight, scripts, wire};

/// Characters of a password that is made up: 96 bits.
const MADE_UP: usize = 16;
/// Bytes of a contact's data that go into an answer; more is a file.
const ANSWER_MAX: usize = 512 * 1024;

fn time(field: &'static str, text: Option<&String>) -> Result<Option<Time>, ErrorShape<'static>> {
    let wrong = |_| invalid(field, format!("Field {field} is a time, such as 2026-01-31T00:00:00Z"));
    text.map(|text| text.parse().map_err(wrong)).transpose()
}

impl Asked<'_> {
    pub(super) async fn administer(&self, command: AdminCommand) -> Result<Answer, ErrorShape<'static>> {
        self.ask(Command::Administer(command)).await
    }

    pub(super) async fn reset_password(&self, params: ResetPassword) -> Frame {
        let ResetPassword { login, password } = params;
        let made_up = if password.is_none() {
            let (secret, _) = new_secret()
                .map_err(|failure| Refusal::new(RefusalKind::Unavailable, failure.message.into_owned()))?;
            Some(secret.chars().take(MADE_UP).collect::<String>())
        } else {
            None
        };
        let password = password.or_else(|| made_up.clone()).unwrap_or_default();
        if !PASSWORD_CHARS.contains(&password.chars().count()) {
            return Err(invalid("password", "A password has 8 to 200 characters".into()));
        }
        let password_hash = self.hash(password).await?;
        self.administer(AdminCommand::ResetPassword { login, password_hash }).await?;
        Ok(protocol::answer(self.id, NewPassword { password: made_up.as_deref() }))
    }

    /// A script's new source. What was refused is not written down.
    pub(super) async fn save_script(&self, params: SaveScript) -> Frame {
        let name = params.name.clone();
        let (saved, frame) = scripts::save(self.app, self.id, params).await?;
        if saved {
            self.administer(AdminCommand::SaveScript { name }).await?;
        }
        Ok(frame)
    }

    pub(super) async fn roll_scripts_back(&self, params: &OfGeneration) -> Frame {
        let frame = scripts::roll_back(self.app, self.id, params).await?;
        self.administer(AdminCommand::RollScriptsBack { generation: params.generation }).await?;
        Ok(frame)
    }

    pub(super) async fn test_channel(&self, params: &OfChannel) -> Frame {
        let channel_id = params.channel_id.0.clone();
        self.administer(AdminCommand::TestChannel { channel_id: channel_id.clone() }).await?;
        let tested = oversight::test(self.app, &channel_id).await;
        let (templates, error) = match &tested {
            Ok(templates) => (Some(*templates), None),
            Err(reason) => (None, Some(reason.as_str())),
        };
        Ok(protocol::answer(self.id, ChannelTested { ok: error.is_none(), templates, error }))
    }

    pub(super) async fn dispositions(&self, params: &MaybeSkill) -> Frame {
        let Answer::Skills(skills) = self.administer(AdminCommand::ListSkills).await? else {
            return Err(unexpected());
        };
        let wanted = params.skill.as_ref().map(|skill| &skill.0);
        if let Some(skill) = wanted.filter(|wanted| skills.iter().all(|known| known.skill != **wanted)) {
            return Err(Refusal::new(RefusalKind::NotFound, format!("there is no skill {skill}")).into());
        }
        let shown = skills.iter().filter(|known| wanted.is_none_or(|wanted| known.skill == *wanted));
        let dispositions = shown.map(|known| SkillDispositions {
            skill: known.skill.as_str(),
            dispositions: &known.dispositions,
            required: known.disposition_required,
        });
        Ok(protocol::answer(self.id, Dispositions { dispositions: dispositions.collect() }))
    }

    pub(super) async fn audit(&self, params: ListAudit) -> Frame {
        let limit = params.limit.unwrap_or(HISTORY_DEFAULT);
        if !(1..=HISTORY_MAX).contains(&limit) {
            return Err(invalid("limit", format!("Field limit goes from 1 to {HISTORY_MAX}")));
        }
        let query = AuditQuery {
            // An id that never was is before everything.
            before: params.before.map(|text| text.parse().unwrap_or(0)),
            agent_id: params.agent_id.map(|id| id.0),
            action: params.action,
            object: params.object,
            from: time("from", params.from.as_ref())?,
            to: time("to", params.to.as_ref())?,
            // One more than asked for tells whether there are more.
            limit: limit + 1,
        };
        self.administer(AdminCommand::ReadAudit).await?;
        let read = self.app.desk.store().audit(query).await;
        let mut acts = read.map_err(|error| oversight::unreadable(&error))?;
        let more = acts.len() > limit as usize;
        acts.truncate(limit as usize);
        Ok(protocol::answer(self.id, Audit { entries: acts.iter().map(wire::act).collect(), more }))
    }

    pub(super) async fn export_contact(&self, params: &OfContact) -> Frame {
        let contact_id = params.contact_id.0;
        self.administer(AdminCommand::ExportContact { contact_id }).await?;
        let file = oversight::contact(self.app, contact_id).await?;
        let (mut interactions, mut size) = (Vec::new(), 0);
        for at in 0..file.interactions.len() {
            let shown = oversight::interaction(self.app, &file, at).await;
            let shown = shown.map_err(|error| oversight::unreadable(&error))?;
            size += shown.to_string().len();
            if size > ANSWER_MAX {
                let message =
                    format!("this is more than an answer holds; fetch /export/contacts/{contact_id}");
                return Err(Refusal::new(RefusalKind::TooLarge, message).into());
            }
            interactions.push(shown);
        }
        Ok(protocol::answer(self.id, ExportedContact { contact: oversight::head(&file), interactions }))
    }

    pub(super) async fn report(&self, params: DailyReport) -> Frame {
        let day = oversight::day(self.app, params.date.as_deref())
            .map_err(|problem| invalid("date", format!("Field {problem}")))?;
        self.administer(AdminCommand::ReadReport).await?;
        let skill = params.skill.as_ref().map(|skill| &skill.0);
        Ok(protocol::answer(self.id, oversight::daily(self.app, day, skill).await?))
    }

    /// Where the file is; it is written, and written down, when it is fetched.
    pub(super) async fn export_interactions(&self, params: ExportInteractions) -> Frame {
        self.administer(AdminCommand::MayExport).await?;
        let (from, to) = (time("from", Some(&params.from))?, time("to", Some(&params.to))?);
        let format = params.format.as_deref().unwrap_or("csv");
        if !["csv", "json"].contains(&format) {
            return Err(invalid("format", "Field format is csv or json".into()));
        }
        let mut url = format!(
            "/export/interactions?from={}&to={}&format={format}",
            from.unwrap_or_default(),
            to.unwrap_or_default()
        );
        let filters = params.filters;
        for (name, value) in [
            ("skill", filters.skill.map(|it| it.0.to_string())),
            ("agent_id", filters.agent_id.map(|it| it.0.to_string())),
            ("kind", filters.kind.map(|it| it.0.to_string())),
            ("status", filters.status.map(|it| it.0.to_string())),
        ] {
            // Ids and words need no escaping.
            url.extend(value.into_iter().map(|value| format!("&{name}={value}")));
        }
        Ok(protocol::answer(self.id, ExportAddress { url }))
    }
}
