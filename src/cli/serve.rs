//! `guichet serve`: puts the rooms together, opens the address, and goes down in order.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Args;
use tokio::net::TcpListener;

use super::{Place, say, tokio_runtime};
use crate::channel::chat::{Chat, Look, Settings as ChatSettings, Words};
use crate::channel::whatsapp::{Settings as WhatsAppSettings, WhatsApp};
use crate::clock::Clock;
use crate::config::{
    AccountConfig, ChannelConfig, ChatConfig, Config, LogFormat, PluginConfig, SecretSource, SmtpConfig,
    TranslationConfig, WhichNotice, WordsConfig,
};
use crate::domain::{Conversions, SkillId, Span};
use crate::engine::TranslationRules;
use crate::lua::Host;
use crate::mail::{Smtp, SmtpSettings};
use crate::plugin;
use crate::port::{Connector, Mailer, Translator};
use crate::runtime::{Desk, Ended, Media, Parts};
use crate::server::{self, Options};
use crate::simulator::{Account, Settings as SimulatorSettings, Simulator};
use crate::telemetry::{Metrics, log_to_stderr};
use crate::translate::{LibreTranslate, LibreTranslateSettings};

mod demo;

/// Where the simulator is mounted, and the version it answers under.
const SIMULATOR_GRAPH: &str = "/sim/graph/v23.0";

#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    place: Place,
    /// The address to listen on (instead of the configuration's `listen`).
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Complete for a try: demo people, the simulator with its phone, a clock that can be moved. Loopback only.
    #[arg(long)]
    demo: bool,
}

pub(super) fn run(serve: Serve) -> anyhow::Result<ExitCode> {
    let mut config = serve.place.read()?;
    if let Some(listen) = serve.listen {
        config.listen = listen;
    }
    log_to_stderr(&config.log, config.log_format == LogFormat::Json).map_err(anyhow::Error::msg)?;
    tokio_runtime()?.block_on(serve_until_told(config, serve.demo))
}

async fn serve_until_told(config: Config, demo: bool) -> anyhow::Result<ExitCode> {
    let listener = TcpListener::bind(&config.listen)
        .await
        .with_context(|| format!("listen = {:?}: is another server on this address?", config.listen))?;
    let address = listener.local_addr()?;
    if demo && !address.ip().is_loopback() {
        bail!(
            "--demo has public logins, so it listens on loopback only; use --listen 127.0.0.1:{}",
            address.port()
        );
    }
    let clock = Arc::new(Clock::default());
    let channels = channels(&config, demo, address);
    let simulator = if demo { Some(simulator(&channels, &clock, &config, address)?) } else { None };
    let plugins = plugins(&config)?;
    let desk = start_desk(&config, &channels, &clock, demo, &plugins).await?;
    if demo {
        demo::make_people(&desk).await?;
    }
    desk.watch_scripts(&config.scripts);
    plugins.start(desk.clone()).await.context("plugins")?;

    let base = format!("http://{address}");
    let options = Options {
        address,
        public_url: config.public_url.clone(),
        frame_ancestors: config.frame_ancestors.clone(),
        trusted_proxies: config.trusted_proxies.clone(),
        unavailable_reasons: config.unavailable_reasons.clone(),
        plugins: Some(Arc::clone(&plugins)),
        reporting: reporting(&config),
        simulator: simulator.as_ref().map(Simulator::mount),
    };
    let server = server::start(listener, desk.clone(), options);
    // The simulator answers on the same address, so templates are read only now.
    desk.refresh_templates();
    say(&format!("listening on {base}"));
    if demo {
        demo::tell(&base, &channels);
    }
    let told = tokio::select! {
        () = asked_to_stop() => None,
        end = desk.until_ended() => Some(end),
    };
    server.shut_down().await;
    plugins.shut_down().await;
    let end = match told {
        Some(end) => end,
        None => desk.shut_down().await,
    };
    match end {
        Ended::Orderly => Ok(ExitCode::SUCCESS),
        Ended::Failed(problem) => bail!("{problem}"),
    }
}

