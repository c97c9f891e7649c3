//! The `turns` table.

use sea_orm::Set;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;

use crate::safety::{Category, Display, Language, Notice, Tier, Whereabouts};

/// One message and the one reply to it, as far as it has come.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "turns")]
pub(crate) struct Model {
    /// Never used again.
    #[sea_orm(primary_key)]
    pub(crate) id: i64,
    /// Whose it is.
    pub(crate) user_id: i64,
    /// Where it takes place.
    pub(crate) session_id: i64,
    /// What was said before it, in the same branch.
    pub(crate) parent_id: Option<i64>,
    /// The message it answers, where that is not its own.
    pub(crate) message_id: Option<i64>,
    /// How far it has come.
    pub(crate) state: State,
    /// Which attempt at a reply is being told. Zero until the first.
    pub(crate) attempt: i32,
    /// How often somebody has taken it on. Whoever writes says which time was theirs: whoever lost it
    /// meanwhile writes nothing.
    pub(crate) claims: i32,
    /// How often whoever had it is believed to have died over it.
    pub(crate) crashes: i32,
    /// The process that has it.
    pub(crate) owner: i64,
    /// Until when it is that process's work; past it, the process is believed dead.
    pub(crate) lease_until: DateTimeUtc,
    /// The reply so far, while it runs.
    #[sea_orm(column_type = "Text")]
    pub(crate) partial: String,
    /// Why it failed.
    pub(crate) failure: Option<Failure>,
    /// Why the reply ended.
    pub(crate) finish: Option<Finish>,
    /// Tokens the model was sent.
    pub(crate) prompt_tokens: i64,
    /// Tokens it said.
    pub(crate) reply_tokens: i64,
    /// Whether these are our own estimates.
    pub(crate) is_estimated: bool,
    /// Whether it is in the branch that is shown.
    pub(crate) shown: bool,
    /// How grave what was said is, if anything was noticed.
    pub(crate) tier: Option<String>,
    /// What it is about, by names with spaces between.
    pub(crate) categories: String,
    /// How help is shown.
    pub(crate) display: String,
    /// Whether something was done already.
    pub(crate) is_done: bool,
    /// The country that help is for; empty for anywhere.
    pub(crate) region: String,
    /// The language of words written in advance.
    pub(crate) language: String,
    /// What the person was told about what it is they talk to: `start` or `reminder`.
    pub(crate) disclosure: Option<String>,
    /// When its message was stored.
    pub(crate) created_at: DateTimeUtc,
    /// When it ended.
    pub(crate) ended_at: Option<DateTimeUtc>,
}

impl Model {
    /// The message that it answers.
    pub(crate) fn user_message_id(&self) -> i64 {
        self.message_id.unwrap_or(self.id * 2 - 1)
    }

    /// The number its reply will have: right after its own message, whatever else is said until then.
    pub(crate) fn reply_id(&self) -> i64 {
        self.id * 2
    }

    /// What goes with its reply.
    pub(crate) fn notice(&self) -> Option<Notice> {
        let Whereabouts { region, language } = self.whereabouts();
        Some(Notice {
            tier: Tier::of_name(self.tier.as_deref()?)?,
            categories: self.categories.split(' ').filter_map(Category::of_name).collect(),
            display: Display::of_name(&self.display)?,
            is_done: self.is_done,
            region,
            language,
        })
    }

    /// Where its person was, as far as known.
    pub(crate) fn whereabouts(&self) -> Whereabouts {
        let region = crisis_resources::region(&self.region);
        let region = region.unwrap_or_else(crisis_resources::anywhere);
        Whereabouts { region, language: Language::of_code(&self.language).unwrap_or_default() }
    }

    /// Whether nothing will happen to it by itself.
    pub(crate) fn has_ended(&self) -> bool {
        !matches!(self.state, State::Queued | State::Running)
    }
}

impl ActiveModel {
    /// Notes what goes with the reply.
    pub(super) fn notice(mut self, notice: Option<&Notice>, whereabouts: Whereabouts) -> Self {
        let categories = notice.map(|notice| notice.categories.iter().map(|it| it.name()));
        let language = notice.map_or(whereabouts.language, |notice| notice.language);
        self.tier = Set(notice.map(|notice| notice.tier.name().to_owned()));
        self.categories =
            Set(categories.map(|it| it.collect::<Vec<_>>().join(" ")).unwrap_or_default());
        self.display = Set(notice.map_or("", |notice| notice.display.name()).to_owned());
        self.is_done = Set(notice.is_some_and(|notice| notice.is_done));
        self.region = Set(whereabouts.region.code.clone());
        self.language = Set(language.code().to_owned());
        self
    }
}

/// Without the text: rows end up in logs when something goes wrong.
impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Turn")
            .field("id", &self.id)
            .field("state", &self.state)
            .field("claims", &self.claims)
            .finish_non_exhaustive()
    }
}

/// The few turns that are at work or in line. Written out, and not as a parameter: only so can the
/// database see that its small index of them is enough.
pub(super) fn is_open() -> Expr {
    Expr::cust("(turns.state = 'queued' OR turns.state = 'running')")
}

/// As [`is_open`], of those at work.
pub(super) fn is_running() -> Expr {
    Expr::cust("turns.state = 'running'")
}

/// As [`is_open`], of those in line.
pub(super) fn is_queued() -> Expr {
    Expr::cust("turns.state = 'queued'")
}

/// How far a turn has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)", rename_all = "snake_case")]
pub(crate) enum State {
    /// The message is stored, an earlier turn of the session is at work.
    Queued,
    /// The reply is being made.
    Running,
    /// The reply is stored.
    Completed,
    /// There is no reply, and nobody is making one.
    Failed,
    /// The person stopped it.
    Cancelled,
}

/// Why there is no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)", rename_all = "snake_case")]
pub(crate) enum Failure {
    /// The model could not be reached or gave no usable answer.
    ModelUnavailable,
    /// The model took too long.
    ModelTimeout,
    /// It took down every process that tried.
    GivenUp,
}

/// Why a reply ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)", rename_all = "snake_case")]
pub(crate) enum Finish {
    /// The model had said it all.
    Stop,
    /// It was cut at the longest reply.
    Length,
    /// People wrote it, in place of the model.
    Written,
    /// The person stopped it.
    Cancelled,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
