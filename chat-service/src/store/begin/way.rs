//! Whether a turn may set out: the places, the line of its session, and the limits of its person.

use sea_orm::{
    ColumnTrait as _, DatabaseTransaction, EntityTrait as _, QueryFilter as _, QuerySelect as _,
};

use super::Begin;
use crate::error::Error;
use crate::limits::Allowance;
use crate::safety::Notice;
use crate::store::{State, turn};

/// What becomes of a turn that begins.
pub(super) enum Way {
    Run,
    Wait,
    /// Answered at once, with words written in advance.
    Write(Notice),
}

impl Begin {
    /// Whether a turn may set out in this session, and what is left of the limits then.
    pub(super) async fn way(
        &self,
        tx: &DatabaseTransaction,
        session_id: i64,
        over: Option<Allowance>,
        notice: Option<&Notice>,
    ) -> Result<(Way, Vec<Allowance>), Error> {
        let open = open_turns(self.user_id).into_tuple::<(i64, State)>().all(tx).await?;
        let at_work = open.iter().filter(|(_, state)| *state == State::Running).count() as u64;
        let here = open.iter().filter(|(session, _)| *session == session_id).count();
        let in_line = usize::try_from(self.limits.in_line).unwrap_or(usize::MAX);
        let way = if !self.has_place {
            Err(Error::Overloaded)
        } else if let Some(over) = over {
            Err(Error::DailyLimit(over))
        } else if here > in_line {
            Err(Error::SessionBusy)
        } else if here > 0 {
            Ok(Way::Wait)
        } else if at_work >= u64::from(self.limits.at_work) {
            Err(Error::TooManyTurns(self.limits.turns(at_work)))
        } else {
            Ok(Way::Run)
        };
        // Whoever is in danger is not kept waiting, and whoever was is not sent away.
        let way = match (way, notice) {
            (Ok(Way::Wait), Some(notice)) if notice.is_urgent() => Way::Write(notice.clone()),
            (Err(_), Some(notice)) if notice.is_danger() => Way::Write(notice.clone()),
            (way, _) => way?,
        };
        let at_work = at_work + u64::from(matches!(way, Way::Run));
        Ok((way, vec![self.limits.turns(at_work)]))
    }
}

/// Where a person has turns at work or in line, and which of the two.
fn open_turns(user_id: i64) -> sea_orm::Select<turn::Entity> {
    turn::Entity::find()
        .filter(turn::Column::UserId.eq(user_id))
        .filter(turn::is_open())
        .select_only()
        .column(turn::Column::SessionId)
        .column(turn::Column::State)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::plan;

    #[tokio::test(flavor = "multi_thread")]
    async fn only_the_few_open_turns_of_a_person_are_looked_at() {
        let open = plan(&open_turns(1)).await;
        assert!(open.contains("turns_open (user_id=?)"), "{open}");
    }
}
