//! The world of one test: a plugin loaded afresh, one contact with one interaction, a clock that the test moves, a network that
//! answers what the test says. It does what the engine would as far as a plugin can tell, and no more.

use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use reqwest::Url;
use serde_json::{Map, Value as Json, json};

use crate::config::Secret;
use crate::domain::{Span, Time};
use crate::engine::{BotCommand, Command, PolicyError};
use crate::plugin::bundle::Bundle;
use crate::plugin::calls::{Context, locked};
use crate::plugin::kv::Kv;
use crate::plugin::machine::{Answer, Call, Entry, Machine, Step};
use crate::plugin::perform::command;
use crate::plugin::pulse::Watch;
use crate::plugin::rights::Rights;
use crate::plugin::secrets::Secrets;

/// A Monday, 10:00 in Paris.
const START: &str = "2026-11-23 10:00 Europe/Paris";
/// Waits of one handler: more is a loop.
const WAITS_MAX: usize = 200;

struct Fake {
    address: String,
    answers: VecDeque<Json>,
}

struct Job {
    due_at: Time,
    every: Span,
    data: Json,
}

/// See the file's head.
pub(super) struct Stage {
    machine: Machine,
    rights: Rights,
    settings: Map<String, Json>,
    secrets: Arc<Secrets>,
    manifest: crate::plugin::manifest::Manifest,
    kv: Arc<Mutex<Kv>>,
    now: Rc<Cell<i64>>,
    tasks: u64,
    contact: Map<String, Json>,
    interaction: Map<String, Json>,
    /// Whether the bot has the interaction; `None`: nobody wrote yet.
    held: Option<bool>,
    replies: VecDeque<Json>,
    handed: Option<Json>,
    tags: Vec<String>,
    resolved: bool,
    /// What the contact may answer a survey with.
    survey: Option<Vec<crate::domain::Choice>>,
    jobs: BTreeMap<String, Job>,
    fakes: Vec<Fake>,
    requests: Vec<Json>,
    lines: String,
}

fn map(value: Json) -> Map<String, Json> {
    if let Json::Object(map) = value { map } else { Map::new() }
}

impl Stage {
    pub(super) fn new(bundle: &Bundle, watch: &Arc<Watch>) -> Result<Self, Vec<PolicyError>> {
        let broken = |(_, problem): (&str, String)| vec![super::fault(&bundle.main(), 0, problem)];
        let rights = Rights::of(&bundle.manifest).map_err(broken)?;
        let settings = bundle.manifest.settled(&Map::new());
        let known = rights.secrets.iter().map(|key| (key.clone(), Secret::new(format!("test-{key}"))));
        let secrets = Arc::new(Secrets::new(known.collect()));
        let kv = Arc::new(Mutex::new(Kv::default()));
        let now = Rc::new(Cell::new(crate::lua::instant(START).unwrap_or(0)));
        let clock = Rc::clone(&now);
        let context = Context::new(
            &bundle.manifest.name,
            rights.clone(),
            settings.clone(),
            Arc::clone(&secrets),
            Arc::clone(&kv),
            Rc::new(move || Time(clock.get())),
        );
        let machine = Machine::load(bundle, context, watch.pulse())?;
        let every = machine.offer().every.iter();
        let jobs = every
            .map(|(name, every)| {
                let due_at = Time(now.get()) + *every;
                (name.clone(), Job { due_at, every: *every, data: Json::Null })
            })
            .collect();
        Ok(Self {
            machine,
            rights,
            settings,
            secrets,
            manifest: bundle.manifest.clone(),
            kv,
            now,
            tasks: 0,
            contact: map(json!({
                "id": "c1", "name": "Ana Prado", "language": "fr", "vip": false, "attributes": {},
                "address": "+33 6 12 34 56 78",
            })),
            interaction: map(json!({
                "id": "i1", "channel": "whatsapp-demo", "kind": "whatsapp", "status": "open", "ownership": "assigned",
                "tags": [], "outbound": false,
            })),
            held: None,
            replies: VecDeque::new(),
            handed: None,
            tags: Vec::new(),
            resolved: false,
            survey: None,
            jobs,
            fakes: Vec::new(),
            requests: Vec::new(),
            lines: String::new(),
        })
    }

