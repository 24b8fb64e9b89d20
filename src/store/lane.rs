//! A few connections that reads take in turn.
//!
//! Not sqlx's pool: it asks each connection whether it still lives after every use, which on `SQLite` costs as much as the
//! read. Here a connection comes back only when its work went well; one that failed, or whose caller went away
//! half-way, is dropped, and the next caller opens a new one.

use std::future::Future;
use std::sync::{Mutex, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::port::StoreError;

/// At most so many connections; callers beyond that wait.
#[derive(Debug)]
pub(super) struct Lane<C> {
    places: Semaphore,
    idle: Mutex<Vec<C>>,
}

/// A connection on loan.
pub(super) struct Loan<'a, C> {
    lane: &'a Lane<C>,
    connection: C,
    _place: SemaphorePermit<'a>,
}

impl<C> Lane<C> {
    /// A lane of `width` connections, opened when first needed.
    pub(super) fn new(width: usize) -> Self {
        Self { places: Semaphore::new(width), idle: Mutex::new(Vec::with_capacity(width)) }
    }

    /// Takes a connection, opening one if none is idle.
    pub(super) async fn take<F>(&self, open: impl FnOnce() -> F + Send) -> Result<Loan<'_, C>, StoreError>
    where
        F: Future<Output = Result<C, StoreError>> + Send,
    {
        let place =
            self.places.acquire().await.map_err(|_| StoreError::Lost("the store is closed".to_owned()))?;
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => open().await?,
        };
        Ok(Loan { lane: self, connection, _place: place })
    }

    /// Lets nobody in any more and gives the idle connections out to be closed.
    pub(super) fn close(&self) -> Vec<C> {
        self.places.close();
        std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<C> Loan<'_, C> {
    /// The connection.
    pub(super) fn connection(&mut self) -> &mut C {
        &mut self.connection
    }

    /// Gives it back, after work that went well.
    pub(super) fn done(self) {
        let mut idle = self.lane.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.lane.places.is_closed() {
            idle.push(self.connection);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_failed_does_not_come_back_and_no_more_are_open_than_told() {
        let lane: Lane<u8> = Lane::new(1);
        lane.take(|| async { Ok(1) }).await.unwrap().done();
        let mut again = lane.take(|| async { Ok(2) }).await.unwrap();
        assert_eq!(*again.connection(), 1);
        assert!(lane.places.try_acquire().is_err());
        drop(again);
        assert_eq!(*lane.take(|| async { Ok(3) }).await.unwrap().connection(), 3);
        lane.take(|| async { Ok(4) }).await.unwrap().done();
        assert_eq!(lane.close(), [4]);
        assert!(lane.take(|| async { Ok(5) }).await.is_err());
    }
}
