//! Addresses in what a model says: only those that are ours may be named.

use std::borrow::Cow;

use crisis_resources::{Region, directories, knows_host};

use super::super::letters::{fold, is_ideograph};

/// Endings by which a host is known for one, with nothing else to say so.
const ENDINGS: &str = "com org net info io co uk ca au de fr es pt br cn eu ch ie nz za mx ar app \
chat help health care gov edu online site ai tv int hk tw sg jp kr nl se dk fi pl ru ua tr il sa ae \
eg ke ng gh pk bd lk np ph id vn th cl pe ve uy cz hu gr ro bg hr rs sk lv lt ee lu mt cy biz xyz \
link support crisis life love space website store shop live foundation charity ngo ly gg";
/// Endings that are also words, as in "it hurts.it" typed without a space.
const WORDS: &str = "it is in at me be so no to am us my as do at";

/// Whether a word may be, or become, an address.
pub(super) fn may_begin(folded: &str) -> bool {
    let letters: Vec<char> = folded.chars().collect();
    let is_inner_dot = letters.windows(3).any(|three| match three {
        [before, dot, after] => ".]@".contains(*dot) && before != dot && after.is_alphanumeric(),
        _ => false,
    });
    is_inner_dot || folded.contains("://") || folded.starts_with("www.")
}

/// Whether a text has an address that is not ours.
pub(super) fn is_wrong(text: &str) -> bool {
    hosts(text).iter().any(|host| !knows_host(host))
}

/// A text without hosts of ours, some of which have digits.
pub(super) fn without_ours(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for host in hosts(&text).iter().filter(|host| knows_host(host)) {
        text = fold(&text).replace(host, "").into();
    }
    text
}

/// Whether a text has the address of a line of this region or of a directory.
pub(super) fn names_help(text: &str, region: &Region) -> bool {
    let lines = region.lines.iter().flat_map(|line| line.url.iter().chain(&line.chat));
    let ours: Vec<String> =
        lines.chain(directories().iter().map(|it| &it.url)).flat_map(|url| hosts(url)).collect();
    hosts(text).iter().any(|host| ours.contains(host))
}

/// The hosts that a text names, without `www.`.
fn hosts(text: &str) -> Vec<String> {
    let text = fold(text).replace("[.]", ".").replace("(.)", ".").replace("..", " ");
    let is_part = |letter: char| {
        (letter.is_alphanumeric() && !is_ideograph(letter)) || ".-_@%".contains(letter)
    };
    let mut found: Vec<String> = Vec::new();
    let mut rest = text.as_str();
    let mut is_linked = false;
    while !rest.is_empty() {
        let size = rest.find(|letter| !is_part(letter)).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(size);
        let is_path = after.starts_with('/') && !after.starts_with("//");
        if let Some(host) = host(piece, is_linked, is_path) {
            found.push(host);
        }
        // `user:password@host` after `://`: what counts comes after the colon.
        is_linked = after.starts_with("://") || (is_linked && after.starts_with(':'));
        let gap = if after.starts_with("://") {
            3
        } else {
            after.chars().next().map_or(0, char::len_utf8)
        };
        rest = after.get(gap..).unwrap_or_default();
    }
    found
}

/// The host that a word is, if it is one.
fn host(piece: &str, is_linked: bool, is_path: bool) -> Option<String> {
    let (user, host) =
        piece.rsplit_once('@').map_or((None, piece), |(user, host)| (Some(user), host));
    let host = host.trim_matches(|letter| ".-_".contains(letter));
    let is_www = host.starts_with("www.");
    let plain = host.strip_prefix("www.").unwrap_or(host);
    if is_linked {
        return (plain.contains('.') || !plain.is_empty() && is_path).then(|| plain.to_owned());
    }
    let labels: Vec<&str> = host.split('.').collect();
    let (ending, names) = labels.split_last()?;
    if names.is_empty() || names.iter().any(|name| name.is_empty()) {
        return None;
    }
    let is_known_ending = ENDINGS.split_whitespace().any(|it| it == *ending);
    let is_word = WORDS.split_whitespace().any(|it| it == *ending);
    let is_name =
        host.contains(['-', '_']) || (names.len() > 1 && labels.iter().all(|it| it.len() > 1));
    let is_mail = user.is_some_and(|user| !user.is_empty());
    let is_host = is_www
        || is_mail
        || (is_known_ending && names.iter().any(|name| name.len() > 1))
        || (is_word && (is_path || is_name));
    is_host.then(|| plain.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found_however_they_are_written() {
        for (text, host) in [
            ("see https://Help-Line.example/a?b", "help-line.example"),
            ("[chat](http://www.crisis-now.org)", "crisis-now.org"),
            ("visit SAFEPLACE.COM.", "safeplace.com"),
            ("go to www.talk.help today", "talk.help"),
            ("https://findahelpline.com@evil.com/", "evil.com"),
            ("https://a:b@evil.com", "evil.com"),
            ("write to me@crisis.example", "crisis.example"),
            ("ev\u{200b}il.com", "evil.com"),
            ("ｅｖｉｌ．ｃｏｍ", "evil.com"),
            ("evil[.]com", "evil.com"),
            ("请访问evil.com。", "evil.com"),
            ("http://10.1.2.3/", "10.1.2.3"),
            ("talk.it/now", "talk.it"),
        ] {
            assert!(hosts(text).contains(&host.to_owned()), "{text}: {:?}", hosts(text));
        }
    }

    #[test]
    fn ordinary_dots_are_no_addresses() {
        for text in [
            "e.g. a walk",
            "at 8 p.m.",
            "it hurts.It will pass",
            "3.5 out of 5",
            "wait...what",
            "U.S.",
            "in the U.K.",
            "Ph.D.",
            "so tired.me too",
            "index.html",
            "him/her",
            "no.1",
        ] {
            assert_eq!(hosts(text), [] as [String; 0], "{text}");
        }
    }

    #[test]
    fn our_own_addresses_are_right() {
        assert!(!is_wrong(
            "look at https://findahelpline.com or https://www.findahelpline.com/de."
        ));
        assert!(is_wrong("look at https://findahelpline.com.example.org"));
        assert!(names_help("see findahelpline.com", crisis_resources::anywhere()));
    }
}
