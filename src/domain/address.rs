//! Addresses as people type them and as providers write them: what reads as one, and what else the same one may be called.
//!
//! Nothing here asks whether a number is in use: numbering plans lag behind the networks, and live accounts have numbers that
//! every validator refuses. What a provider sends is kept as it is; variants serve to find it again.

use super::AliasKind;
use super::status::words;

/// Longest e-mail address (RFC 5321) and its longest part before the `@`.
const EMAIL_MAX: usize = 254;
const EMAIL_NAME_MAX: usize = 64;
/// Longest address of a kind that only its provider understands.
const OPAQUE_MAX: usize = 256;
/// Digits of an international number (E.164 allows 15; the shortest in use have 8 with their country code).
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 8..=15;

words! {
    /// What an address looks like to people.
    AddressKind {
        /// A phone number.
        Phone = "phone",
        /// An e-mail address.
        Email = "email",
        /// Something only the provider understands.
        Opaque = "opaque",
    }
}

impl AliasKind {
    /// What it looks like to people.
    pub fn address(self) -> AddressKind {
        match self {
            Self::WaId | Self::Phone => AddressKind::Phone,
            Self::Email => AddressKind::Email,
            Self::UserId | Self::ParentUserId | Self::Username | Self::Visitor | Self::Account => {
                AddressKind::Opaque
            }
        }
    }

    /// The alias that a typed address stands for; `None`: it can't be one.
    pub fn read(self, address: &str) -> Option<String> {
        let address = address.trim();
        match (self, self.address()) {
            (Self::Phone, _) => phone(address).map(|digits| format!("+{digits}")),
            (_, AddressKind::Phone) => phone(address),
            (_, AddressKind::Email) => email(address),
            (_, AddressKind::Opaque) => {
                let plain = !address.is_empty()
                    && address.len() <= OPAQUE_MAX
                    && !address.contains(|c: char| c.is_whitespace() || c.is_control());
                plain.then(|| address.to_owned())
            }
        }
    }

    /// A provider's spelling as it is kept. Only e-mail addresses have several for the same one that differ in nothing.
    pub fn kept(self, value: &str) -> String {
        match self.address() {
            AddressKind::Email => value.to_lowercase(),
            AddressKind::Phone | AddressKind::Opaque => value.to_owned(),
        }
    }

    /// Other spellings under which the same address may be known here.
    pub fn variants(self, value: &str) -> Vec<String> {
        if self.address() != AddressKind::Phone {
            return Vec::new();
        }
        match value.strip_prefix('+') {
            Some(digits) => phone_variants(digits).into_iter().map(|digits| format!("+{digits}")).collect(),
            None => phone_variants(value),
        }
    }

    /// The same address as an alias of another kind that looks alike: a `wa_id` is a phone number without its `+`.
    pub fn as_read_by(self, value: &str, other: Self) -> Option<String> {
        (self.address() == other.address() && self.address() != AddressKind::Opaque)
            .then(|| other.read(value))
            .flatten()
    }
}

/// Characters of a visitor's hash that are shown.
const VISITOR_CHARS: usize = 8;

/// Of an address's names the one that people read.
pub fn readable_address(aliases: &[(AliasKind, String)]) -> String {
    let of = |wanted: AliasKind| aliases.iter().find(|(kind, _)| *kind == wanted);
    if let Some((_, digits)) = of(AliasKind::WaId) {
        return format!("+{digits}");
    }
    let kinds = [AliasKind::Username, AliasKind::Phone, AliasKind::Email];
    let found = kinds.into_iter().find_map(of).or_else(|| aliases.first());
    match found {
        // A hash says nothing to people; its first digits tell two visitors apart.
        Some((AliasKind::Visitor, hash)) => hash.chars().take(VISITOR_CHARS).collect(),
        Some((_, value)) => value.clone(),
        None => String::new(),
    }
}

/// The digits of an international number as people write it.
fn phone(address: &str) -> Option<String> {
    // "+33 (0)6 …": the trunk digit is for callers inside the country.
    let address = address.replace("(0)", "");
    if !address.chars().all(|c| c.is_ascii_digit() || "+ -.()/\u{a0}\u{202f}".contains(c)) {
        return None;
    }
    let digits: String = address.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.strip_prefix("00").unwrap_or(&digits);
    // No country code begins with 0: this is a number as dialled inside some country, nobody can tell which.
    (PHONE_DIGITS.contains(&digits.len()) && !digits.starts_with('0')).then(|| digits.to_owned())
}

/// An e-mail address in small letters: nobody tells mailboxes apart by their case.
fn email(address: &str) -> Option<String> {
    let (name, host) = address.rsplit_once('@')?;
    let strange = |c: char| c.is_whitespace() || c.is_control() || ",;:<>()[]\"\\@".contains(c);
    let labels = host.split('.').filter(|label| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    });
    let whole = labels.count() == host.split('.').count() && host.contains('.');
    let fits = !name.is_empty() && name.len() <= EMAIL_NAME_MAX && address.len() <= EMAIL_MAX;
    (fits && whole && !name.contains(strange)).then(|| address.to_lowercase())
}

