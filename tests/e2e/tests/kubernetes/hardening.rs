//! Bounds, rights and probes.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{METRICS, PORTS, SERVICES, base, container, of_kind, pod};

#[test]
fn a_new_version_takes_over_before_the_old_one_goes() {
    let all = base();
    assert!(of_kind(&all, "Deployment").keys().eq(SERVICES));
    for (service, deployment) in of_kind(&all, "Deployment") {
        let spec = &deployment["spec"];
        assert!(spec["replicas"].as_u64().unwrap() >= 2, "{service}");
        assert_eq!(spec["strategy"]["type"], "RollingUpdate", "{service}");
        assert_eq!(
            spec["strategy"]["rollingUpdate"],
            json!({"maxUnavailable": 0, "maxSurge": 1}),
            "{service}"
        );
        // Callers ask for addresses every 3 s.
        assert!(spec["minReadySeconds"].as_u64().unwrap() > 3, "{service}");
        let pod = pod(&all, &service);
        assert_eq!(pod["spec"]["terminationGracePeriodSeconds"], 30, "{service}");
        let delay =
            format!("{}_STOP_DELAY_SECONDS", service.split('-').next().unwrap().to_uppercase());
        let env = container(&all, &service)["env"].as_array().unwrap().clone();
        assert!(env.contains(&json!({"name": delay, "value": "5"})), "{service}");
        let spread = pod["spec"]["topologySpreadConstraints"].as_array().unwrap();
        let over: Vec<_> = spread.iter().map(|one| one["topologyKey"].as_str().unwrap()).collect();
        assert_eq!(over, ["kubernetes.io/hostname", "topology.kubernetes.io/zone"], "{service}");
        for one in spread {
            assert_eq!(
                one["labelSelector"]["matchLabels"],
                deployment["spec"]["selector"]["matchLabels"]
            );
        }
    }
}

#[test]
fn a_pod_has_bounds_and_nothing_that_it_does_not_need() {
    let all = base();
    for service in SERVICES {
        let (pod, container) = (pod(&all, service), container(&all, service));
        let spec = &pod["spec"];
        for (key, expected) in [
            ("runAsNonRoot", json!(true)),
            ("runAsUser", json!(65532)),
            ("runAsGroup", json!(65532)),
            ("fsGroup", json!(65532)),
            ("fsGroupChangePolicy", json!("OnRootMismatch")),
            ("seccompProfile", json!({"type": "RuntimeDefault"})),
        ] {
            assert_eq!(spec["securityContext"][key], expected, "{service}: {key}");
        }
        let expected = json!({
            "allowPrivilegeEscalation": false,
            "privileged": false,
            "readOnlyRootFilesystem": true,
            "capabilities": {"drop": ["ALL"]},
        });
        assert_eq!(container["securityContext"], expected, "{service}");
        for (key, expected) in
            [("automountServiceAccountToken", false), ("enableServiceLinks", false)]
        {
            assert_eq!(spec[key], expected, "{service}: {key}");
        }
        for key in ["hostNetwork", "hostPID", "hostIPC", "serviceAccountName", "initContainers"] {
            assert!(spec[key].is_null(), "{service}: {key}");
        }
        for kind in ["requests", "limits"] {
            for what in ["cpu", "memory"] {
                assert!(container["resources"][kind][what].is_string(), "{service}: {kind}.{what}");
            }
        }
        assert!(spec["volumes"].as_array().unwrap().iter().all(|one| one["hostPath"].is_null()));
        let tmp = volume(spec, "tmp");
        assert_eq!(tmp["emptyDir"]["medium"], "Memory", "{service}");
        assert!(tmp["emptyDir"]["sizeLimit"].is_string(), "{service}");
        assert!(mounts(&container).contains("/tmp"), "{service}");
    }
}

#[test]
fn nobody_is_killed_for_what_somebody_else_fails_at() {
    let all = base();
    for service in SERVICES {
        let container = container(&all, service);
        let (ready, live) = (&container["readinessProbe"], &container["livenessProbe"]);
        let asks_for = |probe: &Value| [probe["exec"].clone(), probe["httpGet"].clone()];
        assert_ne!(asks_for(ready), asks_for(live), "{service}");
        assert_eq!(asks_for(live), asks_for(&container["startupProbe"]), "{service}");
        // What asks for a service's health says no while its database is down.
        let (ready_asks, live_asks) = if service == "gateway" {
            (json!({"path": "/readyz", "port": "http"}), json!({"path": "/livez", "port": "http"}))
        } else {
            (
                json!({"command": [format!("/{service}"), "healthcheck"]}),
                json!({"path": "/metrics", "port": "metrics"}),
            )
        };
        assert!(
            ready["exec"] == ready_asks || ready["httpGet"] == ready_asks,
            "{service}: {ready}"
        );
        assert_eq!(live["httpGet"], live_asks, "{service}");
        // A replica that is restarted was silent for longer than one that is only left out.
        let patience = |probe: &Value| {
            probe["periodSeconds"].as_u64().unwrap() * probe["failureThreshold"].as_u64().unwrap()
        };
        assert!(patience(live) >= 60 && patience(live) > 3 * patience(ready), "{service}");
        // `healthcheck` takes a second at most, and a program has to start for it.
        assert!(ready["timeoutSeconds"].as_u64().unwrap() > 1, "{service}");
    }
}

#[test]
fn every_port_is_the_one_that_its_image_listens_on() {
    let all = base();
    let dockerfile = std::fs::read_to_string(super::root().join("Dockerfile")).unwrap();
    for (service, port) in PORTS {
        assert!(dockerfile.contains(&format!("_LISTEN=0.0.0.0:{port}")), "{service}");
        let own = if service == "gateway" { "http" } else { "grpc" };
        let expected = json!([
            {"name": own, "containerPort": port},
            {"name": "metrics", "containerPort": METRICS},
        ]);
        assert_eq!(container(&all, service)["ports"], expected, "{service}");
        let annotations = &pod(&all, service)["metadata"]["annotations"];
        assert_eq!(annotations["prometheus.io/port"], METRICS.to_string(), "{service}");
        assert_eq!(annotations["prometheus.io/scrape"], "true", "{service}");
    }
}

fn volume<'a>(spec: &'a Value, name: &str) -> &'a Value {
    spec["volumes"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap()
}

/// Where something is mounted.
fn mounts(container: &Value) -> BTreeSet<&str> {
    let mounts = container["volumeMounts"].as_array().unwrap().iter();
    mounts.map(|one| one["mountPath"].as_str().unwrap()).collect()
}
