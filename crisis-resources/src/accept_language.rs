//! What a browser's `Accept-Language` tells about the person.

use crate::Region;

/// The region of the best tag that names a region we know: `en-GB,en;q=0.9` is in GB.
///
/// A language alone is in no region: German is spoken in several, and a wrong country is worse than
/// the fallback.
#[must_use]
pub fn accepted_region(accept_language: &str) -> Option<&'static Region> {
    by_preference(accept_language).into_iter().filter_map(region_subtag).find_map(crate::region)
}

/// The languages without region and script, in lower case, the best first.
#[must_use]
pub fn accepted_languages(accept_language: &str) -> Vec<String> {
    let mut languages = Vec::new();
    for tag in by_preference(accept_language) {
        let primary = tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        if is_alphabetic(&primary, 2..=8) && !languages.contains(&primary) {
            languages.push(primary);
        }
    }
    languages
}

/// The tags, the best first; those of equal quality stay in their order.
fn by_preference(accept_language: &str) -> Vec<&str> {
    let mut tags: Vec<(&str, f32)> = accept_language.split(',').filter_map(weighed).collect();
    tags.sort_by(|(_, left), (_, right)| right.total_cmp(left));
    tags.into_iter().map(|(tag, _)| tag).collect()
}

/// A tag with its quality. What is unwanted (`q=0`) or makes no sense is nothing.
fn weighed(item: &str) -> Option<(&str, f32)> {
    let mut parts = item.split(';').map(str::trim);
    let tag = parts.next()?;
    let mut quality = 1.0;
    for part in parts {
        let (name, value) = part.split_once('=')?;
        if name.trim().eq_ignore_ascii_case("q") {
            quality = value.trim().parse().ok()?;
        }
    }
    (quality > 0.0 && quality <= 1.0).then_some((tag, quality))
}

/// The two letters after the language, as in `zh-Hant-TW`. What follows a single letter is an
/// extension and names no region.
fn region_subtag(tag: &str) -> Option<&str> {
    let mut subtags = tag.split('-');
    let primary = subtags.next()?;
    if !is_alphabetic(primary, 2..=8) {
        return None;
    }
    subtags.take_while(|subtag| subtag.len() > 1).find(|subtag| is_alphabetic(subtag, 2..=2))
}

fn is_alphabetic(subtag: &str, length: std::ops::RangeInclusive<usize>) -> bool {
    length.contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphabetic())
}
