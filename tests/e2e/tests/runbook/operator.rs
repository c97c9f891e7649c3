//! Somebody who follows the runbook, on a folder of their own.

use std::process::Stdio;

use e2e::{Process, Product, User, free_address, program};
use serde_json::json;
use tempfile::TempDir;
use tokio::process::Command;

/// The password that whoever is asked for one gives.
const PASSWORD: &str = "another quite good one";

/// One command: as a document says it, and what comes of it.
#[derive(Debug)]
pub(super) struct Step {
    /// The command, in the document's words.
    pub(super) says: &'static str,
    /// What is typed for words that stand for others, and what is typed behind it.
    stands_for: &'static [(&'static str, &'static str)],
    /// Whether the product runs meanwhile.
    while_it_runs: bool,
    /// What is told, among other things.
    tells: &'static str,
}

const fn step(says: &'static str, tells: &'static str) -> Step {
    Step { says, stands_for: &[], while_it_runs: true, tells }
}

const fn stopped(says: &'static str, tells: &'static str) -> Step {
    Step { while_it_runs: false, ..step(says, tells) }
}

const fn meaning(
    says: &'static str,
    stands_for: &'static [(&'static str, &'static str)],
    tells: &'static str,
) -> Step {
    Step { stands_for, ..step(says, tells) }
}

