//! What a visit may ask of the desk: to report, and to read its own conversation. It adds nothing to either.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::Desk;
use crate::domain::{ChannelId, Time};
use crate::engine::ChannelInput;
use crate::port::{Conversation, House, Party, StoreError, Stretch};

impl House for Desk {
    fn now(&self) -> Time {
        self.clock().now()
    }

    fn report<'a>(&'a self, channel_id: &'a ChannelId, inputs: Vec<ChannelInput>) -> BoxFuture<'a, bool> {
        async move { Self::report(self, channel_id, inputs).await.is_ok() }.boxed()
    }

    fn conversation<'a>(
        &'a self,
        party: &'a Party,
        part: Stretch,
        limit: u32,
    ) -> BoxFuture<'a, Result<Conversation, StoreError>> {
        self.store().conversation(party.clone(), part, limit)
    }

    fn knows_message<'a>(
        &'a self,
        channel_id: &'a ChannelId,
        provider_id: &'a str,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        self.store().knows_message(channel_id.clone(), provider_id.to_owned())
    }
}
