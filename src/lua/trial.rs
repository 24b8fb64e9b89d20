//! Tries a set of scripts before it goes live: loads it, asks it sample questions, runs its tests. On a thread of its own
//! that is watched, so that nothing a script does can hang the caller.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};

use super::book::Book;
use super::fault::fault;
use super::limits::Limits;
use super::sandbox::Stop;
use super::source::{ScriptSet, TESTS};
use super::testing;
use crate::domain::{Ownership, Status, Time};
use crate::engine::{Facts, PolicyError};

/// What came of a trial.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// What is wrong, in the order of files and lines. Empty: the set may go live.
    pub errors: Vec<PolicyError>,
    /// How many tests passed.
    pub passed: usize,
    /// How many failed.
    pub failed: usize,
}

impl Report {
    /// The errors as compilers write them: `scripts/routing.lua:3:7: …`.
    pub fn lines(&self) -> Vec<String> {
        self.errors.iter().map(line).collect()
    }
}

/// A fault as compilers write it. A line or column of 0 is not known and left out.
pub fn line(error: &PolicyError) -> String {
    let place = match (error.line, error.column) {
        (0, _) => error.file.clone(),
        (line, 0) => format!("{}:{line}", error.file),
        (line, column) => format!("{}:{line}:{column}", error.file),
    };
    format!("{place}: {}", error.message)
}

enum Word {
    /// The trial begins a step: its number and what it is.
    Step(u64, String),
    Done(Report),
}

/// Tells the watcher what is going on.
pub(crate) struct Steps {
    words: SyncSender<Word>,
    number: u64,
}

impl Steps {
    /// Begins a step in `book`, with a deadline of its own.
    pub(crate) fn begin(&mut self, book: &Book, what: &str) {
        book.vm.begin(self.next(what));
    }

    /// The number of the step that begins.
    fn next(&mut self, what: &str) -> u64 {
        self.number += 1;
        // When nobody listens any more, everything was stopped already.
        drop(self.words.send(Word::Step(self.number, what.to_owned())));
        self.number
    }
}

/// Tries the set. With `tests`, its tests are run too.
pub fn check(set: &ScriptSet, limits: Limits, tests: bool) -> Report {
    let faults = set.faults();
    if !faults.is_empty() {
        return Report { errors: faults, ..Report::default() };
    }
    let set = Arc::new(set.completed());
    let stop = Stop::default();
    let (words, heard) = sync_channel(16);
    let trial = Trial { set, limits, stop: stop.clone(), tests };
    let thread = std::thread::Builder::new().name("policy-trial".to_owned());
    let spawned = thread.spawn(move || {
        let mut steps = Steps { words, number: 1 };
        let report = trial.run(&mut steps);
        drop(steps.words.send(Word::Done(report)));
    });
    match spawned {
        Ok(_) => watch(&heard, &stop, limits),
        Err(error) => failed(fault("scripts", 0, format!("no thread to check them on: {error}"))),
    }
}

fn watch(heard: &Receiver<Word>, stop: &Stop, limits: Limits) -> Report {
    let (mut number, mut what, mut late) = (1, "loading".to_owned(), false);
    loop {
        match heard.recv_timeout(limits.step) {
            Ok(Word::Step(next, begun)) => (number, what, late) = (next, begun, false),
            Ok(Word::Done(report)) => return report,
            Err(RecvTimeoutError::Timeout) if !late => {
                stop.stop(number);
                late = true;
            }
            Err(RecvTimeoutError::Timeout) => {
                stop.stop_for_ever();
                return failed(fault(
                    "scripts",
                    0,
                    format!("{what}: took too long and could not be stopped"),
                ));
            }
            Err(RecvTimeoutError::Disconnected) => {
                return failed(fault("scripts", 0, format!("{what}: the check broke off")));
            }
        }
    }
}

fn failed(error: PolicyError) -> Report {
    Report { errors: vec![error], ..Report::default() }
}

struct Trial {
    set: Arc<ScriptSet>,
    limits: Limits,
    stop: Stop,
    tests: bool,
}

impl Trial {
    fn run(&self, steps: &mut Steps) -> Report {
        let book = match self.book(steps.number) {
            Ok(book) => book,
            Err(errors) => return Report { errors, ..Report::default() },
        };
        let errors = rehearse(&book, steps);
        if !errors.is_empty() || !self.tests {
            return Report { errors, ..Report::default() };
        }
        let mut report = Report::default();
        let files = self.set.files.keys().filter(|name| name.starts_with(TESTS));
        for name in files {
            // Each file has a VM of its own, so that tests can't lean on one another.
            match self.book(steps.next(name)) {
                Ok(book) => testing::run(&book, name, steps, &mut report),
                Err(errors) => report.errors.extend(errors),
            }
        }
        report
    }

    fn book(&self, call: u64) -> Result<Book, Vec<PolicyError>> {
        Book::load(&self.set, self.limits.memory, &self.stop, call, testing::install)
    }
}

/// Asks what the engine will ask, about made-up interactions: a slip that every question would meet never goes live.
fn rehearse(book: &Book, steps: &mut Steps) -> Vec<PolicyError> {
    // A Monday noon and a Sunday night.
    let times = [Time(1_795_435_200_000), Time(1_795_316_400_000)];
    let mut errors: Vec<PolicyError> = Vec::new();
    let (lua, questions) = (book.vm.lua(), &book.questions);
    for (facts, now) in samples().iter().zip(times.into_iter().cycle()) {
        steps.begin(book, "asking sample questions");
        for question in 0..3 {
            let trouble = match question {
                0 => questions.route(lua, facts, now).err(),
                1 => questions.on_message(lua, facts, now).err(),
                _ => questions.timers(lua, facts, now).err(),
            };
            let Some(trouble) = trouble else { continue };
            if !errors.contains(&trouble.error) {
                errors.push(trouble.error);
            }
            // From here on every answer would be the same.
            if trouble.spent || book.vm.stopped() {
                return errors;
            }
        }
    }
    errors
}

/// An interaction about which nothing special is known.
pub(crate) fn plain() -> Option<Facts> {
    Some(Facts {
        channel: "whatsapp-demo".parse().ok()?,
        kind: crate::domain::ChannelKind::Whatsapp,
        status: Status::New,
        ownership: Ownership::Queued,
        contact_name: "Camille Martin".to_owned(),
        language: None,
        vip: false,
        first_contact: true,
        text: "Bonjour".to_owned(),
        message_kind: "text".to_owned(),
        skill: None,
        tags: Vec::new(),
        disposition: None,
        last_agent: None,
        last_agent_available: false,
        outbound: false,
        created_at: Time(1_795_316_000_000),
    })
}

fn samples() -> Vec<Facts> {
    let Some(plain) = plain() else { return Vec::new() };
    let mut known = plain.clone();
    known.language = Some("fr".to_owned());
    known.vip = true;
    known.first_contact = false;
    known.skill = "support".parse().ok();
    known.tags = vec!["follow-up".to_owned()];
    known.last_agent = Some(crate::domain::AgentId(1));
    known.last_agent_available = true;
    let mut silent = plain.clone();
    silent.contact_name = String::new();
    silent.text = String::new();
    "image".clone_into(&mut silent.message_kind);
    silent.language = Some("en".to_owned());
    let mut away = known.clone();
    away.last_agent_available = false;
    away.status = Status::Open;
    away.ownership = Ownership::Assigned;
    away.disposition = Some("done".to_owned());
    vec![plain.clone(), plain, known.clone(), known, silent.clone(), silent, away]
}
