//! Where a text holds what a mail program would make a link of: addresses of pages, domains, e-mail addresses.
//!
//! It would rather see one too many than one too few. What is done with them is others' business.

use std::ops::Range;

/// Dots that a browser takes for one in a host's name.
const DOTS: [char; 4] = ['.', '\u{3002}', '\u{FF0E}', '\u{FF61}'];
/// Beginnings of addresses that have no `//`.
const SCHEMES: [&str; 9] =
    ["mailto:", "tel:", "sms:", "whatsapp:", "callto:", "javascript:", "data:", "magnet:", "news:"];

/// Every link, in order, none overlapping.
pub fn links(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (start, word) in words(text) {
        in_word(word, &mut |range| found.push(start + range.start..start + range.end));
    }
    found
}

/// The text with `instead` in the place of every link. Two sentences without a space between them, which a mail program would
/// take for a domain, get the space. Marks that nobody sees are dropped, for they could hide a link.
pub fn without_links(text: &str, instead: &str) -> String {
    let text: String = text.chars().filter(|c| !is_unseen(*c)).collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for range in links(&text) {
        out.push_str(text.get(at..range.start).unwrap_or_default());
        let link = text.get(range.clone()).unwrap_or_default();
        match joint(link) {
            Some((left, right)) => {
                out.push_str(left);
                out.push_str(". ");
                out.push_str(right);
            }
            None => out.push_str(instead),
        }
        at = range.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

/// Controls (but not line breaks and tabs), zero-width marks and marks of direction.
fn is_unseen(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        || matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// The text between spaces, with where it begins.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_whitespace().map(move |word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
}

/// `end.Begin` is two sentences, not a domain.
pub(super) fn joint(link: &str) -> Option<(&str, &str)> {
    let (left, right) = link.split_once('.')?;
    let begins = right.chars().next().is_some_and(char::is_uppercase)
        && right.chars().skip(1).all(char::is_lowercase)
        && !right.is_empty();
    (begins && left.chars().all(char::is_alphabetic)).then_some((left, right))
}

fn in_word(word: &str, found: &mut impl FnMut(Range<usize>)) {
    let Some(start) = scheme(word) else { return hosts(word, found) };
    hosts(word.get(..start).unwrap_or_default(), found);
    // With a scheme, everything to the end of the word is the address.
    let end = word.trim_end_matches(closes).len();
    if start < end {
        found(start..end);
    }
}

/// Hosts and e-mail addresses that stand by themselves.
fn hosts(word: &str, found: &mut impl FnMut(Range<usize>)) {
    let mut at = 0;
    while let Some(rest) = word.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(begin) = rest.find(names) else { return };
        let run = rest.get(begin..).unwrap_or_default();
        let run = run.get(..run.find(|c| !names(c)).unwrap_or(run.len())).unwrap_or_default();
        let (start, end) = (at + begin, at + begin + run.len());
        at = end;
        if let Some(range) = host(run) {
            let follows = word.get(end..).and_then(|after| after.chars().next());
            let goes_on =
                range.end == run.len() && follows.is_some_and(|c| matches!(c, '/' | ':' | '?' | '#'));
            at = if goes_on { word.trim_end_matches(closes).len().max(end) } else { start + range.end };
            found(start + range.start..at);
        }
    }
}

/// Where an address with a scheme begins.
fn scheme(word: &str) -> Option<usize> {
    let lower = word.to_ascii_lowercase();
    let of_name = |at: usize| {
        let before = word.get(..at).unwrap_or_default();
        let name = before.rfind(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '+' | '-' | '.'));
        name.map_or(0, |other| {
            other + before.get(other..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
        })
    };
    let slashes = lower.find("://").map(of_name);
    let known = SCHEMES.iter().filter_map(|scheme| lower.find(scheme)).min();
    slashes.into_iter().chain(known).min()
}

fn closes(c: char) -> bool {
    matches!(
        c,
        '.' | ','
            | ';'
            | ':'
            | '!'
            | '?'
            | ')'
            | ']'
            | '}'
            | '>'
            | '"'
            | '\''
            | '»'
            | '”'
            | '’'
            | '…'
            | '*'
            | '_'
    )
}

/// What names of hosts and mailboxes are made of.
fn names(c: char) -> bool {
    c.is_alphanumeric() || DOTS.contains(&c) || matches!(c, '-' | '_' | '@' | '+' | '%')
}

/// The host or the e-mail address in a run of such characters.
fn host(run: &str) -> Option<Range<usize>> {
    let start = run.find(|c: char| !DOTS.contains(&c))?;
    let end = run.trim_end_matches(|c| DOTS.contains(&c) || matches!(c, '-' | '_')).len();
    let core = run.get(start..end)?;
    // "well...yes": dots beside one another part words, not labels.
    let mut at = start;
    for piece in split_at_double_dots(core) {
        let begins = at + core.get(at - start..).and_then(|rest| rest.find(piece)).unwrap_or(0);
        if is_host(piece.rsplit('@').next().unwrap_or(piece)) {
            return Some(begins..begins + piece.len());
        }
        at = begins + piece.len();
    }
    None
}

fn split_at_double_dots(core: &str) -> impl Iterator<Item = &str> {
    core.split("..").map(|piece| piece.trim_matches('.')).filter(|piece| !piece.is_empty())
}

/// Labels with dots between, the last one a word as top domains are.
fn is_host(text: &str) -> bool {
    let labels: Vec<&str> = text.split(DOTS).collect();
    let Some((last, before)) = labels.split_last() else { return false };
    let word = last.chars().count() >= 2 && last.chars().all(char::is_alphabetic);
    let coded = last.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("xn--"));
    !before.is_empty() && before.iter().all(|label| !label.is_empty()) && (word || coded)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn links_are_taken_out_and_words_are_not() {
        for (text, expected) in [
            ("voir https://exemple.fr/a?b=c#d, merci", "voir [lien], merci"),
            ("(http://1.2.3.4:80/x)", "([lien])"),
            ("www.exemple.fr.", "[lien]."),
            ("allez sur exemple.fr/panier!", "allez sur [lien]!"),
            ("exemple.co.uk", "[lien]"),
            ("EXEMPLE.FR et exa\u{200B}mple.fr", "[lien] et [lien]"),
            ("écrivez à jean.dupont+x@exemple.fr ou mailto:a@b", "écrivez à [lien] ou [lien]"),
            ("пример.рф, 例え。テスト", "[lien], [lien]"),
            ("xn--e1afmkfd.xn--p1ai", "[lien]"),
            ("ftp://x/y hxxps://bad", "[lien] [lien]"),
            ("tel:+33612345678", "[lien]"),
            ("facture.pdf", "[lien]"),
            ("Bonjour.Je voudrais", "Bonjour. Je voudrais"),
            ("a,exemple.fr;b", "a,[lien];b"),
            ("le 3.5 et 1.500,00 € à 12h.30", "le 3.5 et 1.500,00 € à 12h.30"),
            ("06.12.34.56.78 ... etc. U.S.A", "06.12.34.56.78 ... etc. U.S.A"),
            ("c'est bon...oui", "c'est bon...oui"),
            ("ratio 1:2, à 10:30", "ratio 1:2, à 10:30"),
            ("deux\nlignes\texemple.fr\n", "deux\nlignes\t[lien]\n"),
            ("", ""),
        ] {
            assert_eq!(without_links(text, "[lien]"), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_links_is_left(text in "([a-zé0-9.@:/ ,()]|www|https?://|\\.fr|\\.com){0,40}") {
            let clean = without_links(&text, "[lien]");
            prop_assert!(!clean.contains("://"), "{clean}");
            prop_assert!(links(&clean).is_empty(), "{text:?} → {clean:?}");
        }
    }
}
