//! What is done to accounts, written down in the transaction that does it.

use chrono::{DateTime, Utc};
use sea_orm::{ActiveModelTrait as _, ConnectionTrait, Set};

use super::audit;
use crate::error::Error;

/// Who does something to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Actor {
    /// Its owner.
    User,
    /// Whoever runs the service, at a terminal.
    Operator,
    /// The service by itself.
    Service,
}

/// What is done to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Create,
    LogOut,
    LogOutEverywhere,
    ChangePassword,
    Activate,
    Deactivate,
    Delete,
    /// A refresh token came again that another had followed: somebody else has it.
    EndStolenLogin,
    /// All accounts came back from a backup.
    Restore,
}

impl Actor {
    fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Operator => "operator",
            Self::Service => "service",
        }
    }
}

impl Act {
    fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::LogOut => "log_out",
            Self::LogOutEverywhere => "log_out_everywhere",
            Self::ChangePassword => "change_password",
            Self::Activate => "activate",
            Self::Deactivate => "deactivate",
            Self::Delete => "delete",
            Self::EndStolenLogin => "end_stolen_login",
            Self::Restore => "restore",
        }
    }
}

/// Writes down what is done.
pub(super) async fn note(
    tx: &impl ConnectionTrait,
    actor: Actor,
    act: Act,
    user_id: i64,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    write(tx, actor, act, Some(user_id), now).await
}

/// Writes down what is done to all accounts at once.
pub(super) async fn note_for_all(
    tx: &impl ConnectionTrait,
    actor: Actor,
    act: Act,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    write(tx, actor, act, None, now).await
}

async fn write(
    tx: &impl ConnectionTrait,
    actor: Actor,
    act: Act,
    user_id: Option<i64>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let row = audit::ActiveModel {
        at: Set(now),
        actor: Set(actor.name().to_owned()),
        act: Set(act.name().to_owned()),
        user_id: Set(user_id),
        ..Default::default()
    };
    row.insert(tx).await?;
    Ok(())
}
