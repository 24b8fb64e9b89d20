//! The order of a run: each server fresh for each round, in turn; then what they hold in memory.

use crate::agents;
use crate::load::{Board, Kind, Load};
use crate::process::{Process, free_address, pin_to_second_core};
use crate::provider;
use crate::report::{Figures, Memory, Round, table};
use crate::server::{Folder, Server, conditions, fresh};
use anyhow::{Context as _, ensure};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// How to compare.
#[derive(clap::Args)]
pub struct Settings {
    /// The release server; without it only the floor is measured.
    #[arg(long)]
    server: Option<PathBuf>,
    /// One short round.
    #[arg(long)]
    quick: bool,
    /// Rounds of each server.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 6.0)]
    seconds: f64,
    /// Customers who have a conversation.
    #[arg(long, default_value_t = 2400)]
    customers: usize,
    /// Posts in flight at saturation.
    #[arg(long, default_value_t = 32)]
    in_flight: usize,
    /// Round trips per second of the paced part.
    #[arg(long, default_value_t = 500)]
    rate: u32,
    /// Idle agents whose memory is measured.
    #[arg(long, default_value_t = 1000)]
    idle: usize,
    /// Only the server, when its figures are to be made better.
    #[arg(long)]
    without_floor: bool,
}

const AGENTS: usize = 24;

/// Who is measured.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    Guichet,
    Floor,
}

impl Who {
    fn name(self) -> &'static str {
        match self {
            Self::Guichet => "guichet",
            Self::Floor => "floor",
        }
    }
}

pub async fn compare(mut settings: Settings) -> anyhow::Result<()> {
    if let Some(code) = pin_to_second_core()? {
        ensure!(code == 0, "the benchmark failed");
        return Ok(());
    }
    if settings.quick {
        settings.rounds = 1;
        settings.seconds = settings.seconds.min(2.0);
        settings.idle = settings.idle.min(200);
    }
    let mut order = Vec::new();
    if settings.server.is_some() {
        order.push(Who::Guichet);
    }
    if !settings.without_floor {
        order.push(Who::Floor);
    }
    let folder = Folder::new()?;
    println!("{}", conditions(&folder.0)?);
    let begin = Instant::now();
    let mut all: Vec<Figures> =
        order.iter().map(|who| Figures { name: who.name(), rounds: Vec::new(), memory: None }).collect();
    for number in 1..=settings.rounds {
        for (who, figures) in order.iter().zip(&mut all) {
            let round = round(&settings, *who, &folder.0).await;
            figures.rounds.push(round.with_context(|| format!("round {number} of {}", who.name()))?);
            println!("round {number} of {}: {:.0} s", who.name(), begin.elapsed().as_secs_f64());
        }
    }
    for (who, figures) in order.iter().zip(&mut all) {
        figures.memory = Some(
            memory(&settings, *who, &folder.0).await.with_context(|| format!("memory of {}", who.name()))?,
        );
    }
    println!("\n{}", table(&all));
    Ok(())
}

async fn round(settings: &Settings, who: Who, folder: &Path) -> anyhow::Result<Round> {
    let board = Board::new();
    let provider = provider::start(Rc::clone(&board)).await?;
    let address = free_address()?;
    let data = fresh(&folder.join(who.name()))?;
    let logins: Vec<String> = (1..=AGENTS).map(|number| format!("bench{number:02}")).collect();
    let mut server = start(settings, who, &data, address, provider, &logins)?;
    server.ready(address).await?;
    let measured = async {
        let _agents = agents::connect_all(&board, address, &logins, true).await?;
        let load = Load {
            board: Rc::clone(&board),
            address,
            server: &server,
            customers: settings.customers,
            in_flight: settings.in_flight,
        };
        load.warm_up(who == Who::Guichet).await.context("warm-up")?;
        Ok(Round {
            paced: load.paced(settings.rate, settings.seconds).await.context("paced")?,
            inbound: load.saturate(Kind::Inbound, settings.seconds).await.context("inbound")?,
            round_trip: load.saturate(Kind::RoundTrip, settings.seconds).await.context("round trip")?,
            new_customers: load
                .saturate(Kind::NewCustomers, settings.seconds.min(1.5))
                .await
                .context("new customers")?,
        })
    };
    measured.await.map_err(|error: anyhow::Error| error.context(server.said()))
}

async fn memory(settings: &Settings, who: Who, folder: &Path) -> anyhow::Result<Memory> {
    let board = Board::new();
    let provider = provider::start(Rc::clone(&board)).await?;
    let address = free_address()?;
    let data = fresh(&folder.join(who.name()))?;
    let logins: Vec<String> = (1..=settings.idle).map(|number| format!("idle{number:04}")).collect();
    let mut server = start(settings, who, &data, address, provider, &logins)?;
    server.ready(address).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let rest = server.mebibytes()?;
    let _agents = agents::connect_all(&board, address, &logins, false).await?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let per_thousand = (server.mebibytes()? - rest) / settings.idle as f64 * 1000.0;
    Ok(Memory { rest, per_thousand })
}

/// Starts a server on an empty database, with these agents.
fn start(
    settings: &Settings,
    who: Who,
    data: &Path,
    address: SocketAddr,
    provider: SocketAddr,
    logins: &[String],
) -> anyhow::Result<Process> {
    match (who, &settings.server) {
        (Who::Floor, _) | (_, None) => {
            let program = std::env::current_exe()?.to_string_lossy().into_owned();
            let database = data.join("floor.db").to_string_lossy().into_owned();
            let (listen, provider) = (address.to_string(), provider.to_string());
            let parts = [
                program.as_str(),
                "floor",
                "--listen",
                &listen,
                "--database",
                &database,
                "--provider",
                &provider,
            ];
            Process::start(&parts.map(str::to_owned), &std::env::current_dir()?, &data.join("log"))
        }
        (Who::Guichet, Some(program)) => {
            let server = Server { program, data, provider };
            server.set_up("", logins)?;
            server.start(address)
        }
    }
}
