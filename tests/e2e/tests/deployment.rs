//! What is deployed is hardened, keeps no secret that is known, and is what the programs ask for.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use super::boundaries::{files, root};

/// Programs, each with an image of its own.
const PROGRAMS: [&str; 4] = ["gateway", "auth-service", "chat-service", "ai-buddy"];

fn read(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap()
}

/// How far a line is indented.
fn depth(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// What stands below a key of a YAML file, line by line, comments left out. Enough for files of ours: they
/// are written in blocks.
fn below<'a>(lines: &[&'a str], key: &str) -> Vec<&'a str> {
    let is_it = |place: &usize| lines[*place].trim_start().starts_with(&format!("{key}:"));
    // Of several, the outermost is meant.
    let places = (0..lines.len()).filter(is_it);
    let place = places.min_by_key(|place| depth(lines[*place])).unwrap();
    let inside = lines[place + 1..].iter().take_while(|line| depth(line) > depth(lines[place]));
    inside.copied().collect()
}

/// The lines of a YAML file that mean something.
fn lines(text: &str) -> Vec<&str> {
    let means = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    text.lines().filter(means).collect()
}

/// The services of the compose file, with their lines.
fn services(compose: &str) -> BTreeMap<&str, Vec<&str>> {
    let all = below(&lines(compose), "services");
    let names = all.iter().filter(|line| depth(line) == 2);
    names
        .map(|line| line.trim().trim_end_matches(':'))
        .map(|name| (name, below(&all, name)))
        .collect()
}

/// Whether a service has this line.
fn has(service: &[&str], line: &str) -> bool {
    service.iter().any(|found| found.trim() == line)
}

/// Whether a service sets this.
fn sets(service: &[&str], key: &str) -> bool {
    service.iter().any(|line| depth(line) == 4 && line.trim().starts_with(&format!("{key}:")))
}

