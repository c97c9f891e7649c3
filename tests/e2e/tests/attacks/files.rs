//! What lies on the disk, and who can read it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use e2e::{Apart, Process, Product, free_address};
use tempfile::TempDir;

use super::super::canaries::Canaries;
use super::company::Company;
use super::{LOGS, MODEL_KEY, Scene, UNLIMITED, WORDS, unharmed};

/// In what is put in the place of a key.
const CANARY: &str = "Y2FuYXJ5LW9mLWEta2V5";

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// The files in a folder, and in those in it.
fn files_in(folder: &Path) -> Vec<PathBuf> {
    let inside = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    inside.flat_map(|path| if path.is_dir() { files_in(&path) } else { vec![path] }).collect()
}

/// Spoils a file in every way that there is, asks each time what comes of it, and puts it back.
async fn spoil(file: &Path, comes_of: impl AsyncFn(&str)) {
    let good = fs::read(file).unwrap();
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----\n");
    for (what, bytes, is_for) in [
        ("is for everybody", good.as_slice(), 0o644),
        ("is for a group", &good, 0o640),
        ("is empty", b"", 0o600),
        ("is cut short", &good[..good.len() / 2], 0o600),
        ("is PEM of nothing", pem.as_bytes(), 0o600),
        ("is a text", CANARY.as_bytes(), 0o600),
    ] {
        fs::write(file, bytes).unwrap();
        allow(file, is_for);
        comes_of(what).await;
    }
    fs::remove_file(file).unwrap();
    comes_of("is missing").await;
    fs::write(file, &good).unwrap();
    allow(file, 0o600);
}

/// It does not start, names the file, and shows nothing of it.
async fn does_not_start(mut process: Process, file: &Path, what: &str, canaries: &Canaries) {
    let code = process.ended().await;
    let (name, output) = (file.file_name().unwrap().to_str().unwrap(), process.output());
    assert!(code.is_some_and(|code| code != 0), "{name} {what}: {code:?} {output}");
    assert!(output.contains(name), "{name} {what}: {output}");
    assert!(!output.contains(CANARY), "{name} {what}: {output}");
    canaries.are_not_in(&output);
}

/// H02, H08
#[tokio::test(flavor = "multi_thread")]
async fn a_product_with_a_key_that_is_none_or_is_not_its_own_alone_does_not_start() {
    let root = TempDir::new().unwrap();
    let (data, address) = (root.path().join("new"), free_address());
    let folder = data.display().to_string();
    let own = [
        ("AI_BUDDY_LISTEN", address.as_str()),
        ("AI_BUDDY_DATA", &folder),
        ("AUTH_BCRYPT_COST", "10"),
    ];
    let start = || Process::start("ai-buddy", &[own.as_slice(), &UNLIMITED, &[LOGS]].concat());
    let mut process = start();
    let product = Product::at(&address);
    product.ready().await;
    assert_eq!((mode(&data), mode(&data.join("keys"))), (0o700, 0o700));
    let ada = product.register("ada").await;
    let (session, _) = ada.say(WORDS).await;
    let keys = data.join("keys");
    let mut secrets = unharmed::canaries();
    unharmed::add_secrets(&mut secrets, &ada, &keys);
    unharmed::ends(&mut process, &secrets).await;

    let files = files_in(&keys);
    let files = files.iter().filter(|file| file.extension().is_some_and(|it| it != "lock"));
    let mut spoiled = 0;
    for file in files {
        spoil(file, async |what| does_not_start(start(), file, what, &secrets).await).await;
        spoiled += 1;
    }
    assert!(spoiled > 5, "the list, two keys of each kind, a pepper: {spoiled}");

    let mut process = start();
    product.ready().await;
    let memory = process.resident_memory();
    unharmed::serves(&product, &ada, session).await;
    unharmed::is_whole(&mut process, memory);
    unharmed::ends(&mut process, &secrets).await;
}

/// H02: the keys of certificates.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_whose_certificate_has_no_key_of_its_own_alone_does_not_start() {
    let apart = Apart::new("http://127.0.0.1:9/v1");
    let mut secrets = Canaries::of([]);
    secrets.add_pem(&apart.certificates());
    for program in ["gateway", "chat-service", "auth-service"] {
        let file = apart.certificates().join(format!("{program}.key"));
        let try_it = async |what: &str| {
            does_not_start(apart.start(program), &file, what, &secrets).await;
        };
        spoil(&file, try_it).await;
        apart.start(program).line_with("listening").await;
    }
}

/// H08
#[tokio::test(flavor = "multi_thread")]
async fn what_a_product_writes_is_for_its_owner_alone_while_it_runs() {
    if scratch::has_no_files() {
        return;
    }
    let scene = Scene::open().await;
    let files = files_in(scene.product.data());
    for ending in [".db", ".db-wal", ".db-shm", ".key", "keys.json"] {
        let is_one = |file: &&PathBuf| file.to_str().unwrap().ends_with(ending);
        assert!(files.iter().find(is_one).is_some(), "{ending}: {files:?}");
    }
    for file in &files {
        assert_eq!(mode(file), 0o600, "{}", file.display());
    }
    assert_eq!(mode(&scene.product.data().join("keys")), 0o700);
    scene.ends_unharmed().await;
}

/// H07
#[tokio::test(flavor = "multi_thread")]
async fn nothing_secret_is_in_the_settings_or_a_dump_of_a_service() {
    let company = Company::open().await;
    for process in company.processes() {
        assert_eq!(process.limit("Max core file size"), (0, 0));
    }
    let secrets = company.secrets();
    for process in company.processes() {
        let settings = process.environment();
        assert!(settings.contains("_TLS_DIR="), "{settings}");
        secrets.are_not_in(&settings);
    }
    // It was told all the same, and by whom but the file?
    let key = format!("Bearer {MODEL_KEY}");
    let heard = company.model.heard();
    assert_eq!(heard[0].authorization.as_deref(), Some(key.as_str()));
    company.ends_unharmed().await;
}
