//! `cargo xtask gen`: the committed copies of what is written from the Rust types.

use crate::run::{Done, cargo, run};

/// The tests that compare the copies write them instead when `UPDATE` is set.
pub fn generate() -> Done {
    // With the packages of the test stage, so that the dependencies are not built with another set of features.
    run(cargo(["test", "--quiet", "--package", "guichet", "--package", "xtask", "--test", "protocol"])
        .env("UPDATE", "1")
        .env("INSTA_UPDATE", "always"))
}
