//! How services in one process know each other: by a secret that goes along with every call.

use std::fmt::Write as _;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderMap;
use ring::rand::{SecureRandom as _, SystemRandom};
use subtle::ConstantTimeEq as _;
use tonic::metadata::{AsciiMetadataValue, MetadataMap};

use super::Caller;

/// Says which service calls. Means nothing without the secret.
const NAME: &str = "x-service";
/// Shows that it is so.
const SECRET: &str = "x-service-secret";

/// What the services of one process know and nobody else does. Clones are the same secret; `Debug`
/// does not print it.
#[derive(Debug, Clone)]
pub struct Secret(AsciiMetadataValue);

impl Secret {
    /// Makes a new one, for as long as the process lives.
    ///
    /// # Errors
    /// When the system has no random bytes to give.
    pub fn generate() -> anyhow::Result<Self> {
        let mut bytes = [0_u8; 32];
        if SystemRandom::new().fill(&mut bytes).is_err() {
            anyhow::bail!("the system has no random bytes to give");
        }
        let text = bytes.iter().fold(String::new(), |mut text, byte| {
            // Writing to a String cannot fail.
            let _infallible = write!(text, "{byte:02x}");
            text
        });
        let mut value = AsciiMetadataValue::try_from(text)?;
        value.set_sensitive(true);
        Ok(Self(value))
    }

    /// It in letters, for whoever is to be given it.
    pub(crate) fn text(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    /// Whether these bytes are it, in a time that tells nothing about it.
    fn is(&self, shown: &[u8]) -> bool {
        self.0.as_encoded_bytes().ct_eq(shown).into()
    }

    /// Who sent a request with these headers. What shows it is taken out.
    fn caller(&self, headers: &mut HeaderMap) -> Caller {
        let (name, shown) = (headers.remove(NAME), headers.remove(SECRET));
        let is_shown = shown.is_some_and(|shown| self.is(shown.as_bytes()));
        match name.as_ref().and_then(|name| name.to_str().ok()) {
            Some(name) if is_shown => Caller::known(name),
            _ => Caller::default(),
        }
    }
}

/// One of the services of a process.
#[derive(Debug, Clone)]
pub struct InProcess {
    name: AsciiMetadataValue,
    secret: Secret,
}

impl InProcess {
    pub(super) fn new(name: &'static str, secret: &Secret) -> Self {
        Self { name: AsciiMetadataValue::from_static(name), secret: secret.clone() }
    }

    /// Says in the metadata of a call who makes it.
    pub(crate) fn sign(&self, metadata: &mut MetadataMap) {
        metadata.insert(NAME, self.name.clone());
        metadata.insert(SECRET, self.secret.0.clone());
    }

    /// What others of this process know too.
    pub(crate) fn secret(&self) -> Secret {
        self.secret.clone()
    }
}

/// Middleware: tells handlers which service of this process calls, if it is one.
pub(crate) async fn tell(
    State(secret): State<Secret>,
    mut request: Request,
    next: Next,
) -> Response {
    let caller = secret.caller(request.headers_mut());
    request.extensions_mut().insert(caller);
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `signer` sends along.
    fn signed(signer: &InProcess) -> HeaderMap {
        let mut metadata = MetadataMap::new();
        signer.sign(&mut metadata);
        metadata.into_headers()
    }

    #[test]
    fn who_knows_the_secret_is_believed_and_nobody_else() {
        let secret = Secret::generate().unwrap();
        let gateway = InProcess::new("gateway", &secret);
        assert_eq!(secret.caller(&mut signed(&gateway)), Caller::known("gateway"));

        let another = InProcess::new("gateway", &Secret::generate().unwrap());
        assert_eq!(secret.caller(&mut signed(&another)), Caller::default());
        for part in [NAME, SECRET] {
            let mut headers = signed(&gateway);
            headers.remove(part);
            assert_eq!(secret.caller(&mut headers), Caller::default(), "without {part}");
        }
        let shorter = secret.0.as_encoded_bytes().split_last().unwrap().1.to_vec();
        for wrong in [shorter.as_slice(), b""] {
            let mut headers = signed(&gateway);
            headers.insert(SECRET, http::HeaderValue::from_bytes(wrong).unwrap());
            assert_eq!(secret.caller(&mut headers), Caller::default());
        }
    }

    #[test]
    fn the_secret_goes_no_further_and_is_never_printed() {
        let secret = Secret::generate().unwrap();
        let gateway = InProcess::new("gateway", &secret);
        let mut headers = signed(&gateway);
        let text = secret.0.to_str().unwrap();
        for printed in [format!("{headers:?}"), format!("{gateway:?}"), format!("{secret:?}")] {
            assert!(!printed.contains(text), "{printed}");
        }
        secret.caller(&mut headers);
        assert!(headers.is_empty(), "{headers:?}");
    }
}
