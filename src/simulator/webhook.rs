//! Webhooks: their envelope, their signature over escaped bytes, and a queue per account that keeps order and
//! retries. Knows nothing of what the phone shows.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::Duration;

use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::sync::{mpsc, oneshot};

use super::{Account, Simulator, lock};
use crate::clock::pause;

/// Webhooks that may wait for one account.
pub(super) const MOST_WAITING: usize = 10_000;
/// Tries of one webhook: refusals (4xx) and everything else.
const TRIES_REFUSED: u32 = 4;
const TRIES: u32 = 60;
const FIRST_PAUSE_MS: u64 = 100;
const LONGEST_PAUSE_MS: u64 = 5_000;
const PATIENCE: Duration = Duration::from_secs(20);

/// The way out of one account.
pub(super) struct Outlet {
    url: Mutex<String>,
    jobs: OnceLock<mpsc::Sender<Job>>,
    waiting: AtomicUsize,
    dropped: AtomicUsize,
    last: Mutex<Option<Attempt>>,
}

/// How one try ended.
#[derive(Clone, Serialize)]
pub(super) struct Attempt {
    /// The HTTP status of the receiver, when it answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<u16>,
    /// Why there was no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
}

impl Attempt {
    fn accepted(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

/// One webhook on its way.
pub(super) struct Job {
    body: Bytes,
    copies: u8,
    /// The customer's message whose second tick waits for it.
    about: Option<String>,
    first_try: Option<oneshot::Sender<Attempt>>,
}

impl Job {
    pub(super) fn new(value: &Value, account: &Account, copies: u8) -> Self {
        let envelope = json!({
            "object": "whatsapp_business_account",
            "entry": [{
                "id": account.business_account_id,
                "changes": [{"value": value, "field": "messages"}],
            }],
        });
        Self { body: escaped(&envelope).into(), copies, about: None, first_try: None }
    }

    /// Ticks this message when accepted, and tells the first try to whoever waits.
    pub(super) fn about(mut self, wamid: &str, first_try: Option<oneshot::Sender<Attempt>>) -> Self {
        self.about = Some(wamid.to_owned());
        self.first_try = first_try;
        self
    }
}

/// The part of `value` that is the same in every webhook of an account.
pub(super) fn value_of(account: &Account) -> serde_json::Map<String, Value> {
    let mut value = serde_json::Map::new();
    value.insert("messaging_product".to_owned(), json!("whatsapp"));
    let digits: String = account.display_phone_number.chars().filter(char::is_ascii_digit).collect();
    let metadata = json!({"display_phone_number": digits, "phone_number_id": account.phone_number_id});
    value.insert("metadata".to_owned(), metadata);
    value
}

/// JSON as Meta signs it: everything beyond ASCII as `\uXXXX`.
pub(super) fn escaped(value: &Value) -> Vec<u8> {
    let plain = value.to_string();
    let mut out = String::with_capacity(plain.len() + 16);
    for c in plain.chars() {
        if c.is_ascii() {
            out.push(c);
            continue;
        }
        let mut units = [0_u16; 2];
        for unit in c.encode_utf16(&mut units) {
            // Writing to a String cannot fail.
            let _written = write!(out, "\\u{unit:04x}");
        }
    }
    out.into_bytes()
}

/// The value of `X-Hub-Signature-256`.
pub(super) fn signature(secret: &str, body: &[u8]) -> String {
    let digest = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .map(|mut mac| {
            mac.update(body);
            hex::encode(mac.finalize().into_bytes())
        })
        .unwrap_or_default();
    format!("sha256={digest}")
}

/// The client of all webhooks: no proxy and no redirect, so that nothing leaves for anywhere else.
pub(super) fn http_client() -> Option<reqwest::Client> {
    // Refused when another room has already chosen it, which serves as well.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(PATIENCE)
        .user_agent("facebookexternalua")
        .build()
        .inspect_err(
            |error| tracing::error!(%error, "the simulator has no HTTP client: webhooks will not leave"),
        )
        .ok()
}

impl Outlet {
    pub(super) fn new(url: &str) -> Self {
        Self {
            url: Mutex::new(url.to_owned()),
            jobs: OnceLock::new(),
            waiting: AtomicUsize::new(0),
            dropped: AtomicUsize::new(0),
            last: Mutex::new(None),
        }
    }

    pub(super) fn set_url(&self, url: &str) {
        url.clone_into(&mut lock(&self.url));
    }

    pub(super) fn url(&self) -> String {
        lock(&self.url).clone()
    }

    pub(super) fn is_full(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) >= MOST_WAITING
    }

    /// What the page shows of it.
    pub(super) fn told(&self) -> Value {
        json!({
            "webhook_url": self.url(),
            "waiting": self.waiting.load(Ordering::Relaxed),
            "dropped": self.dropped.load(Ordering::Relaxed),
            "last_attempt": *lock(&self.last),
        })
    }
}

impl Simulator {
    /// Puts a webhook in its account's queue; full, it is counted and lost, as a week of Meta's retries would end.
    pub(super) fn post_webhook(self: &Arc<Self>, account: usize, job: Job) {
        let Some(outlet) = self.outlets.get(account) else { return };
        let jobs = outlet.jobs.get_or_init(|| {
            let (jobs, queue) = mpsc::channel(MOST_WAITING);
            drop(tokio::spawn(deliver_all(Arc::downgrade(self), account, queue)));
            jobs
        });
        // Counted first: the queue may have delivered it before the next line.
        outlet.waiting.fetch_add(1, Ordering::Relaxed);
        if jobs.try_send(job).is_err() {
            outlet.waiting.fetch_sub(1, Ordering::Relaxed);
            outlet.dropped.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(account, "webhook queue full: a webhook of the simulator is lost");
        }
    }

