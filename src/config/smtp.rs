//! `[smtp]`: the mail server that transcripts leave by.

use serde::Deserialize;

use super::SecretSource;

/// Its keys, as the environment names them.
pub(super) const KEYS: [&str; 6] = ["host", "port", "tls", "user", "password", "from"];

/// How the connection is secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SmtpTls {
    /// Begins in the open and turns to TLS before anything is said; never goes on without.
    #[default]
    Starttls,
    /// TLS from the first byte.
    Implicit,
    /// None; only to a server on this machine.
    None,
}

/// The mail server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpConfig {
    /// Its name.
    pub host: String,
    /// Its port; by default 587, or 465 with `implicit`, or 25 with `none`.
    #[serde(default)]
    pub port: Option<u16>,
    /// How the connection is secured.
    #[serde(default)]
    pub tls: SmtpTls,
    /// Who we are there.
    #[serde(default)]
    pub user: Option<String>,
    /// Its password.
    #[serde(default)]
    pub password: Option<SecretSource>,
    /// Whom transcripts are from, such as `Support <support@example.com>`.
    pub from: String,
}

impl SmtpConfig {
    /// The port, as set or as usual.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.tls {
            SmtpTls::Starttls => 587,
            SmtpTls::Implicit => 465,
            SmtpTls::None => 25,
        })
    }

    /// What makes no sense: the key, and what to do.
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        if self.host.is_empty() || self.host.contains([' ', '/', '@']) {
            return Err(("host", "expected the name of a mail server, such as mail.example.com".into()));
        }
        let here = self.host == "localhost"
            || self.host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        if self.tls == SmtpTls::None && !here {
            let problem = "\"none\" is for a server on this machine; expected \"starttls\" or \"implicit\"";
            return Err(("tls", problem.into()));
        }
        match (&self.user, &self.password) {
            (Some(_), None) => Err(("password", "is missing for the user".into())),
            (None, Some(_)) => Err(("user", "is missing for the password".into())),
            (Some(_), Some(_)) | (None, None) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_is_told_by_its_key() {
        let from = "from = \"a@b.fr\"\n";
        for (text, key) in [
            ("host = \"mail.example.com\"", None),
            ("host = \"127.0.0.1\"\ntls = \"none\"", None),
            ("host = \"localhost\"\ntls = \"none\"\nport = 1025", None),
            ("host = \"mail.example.com\"\ntls = \"none\"", Some("tls")),
            ("host = \"smtp://mail\"", Some("host")),
            ("host = \"m\"\nuser = \"u\"", Some("password")),
            ("host = \"m\"\npassword = \"p\"", Some("user")),
            ("host = \"m\"\nuser = \"u\"\npassword = { env = \"X\" }", None),
        ] {
            let config: SmtpConfig = toml::from_str(&format!("{from}{text}")).unwrap();
            assert_eq!(config.check().err().map(|(key, _)| key), key, "{text}");
        }
        assert!(toml::from_str::<SmtpConfig>("host = \"m\"").is_err());
        let config = |tls: &str| {
            toml::from_str::<SmtpConfig>(&format!("{from}host = \"m\"\ntls = \"{tls}\"")).unwrap()
        };
        assert_eq!(["starttls", "implicit", "none"].map(|tls| config(tls).port()), [587, 465, 25]);
    }
}
