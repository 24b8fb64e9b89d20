//! The benchmark: how many messages the release server takes, beside a bare pipeline doing the same bytes.
//!
//! `compare` starts both in turn, pinned to CPU 0, drives them from CPU 1 and prints the figures side by side.
//! `floor` is the bare pipeline. `plugins` measures the server without and with plugins beside the main path. Only ratios
//! of one run mean anything: the machine, its disk and its neighbours change.

#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]

mod agents;
mod compare;
mod floor;
mod load;
mod plugins;
mod process;
mod provider;
mod report;
mod server;
mod stored;
mod webhook;
mod writer;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measures the server and the floor in turn.
    Compare(compare::Settings),
    /// Measures what agents notice of plugins.
    Plugins(plugins::Settings),
    /// Makes a large database and measures search and start on it.
    Stored(stored::Settings),
    /// Serves the bare pipeline until its standard input closes.
    Floor(floor::Settings),
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    match arguments.command {
        Command::Compare(settings) => local.block_on(&runtime, compare::compare(settings)),
        Command::Plugins(settings) => local.block_on(&runtime, plugins::measure(settings)),
        Command::Stored(settings) => local.block_on(&runtime, stored::measure(settings)),
        Command::Floor(settings) => local.block_on(&runtime, floor::serve(settings)),
    }
}
