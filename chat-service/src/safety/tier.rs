//! How grave something is, and what it is about.

/// How grave something is, from the least to the gravest.
///
/// After the definition of risk of VERA-MH and the levels of the Columbia scale (C-SSRS): stress,
/// venting and idioms are not risk; a plan, means or a time are more than a wish.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// Nothing was noticed.
    #[default]
    None,
    /// It was mentioned: denied, long past, a figure of speech, a story.
    Low,
    /// Somebody else is in danger.
    Third,
    /// A wish to be gone without saying how, or hints of it.
    Elevated,
    /// The person wants to die, hurts themselves, or prepares for it; or somebody is in grave danger.
    High,
    /// A plan, means or a time, or something was done already.
    Imminent,
}

impl Tier {
    /// All of them, from the least to the gravest.
    pub const ALL: [Self; 6] =
        [Self::None, Self::Low, Self::Third, Self::Elevated, Self::High, Self::Imminent];

    /// Its name on the wire and in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Third => "third",
            Self::Elevated => "elevated",
            Self::High => "high",
            Self::Imminent => "imminent",
        }
    }

    /// Reads what [`Self::name`] wrote.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| tier.name() == name)
    }

    /// Whether a reply must not leave without help.
    #[must_use]
    pub fn is_danger(self) -> bool {
        self >= Self::High
    }
}

/// What a danger is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// Suicide and self-harm.
    SelfHarm,
    /// Violence against somebody else.
    HarmToOthers,
    /// Violence or abuse that the person suffers.
    Abuse,
    /// An eating disorder.
    EatingDisorder,
    /// Voices that command.
    Psychosis,
    /// Something was taken that may poison.
    Overdose,
}

impl Category {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::SelfHarm,
        Self::HarmToOthers,
        Self::Abuse,
        Self::EatingDisorder,
        Self::Psychosis,
        Self::Overdose,
    ];

    /// Its name on the wire and in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SelfHarm => "self_harm",
            Self::HarmToOthers => "harm_to_others",
            Self::Abuse => "abuse",
            Self::EatingDisorder => "eating_disorder",
            Self::Psychosis => "psychosis",
            Self::Overdose => "overdose",
        }
    }

    /// Reads what [`Self::name`] wrote.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.name() == name)
    }
}