#[test]
fn only_the_gateway_is_published_and_only_on_this_machine() {
    let compose = read("docker-compose.yml");
    let published: Vec<_> =
        lines(&compose).into_iter().filter(|line| line.contains("ports:")).collect();
    assert_eq!(published, [r#"    ports: ["127.0.0.1:${PORT:-8000}:8000"]"#]);
    assert!(sets(&services(&compose)["gateway"], "ports"));
    // What is published on request is so on this machine as well.
    let more = read("deploy/observability/publish.yml");
    for line in lines(&more).into_iter().filter(|line| line.contains("ports:")) {
        assert!(line.contains(r#"["127.0.0.1:"#), "{line}");
    }
    let all = lines(&compose);
    for network in ["services", "database", "telemetry"] {
        let networks = below(&all, "networks");
        assert!(has(&networks, &format!("{network}: {{internal: true}}")), "{network}");
    }
    let services = services(&compose);
    let database = services.iter().filter(|(_, service)| {
        service.iter().any(|line| line.contains("networks:") && line.contains("database"))
    });
    let reach: Vec<_> = database.map(|(name, _)| *name).collect();
    assert_eq!(reach, ["auth-service", "backup", "chat-service", "postgres"]);
}

#[test]
fn every_container_has_bounds_and_nothing_that_it_does_not_need() {
    let compose = read("docker-compose.yml");
    let all = lines(&compose);
    let hardened = below(&all, "x-hardened");
    for line in [
        "restart: unless-stopped",
        "read_only: true",
        "cap_drop: [ALL]",
        r#"security_opt: ["no-new-privileges:true"]"#,
        "stop_grace_period: 30s",
        "driver: json-file",
        r#"options: {max-size: 5m, max-file: "2"}"#,
    ] {
        assert!(has(&hardened, line), "{line}");
    }
    let program = below(&all, "x-program");
    assert!(has(&program, "<<: *hardened") && has(&program, r#"user: "65532:65532""#));
    let services = services(&compose);
    assert!(services.len() >= 5, "{services:?}");
    for (name, service) in &services {
        let is_ours = service.iter().any(|line| line.trim().starts_with("build:"));
        let kind = if is_ours { "<<: *program" } else { "<<: *hardened" };
        assert!(has(service, kind), "{name}");
        for key in [
            "read_only",
            "cap_drop",
            "cap_add",
            "security_opt",
            "privileged",
            "logging",
            "pid",
            "ipc",
        ] {
            assert!(!sets(service, key), "{name} has a {key} of its own");
        }
        for key in ["mem_limit", "cpus"] {
            assert!(sets(service, key), "{name} has no {key}");
        }
        // One that is not ours has a version: what is tested is what is run.
        let image = service.iter().find_map(|line| line.trim().strip_prefix("image: ")).unwrap();
        assert!(is_ours || (image.contains(':') && !image.contains("latest")), "{name}: {image}");
    }
}

#[test]
fn no_secret_is_known_before_a_first_start() {
    let mut deployed = files(&root().join("deploy"), &[""]);
    deployed.extend(["docker-compose.yml", "Dockerfile"].map(|file| root().join(file)));
    let words = ["password", "secret", "token", "key"];
    for file in deployed {
        let text = std::fs::read_to_string(&file).unwrap();
        for line in lines(&text) {
            let Some((name, value)) = line.trim().split_once(": ") else { continue };
            let name = name.to_lowercase();
            // What Kubernetes calls so is a label, and whether there is a token at all.
            let is_named_so =
                ["topologykey", "automountserviceaccounttoken"].contains(&name.as_str());
            let is_secret = !is_named_so && words.iter().any(|word| name.ends_with(word));
            let is_named = value.starts_with('/')
                || value.starts_with("${")
                || value == "{}"
                || value == "app.kubernetes.io/name";
            assert!(!is_secret || is_named, "{}: {line}", file.display());
        }
    }
    // Each is seen by those who need it.
    let compose = read("docker-compose.yml");
    for (volume, expected) in [
        ("authority", vec!["prepare"]),
        ("auth-identity", vec!["auth-service", "prepare"]),
        ("chat-identity", vec!["chat-service", "prepare"]),
        ("gateway-identity", vec!["gateway", "prepare"]),
        ("auth-keys", vec!["auth-service"]),
        ("auth-password", vec!["auth-service", "backup", "postgres", "prepare"]),
        ("chat-password", vec!["backup", "chat-service", "postgres", "prepare"]),
        ("postgres-password", vec!["postgres", "prepare"]),
    ] {
        let mounts = |service: &[&str]| {
            service.iter().any(|line| line.trim().starts_with(&format!("- {volume}:")))
        };
        let services = services(&compose);
        let seen = services.iter().filter(|(_, service)| mounts(service)).map(|(name, _)| *name);
        assert_eq!(seen.collect::<Vec<_>>(), expected, "{volume}");
    }
}

#[tokio::test]
async fn every_setting_of_a_service_can_be_set_where_it_is_deployed() {
    let compose = read("docker-compose.yml");
    let dockerfile = read("Dockerfile");
    let services = services(&compose);
    for program in &PROGRAMS[..3] {
        let set: BTreeSet<_> = below(&services[program], "environment")
            .into_iter()
            .map(|line| line.trim().split(':').next().unwrap())
            .collect();
        for setting in super::readme::settings(program).await {
            // Files and what a secret's twin is called are mounted, not passed on.
            let is_there = set.contains(setting.as_str())
                || dockerfile.contains(&format!("{setting}="))
                || setting.ends_with("_FILE")
                || set.contains(format!("{setting}_FILE").as_str());
            assert!(is_there, "{program} cannot be told {setting}");
        }
    }
}

#[test]
fn images_say_what_they_are_and_what_is_in_them() {
    let dockerfile = read("Dockerfile");
    assert!(dockerfile.contains(&format!("ARG VERSION={}\n", env!("CARGO_PKG_VERSION"))));
    let stages: Vec<_> = dockerfile.split("\nFROM ").collect();
    for program in PROGRAMS {
        let stage =
            stages.iter().find(|stage| stage.starts_with(&format!("program AS {program}\n")));
        let stage = stage.unwrap_or_else(|| panic!("no image of {program}"));
        for line in [
            "USER 65532:65532".to_owned(),
            format!(r#"CMD ["/{program}", "healthcheck"]"#),
            format!(r#"ENTRYPOINT ["/{program}"]"#),
            format!(r#"org.opencontainers.image.title="{program}""#),
        ] {
            assert!(stage.contains(&line), "{program}: {line}");
        }
        let output = Command::new(root().join("deploy/image/sbom"))
            .arg(program)
            .current_dir(root())
            .env("CARGO_NET_OFFLINE", "true")
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let bill: Value = serde_json::from_slice(&output.stdout).unwrap();
        let components = bill["components"].as_array().unwrap();
        assert!(components.len() > 50, "{program}");
        for component in components {
            let (name, version) = (component["name"].as_str().unwrap(), &component["version"]);
            let purl = format!("pkg:cargo/{name}@{}", version.as_str().unwrap());
            assert_eq!(component["purl"], purl, "{program}");
            assert!(component["licenses"][0]["expression"].is_string(), "{program}: {name}");
        }
    }
}