async fn start_desk(
    config: &Config,
    channels: &[ChannelConfig],
    clock: &Arc<Clock>,
    demo: bool,
    plugins: &Arc<plugin::Host>,
) -> anyhow::Result<Desk> {
    let place = config.database_place();
    let store =
        crate::store::open(&config.database_url()).await.with_context(|| format!("database {place}"))?;
    store.acquire().await.with_context(|| format!("database {place}"))?;
    let metrics = Arc::new(Metrics::default());
    let scripts = super::scripts::start_host(&config.scripts, &metrics)?;
    let connectors = channels.iter().map(connector).collect::<anyhow::Result<Vec<_>>>()?;
    let mailer = config.smtp.as_ref().map(mailer).transpose()?;
    let translator = config.translation.as_ref().map(|config| translator(config, plugins)).transpose()?;
    let default_skill = match (&config.default_skill, demo) {
        (Some(skill), _) => skill.parse::<SkillId>().ok(),
        (None, true) => demo::DEFAULT_SKILL.parse().ok(),
        (None, false) => None,
    };
    let policy: Arc<Host> = Arc::clone(&scripts.host);
    let desk = crate::runtime::start(Parts {
        store,
        policy,
        scripts: Some(Arc::clone(&scripts.host)),
        connectors,
        mailer,
        cards: plugins.cards(),
        conversions: Conversions::default().with(config.convert.clone()),
        translator,
        media: Media::open(&config.data.join("media")).context("the folder for files")?,
        clock: Arc::clone(clock),
        default_skill,
        retention: super::retention(config),
        metrics,
    })
    .await?;
    scripts.announce(&desk);
    Ok(desk)
}

fn reporting(config: &Config) -> server::Reporting {
    let usual = server::Reporting::default();
    server::Reporting {
        // The configuration was checked; a name nobody knows would have been refused.
        time_zone: jiff::tz::TimeZone::get(&config.report.time_zone).unwrap_or(usual.time_zone),
        accept_within: Span::seconds(config.report.accept_seconds.into()),
    }
}

/// The configured channels; for the demo, its own if none is configured.
fn channels(config: &Config, demo: bool, address: SocketAddr) -> Vec<ChannelConfig> {
    if demo && config.channel.is_empty() {
        vec![demo::number(format!("http://{address}{SIMULATOR_GRAPH}")), demo::chat(address)]
    } else {
        config.channel.clone()
    }
}

fn mailer(smtp: &SmtpConfig) -> anyhow::Result<Arc<dyn Mailer>> {
    let password = smtp.password.as_ref().map(SecretSource::read).transpose();
    let password =
        password.map_err(|problem| anyhow::anyhow!("configuration key smtp.password: {problem}"))?;
    let mailer = Smtp::new(SmtpSettings {
        host: smtp.host.clone(),
        port: smtp.port(),
        tls: smtp.tls,
        login: smtp.user.clone().zip(password),
        from: smtp.from.clone(),
    })?;
    Ok(Arc::new(mailer))
}

/// The host of plugins, with their secrets.
fn plugins(config: &Config) -> anyhow::Result<Arc<plugin::Host>> {
    let read = |(name, plugin): (&String, &PluginConfig)| match plugin.read() {
        Ok(secrets) => Ok((name.clone(), secrets)),
        Err(problem) => Err(anyhow::anyhow!("configuration key plugin.{name}.{problem}")),
    };
    let secrets = config.plugin.iter().map(read).collect::<anyhow::Result<_>>()?;
    Ok(plugin::Host::new(plugin::Settings {
        folder: config.plugins.clone(),
        secrets,
        lookup: Arc::new(plugin::SystemLookup),
    }))
}

fn translator(
    config: &TranslationConfig,
    plugins: &Arc<plugin::Host>,
) -> anyhow::Result<(Arc<dyn Translator>, TranslationRules)> {
    let rules = TranslationRules {
        text_max: config.text_max,
        notice_each: config.notice == WhichNotice::Each,
        notices: config.all_notices(),
    };
    if let Some(name) = config.plugin.as_ref().filter(|_| config.kind == "plugin") {
        return Ok((plugins.translator(name), rules));
    }
    let api_key = config.api_key.as_ref().map(SecretSource::read).transpose();
    let api_key =
        api_key.map_err(|problem| anyhow::anyhow!("configuration key translation.api_key: {problem}"))?;
    let translator = LibreTranslate::new(LibreTranslateSettings {
        url: config.url.clone(),
        api_key,
        timeout: std::time::Duration::from_secs(config.timeout_seconds),
    })?;
    Ok((Arc::new(translator), rules))
}

