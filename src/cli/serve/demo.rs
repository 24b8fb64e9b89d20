//! What `--demo` brings along: people, skills, a channel on the simulator.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use anyhow::anyhow;

use crate::cli::people::new_skill;
use crate::cli::say;
use crate::config::{AccountConfig, ChannelConfig, ChatConfig, SecretSource, WhatsAppConfig};
use crate::domain::{Capacity, SkillLevel, Team};
use crate::engine::{AdminCommand, Answer};
use crate::runtime::Desk;
use crate::server::hash_password;

/// Takes what no script routes.
pub(super) const DEFAULT_SKILL: &str = "support";
const PASSWORD: &str = "guichet";
const TEAM: &str = "front";
/// Demo agents may hold this much.
const CAPACITY: u32 = 5;

/// Login, name, role, skills.
const PEOPLE: [(&str, &str, &str, &[(&str, u8)]); 5] = [
    ("alice", "Alice Martin", "agent", &[("support", 8)]),
    ("bruno", "Bruno Petit", "agent", &[("support", 5), ("sales", 8)]),
    ("chloe", "Chloé Laurent", "agent", &[("sales", 5)]),
    ("sam", "Sam Girard", "supervisor", &[]),
    ("ada", "Ada Fournier", "administrator", &[]),
];

/// The demo's number, on the simulator.
pub(super) fn number(graph_url: String) -> ChannelConfig {
    ChannelConfig {
        id: "whatsapp-demo".into(),
        account: AccountConfig::Whatsapp(WhatsAppConfig {
            phone_number_id: "106540352242922".into(),
            business_account_id: "102290129340398".into(),
            graph_url,
            access_token: SecretSource::Literal("demo-token".into()),
            app_secret: SecretSource::Literal("demo-secret".into()),
            verify_token: SecretSource::Literal("demo-verify".into()),
            require_template_for_first_reply: false,
            messages_per_second: 80,
        }),
    }
}

/// The demo's web chat, for pages of its own address.
pub(super) fn chat(address: SocketAddr) -> ChannelConfig {
    let origins = vec![format!("http://{address}"), format!("http://localhost:{}", address.port())];
    ChannelConfig { id: "chat-demo".into(), account: AccountConfig::Chat(ChatConfig::new(origins)) }
}

/// Makes the demo's people and skills where they are missing; what was changed since stays.
pub(super) async fn make_people(desk: &Desk) -> anyhow::Result<()> {
    let ask =
        async |command| desk.administer(command).await.map_err(|refusal| anyhow!("demo data: {refusal}"));
    let Answer::Skills(skills) = ask(AdminCommand::ListSkills).await? else { return Ok(()) };
    for (skill, title, dispositions) in [
        ("support", "Support", ["solved", "workaround", "no_answer", "spam"].as_slice()),
        ("sales", "Sales", ["sold", "quote_sent", "not_interested", "spam"].as_slice()),
    ] {
        if skills.iter().all(|known| known.skill.as_str() != skill) {
            let mut new = new_skill(skill.parse()?);
            new.title = title.into();
            new.dispositions = dispositions.iter().map(|text| (*text).to_owned()).collect();
            ask(AdminCommand::SaveSkill(new)).await?;
        }
    }
    let team: crate::domain::TeamId = TEAM.parse()?;
    ask(AdminCommand::SaveTeam(Team { team: team.clone(), title: "Front".into() })).await?;
    let Answer::Agents(agents) = ask(AdminCommand::ListAgents).await? else { return Ok(()) };
    let missing: Vec<_> =
        PEOPLE.iter().filter(|(login, ..)| agents.iter().all(|(agent, _)| agent.login != *login)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let hash = hash_password(PASSWORD).map_err(anyhow::Error::msg)?;
    for (login, name, role, skills) in missing {
        let skills = skills
            .iter()
            .map(|(skill, level)| Ok(SkillLevel { skill: skill.parse()?, level: *level }))
            .collect::<anyhow::Result<Vec<_>>>()?;
        ask(AdminCommand::SaveAgent {
            login: (*login).into(),
            name: Some((*name).into()),
            role: Some(role.parse()?),
            password_hash: Some(hash.clone()),
            skills: Some(skills),
            teams: Some(BTreeSet::from([team.clone()])),
            capacity: Some(Capacity { total: CAPACITY, per_kind: BTreeMap::new() }),
            removed: false,
        })
        .await?;
    }
    Ok(())
}

/// Where to go and whom to log in as.
pub(super) fn tell(base: &str, channels: &[ChannelConfig]) {
    say(&format!("  console    {base}/"));
    say(&format!("  the phone  {base}/sim/"));
    for channel in channels.iter().filter(|channel| matches!(channel.account, AccountConfig::Chat(_))) {
        say(&format!("  web chat   {base}/chat/{}/", channel.id));
    }
    say(&format!("  protocol   {base}/docs/"));
    say(&format!(
        "  log in as  alice, bruno, chloe (agents), sam (supervisor), ada (administrator); password {PASSWORD}"
    ));
}
