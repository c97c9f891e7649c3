//! The command `safety report`.

use chassis::clock;
use chassis::process::{Arguments, Command, Work};
use chassis::settings::Settings;
use chrono::Datelike as _;
use database::Url;

use super::report;
use crate::Config;

/// The first year that can be asked for.
const FIRST: i32 = 2000;

/// The command, for a binary whose database is a setting of its own.
pub const COMMAND: Command = Command {
    name: "safety report",
    usage: "[--year YYYY] [--json]",
    what: "how often somebody was in danger and what was done, in a calendar year; may run beside \
           the service",
    read: |arguments, settings| {
        let url = Url::read(settings, Config::DATABASE, "conversations");
        work(arguments, settings, url)
    },
};

/// Reads what is asked of the command. `database_url` is `None` if the settings know what is wrong
/// with it.
pub fn work(
    arguments: &mut Arguments,
    settings: &mut Settings,
    database_url: Option<Url>,
) -> Option<Work> {
    let is_json = arguments.flag("--json");
    let this_year = clock::now().year();
    let year = arguments.value::<i32>(settings, "--year")?.unwrap_or(this_year);
    if !(FIRST..=this_year).contains(&year) {
        settings.problem("--year", &format!("must be from {FIRST} to {this_year}"));
        return None;
    }
    let database_url = database_url?;
    Some(Box::pin(async move {
        let report = report(&database_url, year).await?;
        Ok(if is_json { serde_json::to_string_pretty(&report)? } else { report.to_string() })
    }))
}
