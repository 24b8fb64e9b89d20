//! `guichet check`, `guichet test`, `guichet types`, and how the server's scripts start: what is in the folder if it is good,
//! what comes with the server otherwise.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use clap::Args;

use super::{Place, complain, say};
use crate::engine::{Input, PolicyError};
use crate::lua::{self, Host, Limits};
use crate::runtime::Desk;
use crate::telemetry::Metrics;

#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    place: Place,
    /// Print the findings as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Test {
    /// A folder of scripts with its tests (the configuration's `scripts`, unless given).
    path: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(super) struct Types {
    /// Where to write them.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

fn report(folder: &Path, tests: bool) -> lua::Report {
    match lua::read_folder(folder) {
        Ok(set) => lua::check(&set, Limits::default(), tests),
        Err(errors) => lua::Report { errors, ..lua::Report::default() },
    }
}

pub(super) fn tell(error: &PolicyError) {
    complain(&format!("{}:{}:{}: {}", error.file, error.line, error.column, error.message));
}

/// The same with the plugins of the installation.
fn with_plugins(mut report: lua::Report, plugins: &Path) -> lua::Report {
    let all = super::plugins::report_all(plugins);
    report.errors.extend(all.errors);
    report.passed += all.passed;
    report.failed += all.failed;
    report
}

fn verdict(report: &lua::Report) -> ExitCode {
    if report.errors.is_empty() && report.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

pub(super) fn check(check: &Check) -> anyhow::Result<ExitCode> {
    let config = check.place.read()?;
    let folder = config.scripts;
    let report = with_plugins(report(&folder, true), &config.plugins);
    if check.json {
        say(&serde_json::to_string(&report)?);
    } else {
        report.errors.iter().for_each(tell);
        if report.errors.is_empty() {
            say(&format!("{}: good; {} tests passed", folder.display(), report.passed));
        }
    }
    Ok(verdict(&report))
}

pub(super) fn test(test: &Test) -> anyhow::Result<ExitCode> {
    let folder = match &test.path {
        Some(path) => path.clone(),
        None => test.place.read()?.scripts,
    };
    let mut report = report(&folder, true);
    if test.path.is_none() {
        report = with_plugins(report, &test.place.read()?.plugins);
    }
    report.errors.iter().for_each(tell);
    say(&format!("{} passed, {} failed", report.passed, report.failed.max(report.errors.len())));
    Ok(verdict(&report))
}

pub(super) fn types(types: &Types) -> anyhow::Result<ExitCode> {
    lua::write_types(&types.out)?;
    std::fs::write(types.out.join("plugin.d.luau"), crate::plugin::definitions())?;
    say(&format!("written to {}", types.out.display()));
    Ok(ExitCode::SUCCESS)
}

/// Scripts that were started, with what is to be told once the desk runs.
pub(super) struct Started {
    pub(super) host: Arc<Host>,
    refused: Vec<PolicyError>,
    /// Where faults at call time go once there is a desk.
    faults: Arc<Mutex<Option<Desk>>>,
}

/// Starts the folder's scripts; a broken or missing set is refused and what comes with the server serves instead.
pub(super) fn start_host(folder: &Path, metrics: &Arc<Metrics>) -> anyhow::Result<Started> {
    let faults: Arc<Mutex<Option<Desk>>> = Arc::default();
    let on_failure = || -> lua::OnFailure {
        let (faults, metrics) = (Arc::clone(&faults), Arc::clone(metrics));
        Box::new(move |error: PolicyError| {
            metrics.policy_failures.inc();
            let desk = faults.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if let Some(desk) = desk {
                desk.scripts_failed(error);
            }
        })
    };
    let tried = if folder.is_dir() { lua::read_folder(folder) } else { Ok(lua::defaults()) };
    let tried = tried.and_then(|set| Host::start(set, 1, Limits::default(), on_failure()));
    let (host, refused) = match tried {
        Ok(host) => (host, Vec::new()),
        Err(errors) => {
            errors.iter().for_each(tell);
            let host =
                Host::start(lua::defaults(), 1, Limits::default(), on_failure()).map_err(|errors| {
                    anyhow::anyhow!("the scripts that come with the server don't start: {errors:?}")
                })?;
            (host, errors)
        }
    };
    Ok(Started { host, refused, faults })
}

impl Started {
    /// Tells the desk how the scripts stand, and where faults go from now on.
    pub(super) fn announce(self, desk: &Desk) {
        *self.faults.lock().unwrap_or_else(PoisonError::into_inner) = Some(desk.clone());
        let live = self.refused.is_empty();
        let script = self.refused.first().map(|error| error.file.clone());
        desk.tell(Input::PolicyChanged {
            generation: self.host.generation(),
            live,
            script,
            errors: self.refused,
        });
    }
}
