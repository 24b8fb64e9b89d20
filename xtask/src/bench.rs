//! `cargo xtask bench`: builds the release server and the benchmark, and lets the benchmark do the rest.

use crate::postgres;
use crate::run::{Done, cargo, program, run, target};
use std::path::Path;

pub fn bench(arguments: &[String]) -> Done {
    println!("building the release server and the benchmark");
    run(&mut cargo(["build", "--release", "--quiet", "--package", "guichet", "--bin", "guichet"]))?;
    run(&mut cargo(["build", "--release", "--quiet", "--package", "bench"]))?;
    let release = target().join("release");
    if let Some(("stored", rest)) = arguments.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        return stored(&release, rest);
    }
    let (part, rest) = match arguments.split_first() {
        Some((first, rest)) if first == "plugins" => ("plugins", rest),
        _ => ("compare", arguments),
    };
    run(program(release.join("bench"), [part]).arg("--server").arg(release.join("guichet")).args(rest))
}

/// On a new database of each kind, in turn.
fn stored(release: &Path, arguments: &[String]) -> Done {
    let file = std::env::temp_dir().join(format!("guichet-stored-{}.db", std::process::id()));
    let postgres = postgres::start()?;
    let mut done = Ok(());
    for database in [format!("sqlite:{}", file.display()), postgres.url.clone()] {
        let kind = database.split(':').next().unwrap_or_default();
        println!("{kind}");
        done = done.and_then(|()| {
            run(program(release.join("bench"), ["stored", "--database", &database])
                .arg("--server")
                .arg(release.join("guichet"))
                .args(arguments))
        });
    }
    for end in ["", "-wal", "-shm", ".lock"] {
        // One that is not there needs no removing.
        drop(std::fs::remove_file(format!("{}{end}", file.display())));
    }
    done
}
