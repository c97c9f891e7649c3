//! An authority of one's own, and the certificates it gives to services: for trying them apart, or for
//! running them where no other authority is at hand.

use std::fs::{DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use uuid::Uuid;

use crate::clock;
use crate::process::{Arguments, Work};
use crate::settings::Settings;

/// Days that the authority is good for.
const AUTHORITY_DAYS: i64 = 3_650;
/// Days that a certificate is good for: no program that counts them takes more.
const SERVICE_DAYS: i64 = 825;
/// The file that holds the certificate of an authority.
pub(crate) const CERTIFICATE: &str = "ca.pem";
/// The file that holds its key.
pub(crate) const KEY: &str = "ca.key";
/// Names of this machine, where all services may run.
const THIS_MACHINE: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// A service that is given a certificate.
#[derive(Debug, Clone, Copy)]
pub struct Service {
    /// Its name, which others know it by.
    pub name: &'static str,
    /// The setting that names the folder of its certificate.
    pub setting: &'static str,
}

/// Reads the arguments of a command that makes certificates for `services`: the folder to make them in.
/// `None`: the settings know what is wrong.
pub fn work(
    arguments: &mut Arguments,
    settings: &mut Settings,
    services: &'static [Service],
) -> Option<Work> {
    let folder = arguments.next(settings, "DIR", "the folder to make the certificates in")?;
    let folder = PathBuf::from(folder);
    Some(Box::pin(async move {
        let names: Vec<_> = services.iter().map(|service| service.name).collect();
        let made = make(&folder, &names, clock::now())?;
        Ok(tell(&folder, &made, services))
    }))
}

/// What was made, and what to do with it.
fn tell(folder: &Path, made: &[String], services: &[Service]) -> String {
    let made = made.join("\n  ");
    let settings = services.iter().map(|service| {
        let Service { name, setting } = service;
        let folder = folder.display();
        format!("{setting}={folder}  ({name}: reads ca.pem, {name}.pem, {name}.key)")
    });
    let settings = settings.collect::<Vec<_>>().join("\n  ");
    format!(
        "Made in {}:\n  {made}\n\nSettings:\n  {settings}\n\nServices need no ca.key: keep it where they are not, \
         or delete it. Their certificates\nend after {SERVICE_DAYS} days; make new ones in another folder \
         before that.\n",
        folder.display()
    )
}

/// Makes an authority and a certificate for each of `names` in `folder`, good from `now` on, and tells
/// the names of the files.
///
/// # Errors
/// One sentence when a file is there already, or cannot be written.
pub fn make(folder: &Path, names: &[&str], now: DateTime<Utc>) -> anyhow::Result<Vec<String>> {
    let files = issue(names, now)?;
    for file in &files {
        let is_new = !folder.join(&file.name).exists();
        ensure!(is_new, "{} is there already; choose a new folder", file.name);
    }
    let mut folders = DirBuilder::new();
    folders.recursive(true).mode(0o700);
    folders.create(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    for file in &files {
        file.write(folder).with_context(|| format!("{} cannot be written", file.name))?;
    }
    Ok(files.into_iter().map(|file| file.name).collect())
}

/// A file that is to be written.
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) text: String,
    is_secret: bool,
}

impl File {
    fn open(name: String, text: String) -> Self {
        Self { name, text, is_secret: false }
    }

    fn secret(name: String, key: &KeyPair) -> Self {
        Self { name, text: key.serialize_pem(), is_secret: true }
    }

    fn write(&self, folder: &Path) -> std::io::Result<()> {
        let mode = if self.is_secret { 0o600 } else { 0o644 };
        let mut new = OpenOptions::new();
        let mut file = new.write(true).create_new(true).mode(mode).open(folder.join(&self.name))?;
        file.write_all(self.text.as_bytes())
    }
}

/// The files of a new authority and of those it vouches for.
pub(crate) fn issue(names: &[&str], now: DateTime<Utc>) -> anyhow::Result<Vec<File>> {
    let key = KeyPair::generate()?;
    // Each has a name of its own: whoever meets another one's certificate can say that it is foreign.
    let title = format!("authority of services {}", Uuid::now_v7());
    let mut authority = parameters(&title, Vec::new(), AUTHORITY_DAYS, now)?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let certificate = authority.self_signed(&key)?;
    let mut files = vec![
        File::open(CERTIFICATE.to_owned(), certificate.pem()),
        File::secret(KEY.to_owned(), &key),
    ];
    let authority = Issuer::new(authority, key);
    for name in names {
        let key = KeyPair::generate()?;
        let known_as = [name].into_iter().chain(&THIS_MACHINE).map(ToString::to_string).collect();
        let mut service = parameters(name, known_as, SERVICE_DAYS, now)?;
        service.use_authority_key_identifier_extension = true;
        service.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        service.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        files.push(File::open(format!("{name}.pem"), service.signed_by(&key, &authority)?.pem()));
        files.push(File::secret(format!("{name}.key"), &key));
    }
    Ok(files)
}

/// A certificate for so many days. The first is yesterday: clocks differ.
fn parameters(
    title: &str,
    known_as: Vec<String>,
    days: i64,
    now: DateTime<Utc>,
) -> anyhow::Result<CertificateParams> {
    let midnight = |day: DateTime<Utc>| -> anyhow::Result<_> {
        let (month, of_month) = (u8::try_from(day.month())?, u8::try_from(day.day())?);
        Ok(rcgen::date_time_ymd(day.year(), month, of_month))
    };
    let mut parameters = CertificateParams::new(known_as)?;
    parameters.not_before = midnight(now - TimeDelta::days(1))?;
    parameters.not_after = midnight(now + TimeDelta::days(days - 1))?;
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, title);
    Ok(parameters)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::identity::Certificates;

    #[test]
    fn certificates_are_made_once_and_keys_are_for_the_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("new");
        let made = make(&folder, &["auth-service"], clock::now()).unwrap();
        assert_eq!(made, ["ca.pem", "ca.key", "auth-service.pem", "auth-service.key"]);
        for file in &made {
            let path = folder.join(file);
            let is_secret = path.extension().is_some_and(|extension| extension == "key");
            let expected = if is_secret { 0o600 } else { 0o644 };
            assert_eq!(
                fs::metadata(path).unwrap().permissions().mode() & 0o777,
                expected,
                "{file}"
            );
        }
        let before = fs::read(folder.join("ca.key")).unwrap();
        let again = make(&folder, &["gateway"], clock::now()).unwrap_err().to_string();
        assert!(again.contains("ca.pem is there already"), "{again}");
        assert_eq!(fs::read(folder.join("ca.key")).unwrap(), before);
        assert!(!folder.join("gateway.pem").exists());
    }

    #[test]
    fn a_certificate_is_good_for_825_days_and_for_its_name_alone() {
        let folder = tempfile::tempdir().unwrap();
        let now = clock::now();
        make(folder.path(), &["auth-service", "gateway"], now).unwrap();
        let good = |day| {
            let then = now + TimeDelta::days(day);
            Certificates::open(folder.path(), "auth-service", &[], then).is_ok()
        };
        assert!(!good(-2) && good(0) && good(823) && !good(825));
        for end in ["pem", "key"] {
            let file = |name: &str| folder.path().join(format!("{name}.{end}"));
            fs::copy(file("gateway"), file("auth-service")).unwrap();
        }
        assert!(!good(0), "a certificate of the gateway's");
    }
}
