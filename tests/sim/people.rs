//! Who works there: agents with their skills, a team, and the templates of the business account.

use std::collections::{BTreeMap, BTreeSet};

use guichet::domain::{
    Capacity, ChannelKind, ParameterFormat, Role, Skill, SkillLevel, Span, Team, Template,
};
use guichet::engine::AdminCommand;

pub(crate) fn skill(name: &str, auto_accept: bool, disposition_required: bool) -> Skill {
    let strict = disposition_required;
    Skill {
        skill: name.parse().unwrap(),
        title: name.to_owned(),
        offer: Span::seconds(45),
        auto_accept,
        outbound: [ChannelKind::Whatsapp, ChannelKind::Email].into(),
        dispositions: if strict { vec!["sold".to_owned(), "lost".to_owned()] } else { Vec::new() },
        disposition_required,
    }
}

pub(crate) fn agent(
    login: &str,
    role: Role,
    skills: &[(&str, u8)],
    total: u32,
    per_kind: BTreeMap<ChannelKind, u32>,
) -> AdminCommand {
    let skills =
        skills.iter().map(|(name, level)| SkillLevel { skill: name.parse().unwrap(), level: *level });
    AdminCommand::SaveAgent {
        login: login.to_owned(),
        name: Some(login.to_owned()),
        role: Some(role),
        password_hash: None,
        skills: Some(skills.collect()),
        teams: Some(BTreeSet::from(["front".parse().unwrap()])),
        capacity: Some(Capacity { total, per_kind }),
        removed: false,
    }
}

pub(crate) fn setup() -> Vec<AdminCommand> {
    vec![
        AdminCommand::SaveSkill(skill("support", false, false)),
        AdminCommand::SaveSkill(skill("sales", false, true)),
        AdminCommand::SaveSkill(skill("chat", true, false)),
        AdminCommand::SaveTeam(Team { team: "front".parse().unwrap(), title: "Front".to_owned() }),
        agent("alice", Role::Agent, &[("support", 8)], 3, BTreeMap::new()),
        agent("bruno", Role::Agent, &[("support", 5), ("sales", 8)], 2, BTreeMap::new()),
        agent("chloe", Role::Agent, &[("sales", 5)], 3, [(ChannelKind::Whatsapp, 1)].into()),
        agent("david", Role::Agent, &[("support", 5)], 1, BTreeMap::new()),
        agent("sam", Role::Supervisor, &[("support", 2)], 2, BTreeMap::new()),
        agent("ada", Role::Administrator, &[], 0, BTreeMap::new()),
    ]
}

pub(crate) fn templates() -> Vec<Template> {
    let template = |name: &str, body: &str| Template {
        channel_id: "wa".parse().unwrap(),
        name: name.to_owned(),
        language: "fr".to_owned(),
        category: "utility".to_owned(),
        status: "approved".to_owned(),
        parameter_format: ParameterFormat::Positional,
        header_format: None,
        header: None,
        body: body.to_owned(),
        footer: None,
        buttons: Vec::new(),
    };
    vec![template("hello", "Bonjour"), template("order", "Bonjour {{1}}, commande {{2}}")]
}
