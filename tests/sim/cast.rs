//! Who and what a history begins with: accounts, skills, agents, templates, customers.

use guichet::domain::{
    Abilities, AliasKind, Capacity, Channel, ChannelId, ChannelKind, HeaderFormat, ParameterFormat,
    Permission, Role, RoleId, Skill, SkillId, SkillLevel, Span, Team, TeamId, Template,
};
use guichet::engine::{AdminCommand, Input, Sender};

/// The agents' logins. The last two supervise and administer; nobody removes them.
pub(crate) const LOGINS: [&str; 6] = ["alice", "bruno", "chloe", "dan", "sam", "ada"];
/// The accounts: `WhatsApp`, a slow and strict one, and e-mail, which has no window and no templates.
pub(crate) const LINES: [&str; 3] = ["wa", "strict", "mail"];
/// The skills that outbound work may name, and some that it may not.
pub(crate) const SKILLS: [&str; 4] = ["support", "sales", "billing", "ghosts"];

pub(crate) fn skill(name: &str) -> SkillId {
    name.parse().expect("a skill name")
}

pub(crate) fn team(name: &str) -> TeamId {
    name.parse().expect("a team name")
}

pub(crate) fn line(place: u8) -> ChannelId {
    LINES[usize::from(place) % LINES.len()].parse().expect("a channel id")
}

pub(crate) fn kind_of(place: u8) -> ChannelKind {
    if usize::from(place) % LINES.len() == 2 { ChannelKind::Email } else { ChannelKind::Whatsapp }
}

/// The configured accounts.
pub(crate) fn channels() -> Vec<Channel> {
    let whatsapp = Abilities {
        address: AliasKind::WaId,
        template_first: true,
        window: Some(Span::hours(24)),
        templates: true,
        media: true,
        receipts: true,
        typing: true,
        reactions: true,
        text_max: 4_096,
        caption_max: 1_024,
        ..Abilities::default()
    };
    let mail = Abilities {
        address: AliasKind::Email,
        subject: true,
        window: None,
        templates: false,
        media: false,
        receipts: false,
        typing: false,
        reactions: false,
        text_max: 100_000,
        caption_max: 0,
        ..Abilities::default()
    };
    let channel = |place: u8, abilities: &Abilities, messages_per_second| Channel {
        channel_id: line(place),
        kind: kind_of(place),
        abilities: abilities.clone(),
        require_template_for_first_reply: place == 1,
        messages_per_second,
    };
    vec![channel(0, &whatsapp, 80), channel(1, &whatsapp, 1), channel(2, &mail, 10)]
}

pub(crate) fn skill_row(name: &str) -> Skill {
    let outbound = match name {
        "billing" => [ChannelKind::Email].into(),
        "nobody" => [].into(),
        "support" => [ChannelKind::Whatsapp, ChannelKind::Email].into(),
        _ => [ChannelKind::Whatsapp].into(),
    };
    let dispositions = if name == "sales" { vec!["won".to_owned(), "lost".to_owned()] } else { Vec::new() };
    Skill {
        skill: skill(name),
        title: name.to_uppercase(),
        offer: if name == "sales" { Span::seconds(30) } else { Span::seconds(45) },
        auto_accept: name == "billing",
        outbound,
        disposition_required: name == "sales",
        dispositions,
    }
}

pub(crate) fn levels(of: &[(&str, u8)]) -> Vec<SkillLevel> {
    of.iter().map(|(name, level)| SkillLevel { skill: skill(name), level: *level }).collect()
}

fn agent(login: &str, role: RoleId, skills: &[(&str, u8)], capacity: Capacity, front: bool) -> Input {
    Input::Admin(AdminCommand::SaveAgent {
        login: login.to_owned(),
        name: Some(login.to_uppercase()),
        role: Some(role),
        password_hash: Some(format!("$argon2id${login}")),
        skills: Some(levels(skills)),
        teams: Some(if front { [team("front")].into() } else { [].into() }),
        capacity: Some(capacity),
        removed: false,
    })
}

/// The inputs that make the people.
pub(crate) fn beginning() -> Vec<Input> {
    let units = |total| Capacity { total, per_kind: [].into() };
    let one_mail = |total| Capacity { total, per_kind: [(ChannelKind::Email, 1)].into() };
    let skills = ["support", "sales", "billing", "nobody"];
    let mut inputs: Vec<Input> =
        skills.into_iter().map(|name| Input::Admin(AdminCommand::SaveSkill(skill_row(name)))).collect();
    inputs
        .push(Input::Admin(AdminCommand::SaveTeam(Team { team: team("front"), title: "Front".to_owned() })));
    // Merging is not everybody's at first; here all do it, so that it happens among everything else.
    let mut role = Role::unsaved(&RoleId::agent());
    role.permissions.insert(Permission::MergeContact);
    inputs.push(Input::Admin(AdminCommand::SaveRole(role)));
    inputs.extend([
        agent("alice", RoleId::agent(), &[("support", 8)], units(3), true),
        agent("bruno", RoleId::agent(), &[("support", 5), ("sales", 8)], units(2), true),
        agent("chloe", RoleId::agent(), &[("sales", 5), ("billing", 3)], one_mail(3), false),
        agent("dan", RoleId::agent(), &[("support", 2), ("billing", 9)], one_mail(1), true),
        agent("sam", RoleId::supervisor(), &[("support", 1)], units(4), false),
        agent("ada", RoleId::administrator(), &[], units(0), false),
    ]);
    for place in [0, 1] {
        inputs.push(Input::Templates { channel_id: line(place), templates: templates(place, 99) });
    }
    inputs
}

/// An account's templates, one of them left out.
pub(crate) fn templates(place: u8, without: u8) -> Vec<Template> {
    let template = |name: &str, body: &str| Template {
        channel_id: line(place),
        name: name.to_owned(),
        language: "fr".to_owned(),
        category: "utility".to_owned(),
        status: if name == "paused" { "paused" } else { "approved" }.to_owned(),
        parameter_format: ParameterFormat::Positional,
        header_format: (name == "picture").then_some(HeaderFormat::Image),
        header: None,
        body: body.to_owned(),
        footer: None,
        buttons: Vec::new(),
    };
    let all = [
        template("hello", "Bonjour"),
        template("order", "Bonjour {{1}}, colis {{2}}"),
        template("paused", "Bonjour"),
        template("picture", "Voici"),
    ];
    all.into_iter()
        .enumerate()
        .filter(|(at, _)| *at != usize::from(without))
        .map(|(_, template)| template)
        .collect()
}

/// How a provider knows a customer. `seen`: which of the names it gives this time; `moved`: how often the number changed.
pub(crate) fn sender(customer: u8, place: u8, seen: usize, moved: u8) -> Sender {
    let name = Some(format!("Customer {customer}"));
    if kind_of(place) == ChannelKind::Email {
        return Sender { aliases: vec![(AliasKind::Email, format!("c{customer}@example.com"))], name };
    }
    let number = (AliasKind::WaId, number(customer, moved));
    let user = (AliasKind::UserId, format!("FR.{customer}"));
    let username = (AliasKind::Username, format!("user{}", customer / 2));
    let aliases = match seen % 8 {
        0 => vec![number],
        1 => vec![user, username],
        2 => vec![number, user, (AliasKind::ParentUserId, format!("EU.{customer}")), username],
        _ => vec![number, user],
    };
    Sender { aliases, name }
}

/// A customer's phone number.
pub(crate) fn number(customer: u8, moved: u8) -> String {
    format!("3360000{moved:02}{customer:02}")
}
