//! Commands that are run by something else than these tests, or by nothing.

use std::collections::BTreeSet;

use super::commands::Command;
use crate::boundaries::{files, root};
use crate::readme;

const CLUSTER: &str =
    "it asks a cluster, and none is here; what it applies is held against the schemas";
const OTHERS: &str = "it fetches an image and a model of somebody else, several gigabytes";

const SERVER: &str = "it asks a server that is not of compose; what `deploy/backup/run` asks one is the same, and is tried \
    in `backups::dumps`";

/// What no test runs, and why.
pub(super) const CANNOT_BE_RUN: [(&str, &str); 18] = [
    (
        r#"psql --username=auth --dbname=auth --command="\copy (SELECT id, to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM users WHERE deleted_at IS NOT NULL) TO deleted.csv CSV""#,
        SERVER,
    ),
    ("docker compose --profile ollama up --detach", OTHERS),
    ("docker compose exec ollama ollama pull llama3.2", OTHERS),
    ("kubectl apply --filename deploy/kubernetes/example/namespace.yaml", CLUSTER),
    ("kubectl apply --kustomize deploy/kubernetes/example", CLUSTER),
    ("kubectl diff --kustomize deploy/kubernetes/example", CLUSTER),
    ("kubectl --namespace ai-buddy apply --filename secret.yaml", CLUSTER),
    ("kubectl --namespace ai-buddy rollout status deployment/chat-service", CLUSTER),
    ("kubectl --namespace ai-buddy rollout undo deployment/chat-service", CLUSTER),
    ("kubectl --namespace ai-buddy rollout restart deployment/gateway", CLUSTER),
    ("kubectl --namespace ai-buddy rollout restart deployment/chat-service", CLUSTER),
    ("kubectl --namespace ai-buddy scale deployment/chat-service --replicas=4", CLUSTER),
    ("kubectl --namespace ai-buddy attach --stdin job/restored < deleted.csv", CLUSTER),
    ("kubectl --namespace ai-buddy wait --for=condition=complete job/restored", CLUSTER),
    ("kubectl --namespace ai-buddy delete job/restored", CLUSTER),
    ("kubectl --namespace ai-buddy get pods", CLUSTER),
    ("kubectl --namespace ai-buddy logs deployment/chat-service --tail=100", CLUSTER),
    (
        "kubectl --namespace ai-buddy exec deployment/auth-service -- /auth-service keys list",
        CLUSTER,
    ),
];

/// Why it cannot be run.
pub(super) fn cannot_be_run(command: &Command) -> Option<&'static str> {
    CANNOT_BE_RUN.iter().find(|(text, _)| *text == command.text).map(|(_, why)| *why)
}

/// Whether one of the scripts in a folder has it as a line of its own.
pub(super) fn is_in(folder: &str, command: &Command) -> bool {
    files(&root().join(folder), &[""])
        .iter()
        .filter_map(|file| std::fs::read_to_string(file).ok())
        .any(|text| text.lines().any(|line| line.trim() == command.text))
}

/// The settings of all programs.
pub(super) async fn settings() -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for program in ["ai-buddy", "auth-service", "chat-service", "gateway"] {
        all.extend(readme::settings(program).await);
    }
    all
}

/// Whether it sets something that a program knows, and does nothing.
pub(super) fn is_setting(settings: &BTreeSet<String>, command: &Command) -> bool {
    let named = command.text.split_once('=').filter(|(name, _)| settings.contains(*name));
    named.is_some_and(|(_, value)| !value.contains(char::is_whitespace))
}
