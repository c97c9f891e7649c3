//! The work on a turn: asking the buddy, and ending the turn with what it said.

use std::future::{Future, ready};
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use chassis::clock;
use futures_util::FutureExt as _;
use tokio::sync::{Notify, OwnedSemaphorePermit};
use tokio::task::JoinHandle;

use super::registry::Live;
use super::{LAST_WORDS, Turns};
use crate::buddy::{self, Answer};
use crate::draft::{Draft, End};
use crate::error::Error;
use crate::metrics;
use crate::prompt::{self, Prompt};
use crate::safety::{Conversation, Notice, Tier};
use crate::store::{Event, Failure, Finish, Lease, Reply, Told, Turn, Usage};

/// A turn may take so many processes down: whatever does that each time would do so for ever.
const MOST_CRASHES: i32 = 20;

/// Once somebody in danger has waited long enough, a pause in the reply that counts as its end.
const LULL: Duration = Duration::from_secs(3);

/// Why the buddy gave no answer.
struct Silence {
    failure: Failure,
    retry_after: Option<Duration>,
}

impl From<Failure> for Silence {
    fn from(failure: Failure) -> Self {
        Self { failure, retry_after: None }
    }
}

/// The work on one turn. However it ends, also in a panic, the turn is not ours any more afterwards.
struct Post<'a> {
    turns: &'a Turns,
    turn_id: i64,
    claims: i32,
}

impl Drop for Post<'_> {
    fn drop(&mut self) {
        self.turns.registry.close(self.turn_id, self.claims, End::Elsewhere);
    }
}

impl Turns {
    /// Works on a turn, and on those in line behind it.
    pub(super) async fn work(
        &self,
        turn: Turn,
        live: Live,
        place: Option<OwnedSemaphorePermit>,
        mut spent: Duration,
    ) {
        // One that was taken on already waits for its place as long as it takes.
        let _place = match place {
            Some(place) => Some(place),
            None => self.places.clone().acquire_owned().await.ok(),
        };
        let _in_use = metrics::place();
        let mut next = Some((turn, live));
        while let Some((turn, live)) = next.take() {
            let spent = std::mem::take(&mut spent);
            next = match self.work_on(turn, &live, spent).await {
                Some(turn) => self.enter(&turn).await.map(|live| (turn, live)),
                None => None,
            };
        }
    }

    /// Works on a turn. Returns the next of its session.
    async fn work_on(&self, turn: Turn, live: &Live, spent: Duration) -> Option<Turn> {
        let (id, claims) = (turn.id, turn.claims);
        let mut measured = metrics::Turn::begin(spent);
        let _post = Post { turns: self, turn_id: id, claims };
        let answer = tokio::select! {
            biased;
            () = live.stop.cancelled() => return None,
            answer = self.answer(&turn, &live.draft, &mut measured) => answer,
        };
        let now = clock::now();
        let lease = Lease::of(self.owner, now);
        let attempt = live.draft.attempt();
        let finish = answer.as_ref().ok().map(|reply| reply.finish);
        let give_up = |failure| self.store.fail(turn.clone(), (failure, attempt), lease, now);
        let (ended, retry_after) = match answer {
            Ok(reply) => match self.store.complete(turn.clone(), reply, lease, now).await {
                // It would be refused again each time that somebody picks it up.
                Err(Error::Storage(error)) if error.is_duplicate() => {
                    tracing::error!(turn.id = id, %error, "a turn has a reply that is not its own");
                    (give_up(Failure::GivenUp).await, None)
                }
                ended => (ended, None),
            },
            Err(Silence { failure, retry_after }) => (give_up(failure).await, retry_after),
        };
        match ended {
            Ok(Some(mut ended)) => {
                measured.ended(&ended.outcome, finish);
                ended.outcome.retry_after = retry_after;
                self.registry.close(id, claims, End::Stored(Box::new(ended.outcome)));
                ended.next
            }
            Ok(None) => {
                measured.lost();
                None
            }
            Err(error) => {
                measured.failed_to_end();
                // Its lease runs out, and it is picked up again.
                tracing::error!(turn.id = id, %error, "a turn could not be ended");
                None
            }
        }
    }

