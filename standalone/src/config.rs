//! Settings of the whole product: an address, a folder, and what the services leave to set.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use chassis::identity::Secret;
use chassis::settings::Settings;
use tonic::transport::Endpoint;

/// Settings of the whole product.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen for HTTP.
    pub listen: SocketAddr,
    /// The folder that holds everything.
    pub data: PathBuf,
    /// The auth service's.
    pub auth: auth_service::Config,
    /// The chat service's.
    pub chat: chat_service::Config,
    /// The gateway's.
    pub gateway: gateway::Config,
}

impl Config {
    /// Reads the settings. `None`: `settings` knows what is wrong.
    pub fn read(settings: &mut Settings) -> Option<Self> {
        let secret = secret(settings)?;
        let listen = read_listen(settings);
        let data = folder(settings);
        let folder = data.clone().unwrap_or_default();
        // The inner addresses are known once they are bound.
        let unbound = Endpoint::from_static("http://127.0.0.1:0");
        let auth = auth_service::Config::read_embedded(
            settings,
            accounts(&folder),
            keys(&folder),
            unbound.clone(),
            &secret,
        );
        let chat = chat_service::Config::read_embedded(
            settings,
            conversations(&folder),
            unbound.clone(),
            &secret,
        );
        let address = listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)));
        let gateway =
            gateway::Config::read_embedded(settings, address, unbound.clone(), unbound, &secret);
        Some(Self { listen: listen?, data: data?, auth: auth?, chat: chat?, gateway: gateway? })
    }

    /// Which buddy answers, for the person at the terminal.
    #[must_use]
    pub fn buddy(&self) -> String {
        self.chat.buddy.to_string()
    }
}

/// What the services of this process know each other by.
fn secret(settings: &mut Settings) -> Option<Secret> {
    let secret = Secret::generate();
    let problem =
        |error: &anyhow::Error| settings.problem("no service can start:", &error.to_string());
    secret.inspect_err(problem).ok()
}

/// Where it listens.
pub(crate) fn read_listen(settings: &mut Settings) -> Option<SocketAddr> {
    settings.value("AI_BUDDY_LISTEN", gateway::Config::LISTEN, "address of the HTTP server")
}

/// The folder that holds everything.
pub(crate) fn folder(settings: &mut Settings) -> Option<PathBuf> {
    settings.value("AI_BUDDY_DATA", "./data", "folder of databases and keys, made if absent")
}

/// The folder of the signing keys in `folder`.
pub(crate) fn keys(folder: &Path) -> PathBuf {
    folder.join("keys")
}

/// The address of the database of accounts in `folder`.
pub(crate) fn accounts(folder: &Path) -> String {
    database(folder, "auth.db")
}

/// The address of the database of conversations in `folder`.
pub(crate) fn conversations(folder: &Path) -> String {
    database(folder, "chat.db")
}

/// The address of a database in `folder`. What has a meaning in an address is escaped.
fn database(folder: &Path, name: &str) -> String {
    let path = folder.join(name).display().to_string();
    format!("sqlite:{}", path.replace('%', "%25").replace('?', "%3f").replace('#', "%23"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_may_have_any_name() {
        assert_eq!(database(Path::new("./data"), "a.db"), "sqlite:./data/a.db");
        assert_eq!(database(Path::new("/a%20b/wh?t"), "a.db"), "sqlite:/a%2520b/wh%3ft/a.db");
    }
}
