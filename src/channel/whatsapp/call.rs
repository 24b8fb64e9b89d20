//! One request to the Graph API and its answer: addresses, token, timeouts and limits. It must not know what is asked.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{Client, ClientBuilder, Method, RequestBuilder, Response, Url};

use super::{Settings, SetupError};
use crate::domain::Span;

/// Until a connection stands, with name and certificate.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Until the whole answer is here.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// The same for files, which may have 100 MB.
const FILE_TIMEOUT: Duration = Duration::from_mins(5);
/// How long a connection waits for the next request. Short of what servers allow (a minute or more), so that a request
/// is rarely written into one that is being closed, which would leave its message's fate unknown.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);
/// Connections that wait.
const IDLE_MAX: usize = 64;
/// The largest answer that is not a file. A page of 100 templates has some 200 KB.
const ANSWER_MAX: usize = 4 * 1024 * 1024;
/// Longest wait that a provider may ask for.
const RETRY_AFTER_MAX: i64 = 3_600;
/// Where Meta keeps files; the token goes nowhere else.
const FILE_HOSTS: [&str; 3] = [".fbsbx.com", ".facebook.com", ".whatsapp.net"];

/// What was answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after: Option<Span>,
    /// Empty where it could not be read to its end.
    pub(super) body: Bytes,
}

/// Why there is no answer. Texts without addresses: those name accounts and files.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Not a byte of the request was sent.
    NotSent(String),
    /// It may have arrived.
    Unanswered(String),
}

/// The way to the Graph API for one number.
#[derive(Debug)]
pub(super) struct Graph {
    http: Client,
    base: Url,
    messages: Url,
    media: Url,
    templates: Url,
    bearer: HeaderValue,
    pub(super) phone_number_id: String,
}

impl Graph {
    pub(super) fn new(settings: &Settings) -> Result<Self, SetupError> {
        let wrong = |key, problem: &str| SetupError::Setting {
            channel_id: settings.channel_id.clone(),
            key,
            problem: problem.into(),
        };
        let base = Url::parse(&settings.graph_url)
            .ok()
            .filter(|url| matches!(url.scheme(), "https" | "http") && url.query().is_none())
            .ok_or_else(|| wrong("graph_url", "is no address such as https://graph.facebook.com/v23.0"))?;
        for (key, id) in [
            ("phone_number_id", &settings.phone_number_id),
            ("business_account_id", &settings.business_account_id),
        ] {
            if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                return Err(wrong(key, "is no id: expected digits, as WhatsApp Manager shows them"));
            }
        }
        let token = settings.access_token.expose();
        let mut bearer = HeaderValue::from_str(&format!("Bearer {token}"))
            .ok()
            .filter(|_| !token.is_empty())
            .ok_or_else(|| wrong("access_token", "is empty or has characters that no token has"))?;
        bearer.set_sensitive(true);
        let http = client(base.scheme() == "https", ANSWER_TIMEOUT).map_err(|problem| SetupError::Tls {
            channel_id: settings.channel_id.clone(),
            problem: problem.to_string(),
        })?;
        Ok(Self {
            http,
            messages: under(&base, &[&settings.phone_number_id, "messages"]),
            media: under(&base, &[&settings.phone_number_id, "media"]),
            templates: under(&base, &[&settings.business_account_id, "message_templates"]),
            base,
            bearer,
            phone_number_id: settings.phone_number_id.clone(),
        })
    }

    /// Posts to the number's messages.
    pub(super) async fn post(&self, body: Vec<u8>) -> Result<Answer, Trouble> {
        let request = self.request(Method::POST, self.messages.clone());
        ask(request.header(CONTENT_TYPE, HeaderValue::from_static("application/json")).body(body)).await
    }

    /// Uploads a file.
    pub(super) async fn upload(&self, form: reqwest::multipart::Form) -> Result<Answer, Trouble> {
        ask(self.request(Method::POST, self.media.clone()).timeout(FILE_TIMEOUT).multipart(form)).await
    }

    /// Asks where a file is.
    pub(super) async fn file(&self, provider_media_id: &str) -> Result<Answer, Trouble> {
        let mut url = under(&self.base, &[provider_media_id]);
        url.query_pairs_mut().append_pair("phone_number_id", &self.phone_number_id);
        ask(self.request(Method::GET, url)).await
    }

    /// Reads a page of templates.
    pub(super) async fn template_page(&self, after: Option<&str>) -> Result<Answer, Trouble> {
        let mut url = self.templates.clone();
        url.query_pairs_mut()
            .append_pair("fields", "name,language,status,category,parameter_format,components")
            .append_pair("limit", "100");
        if let Some(after) = after {
            url.query_pairs_mut().append_pair("after", after);
        }
        ask(self.request(Method::GET, url)).await
    }

    /// Starts reading a file. The token goes only to where Meta keeps files, or where the Graph API itself is.
    pub(super) async fn download(&self, address: &str) -> Result<Response, Trouble> {
        let url = Url::parse(address).ok().filter(|url| self.may_know_the_token(url));
        let url =
            url.ok_or_else(|| Trouble::NotSent("the file is not at one of WhatsApp's addresses".into()))?;
        self.request(Method::GET, url).timeout(FILE_TIMEOUT).send().await.map_err(|error| trouble(&error))
    }

    fn may_know_the_token(&self, url: &Url) -> bool {
        let of_meta = url.scheme() == "https"
            && url.host_str().is_some_and(|host| FILE_HOSTS.iter().any(|end| host.ends_with(end)));
        of_meta || url.origin() == self.base.origin()
    }

    fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.http.request(method, url).header(AUTHORIZATION, self.bearer.clone())
    }
}

