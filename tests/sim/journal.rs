//! All that was stored, as one number: two runs of one seed must come to the same.

use std::fmt::Write;

use guichet::engine::Batch;

/// A hash (FNV-1a, 64 bits) over the text of every batch; costly, so only on demand.
#[derive(Debug, Clone, Default)]
pub(crate) struct Journal {
    pub(crate) kept: bool,
    pub(crate) hash: u64,
}

impl Write for Journal {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for byte in text.bytes() {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
        }
        Ok(())
    }
}

impl Journal {
    pub(crate) fn add(&mut self, batch: &Batch) {
        if self.kept {
            write!(self, "{batch:?}").expect("a hash takes everything");
        }
    }
}