    /// What a test does or looks at.
    pub(super) fn act(&mut self, op: &str, given: Json) -> Result<Json, String> {
        let text = given.as_str().unwrap_or_default().to_owned();
        match op {
            "contact" => self.contact.extend(map(given)),
            "interaction" => self.interaction.extend(map(given)),
            "settings" => return self.set(&map(given)),
            "clock" => match crate::lua::instant(&text) {
                Some(time) => self.now.set(time),
                None => return Err(format!("expected a time such as \"{START}\", got \"{text}\"")),
            },
            "advance" => return self.advance(&text),
            "http" => self.play(&given),
            "requests" => return Ok(Json::Array(self.requests.clone())),
            "customer" => return self.customer(&text),
            "reply" => return Ok(self.replies.pop_front().unwrap_or_default()),
            "handed" => return Ok(self.handed.clone().unwrap_or_default()),
            "tagged" => return Ok(json!(self.tags.contains(&text))),
            "is_resolved" => return Ok(json!(self.resolved)),
            "resolve" => return self.agent_resolves(),
            "kv" => {
                let kv = locked(&self.kv);
                let value = kv.get(&text).and_then(|(value, _)| serde_json::from_str(value).ok());
                return Ok(value.unwrap_or_default());
            }
            "log" => return Ok(json!(self.lines)),
            "event" => {
                let name = given.get("name").and_then(Json::as_str).unwrap_or_default().to_owned();
                if !self.machine.offer().events.contains(&name) {
                    return Err(format!("the plugin has no handler for {name:?}"));
                }
                let mut event = map(json!({ "id": "e1", "type": name, "time": self.now.get() }));
                event.insert("interaction".to_owned(), Json::Object(self.interaction.clone()));
                event.insert("contact".to_owned(), self.seen_contact());
                event.extend(map(given.get("fields").cloned().unwrap_or_default()));
                return self.run("event", &name, Json::Object(event));
            }
            "webhook" => {
                let mut request = map(json!({ "method": "POST", "query": "", "headers": {}, "body": "" }));
                request.extend(map(given));
                let body = request.get("body").and_then(Json::as_str).unwrap_or_default();
                let json: Option<Json> = serde_json::from_str(body).ok();
                request.insert("json".to_owned(), json!(json));
                return self.role("webhook", Json::Object(request));
            }
            "translate" => return self.role("translate", given),
            "languages" => return self.role("languages", given),
            "card" => {
                self.contact.extend(map(given));
                let contact = self.seen_contact();
                return self.role("card", contact);
            }
            other => return Err(format!("there is no {other}")),
        }
        Ok(Json::Null)
    }

    fn role(&mut self, kind: &'static str, given: Json) -> Result<Json, String> {
        if !self.machine.offer().roles.contains(kind) {
            return Err(format!("the plugin has no handler for {kind}"));
        }
        self.run(kind, "", given)
    }

    fn set(&mut self, wanted: &Map<String, Json>) -> Result<Json, String> {
        self.manifest.check_settings(wanted).map_err(|(_, problem)| problem)?;
        self.settings = self.manifest.settled(wanted);
        self.machine.context().settings.replace(self.settings.clone());
        self.machine.settings_changed();
        Ok(Json::Null)
    }

    fn play(&mut self, given: &Json) {
        let address = given.get("address").and_then(Json::as_str).unwrap_or_default().to_owned();
        let answer = given.get("answer").cloned().unwrap_or_default();
        match self.fakes.iter_mut().find(|fake| fake.address == address) {
            Some(fake) => fake.answers.push_back(answer),
            None => self.fakes.push(Fake { address, answers: VecDeque::from([answer]) }),
        }
    }

