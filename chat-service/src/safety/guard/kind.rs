//! What may not be said, by kind.

/// What a sentence was taken out for, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    /// Details of ways to be harmed.
    Method,
    /// Encouragement to be harmed.
    Encouragement,
    /// Keeping things from people who could help.
    Secrecy,
    /// Keeping the person for itself.
    Dependence,
    /// Saying that somebody was called or is watching.
    Contacted,
    /// Pretending to be a person, or a professional.
    Human,
    /// Telling the person which illness they have.
    Diagnosis,
    /// A number nobody here knows.
    Phone,
    /// An address nobody here knows.
    Link,
}

impl Kind {
    /// All of them.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 9] = [
        Self::Method,
        Self::Encouragement,
        Self::Secrecy,
        Self::Dependence,
        Self::Contacted,
        Self::Human,
        Self::Diagnosis,
        Self::Phone,
        Self::Link,
    ];

    /// Its name in counters.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::Encouragement => "encouragement",
            Self::Secrecy => "secrecy",
            Self::Dependence => "dependence",
            Self::Contacted => "contacted",
            Self::Human => "human",
            Self::Diagnosis => "diagnosis",
            Self::Phone => "phone",
            Self::Link => "link",
        }
    }
}
