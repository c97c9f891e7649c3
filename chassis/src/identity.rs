//! Which service is calling.

use tonic::Request;

/// Which service a call comes from, as far as that was shown. A person's token says nothing about it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caller {
    name: Option<String>,
}

impl Caller {
    /// A service that has shown who it is.
    #[must_use]
    pub fn known(name: &str) -> Self {
        Self { name: Some(name.to_owned()) }
    }

    /// Who sent a request.
    #[must_use]
    pub fn of<T>(request: &Request<T>) -> Self {
        request.extensions().get().cloned().unwrap_or_default()
    }

    /// Whether it is one of these services.
    #[must_use]
    pub fn is_one_of(&self, names: &[&str]) -> bool {
        self.name.as_deref().is_some_and(|name| names.contains(&name))
    }
}
