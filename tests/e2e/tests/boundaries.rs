//! The arrows of the house: who may lean on whom.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Which rooms of ours each room may lean on.
const ARROWS: [(&str, &[&str]); 13] = [
    ("proto", &[]),
    ("token", &[]),
    ("chassis", &[]),
    ("crisis-resources", &[]),
    ("encoder", &[]),
    ("database", &["chassis"]),
    ("auth-client", &["chassis", "proto", "token"]),
    ("auth-service", &["chassis", "database", "proto", "token"]),
    (
        "chat-service",
        &["auth-client", "chassis", "crisis-resources", "database", "encoder", "proto"],
    ),
    ("safety-eval", &["chat-service"]),
    ("gateway", &["auth-client", "chassis", "crisis-resources", "proto"]),
    ("standalone", &["auth-service", "chassis", "chat-service", "database", "gateway"]),
    ("bench", &["e2e", "openai-stub"]),
];

/// Libraries that only some rooms may know.
const WALLS: [(&str, &[&str]); 9] = [
    ("sea-orm", &["auth-service", "bench", "chat-service", "database", "scratch"]),
    ("jsonwebtoken", &["token"]),
    ("bcrypt", &["auth-service", "bench"]),
    ("async-openai", &["chat-service"]),
    ("ndarray", &["encoder"]),
    ("axum", &["chassis", "gateway", "openai-stub"]),
    ("metrics-exporter-prometheus", &["chassis"]),
    ("opentelemetry_sdk", &["chassis"]),
    ("tracing-opentelemetry", &["chassis"]),
];

/// What two services must spell alike, and `proto` spells for them.
const AGREED: [&str; 5] =
    ["auth-service", "chat-service", "gateway", "x-client-address", "safety-bin"];

/// Lines of a file written by hand, at most.
const MOST_LINES: usize = 350;

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// What each package of ours needs to run.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter();
    let needs = |package: &Value| {
        let all = package["dependencies"].as_array().unwrap().iter();
        let run = all.filter(|needed| needed["kind"].is_null());
        run.map(|needed| needed["name"].as_str().unwrap().to_owned()).collect()
    };
    packages.map(|package| (package["name"].as_str().unwrap().to_owned(), needs(package))).collect()
}

#[test]
fn rooms_lean_only_on_what_is_below_them() {
    let dependencies = dependencies();
    let ours: BTreeSet<_> = dependencies.keys().cloned().collect();
    for (room, allowed) in ARROWS {
        let leans = dependencies[room].intersection(&ours).map(String::as_str);
        assert_eq!(
            leans.collect::<Vec<_>>(),
            allowed,
            "{room} leans on other rooms than it should"
        );
    }
}

#[test]
fn libraries_stay_in_their_rooms() {
    let dependencies = dependencies();
    for (library, rooms) in WALLS {
        let users = dependencies.iter().filter(|(_, needs)| needs.contains(library));
        let users: Vec<_> = users.map(|(room, _)| room.as_str()).collect();
        assert_eq!(users, rooms, "{library}");
    }
}

/// All files below a folder with one of these endings.
pub(crate) fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && !name.starts_with('.') && name != "target" && name != "data" {
            found.extend(files(&path, endings));
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            found.push(path);
        }
    }
    found
}

#[test]
fn only_the_edges_of_a_service_know_the_wire_and_the_database() {
    for service in ["auth-service", "chat-service"] {
        let source = root().join(service).join("src");
        for file in files(&source, &[".rs"]) {
            let inside = file.strip_prefix(&source).unwrap().to_str().unwrap().to_owned();
            let text = std::fs::read_to_string(&file).unwrap();
            let knows = |word: &str| text.lines().any(|line| line.contains(word));
            let is_wire = inside.starts_with("grpc") || inside == "error.rs";
            // What services are called is no part of it.
            let contracts = text.replace("proto::services", "");
            assert!(
                is_wire || !contracts.contains("proto::"),
                "{service}/{inside} names the contract"
            );
            let keeps = inside.starts_with("store") || inside.starts_with("migrations");
            let is_storage = keeps || inside == "error.rs";
            assert!(is_storage || !knows("sea_orm"), "{service}/{inside} names the database");
        }
    }
}

#[test]
fn words_that_services_must_agree_on_are_written_once() {
    for service in ["auth-client", "auth-service", "chat-service", "gateway", "standalone"] {
        for file in files(&root().join(service).join("src"), &[".rs"]) {
            let text = std::fs::read_to_string(&file).unwrap();
            let product = text.split("#[cfg(test)]").next().unwrap();
            for word in AGREED {
                let place = file.display();
                assert!(!product.contains(&format!("\"{word}\"")), "{place}: {word:?} is in proto");
            }
        }
    }
}

#[test]
fn every_file_is_part_of_the_house() {
    for file in files(&root(), &[".rs"]) {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let folder = file.parent().unwrap();
        let parents = ["lib.rs", "main.rs", "tests.rs"].map(|parent| folder.join(parent));
        let beside = folder.with_extension("rs");
        let is_root = ["lib", "main", "build"].contains(&name)
            || folder.ends_with("tests")
            || folder.ends_with("src/bin");
        let mentions = |parent: &PathBuf| {
            let text = std::fs::read_to_string(parent).unwrap_or_default();
            text.lines().any(|line| line.trim_end().ends_with(&format!("mod {name};")))
        };
        let is_known = parents.iter().chain([&beside]).any(mentions);
        assert!(is_root || is_known, "{} is compiled by nobody", file.display());
    }
}

#[test]
fn files_stay_small_enough_to_be_read() {
    for file in files(&root(), &[".rs", ".proto"]) {
        let lines = std::fs::read_to_string(&file).unwrap().lines().count();
        assert!(
            lines <= MOST_LINES,
            "{} has {lines} lines: two ideas in one file?",
            file.display()
        );
    }
}
