//! Where a reply is told: by one replica of the chat service, and by another if that one goes away, or by itself once
//! it is back.

use std::time::Duration;

use chassis::grpc::Channel;
use chassis::spread;
use proto::chat::v1::chat_service_client::ChatServiceClient;
use proto::chat::v1::turn_event::Event;
use proto::chat::v1::{ErrorReason, TurnEvent, WatchTurnRequest};
use tokio::time::{Instant, sleep, timeout};
use tonic::{Code, Status, Streaming};

use crate::backends::READ;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::events::position::Position;
use crate::router::App;

/// Between two tries to go on, at first and at most, give or take half: all who read at a replica that goes away try
/// at once, and it takes a moment until everybody knows that it does.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// For somebody else to go on where the person may be in danger and is told nothing meanwhile.
const HURRY: Duration = Duration::from_secs(3);

/// Whose reply it is, and how it is gone on with where it breaks off.
pub(crate) struct Listener {
    turns: ChatServiceClient<Channel>,
    caller: Caller,
    patience: Duration,
}

/// A reply that is being told.
pub(super) struct Source {
    listener: Listener,
    events: Streaming<TurnEvent>,
    /// 0 until it is known.
    turn_id: i64,
    position: Position,
    furthest: Position,
    /// That it was cut off since it last went on, and how.
    cut: Option<Cut>,
}

/// What came instead of another event.
type End = Result<Option<TurnEvent>, Status>;

/// A reply that was cut off.
struct Cut {
    how: End,
    /// Until when somebody else may go on.
    until: Instant,
    /// Before the next try.
    pause: Duration,
}

impl Listener {
    pub(crate) fn new(app: &App, caller: Caller) -> Self {
        Self { turns: app.backends.turns.clone(), caller, patience: app.streams.resume }
    }
}

impl Source {
    pub(super) fn new(listener: Listener, events: Streaming<TurnEvent>) -> Self {
        let (position, furthest) = (Position::default(), Position::default());
        Self { listener, events, turn_id: 0, position, furthest, cut: None }
    }

    /// A turn that is known already, from a place on.
    pub(super) fn from(self, turn_id: i64, position: Position) -> Self {
        Self { turn_id, position, furthest: position, ..self }
    }

    /// How far it has been told.
    pub(super) fn position(&self) -> Position {
        self.position
    }

    /// Whether it is known which turn it is.
    pub(super) fn is_known(&self) -> bool {
        self.turn_id != 0
    }

    /// Waits less from here on if it breaks off: without a reply there is help at least.
    pub(super) fn hurry(&mut self) {
        self.listener.patience = self.listener.patience.min(HURRY);
    }

    /// The next event as it comes; `None` if there is none, which is no end.
    pub(super) async fn first(&mut self) -> Result<Option<TurnEvent>, Status> {
        let told = self.events.message().await?;
        Ok(told.inspect(|event| self.note(event)))
    }

    /// The next event. If the replica that tells goes away, another one is asked to go on: nothing is lost,
    /// and nothing told twice.
    pub(super) async fn next(&mut self) -> Result<TurnEvent, ApiError> {
        let told = loop {
            let told = self.events.message().await;
            if !self.is_known() || !is_cut(&told) {
                break told;
            }
            let until = Instant::now() + self.listener.patience;
            let mut cut = self.cut.take().unwrap_or(Cut { how: told, until, pause: PAUSE });
            if !self.resume(&mut cut).await {
                break cut.how;
            }
            self.cut = Some(cut);
        };
        match told {
            Ok(Some(event)) => {
                self.note(&event);
                Ok(event)
            }
            Ok(None) => Err(ApiError::broken_off(None)),
            Err(status) => Err(ApiError::broken_off(Some(status))),
        }
    }

    fn note(&mut self, event: &TurnEvent) {
        if event.turn_id > 0 {
            self.turn_id = event.turn_id;
        }
        self.position = self.position.after(event);
        // Whoever only repeats what was told does not go on.
        if self.position > self.furthest {
            self.furthest = self.position;
            self.cut = None;
        }
    }

    /// Whether somebody goes on. Nobody is asked any more after a while; but whoever was asked has as long to answer as
    /// for any read, for all who read at a replica that goes away come to the others at once.
    async fn resume(&mut self, cut: &mut Cut) -> bool {
        while Instant::now() < cut.until {
            // Whoever stops has first to be known to stop.
            sleep(spread::about(cut.pause, 0.5)).await;
            cut.pause = (cut.pause * 2).min(LONGEST_PAUSE);
            let Position { attempt, offset } = self.position;
            let request =
                WatchTurnRequest { turn_id: self.turn_id, attempt, offset, from_start: false };
            let request = self.listener.caller.asks_at_length(request);
            match timeout(READ, self.listener.turns.watch_turn(request)).await {
                Ok(Ok(answer)) => {
                    self.events = answer.into_inner();
                    return true;
                }
                Ok(Err(status)) if is_refusal(&status) => return false,
                Ok(Err(_)) | Err(_) => {}
            }
        }
        false
    }
}

/// Whether it would be said again. Not so of one that is stopping, or has too much to do at the moment: when a
/// replica goes away, all who read there come to another one at once.
fn is_refusal(status: &Status) -> bool {
    status.code() != Code::Unavailable && chassis::status::reason(status).is_some()
}

/// Whether whoever tells stops, though the turn goes on.
fn is_cut(told: &End) -> bool {
    match told {
        Ok(Some(TurnEvent { event: Some(Event::Failed(failed)), .. })) => {
            [ErrorReason::Interrupted, ErrorReason::Overloaded].contains(&failed.reason())
        }
        Ok(told) => told.is_none(),
        Err(status) => chassis::status::reason(status).is_none(),
    }
}
