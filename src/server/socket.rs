//! `GET /ws`: an agent's socket.

mod catch_up;
mod start;
mod task;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;

use super::app::App;
use super::auth::{Guard, who};
use super::reply::Failure;
use super::upgrade::{Upgrade, Wire};

/// The subprotocol, with its version.
const SUBPROTOCOL: &str = "guichet.v1";
/// Longest frame a client may send.
pub(crate) const FRAME_MAX: usize = 256 * 1024;

pub(crate) async fn upgrade(State(app): State<Arc<App>>, mut request: Request) -> Result<Response, Failure> {
    let who = who(&app, request.headers(), Guard::Origin).await?;
    let (response, wire) = Upgrade::read(&mut request, SUBPROTOCOL)?.go(FRAME_MAX);
    tokio::spawn(async move {
        if let Some(wire) = wire.await {
            task::run(app, who, wire).await;
        }
    });
    Ok(response)
}