    async fn try_webhook(&self, account: usize, body: Bytes) -> Attempt {
        let failed = |error: String| Attempt { status: None, error: Some(error) };
        let (Some(outlet), Some(owner)) = (self.outlets.get(account), self.accounts.get(account)) else {
            return failed("no such account".to_owned());
        };
        let (url, Some(http)) = (outlet.url(), &self.http) else {
            return failed("no HTTP client".to_owned());
        };
        if url.is_empty() {
            return failed("the webhook URL is not known yet".to_owned());
        }
        let sent = http
            .post(url)
            .header("content-type", "application/json")
            .header("x-hub-signature-256", signature(&owner.app_secret, &body))
            .body(body)
            .send()
            .await;
        let attempt = match sent {
            Ok(answer) => Attempt { status: Some(answer.status().as_u16()), error: None },
            Err(error) => failed(error.without_url().to_string()),
        };
        *lock(&outlet.last) = Some(attempt.clone());
        attempt
    }

    fn webhook_ended(&self, account: usize, accepted: Option<&str>) {
        if let Some(outlet) = self.outlets.get(account) {
            outlet.waiting.fetch_sub(1, Ordering::Relaxed);
        }
        if let Some(wamid) = accepted {
            self.tick_customer_message(wamid);
        }
        self.changed();
    }
}

/// Holds the simulator only while a webhook is under way, so that a dropped simulator ends its queues.
async fn deliver_all(simulator: Weak<Simulator>, account: usize, mut queue: mpsc::Receiver<Job>) {
    while let Some(mut job) = queue.recv().await {
        let mut accepted = false;
        for _ in 0..job.copies {
            accepted |= deliver(&simulator, account, &job.body, &mut job.first_try).await;
        }
        let Some(simulator) = simulator.upgrade() else { return };
        simulator.webhook_ended(account, job.about.as_deref().filter(|_| accepted));
    }
}

async fn deliver(
    simulator: &Weak<Simulator>,
    account: usize,
    body: &Bytes,
    first_try: &mut Option<oneshot::Sender<Attempt>>,
) -> bool {
    let mut pause_ms = FIRST_PAUSE_MS;
    for tried in 1..=TRIES {
        let Some(live) = simulator.upgrade() else { return false };
        let attempt = live.try_webhook(account, body.clone()).await;
        drop(live);
        if let Some(waiter) = first_try.take() {
            // Whoever waited may have left.
            let _gone = waiter.send(attempt.clone());
        }
        if attempt.accepted() {
            return true;
        }
        let refused = attempt.status.is_some_and(|status| (400..500).contains(&status) && status != 429);
        if refused && tried >= TRIES_REFUSED {
            tracing::warn!(
                account,
                status = attempt.status,
                "a webhook of the simulator was refused for good"
            );
            return false;
        }
        // The machine's time, not the demo clock's: a retry must neither wait for somebody to move the clock, nor rush.
        pause(pause_ms).await;
        pause_ms = (pause_ms * 2).min(LONGEST_PAUSE_MS);
    }
    tracing::warn!(account, "a webhook of the simulator found nobody for minutes and is given up");
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_pure_ascii_and_reads_back_the_same() {
        let value = json!({"body": "Où est ma commande ? 🧾 \u{0000} ✓"});
        let bytes = escaped(&value);
        assert!(bytes.is_ascii());
        let text = String::from_utf8(bytes.clone()).expect("ASCII");
        assert!(text.contains("O\\u00f9") && text.contains("\\ud83e\\uddfe"), "{text}");
        assert_eq!(serde_json::from_slice::<Value>(&bytes).expect("JSON"), value);
    }

    #[test]
    fn the_signature_is_the_one_of_rfc_4231() {
        let wanted = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(signature("Jefe", b"what do ya want for nothing?"), wanted);
    }
}
