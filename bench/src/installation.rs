//! The product, installed for one measurement.

use std::time::Duration;

use anyhow::ensure;
use e2e::{Process, Product, free_address};
use sea_orm::{Database, DatabaseConnection};
use tempfile::TempDir;

/// The product in a process and in a folder of its own.
pub(crate) struct Installation {
    pub(crate) product: Product,
    process: Process,
    address: String,
    data: TempDir,
}

/// What is measured is how much can be done, not how often one may try.
const UNLIMITED: [(&str, &str); 5] = [
    ("AUTH_TRIES_PER_PAIR", "0"),
    ("AUTH_TRIES_PER_ACCOUNT", "0"),
    ("AUTH_TRIES_PER_ADDRESS", "0"),
    ("AUTH_REGISTRATIONS_PER_ADDRESS", "0"),
    ("AUTH_REFRESHES_PER_LOGIN", "0"),
];

impl Installation {
    /// With the settings that people have, and these.
    pub(crate) async fn start(settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        Self::on(TempDir::new()?, settings).await
    }

    async fn on(data: TempDir, settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        let address = free_address();
        let folder = data.path().display().to_string();
        let fixed = [
            ("AI_BUDDY_LISTEN", address.as_str()),
            ("AI_BUDDY_DATA", &folder),
            ("RUST_LOG", "warn"),
        ];
        let all: Vec<_> = fixed.iter().chain(&UNLIMITED).chain(settings).copied().collect();
        let process = Process::start("ai-buddy", &all);
        let product = Product::at(&address);
        product.ready().await;
        Ok(Self { product, process, address, data })
    }

    /// Stops it, and starts it on the same data with other settings.
    pub(crate) async fn restart(mut self, settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        self.process.signal("TERM").await;
        let code = self.process.ended().await;
        ensure!(code == Some(0), "it ended with {code:?}: {}", self.process.output());
        Self::on(self.data, settings).await
    }

    /// Runs a command of the product on the same data, to its end.
    pub(crate) async fn command(&self, arguments: &[&str]) -> anyhow::Result<()> {
        let folder = self.data.path().display().to_string();
        let settings = [("AI_BUDDY_LISTEN", self.address.as_str()), ("AI_BUDDY_DATA", &folder)];
        let mut command = Process::command("ai-buddy", arguments, &settings);
        let code = command.ended().await;
        ensure!(code == Some(0), "{arguments:?} ended with {code:?}: {}", command.output());
        Ok(())
    }

    /// The processor time it has taken so far.
    pub(crate) fn processor_time(&self) -> Duration {
        self.process.processor_time()
    }

    /// The database of accounts.
    pub(crate) async fn accounts(&self) -> anyhow::Result<DatabaseConnection> {
        let file = self.data.path().join("auth.db");
        Ok(Database::connect(format!("sqlite:{}", file.display())).await?)
    }
}
