//! The project's own commands: `cargo xtask serve`, `cargo xtask test`, `cargo xtask soak`, `cargo xtask bench`.

fn main() {}