    fn seen_contact(&self) -> Json {
        let seen = |name: &String| name == "id" || self.rights.contacts.contains(name);
        Json::Object(
            self.contact.iter().filter(|(name, _)| seen(name)).map(|(k, v)| (k.clone(), v.clone())).collect(),
        )
    }

    fn conversation(&self, message: Option<&Json>) -> Json {
        json!({ "interaction": self.interaction, "contact": self.seen_contact(), "message": message })
    }

    fn customer(&mut self, text: &str) -> Result<Json, String> {
        let said = json!({
            "id": "m1", "direction": "in", "author": "contact", "kind": "text", "text": text, "state": "received",
            "sent_at": self.now.get(), "files": [],
        });
        if let Some(choices) = &self.survey {
            let lower = text.trim().to_lowercase();
            let chosen = choices.iter().zip(1..).find(|(choice, at)| {
                choice.title.to_lowercase() == lower
                    || choice.id.to_lowercase() == lower
                    || at.to_string() == lower
            });
            let Some(id) = chosen.map(|(choice, _)| choice.id.clone()) else { return Ok(Json::Null) };
            self.survey = None;
            let mut given = map(self.conversation(None));
            given.insert("choice".to_owned(), json!(id));
            return self.role("answered", Json::Object(given));
        }
        if !self.machine.offer().bot {
            return Err("the plugin is no bot; play events with t:event".to_owned());
        }
        let name = match self.held {
            None => "start",
            Some(true) => "message",
            Some(false) => return Err("the bot does not have the conversation any more".to_owned()),
        };
        self.held = Some(true);
        self.run("bot", name, self.conversation(Some(&said)))
    }

    fn agent_resolves(&mut self) -> Result<Json, String> {
        self.interaction.insert("status".to_owned(), json!("resolved"));
        self.role("resolved", self.conversation(None))
    }

    fn advance(&mut self, text: &str) -> Result<Json, String> {
        let span: Span = text.parse().map_err(|error| format!("{error}, got \"{text}\""))?;
        let until = Time(self.now.get()) + span;
        loop {
            let due =
                self.jobs.iter().filter(|(_, job)| job.due_at <= until).min_by_key(|(_, job)| job.due_at);
            let Some((name, due_at)) = due.map(|(name, job)| (name.clone(), job.due_at)) else { break };
            self.now.set(due_at.0.max(self.now.get()));
            let Some(job) = self.jobs.get_mut(&name) else { break };
            let data = job.data.clone();
            if job.every.0 > 0 {
                job.due_at = due_at + job.every;
            } else {
                self.jobs.remove(&name);
            }
            let handler = name.split(':').next().unwrap_or_default().to_owned();
            self.run("job", &handler, json!({ "name": name, "due_at": due_at.0, "data": data }))?;
        }
        self.now.set(until.0);
        Ok(Json::Null)
    }

    /// Runs a handler to its end.
    fn run(&mut self, kind: &'static str, name: &str, given: Json) -> Result<Json, String> {
        self.tasks += 1;
        let mut step = self.machine.start(self.tasks, &Entry { kind, name: name.to_owned(), given });
        for _ in 0..WAITS_MAX {
            self.slice_ended();
            let call = match step {
                Step::Ended(Ok(value)) => return Ok(value),
                Step::Ended(Err(broken)) => {
                    let error = broken.error;
                    return Err(format!(
                        "the plugin failed at {}:{}: {}",
                        error.file, error.line, error.message
                    ));
                }
                Step::Waits(call) => call,
            };
            let answer = self.perform(&call);
            let Some(next) = self.machine.resume(self.tasks, &answer) else { break };
            step = next;
        }
        Err(format!("the handler waited more than {WAITS_MAX} times: a loop?"))
    }

    fn slice_ended(&mut self) {
        for (level, text) in self.machine.context().lines.take() {
            // Writing to a String can't fail.
            let _written = writeln!(self.lines, "{level}: {text}");
        }
        for wish in self.machine.context().jobs.take() {
            match wish.due_at {
                Some(due_at) => {
                    let every = self.jobs.get(&wish.job).map_or(Span(0), |job| job.every);
                    self.jobs.insert(wish.job, Job { due_at, every, data: wish.data });
                }
                None => drop(self.jobs.remove(&wish.job)),
            }
        }
    }

