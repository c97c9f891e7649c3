//! The product with two of each service, on the same data.

use std::time::Duration;

use scratch::Server;

use crate::{Apart, Numbers, Process, Product, free_address};

/// Nobody is told that they ask too often: what is measured is who answers.
const UNLIMITED: [(&str, &str); 7] = [
    ("AUTH_TRIES_PER_PAIR", "0"),
    ("AUTH_TRIES_PER_ACCOUNT", "0"),
    ("AUTH_TRIES_PER_ADDRESS", "0"),
    ("AUTH_REGISTRATIONS_PER_ADDRESS", "0"),
    ("AUTH_REFRESHES_PER_LOGIN", "0"),
    ("CHAT_PERSON_TURNS", "1000"),
    ("CHAT_SESSION_LINE", "100"),
];

/// Two gateways, two auth services and two chat services.
pub struct Twins {
    /// What they share.
    pub apart: Apart,
    /// Where each of them listens, and where it is asked for its numbers.
    addresses: [[String; 2]; 3],
    numbers: [[String; 2]; 3],
    /// In the order of [`PROGRAMS`](Self::PROGRAMS).
    pub processes: [[Process; 2]; 3],
    /// The gateways, as people reach them.
    pub gateways: [Product; 2],
}

impl Twins {
    /// The programs there are two of.
    pub const PROGRAMS: [&'static str; 3] = ["auth-service", "chat-service", "gateway"];

    /// All of them, ready, with the language model at `model`.
    pub async fn start(model: &str) -> Self {
        Self::on(None, model).await
    }

    /// The same, with their databases on this server, if there is one.
    pub async fn on(server: Option<Server>, model: &str) -> Self {
        let apart = Apart::on(server, model);
        let [addresses, numbers] =
            [(); 2].map(|()| [(); 3].map(|()| [free_address(), free_address()]));
        let places = (&addresses, &numbers);
        // One after the other: both would make the database.
        let mut processes = Vec::new();
        for program in 0..3 {
            let one = launch(&apart, places, program, 0);
            one.line_with("listening").await;
            if program == 0 {
                one.line_with("ready").await;
            }
            let other = launch(&apart, places, program, 1);
            processes.push([one, other]);
        }
        let processes = processes.try_into().ok().expect("three");
        let gateways = addresses[2].each_ref().map(|address| Product::at(address));
        for gateway in &gateways {
            gateway.ready().await;
        }
        let twins = Self { apart, addresses, numbers, processes, gateways };
        for program in 0..2 {
            for process in 0..2 {
                let _ready = twins.output(program, process).await;
            }
        }
        twins
    }

    async fn output(&self, program: usize, which: usize) -> String {
        let ready = async {
            loop {
                let output = self.processes[program][which].output();
                if output.contains(" is ready") {
                    return output;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let output = tokio::time::timeout(Duration::from_mins(1), ready).await;
        output.unwrap_or_else(|_| panic!("not ready: {}", self.processes[program][which].output()))
    }

    /// The numbers of one of them.
    pub async fn numbers(&self, program: usize, which: usize) -> Numbers {
        Numbers::at(&self.numbers[program][which]).await
    }

    /// Starts one of them anew, where it was, and waits until it is ready.
    pub async fn restart(&mut self, program: usize, which: usize) {
        let places = (&self.addresses, &self.numbers);
        self.processes[program][which] = launch(&self.apart, places, program, which);
        if program == 2 {
            self.gateways[which].ready().await;
        } else {
            let _ready = self.output(program, which).await;
        }
    }
}

fn launch(
    apart: &Apart,
    (addresses, numbers): (&[[String; 2]; 3], &[[String; 2]; 3]),
    program: usize,
    which: usize,
) -> Process {
    let urls =
        |of: usize| addresses[of].each_ref().map(|address| format!("https://{address}")).join(",");
    let (auth, chat) = (urls(0), urls(1));
    let (own, numbers) = (addresses[program][which].as_str(), numbers[program][which].as_str());
    let more: Vec<_> = match program {
        0 => vec![
            ("AUTH_LISTEN", own),
            ("AUTH_METRICS_LISTEN", numbers),
            ("AUTH_CHAT_URL", chat.as_str()),
        ],
        1 => vec![
            ("CHAT_LISTEN", own),
            ("CHAT_METRICS_LISTEN", numbers),
            ("CHAT_AUTH_URL", auth.as_str()),
        ],
        _ => vec![
            ("GATEWAY_LISTEN", own),
            ("GATEWAY_METRICS_LISTEN", numbers),
            ("GATEWAY_AUTH_URL", auth.as_str()),
            ("GATEWAY_CHAT_URL", chat.as_str()),
        ],
    };
    apart.start_set(Twins::PROGRAMS[program], &[&UNLIMITED, more.as_slice()].concat())
}
