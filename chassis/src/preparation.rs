//! What services that are started together for the first time need: certificates, each service's in a
//! folder of its own, and passwords. Nobody has to choose a secret, and there is none that is known.

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::{DateTime, Utc};

use crate::authority;
use crate::clock;
use crate::identity::{Certificates, Secret};
use crate::process::{Arguments, Work};
use crate::secret_file::Draft;
use crate::settings::Settings;

/// The folder of the authority. No service needs it.
const AUTHORITY: &str = "authority";
/// The folder of the passwords.
const PASSWORDS: &str = "passwords";

/// Who needs what.
#[derive(Debug, Clone, Copy)]
pub struct Needs {
    /// Services, each of which gets a certificate.
    pub services: &'static [&'static str],
    /// Whoever gets a password.
    pub passwords: &'static [&'static str],
}

/// Reads the arguments of a command that prepares a folder. `None`: the settings know what is wrong.
pub fn work(arguments: &mut Arguments, settings: &mut Settings, needs: Needs) -> Option<Work> {
    let folder = arguments.next(settings, "DIR", "the folder to prepare")?;
    let folder = PathBuf::from(folder);
    Some(Box::pin(async move { prepare(&folder, needs, clock::now()) }))
}

/// Makes what is missing in `folder`, and tells what that was: `NAME/` for each service with what it
/// reads and nothing else, `authority/` with what certificates are made with, and `passwords/NAME/password`.
/// What was made before stays as it is.
///
/// # Errors
/// One sentence when something cannot be written, or certificates are there and no good.
pub fn prepare(folder: &Path, needs: Needs, now: DateTime<Utc>) -> anyhow::Result<String> {
    let are_new = certificates(folder, needs.services, now)?;
    let certificates = if are_new { "made" } else { "are there" };
    let mut made = Vec::new();
    for name in needs.passwords {
        let place = folder.join(PASSWORDS).join(name);
        if password(&place).with_context(|| unwritable(&place))? {
            made.push(*name);
        }
    }
    let made = if made.is_empty() { "none" } else { &made.join(", ") };
    Ok(format!("certificates: {certificates}\npasswords made: {made}"))
}

/// Makes certificates for `services`, unless that is done. The key of the authority is written last: where
/// it is missing, a process died on the way, and nobody has used what it left.
fn certificates(
    folder: &Path,
    services: &'static [&'static str],
    now: DateTime<Utc>,
) -> anyhow::Result<bool> {
    let (authority, key) = (folder.join(AUTHORITY), authority::KEY);
    if authority.join(key).exists() {
        for name in services {
            let of_service = folder.join(name);
            Certificates::open(&of_service, name, &[], now).with_context(|| {
                format!(
                    "the certificate in {} is no good; remove all certificates and {} to have new ones made",
                    of_service.display(),
                    authority.join(key).display()
                )
            })?;
        }
        return Ok(false);
    }
    let files = authority::issue(services, now)?;
    let write = |folder: &Path, name: &str| -> anyhow::Result<()> {
        let file = files.iter().find(|file| file.name == name).context("a file is missing")?;
        write(&folder.join(name), 0o700, file.text.as_bytes()).with_context(|| unwritable(folder))
    };
    for name in services {
        let of_service = folder.join(name);
        for file in [authority::CERTIFICATE, &format!("{name}.pem"), &format!("{name}.key")] {
            write(&of_service, file)?;
        }
    }
    write(&authority, authority::CERTIFICATE)?;
    write(&authority, key)?;
    Ok(true)
}

/// Makes a password in a folder, unless there is one. Whoever may open the folder may read it: a database
/// and its client are different users.
fn password(folder: &Path) -> anyhow::Result<bool> {
    let file = folder.join("password");
    let is_new = !file.exists();
    if is_new {
        write(&file, 0o755, Secret::generate()?.text().as_bytes())?;
    }
    fs::set_permissions(&file, Permissions::from_mode(0o444))?;
    Ok(is_new)
}

/// Writes a file whole or not at all, and the folder it stands in, with these rights if it is new.
fn write(file: &Path, folder_mode: u32, bytes: &[u8]) -> anyhow::Result<()> {
    if let Some(folder) = file.parent() {
        DirBuilder::new().recursive(true).mode(folder_mode).create(folder)?;
    }
    Ok(Draft::write(file, bytes)?.publish()?)
}

fn unwritable(folder: &Path) -> String {
    format!("{} cannot be written", folder.display())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::TimeDelta;

    use super::*;

    const NEEDS: Needs =
        Needs { services: &["auth-service", "gateway"], passwords: &["auth", "chat"] };

    /// Everything in a folder: where, and what.
    fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
        let mut found = BTreeMap::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                let below = contents(&path).into_iter();
                found.extend(below.map(|(file, bytes)| (format!("{name}/{file}"), bytes)));
            } else {
                found.insert(name, fs::read(&path).unwrap());
            }
        }
        found
    }

    #[test]
    fn each_service_gets_its_own_and_a_second_time_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (folder, now) = (folder.path(), clock::now());
        let said = prepare(folder, NEEDS, now).unwrap();
        assert_eq!(said, "certificates: made\npasswords made: auth, chat");
        let made = contents(folder);
        let expected = [
            "auth-service/auth-service.key",
            "auth-service/auth-service.pem",
            "auth-service/ca.pem",
            "authority/ca.key",
            "authority/ca.pem",
            "gateway/ca.pem",
            "gateway/gateway.key",
            "gateway/gateway.pem",
            "passwords/auth/password",
            "passwords/chat/password",
        ];
        assert_eq!(made.keys().collect::<Vec<_>>(), expected);
        for service in NEEDS.services {
            assert!(Certificates::open(&folder.join(service), service, &[], now).is_ok());
        }
        let passwords = ["auth", "chat"].map(|name| &made[&format!("passwords/{name}/password")]);
        assert!(passwords[0] != passwords[1] && passwords[0].len() == 64);

        let again = prepare(folder, NEEDS, now).unwrap();
        assert_eq!(again, "certificates: are there\npasswords made: none");
        assert!(contents(folder) == made, "something was made anew");
        let late = prepare(folder, NEEDS, now + TimeDelta::days(900)).unwrap_err();
        assert!(late.to_string().contains("remove all certificates"), "{late:#}");
    }

    #[test]
    fn what_a_dead_process_left_half_done_is_done_anew() {
        let folder = tempfile::tempdir().unwrap();
        let (folder, now) = (folder.path(), clock::now());
        prepare(folder, NEEDS, now).unwrap();
        let before = contents(folder);
        for lost in ["authority/ca.key", "gateway/gateway.key", "passwords/chat/password"] {
            fs::remove_file(folder.join(lost)).unwrap();
        }
        let said = prepare(folder, NEEDS, now).unwrap();
        assert_eq!(said, "certificates: made\npasswords made: chat");
        let after = contents(folder);
        assert!(after.keys().eq(before.keys()));
        assert_eq!(after["passwords/auth/password"], before["passwords/auth/password"]);
        for service in NEEDS.services {
            assert!(Certificates::open(&folder.join(service), service, &[], now).is_ok());
        }
    }
}
