//! The command line: arguments → what to run. The only place, with `main`, for `anyhow` and for printing.

mod contacts;
mod offline;
mod people;
mod plugins;
mod scripts;
mod serve;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::Config;
use crate::domain::Span;
use crate::engine::Retention;

/// A contact-centre interaction server.
#[derive(Debug, Parser)]
#[command(name = "guichet", version, about, max_term_width = 100)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the server.
    Serve(serve::Serve),
    /// Adds, lists and changes agents while the server is stopped.
    #[command(subcommand)]
    Agent(people::AgentCommand),
    /// Adds and revokes bearer tokens while the server is stopped.
    #[command(subcommand)]
    Token(people::TokenCommand),
    /// Prints everything that is kept of one contact, as JSON, while the server is stopped.
    Export(contacts::OneContact),
    /// Erases one contact while the server is stopped: names, addresses, texts, notes and files.
    Erase(contacts::OneContact),
    /// Makes, checks and tests plugins, and grants what they ask for.
    #[command(subcommand)]
    Plugin(plugins::PluginCommand),
    /// Checks the scripts and plugins: compiles them, loads them and runs their tests; exit 1 with the places.
    Check(scripts::Check),
    /// Runs the scripts' and plugins' tests.
    Test(scripts::Test),
    /// Writes definitions of the Lua API for editors.
    Types(scripts::Types),
    /// Prints the protocol document (`OpenRPC`).
    Openrpc,
}

/// Where the configuration is; shared by all commands that need it.
#[derive(Debug, Clone, Args)]
pub struct Place {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where files and the embedded database are kept (instead of the configuration's `data`).
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl Place {
    fn read(&self) -> anyhow::Result<Config> {
        let environment: Vec<(String, String)> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let mut config = Config::read(self.config.as_deref(), &environment)?;
        if let Some(data) = &self.data {
            config.data.clone_from(data);
        }
        Ok(config)
    }
}

/// Runs what the arguments ask for. What a person must know on failure goes to standard error.
pub fn run(arguments: Arguments) -> ExitCode {
    let done = match arguments.command {
        Command::Serve(serve) => serve::run(serve),
        Command::Agent(command) => people::agent(command),
        Command::Token(command) => people::token(command),
        Command::Plugin(command) => plugins::run(command),
        Command::Export(one) => contacts::export(&one),
        Command::Erase(one) => contacts::erase(&one),
        Command::Check(check) => scripts::check(&check),
        Command::Test(test) => scripts::test(&test),
        Command::Types(types) => scripts::types(&types),
        Command::Openrpc => openrpc(),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            complain(&format!("guichet: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// How long things are kept, as the configuration says.
fn retention(config: &Config) -> Retention {
    let days = |days: u32| Span::days(days.into());
    let kept = &config.retention;
    Retention {
        events: days(kept.events_days),
        decisions: days(kept.decisions_days),
        audit: days(kept.audit_days),
        raw: days(kept.raw_days),
        content: kept.content_days.map(days),
    }
}

fn openrpc() -> anyhow::Result<ExitCode> {
    say(&serde_json::to_string_pretty(&crate::protocol::document())?);
    Ok(ExitCode::SUCCESS)
}

/// A line on standard output.
#[expect(clippy::print_stdout, reason = "a command line answers on standard output")]
fn say(line: &str) {
    println!("{line}");
}

/// A line on standard error.
#[expect(clippy::print_stderr, reason = "a command line complains on standard error")]
fn complain(line: &str) {
    eprintln!("{line}");
}

fn tokio_runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}