    fn perform(&mut self, call: &Call) -> Answer {
        let wrong = |text: String| Answer { wrong: Some(text), ..Answer::default() };
        if call.op == "http" {
            return self.http(&call.given).unwrap_or_else(wrong);
        }
        let done = Answer { value: Some(json!({ "id": "m2" })), ..Answer::default() };
        let said =
            |text: &String, choices: &Vec<crate::domain::Choice>| json!({ "text": text, "choices": choices });
        match command(call) {
            Err(problem) => return wrong(problem),
            Ok(Command::Bot(_) | Command::SetOutcome { .. } | Command::AddTag { .. })
                if self.held != Some(true) && call.op != "ask" =>
            {
                let problem = json!({ "kind": "not_assigned", "message": "it is not the bot's (any more)" });
                return Answer { problem: Some(problem), ..Answer::default() };
            }
            Ok(Command::Bot(BotCommand::Say { text, choices, .. })) => {
                self.replies.push_back(said(&text, &choices));
            }
            Ok(Command::Bot(BotCommand::Ask { text, choices, .. })) => {
                self.replies.push_back(said(&text, &choices));
                self.survey = Some(choices);
            }
            Ok(Command::Bot(BotCommand::HandOver { skill, note, .. })) => {
                self.held = Some(false);
                self.handed = Some(json!({ "skill": skill.map(|skill| skill.to_string()), "note": note }));
            }
            Ok(Command::AddTag { tag, .. }) => self.tags.push(tag),
            Ok(Command::SetOutcome { .. }) => self.resolved = true,
            Ok(_) => {}
        }
        done
    }

    fn http(&mut self, given: &Json) -> Result<Answer, String> {
        let text = |key: &str| given.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
        let mut url =
            Url::parse(&text("url")).map_err(|error| format!("{:?} is no address: {error}", text("url")))?;
        for (name, value) in map(given.get("query").cloned().unwrap_or_default()) {
            url.query_pairs_mut().append_pair(&name, value.as_str().unwrap_or(&value.to_string()));
        }
        if !self.rights.may_call(&url, &self.settings) {
            return Err(format!(
                "{url} is not granted; plugin.toml must ask for it ([capabilities] http = [\"…\"])"
            ));
        }
        let headers = map(given.get("headers").cloned().unwrap_or_default()).into_iter();
        let headers: Map<String, Json> = headers
            .map(|(name, value)| (name, json!(self.secrets.fill(value.as_str().unwrap_or_default()))))
            .collect();
        self.requests.push(json!({
            "method": text("method"), "url": url.as_str(), "headers": headers, "body": text("body"),
            "json": serde_json::from_str::<Json>(&text("body")).ok(), "form": given.get("form"),
        }));
        let fake = self.fakes.iter_mut().find(|fake| url.as_str().starts_with(&fake.address));
        let Some(fake) = fake else {
            return Err(format!(
                "nothing is played for {url}; say what it answers: t:http(\"{url}\", {{ json = … }})"
            ));
        };
        let last = fake.answers.len() <= 1;
        let answer =
            if last { fake.answers.front().cloned() } else { fake.answers.pop_front() }.unwrap_or_default();
        if let Some(problem) = answer.get("problem") {
            return Ok(Answer { problem: Some(problem.clone()), ..Answer::default() });
        }
        let body = match (answer.get("json"), answer.get("body")) {
            (Some(json), _) => json.to_string(),
            (None, Some(body)) => body.as_str().unwrap_or_default().to_owned(),
            (None, None) => String::new(),
        };
        let status = answer.get("status").and_then(Json::as_u64).unwrap_or(200);
        let value = json!({ "status": status, "headers": answer.get("headers").cloned().unwrap_or(json!({})), "body": body });
        Ok(Answer { value: Some(value), ..Answer::default() })
    }
}
