//! Which service is calling, and how a service shows which one it is.
//!
//! Services apart show certificates to each other. Services in one process have a secret in common,
//! and a port that only this machine can reach.

mod certificates;
mod secret;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use http::Extensions;
use tonic::Request;

use crate::answers::Pace;
use crate::clock;
use crate::settings::Settings;

pub use certificates::Certificates;
pub(crate) use secret::tell;
pub use secret::{InProcess, Secret};

/// Which service a call comes from, as far as that was shown. A person's token says nothing about it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caller {
    name: Option<Arc<str>>,
}

impl Caller {
    /// A service that has shown who it is.
    #[must_use]
    pub fn known(name: &str) -> Self {
        Self { name: Some(name.into()) }
    }

    /// Who sent a request.
    #[must_use]
    pub fn of<T>(request: &Request<T>) -> Self {
        Self::told_by(request.extensions())
    }

    /// What is told beside a request about who sent it.
    pub(crate) fn told_by(extensions: &Extensions) -> Self {
        let by_connection = || extensions.get::<Peer>().map(|peer| &peer.caller);
        extensions.get().or_else(by_connection).cloned().unwrap_or_default()
    }

    /// Whether it is any service at all.
    pub(crate) fn is_service(&self) -> bool {
        self.name.is_some()
    }

    /// Whether it is one of these services.
    #[must_use]
    pub fn is_one_of(&self, names: &[&str]) -> bool {
        self.name.as_deref().is_some_and(|name| names.contains(&name))
    }
}

/// The other end of a connection to a gRPC port.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Which service it is, as far as the connection itself shows that.
    pub(crate) caller: Caller,
    pub(crate) address: Option<SocketAddr>,
    /// Whether it takes what it asks for.
    pub(crate) pace: Pace,
}

impl Peer {
    /// The address that a request came from: of whoever asks, or of what stands between.
    #[must_use]
    pub fn address_of<T>(request: &Request<T>) -> Option<IpAddr> {
        let address = request.extensions().get::<Self>()?.address?;
        Some(address.ip().to_canonical())
    }
}

/// What a service shows to others, and what it takes for a sign of who they are.
#[derive(Debug, Clone)]
pub enum Identity {
    /// Certificates, over TLS.
    Certificates(Arc<Certificates>),
    /// A secret, over a plain connection that does not leave this machine.
    InProcess(InProcess),
}

impl Identity {
    /// Reads the certificates of the service `name` from the folder that `setting` names. `callers`
    /// are the services that it tells apart when they call. `None`: `settings` knows what is wrong.
    pub fn read(
        settings: &mut Settings,
        setting: &str,
        name: &'static str,
        callers: &[&str],
    ) -> Option<Self> {
        let help = format!(
            "folder with ca.pem, {name}.pem and {name}.key, by which services know each other"
        );
        let folder = settings.required::<PathBuf>(setting, &help)?;
        match Certificates::open(&folder, name, callers, clock::now()) {
            Ok(certificates) => Some(Self::Certificates(Arc::new(certificates))),
            Err(error) => {
                settings.problem(setting, &format!("cannot be used: {error:#}"));
                None
            }
        }
    }

    /// The service `name` among those of one process that know `secret`.
    #[must_use]
    pub fn in_process(name: &'static str, secret: &Secret) -> Self {
        Self::InProcess(InProcess::new(name, secret))
    }

    /// Whether it is enough for a port on `address`: what is not encrypted must not leave this machine.
    pub(crate) fn suffices_on(&self, address: SocketAddr) -> bool {
        matches!(self, Self::Certificates(_)) || address.ip().is_loopback()
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    use super::*;
    use crate::authority;

    /// What is said about a folder; `None` if nothing is wrong with it.
    fn problems(folder: &Path) -> Option<String> {
        let folder = folder.to_str().unwrap();
        let mut settings = Settings::from_pairs([("TLS_DIR", folder)]);
        let identity = Identity::read(&mut settings, "TLS_DIR", "gateway", &[]);
        assert_eq!(identity.is_some(), settings.problems().is_none());
        settings.problems()
    }

    #[test]
    fn a_folder_of_certificates_that_cannot_be_used_is_named_with_what_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        assert!(problems(&file("canary")).unwrap().contains("ca.pem"));
        authority::make(folder.path(), &["gateway", "chat-service"], clock::now()).unwrap();
        assert_eq!(problems(folder.path()), None);

        let spoil = |name: &str, text: &str| {
            let good = fs::read(file(name)).unwrap();
            fs::write(file(name), text).unwrap();
            let said = problems(folder.path()).unwrap();
            assert!(said.contains("TLS_DIR") && said.contains(name), "{said}");
            assert!(!said.contains("canary"), "{said}");
            fs::write(file(name), good).unwrap();
        };
        let foreign = |name: &str| fs::read_to_string(file(name)).unwrap();
        for name in ["ca.pem", "gateway.pem", "gateway.key"] {
            spoil(name, "");
            spoil(name, "canary");
        }
        spoil("gateway.pem", &foreign("chat-service.pem"));
        spoil("gateway.key", &foreign("chat-service.key"));
        spoil("gateway.pem", &foreign("ca.pem"));
        assert_eq!(problems(folder.path()), None);
    }

    #[test]
    fn a_key_that_others_can_read_stops_the_start() {
        let folder = tempfile::tempdir().unwrap();
        authority::make(folder.path(), &["gateway"], clock::now()).unwrap();
        for mode in [0o640, 0o604, 0o620] {
            let key = folder.path().join("gateway.key");
            fs::set_permissions(key, Permissions::from_mode(mode)).unwrap();
            let said = problems(folder.path()).unwrap();
            assert!(said.contains("chmod 600"), "{mode:o}: {said}");
        }
    }

    #[test]
    fn an_identity_is_printed_without_its_secrets() {
        let folder = tempfile::tempdir().unwrap();
        authority::make(folder.path(), &["gateway"], clock::now()).unwrap();
        let certificates = Certificates::open(folder.path(), "gateway", &[], clock::now()).unwrap();
        let printed = format!("{:?}", Identity::Certificates(Arc::new(certificates)));
        assert_eq!(printed, "Certificates(Certificates { name: \"gateway\", .. })");
    }
}
