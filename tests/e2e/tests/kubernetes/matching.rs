//! What names something names what is there.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{NAME, SERVICES, base, container, example, of_kind, parse, pod, root, strings};
use crate::readme::settings;

#[test]
fn selectors_find_the_pods_that_they_mean_and_no_others() {
    let all = base();
    let labels: BTreeMap<_, _> =
        SERVICES.map(|service| (service, pod(&all, service)["metadata"]["labels"].clone())).into();
    let found = |selector: &Value| {
        let wanted = selector.as_object().unwrap();
        assert!(!wanted.is_empty());
        let has = |labels: &Value| wanted.iter().all(|(name, value)| labels[name] == *value);
        let those = labels.iter().filter(|(_, labels)| has(labels));
        those.map(|(service, _)| *service).collect::<Vec<_>>()
    };
    for kind in ["Deployment", "PodDisruptionBudget", "Service"] {
        let those = of_kind(&all, kind);
        assert!(those.keys().eq(SERVICES), "{kind}: {:?}", those.keys());
        for (name, one) in those {
            let selector = &one["spec"]["selector"];
            let selector = if kind == "Service" { selector } else { &selector["matchLabels"] };
            assert_eq!(found(selector), [name.as_str()], "{kind} {name}");
            assert_eq!(one["metadata"]["labels"][NAME], name, "{kind} {name}");
        }
    }
    for (name, budget) in of_kind(&all, "PodDisruptionBudget") {
        assert_eq!(budget["spec"]["maxUnavailable"], 1, "{name}");
    }
}

#[test]
fn services_are_found_by_all_their_addresses_and_the_gateway_by_one() {
    let all = base();
    for (name, service) in of_kind(&all, "Service") {
        let spec = &service["spec"];
        let ports = spec["ports"].as_array().unwrap();
        assert_eq!(ports.len(), 1, "{name}");
        let port = &ports[0];
        let is_gateway = name == "gateway";
        assert_eq!(spec["clusterIP"] == "None", !is_gateway, "{name} is headless");
        assert!(spec["type"].is_null(), "{name} is for nobody outside");
        // A headless service leads to the port itself, whatever `targetPort` says.
        let container = container(&all, &name);
        let ports = container["ports"].as_array().unwrap();
        let meant = ports.iter().find(|one| one["name"] == port["targetPort"]).unwrap();
        assert!(is_gateway || meant["containerPort"] == port["port"], "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_setting_that_is_named_is_one_that_its_program_knows() {
    let all = base();
    let ports: BTreeMap<_, _> = super::PORTS.into();
    for service in SERVICES {
        let known = settings(service).await;
        let container = container(&all, service);
        let set: BTreeMap<_, _> = container["env"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (one["name"].as_str().unwrap(), one["value"].as_str().unwrap()))
            .collect();
        let example = example(service);
        for name in set.keys().copied().chain(example.keys().map(String::as_str)) {
            assert!(known.iter().any(|known| known == name), "{service} knows no {name}");
        }
        assert!(
            example.keys().all(|name| !set.contains_key(name.as_str())),
            "{service}: set twice"
        );
        // Addresses of others are names of services, with the ports that those have.
        for (name, value) in set.iter().filter(|(_, value)| value.starts_with("https://")) {
            let (other, port) = value["https://".len()..].split_once(':').unwrap();
            assert_eq!(
                ports.get(other).map(u64::to_string).as_deref(),
                Some(port),
                "{service}: {name}"
            );
        }
        // And files are where something is mounted.
        let mounts = container["volumeMounts"].as_array().unwrap();
        let paths = set.iter().map(|(name, value)| (*name, *value));
        let paths =
            paths.chain(example.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        for (name, value) in
            paths.filter(|(name, _)| name.ends_with("_FILE") || name.ends_with("_DIR"))
        {
            let is_there = mounts.iter().any(|mount| {
                value.starts_with(&format!("{}/", mount["mountPath"].as_str().unwrap()))
            });
            assert!(is_there, "{service}: {name} is in no volume");
        }
        let source = container["envFrom"].as_array().unwrap();
        assert_eq!((source.len(), &source[0]["configMapRef"]["name"]), (1, &service.into()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_service_needs_is_set_by_its_image_its_pod_or_the_example() {
    let all = base();
    let dockerfile = std::fs::read_to_string(root().join("Dockerfile")).unwrap();
    for service in SERVICES {
        let mut process = e2e::Process::start(service, &[]);
        assert_eq!(process.ended().await, Some(78));
        let output = process.output();
        let needed: BTreeSet<_> = output
            .split_whitespace()
            .zip(output.split_whitespace().skip(1))
            .zip(output.split_whitespace().skip(2))
            .filter(|((_, is), not)| *is == "is" && *not == "not")
            .map(|((name, _), _)| name)
            .collect();
        assert!(needed.len() >= 3, "{service}: {output}");
        let container = container(&all, service);
        let env = container["env"].as_array().unwrap();
        let example = example(service);
        for name in needed {
            let is_set = env.iter().any(|one| one["name"] == name)
                || example.contains_key(name)
                || example.contains_key(&format!("{name}_FILE"))
                || dockerfile.contains(&format!("{name}="));
            assert!(is_set, "{service} is not told {name}");
        }
    }
}

#[test]
fn the_example_names_every_image_and_all_settings_of_the_base() {
    let file = root().join("deploy/kubernetes/example/kustomization.yaml");
    let example = parse(&file).remove(0);
    let named = |list: &str| -> BTreeSet<String> {
        let list = example[list].as_array().unwrap().iter();
        list.map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    let all = base();
    let images =
        SERVICES.map(|service| container(&all, service)["image"].as_str().unwrap().to_owned());
    assert_eq!(named("images"), images.into());
    assert_eq!(named("configMapGenerator"), SERVICES.map(str::to_owned).into());
    for image in example["images"].as_array().unwrap() {
        assert_eq!(image["newTag"], env!("CARGO_PKG_VERSION"), "what is tested is what is run");
    }
    for file in strings(&example["resources"]).iter().filter(|name| *name != "../base") {
        assert!(root().join("deploy/kubernetes/example").join(file).exists(), "{file}");
    }
}
