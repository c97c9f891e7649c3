//! `ai-buddy`: the whole product with one command.

use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;

use chassis::process::{self, About};
use standalone::{Config, Product};

const ABOUT: About = About {
    name: "ai-buddy",
    what: "a supportive chat companion: all services in one process, on SQLite",
};

#[expect(clippy::print_stdout, reason = "the person who started it wants to know where it is")]
fn main() -> ExitCode {
    process::run(ABOUT, Config::read, |config, shutdown| async move {
        let listener = process::listen(config.listen, "AI_BUDDY_LISTEN").await?;
        let mut address = listener.local_addr()?;
        if address.ip().is_unspecified() {
            address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
        }
        let (buddy, data) = (config.buddy(), config.data.display().to_string());
        let product = Product::open(config).await?;
        println!("AI Buddy listens on http://{address}/api/");
        println!("  {buddy}");
        println!("  data is kept in {data}");
        product.serve(listener, shutdown).await
    })
}
