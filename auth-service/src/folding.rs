//! What a text is when case, width and ligatures do not count.

use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizerBorrowed as Normalizer;
use secrecy::zeroize::Zeroizing;

/// NFKC, case folding, NFKC again: folding can leave a text that composes further. It may be a
/// password, so it is wiped.
pub(crate) fn fold(text: &str) -> Zeroizing<String> {
    let nfkc = Normalizer::new_nfkc();
    let compatible = Zeroizing::new(nfkc.normalize(text).into_owned());
    let folded = Zeroizing::new(CaseMapper::new().fold_string(&compatible).into_owned());
    Zeroizing::new(nfkc.normalize(&folded).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_folded_stays_as_it_is() {
        for text in ["Alice", "ﬁona", "Straße", "ÉMILE", "ᾳ", "ｐａｓｓｗｏｒｄ１"] {
            let folded = fold(text);
            assert_eq!(fold(&folded), folded, "{text}");
        }
        assert_eq!(fold("ＳＴＲＡẞＥ").as_str(), "strasse");
    }
}
