//! Several at once.

use super::answers::{ACCOUNT, TAKEN};
use super::cases::{Case, Difference, because};
use super::stage::Stage;

const fn race(name: &'static str, body: &'static str, username: &'static str) -> Case {
    Case::post(name, "/api/register/").json(body).answered(201, ACCOUNT).with(username)
}

/// The answer to the first of four; the others are told that the name is taken.
pub(super) const DIFFERENT: &[Difference] = &[because(
    "who comes second finds the name taken: the original looks, then writes, and fails with 500",
    &[
        race(
            "race/register-same-name-0",
            r#"{"username": "racer0", "password": "<pw>"}"#,
            "racer0",
        ),
        race(
            "race/register-same-name-1",
            r#"{"username": "racer1", "password": "<pw>"}"#,
            "racer1",
        ),
        race(
            "race/register-same-name-2",
            r#"{"username": "racer2", "password": "<pw>"}"#,
            "racer2",
        ),
    ],
)];

#[tokio::test(flavor = "multi_thread")]
async fn one_of_four_gets_a_name_and_the_others_are_told() {
    let stage = Stage::open().await;
    for first in DIFFERENT.iter().flat_map(|difference| difference.cases) {
        let other = first.answered(400, TAKEN);
        let ask = || stage.ask(first);
        let answers: [_; 4] = tokio::join!(ask(), ask(), ask(), ask()).into();
        let fit =
            |case| answers.iter().filter(|answer| stage.verdict(case, answer).is_none()).count();
        let said: Vec<_> = answers.iter().map(|answer| (answer.status, &answer.text)).collect();
        assert_eq!((fit(first), fit(&other)), (1, 3), "{}: {said:?}", first.name);
    }
}