/// Countries whose mobile numbers are written in two ways, both alive: Mexico's 1, Argentina's 9, Brazil's ninth digit.
fn phone_variants(digits: &str) -> Vec<String> {
    let at = |place: usize| digits.as_bytes().get(place).copied().unwrap_or_default();
    let without = |place: usize| {
        let (before, after) = digits.split_at_checked(place)?;
        Some(format!("{before}{}", after.get(1..)?))
    };
    let with = |place: usize, digit: char| {
        let (before, after) = digits.split_at_checked(place)?;
        Some(format!("{before}{digit}{after}"))
    };
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Vec::new();
    }
    let mobile = |first: u8| (b'6'..=b'9').contains(&first);
    let other = match (digits.get(..2), digits.len()) {
        (Some("52"), 13) if at(2) == b'1' => without(2),
        (Some("52"), 12) => with(2, '1'),
        (Some("54"), 13) if at(2) == b'9' => without(2),
        (Some("54"), 12) if at(2) != b'9' => with(2, '9'),
        // Landlines begin with 2 to 5 and never had the ninth digit: adding it would make another's number of them.
        (Some("55"), 13) if at(4) == b'9' && mobile(at(5)) => without(4),
        (Some("55"), 12) if mobile(at(4)) => with(4, '9'),
        _ => None,
    };
    other.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phone_numbers_as_people_write_them() {
        for (typed, expected) in [
            ("+33 6 12 34 56 78", Some("33612345678")),
            ("+33 (0)6 12 34 56 78", Some("33612345678")),
            ("0033612345678", Some("33612345678")),
            ("33612345678", Some("33612345678")),
            ("+52 155 1234 5678", Some("5215512345678")),
            ("+55 11 8765-4321", Some("551187654321")),
            ("06 12 34 56 78", None),
            ("", None),
            ("abc", None),
            ("+33", None),
            ("12345678901234567", None),
            ("33 6 12 34 x", None),
        ] {
            assert_eq!(AliasKind::WaId.read(typed).as_deref(), expected, "{typed}");
            let e164 = expected.map(|digits| format!("+{digits}"));
            assert_eq!(AliasKind::Phone.read(typed), e164, "{typed}");
        }
    }

    #[test]
    fn addresses_of_other_kinds() {
        for (typed, expected) in [
            ("Marie.Dupont+shop@Example.COM", Some("marie.dupont+shop@example.com")),
            (" é@exämple.fr ", Some("é@exämple.fr")),
            ("marie", None),
            ("a@b", None),
            ("a@b..fr", None),
            ("a@-b.fr", None),
            ("a@b.fr, c@d.fr", None),
            ("a@b.fr\r\nBcc: c@d.fr", None),
            ("<a@b.fr>", None),
            ("@b.fr", None),
        ] {
            assert_eq!(AliasKind::Email.read(typed).as_deref(), expected, "{typed}");
        }
        assert_eq!(AliasKind::Account.read(" 17841400 "), Some("17841400".to_owned()));
        for bad in ["", "a b", &"x".repeat(OPAQUE_MAX + 1)] {
            assert_eq!(AliasKind::Account.read(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_same_mobile_number_is_found_under_both_its_spellings() {
        for (one, other) in [
            ("5215512345678", "525512345678"),
            ("5491112345678", "541112345678"),
            ("5511987654321", "551187654321"),
        ] {
            assert_eq!(AliasKind::WaId.variants(one), [other]);
            assert_eq!(AliasKind::WaId.variants(other), [one]);
            assert_eq!(AliasKind::Phone.variants(&format!("+{one}")), [format!("+{other}")]);
        }
        // A landline of São Paulo, a French mobile, something that is no number.
        for alone in ["551132654321", "33612345678", "52", "", "55119abc"] {
            assert!(AliasKind::WaId.variants(alone).is_empty(), "{alone}");
        }
        assert!(AliasKind::Email.variants("5215512345678").is_empty());
    }

    #[test]
    fn an_address_serves_where_it_looks_alike() {
        let of = |from: AliasKind, value, to| from.as_read_by(value, to);
        assert_eq!(of(AliasKind::WaId, "33612345678", AliasKind::Phone), Some("+33612345678".to_owned()));
        assert_eq!(of(AliasKind::Phone, "+33612345678", AliasKind::WaId), Some("33612345678".to_owned()));
        assert_eq!(of(AliasKind::WaId, "33612345678", AliasKind::Email), None);
        assert_eq!(of(AliasKind::UserId, "FR.1", AliasKind::Account), None);
    }
}
