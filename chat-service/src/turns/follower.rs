//! Telling a reply to a reader, from wherever they are: what follows the cursor, then what is new,
//! then how it ended. A reader who is slow gets larger pieces, and costs nothing.

use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout_at};

use super::{Turns, reply};
use crate::draft::{End, Page, View};
use crate::error::Error;
use crate::safety::{Notice, Tier};
use crate::store::{Outcome, State};

/// Between two pieces: words come in groups, so that their rhythm on the wire does not tell which they
/// are, and many readers cost little.
const PACE: Duration = Duration::from_millis(40);

/// Longest telling: more than any turn takes, those in line before it included. Whoever is not done by
/// then may come back.
const LONGEST: Duration = Duration::from_mins(10);

/// How far a reader has read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// The attempt; zero before the first.
    pub(crate) attempt: i32,
    /// Bytes of its text.
    pub(crate) offset: usize,
}

impl Cursor {
    /// What follows in a text, after moving there.
    fn advance(&mut self, attempt: i32, text: &str, is_whole: bool) -> Option<News> {
        // A text that has ended before the place where the reader is was cut.
        let is_cut = is_whole && self.offset > text.len();
        if self.attempt != attempt || is_cut {
            let was_told = self.offset > 0;
            *self = Self { attempt, offset: 0 };
            if was_told {
                return Some(News::Reset);
            }
        }
        let start = text.floor_char_boundary(self.offset);
        let rest = text.get(start..).filter(|rest| !rest.is_empty())?;
        self.offset = text.len();
        Some(News::More(rest.to_owned()))
    }

    /// What is left to tell of a turn that has ended.
    fn conclude(&mut self, outcome: &Outcome) -> News {
        let text = outcome.reply.as_ref().map_or("", |reply| &reply.text);
        let has_failed = outcome.turn.state == State::Failed;
        if !has_failed && let Some(news) = self.advance(outcome.turn.attempt, text, true) {
            return news;
        }
        if has_failed {
            let why = reply(outcome.clone()).err().unwrap_or(Error::Cancelled);
            return News::Failed(why);
        }
        News::Done(Box::new(outcome.clone()))
    }
}

/// Something that a reader is told.
pub(crate) enum News {
    /// More of the reply.
    More(String),
    /// Somebody is in danger, as was noticed only now.
    Safety(Notice),
    /// Forget what was told: it begins anew.
    Reset,
    /// It ended with a reply, or was stopped.
    Done(Box<Outcome>),
    /// There is none, or not here and now.
    Failed(Error),
}

/// A reader of one reply.
pub(crate) struct Follower {
    turns: Turns,
    user_id: i64,
    turn_id: i64,
    cursor: Cursor,
    until: Instant,
    /// The gravest tier that the reader knows of.
    knows: Tier,
    /// When the last piece was told.
    told: Option<Instant>,
    /// How it ended, once that is known.
    end: Option<Box<Outcome>>,
    view: Option<View>,
    is_over: bool,
}

impl Follower {
    pub(super) fn new(turns: Turns, user_id: i64, turn_id: i64, cursor: Cursor) -> Self {
        let (told, end, view, is_over) = (None, None, None, false);
        let (until, knows) = (Instant::now() + LONGEST, Tier::None);
        Self { turns, user_id, turn_id, cursor, until, knows, told, end, view, is_over }
    }

    /// Notes what the reader was told already of what was noticed.
    pub(crate) fn knowing(mut self, notice: Option<&Notice>) -> Self {
        self.knows = notice.map_or(self.knows, |notice| self.knows.max(notice.tier));
        self
    }

    /// What comes next, and where the reader is then. `None` after the end.
    pub(crate) async fn next(&mut self) -> Option<(Cursor, News)> {
        if self.is_over {
            return None;
        }
        let news = timeout_at(self.until, self.look()).await.unwrap_or(Err(Error::Interrupted));
        let news = news.unwrap_or_else(News::Failed);
        match &news {
            News::More(_) => self.told = Some(Instant::now()),
            News::Safety(notice) => self.knows = self.knows.max(notice.tier),
            News::Reset => {}
            News::Done(_) | News::Failed(_) => self.is_over = true,
        }
        Some((self.cursor, news))
    }

