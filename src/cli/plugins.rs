//! `guichet plugin …`: make, look at, check and test plugins; grant and revoke what they ask for while the server is stopped.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};

use super::{Place, say, tokio_runtime};
use crate::clock::Clock;
use crate::config::Config;
use crate::plugin::{self, Bundle, Report};
use crate::port::{PluginRow, PluginRows, Store, StoreError};

#[derive(Debug, Subcommand)]
pub(super) enum PluginCommand {
    /// Makes a folder with a bot that works, to begin from.
    New(Named),
    /// Lists plugins, what they ask for and what they were granted.
    List(List),
    /// Checks one plugin or all: reads, compiles, loads, and runs their tests; exit 1 with the places.
    Check(Which),
    /// Runs the tests of one plugin or of all.
    Test(Which),
    /// Grants a plugin what it asks for, after showing it. The server must be stopped; a running one grants in the console.
    Grant(Grant),
    /// Takes everything back that a plugin was granted.
    Revoke(Named),
}

#[derive(Debug, Args)]
pub(super) struct Named {
    /// The plugin's name.
    name: String,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(super) struct Which {
    /// The plugin's name or folder; without it, all.
    name: Option<String>,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(super) struct Grant {
    /// The plugin's name.
    name: String,
    /// Grants without asking back.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    place: Place,
}

pub(super) fn run(command: PluginCommand) -> anyhow::Result<ExitCode> {
    match command {
        PluginCommand::New(named) => new(&named),
        PluginCommand::List(list) => tokio_runtime()?.block_on(self::list(&list.place.read()?)),
        PluginCommand::Check(which) | PluginCommand::Test(which) => test(&which),
        PluginCommand::Grant(grant) => tokio_runtime()?.block_on(self::grant(&grant)),
        PluginCommand::Revoke(named) => tokio_runtime()?.block_on(revoke(&named)),
    }
}

fn new(named: &Named) -> anyhow::Result<ExitCode> {
    let folder = named.place.read()?.plugins.join(&named.name);
    if folder.exists() {
        bail!("{} is there already; choose another name", folder.display());
    }
    let files = plugin::starter(&named.name);
    let texts = files.iter().map(|(name, text)| ((*name).to_owned(), text.clone())).collect();
    if let Err(errors) = Bundle::from_files(&named.name, &texts) {
        errors.iter().for_each(super::scripts::tell);
        return Ok(ExitCode::FAILURE);
    }
    for (name, text) in files {
        let path = folder.join(name);
        if let Some(inside) = path.parent() {
            std::fs::create_dir_all(inside).with_context(|| inside.display().to_string())?;
        }
        std::fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    say(&format!("{} is made. Next:", folder.display()));
    say(&format!("  guichet plugin test {}     runs its tests", named.name));
    say(&format!("  guichet plugin grant {}    lets it do what it asks for", named.name));
    say(&format!("  and in scripts/routing.lua: return to.bot(\"{}\"):otherwise(\"support\")", named.name));
    Ok(ExitCode::SUCCESS)
}

/// The folders meant: one, by name or path, or all.
fn meant(which: &Which) -> anyhow::Result<Vec<PathBuf>> {
    let plugins = which.place.read()?.plugins;
    match &which.name {
        None => Ok(plugin::folders(&plugins).into_values().collect()),
        Some(name) => {
            let by_name = plugins.join(name);
            let folder = if by_name.is_dir() { by_name } else { PathBuf::from(name) };
            if !folder.is_dir() {
                bail!("there is no plugin {name:?} in {}", plugins.display());
            }
            Ok(vec![folder.canonicalize().unwrap_or(folder)])
        }
    }
}

fn test(which: &Which) -> anyhow::Result<ExitCode> {
    let reports: Vec<(PathBuf, Report)> =
        meant(which)?.into_iter().map(|folder| (folder.clone(), report(&folder))).collect();
    let mut good = true;
    for (folder, report) in &reports {
        report.errors.iter().for_each(super::scripts::tell);
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        say(&format!("{name}: {} passed, {} failed", report.passed, report.failed.max(report.errors.len())));
        good &= report.errors.is_empty();
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Checks one plugin with its tests.
fn report(folder: &Path) -> Report {
    match Bundle::read(folder) {
        Ok(bundle) => plugin::test(&bundle),
        Err(errors) => Report { errors, ..Report::default() },
    }
}

/// Checks all plugins of a folder; for `guichet check` and `guichet test`.
pub(super) fn report_all(plugins: &Path) -> Report {
    let mut all = Report::default();
    for folder in plugin::folders(plugins).into_values() {
        let one = report(&folder);
        all.errors.extend(one.errors);
        all.passed += one.passed;
        all.failed += one.failed;
    }
    all
}

async fn open(config: &Config) -> anyhow::Result<std::sync::Arc<dyn Store>> {
    let place = config.database_place();
    let store =
        crate::store::open(&config.database_url()).await.with_context(|| format!("database {place}"))?;
    match store.acquire().await {
        Err(StoreError::Taken(holder)) => bail!(
            "the server is running on this database ({holder}); grant in the console or with admin.plugins.grant, or stop it first"
        ),
        other => other?,
    }
    Ok(store)
}

fn bundle(config: &Config, name: &str) -> anyhow::Result<Bundle> {
    let folder = config.plugins.join(name);
    if !folder.is_dir() {
        bail!("there is no plugin {name:?} in {}", config.plugins.display());
    }
    Bundle::read(&folder).map_err(|errors| {
        errors.iter().for_each(super::scripts::tell);
        anyhow::anyhow!("the plugin {name} can't be read")
    })
}

async fn list(config: &Config) -> anyhow::Result<ExitCode> {
    let store = open(config).await?;
    let rows = store.load_plugins().await?.plugins;
    store.close().await;
    for (name, folder) in plugin::folders(&config.plugins) {
        let bundle = match Bundle::read(&folder) {
            Ok(bundle) => bundle,
            Err(errors) => {
                say(&format!("{name}: can't be read"));
                errors.iter().for_each(super::scripts::tell);
                continue;
            }
        };
        let row = rows.iter().find(|row| row.plugin == name && row.granted_at.is_some());
        let asks = bundle.asks();
        let granted = |ask: &String| row.is_some_and(|row| row.granted.contains(ask));
        let state = if row.is_some() && asks.iter().all(granted) { "granted" } else { "not granted" };
        say(&format!("{name} {} ({state}): {}", bundle.manifest.version, bundle.manifest.summary));
        for ask in &asks {
            say(&format!("  {} {ask}", if granted(ask) { "✓" } else { "+" }));
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn grant(grant: &Grant) -> anyhow::Result<ExitCode> {
    let config = grant.place.read()?;
    let bundle = bundle(&config, &grant.name)?;
    let store = open(&config).await?;
    let rows = store.load_plugins().await?.plugins;
    let mut row = rows.into_iter().find(|row| row.plugin == grant.name).unwrap_or_else(|| PluginRow {
        plugin: grant.name.clone(),
        settings: "{}".to_owned(),
        ..PluginRow::default()
    });
    let asks = bundle.asks();
    say(&format!("{} {} asks for:", grant.name, bundle.manifest.version));
    for ask in &asks {
        say(&format!("  {} {ask}", if row.granted.contains(ask) { "✓" } else { "+" }));
    }
    if !grant.yes && !agreed()? {
        store.close().await;
        say("Nothing was granted.");
        return Ok(ExitCode::FAILURE);
    }
    row.granted = asks;
    "the command line".clone_into(&mut row.granted_by);
    row.granted_at = Some(Clock::default().now());
    keep(&*store, row).await?;
    say("Granted.");
    Ok(ExitCode::SUCCESS)
}

/// Asks back on the terminal.
fn agreed() -> anyhow::Result<bool> {
    say("Grant this? [y/N]");
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

async fn revoke(named: &Named) -> anyhow::Result<ExitCode> {
    let store = open(&named.place.read()?).await?;
    let rows = store.load_plugins().await?.plugins;
    let Some(mut row) = rows.into_iter().find(|row| row.plugin == named.name) else {
        store.close().await;
        bail!("nothing was granted to {:?}", named.name);
    };
    row.granted.clear();
    row.granted_at = None;
    row.granted_by.clear();
    keep(&*store, row).await?;
    say("Revoked.");
    Ok(ExitCode::SUCCESS)
}

async fn keep(store: &dyn Store, row: PluginRow) -> anyhow::Result<()> {
    let rows = PluginRows { plugins: vec![row], ..PluginRows::default() };
    store.save_plugins(&rows).await?;
    store.close().await;
    Ok(())
}
