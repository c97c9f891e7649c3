//! Runs the chat-completions stub by itself, to try a client against it by hand.
//!
//! `openai-stub [ADDRESS]` listens on 127.0.0.1:9000 or on the address given. A user message that
//! begins with `STUB:` chooses what happens; `Behaviour::from_message` lists the choices.

use std::{
    env,
    io::{self, Write},
};

use openai_stub::{Behaviour, Stub};
use tokio::{net::TcpListener, signal};

const GREETING: &str = "Hello from the stub! I say this to everything, unless a message steers \
    me: try STUB:echo, STUB:500, STUB:delay=3, STUB:drop or STUB:silence.";

#[tokio::main]
async fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9000".to_owned());
    let stub = Stub::listen(TcpListener::bind(address).await?)?;
    stub.always(Behaviour::reply(GREETING));
    stub.steered_by_messages();
    writeln!(io::stdout(), "The stub listens at {}. Stop it with Ctrl-C.", stub.base_url())?;
    signal::ctrl_c().await
}
