//! Visitors' files: taken in from who holds a token, given out to whose conversation they stand in.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::super::address::address_of;
use super::super::app::App;
use super::super::files::{Received, receive, show, uploaded};
use super::super::reply::Failure;
use super::{Entrance, allowed, who};
use crate::domain::MediaId;
use crate::port::Upload;

pub(crate) async fn upload(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Extension(peer): Extension<SocketAddr>,
    request: Request,
) -> Result<Response, Failure> {
    let entrance = Entrance::find(&app, &id)?;
    let visitors = entrance.visitors()?;
    allowed(&app, visitors, request.headers())?;
    let visitor = who(&app, visitors, request.headers())?;
    let address = address_of(&app.options.trusted_proxies, peer, request.headers());
    let crowded = |seconds| {
        Failure::new(StatusCode::TOO_MANY_REQUESTS, "Too many files at once; try again in a moment")
            .after(seconds)
    };
    let _place = app.visits.upload(address, app.desk.clock().now()).map_err(crowded)?;
    let Received { media_id, mime, filename, size } = receive(&app, request, visitors.file_max()).await?;
    if !visitors.takes(&mime) {
        remove(&app, &media_id).await;
        let message = format!("Files of the type {mime} are not taken here");
        return Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    let file = Upload { media_id, mime, size, filename };
    match visitors.uploaded(&visitor, file.clone(), app.desk.clock().now()) {
        Ok(forgotten) => {
            for media_id in forgotten {
                remove(&app, &media_id).await;
            }
        }
        Err(media_id) => {
            remove(&app, &media_id).await;
            return Err(crowded(60));
        }
    }
    Ok(uploaded(&file.media_id, &file.mime, file.size, file.filename.as_deref()))
}

/// Nothing names it; what can't be removed now only takes room.
async fn remove(app: &App, media_id: &MediaId) {
    if let Err(error) = app.desk.media().remove(media_id).await {
        tracing::warn!(%error, "a visitor's file that was not taken stays on the disk");
    }
}

pub(crate) async fn download(
    State(app): State<Arc<App>>,
    Path((id, media_id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let entrance = Entrance::find(&app, &id)?;
    let visitor = who(&app, entrance.visitors()?, &headers)?;
    let media_id: MediaId = media_id.parse().map_err(|_| Failure::no_such_page())?;
    let found = app.desk.store().conversation_media(visitor.party, media_id).await.map_err(|error| {
        tracing::error!(%error, "a visitor's conversation can't be read");
        Failure::new(StatusCode::SERVICE_UNAVAILABLE, "The file can't be read now; try again")
    })?;
    show(&app, &found.ok_or_else(Failure::no_such_page)?).await
}
