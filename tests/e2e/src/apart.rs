//! The three services as three programs, with one folder of data.

use std::path::{Path, PathBuf};

use chassis::{authority, clock};

use scratch::Server;
use tempfile::TempDir;

use crate::{Process, free_address};

/// The three services apart, with their settings.
pub struct Apart {
    data: TempDir,
    /// Where their databases are, if not where those of all tests are.
    server: Option<Server>,
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
        Self::on(None, model)
    }

    /// The same, with their databases on this server, if there is one.
    #[must_use]
    pub fn on(server: Option<Server>, model: &str) -> Self {
        let data = TempDir::new().expect("a folder");
        let (auth, chat, gateway) = (free_address(), free_address(), free_address());
        let apart = Self { data, server, auth, chat, gateway, model: model.to_owned() };
        // The stranger is nobody's service, and has a certificate all the same.
        let names = ["auth-service", "chat-service", "gateway", "stranger"];
        authority::make(&apart.certificates(), &names, clock::now()).expect("certificates");
        apart
    }

    /// Starts one of them.
    #[must_use]
    pub fn start(&self, program: &str) -> Process {
        self.start_set(program, &[])
    }

    /// Starts one of them with the certificates in another folder.
    #[must_use]
    pub fn start_with(&self, program: &str, certificates: &Path) -> Process {
        let setting = match program {
            "auth-service" => "AUTH_TLS_DIR",
            "chat-service" => "CHAT_TLS_DIR",
            _ => "GATEWAY_TLS_DIR",
        };
        self.start_set(program, &[(setting, &certificates.display().to_string())])
    }

    /// Starts one of them with more settings, or other ones.
    #[must_use]
    pub fn start_set(&self, program: &str, more: &[(&str, &str)]) -> Process {
        let (data, tls) = (self.data.path().display(), self.certificates().display().to_string());
        let settings = match program {
            "auth-service" => vec![
                ("AUTH_LISTEN", self.auth.clone()),
                ("AUTH_TLS_DIR", tls),
                ("AUTH_DATABASE_URL", self.address("auth")),
                ("AUTH_KEYS_DIR", format!("{data}/keys")),
                ("AUTH_CHAT_URL", format!("https://{}", self.chat)),
                ("AUTH_BCRYPT_COST", "10".to_owned()),
            ],
            "chat-service" => vec![
                ("CHAT_LISTEN", self.chat.clone()),
                ("CHAT_TLS_DIR", tls),
                ("CHAT_DATABASE_URL", self.address("chat")),
                ("CHAT_AUTH_URL", format!("https://{}", self.auth)),
                ("OPENAI_BASE_URL", self.model.clone()),
            ],
            _ => vec![
                ("GATEWAY_LISTEN", self.gateway.clone()),
                ("GATEWAY_TLS_DIR", tls),
                ("GATEWAY_AUTH_URL", format!("https://{}", self.auth)),
                ("GATEWAY_CHAT_URL", format!("https://{}", self.chat)),
            ],
        };
        let settings = settings.iter().map(|(name, value)| (*name, value.as_str()));
        let settings: Vec<_> = settings.chain(more.iter().copied()).collect();
        Process::start(program, &settings)
    }

    /// The address that the services have of the database `name`.
    fn address(&self, name: &str) -> String {
        match &self.server {
            Some(server) => server.address(self.data(), name),
            None => scratch::address(self.data(), name),
        }
    }

    /// A connection to the database `name`, to look around and to meddle.
    pub async fn connect(&self, name: &str) -> scratch::Connection {
        match &self.server {
            Some(server) => scratch::connect_to(server.address(self.data(), name)).await,
            None => scratch::connect(self.data(), name).await,
        }
    }

    /// The server of their own that their databases are on, if there is one.
    #[must_use]
    pub fn server(&self) -> Option<&Server> {
        self.server.as_ref()
    }

    /// The folder with their certificates.
    #[must_use]
    pub fn certificates(&self) -> PathBuf {
        self.data.path().join("tls")
    }

    /// The folder that holds everything.
    #[must_use]
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// Where the auth service listens for gRPC.
    #[must_use]
    pub fn auth_url(&self) -> String {
        format!("https://{}", self.auth)
    }

    /// Where the chat service listens for gRPC.
    #[must_use]
    pub fn chat_url(&self) -> String {
        format!("https://{}", self.chat)
    }
}
