//! What README says about starting and setting up the programs is so.

use std::collections::BTreeMap;

use e2e::{Process, Product, free_address};
use tempfile::TempDir;

use super::boundaries::root;

const PROGRAMS: [&str; 4] = ["ai-buddy", "auth-service", "chat-service", "gateway"];

/// Defaults that README tells in words: the setting, what `--help` says, what README says.
const IN_WORDS: [(&str, Option<&str>, &str); 3] = [
    ("AUTH_LISTEN", Some("127.0.0.1:0"), "ai-buddy: any free port"),
    ("CHAT_LISTEN", Some("127.0.0.1:0"), "ai-buddy: any free port"),
    ("AUTH_HASHING_THREADS", None, "cores − 1"),
];

fn readme() -> String {
    std::fs::read_to_string(root().join("README.md")).unwrap()
}

/// What `program` says about its settings: each one's name, and the rest of its line.
async fn help(program: &str) -> BTreeMap<String, String> {
    let mut process = Process::command(program, &["--help"], &[]);
    process.ends_well().await;
    let output = process.output();
    let (_, settings) = output.split_once("Settings, from the environment:\n").unwrap();
    let settings = settings.lines().map(|line| line.trim().split_once(' ').unwrap());
    settings.map(|(name, rest)| (name.to_owned(), rest.trim().to_owned())).collect()
}

/// The names of a program's settings.
pub(crate) async fn settings(program: &str) -> Vec<String> {
    help(program).await.into_keys().collect()
}

/// The settings that README lists for `program`, and what it says of each one's default.
fn listed<'a>(readme: &'a str, program: &str) -> BTreeMap<String, &'a str> {
    let (_, table) = readme.split_once("| setting | program | default |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let mut settings = BTreeMap::new();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [names, programs, default, _] = cells.try_into().unwrap();
        if programs == "all" || programs.split(", ").any(|name| name == program) {
            let names = names.split('`').skip(1).step_by(2);
            settings.extend(names.map(|name| (name.to_owned(), default)));
        }
    }
    settings
}

/// What `--help` says is taken if nobody sets it.
fn default_of(help: &str) -> Option<&str> {
    help.rsplit_once(" [")?.1.strip_suffix(']')
}

#[tokio::test(flavor = "multi_thread")]
async fn the_readme_lists_every_setting_with_its_default_and_no_other() {
    let readme = readme();
    for program in PROGRAMS {
        let (said, listed) = (help(program).await, listed(&readme, program));
        let names = |settings: Vec<&String>| settings.into_iter().cloned().collect::<Vec<_>>();
        assert_eq!(names(listed.keys().collect()), names(said.keys().collect()), "of {program}");
        for (name, help) in &said {
            let (default, cell) = (default_of(help), listed[name]);
            let in_words = IN_WORDS.iter().find(|(setting, usual, _)| {
                setting == name && (usual.is_none() || *usual == default)
            });
            let expected = match (in_words, default) {
                (Some((_, _, words)), _) => (*words).to_owned(),
                (None, Some(value)) => format!("`{value}`"),
                (None, None) if help.ends_with("(required)") => "required".to_owned(),
                (None, None) => String::new(),
            };
            assert!(cell.contains(&expected), "{name} of {program}: {cell:?}, not {expected:?}");
        }
    }
}

/// One command of README: its settings, its program, its arguments.
struct Line<'a> {
    settings: Vec<(&'a str, String)>,
    program: &'a str,
    arguments: Vec<&'a str>,
}

/// The commands that start the services apart.
fn commands(readme: &str) -> Vec<Line<'_>> {
    let blocks = readme.split("```").skip(1).step_by(2);
    let mut blocks = blocks.filter(|block| block.contains("certificates make"));
    let block = blocks.next().unwrap().trim_start_matches("sh\n");
    let lines = block.lines().map(|line| {
        let words = line.split('#').next().unwrap_or_default().split_whitespace();
        let mut words = words.filter(|word| *word != "&").peekable();
        let mut settings = Vec::new();
        while let Some((name, value)) = words.peek().and_then(|word| word.split_once('=')) {
            settings.push((name, value.to_owned()));
            words.next();
        }
        let program = words.next().and_then(|path| path.strip_prefix("target/debug/"));
        Line { settings, program: program.unwrap(), arguments: words.collect() }
    });
    lines.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_services_apart_start_with_the_commands_of_the_readme() {
    let (readme, folder) = (readme(), TempDir::new().unwrap());
    let mut commands = commands(&readme);
    let programs: Vec<_> = commands.iter().map(|line| line.program).collect();
    assert_eq!(programs, ["auth-service", "auth-service", "chat-service", "gateway"]);

    // The addresses are those that everybody listens on; here, others that are free.
    let listening = [
        ("auth-service", "AUTH_LISTEN"),
        ("chat-service", "CHAT_LISTEN"),
        ("gateway", "GATEWAY_LISTEN"),
    ]
    .map(|(program, name)| {
        let usual = listed(&readme, program)[name].split('`').nth(1).unwrap().to_owned();
        (name, usual, free_address())
    });
    for line in &mut commands {
        for (_, usual, free) in &listening {
            for (_, value) in &mut line.settings {
                *value = value.replace(usual, free);
            }
        }
    }

    let mut running = Vec::new();
    for line in &commands {
        let mut settings: Vec<_> = line.settings.iter().map(|(n, v)| (*n, v.as_str())).collect();
        settings.extend(listening.iter().map(|(name, _, free)| (*name, free.as_str())));
        let mut process =
            Process::command_in(folder.path(), line.program, &line.arguments, &settings);
        if line.arguments.is_empty() {
            running.push(process);
        } else {
            process.ends_well().await;
        }
    }
    let product = Product::at(&listening[2].2);
    product.ready().await;
    let ada = product.register("ada").await;
    assert!(!ada.say("I need someone to talk to").await.1.is_empty());
}
