//! HTTP for plugins: to granted addresses only, and to no address of the installation's own network unless that is granted.
//!
//! What a name leads to is judged where the connection is made, by the resolver itself: a name that leads elsewhere the second
//! time gains nothing. Redirects are followed here, one by one, each judged like a first call. It knows nothing of Lua.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{Client, Method, Url, redirect};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use super::rights::Rights;
use super::secrets::Secrets;

/// The longest that one call may take, redirects included.
pub(crate) const TIMEOUT_MAX: Duration = Duration::from_secs(10);
/// The largest answer.
pub(crate) const ANSWER_MAX: usize = 1024 * 1024;
/// The largest request.
const BODY_MAX: usize = 1024 * 1024;
/// Headers of a request, and characters of a value.
const HEADERS_MAX: usize = 32;
const HEADER_CHARS: usize = 4_096;
/// Redirects followed.
const REDIRECTS_MAX: usize = 3;

/// Looks a host's addresses up. A trait, so that a test can say what a name leads to.
pub trait Lookup: Send + Sync + 'static {
    /// The addresses of a name.
    fn lookup(&self, host: String) -> BoxFuture<'static, std::io::Result<Vec<IpAddr>>>;
}

/// The system's way.
#[derive(Debug)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup(&self, host: String) -> BoxFuture<'static, std::io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// A resolver that gives public addresses only.
struct Public(Arc<dyn Lookup>);

impl Resolve for Public {
    fn resolve(&self, name: Name) -> Resolving {
        let (lookup, host) = (Arc::clone(&self.0), name.as_str().to_owned());
        Box::pin(async move {
            let found = lookup.lookup(host.clone()).await?;
            // One bad address among good ones is a trick, not an accident.
            if let Some(bad) = found.iter().find(|ip| !is_public(**ip)) {
                return Err(private(&host, *bad).into());
            }
            Ok(Box::new(found.into_iter().map(|ip| SocketAddr::new(ip, 0))) as Addrs)
        })
    }
}

/// A resolver that gives any address.
struct Any(Arc<dyn Lookup>);

impl Resolve for Any {
    fn resolve(&self, name: Name) -> Resolving {
        let lookup = Arc::clone(&self.0);
        Box::pin(async move {
            let found = lookup.lookup(name.as_str().to_owned()).await?;
            Ok(Box::new(found.into_iter().map(|ip| SocketAddr::new(ip, 0))) as Addrs)
        })
    }
}

fn private(host: &str, ip: IpAddr) -> String {
    format!(
        "{host} leads to {ip}, an address of a private network; plugin.toml must ask for it ([capabilities] private_network = true)"
    )
}

/// Whether an address is one of the open network: everything that is set aside for something else is not.
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => public_v4(ip),
        IpAddr::V6(ip) => match (ip.to_ipv4_mapped(), ip.segments()) {
            (Some(inner), _) => public_v4(inner),
            // NAT64 and 6to4 carry an IPv4 address inside.
            (None, [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..]) => {
                public_v4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)))
            }
            (None, [first, second, ..]) => {
                // Global unicast is 2000::/3; of it, 2001::/23 and 2001:db8::/32 are set aside.
                first & 0xe000 == 0x2000
                    && !(first == 0x2001 && (second < 0x200 || second == 0xdb8))
                    && ip != Ipv6Addr::UNSPECIFIED
            }
        },
    }
}

fn public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let set_aside = matches!(
        (a, b, c),
        (0 | 10 | 127 | 224..=255, _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    );
    !set_aside
}

/// What a plugin asks for.
#[derive(Debug, Deserialize)]
pub(crate) struct Ask {
    method: String,
    url: String,
    #[serde(default)]
    headers: Map<String, Json>,
    #[serde(default)]
    query: Map<String, Json>,
    #[serde(default)]
    form: Option<Map<String, Json>>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    timeout: Option<String>,
}

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It may not, or makes no sense: the plugin's own mistake.
    Wrong(String),
    /// It did not work.
    Failed(String),
}

/// Two clients: for plugins that may call the installation's own network, and for those that may not.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    public: Client,
    any: Client,
}

