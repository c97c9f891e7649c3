//! What goes wrong while people in danger write.

use std::time::Duration;

use e2e::Product;
use openai_stub::{Behaviour, Stub};
use standalone::Config;

/// Longest message of a product on which people write more than that.
pub(super) const LONGEST: usize = 60;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Nothing,
    /// The model answers as if nothing had been said.
    CheerfulModel,
    /// The model makes up a hotline.
    InventedHotline,
    ModelError,
    SilentModel,
    Garbage,
    CutStream,
    /// Nothing can be written to the database.
    DatabaseFails,
    DailyLimit,
    TooLong,
    /// The connection is lost, twice.
    ConnectionLost,
}

impl Fault {
    pub(super) const ALL: [Self; 11] = [
        Self::Nothing,
        Self::CheerfulModel,
        Self::InventedHotline,
        Self::ModelError,
        Self::SilentModel,
        Self::Garbage,
        Self::CutStream,
        Self::DatabaseFails,
        Self::DailyLimit,
        Self::TooLong,
        Self::ConnectionLost,
    ];

    /// Whether the person gets an error in place of a reply, and help with it.
    pub(super) fn is_fatal(self) -> bool {
        self == Self::DatabaseFails
    }

    /// Whether what answers is words written in advance.
    pub(super) fn silences_the_model(self) -> bool {
        use Fault::{CutStream, DailyLimit, Garbage, ModelError, SilentModel};
        [ModelError, SilentModel, Garbage, CutStream, DailyLimit].contains(&self)
    }

    /// A product on which it goes wrong as soon as [`Fault::strike`] is called.
    pub(super) async fn product(self, stub: &Stub) -> Product {
        stub.always(self.model());
        Product::with_model_and(stub, |config: &mut Config| {
            let turns = &mut config.chat.turns;
            turns.person.at_work = 1_000;
            match self {
                Self::SilentModel => turns.crisis_patience = Duration::from_millis(300),
                Self::DailyLimit => turns.person.daily = Some(0),
                Self::TooLong => config.chat.max_text_characters = LONGEST,
                _ => {}
            }
        })
        .await
    }

    /// Breaks what only breaks once people are there.
    pub(super) async fn strike(self, product: &Product) {
        if self != Self::DatabaseFails {
            return;
        }
        let database = scratch::connect(product.data(), "chat").await;
        for table in ["turns", "messages", "risks", "safety_days", "usage_days"] {
            scratch::refuse(&database, &format!("refuse_{table}"), ("INSERT", table, "")).await;
        }
        database.close().await.unwrap();
    }

    fn model(self) -> Behaviour {
        let warm = "I'm glad that you told me. Are you safe right now?";
        match self {
            Self::CheerfulModel => Behaviour::reply("Great! How was the weather today?"),
            Self::InventedHotline => Behaviour::reply(
                "Please call the Hope Line at 1-800-555-0199, or see https://hope.example.com now.",
            ),
            Self::ModelError => Behaviour::server_error(),
            Self::SilentModel => Behaviour::Silence,
            Self::Garbage => Behaviour::Garbage,
            Self::CutStream => Behaviour::DropAfter { text: warm.into(), tokens: 4 },
            _ => Behaviour::reply(warm),
        }
    }
}
