//! A whole day at one desk: three agents, a supervisor, and five customers, over real sockets (SPEC §4, §5, §6).
//!
//! The customers write from phones of the simulator, from a page of a site and by e-mail; time is moved by `/sim/clock`. Each
//! step asks what each party sees of it. What a step can do wrong is tested elsewhere, in the file named after it.

mod afternoon;
mod evening;
mod morning;
mod noon;
mod phone;

use std::sync::Arc;

use guichet::clock::Clock;
use guichet::config::SmtpTls;
use guichet::domain::ChannelKind;
use guichet::port::Connector;
use serde_json::{Value, json};

use crate::client::{Client, on};
use crate::desk::{CHANNEL, Setup, TestDesk, scripts};
use crate::smtp::Mailbox;
use crate::stand_in::StandIn;
use crate::transcripts::mailer;
use crate::transfer::types;
use crate::translator::Translator;
use crate::visitor;

const ROUTING: &str = r#"return routing { version = 1, route = function(i)
    return to.skill(if string.find(i.text, "devis") then "sales" else "support")
end }"#;
const TIMERS: &str = r#"return timers { version = 1,
    agent = { total = "10m" },
    customer = { total = "1h", extend = { by = "30m", max = 1, roles = { "agent" } } },
}"#;

#[tokio::test]
async fn from_the_first_template_to_the_last_search() {
    let mut day = Day::begins().await;
    let marie = morning::a_template_opens_a_conversation(&mut day).await;
    morning::a_prepared_answer_is_filled_in(&mut day, &marie).await;
    morning::a_note_and_tags_are_for_colleagues(&mut day, &marie).await;
    morning::a_transfer_waits_for_its_status_and_its_taker(&mut day, &marie).await;
    morning::a_colleague_is_asked(&mut day, &marie).await;

    noon::a_chat_goes_on_on_whatsapp(&mut day).await;
    noon::a_whatsapp_goes_on_by_mail(&mut day).await;
    day.resolve("bruno", &marie, "solved").await;

    let omar = afternoon::a_contact_waits_and_is_answered(&mut day).await;
    let timers = afternoon::the_contact_gets_more_time(&mut day, &omar).await;
    let mut day = afternoon::the_server_restarts_in_the_middle(day, &omar, &timers).await;
    afternoon::time_runs_out_and_the_contact_comes_back(&mut day, &omar).await;

    evening::a_transcript_goes_by_mail(&mut day, &marie).await;
    let ines = evening::two_languages(&mut day).await;
    evening::the_outcome_asks_for_a_disposition(&mut day, &ines).await;
    evening::what_is_done_leaves_the_desk(&mut day, &ines).await;
    evening::all_is_found_again(&mut day, &marie, &ines).await;
}

/// Everybody at work, and what they work with.
struct Day {
    desk: TestDesk,
    alice: Client,
    bruno: Client,
    chloe: Client,
    sam: Client,
    /// Agents' ids by login.
    ids: Value,
    /// The tokens of those whom the administrator hired today.
    token: String,
    mail: Arc<StandIn>,
    translator: Translator,
    /// `None`: there is nothing here to run a mail server with.
    mailbox: Option<Mailbox>,
}