    async fn answer(
        &self,
        turn: &Turn,
        draft: &Draft,
        measured: &mut metrics::Turn,
    ) -> Result<Reply, Silence> {
        let prompt = match self.prompt(turn).await {
            Ok(_) if turn.crashes >= MOST_CRASHES => {
                tracing::error!(turn.id = turn.id, "a turn is given up");
                Err(Failure::GivenUp.into())
            }
            Ok(prompt) => Ok(prompt),
            // Nobody waits for it any more, and there is nothing left to end.
            Err(Error::AccountDeleted) => return Err(Failure::ModelUnavailable.into()),
            Err(error) => {
                tracing::error!(turn.id = turn.id, %error, "a conversation could not be read");
                Err(Failure::ModelUnavailable.into())
            }
        };
        let known = turn.notice();
        let found = prompt.as_ref().ok().and_then(|prompt| prompt.notice.clone());
        if let Some(notice) = found.as_ref().filter(|_| known.is_none()) {
            drop(self.raise(turn, draft, notice));
        }
        let found = known.or(found);
        let (answer, raised) = match prompt {
            Ok(prompt) => {
                let asked = Instant::now();
                let answer = self.ask_and_judge(prompt, turn, draft).await;
                measured.waited_since(asked);
                answer
            }
            Err(silence) => (Err(silence), None),
        };
        let (raised, remembering) = raised.unzip();
        let notice = raised.clone().or(found).filter(Notice::is_danger);
        let reply = match (answer, notice) {
            (Ok(mut reply), Some(notice)) => {
                // A reply to somebody in danger does not leave without help in it.
                if let Some(missing) = notice.missing(&reply.text) {
                    draft.push(&format!("\n\n{missing}"));
                    reply.text = draft.told().text;
                }
                reply
            }
            (Ok(reply), None) => reply,
            (Err(silence), None) => return Err(silence),
            // A person in danger gets words and help, not an error, whatever failed.
            (Err(silence), Some(notice)) => {
                let why = silence.failure;
                tracing::warn!(turn.id = turn.id, ?why, "the written crisis reply was given");
                draft.restart();
                draft.push(&notice.reply(turn.id));
                self.count(vec![(Event::Written, Some(notice))]);
                let (Told { attempt, text, .. }, usage) = (draft.told(), Usage::default());
                Reply { attempt, text, finish: Finish::Written, usage, raised: None }
            }
        };
        // What is said next is heard in the light of it.
        if let Some(remembering) = remembering {
            let _remembered = remembering.await;
        }
        Ok(Reply { raised, ..reply })
    }

    /// Asks for a reply, and beside it how grave the model finds what was said. Where it finds more
    /// than the rules did, readers are told at once.
    async fn ask_and_judge(
        &self,
        prompt: Prompt,
        turn: &Turn,
        draft: &Draft,
    ) -> (Result<Reply, Silence>, Option<(Notice, JoinHandle<()>)>) {
        let found = prompt.notice.as_ref().map(|notice| notice.tier).unwrap_or_default();
        let whereabouts = prompt.whereabouts;
        // More than danger cannot be found, and less does not count.
        if found.is_danger() {
            return (self.ask_soon(prompt, draft, ready(())).await, None);
        }
        if !self.asks_for_verdict {
            return (self.ask(prompt, draft).await, None);
        }
        let (judged, danger) = (prompt.clone(), Notify::new());
        let verdict = async {
            let tier = self.buddy.verdict(&judged).await.filter(|tier| *tier > found)?;
            if tier < Tier::Third {
                return None;
            }
            let notice = Notice::raised(tier, whereabouts);
            if notice.is_danger() {
                danger.notify_one();
            }
            let remembering = self.raise(turn, draft, &notice);
            Some((notice, remembering))
        };
        tokio::join!(self.ask_soon(prompt, draft, danger.notified()), verdict)
    }

    /// Tells readers at once what was noticed only now, and remembers it, whatever becomes of the turn.
    fn raise(&self, turn: &Turn, draft: &Draft, notice: &Notice) -> JoinHandle<()> {
        draft.raise(notice.clone());
        let tier = notice.tier.name();
        tracing::info!(turn.id = turn.id, safety.tier = tier, "something grave was noticed later");
        let (store, place, notice) = (self.store.clone(), (turn.user_id, turn.id), notice.clone());
        self.tasks.spawn(async move {
            match store.raise(place, notice, clock::now()).await {
                // Of somebody who is gone, nothing is remembered.
                Ok(()) | Err(Error::AccountDeleted) => {}
                Err(error) => {
                    let id = place.1;
                    tracing::warn!(turn.id = id, %error, "what was noticed could not be remembered");
                }
            }
        })
    }