/// No redirects (a POST must not wander), no proxy from the environment, no second try behind our back.
fn client(secure: bool, answer_timeout: Duration) -> reqwest::Result<Client> {
    let builder: ClientBuilder = Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(answer_timeout)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(IDLE_MAX)
        .tcp_nodelay(true)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy();
    // Unless somebody has chosen one for the whole process.
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        drop(rustls::crypto::ring::default_provider().install_default());
    }
    if secure {
        return builder.build();
    }
    // A simulator or a test on this machine: no certificates need to be there.
    builder.tls_certs_only([]).build()
}

fn under(base: &Url, names: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(names);
    }
    url
}

async fn ask(request: RequestBuilder) -> Result<Answer, Trouble> {
    let response = request.send().await.map_err(|error| trouble(&error))?;
    let status = response.status().as_u16();
    let retry_after = retry_after(response.headers().get(RETRY_AFTER));
    match read(response, ANSWER_MAX).await {
        Some(body) => Ok(Answer { status, retry_after, body }),
        // The status of a refusal counts by itself; a success without its text tells nothing.
        None if status >= 300 => Ok(Answer { status, retry_after, body: Bytes::new() }),
        None => Err(Trouble::Unanswered("the answer broke off or was too long".into())),
    }
}

fn retry_after(header: Option<&HeaderValue>) -> Option<Span> {
    let seconds: i64 = header?.to_str().ok()?.trim().parse().ok()?;
    (seconds >= 0).then(|| Span::seconds(seconds.min(RETRY_AFTER_MAX)))
}

fn trouble(error: &reqwest::Error) -> Trouble {
    if error.is_connect() || error.is_builder() {
        Trouble::NotSent("no connection to WhatsApp could be made".into())
    } else if error.is_timeout() {
        Trouble::Unanswered("WhatsApp did not answer in time".into())
    } else {
        Trouble::Unanswered("the connection to WhatsApp broke before it answered".into())
    }
}

/// The whole body, unless it is longer than `max` or breaks off.
pub(super) async fn read(mut response: Response, max: usize) -> Option<Bytes> {
    let first = response.chunk().await.ok()?.unwrap_or_default();
    if first.len() > max {
        return None;
    }
    let Some(second) = response.chunk().await.ok()? else { return Some(first) };
    let mut body = BytesMut::from(first);
    let mut next = Some(second);
    while let Some(chunk) = next {
        if body.len() + chunk.len() > max {
            return None;
        }
        body.extend_from_slice(&chunk);
        next = response.chunk().await.ok()?;
    }
    Some(body.freeze())
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn silence_ends_and_leaves_the_outcome_open() {
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", silent.local_addr().unwrap());
        let http = client(false, Duration::from_millis(100)).unwrap();
        let answer = ask(http.post(url).body("x")).await;
        assert!(matches!(answer, Err(Trouble::Unanswered(ref why)) if why.contains("in time")), "{answer:?}");
    }

    #[test]
    fn waiting_is_asked_for_in_seconds() {
        for (header, span) in
            [("7", Some(7)), (" 0 ", Some(0)), ("999999", Some(3_600)), ("-1", None), ("soon", None)]
        {
            let header = HeaderValue::from_str(header).unwrap();
            assert_eq!(retry_after(Some(&header)), span.map(Span::seconds));
        }
    }
}
