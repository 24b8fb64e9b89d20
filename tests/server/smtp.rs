//! Runs the mail server of the tests (`mailbox.py`) and reads what it tells.
//!
//! It needs `GUICHET_TEST_SMTP_PYTHON`, a Python that has the package aiosmtpd; `cargo xtask test` sees to it. Without one a
//! test says that it was skipped, or fails when `GUICHET_REQUIRE_SMTP=1`.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tokio::sync::mpsc;

/// A running mail server.
pub(crate) struct Mailbox {
    pub(crate) port: u16,
    told: mpsc::UnboundedReceiver<Value>,
    child: Child,
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        // One that has ended already has ended.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

impl Mailbox {
    /// Starts one; `None`: there is no Python for it, and none is required.
    pub(crate) async fn start(arguments: &[&str]) -> Option<Self> {
        let Ok(python) = std::env::var("GUICHET_TEST_SMTP_PYTHON") else {
            let required = std::env::var("GUICHET_REQUIRE_SMTP").is_ok_and(|value| value == "1");
            assert!(!required, "GUICHET_REQUIRE_SMTP=1, but GUICHET_TEST_SMTP_PYTHON names no Python");
            say("skipped: GUICHET_TEST_SMTP_PYTHON names no Python with aiosmtpd");
            return None;
        };
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/server/mailbox.py");
        let mut child = Command::new(python)
            .arg(script)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a Python that starts");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let (tell, told) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let _test_ended = tell.send(serde_json::from_str(&line).expect("JSON"));
            }
        });
        let mut mailbox = Self { port: 0, told, child };
        let port = mailbox.told("port").await["port"].as_u64().expect("a port");
        mailbox.port = u16::try_from(port).expect("a port");
        Some(mailbox)
    }

    /// The next thing of a kind that it tells; others are passed over.
    pub(crate) async fn told(&mut self, what: &str) -> Value {
        loop {
            let told = tokio::time::timeout(std::time::Duration::from_secs(20), self.told.recv());
            let told = told.await.expect("a line in time").expect("a server that runs");
            if told["what"] == what {
                return told;
            }
        }
    }
}

/// A line for whoever runs the tests.
fn say(line: &str) {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").expect("written");
}
