//! A PostgreSQL of our own for the tests: empty, on a free port of the loopback, gone afterwards.
//!
//! It is stopped by a shell that waits for our end of a pipe to close. So it goes away however we end, `kill -9`
//! included, which a destructor would not manage.

use crate::install::apt;
use crate::run::{Done, Failure, find, output, program};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

/// A running server; dropping it stops it and removes its files.
pub struct Postgres {
    pub url: String,
    keeper: Child,
    pipe: Option<ChildStdin>,
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.pipe.take());
        // A keeper that fails leaves a folder in the temporary directory: nothing to tell anybody.
        let _ended = self.keeper.wait();
    }
}

/// Waits until its pipe closes, then stops the server and removes its files. Interrupts are for the others.
const KEEPER: &str = r#"
trap '' INT TERM HUP
cat >/dev/null
"$@" -D "$FOLDER/data" -m immediate -w stop >/dev/null 2>&1
rm -rf "$FOLDER"
"#;

/// Starts one, installing PostgreSQL where that can be done.
pub fn start() -> Done<Postgres> {
    if bin().is_none() {
        apt(&["postgresql"], "the PostgreSQL half of the tests")?;
    }
    let Some(bin) = bin() else {
        return Err(Failure::new("PostgreSQL was installed, but `initdb` and `pg_ctl` are not to be found"));
    };
    let user = unprivileged()?;
    let folder = folder(user.as_deref())?;
    let as_user = |name: &str| as_user(user.as_deref(), &bin.join(name), &folder);

    let mut stop: Vec<std::ffi::OsString> = Vec::new();
    let pg_ctl = as_user("pg_ctl");
    stop.push(pg_ctl.get_program().into());
    stop.extend(pg_ctl.get_args().map(Into::into));
    let mut keeper = Command::new("sh")
        .args(["-c", KEEPER, "keeper"])
        .args(&stop)
        .env("FOLDER", &folder)
        .current_dir("/")
        .stdin(Stdio::piped())
        .process_group(0)
        .spawn()
        .map_err(|error| Failure::new(format!("cannot start the shell that stops PostgreSQL: {error}")))?;
    let pipe = keeper.stdin.take();
    let mut postgres = Postgres { url: String::new(), keeper, pipe };

    let data = folder.join("data");
    output(as_user("initdb").arg("-D").arg(&data).args([
        "--username=postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
    ]))?;
    let port = free_port()?;
    let settings = format!(
        "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={} -c max_connections=200",
        folder.display()
    );
    let log = folder.join("log");
    output(
        as_user("pg_ctl")
            .arg("-D")
            .arg(&data)
            .arg("-l")
            .arg(&log)
            .args(["-w", "-t", "60", "-o", &settings, "start"]),
    )
    .map_err(|failure| {
        let said = std::fs::read_to_string(&log).unwrap_or_default();
        Failure::new(format!("PostgreSQL does not start: {failure}\n{said}"))
    })?;
    postgres.url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
    Ok(postgres)
}

/// The folder that holds `initdb`: PATH, else the newest of Debian's.
fn bin() -> Option<PathBuf> {
    let mut debian: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    debian.sort();
    let folders: Vec<PathBuf> = debian.into_iter().rev().map(|(_, folder)| folder).collect();
    let found = find("initdb", &folders)?;
    // Links in PATH are common; `pg_ctl` looks for its companions beside the real file.
    let real = std::fs::canonicalize(&found).unwrap_or(found);
    real.parent().filter(|folder| folder.join("pg_ctl").is_file()).map(Path::to_path_buf)
}

/// PostgreSQL refuses to run as root: then the account that will run it instead.
fn unprivileged() -> Done<Option<String>> {
    if output(&mut program("id", ["-u"]))?.trim() != "0" {
        return Ok(None);
    }
    for account in ["postgres", "nobody"] {
        if output(&mut program("id", ["-u", account])).is_ok() {
            return Ok(Some(account.to_owned()));
        }
    }
    output(&mut program("useradd", ["--system", "--no-create-home", "postgres"]))?;
    Ok(Some("postgres".to_owned()))
}

fn as_user(user: Option<&str>, binary: &Path, folder: &Path) -> Command {
    let mut command = match user {
        None => Command::new(binary),
        Some(account) => {
            let mut command = Command::new("setpriv");
            command
                .args(["--reuid", account, "--regid"])
                .arg(group(account))
                .arg("--clear-groups")
                .arg(binary);
            command
        }
    };
    command.current_dir(folder);
    command
}

/// The account's own group, by number: `nobody` is in `nogroup` here and in `nobody` there.
fn group(account: &str) -> String {
    output(&mut program("id", ["-g", account]))
        .map_or_else(|_| "65534".to_owned(), |gid| gid.trim().to_owned())
}

fn folder(user: Option<&str>) -> Done<PathBuf> {
    let folder = std::env::temp_dir().join(format!("guichet-postgres-{}", std::process::id()));
    let mut install = program("install", ["-d", "-m", "700"]);
    if let Some(account) = user {
        install.args(["-o", account]);
    }
    output(install.arg(&folder))?;
    Ok(folder)
}

/// A port that was free a moment ago. Somebody may take it before the server does; then the run fails and says so.
fn free_port() -> Done<u16> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| Failure::new(format!("no free port on the loopback: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpStream;

    #[test]
    fn it_answers_while_it_lives_and_leaves_nothing() {
        let postgres = start().unwrap();
        let address =
            postgres.url.trim_start_matches("postgres://postgres@").trim_end_matches("/postgres").to_owned();
        assert!(TcpStream::connect(&address).is_ok());
        drop(postgres);
        assert!(TcpStream::connect(&address).is_err());
        let folder = std::env::temp_dir().join(format!("guichet-postgres-{}", std::process::id()));
        assert!(!folder.exists());
    }
}
