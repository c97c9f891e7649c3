//! What is deployed on Kubernetes is what the programs ask for, is hardened, is probed without being killed for
//! what others fail at, and speaks to those that it has to speak to.
//!
//! `tests/kubernetes/run` holds the same files against the schemas of Kubernetes; this needs nothing installed.

mod hardening;
mod matching;
mod network;
mod secrets;

use std::collections::BTreeMap;

use serde_json::Value;

use super::boundaries::{files, root};

/// The services that run there.
const SERVICES: [&str; 3] = ["auth-service", "chat-service", "gateway"];
/// Where each listens for its own calls.
const PORTS: [(&str, u64); 3] =
    [("auth-service", 50051), ("chat-service", 50052), ("gateway", 8000)];
/// Where each tells its numbers.
const METRICS: u64 = 9464;
/// The label that tells services apart.
const NAME: &str = "app.kubernetes.io/name";

/// All that the base consists of, in the files that its kustomization names.
fn base() -> Vec<Value> {
    let folder = root().join("deploy/kubernetes/base");
    let kustomization = parse(&folder.join("kustomization.yaml")).remove(0);
    let named = strings(&kustomization["resources"]);
    let mut there: Vec<_> = files(&folder, &[".yaml"])
        .iter()
        .map(|file| file.file_name().unwrap().to_str().unwrap().to_owned())
        .filter(|name| name != "kustomization.yaml")
        .collect();
    there.sort();
    assert_eq!(named, there, "files that nobody names, or names of no file");
    named.iter().flat_map(|name| parse(&folder.join(name))).collect()
}

/// The documents of a file.
fn parse(file: &std::path::Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap();
    serde_saphyr::from_multiple(&text).unwrap()
}

/// Those of one kind, by their names.
fn of_kind(all: &[Value], kind: &str) -> BTreeMap<String, Value> {
    let those = all.iter().filter(|one| one["kind"] == kind);
    let named =
        those.map(|one| (one["metadata"]["name"].as_str().unwrap().to_owned(), one.clone()));
    let found: BTreeMap<_, _> = named.collect();
    assert_eq!(found.len(), all.iter().filter(|one| one["kind"] == kind).count(), "{kind} twice");
    found
}

/// The pod of a service, as its Deployment has it.
fn pod(all: &[Value], service: &str) -> Value {
    of_kind(all, "Deployment")[service]["spec"]["template"].clone()
}

/// The one container of a service.
fn container(all: &[Value], service: &str) -> Value {
    let containers = pod(all, service)["spec"]["containers"].as_array().unwrap().clone();
    assert_eq!(containers.len(), 1, "{service}");
    assert_eq!(containers[0]["name"], service);
    containers[0].clone()
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect()
}

/// What settings a file of the example sets: the part before the first `=` of each line.
fn example(service: &str) -> BTreeMap<String, String> {
    let file = root().join(format!("deploy/kubernetes/example/{service}.env"));
    let text = std::fs::read_to_string(file).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| line.split_once('=').unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}
