//! The `guichet` program.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    guichet::cli::run(guichet::cli::Arguments::parse())
}
