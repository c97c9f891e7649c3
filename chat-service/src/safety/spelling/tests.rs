//! What lists of words do to what rules find.

use crate::safety::screening::find;

#[test]
fn no_list_of_words_stands_between_a_slip_and_a_rule() {
    for text in [
        "i want to ide",
        "i am going to kiel myself",
        "i am going to klil mysefl",
        "im gonna hnag myself",
    ] {
        assert!(find(text).tier.is_danger(), "{text}");
    }
}
