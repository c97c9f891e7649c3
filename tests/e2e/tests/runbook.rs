//! What OPERATIONS tells an operator to type does what it says.
//!
//! Every command in a block of shell of the document is one of these, and of one only: it stands as it is in what
//! `tests/compose/run` or `tests/kubernetes/run` runs; it is followed here, on a product of a test's own; it is a
//! setting; or it is in a list of those that cannot be run, with the reason.

mod commands;
mod disk;
mod elsewhere;
mod operator;
mod renewal;

use std::collections::BTreeSet;

use self::commands::{Command, commands};
use self::operator::{Operator, STEPS, Step};

const OPERATIONS: &str = "docs/OPERATIONS.md";
const SECURITY: &str = "docs/SECURITY.md";

/// What is followed here of what a document says.
fn step(command: &Command) -> Option<&'static Step> {
    STEPS.iter().find(|step| step.says == command.text)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_is_run_somewhere_or_cannot_be() {
    let settings = elsewhere::settings().await;
    let all = commands(OPERATIONS);
    assert!(all.len() > 50, "{}", all.len());
    for command in &all {
        let claims = [
            ("tests/compose", elsewhere::is_in("tests/compose", command)),
            ("tests/kubernetes", elsewhere::is_in("tests/kubernetes", command)),
            ("a setting", elsewhere::is_setting(&settings, command)),
            ("followed here", step(command).is_some()),
            ("cannot be run", elsewhere::cannot_be_run(command).is_some()),
        ];
        let claimed: Vec<_> = claims.iter().filter(|(_, is_so)| *is_so).map(|(by, _)| by).collect();
        assert_eq!(claimed.len(), 1, "line {}: {:?} is {claimed:?}", command.line, command.text);
    }
    // And nothing is said of commands that nobody is told any more.
    let said: BTreeSet<_> =
        all.iter().chain(&commands(SECURITY)).map(|one| one.text.clone()).collect();
    let steps = STEPS.iter().map(|step| step.says);
    for known in steps.chain(elsewhere::CANNOT_BE_RUN.iter().map(|(command, _)| *command)) {
        assert!(said.contains(known), "no document says {known:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_follows_the_runbook_gets_what_it_says() {
    let mut operator = Operator::begin().await;
    for command in commands(OPERATIONS) {
        if let Some(step) = step(&command) {
            operator.follow(step).await;
        }
    }
    operator.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_operators_can_do_with_keys_and_accounts_does_what_it_says() {
    let mut operator = Operator::begin().await;
    let all = commands(SECURITY);
    assert!(all.len() > 10, "{all:?}");
    for command in &all {
        let step = step(command);
        operator.follow(step.unwrap_or_else(|| panic!("nobody follows {:?}", command.text))).await;
    }
    operator.end().await;
}
