//! Secrets: read from a literal, the environment or a file; never shown by `Debug`, never logged.

use std::fmt;

use serde::Deserialize;

/// A secret text. `Debug` hides it; [`Secret::expose`] is the only way to it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
    /// The secret itself; for a header or a key, never for a log or an error.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// How a configuration file names a secret: the text itself, `{ env = "NAME" }` or `{ file = "PATH" }`.
#[derive(Clone, Deserialize)]
#[serde(untagged, expecting = "expected a text, { env = \"NAME\" } or { file = \"PATH\" }")]
pub enum SecretSource {
    /// The secret itself.
    Literal(String),
    /// The name of an environment variable.
    Env(EnvSource),
    /// The path of a file; line breaks at its end are cut off.
    File(FileSource),
}

/// `{ env = "NAME" }`
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvSource {
    env: String,
}

/// `{ file = "PATH" }`
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSource {
    file: String,
}

impl fmt::Debug for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(_) => f.write_str("Literal(…)"),
            Self::Env(source) => write!(f, "Env({})", source.env),
            Self::File(source) => write!(f, "File({})", source.file),
        }
    }
}

impl SecretSource {
    /// Reads the secret. The error names the source, never the value.
    ///
    /// # Errors
    /// The variable is not set, the file can't be read, or the value is empty.
    pub fn read(&self) -> Result<Secret, String> {
        let (text, from) = match self {
            Self::Literal(text) => (text.clone(), "the configuration".to_owned()),
            Self::Env(EnvSource { env }) => (
                std::env::var(env).map_err(|_| format!("environment variable {env} is not set"))?,
                env.clone(),
            ),
            Self::File(FileSource { file }) => {
                let text = std::fs::read_to_string(file).map_err(|error| format!("file {file}: {error}"))?;
                (text.trim_end_matches(['\r', '\n']).to_owned(), file.clone())
            }
        };
        if text.is_empty() { Err(format!("the secret from {from} is empty")) } else { Ok(Secret::new(text)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_shown() {
        let shown = format!("{:?} {:?}", Secret::new("hunter2"), SecretSource::Literal("hunter2".into()));
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn a_missing_source_is_named() {
        let source = SecretSource::Env(EnvSource { env: "GUICHET_TEST_NO_SUCH_VARIABLE".into() });
        assert_eq!(
            source.read().unwrap_err(),
            "environment variable GUICHET_TEST_NO_SUCH_VARIABLE is not set"
        );
        let source = SecretSource::File(FileSource { file: "/no/such/file".into() });
        assert!(source.read().unwrap_err().starts_with("file /no/such/file: "));
    }
}
