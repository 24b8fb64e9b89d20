//! Passwords: argon2id, off the runtime's threads, a few at a time, and as slow for a name nobody has as for one somebody has.

use std::sync::{Arc, OnceLock};

use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

/// Passwords checked at once. Each takes 19 MiB and some 20 ms of a core.
const AT_ONCE: usize = 2;
/// Passwords that may wait for a check; more are told to come back.
const WAITING_MAX: usize = 64;

/// Makes a password's hash, in PHC text form.
///
/// # Errors
/// The system gives no random numbers.
pub fn hash_password(password: &str) -> Result<String, String> {
    let mut salt = [0_u8; 16];
    getrandom::fill(&mut salt)
        .map_err(|error| format!("no random numbers for a password's salt: {error}"))?;
    Argon2::default()
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map(|hash| hash.to_string())
        .map_err(|error| format!("a password can't be hashed: {error}"))
}

fn is_right(password: &str, hash: &str) -> bool {
    PasswordVerifier::<str>::verify_password(&Argon2::default(), password.as_bytes(), hash).is_ok()
}

/// Somebody's hash who does not exist, so that checking takes its time.
fn nobody<'a>() -> &'a str {
    static NOBODY: OnceLock<String> = OnceLock::new();
    NOBODY.get_or_init(|| hash_password("nobody").unwrap_or_default())
}

/// The checks under way and waiting.
#[derive(Debug)]
pub(crate) struct Passwords {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

/// Too many wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crowded;

impl Default for Passwords {
    fn default() -> Self {
        Self { running: Arc::new(Semaphore::new(AT_ONCE)), waiting: Arc::new(Semaphore::new(WAITING_MAX)) }
    }
}

impl Passwords {
    /// Whether it is the password of this hash; `None`: nobody's.
    pub(crate) async fn check(&self, password: String, hash: Option<String>) -> Result<bool, Crowded> {
        let _place = self.waiting.try_acquire().map_err(|_| Crowded)?;
        self.work(move || {
            let known = hash.filter(|hash| !hash.is_empty());
            let right = is_right(&password, known.as_deref().unwrap_or_else(nobody));
            right && known.is_some()
        })
        .await
    }

    /// Makes a hash.
    pub(crate) async fn hash(&self, password: String) -> Result<Result<String, String>, Crowded> {
        let _place = self.waiting.try_acquire().map_err(|_| Crowded)?;
        self.work(move || hash_password(&password)).await
    }

    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Crowded> {
        // The permit goes along: an asker that leaves does not make room before the work has ended.
        let turn = Arc::clone(&self.running).acquire_owned().await.map_err(|_| Crowded)?;
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(turn);
            result
        });
        done.await.map_err(|_| Crowded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_knows_its_password_only() {
        let hash = hash_password("guichet").unwrap();
        assert!(hash.starts_with("$argon2id$"), "{hash}");
        assert!(is_right("guichet", &hash) && !is_right("Guichet", &hash) && !is_right("guichet", "garbage"));
        assert_ne!(hash, hash_password("guichet").unwrap());
    }
}