impl Http {
    pub(crate) fn new(lookup: &Arc<dyn Lookup>) -> Result<Self, reqwest::Error> {
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            drop(rustls::crypto::ring::default_provider().install_default());
        }
        let client = || {
            Client::builder()
                .redirect(redirect::Policy::none())
                .retry(reqwest::retry::never())
                .no_proxy()
                // A connection that is kept was judged for another call, perhaps of another plugin.
                .pool_max_idle_per_host(0)
        };
        Ok(Self {
            public: client().dns_resolver(Arc::new(Public(Arc::clone(lookup)))).build()?,
            any: client().dns_resolver(Arc::new(Any(Arc::clone(lookup)))).build()?,
        })
    }

    /// Calls, within its time.
    pub(crate) async fn call(
        &self,
        ask: Ask,
        rights: &Rights,
        settings: &Map<String, Json>,
        secrets: &Secrets,
    ) -> Result<Json, Refused> {
        let timeout = match &ask.timeout {
            None => TIMEOUT_MAX,
            Some(text) => {
                let span = crate::domain::Span::from_str(text)
                    .map_err(|error| Refused::Wrong(format!("timeout: {error}")))?;
                Duration::from_millis(u64::try_from(span.0).unwrap_or(0)).min(TIMEOUT_MAX)
            }
        };
        let talk = self.talk(ask, rights, settings, secrets);
        tokio::time::timeout(timeout, talk)
            .await
            .unwrap_or_else(|_| Err(Refused::Failed("no answer in time".to_owned())))
    }

    async fn talk(
        &self,
        ask: Ask,
        rights: &Rights,
        settings: &Map<String, Json>,
        secrets: &Secrets,
    ) -> Result<Json, Refused> {
        let wrong = |what: &str| Refused::Wrong(what.to_owned());
        let mut url = Url::parse(&ask.url)
            .map_err(|error| Refused::Wrong(format!("{:?} is no address: {error}", ask.url)))?;
        for (name, value) in &ask.query {
            url.query_pairs_mut().append_pair(name, &plain(value));
        }
        let mut method = Method::from_str(&ask.method).map_err(|_| wrong("no such method"))?;
        let headers = headers(&ask, secrets)?;
        let mut body = match (&ask.form, ask.body) {
            (Some(form), _) => Some(encode_form(form)),
            (None, body) => body,
        };
        if body.as_ref().is_some_and(|body| body.len() > BODY_MAX) {
            return Err(Refused::Wrong(format!("a request has at most {BODY_MAX} bytes")));
        }
        if secrets.stands_in(url.as_str()) || body.as_deref().is_some_and(|body| secrets.stands_in(body)) {
            return Err(wrong("a secret goes into a header only: addresses and bodies end up in logs"));
        }
        let first = url.origin();
        for _ in 0..=REDIRECTS_MAX {
            Self::may(&url, rights, settings)?;
            let client = if rights.private_network { &self.any } else { &self.public };
            let mut request = client.request(method.clone(), url.clone());
            // A secret was meant for who was called, not for who it sends us to.
            if url.origin() == first {
                request = request.headers(headers.clone());
            }
            if let Some(body) = &body {
                request = request.body(body.clone());
            }
            let response = request.send().await.map_err(|error| failed(&error))?;
            let status = response.status();
            let next = response.headers().get(LOCATION).filter(|_| status.is_redirection());
            let Some(next) = next.and_then(|next| next.to_str().ok()) else {
                return read(response, secrets).await;
            };
            url = url
                .join(next)
                .map_err(|_| Refused::Failed("it redirects to what is no address".to_owned()))?;
            if !matches!(status.as_u16(), 307 | 308) {
                (method, body) = (Method::GET, None);
            }
        }
        Err(Refused::Failed(format!("more than {REDIRECTS_MAX} redirects")))
    }

    /// Whether an address may be called: it is granted, and (written as a number) no private one.
    fn may(url: &Url, rights: &Rights, settings: &Map<String, Json>) -> Result<(), Refused> {
        let host = url.host_str().unwrap_or_default();
        if !rights.may_call(url, settings) {
            let shown = format!("{}://{host}{}", url.scheme(), url.path());
            return Err(Refused::Wrong(format!(
                "{shown} is not granted; plugin.toml must ask for it ([capabilities] http = [\"…\"])"
            )));
        }
        let number = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok();
        match number.filter(|ip| !rights.private_network && !is_public(*ip)) {
            Some(ip) => Err(Refused::Wrong(private(host, ip))),
            None => Ok(()),
        }
    }
}

