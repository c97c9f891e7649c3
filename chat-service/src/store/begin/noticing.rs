//! What is noticed in the words that a turn begins with, and what is remembered of it.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::DatabaseTransaction;

use super::Begin;
use crate::error::Error;
use crate::safety::{Display, Notice, Screening, Tier, Whereabouts};
use crate::store::{Event, preferences, risks, safety_days};

/// What the words that are to be answered say, and what is known of whom they come from.
#[derive(Clone)]
pub(crate) struct Words {
    pub(crate) screening: Screening,
    pub(crate) whereabouts: Whereabouts,
    /// The languages of the caller, if the country that they set is not known yet.
    pub(crate) unread: Option<String>,
    /// How long nobody need be told again what it is they talk to.
    pub(crate) disclosure: Option<TimeDelta>,
}

/// What is noticed in a turn that begins.
pub(super) struct Noticed {
    pub(super) notice: Option<Notice>,
    pub(super) whereabouts: Whereabouts,
    /// Whether it is this very message in which it was noticed.
    is_new: bool,
    pub(super) disclosure: Option<&'static str>,
}

impl Begin {
    /// Hears what is said in its session, and remembers it if it is said just now.
    pub(super) async fn notice(
        &self,
        tx: &DatabaseTransaction,
        session_id: i64,
        is_new: bool,
    ) -> Result<Noticed, Error> {
        let Words { screening, whereabouts, unread, disclosure } = &self.words;
        let (user_id, now) = (self.user_id, self.now);
        let whereabouts = match unread {
            Some(accepted) => {
                let set = preferences::region(tx, user_id).await?;
                Whereabouts::of(set.as_deref(), accepted)
            }
            None => *whereabouts,
        };
        let known = risks::find(tx, user_id, session_id).await?;
        let mut talk = risks::conversation(tx, known.as_ref(), user_id, now).await?;
        let heard = talk.take_in(screening.clone(), now);
        if is_new && heard.raised >= Tier::Elevated {
            let (tier, rules) = (heard.raised.name(), heard.rules.join(" "));
            tracing::info!(safety.tier = tier, safety.rules = rules, "something grave was said");
        }
        let notice = Notice::of(&heard, whereabouts);
        let told = known.and_then(|row| row.disclosed_at);
        let is_due = |every: &TimeDelta| told.is_none_or(|told| now - told >= *every);
        let disclosure = disclosure.as_ref().filter(|every| is_new && is_due(every));
        let disclosure = disclosure.map(|_| if told.is_some() { "reminder" } else { "start" });
        if is_new {
            let told = if disclosure.is_some() { Some(now) } else { told };
            risks::save(tx, (user_id, session_id), &talk, told).await?;
        }
        let is_new = is_new && heard.raised >= Tier::Third;
        Ok(Noticed { notice, whereabouts, is_new, disclosure })
    }
}

impl Noticed {
    /// Counts what was noticed, and what the person is shown and told for it.
    pub(super) async fn count(
        &self,
        tx: &DatabaseTransaction,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        if let Some(notice) = self.notice.as_ref().filter(|_| self.is_new) {
            safety_days::count(tx, Event::Noticed, Some(notice), now).await?;
            if notice.display != Display::Pointer {
                safety_days::count(tx, Event::Referred, Some(notice), now).await?;
            }
        }
        if self.disclosure.is_some() {
            safety_days::count(tx, Event::Disclosed, None, now).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use chassis::clock;
    use futures_util::FutureExt as _;
    use sea_orm::ConnectionTrait as _;

    use super::*;
    use crate::store::tests::{open, said};
    use crate::store::{Failure, Lease, Spot, What};

    /// A turn that says "I want to die".
    fn begin(unread: Option<String>) -> Begin {
        let now = clock::now();
        let said = said("I want to die", Lease::of(1, now), now);
        let whereabouts = Whereabouts::of(None, "de-DE");
        Begin { words: Words { whereabouts, unread, ..said.words }, ..said }
    }

    /// It, tried again.
    fn again(turn_id: i64, unread: Option<String>) -> Begin {
        Begin { what: What::Failed { turn_id }, ..begin(unread) }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_country_that_could_not_be_read_in_time_is_read_with_the_message() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder).await;
        store.set_region(1, Some("GB".into())).await.unwrap();
        for (unread, region) in [(None, "DE"), (Some("de-DE".to_owned()), "GB")] {
            let turn = store.begin(begin(unread)).await.unwrap().turn;
            assert_eq!(turn.notice().unwrap().region.code, region);
            assert_eq!(turn.whereabouts().region.code, region);
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_turn_from_before_anything_was_noticed_is_heard_when_it_is_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder).await;
        let turn = store.begin(begin(None)).await.unwrap().turn;
        let (id, lease) = (turn.id, Lease::of(1, clock::now()));
        let failed = (Failure::ModelUnavailable, turn.attempt);
        store.fail(turn, failed, lease, clock::now()).await.unwrap();
        let forget = "UPDATE turns SET tier = NULL, display = ''";
        let forgotten = store.database.write(move |tx| {
            async move { Ok::<_, Error>(tx.execute_unprepared(forget).await.map(|_| ())?) }.boxed()
        });
        forgotten.await.unwrap();
        let turn = store.begin(again(id, None)).await.unwrap().turn;
        assert!(turn.id == id && turn.notice().unwrap().is_danger());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_turn_that_is_tried_again_keeps_what_was_noticed_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder).await;
        let turn = store.begin(begin(None)).await.unwrap().turn;
        let (id, noticed, lease) = (turn.id, turn.notice(), Lease::of(1, clock::now()));
        let failed = (Failure::ModelUnavailable, turn.attempt);
        store.fail(turn, failed, lease, clock::now()).await.unwrap();
        store.set_region(1, Some("GB".into())).await.unwrap();
        let turn = store.begin(again(id, Some("fr-FR".to_owned()))).await.unwrap().turn;
        assert!(noticed.is_some());
        assert_eq!((turn.id, turn.notice()), (id, noticed));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_found_later_is_kept_with_the_turn_and_takes_words_out_of_the_title() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder).await;
        let (text, title) = ("the garden is green".to_owned(), "the garden is green".to_owned());
        let words = Words { screening: Screening::default(), ..begin(None).words };
        let what = What::Said { session_id: None, text, title };
        let turn = store.begin(Begin { what, words, ..begin(None) }).await.unwrap().turn;
        assert_eq!(turn.notice(), None);
        let (place, now) = ((1, turn.id), clock::now());
        for (tier, kept) in [(Tier::High, Tier::High), (Tier::Third, Tier::High)] {
            let notice = Notice::raised(tier, turn.whereabouts());
            store.raise(place, notice, now).await.unwrap();
            let outcome = store.outcome(1, turn.id).await.unwrap();
            assert_eq!(outcome.turn.notice().unwrap().tier, kept);
        }
        let session = store.session(1, turn.session_id).await.unwrap().session;
        assert_eq!(session.title, "A conversation");
        let known = store.background(1, Spot::Session(session.id), now).await.unwrap();
        assert_eq!(known.talk.tier, Tier::High);
        let elsewhere =
            store.raise((2, turn.id), Notice::raised(Tier::Imminent, turn.whereabouts()), now);
        assert!(elsewhere.await.is_err(), "nobody else's turn");
    }
}
