//! Which services verify tokens.

use std::str::FromStr;

use chassis::settings::Settings;
use proto::services;

/// The services that verify tokens: they may ask about each, and are told what was taken back. The gateway
/// and the chat service always are among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifiers(Vec<String>);

impl Default for Verifiers {
    fn default() -> Self {
        Self([services::GATEWAY, services::CHAT].map(str::to_owned).to_vec())
    }
}

impl FromStr for Verifiers {
    type Err = &'static str;

    /// Reads those that come on top.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut all = Self::default();
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let is_name = |letter: char| letter.is_ascii_alphanumeric() || "-.".contains(letter);
            if !name.chars().all(is_name) || name == services::AUTH {
                return Err(
                    "must be names of other services, as in their certificates, with commas between",
                );
            }
            if !all.include(name) {
                all.0.push(name.to_owned());
            }
        }
        Ok(all)
    }
}

impl Verifiers {
    /// Reads the setting. `None`: `settings` knows what is wrong.
    pub(super) fn read(settings: &mut Settings) -> Option<Self> {
        let help =
            "more services that verify tokens: names in their certificates, with commas between";
        settings.value("AUTH_VERIFIERS", "", help)
    }

    /// What they are called.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.0.iter().map(String::as_str).collect()
    }

    fn include(&self, name: &str) -> bool {
        self.0.iter().any(|known| known == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_of_the_product_are_there_whoever_comes_on_top() {
        let names = |text: &str| text.parse::<Verifiers>().map(|all| all.names().join(" "));
        assert_eq!(names("").unwrap(), "gateway chat-service");
        let more = names(" reports,gateway, billing.internal ,reports").unwrap();
        assert_eq!(more, "gateway chat-service reports billing.internal");
        for wrong in ["auth-service", "a b", "*", "https://reports"] {
            assert!(names(wrong).is_err(), "{wrong}");
        }
    }
}
