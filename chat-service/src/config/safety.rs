//! Settings of the safety layer.

use std::str::FromStr;
use std::time::Duration;

use chassis::settings::Settings;

/// What people are told about what it is they talk to, at the start of a session and again.
#[derive(Debug, Clone, Copy)]
pub struct Disclosure {
    /// Time after which they are told again.
    pub every: Duration,
    /// Whether in the words that some laws ask for, in capitals.
    pub statutory: bool,
}

impl Disclosure {
    pub(super) fn read(settings: &mut Settings) -> Option<Self> {
        let help = "minutes after which people are told again that they talk to a machine";
        let minutes = settings.number("CHAT_DISCLOSURE_MINUTES", 180, 1..=1_440, help);
        let help = "in which words: plain, or statutory for those that some laws ask for";
        let words = settings.value::<Wording>("CHAT_DISCLOSURE_WORDS", "plain", help);
        Some(Self { every: Duration::from_secs(minutes? * 60), statutory: words?.0 })
    }
}

/// On or off.
struct Switch(bool);

impl FromStr for Switch {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "on" => Ok(Self(true)),
            "off" => Ok(Self(false)),
            _ => Err("must be on or off"),
        }
    }
}

/// Plain or statutory words.
struct Wording(bool);

impl FromStr for Wording {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "plain" => Ok(Self(false)),
            "statutory" => Ok(Self(true)),
            _ => Err("must be plain or statutory"),
        }
    }
}

/// Whether the model is asked how grave each message is.
pub(super) fn verdict(settings: &mut Settings) -> Option<bool> {
    let help = "whether the model is asked how grave each message is: on or off";
    Some(settings.value::<Switch>("CHAT_VERDICT", "on", help)?.0)
}