fn plain(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn encode_form(form: &Map<String, Json>) -> String {
    // The encoder of a query is that of a form.
    let Ok(mut url) = Url::parse("http://form/") else { return String::new() };
    url.query_pairs_mut().extend_pairs(form.iter().map(|(name, value)| (name, plain(value))));
    url.query().unwrap_or_default().to_owned()
}

fn headers(ask: &Ask, secrets: &Secrets) -> Result<HeaderMap, Refused> {
    let wrong = |what: String| Refused::Wrong(what);
    if ask.headers.len() > HEADERS_MAX {
        return Err(wrong(format!("at most {HEADERS_MAX} headers")));
    }
    let mut headers = HeaderMap::new();
    let kind =
        if ask.form.is_some() { Some("application/x-www-form-urlencoded") } else { ask.kind.as_deref() };
    if let Some(kind) = kind.and_then(|kind| HeaderValue::from_str(kind).ok()) {
        headers.insert(CONTENT_TYPE, kind);
    }
    for (name, value) in &ask.headers {
        let key = HeaderName::from_str(name).map_err(|_| wrong(format!("{name:?} is no header")))?;
        if matches!(key.as_str(), "host" | "content-length" | "transfer-encoding" | "connection") {
            return Err(wrong(format!("the header {name} is the host's business")));
        }
        let value = secrets.fill(&plain(value));
        let fits = value.len() <= HEADER_CHARS;
        let value = HeaderValue::from_str(&value).ok().filter(|_| fits);
        headers.insert(key, value.ok_or_else(|| wrong(format!("the value of {name} can't be a header's")))?);
    }
    Ok(headers)
}

/// What went wrong, in words that hold no address's query and no secret.
fn failed(error: &reqwest::Error) -> Refused {
    let mut cause = std::error::Error::source(error);
    let mut words = "it can't be reached".to_owned();
    while let Some(inner) = cause {
        let text = inner.to_string();
        if text.contains("private network") {
            return Refused::Wrong(text);
        }
        words = text;
        cause = inner.source();
    }
    Refused::Failed(words)
}

async fn read(mut response: reqwest::Response, secrets: &Secrets) -> Result<Json, Refused> {
    let status = response.status().as_u16();
    let headers: Map<String, Json> = response
        .headers()
        .iter()
        .filter_map(|(name, value)| {
            Some((name.to_string(), json!(secrets.redact(value.to_str().ok()?.to_owned()))))
        })
        .collect();
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failed(&error))? {
        if body.len() + chunk.len() > ANSWER_MAX {
            return Err(Refused::Failed(format!("the answer has more than {ANSWER_MAX} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    let body = secrets.redact(String::from_utf8_lossy(&body).into_owned());
    Ok(json!({ "status": status, "headers": headers, "body": body }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_open_network_is_what_is_not_set_aside() {
        for (text, public) in [
            ("8.8.8.8", true),
            ("127.0.0.1", false),
            ("10.1.2.3", false),
            ("172.31.0.1", false),
            ("172.32.0.1", true),
            ("192.168.1.1", false),
            ("169.254.169.254", false),
            ("100.64.0.1", false),
            ("0.0.0.0", false),
            ("255.255.255.255", false),
            ("::1", false),
            ("::", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:8.8.8.8", true),
            ("64:ff9b::7f00:1", false),
            ("2002:7f00:1::", false),
            ("fe80::1", false),
            ("fc00::1", false),
            ("2001:db8::1", false),
            ("2606:4700::1111", true),
        ] {
            assert_eq!(is_public(text.parse().unwrap()), public, "{text}");
        }
    }
}
