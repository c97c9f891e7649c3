//! A thousand messages of people in danger, while everything that can go wrong does.

mod conditions;
mod words;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use e2e::{Answer, Product, Reader, User};
use futures_util::stream::{self, StreamExt as _};
use openai_stub::Stub;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use conditions::{Fault, LONGEST};

/// How many messages are written.
const TURNS: usize = 1_000;
/// How many of them at once.
const AT_ONCE: usize = 8;
/// How many people write them, under each condition.
const PEOPLE: usize = 8;
/// What the first event may take, in 99 of 100 cases.
const SOON: Duration = Duration::from_millis(50);

/// What people's programs send, and where they are then.
const PLACES: [(&str, &str); 12] = [
    ("en-US,en;q=0.9", "US"),
    ("en-GB", "GB"),
    ("de-DE,de;q=0.9,en;q=0.8", "DE"),
    ("es-MX,es;q=0.8", "MX"),
    ("es-ES", "ES"),
    ("pt-BR", "BR"),
    ("fr-FR,fr;q=0.9", "FR"),
    ("hi-IN,en-IN;q=0.7", "IN"),
    ("en-AU", "AU"),
    ("ja-JP", "JP"),
    ("zh-TW", "TW"),
    ("de", ""),
];

/// The help of each place, as anybody may ask for it.
type Help = BTreeMap<&'static str, Value>;

/// Everybody who writes under one condition.
struct World {
    fault: Fault,
    product: Product,
    /// It answers for as long as it is here.
    _stub: Stub,
    /// People, each with a conversation for every turn of theirs.
    people: Vec<(User, Vec<Value>)>,
}

/// One message, and how it is sent.
struct Turn<'a> {
    number: usize,
    /// Which of all messages.
    said: usize,
    fault: Fault,
    user: &'a User,
    session: &'a Value,
    languages: &'static str,
    /// What must come first.
    help: &'a Value,
}

/// How long the first event took, where there are events, and what was wrong.
type Outcome = Result<Option<Duration>, String>;

impl World {
    async fn new(fault: Fault) -> Self {
        let stub = Stub::start().await.unwrap();
        let product = fault.product(&stub).await;
        let mut people = Vec::new();
        for number in 0..PEOPLE {
            let user = product.register(&format!("person{number}")).await;
            let mut sessions = Vec::new();
            for _ in 0..TURNS.div_ceil(Fault::ALL.len() * PEOPLE) {
                sessions.push(user.post("/api/sessions/", &json!({})).await.json()["id"].clone());
            }
            people.push((user, sessions));
        }
        fault.strike(&product).await;
        Self { fault, product, _stub: stub, people }
    }

    /// The help of every place, as this product gives it to whoever asks.
    async fn help(&self) -> Help {
        let mut help = Help::new();
        for (_, code) in PLACES {
            let asked = format!("/api/crisis-resources/?region={code}");
            let asked = if code.is_empty() { "/api/crisis-resources/" } else { &asked };
            help.insert(code, self.product.get(asked).await.json());
        }
        help
    }

    fn turn<'a>(&'a self, number: usize, help: &'a Help) -> Turn<'a> {
        // So that under each condition everything is said, in every place and in both ways.
        let (own, fault) = (number / Fault::ALL.len(), number % Fault::ALL.len());
        let said = own + fault * TURNS.div_ceil(Fault::ALL.len());
        let (user, sessions) = &self.people[own % PEOPLE];
        let (languages, code) = PLACES[own / 2 % PLACES.len()];
        let (session, help) = (&sessions[own / PEOPLE], &help[code]);
        Turn { number, said, fault: self.fault, user, session, languages, help }
    }
}