fn connector(channel: &ChannelConfig) -> anyhow::Result<Arc<dyn Connector>> {
    let secret = |source: &SecretSource, key: &str| {
        source.read().map_err(|problem| anyhow::anyhow!("channel {:?}: {key}: {problem}", channel.id))
    };
    let number = match &channel.account {
        AccountConfig::Whatsapp(number) => number,
        AccountConfig::Chat(chat) => return chat_connector(channel, chat),
    };
    let connector = WhatsApp::new(WhatsAppSettings {
        channel_id: channel.id.parse()?,
        phone_number_id: number.phone_number_id.clone(),
        business_account_id: number.business_account_id.clone(),
        graph_url: number.graph_url.clone(),
        access_token: secret(&number.access_token, "access_token")?,
        app_secret: secret(&number.app_secret, "app_secret")?,
        verify_token: secret(&number.verify_token, "verify_token")?,
        require_template_for_first_reply: number.require_template_for_first_reply,
        messages_per_second: number.messages_per_second,
    })?;
    Ok(Arc::new(connector))
}

fn chat_connector(channel: &ChannelConfig, chat: &ChatConfig) -> anyhow::Result<Arc<dyn Connector>> {
    let identity_secret = chat.identity_secret.as_ref().map(|source| {
        source
            .read()
            .map_err(|problem| anyhow::anyhow!("channel {:?}: identity_secret: {problem}", channel.id))
    });
    let usual = Look::default();
    let words = |given: &Option<WordsConfig>, usual: Words| {
        given.as_ref().map_or(usual, |words| Words { fr: words.fr.clone(), en: words.en.clone() })
    };
    let connector = Chat::new(ChatSettings {
        channel_id: channel.id.parse()?,
        origins: chat.origins.clone(),
        look: Look {
            title: words(&chat.title, usual.title),
            greeting: words(&chat.greeting, usual.greeting),
            accent: chat.accent.clone().unwrap_or(usual.accent),
        },
        identity_secret: identity_secret.transpose()?,
        text_max: chat.text_max,
        file_max: chat.file_max_bytes,
        file_types: chat.file_types.clone(),
        messages_per_minute: chat.messages_per_minute,
        sockets_per_address: chat.sockets_per_address,
    })?;
    Ok(Arc::new(connector))
}

/// The look-alike serves every channel whose `graph_url` points at it.
fn simulator(
    channels: &[ChannelConfig],
    clock: &Arc<Clock>,
    config: &Config,
    address: SocketAddr,
) -> anyhow::Result<Arc<Simulator>> {
    let base = config.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
    let mut accounts = Vec::new();
    for channel in channels {
        let AccountConfig::Whatsapp(number) = &channel.account else { continue };
        if !number.graph_url.contains("/sim/graph") {
            continue;
        }
        let read = |source: &SecretSource| {
            source.read().map(|secret| secret.expose().to_owned()).map_err(anyhow::Error::msg)
        };
        accounts.push(Account {
            channel_id: channel.id.clone(),
            phone_number_id: number.phone_number_id.clone(),
            business_account_id: number.business_account_id.clone(),
            display_phone_number: "+33 1 84 80 00 00".into(),
            access_token: read(&number.access_token)?,
            app_secret: read(&number.app_secret)?,
            verify_token: read(&number.verify_token)?,
            webhook_url: format!("{}/webhooks/{}", base.trim_end_matches('/'), channel.id),
        });
    }
    let (now, advance) = (Arc::clone(clock), Arc::clone(clock));
    Ok(Simulator::new(SimulatorSettings {
        accounts,
        now: Arc::new(move || now.now().0),
        advance: Arc::new(move |milliseconds| advance.advance(Span(milliseconds))),
    }))
}

/// Waits for Ctrl-C, or SIGTERM where there are signals.
async fn asked_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(mut terminate) = signal(SignalKind::terminate()) else {
            let _interrupted = tokio::signal::ctrl_c().await;
            return;
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _interrupted = tokio::signal::ctrl_c() => {}
        }
    }
    #[cfg(not(unix))]
    {
        let _interrupted = tokio::signal::ctrl_c().await;
    }
}
