//! One e-mail address, and nothing else: no second one, no name, no header.

/// Longest address that may stand in a mail (RFC 5321: 256 with its brackets).
const ADDRESS_MAX: usize = 254;
/// Longest part before the `@`.
const LOCAL_MAX: usize = 64;
/// Longest label of a domain.
const LABEL_MAX: usize = 63;

/// Why a text is not one e-mail address, as a sentence without the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotOneAddress(pub &'static str);

impl std::fmt::Display for NotOneAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for NotOneAddress {}

/// Reads exactly one address of the plain form `name@host.example`. Spaces around it are the keyboard's.
///
/// # Errors
/// What is wrong with it.
pub fn one_address(text: &str) -> Result<String, NotOneAddress> {
    let no = |sentence| Err(NotOneAddress(sentence));
    let text = text.trim_matches(' ');
    if text.is_empty() {
        return no("an e-mail address is needed");
    }
    if text.chars().any(char::is_control) {
        return no("an e-mail address has no line breaks or control characters");
    }
    if text.contains([',', ';']) || text.matches('@').count() > 1 {
        return no("exactly one e-mail address is taken at a time");
    }
    if !text.is_ascii() {
        return no("addresses with letters beyond a to z can't be reached; ask for another one");
    }
    let Some((local, domain)) = text.split_once('@') else {
        return no("this is no e-mail address; it should read name@example.com");
    };
    let atoms = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    let local_fits =
        local.len() <= LOCAL_MAX && local.split('.').all(|part| !part.is_empty() && part.bytes().all(atoms));
    let label = |label: &str| {
        (1..=LABEL_MAX).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let named = domain.rsplit('.').next().is_some_and(|last| !last.bytes().all(|byte| byte.is_ascii_digit()));
    let domain_fits = domain.contains('.') && named && domain.split('.').all(label);
    if !local_fits || !domain_fits || text.len() > ADDRESS_MAX {
        return no("this is no e-mail address; it should read name@example.com");
    }
    Ok(format!("{local}@{}", domain.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_and_nothing_else() {
        for (text, expected) in [
            ("a@b.fr", Some("a@b.fr")),
            (" jean.dupont+x@Exemple.FR ", Some("jean.dupont+x@exemple.fr")),
            ("o'neil@example.com", Some("o'neil@example.com")),
            ("a@b.fr, c@d.fr", None),
            ("a@b.fr;c@d.fr", None),
            ("a@b.fr c@d.fr", None),
            ("a@b@c.fr", None),
            ("a@b.fr\r\nBcc: c@d.fr", None),
            ("a@b.fr\n", None),
            ("a@b.fr\0", None),
            ("Jean <a@b.fr>", None),
            ("<a@b.fr>", None),
            ("\"a b\"@c.fr", None),
            ("a@[127.0.0.1]", None),
            ("a@127.0.0.1", None),
            ("é@ex.fr", None),
            ("a@é.fr", None),
            ("a@localhost", None),
            (".a@b.fr", None),
            ("a..b@c.fr", None),
            ("a@-b.fr", None),
            ("a@b..fr", None),
            ("@b.fr", None),
            ("a@", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(one_address(text).ok().as_deref(), expected, "{text:?}");
        }
        assert!(one_address(&format!("{}@b.fr", "a".repeat(64))).is_ok());
        assert!(one_address(&format!("{}@b.fr", "a".repeat(65))).is_err());
        let long = format!("a@{}.fr", vec!["b".repeat(60); 5].join("."));
        assert!(one_address(&long).is_err());
    }
}
