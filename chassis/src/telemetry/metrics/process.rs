//! What a process takes of its machine, as the system tells it. Where `/proc` is missing nothing is told.

use std::fs;

use metrics::gauge;

/// Ticks of a second in `/proc/PID/stat`, and bytes of a page: what Linux has on every machine of ours.
const TICKS: f64 = 100.0;
const PAGE: f64 = 4096.0;

/// Looks.
pub(super) fn measure() {
    if let Some(stat) = Stat::read() {
        gauge!("process_threads").set(stat.threads);
        gauge!("process_resident_memory_bytes").set(stat.pages * PAGE);
        if let Some(booted) = booted() {
            gauge!("process_start_time_seconds").set(booted + stat.started / TICKS);
        }
    }
    if let Ok(files) = fs::read_dir("/proc/self/fd") {
        // The folder itself is open while it is read.
        let open = u32::try_from(files.count().saturating_sub(1)).unwrap_or(u32::MAX);
        gauge!("process_open_fds").set(f64::from(open));
    }
    if let Some(most) = most_files() {
        gauge!("process_max_fds").set(most);
    }
}

/// The processor time taken so far, as Prometheus wants a counter told: those of `metrics` are whole numbers, and
/// this one grows by hundredths.
pub(super) fn time_told() -> String {
    let name = "process_cpu_seconds_total";
    Stat::read().map_or_else(String::new, |stat| {
        let seconds = (stat.user + stat.system) / TICKS;
        format!("# HELP {name} processor time\n# TYPE {name} counter\n{name} {seconds}\n")
    })
}

/// Some of the numbers in `/proc/self/stat`, see `man 5 proc`.
struct Stat {
    user: f64,
    system: f64,
    threads: f64,
    started: f64,
    pages: f64,
}

impl Stat {
    fn read() -> Option<Self> {
        Self::parse(&fs::read_to_string("/proc/self/stat").ok()?)
    }

    /// The name of the program, which may hold anything, stands in brackets.
    fn parse(text: &str) -> Option<Self> {
        let (_, numbers) = text.rsplit_once(')')?;
        let numbers: Vec<&str> = numbers.split_whitespace().collect();
        // The first of them is the third of all.
        let number = |place: usize| numbers.get(place - 3)?.parse().ok();
        Some(Self {
            user: number(14)?,
            system: number(15)?,
            threads: number(20)?,
            started: number(22)?,
            pages: number(24)?,
        })
    }
}

/// When the machine was started, in seconds since 1970.
fn booted() -> Option<f64> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

fn most_files() -> Option<f64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_blanks_hides_no_number() {
        let text =
            "7 (ai) 1 (x) S 1 7 7 0 -1 4194304 9 0 0 0 250 50 0 0 20 0 12 0 4000 1000 2048 0";
        let stat = Stat::parse(text).unwrap();
        assert!((stat.user + stat.system - 300.0).abs() < f64::EPSILON);
        assert!((stat.threads - 12.0).abs() < f64::EPSILON);
        assert!((stat.started - 4000.0).abs() < f64::EPSILON);
        assert!((stat.pages - 2048.0).abs() < f64::EPSILON);
    }
}
