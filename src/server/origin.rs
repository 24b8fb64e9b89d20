//! Which pages may use an agent's cookie: an exact list of origins, and the cookie's own rules.

use std::net::SocketAddr;

use axum::http::HeaderMap;
use axum::http::header;

/// Origins that may use a cookie, and the cookie's name.
#[derive(Debug)]
pub(crate) struct Origins {
    allowed: Vec<String>,
    secure: bool,
    framed: bool,
}

/// What a request's `Origin` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// One of ours.
    Ours,
    /// Somebody else's.
    Foreign,
    /// None is given.
    Absent,
}

impl Origins {
    pub(crate) fn new(public_url: Option<&str>, address: SocketAddr) -> Self {
        let mut allowed: Vec<String> = public_url.map(origin_of).into_iter().collect();
        let port = address.port();
        if address.ip().is_loopback() || address.ip().is_unspecified() {
            allowed.extend(["localhost", "127.0.0.1", "[::1]"].map(|host| format!("http://{host}:{port}")));
        }
        if !address.ip().is_unspecified() {
            allowed.push(format!("http://{address}"));
        }
        if port == 80 {
            let without_port: Vec<String> =
                allowed.iter().filter_map(|origin| origin.strip_suffix(":80").map(str::to_owned)).collect();
            allowed.extend(without_port);
        }
        Self { allowed, secure: public_url.is_some_and(|url| url.starts_with("https://")), framed: false }
    }

    /// Whether pages of other sites may frame the console: then its cookie must come along there, kept apart for each of them.
    pub(crate) fn framed(self, framed: bool) -> Self {
        Self { framed, ..self }
    }

    pub(crate) fn of(&self, headers: &HeaderMap) -> Origin {
        let mut given = headers.get_all(header::ORIGIN).iter();
        match (given.next(), given.next()) {
            (None, _) => Origin::Absent,
            (Some(one), None) if one.to_str().is_ok_and(|text| self.allowed.iter().any(|a| a == text)) => {
                Origin::Ours
            }
            (Some(_), _) => Origin::Foreign,
        }
    }

    /// The session cookie's name. With TLS its prefix makes browsers hold it to this host.
    pub(crate) fn cookie_name(&self) -> &'static str {
        if self.secure { "__Host-guichet_session" } else { "guichet_session" }
    }

    /// The header that sets the cookie, or, with a lifetime of 0, removes it.
    pub(crate) fn set_cookie(&self, secret: &str, seconds: i64) -> String {
        let same_site = match (self.secure, self.framed) {
            (false, _) => "SameSite=Lax",
            (true, false) => "SameSite=Lax; Secure",
            // What acts needs our own Origin all the same.
            (true, true) => "SameSite=None; Secure; Partitioned",
        };
        format!("{}={secret}; Path=/; HttpOnly; Max-Age={seconds}; {same_site}", self.cookie_name())
    }

    /// The cookie's value.
    pub(crate) fn cookie<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        all.flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, _)| *name == self.cookie_name())
            .map(|(_, value)| value)
    }
}

/// Scheme, host and port of an address.
fn origin_of(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let default_port = if scheme == "https" { ":443" } else { ":80" };
    let authority = authority.strip_suffix(default_port).unwrap_or(authority);
    format!("{scheme}://{authority}").to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(public_url: Option<&str>, listen: &str, given: &[&str]) -> Origin {
        let mut headers = HeaderMap::new();
        for value in given {
            headers.append(header::ORIGIN, value.parse().unwrap());
        }
        Origins::new(public_url, listen.parse().unwrap()).of(&headers)
    }

    #[test]
    fn only_exact_origins_are_ours() {
        let public = Some("https://Desk.example.com:443/console/");
        for (listen, given, expected) in [
            ("127.0.0.1:8080", &["https://desk.example.com"][..], Origin::Ours),
            ("127.0.0.1:8080", &["http://localhost:8080"], Origin::Ours),
            ("127.0.0.1:8080", &["http://127.0.0.1:8080"], Origin::Ours),
            ("0.0.0.0:8080", &["http://127.0.0.1:8080"], Origin::Ours),
            ("10.0.0.1:80", &["http://10.0.0.1"], Origin::Ours),
            ("10.0.0.1:80", &["http://localhost"], Origin::Foreign),
            ("127.0.0.1:8080", &["http://localhost:8081"], Origin::Foreign),
            ("127.0.0.1:8080", &["http://desk.example.com"], Origin::Foreign),
            ("127.0.0.1:8080", &["https://desk.example.com.evil.example"], Origin::Foreign),
            ("127.0.0.1:8080", &["https://evil.example"], Origin::Foreign),
            ("127.0.0.1:8080", &["null"], Origin::Foreign),
            ("127.0.0.1:8080", &["https://desk.example.com", "https://evil.example"], Origin::Foreign),
            ("127.0.0.1:8080", &[], Origin::Absent),
        ] {
            assert_eq!(origin(public, listen, given), expected, "{listen} {given:?}");
        }
    }

    #[test]
    fn the_cookie_is_held_to_the_host_where_there_is_tls() {
        let listen = "127.0.0.1:8080".parse().unwrap();
        let plain = Origins::new(None, listen);
        assert_eq!(plain.set_cookie("x", 5), "guichet_session=x; Path=/; HttpOnly; Max-Age=5; SameSite=Lax");
        let tls = Origins::new(Some("https://desk.example.com"), listen);
        assert!(tls.set_cookie("x", 5).starts_with("__Host-guichet_session=x; Path=/; HttpOnly"));
        assert!(tls.set_cookie("x", 5).ends_with("; SameSite=Lax; Secure"));
        let framed = tls.framed(true).set_cookie("x", 5);
        assert!(framed.ends_with("; SameSite=None; Secure; Partitioned"), "{framed}");
        let tls = Origins::new(Some("https://desk.example.com"), listen);
        assert!(!plain.set_cookie("x", 5).contains("Secure"));
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, "a=b; guichet_session=plain".parse().unwrap());
        headers.append(header::COOKIE, "__Host-guichet_session=tls".parse().unwrap());
        assert_eq!((plain.cookie(&headers), tls.cookie(&headers)), (Some("plain"), Some("tls")));
    }
}
