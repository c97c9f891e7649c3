//! The languages that rules and words exist in.

/// A language that rules and words exist in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// en
    #[default]
    English,
    /// es
    Spanish,
    /// fr
    French,
    /// de
    German,
    /// pt
    Portuguese,
    /// ar
    Arabic,
    /// hi
    Hindi,
    /// zh
    Chinese,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::English,
        Self::Spanish,
        Self::French,
        Self::German,
        Self::Portuguese,
        Self::Arabic,
        Self::Hindi,
        Self::Chinese,
    ];

    /// Its ISO 639-1 code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
            Self::French => "fr",
            Self::German => "de",
            Self::Portuguese => "pt",
            Self::Arabic => "ar",
            Self::Hindi => "hi",
            Self::Chinese => "zh",
        }
    }

    /// The language of an ISO 639-1 code, if it is one of these.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }
}
