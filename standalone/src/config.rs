//! Settings of the whole product: an address, a folder, and what the services leave to set.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use chassis::grpc::Address;
use chassis::identity::Secret;
use chassis::settings::Settings;
use database::Url;
use tonic::transport::Endpoint;

use crate::backups;

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
        let accounts = accounts(settings, &folder);
        let conversations = conversations(settings, &folder);
        // The inner addresses are known once they are bound.
        let unbound = Address::from(Endpoint::from_static("http://127.0.0.1:0"));
        let auth = auth_service::Config::read_embedded(
            settings,
            accounts?,
            keys(&folder),
            unbound.clone(),
            &secret,
        );
        let chat =
            chat_service::Config::read_embedded(settings, conversations?, unbound.clone(), &secret);
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
    folder.join(backups::KEYS)
}

/// Where the accounts are kept: in `folder`, unless told otherwise.
pub(crate) fn accounts(settings: &mut Settings, folder: &Path) -> Option<Url> {
    database(settings, auth_service::Config::DATABASE, "accounts", &folder.join(backups::AUTH))
}

/// Where the conversations are kept: in `folder`, unless told otherwise.
pub(crate) fn conversations(settings: &mut Settings, folder: &Path) -> Option<Url> {
    database(settings, chat_service::Config::DATABASE, "conversations", &folder.join(backups::CHAT))
}

fn database(settings: &mut Settings, name: &str, what: &str, file: &Path) -> Option<Url> {
    let elsewhere = Url::read_optional(settings, name, what)?;
    Some(elsewhere.unwrap_or_else(|| Url::of_file(file)))
}