impl Day {
    /// The administrator prepares the desk, the agents come, and the supervisor looks on.
    async fn begins() -> Self {
        let mailbox = Mailbox::start(&[]).await;
        let translator = Translator::start().await;
        let mail = StandIn::new("mail", ChannelKind::Email);
        let mut more = visitor::chat(visitor::settings());
        more.push(Arc::clone(&mail) as Arc<dyn Connector>);
        let clock = Arc::new(Clock::default());
        let desk = TestDesk::start_set(Setup {
            more,
            simulator: Some(phone::simulator(&clock)),
            clock: Some(clock),
            mailer: mailbox.as_ref().map(|mailbox| mailer(mailbox.port, SmtpTls::None, None)),
            translator: Some(translator.way(false)),
            scripts: Some(scripts(&[("routing.lua", ROUTING), ("timers.lua", TIMERS)])),
            ..Setup::default()
        })
        .await;
        let (mut ada, _) = Client::start(&desk, "ada").await;
        let support = json!({ "skill": "support", "outbound": ["whatsapp", "email"],
            "dispositions": ["solved", "spam"], "disposition_required": true });
        ada.ask("admin.skills.save", support).await;
        let mut ids = json!({});
        for (login, skill, level) in [("alice", "support", 8), ("bruno", "sales", 8), ("chloe", "support", 3)]
        {
            let skills = json!([{ "skill": skill, "level": level }]);
            let agent = json!({ "login": login, "name": format!("The {login}"), "skills": skills });
            ids[login] = ada.ask("admin.agents.save", agent).await["agent"]["agent_id"].clone();
        }
        let token = ada.ask("admin.tokens.add", json!({ "name": "chloe", "login": "chloe" })).await;
        let token = token["token"].as_str().expect("a token").to_owned();

        let mut alice = Client::available(&desk, "alice").await;
        let bruno = Client::available(&desk, "bruno").await;
        let mut chloe = Client::with_token(&desk, &token).await;
        chloe.ask("agent.set_state", json!({ "state": "available" })).await;
        let (mut sam, _) = Client::start(&desk, "sam").await;
        sam.ask("supervise.watch", json!({ "all": true })).await;
        desk.desk.refresh_templates();
        let known = |answer: &Value| answer["templates"][0].is_object();
        alice.until_asked("templates", "template.list", json!({ "channel_id": CHANNEL }), known).await;
        Self { desk, alice, bruno, chloe, sam, ids, token, mail, translator, mailbox }
    }

    fn client(&mut self, login: &str) -> &mut Client {
        match login {
            "alice" => &mut self.alice,
            "bruno" => &mut self.bruno,
            "chloe" => &mut self.chloe,
            _ => &mut self.sam,
        }
    }

    /// A new page: what was told before was looked at.
    async fn turns_the_page(&mut self) {
        for login in ["alice", "bruno", "chloe", "sam"] {
            let client = self.client(login);
            client.ask("inbox.list", json!({})).await;
            client.events.clear();
        }
    }

    /// Moves the time, as the demo's page does.
    async fn passes(&self, time: &str) {
        let post =
            self.desk.http.post(self.desk.url("/sim/clock")).body(json!({ "advance": time }).to_string());
        assert_eq!(post.send().await.expect("an answer").status(), 200);
    }

    /// None of these was told anything of it since the page was turned, nor may they look.
    async fn is_nothing_to(&mut self, logins: &[&str], id: &str) {
        for login in logins {
            let client = self.client(login);
            assert_eq!(types(client, id).await, [""; 0], "{login}");
            assert_eq!(client.refused("interaction.get", on(id, json!({}))).await, "not_found", "{login}");
        }
    }

    async fn resolve(&mut self, login: &str, id: &str, disposition: &str) {
        let outcome = on(id, json!({ "status": "resolved", "disposition": disposition }));
        self.client(login).ask("interaction.set_outcome", outcome).await;
    }
}

/// An agent sends a text.
async fn says(client: &mut Client, id: &str, text: &str) -> Value {
    client.ask("message.send", on(id, json!({ "text": text }))).await["message"].clone()
}

/// A client is told of a message with this text; gives the event.
async fn hears(client: &mut Client, text: &str) -> Value {
    client.event(text, |event| event["type"] == "message.added" && event["message"]["text"] == text).await
}

/// An interaction as a client may see it.
async fn look(client: &mut Client, id: &str) -> Value {
    client.ask("interaction.get", on(id, json!({}))).await["interaction"].clone()
}

/// The ids in an inbox.
async fn inbox(client: &mut Client) -> Vec<String> {
    let listed = client.ask("inbox.list", json!({})).await;
    let all = listed["interactions"].as_array().expect("interactions");
    all.iter().filter_map(|one| one["interaction_id"].as_str().map(str::to_owned)).collect()
}

fn id_of(interaction: &Value) -> String {
    interaction["interaction_id"].as_str().expect("an id").to_owned()
}
