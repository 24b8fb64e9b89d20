//! `admin.plugins.*` and the addresses at which plugins are called from outside. What a plugin is and may, the plugin room knows.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, Method as HttpMethod, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::value::RawValue;

use super::app::App;
use super::dispatch::invalid;
use super::reply::Failure;
use super::wire::script_error;
use crate::domain::AgentId;
use crate::engine::{Refusal, RefusalKind};
use crate::plugin::{Host, PluginError, Setting, SettingKind, Shown, WebhookAsk};
use crate::protocol::params::{ConfigurePlugin, GrantPlugin, OfPlugin};
use crate::protocol::{self, ErrorShape, Moment, OnePlugin, Plugin, PluginSetting, Plugins};

/// Longest body of a call from outside.
pub(crate) const BODY_MAX: usize = 256 * 1024;

/// What an administrator asks about plugins.
pub(crate) enum Ask {
    List { reload: bool },
    Grant(GrantPlugin),
    Revoke(OfPlugin),
    Configure(ConfigurePlugin),
    Resume(OfPlugin),
}

type Frame = Result<String, ErrorShape<'static>>;

fn host(app: &App) -> Result<&Arc<Host>, Refusal> {
    let missing = || Refusal::new(RefusalKind::Unsupported, "this installation runs no plugins");
    app.options.plugins.as_ref().ok_or_else(missing)
}

fn refused(error: &PluginError) -> ErrorShape<'static> {
    let kind = match error {
        PluginError::Unknown(_) => RefusalKind::NotFound,
        PluginError::Invalid(_) => RefusalKind::Invalid,
        PluginError::Unavailable(_) => RefusalKind::Unavailable,
    };
    Refusal::new(kind, error.to_string()).into()
}

/// Answers one of them. That the caller may was looked at before.
pub(crate) async fn answer(app: &App, id: &RawValue, by: AgentId, ask: Ask) -> Frame {
    let host = host(app)?;
    let done = match ask {
        Ask::List { reload } => {
            if reload {
                host.reload().await;
            }
            let all = host.list().await;
            return Ok(protocol::answer(id, Plugins { plugins: all.iter().map(plugin).collect() }));
        }
        Ask::Grant(GrantPlugin { plugin, capabilities }) => {
            host.grant(&plugin, &capabilities, &by.to_string()).await
        }
        Ask::Revoke(OfPlugin { plugin }) => host.revoke(&plugin).await,
        Ask::Configure(ConfigurePlugin { plugin, settings }) => host.configure(&plugin, settings).await,
        Ask::Resume(OfPlugin { plugin }) => host.resume(&plugin).await,
    };
    let shown = done.map_err(|error| refused(&error))?;
    Ok(protocol::answer(id, OnePlugin { plugin: plugin(&shown) }))
}

fn plugin(it: &Shown) -> Plugin<'_> {
    let manifest = it.manifest.as_ref();
    let settings = manifest.iter().flat_map(|manifest| &manifest.settings);
    Plugin {
        name: &it.name,
        version: manifest.map(|manifest| manifest.version.as_str()),
        summary: manifest.map(|manifest| manifest.summary.as_str()),
        state: it.state.as_str(),
        running: it.running,
        asks: &it.asks,
        granted: &it.granted,
        missing: &it.missing,
        granted_by: &it.granted_by,
        granted_at: it.granted_at.map(Moment),
        settings_schema: settings.filter(|it| it.kind != SettingKind::Secret).map(setting).collect(),
        settings: &it.settings,
        secrets: &it.secrets,
        errors: it.errors.iter().map(script_error).collect(),
        generation: it.generation,
        behind: it.behind,
        handled: it.handled,
        failed: it.failed,
        kept_bytes: it.kept,
    }
}

fn setting(it: &Setting) -> PluginSetting<'_> {
    PluginSetting {
        key: &it.key,
        kind: it.kind.as_str(),
        label: &it.label,
        default: it.default_json(),
        choices: &it.choices,
    }
}

/// Names that a grant lists must be texts of a sane length.
pub(crate) fn check(grant: &GrantPlugin) -> Result<(), ErrorShape<'static>> {
    if grant.capabilities.len() > 200 || grant.capabilities.iter().any(|line| line.len() > 2_000) {
        return Err(invalid("capabilities", "At most 200 capabilities of 2,000 bytes".into()));
    }
    Ok(())
}

/// A call from outside: the plugin answers, or 503 says that it may be tried again.
pub(crate) async fn webhook(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    method: HttpMethod,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let unknown = || Failure::new(StatusCode::NOT_FOUND, "No plugin has this address");
    let host = app.options.plugins.as_ref().ok_or_else(unknown)?;
    let body = String::from_utf8(body.to_vec())
        .map_err(|_| Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "The body is not UTF-8"))?;
    // What opens our own doors is nobody else's to read.
    let headers = headers
        .iter()
        .filter(|(name, _)| *name != header::COOKIE)
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())));
    let ask = WebhookAsk {
        method: method.as_str().to_owned(),
        query: query.unwrap_or_default(),
        headers: headers.collect(),
        body,
    };
    let answer = host.webhook(&name, ask).await.map_err(|error| {
        tracing::warn!(plugin = name, %error, "a webhook of a plugin was not answered");
        Failure::new(StatusCode::SERVICE_UNAVAILABLE, "The plugin can't answer; try again")
    })?;
    let status = StatusCode::from_u16(answer.status).ok().filter(|status| !status.is_informational());
    let kind = HeaderValue::from_str(&answer.content_type).ok();
    let (Some(status), Some(kind)) = (status, kind) else {
        return Err(Failure::new(StatusCode::BAD_GATEWAY, "The plugin's answer makes no sense"));
    };
    // A page from a plugin must not act as one of ours.
    let sandbox = (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'"));
    Ok((status, [(header::CONTENT_TYPE, kind), sandbox], answer.body).into_response())
}
