//! The three services as three programs, with one folder of data.

use std::path::PathBuf;

use chassis::{authority, clock};

use tempfile::TempDir;

use crate::{Process, free_address};

/// The three services apart, with their settings.
pub struct Apart {
    data: TempDir,
    auth: String,
    chat: String,
    /// Where the gateway listens.
    pub gateway: String,
    model: String,
}

impl Apart {
    /// On addresses that are free, with the language model at `model`.
    #[must_use]
    pub fn new(model: &str) -> Self {
        let data = TempDir::new().expect("a folder");
        let services = ["auth-service", "chat-service", "gateway"];
        let tls = data.path().join("tls");
        authority::make(&tls, &services, clock::now()).expect("certificates");
        let model = model.to_owned();
        Self { data, auth: free_address(), chat: free_address(), gateway: free_address(), model }
    }

    /// Starts one of them.
    #[must_use]
    pub fn start(&self, program: &str) -> Process {
        let data = self.data.path().display();
        let settings = match program {
            "auth-service" => vec![
                ("AUTH_LISTEN", self.auth.clone()),
                ("AUTH_TLS_DIR", format!("{data}/tls")),
                ("AUTH_DATABASE_URL", format!("sqlite:{data}/auth.db")),
                ("AUTH_KEYS_DIR", format!("{data}/keys")),
                ("AUTH_CHAT_URL", format!("https://{}", self.chat)),
                ("AUTH_BCRYPT_COST", "10".to_owned()),
            ],
            "chat-service" => vec![
                ("CHAT_LISTEN", self.chat.clone()),
                ("CHAT_TLS_DIR", format!("{data}/tls")),
                ("CHAT_DATABASE_URL", format!("sqlite:{}", self.chat_database().display())),
                ("CHAT_AUTH_URL", format!("https://{}", self.auth)),
                ("OPENAI_BASE_URL", self.model.clone()),
            ],
            _ => vec![
                ("GATEWAY_LISTEN", self.gateway.clone()),
                ("GATEWAY_TLS_DIR", format!("{data}/tls")),
                ("GATEWAY_AUTH_URL", format!("https://{}", self.auth)),
                ("GATEWAY_CHAT_URL", format!("https://{}", self.chat)),
            ],
        };
        let settings: Vec<_> =
            settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Process::start(program, &settings)
    }

    /// The file that holds the conversations.
    #[must_use]
    pub fn chat_database(&self) -> PathBuf {
        self.data.path().join("chat.db")
    }
}