/// All that is followed.
pub(super) const STEPS: [Step; 22] = [
    meaning("ai-buddy backup /backups --keep 14", &[("/backups", "backups")], "bytes"),
    Step {
        stands_for: &[("/backups/2026-11-27T03-42-42Z", "backups/2* --replace")],
        ..stopped("ai-buddy restore /backups/2026-11-27T03-42-42Z", "everybody must log in again")
    },
    Step {
        stands_for: &[(
            "auth-service",
            "echo id,created_at >deleted.csv; AUTH_DATABASE_URL=sqlite:data/auth.db \
             AUTH_KEYS_DIR=data/keys auth-service",
        )],
        ..stopped("auth-service restored --deleted deleted.csv", "everybody must log in again")
    },
    stopped("cp --archive data data-before", ""),
    stopped("ai-buddy migrate", "is of this version already"),
    step("ai-buddy check", "ok"),
    step("ai-buddy keys list", "active"),
    step("ai-buddy keys rotate", "retired"),
    step(r#"ai-buddy keys revoke "$KID""#, "active"),
    stopped("mv data/keys/pepper.key data/keys/pepper-1.key", ""),
    step("df data", "%"),
    step("du --summarize data", "data"),
    step("ai-buddy users deactivate ada", "ada"),
    step(r#"echo "$PASSWORD" | ai-buddy users set-password ada"#, "ada"),
    step("ai-buddy users activate ada", "ada"),
    meaning("ai-buddy keys revoke KID", &[("KID", r#""$KID""#)], "active"),
    step("ai-buddy users list", "ada"),
    meaning("ai-buddy users show NAME|ID", &[("NAME|ID", "ada")], "ada"),
    meaning("ai-buddy users create NAME", &[("NAME", "grace <<<\"$PASSWORD\"")], "grace"),
    meaning("ai-buddy users set-password NAME|ID", &[("NAME|ID", "ada <<<\"$PASSWORD\"")], "ada"),
    meaning("ai-buddy users deactivate NAME|ID", &[("NAME|ID", "grace")], "grace"),
    meaning("ai-buddy users delete NAME|ID", &[("NAME|ID", "grace --yes")], "grace"),
];

/// An operator, their product, and somebody who uses it.
pub(super) struct Operator {
    place: TempDir,
    address: String,
    running: Option<Process>,
    ada: User,
    password: String,
}

impl Operator {
    /// With a product that runs, in which somebody has said something.
    pub(super) async fn begin() -> Self {
        let (place, address) = (TempDir::new().unwrap(), free_address());
        let (running, product) = start(&place, &address).await;
        let ada = product.register("ada").await;
        assert!(!ada.say("remember me").await.1.is_empty());
        let password = ada.password.clone();
        age_keys(&place);
        Self { place, address, running: Some(running), ada, password }
    }

    /// Types a command, and looks at what comes of it.
    pub(super) async fn follow(&mut self, step: &Step) {
        if step.while_it_runs {
            self.start().await;
        } else {
            self.stop().await;
        }
        let mut words = step.says.to_owned();
        for (word, stands_for) in step.stands_for {
            words = words.replace(word, stands_for);
        }
        let key = self.active_key().await;
        let ended = self.run(&words, &key).await;
        assert!(ended.as_ref().is_ok_and(|told| told.contains(step.tells)), "{words}: {ended:?}");
        let told = ended.unwrap();
        self.look(step, &key, &told).await;
    }

    /// What must be so afterwards, whatever was followed: it runs, and nothing that was said is lost.
    pub(super) async fn end(mut self) {
        self.start().await;
        self.remembers().await;
        self.stop().await;
        let there = std::fs::read_dir(self.place.path()).unwrap();
        let backup = there.filter_map(Result::ok).find(|one| one.file_name() == "data-before");
        // The way back, where one was kept: the folder from before in the place of the other.
        if let Some(backup) = backup {
            std::fs::remove_dir_all(self.place.path().join("data")).unwrap();
            std::fs::rename(backup.path(), self.place.path().join("data")).unwrap();
            self.password.clone_from(&self.ada.password);
            self.start().await;
            self.remembers().await;
        }
    }

    async fn look(&mut self, step: &Step, key: &str, told: &str) {
        let words = step.says;
        if words.contains("keys revoke") {
            assert!(!told.contains(key), "{told}");
        } else if words.contains("deactivate") {
            let login = self.login(&self.password).await;
            assert!(words.contains("NAME") || login == 401, "{login}");
        } else if words.contains("set-password") {
            PASSWORD.clone_into(&mut self.password);
        } else if words.contains("activate ada") {
            self.remembers().await;
        } else if words.contains("restore") {
            age_keys(&self.place);
        } else if words.starts_with("mv ") {
            self.start().await;
            assert!(self.place.path().join("data/keys/pepper.key").exists(), "a new one is made");
            self.remembers().await;
        }
    }

    /// Ada logs in and reads what she said.
    async fn remembers(&self) {
        let product = Product::at(&self.address);
        let body = json!({"username": "ada", "password": self.password});
        let answer = product.post("/api/login/", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let token = answer.json()["access"].as_str().unwrap().to_owned();
        let read = product.request("GET", "/api/get-messages/?session_id=1").bearer_auth(token);
        let text = read.send().await.unwrap().text().await.unwrap();
        assert!(text.contains("remember me"), "{text}");
    }

    async fn login(&self, password: &str) -> u16 {
        let body = json!({"username": "ada", "password": password});
        Product::at(&self.address).post("/api/login/", &body).await.status
    }

    async fn start(&mut self) {
        if self.running.is_none() {
            self.running = Some(start(&self.place, &self.address).await.0);
        }
    }

    async fn stop(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.stop().await;
        }
    }

    /// The name of the key that signs access tokens.
    async fn active_key(&self) -> String {
        let list = self.run("ai-buddy keys list", "").await.unwrap();
        let line = list.lines().find(|line| line.contains("access") && line.contains("active"));
        line.unwrap().split_whitespace().next().unwrap().to_owned()
    }

    /// Runs a line of shell in the operator's folder. `Err`: it failed, and said this.
    async fn run(&self, line: &str, key: &str) -> Result<String, String> {
        let folder = program("ai-buddy").parent().unwrap().display().to_string();
        let output = Command::new("bash")
            .args(["-o", "pipefail", "-ec", line])
            .current_dir(self.place.path())
            .env_clear()
            .env("PATH", format!("{folder}:/usr/local/bin:/usr/bin:/bin"))
            .env("AUTH_BCRYPT_COST", "10")
            .env("KID", key)
            .env("PASSWORD", PASSWORD)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }
}

/// Starts `ai-buddy` as a document says: from a folder, with its data in `data`.
async fn start(place: &TempDir, address: &str) -> (Process, Product) {
    let settings = [("AI_BUDDY_LISTEN", address), ("AUTH_BCRYPT_COST", "10")];
    let process = Process::command_in(place.path(), "ai-buddy", &[], &settings);
    let product = Product::at(address);
    product.ready().await;
    (process, product)
}

/// Makes keys as old as they are when somebody rotates them.
fn age_keys(place: &TempDir) {
    let manifest = place.path().join("data/keys/keys.json");
    let mut keys: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&manifest).unwrap()).unwrap();
    make_older(&mut keys);
    std::fs::write(&manifest, serde_json::to_vec(&keys).unwrap()).unwrap();
}

/// Takes an hour off every time in a manifest.
fn make_older(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(members) => {
            for (name, value) in members {
                match value.as_u64().filter(|_| name == "since") {
                    Some(since) => *value = (since - 3600).into(),
                    None => make_older(value),
                }
            }
        }
        serde_json::Value::Array(list) => list.iter_mut().for_each(make_older),
        _ => {}
    }
}
