//! What can be said of a rule, and of the words around it.

use serde::Deserialize;

/// What is special about a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::safety) enum Flag {
    /// Its phrases say "not" themselves: a "not" before them takes nothing back.
    Negated,
    /// It is about whoever it is about.
    AnySubject,
    /// It names an act: with a time, it is imminent.
    Act,
    /// It is meant as it is said, laughing or not.
    Literal,
    /// It stays what it is, however long ago.
    Timeless,
    /// It finds words that stand near each other, of which nobody else may stand between.
    Loose,
    /// It only names something; where the message says yes to it, it is meant.
    Assented,
    /// It may be about a relationship that ends.
    Ambiguous,
    /// Something was done or taken already.
    Done,
    /// It is said in harmless matters, too: no more than elevated, unless the message sounds like it.
    Backed,
}

/// What says something about its surroundings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::safety) enum Cue {
    /// Takes back what follows it.
    Negation,
    /// Where a denial ends: a new thought begins.
    Stop,
    /// A "not" that denies nothing: "can not stop thinking of it".
    Affirmed,
    /// Something of the person's.
    Mine,
    /// What may stand between a denial and a whole sentence that it takes back.
    Bridge,
    /// Takes back what came before it.
    Refuted,
    /// The person themselves.
    Own,
    /// Somebody in particular who is not the person.
    Other,
    /// People in general.
    People,
    /// Yes to what was named.
    Assent,
    /// That who was spoken of is the person.
    IsMe,
    /// Somebody's words are told.
    Report,
    Past,
    Present,
    /// It is over and better now.
    Recovered,
    Story,
    Game,
    Laugh,
    /// It is meant, laughing or not.
    Serious,
    /// A relationship, or whatever else people end.
    Relation,
    /// A figure of speech.
    Figure,
    /// Soon: tonight, in an hour.
    Soon,
    /// A plan.
    Plan,
    /// Means are there.
    AtHand,
    /// A loss, a blow, despair.
    Distress,
    /// A question about heights, doses, times alone.
    Means,
    /// Goodbye, and thanks.
    Farewell,
    /// Sudden peace.
    Calm,
    /// It was done: "I took them".
    Acted,
    /// The person says that they are not safe.
    Unsafe,
}

impl Cue {
    pub(in crate::safety) fn bit(self) -> u32 {
        1 << (self as u32)
    }
}

impl Cue {
    /// Whether it takes something back. Only what is spelt so does: a guess adds, and never takes away.
    pub(super) fn takes_back(self) -> bool {
        matches!(
            self,
            Self::Negation
                | Self::Bridge
                | Self::Refuted
                | Self::Other
                | Self::People
                | Self::Report
                | Self::Past
                | Self::Recovered
                | Self::Story
                | Self::Game
                | Self::Laugh
                | Self::Relation
                | Self::Figure
        )
    }
}
