//! What must never be seen again, once it was told to the product.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Where a key pair, as it is kept, has the half that is secret.
const SECRET_HALF: std::ops::Range<usize> = 16..48;

/// Texts that must never be seen again.
#[derive(Clone)]
pub(crate) struct Canaries(Vec<String>);

impl Canaries {
    /// These texts.
    pub(crate) fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        Self(texts.into_iter().map(str::to_owned).collect())
    }

    /// One more text.
    pub(crate) fn add(&mut self, text: &str) {
        self.0.push(text.to_owned());
    }

    /// A token is three parts. The first begins like that of any other token of its kind, and each of
    /// the others would be a trace.
    pub(crate) fn add_token(&mut self, token: &str) {
        let (start, rest) = token.split_at(20);
        self.0.push(start.to_owned());
        self.0.extend(rest.split('.').skip(1).map(str::to_owned));
    }

    /// All keys and peppers of a folder, in whatever way bytes may be written down.
    pub(crate) fn add_keys(&mut self, folder: &Path) {
        let before = self.0.len();
        for file in keys_in(folder) {
            let bytes = std::fs::read(&file).unwrap();
            let is_pair = file.file_name().unwrap().to_string_lossy().starts_with("access-");
            let secret = if is_pair { &bytes[SECRET_HALF] } else { &bytes };
            for bytes in [&bytes, secret] {
                self.0.extend(spellings(bytes));
            }
        }
        assert!(self.0.len() > before, "there are no keys in {}", folder.display());
    }

    /// All keys of a folder that are kept as PEM.
    pub(crate) fn add_pem(&mut self, folder: &Path) {
        for file in keys_in(folder) {
            let pem = std::fs::read_to_string(&file).unwrap();
            let lines: Vec<_> = pem.lines().filter(|line| !line.starts_with('-')).collect();
            self.0.extend(spellings(&STANDARD.decode(lines.concat()).unwrap()));
            self.0.extend(lines.into_iter().map(str::to_owned));
        }
    }

    pub(crate) fn are_not_in(&self, output: &str) {
        let seen = |line: &&str| self.0.iter().any(|canary| line.contains(canary));
        let lines: Vec<_> = output.lines().filter(seen).collect();
        assert!(lines.is_empty(), "{lines:#?}");
    }
}

/// The files with keys in a folder.
fn keys_in(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files.filter(|file| file.extension().is_some_and(|ending| ending == "key"))
}

/// Bytes in hexadecimal, in both alphabets of base64, and as a list of numbers.
fn spellings(bytes: &[u8]) -> [String; 5] {
    let hexadecimal = bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    let list = format!("{bytes:?}");
    [
        hexadecimal.to_uppercase(),
        hexadecimal,
        STANDARD_NO_PAD.encode(bytes),
        URL_SAFE_NO_PAD.encode(bytes),
        list.trim_matches(['[', ']']).to_owned(),
    ]
}
