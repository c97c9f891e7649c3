//! The commands of a document.

use crate::boundaries::root;

/// One command, in the line where it begins.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) line: usize,
    /// On one line, without what a comment says of it.
    pub(super) text: String,
}

/// All that stand in blocks of shell, in order.
pub(super) fn commands(document: &str) -> Vec<Command> {
    let text = std::fs::read_to_string(root().join(document)).unwrap();
    read(&text)
}

fn read(text: &str) -> Vec<Command> {
    let mut found: Vec<Command> = Vec::new();
    let (mut is_shell, mut goes_on) = (false, false);
    for (number, line) in text.lines().enumerate() {
        if line.starts_with("```") {
            is_shell = !is_shell && line == "```sh";
            continue;
        }
        let words = if line.trim_start().starts_with('#') { "" } else { line };
        // A comment stands apart: `#` is also a part of words.
        let words = words.split("  #").next().unwrap_or_default().trim();
        if !is_shell || words.is_empty() {
            continue;
        }
        let (words, will_go_on) =
            words.strip_suffix('\\').map_or((words, false), |words| (words.trim_end(), true));
        match found.last_mut().filter(|_| goes_on) {
            Some(begun) => begun.text = format!("{} {words}", begun.text),
            None => found.push(Command { line: number + 1, text: words.to_owned() }),
        }
        goes_on = will_go_on;
    }
    found
}

#[test]
fn commands_are_what_stands_in_blocks_of_shell() {
    let text = "text\n```sh\n# why\none two  # what\nthree \\\n    four\n```\n```yaml\nfive: 5\n```\nsix\n";
    let found: Vec<_> = read(text).into_iter().map(|one| (one.line, one.text)).collect();
    assert_eq!(found, [(4, "one two".to_owned()), (5, "three four".to_owned())]);
}
