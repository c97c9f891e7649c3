//! A disk that is full.

use std::path::{Path, PathBuf};
use std::process::Command;

use e2e::Product;
use serde_json::json;
use tempfile::TempDir;

/// A small file system in memory, mounted on a folder until it is dropped.
struct Disk(PathBuf);

impl Disk {
    /// `None`: this system does not let us.
    fn on(folder: &Path) -> Option<Self> {
        let mounted = mount("size=2m", folder);
        mounted.then(|| Self(folder.to_owned()))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _gone = Command::new("umount").args(["--lazy"]).arg(&self.0).status();
        let _empty = std::fs::remove_dir(&self.0);
    }
}

/// Mounts one with these options, or changes them.
fn mount(options: &str, folder: &Path) -> bool {
    let mut mount = Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", options, "none"]).arg(folder);
    mount.output().is_ok_and(|output| output.status.success())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_what_is_new_loses_nothing_and_needs_no_restart() {
    let data = TempDir::new().unwrap();
    let folder = data.path().to_owned();
    let disk = Disk::on(&folder).filter(|_| !scratch::has_no_files());
    if disk.is_none() {
        return;
    }
    let (_process, product) = Product::as_process_on(data, &[]).await;
    let ada = product.register("ada").await;
    let mut said = Vec::new();
    let refused = loop {
        let text = format!("message {} {}", said.len(), "of many words ".repeat(1000));
        let answer = ada.post("/api/send-message/", &json!({"text": text})).await;
        if answer.status != 201 {
            break answer;
        }
        said.push(text);
        assert!(said.len() < 1000, "the disk never fills");
    };
    assert_eq!(refused.status, 503, "{}", refused.text);
    assert!(!refused.header("retry-after").is_empty());
    assert!(!said.is_empty());
    let read = ada.get("/api/get-messages/?session_id=1").await;
    assert_eq!(read.status, 200, "{}", read.text);

    assert!(mount("remount,size=64m", &folder));
    let again = ada.post("/api/send-message/", &json!({"text": "there is room"})).await;
    assert_eq!(again.status, 201, "{}", again.text);
    let read = ada.get("/api/get-messages/?session_id=1").await.text;
    for text in said.iter().map(String::as_str).chain(["there is room"]) {
        assert!(read.contains(text.trim()), "{}", &text[..20]);
    }
}
