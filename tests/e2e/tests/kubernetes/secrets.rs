//! No secret is in the repository, and those that are made are read as Kubernetes mounts them.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};

use chassis::{authority, clock};
use e2e::{Process, free_address};
use tempfile::TempDir;

use super::{base, files, of_kind, pod, root};

/// The user of the images.
const USER: u32 = 65532;

#[test]
fn the_repository_holds_no_secret_and_names_those_that_are_to_be_made() {
    for file in files(&root().join("deploy/kubernetes"), &[".yaml"]) {
        for one in super::parse(&file) {
            assert_ne!(one["kind"], "Secret", "{}", file.display());
            assert!(one["secretGenerator"].is_null(), "{}", file.display());
        }
    }
    let operations = fs::read_to_string(root().join("docs/OPERATIONS.md")).unwrap();
    let all = base();
    for service in super::SERVICES {
        for volume in pod(&all, service)["spec"]["volumes"].as_array().unwrap() {
            let Some(secret) = volume["secret"].as_object() else { continue };
            let name = secret["secretName"].as_str().unwrap();
            assert!(
                operations.contains(&format!("create secret generic {name} --from-file ")),
                "{name}"
            );
            assert_eq!(secret["defaultMode"], 0o440, "{name}");
        }
    }
    // Keys change while services run: they are no secret of Kubernetes but a folder that all of them write.
    let keys = &of_kind(&all, "PersistentVolumeClaim")["auth-keys"]["spec"];
    assert_eq!(keys["accessModes"], serde_json::json!(["ReadWriteMany"]));
}

/// Kubernetes mounts a secret as a file of root that a group may read. Only root can make such a file: as
/// anybody else, this shows nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_reads_a_key_that_is_roots_and_its_groups_and_none_that_is_anybodys() {
    let folder = TempDir::new().unwrap();
    if fs::metadata(folder.path()).unwrap().uid() != 0 {
        return;
    }
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let program = folder.path().join("gateway");
    fs::copy(e2e::program("gateway"), &program).unwrap();
    let identity = folder.path().join("identity");
    authority::make(&identity, &["gateway"], clock::now()).unwrap();
    fs::set_permissions(&identity, Permissions::from_mode(0o755)).unwrap();
    let key = identity.join("gateway.key");
    let (listen, elsewhere) = (free_address(), format!("https://{}", free_address()));
    let settings = [
        ("GATEWAY_LISTEN", listen.as_str()),
        ("GATEWAY_TLS_DIR", identity.to_str().unwrap()),
        ("GATEWAY_AUTH_URL", &elsewhere),
        ("GATEWAY_CHAT_URL", &elsewhere),
    ];
    for (group, mode, is_fine) in [(USER, 0o440, true), (USER, 0o444, false), (0, 0o440, false)] {
        chown(&key, Some(0), Some(group)).unwrap();
        fs::set_permissions(&key, Permissions::from_mode(mode)).unwrap();
        let mut process = Process::start_as(USER, &program, &settings);
        if is_fine {
            process.line_with(&listen).await;
            process.kill().await;
        } else {
            assert_eq!(
                process.ended().await,
                Some(78),
                "{mode:o} of {group}: {}",
                process.output()
            );
            assert!(process.output().contains("gateway.key"), "{}", process.output());
        }
    }
}
