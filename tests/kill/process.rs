//! A server process: started, killed, stopped, by its own id.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A running `guichet serve --demo`.
pub(crate) struct Server {
    child: Child,
    /// `http://127.0.0.1:PORT`
    pub(crate) base: String,
}

impl Server {
    /// Starts it and waits until it says where it listens.
    pub(crate) async fn start(database: &str, folder: &Path) -> Self {
        Self::start_with(database, folder, &[]).await
    }

    /// The same with more settings, as the environment has them.
    pub(crate) async fn start_with(database: &str, folder: &Path, settings: &[(&str, PathBuf)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_guichet"));
        command.args(["serve", "--demo", "--listen", "127.0.0.1:0", "--data"]).arg(folder);
        command.env("GUICHET_DATABASE", database).env("GUICHET_LOG", "error");
        command.envs(settings.iter().map(|(name, path)| (name, path)));
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().expect("guichet starts");
        let output = child.stdout.take().unwrap();
        let (said, hears) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            let mut lines = BufReader::new(output).lines().map_while(Result::ok);
            if let Some(base) =
                lines.by_ref().find_map(|line| Some(line.strip_prefix("listening on ")?.to_owned()))
            {
                let _test_is_gone = said.send(base);
            }
            // Read to the end, so that its pipe never fills.
            lines.for_each(drop);
        });
        let base = hears.await.expect("the server ended before it listened");
        Self { child, base }
    }

    /// Comes back when the moment to kill it has come.
    pub(crate) async fn killed_after(&self, delay: Duration) {
        tokio::time::timeout(delay, std::future::pending::<()>()).await.unwrap_err();
    }

    /// SIGKILL. It must have been running still: a crash of its own would be a bug.
    pub(crate) fn kill(&mut self) {
        assert!(self.child.try_wait().unwrap().is_none(), "the server ended by itself");
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM; it must end in order.
    pub(crate) fn stop(&mut self) {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(told.success());
        assert!(self.child.wait().unwrap().success(), "it ends in order when asked to");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ending = self.child.kill();
            let _ended = self.child.wait();
        }
    }
}
