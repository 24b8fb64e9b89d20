//! Text that every database and client can hold.

/// Replaces U+0000, which `PostgreSQL` can't store, by U+FFFD. Lone surrogates can't reach a Rust string: the edge that
/// reads escaped JSON replaces them before.
pub fn clean_text(text: &str) -> String {
    text.replace('\0', "\u{FFFD}")
}
