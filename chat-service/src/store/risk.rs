//! The `risks` table: what is remembered of a conversation, without a word of it.

use sea_orm::Set;
use sea_orm::entity::prelude::*;

use crate::safety::{Conversation, Tier};

/// What is remembered of a session.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "risks")]
pub(crate) struct Model {
    /// Of which.
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) session_id: i64,
    /// Whose.
    pub(crate) user_id: i64,
    /// The gravest that still counts.
    pub(crate) tier: String,
    /// When that was last confirmed.
    pub(crate) since: Option<DateTimeUtc>,
    /// Turns since then.
    pub(crate) quiet: i32,
    /// Turns since distress was told.
    pub(crate) distress: Option<i32>,
    /// Turns since despair was told.
    pub(crate) despair: Option<i32>,
    /// The gravest tier that help was shown whole for.
    pub(crate) shown: Option<String>,
    /// Turns since then.
    pub(crate) shown_ago: i32,
    /// When the person was last told what it is they talk to.
    pub(crate) disclosed_at: Option<DateTimeUtc>,
}

impl Model {
    /// As the domain knows it.
    pub(super) fn conversation(&self) -> Conversation {
        let turns = |turns: i32| u16::try_from(turns).unwrap_or(u16::MAX);
        let tier = |name: &str| Tier::of_name(name).unwrap_or_default();
        Conversation {
            tier: tier(&self.tier),
            since: self.since,
            quiet: turns(self.quiet),
            distress: self.distress.map(turns),
            despair: self.despair.map(turns),
            shown: self.shown.as_deref().map(|name| (tier(name), turns(self.shown_ago))),
        }
    }
}

/// A row of what the domain remembers.
pub(super) fn row(
    (user_id, session_id): (i64, i64),
    talk: &Conversation,
    disclosed_at: Option<DateTimeUtc>,
) -> ActiveModel {
    ActiveModel {
        session_id: Set(session_id),
        user_id: Set(user_id),
        tier: Set(talk.tier.name().to_owned()),
        since: Set(talk.since),
        quiet: Set(talk.quiet.into()),
        distress: Set(talk.distress.map(i32::from)),
        despair: Set(talk.despair.map(i32::from)),
        shown: Set(talk.shown.map(|(tier, _)| tier.name().to_owned())),
        shown_ago: Set(talk.shown.map_or(0, |(_, turns)| turns.into())),
        disclosed_at: Set(disclosed_at),
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