    async fn look(&mut self) -> Result<News, Error> {
        loop {
            if let Some(outcome) = &self.end {
                let unknown = outcome.turn.notice().filter(|notice| notice.tier > self.knows);
                return Ok(match unknown {
                    Some(notice) => News::Safety(notice),
                    None => self.cursor.conclude(outcome),
                });
            }
            if let Some(told) = self.told {
                sleep_until(told + PACE).await;
            }
            // What was read may have ended, and been struck off, since.
            if let Some(live) = self.turns.registry.get(self.user_id, self.turn_id)
                && !self.view.as_ref().is_some_and(|view| view.is_of(&live.draft))
            {
                self.view = Some(live.draft.view());
            }
            if let Some(view) = &self.view {
                let mut reader = view.read();
                let (cursor, knows) = (self.cursor, self.knows);
                let is_graver =
                    |page: &Page| page.raised.as_ref().is_some_and(|it| it.tier > knows);
                let news = reader.wait_for(|page| {
                    let is_new = page.attempt != cursor.attempt && cursor.offset > 0;
                    let is_more = is_new || page.text.len() > cursor.offset;
                    page.end.is_some() || is_more || is_graver(page)
                });
                let Ok(page) = news.await else { continue };
                if let Some(notice) = page.raised.clone().filter(|_| is_graver(&page)) {
                    return Ok(News::Safety(notice));
                }
                match &page.end {
                    // What is on disk tells.
                    Some(End::Elsewhere) => self.view = None,
                    Some(End::Interrupted) => return Err(Error::Interrupted),
                    Some(End::Stored(outcome)) => {
                        self.end = Some(outcome.clone());
                        continue;
                    }
                    None => match self.cursor.advance(page.attempt, &page.text, false) {
                        Some(news) => return Ok(news),
                        None => continue,
                    },
                }
            }
            let outcome = self.turns.look(self.user_id, self.turn_id).await?;
            if outcome.turn.has_ended() {
                self.end = Some(Box::new(outcome));
                continue;
            }
            let turn = outcome.turn;
            if turn.state == State::Running
                && let Some(news) = self.cursor.advance(turn.attempt, &turn.partial, false)
            {
                return Ok(news);
            }
            self.turns.pause(&turn).await?;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a reader has in the end who is told a text as it grows.
    fn read(growth: &[&str], mut cursor: Cursor, mut have: String) -> String {
        for text in growth {
            let is_whole = growth.last() == Some(text);
            while let Some(news) = cursor.advance(1, text, is_whole) {
                match news {
                    News::More(more) => have.push_str(&more),
                    News::Reset => have.clear(),
                    _ => unreachable!("a text tells nothing but itself"),
                }
            }
        }
        have
    }

    proptest! {
        #[test]
        fn any_split_of_any_reply_replays_equal(
            pieces in proptest::collection::vec(".{0,12}", 1..20),
            leave_at in 0_usize..20,
        ) {
            let mut grown = vec![String::new()];
            for piece in &pieces {
                grown.push(format!("{}{piece}", grown.last().map_or("", |text| text)));
            }
            let grown: Vec<&str> = grown.iter().map(String::as_str).collect();
            let whole = grown.last().copied().unwrap_or_default();
            // Read to somewhere, then come back with the cursor of that place.
            let leave_at = leave_at.min(grown.len() - 1);
            let seen = grown[leave_at];
            let cursor = Cursor { attempt: 1, offset: seen.len() };
            prop_assert_eq!(read(&grown, Cursor::default(), String::new()), whole);
            prop_assert_eq!(read(&grown[leave_at..], cursor, seen.to_owned()), whole);
        }

        #[test]
        fn no_cursor_breaks_a_text(text in ".{0,40}", offset in 0_usize..200, attempt in 0..3) {
            let mut cursor = Cursor { attempt, offset };
            while cursor.advance(1, &text, true).is_some() {}
            prop_assert_eq!(cursor, Cursor { attempt: 1, offset: text.len() });
        }
    }

    #[test]
    fn whoever_read_more_than_was_kept_is_told_to_begin_anew() {
        let mut cursor = Cursor { attempt: 1, offset: 50 };
        assert!(matches!(cursor.advance(1, "kept", true), Some(News::Reset)));
        assert!(
            matches!(cursor.advance(1, "kept", true), Some(News::More(text)) if text == "kept")
        );
    }
}