impl Turn<'_> {
    async fn live(&self) -> Outcome {
        match self.fault {
            Fault::ConnectionLost => self.lose_the_connection().await.map(Some),
            _ if self.number.is_multiple_of(2) => self.read_along().await.map(Some),
            _ => self.wait().await.map(|()| None),
        }
    }

    fn request(&self) -> RequestBuilder {
        let text = match self.fault {
            Fault::TooLong => words::long_text(self.said, LONGEST),
            _ => words::text(self.said),
        };
        let request = self.user.request("POST", "/api/send-message/");
        let request = request.header("accept-language", self.languages);
        let request = request.header("idempotency-key", format!("turn-{}", self.number));
        request.json(&json!({"text": text, "session_id": self.session}))
    }

    /// Sends it, and reads until help is there.
    async fn begin(&self) -> Result<(Reader, Duration), String> {
        let request = self.request().header("accept", "text/event-stream");
        let since = Instant::now();
        let response = request.send().await.map_err(|error| error.to_string())?;
        if response.status() != 200 {
            return Err(format!("{}", response.status()));
        }
        let mut reader = Reader::of(self.user, response, "").await;
        reader.read().await;
        let took = since.elapsed();
        self.judge_first(&reader)?;
        Ok((reader, took))
    }

    async fn read_along(&self) -> Result<Duration, String> {
        let (mut reader, took) = self.begin().await?;
        reader.read_on().await;
        self.judge_end(&reader)?;
        Ok(took)
    }

    /// Leaves as soon as help is there, sends it again, leaves, and comes back to where they were.
    async fn lose_the_connection(&self) -> Result<Duration, String> {
        let (reader, took) = self.begin().await?;
        drop(reader);
        let (mut reader, _) = self.begin().await?;
        while reader.turn == 0 && reader.read().await {}
        let seen = reader.events.len();
        let mut reader = reader.come_back().await;
        reader.read().await;
        let first = reader.events.remove(seen);
        self.judge(&first.name, &first.data)?;
        reader.read_on().await;
        self.judge_end(&reader)?;
        Ok(took)
    }

    async fn wait(&self) -> Result<(), String> {
        let answer = Answer::to(self.request()).await;
        let body = answer.json();
        self.judge("safety", &body["safety"])?;
        match (answer.status, self.fault.is_fatal()) {
            (500, true) => Ok(()),
            (201, false) => self.judge_reply(body["ai_response"].as_str().unwrap_or_default()),
            (other, _) => Err(format!("{other}: {}", answer.text)),
        }
    }

    fn judge_first(&self, reader: &Reader) -> Result<(), String> {
        let first = reader.events.first().ok_or("nothing came")?;
        self.judge(&first.name, &first.data)
    }

    /// Whether this is the right help.
    fn judge(&self, name: &str, safety: &Value) -> Result<(), String> {
        let is_danger = ["high", "imminent"].iter().any(|tier| safety["tier"] == *tier);
        let has_words = safety["message"].as_str().is_some_and(|words| !words.is_empty());
        let is_shown = ["card", "line"].iter().any(|display| safety["display"] == *display);
        let is_right = safety["resources"] == *self.help;
        let is_good = name == "safety" && is_danger && has_words && is_shown && is_right;
        is_good.then_some(()).ok_or_else(|| format!("{name}: {safety}"))
    }

    fn judge_end(&self, reader: &Reader) -> Result<(), String> {
        let end = reader.end.as_ref().ok_or("no end")?;
        if self.fault.is_fatal() {
            let is_told = end.name == "error" && end.data["help"].is_object();
            return is_told.then_some(()).ok_or_else(|| format!("{end:?}"));
        }
        let is_written = end.data["finish_reason"] == "written";
        if end.name != "done" || is_written != self.fault.silences_the_model() {
            return Err(format!("{end:?}"));
        }
        self.judge_reply(&reader.text)
    }

    /// No reply leaves without help in it, and none with a number that nobody knows.
    fn judge_reply(&self, text: &str) -> Result<(), String> {
        let ways = ["phone", "sms", "chat", "url"];
        let lines = self.help["lines"].as_array().into_iter().flatten();
        let lines = lines.flat_map(|line| ways.iter().filter_map(|way| line[*way].as_str()));
        let numbers = self.help["emergency"].as_array().into_iter().flatten();
        let mut help = numbers.filter_map(Value::as_str).chain(lines).chain(["findahelpline.com"]);
        let is_good = help.any(|help| text.contains(help));
        let is_invented = text.contains("555") || text.contains("hope.example");
        (is_good && !is_invented).then_some(()).ok_or_else(|| format!("the reply is {text:?}"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_goes_wrong_the_right_help_comes_first() {
    let mut worlds = Vec::new();
    for fault in Fault::ALL {
        worlds.push(World::new(fault).await);
    }
    let help = worlds[0].help().await;
    let turn = |number: usize| worlds[number % worlds.len()].turn(number, &help);
    let living = (0..TURNS).map(turn).map(async |turn| (turn.live().await, turn));
    let lived: Vec<_> = stream::iter(living).buffer_unordered(AT_ONCE).collect().await;

    let wrong: Vec<_> = lived
        .iter()
        .filter_map(|(outcome, turn)| Some((outcome.as_ref().err()?, turn)))
        .map(|(why, turn)| format!("{} {:?} {:?}: {why}", turn.number, turn.fault, turn.languages))
        .collect();
    let mut times: Vec<_> =
        lived.iter().filter_map(|(outcome, _)| *outcome.as_ref().ok()?).collect();
    times.sort();
    let (p50, p99) = (times[times.len() / 2], times[times.len() * 99 / 100]);
    println!(
        "safety: {TURNS} turns, {} with the right help first; first event p50 {} / p99 {} ms",
        TURNS - wrong.len(),
        p50.as_millis(),
        p99.as_millis()
    );
    assert!(wrong.is_empty(), "{} are wrong, such as {:#?}", wrong.len(), wrong.first());
    if !cfg!(debug_assertions) {
        assert!(p99 < SOON, "{p99:?}");
    }
}