    /// Counts what happened, without keeping anybody waiting.
    fn count(&self, events: Vec<(Event, Option<Notice>)>) {
        let store = self.store.clone();
        self.tasks.spawn(async move { store.count(events, clock::now()).await });
    }

    /// Whoever is in danger, as they are from `danger` on, does not wait for a model that takes its
    /// time, unless they watch its words come, and is not put off until the next start when this process stops.
    async fn ask_soon(
        &self,
        prompt: Prompt,
        draft: &Draft,
        danger: impl Future<Output = ()>,
    ) -> Result<Reply, Silence> {
        let too_long = async {
            danger.await;
            let last_words = async {
                self.leaving.cancelled().await;
                tokio::time::sleep(LAST_WORDS).await;
            };
            let silence = async {
                let mut page = draft.read();
                tokio::time::sleep(self.crisis_patience).await;
                // Words that are being read are not taken away, as long as they come.
                page.mark_unchanged();
                while draft.is_viewed() && !draft.told().text.is_empty() {
                    if !matches!(tokio::time::timeout(LULL, page.changed()).await, Ok(Ok(()))) {
                        break;
                    }
                }
            };
            tokio::select! {
                () = silence => {}
                () = last_words => {}
            }
        };
        tokio::select! {
            answer = self.ask(prompt, draft) => answer,
            () = too_long => Err(Failure::ModelTimeout.into()),
        }
    }

    async fn prompt(&self, turn: &Turn) -> Result<Prompt, Error> {
        let budget = self.window.budget();
        let (said, is_cut) = self.store.said_up_to(turn, budget).await?;
        match said.last() {
            Some(last) if last.id == turn.user_message_id() => {
                let whereabouts = turn.whereabouts();
                // One from before anything was noticed in turns is heard now.
                let notice = turn.notice().or_else(|| {
                    let heard = Conversation::default().hear(&last.text, clock::now());
                    Notice::of(&heard, whereabouts).filter(Notice::is_danger)
                });
                let known = (notice, whereabouts);
                Ok(Prompt::assemble(said, is_cut, budget, known))
            }
            _ => Err(Error::MessageNotFound),
        }
    }

    async fn ask(&self, mut prompt: Prompt, draft: &Draft) -> Result<Reply, Silence> {
        let mut answer = self.ask_once(&prompt, draft).await;
        if matches!(answer, Err(buddy::Failure::TooLong)) {
            // Our estimate was too low for this model.
            prompt = prompt.shrink();
            answer = self.ask_once(&prompt, draft).await;
        }
        let Answer { finish, usage, removed } = answer.map_err(|failure| match failure {
            buddy::Failure::Timeout => Silence::from(Failure::ModelTimeout),
            buddy::Failure::TooLong => Silence::from(Failure::ModelUnavailable),
            buddy::Failure::Unavailable { retry_after } => {
                Silence { failure: Failure::ModelUnavailable, retry_after }
            }
        })?;
        let Told { attempt, text, prompt_tokens } = draft.told();
        let usage = usage.unwrap_or_else(|| Usage {
            prompt_tokens,
            reply_tokens: i64::try_from(prompt::tokens(&text)).unwrap_or(i64::MAX),
            is_estimated: true,
        });
        if !removed.is_empty() {
            let names: Vec<_> = removed.iter().map(|kind| kind.name()).collect();
            tracing::info!(
                safety.removed = names.join(" "),
                "sentences of the model were taken out"
            );
            let events = removed.into_iter().map(|kind| (Event::Removed(kind), None));
            self.count(events.collect());
        }
        Ok(Reply { attempt, text, finish, usage, raised: None })
    }

    async fn ask_once(&self, prompt: &Prompt, draft: &Draft) -> Result<Answer, buddy::Failure> {
        draft.asked(i64::try_from(prompt.tokens()).unwrap_or(i64::MAX));
        // A client library that panics must not take the turn with it.
        let answer = AssertUnwindSafe(self.buddy.reply(prompt, draft)).catch_unwind().await;
        answer.unwrap_or(Err(buddy::Failure::Unavailable { retry_after: None }))
    }
}
