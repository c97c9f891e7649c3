//! `ai-buddy`: the whole product with one command.

use std::process::ExitCode;

use chassis::process::{self, About};
use standalone::{COMMANDS, Config, Product};

const ABOUT: About = About {
    name: "ai-buddy",
    what: "a supportive chat companion: all services in one process",
    prefixes: &["AI_BUDDY_", "AUTH_", "CHAT_", "GATEWAY_", "OPENAI_"],
    metrics_setting: "AI_BUDDY_METRICS_LISTEN",
    measures: || [auth_service::measures(), chat_service::measures()].concat(),
};

#[expect(clippy::print_stdout, reason = "the person who started it wants to know where it is")]
fn main() -> ExitCode {
    process::run_with(ABOUT, &COMMANDS, Config::read, |config, shutdown| async move {
        let listener = process::listen(config.listen, "AI_BUDDY_LISTEN").await?;
        let is_open = !listener.local_addr()?.ip().is_loopback();
        let address = process::reachable(listener.local_addr()?);
        let (buddy, data) = (config.buddy(), config.data.display().to_string());
        let product = Product::open(config).await?;
        println!("AI Buddy listens on http://{address}/api/");
        if is_open {
            println!("  other machines reach it, without TLS: put something that has it in front");
        }
        println!("  {buddy}");
        println!("  data is kept in {data}");
        let (auth, chat) = (product.auth_address()?, product.chat_address()?);
        println!("  gRPC: accounts at {auth}, conversations at {chat}");
        product.serve(listener, shutdown).await
    })
}
