//! Who answers: a language model, or the offline buddy.

use std::fmt;
use std::str::FromStr;

use chassis::settings::Settings;
use secrecy::{ExposeSecret as _, SecretString};

use super::base_url::BaseUrl;
use crate::buddy::limits::Limits;

/// Who answers.
#[derive(Debug, Clone)]
pub enum BuddyConfig {
    /// Replies written in advance, no model.
    Offline,
    /// A language model.
    Model(ModelConfig),
}

/// Which language model, and how patiently it is asked.
#[derive(Debug, Clone)]
pub struct ModelConfig {
    /// Base address of the API, ending in `/v1` for most.
    pub base_url: String,
    /// The key, where the API wants one.
    pub api_key: Option<SecretString>,
    /// The model's name.
    pub model: String,
    /// Longest reply, in tokens.
    pub reply_tokens: u32,
    /// How long we wait for what.
    pub limits: Limits,
}

enum Choice {
    Model,
    Offline,
    Auto,
}

impl FromStr for Choice {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "model" => Ok(Self::Model),
            "offline" => Ok(Self::Offline),
            "auto" => Ok(Self::Auto),
            _ => Err("must be model, offline or auto"),
        }
    }
}

impl BuddyConfig {
    /// The one that was chosen. A service apart never does without a model unless it was told so:
    /// whoever forgot a key should hear of it.
    pub(super) fn read(settings: &mut Settings, reply: Option<u64>) -> Option<Self> {
        let help = "who answers: model, offline for replies written in advance, or auto for a model \
                    if one is named";
        let choice = settings.value("CHAT_BUDDY", "model", help);
        match (choice?, Self::read_named(settings, reply)?) {
            (Choice::Offline, _) => Some(Self::Offline),
            (Choice::Model, Self::Offline) => {
                settings.problem(
                    "OPENAI_API_KEY",
                    "is not set, and neither is OPENAI_BASE_URL: without one of them there is no \
                     model to ask (CHAT_BUDDY=offline does without)",
                );
                None
            }
            (Choice::Model | Choice::Auto, named) => Some(named),
        }
    }

    /// A model if there is a key or an address, else offline.
    pub(super) fn read_named(settings: &mut Settings, reply: Option<u64>) -> Option<Self> {
        let key = settings.secret("OPENAI_API_KEY", "key of the language model's API");
        let url = settings.optional::<BaseUrl>(
            "OPENAI_BASE_URL",
            "base address of any OpenAI-compatible API [https://api.openai.com/v1]",
        );
        let model = settings.value("OPENAI_MODEL", "gpt-4o-mini", "name of the model");
        let limits = Limits::read(settings);
        let (key, url) = (key?, url?);
        let printable =
            |key: &SecretString| key.expose_secret().bytes().all(|b| b.is_ascii_graphic());
        if key.as_ref().is_some_and(|key| !printable(key)) {
            settings
                .problem("OPENAI_API_KEY", "has characters that no key has: spaces, line breaks");
            return None;
        }
        if key.is_none() && url.is_none() {
            return Some(Self::Offline);
        }
        let base_url = url.map_or_else(|| "https://api.openai.com/v1".to_owned(), |url| url.0);
        Some(Self::Model(ModelConfig {
            base_url,
            api_key: key,
            model: model?,
            reply_tokens: u32::try_from(reply?).ok()?,
            limits: limits?,
        }))
    }
}

/// Which one it is, for the person who started it.
impl fmt::Display for BuddyConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Offline => formatter.write_str(
                "the offline buddy answers, with replies written in advance; set OPENAI_API_KEY or \
                 OPENAI_BASE_URL to have a language model answer",
            ),
            Self::Model(model) => {
                write!(formatter, "{} at {} answers", model.model, model.base_url)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who answers with these settings, or what is wrong with them.
    fn buddy(pairs: &[(&str, &str)]) -> Result<String, String> {
        let mut settings = Settings::from_pairs(pairs.iter().copied());
        let buddy = BuddyConfig::read(&mut settings, Some(1_000));
        buddy.map(|buddy| buddy.to_string()).ok_or_else(|| settings.problems().unwrap())
    }

    #[test]
    fn a_model_answers_unless_somebody_chose_to_do_without() {
        let key = ("OPENAI_API_KEY", "sk-canary");
        let choose = |who| ("CHAT_BUDDY", who);
        let offline = "the offline buddy answers";
        for chosen in [vec![choose("offline")], vec![choose("offline"), key], vec![choose("auto")]]
        {
            assert!(buddy(&chosen).unwrap().starts_with(offline), "{chosen:?}");
        }
        for chosen in [vec![key], vec![choose("model"), key], vec![choose("auto"), key]] {
            let said = buddy(&chosen).unwrap();
            assert_eq!(said, "gpt-4o-mini at https://api.openai.com/v1 answers");
        }
        let forgotten = buddy(&[]).unwrap_err();
        assert!(forgotten.contains("OPENAI_API_KEY is not set"), "{forgotten}");
        assert!(buddy(&[choose("automatic")]).unwrap_err().contains("offline or auto"));
    }
}
