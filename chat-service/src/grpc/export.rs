//! Everything of one person, told a page at a time: however much it is, little of it is in memory.

use std::collections::VecDeque;
use std::pin::Pin;

use futures_util::{Stream, StreamExt as _, stream};
use proto::chat::v1 as pb;
use proto::chat::v1::export_item::Item;
use tonic::Status;

use super::views;
use crate::error::Error;
use crate::store::{Outcome, Piece, Sender, Session, Store};

/// What is kept of a person, piece by piece.
pub(super) type Items = Pin<Box<dyn Stream<Item = Result<pb::ExportItem, Status>> + Send>>;

/// How far the telling has come.
struct Export {
    store: Store,
    user_id: i64,
    step: Step,
    ready: VecDeque<Item>,
}

enum Step {
    /// The session after this one comes next.
    After(i64),
    /// The turns after this one come next.
    In(Session, i64),
    Usage,
    Done,
}

/// All there is of a person. What is wrong from the start is an answer of its own.
pub(super) async fn everything(store: Store, user_id: i64) -> Result<Items, Error> {
    let region = store.kept_region(user_id).await?;
    let set = region.map(|region| Item::Preferences(pb::Preferences { region }));
    let export = Export { store, user_id, step: Step::After(0), ready: set.into_iter().collect() };
    let items = stream::unfold(Some(export), |export| async {
        let mut export = export?;
        match export.next().await {
            Ok(item) => {
                let item = pb::ExportItem { item: Some(item?) };
                Some((Ok(item), Some(export)))
            }
            Err(error) => Some((Err(error.into()), None)),
        }
    });
    Ok(items.boxed())
}

impl Export {
    async fn next(&mut self) -> Result<Option<Item>, Error> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Ok(Some(item));
            }
            match std::mem::replace(&mut self.step, Step::Done) {
                Step::After(id) => match self.store.next_session(self.user_id, id).await? {
                    Some(session) => {
                        let view = views::session_without_turn(session.clone());
                        self.ready.push_back(Item::Session(view));
                        self.step = Step::In(session, 0);
                    }
                    None => self.step = Step::Usage,
                },
                Step::In(session, after) => {
                    let turns = self.store.next_turns(&session, after).await?;
                    self.step = match turns.last() {
                        Some(Piece { turn, .. }) => Step::In(session, turn.id),
                        None => Step::After(session.id),
                    };
                    for piece in turns {
                        self.add(piece);
                    }
                }
                Step::Usage => {
                    let days = self.store.all_usage(self.user_id).await?;
                    self.ready.extend(days.into_iter().map(|day| Item::Usage(views::day(day))));
                }
                Step::Done => return Ok(None),
            }
        }
    }

    fn add(&mut self, Piece { turn, said }: Piece) {
        let reply = said.iter().find(|(message, _)| message.sender == Sender::Ai);
        let reply = reply.map(|(message, _)| message.clone());
        let outcome = Outcome { turn, reply, retry_after: None };
        self.ready.push_back(Item::Turn(Box::new(views::turn(&outcome))));
        let said = said.into_iter().map(|with| Item::Message(views::message(with)));
        self.ready.extend(said);
    }
}
