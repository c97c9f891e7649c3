//! A report as people read it.

use std::fmt::{self, Display, Formatter};

use super::{Report, Tally};

/// How wide names and numbers are.
const NAMES: usize = 60;
const NUMBERS: usize = 10;

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { from, to, turns, noticed, referred, written, raised, removed, .. } = self;
        writeln!(f, "AI Buddy, safety report: {from} to {to} (days in UTC)\n")?;
        line(f, "Turns", *turns)?;
        let rate = rate(noticed.total, *turns);
        tally(f, &format!("Turns in which something was noticed{rate}"), noticed)?;
        tally(f, "Times help was shown (referrals)", referred)?;
        tally(f, "Turns that the model found graver than the rules did", raised)?;
        tally(f, "Replies written in advance, where no model could answer", written)?;
        tally(f, "Sentences of the model that were taken out", removed)?;
        line(f, "\nTimes people were told that they talk to a machine", self.disclosed)?;
        writeln!(f, "\nThe protocol, and how it was measured: {}", self.protocol)
    }
}

fn line(f: &mut Formatter<'_>, name: &str, count: i64) -> fmt::Result {
    // What begins with a line break is not wider for it.
    let width = NAMES + name.matches('\n').count();
    writeln!(f, "{name:width$}{count:NUMBERS$}")
}

fn tally(f: &mut Formatter<'_>, name: &str, tally: &Tally) -> fmt::Result {
    line(f, &format!("\n{name}"), tally.total)?;
    for (by, counts) in tally.by.iter().filter(|(_, counts)| !counts.is_empty()) {
        writeln!(f, "  by {}", by.word())?;
        for (name, count) in counts {
            line(f, &format!("    {name}"), *count)?;
        }
    }
    Ok(())
}

/// How many of a thousand turns: ` (12.5 of 1000)`; nothing where there are none.
fn rate(count: i64, turns: i64) -> String {
    match count.saturating_mul(10_000).checked_div(turns) {
        Some(tenths) => format!(" ({}.{} of 1000)", tenths / 10, tenths % 10),
        None => String::new(),
    }
}
