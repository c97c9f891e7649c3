//! Who may speak to whom is what ARCHITECTURE says, and the same from both ends.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{METRICS, NAME, PORTS, SERVICES, base, of_kind};

/// The arrows between services: who calls, and whom.
const ARROWS: [(&str, &str); 4] = [
    ("auth-service", "chat-service"),
    ("chat-service", "auth-service"),
    ("gateway", "auth-service"),
    ("gateway", "chat-service"),
];
/// Where programs outside are, by their namespaces.
const OUTSIDE: [(&str, &str, u64); 4] = [
    ("monitoring", "auth-service", METRICS),
    ("monitoring", "chat-service", METRICS),
    ("monitoring", "gateway", METRICS),
    ("ingress-nginx", "gateway", 8000),
];

/// Something that is allowed: from whom, to whom, to which port.
type Arrow = (String, String, u64);

/// The services that a selector of pods means.
fn meant(selector: &Value) -> Vec<String> {
    let all = || SERVICES.map(str::to_owned).to_vec();
    if let Some(expressions) = selector["matchExpressions"].as_array() {
        assert_eq!(expressions.len(), 1);
        assert_eq!(
            (&expressions[0]["key"], &expressions[0]["operator"]),
            (&json!(NAME), &json!("In"))
        );
        return super::strings(&expressions[0]["values"]);
    }
    match selector["matchLabels"][NAME].as_str() {
        Some(name) => vec![name.to_owned()],
        None => all(),
    }
}

/// Who is at the other end: services of ours, or what else it says.
fn ends(list: &Value) -> Vec<String> {
    // Without it, anybody would be meant.
    let all = list.as_array().unwrap().iter();
    let named = all.flat_map(|one| match one {
        one if one["ipBlock"].is_object() => {
            vec![one["ipBlock"]["cidr"].as_str().unwrap().to_owned()]
        }
        one if one["namespaceSelector"].is_object() => {
            let namespace = &one["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"];
            vec![namespace.as_str().unwrap().to_owned()]
        }
        one => meant(&one["podSelector"]),
    });
    named.collect()
}

/// All that is allowed in one direction.
fn allowed(direction: &str) -> BTreeSet<Arrow> {
    let mut found = BTreeSet::new();
    let (rules, other) =
        if direction == "Ingress" { ("ingress", "from") } else { ("egress", "to") };
    for (name, policy) in of_kind(&base(), "NetworkPolicy") {
        let spec = &policy["spec"];
        let types = super::strings(&spec["policyTypes"]);
        let Some(rules) = spec[rules].as_array() else { continue };
        assert!(types.iter().any(|one| one == direction), "{name}: rules that do not count");
        for rule in rules {
            for port in rule["ports"].as_array().unwrap() {
                let port = port["port"].as_u64().unwrap();
                for own in meant(&spec["podSelector"]) {
                    for other in ends(&rule[other]) {
                        let (from, to) = if direction == "Ingress" {
                            (other, own.clone())
                        } else {
                            (own.clone(), other)
                        };
                        found.insert((from, to, port));
                    }
                }
            }
        }
    }
    found
}

fn port_of(service: &str) -> u64 {
    PORTS.into_iter().find(|(name, _)| *name == service).unwrap().1
}

fn arrow(from: &str, to: &str, port: u64) -> Arrow {
    (from.to_owned(), to.to_owned(), port)
}

#[test]
fn whoever_is_not_named_speaks_to_nobody() {
    let policies = of_kind(&base(), "NetworkPolicy");
    let expected = json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]});
    assert!(policies.values().any(|policy| policy["spec"] == expected), "{policies:#?}");
}

#[test]
fn the_arrows_are_those_of_the_architecture_from_both_ends() {
    let between: BTreeSet<_> =
        ARROWS.into_iter().map(|(from, to)| arrow(from, to, port_of(to))).collect();
    let outside = OUTSIDE.into_iter().map(|(from, to, port)| arrow(from, to, port));
    let expected: BTreeSet<_> = between.iter().cloned().chain(outside).collect();
    assert_eq!(allowed("Ingress"), expected);

    let mut expected = between;
    for service in SERVICES {
        expected.insert(arrow(service, "kube-system", 53));
    }
    for service in ["auth-service", "chat-service"] {
        for network in ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"] {
            expected.insert(arrow(service, network, 5432));
        }
    }
    for network in ["0.0.0.0/0", "::/0"] {
        expected.insert(arrow("chat-service", network, 443));
    }
    assert_eq!(allowed("Egress"), expected);
}

/// Only these settings of a pod name another service.
#[test]
fn whoever_is_told_where_another_is_may_go_there() {
    let all = base();
    let allowed = allowed("Egress");
    let mut told = BTreeSet::new();
    for service in SERVICES {
        let container = super::container(&all, service);
        for setting in container["env"].as_array().unwrap() {
            let Some(address) = setting["value"].as_str().unwrap().strip_prefix("https://") else {
                continue;
            };
            let (to, port) = address.split_once(':').unwrap();
            told.insert(arrow(service, to, port.parse().unwrap()));
        }
    }
    assert_eq!(told.len(), ARROWS.len());
    assert!(told.is_subset(&allowed), "{told:?}");
}

#[test]
fn the_model_is_not_looked_for_where_clouds_keep_their_credentials() {
    let model = &of_kind(&base(), "NetworkPolicy")["model"];
    let blocks = model["spec"]["egress"][0]["to"].as_array().unwrap().clone();
    let except: Vec<_> =
        blocks.iter().flat_map(|one| super::strings(&one["ipBlock"]["except"])).collect();
    for network in
        ["169.254.0.0/16", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fe80::/10", "fc00::/7"]
    {
        assert!(except.iter().any(|one| one == network), "{network}");
    }
}
