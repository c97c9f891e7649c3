//! Backups that are made while people talk, and what comes back from them.

mod cuts;
mod departures;
mod dumps;
mod load;
mod refusals;

use std::path::{Path, PathBuf};

use e2e::{Process, Product, User, free_address};
use openai_stub::{Behaviour, Stub};
use serde_json::{Value, json};
use tempfile::TempDir;

/// An installation of the whole product: its data, its backups, and the model that it asks.
struct House {
    place: TempDir,
    model: String,
}

/// How a command ended, and what it said.
struct Ended {
    code: Option<i32>,
    text: String,
}

impl House {
    /// With a model that says again what it is told. `None`: databases are on a server here, and there are no
    /// files to back up.
    async fn with_files() -> Option<(Stub, Self)> {
        if scratch::has_no_files() {
            return None;
        }
        let stub = Stub::start().await.unwrap();
        stub.always(Behaviour::Echo);
        let house = Self::new(&stub);
        Some((stub, house))
    }

    fn new(stub: &Stub) -> Self {
        Self { place: TempDir::new().unwrap(), model: stub.base_url() }
    }

    /// The data folder, or another one beside it.
    fn folder(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// The product on the data in this folder, at its ease.
    async fn start(&self, data: &str) -> (Process, Product) {
        let address = free_address();
        self.start_at(data, &address).await
    }

    async fn start_at(&self, data: &str, address: &str) -> (Process, Product) {
        let data = self.folder(data);
        let settings = [
            ("AI_BUDDY_DATA", data.to_str().unwrap()),
            ("AI_BUDDY_LISTEN", address),
            ("AUTH_BCRYPT_COST", "10"),
            ("AUTH_TRIES_PER_ADDRESS", "0"),
            ("AUTH_TRIES_PER_PAIR", "0"),
            ("AUTH_TRIES_PER_ACCOUNT", "0"),
            ("AUTH_REGISTRATIONS_PER_ADDRESS", "0"),
            ("OPENAI_BASE_URL", &self.model),
            ("OPENAI_API_KEY", "sk-canary-key"),
        ];
        let process = Process::start("ai-buddy", &settings);
        let product = Product::at(address);
        product.ready().await;
        (process, product)
    }

    /// Begins a command on the data in this folder.
    fn begin(&self, data: &str, arguments: &[&str]) -> Process {
        let data = self.folder(data);
        let settings = [("AI_BUDDY_DATA", data.to_str().unwrap())];
        Process::command_in(self.place.path(), "ai-buddy", arguments, &settings)
    }

    async fn run(&self, data: &str, arguments: &[&str]) -> Ended {
        let mut process = self.begin(data, arguments);
        Ended { code: process.ended().await, text: process.output() }
    }

    /// Backs up what is in `data` to `backups`, and says where that is from here.
    async fn backup(&self) -> String {
        let ended = self.run("data", &["backup", "backups"]).await;
        assert_eq!(ended.code, Some(0), "{}", ended.text);
        ended.text.split_once(": ").unwrap().0.to_owned()
    }

    /// Restores a backup to a folder.
    async fn restore(&self, backup: &str, data: &str) -> String {
        let ended = self.run(data, &["restore", backup]).await;
        assert_eq!(ended.code, Some(0), "{}", ended.text);
        ended.text
    }

    /// All that has the name of a backup.
    fn backups(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder("backups")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| name.starts_with('2')).collect();
        names.sort();
        names.iter().map(|name| format!("backups/{name}")).collect()
    }
}

/// Logs somebody in, who was registered before: `None` if that does not work with this password.
async fn log_in(product: &Product, person: &User, password: &str) -> Option<User> {
    let body = json!({"username": person.name, "password": password});
    let answer = product.post("/api/login/", &body).await;
    assert!([200, 401].contains(&answer.status), "{}", answer.text);
    let mut back = product.returning(person.clone());
    answer.json()["access"].as_str()?.clone_into(&mut back.access);
    Some(back)
}

/// What somebody said and was told, in all of their sessions.
async fn words_of(person: &User) -> Vec<(String, String)> {
    let mut words = Vec::new();
    for session in person.see("/api/sessions/").await["sessions"].as_array().unwrap() {
        words.extend(person.messages(session["id"].as_i64().unwrap()).await);
    }
    words
}

/// Makes sure that tokens of before are not good any more.
async fn has_no_login(product: &Product, person: &User) {
    let back = product.returning(person.clone());
    assert_eq!(back.get("/api/sessions/").await.status, 401);
    let refreshed = product.post("/api/refresh/", &json!({"refresh": person.refresh})).await;
    assert_eq!(refreshed.status, 401, "{}", refreshed.text);
}

/// What stands in a manifest.
fn manifest(backup: &Path) -> Value {
    let text = std::fs::read_to_string(backup.join("backup.json")).unwrap();
    serde_json::from_str::<Value>(&text).unwrap()["backup"].take()
}
