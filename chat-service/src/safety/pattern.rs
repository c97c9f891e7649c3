//! The language that rules are written in: phrases of whole words, compiled to a small program.
//!
//! `want to (die|be dead)`: words one after the other, one of several. `[just]`: may be there.
//! `~3`: up to three words of any kind. `suicid*`: a word that begins so. `@want`: a class of
//! phrases named in the same file. `^` and `$`: the beginning and the end of a clause. Chinese
//! characters count as words, so `想死` is two.

mod anchor;
mod parser;

use std::collections::BTreeMap;

use super::spelling::Word;
use super::vocabulary::{Class, Vocabulary};
pub(super) use anchor::Side;
use parser::Parser;

/// One step of a compiled pattern.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// One word of a class.
    Word(Class),
    /// Go on only where the next word is of a class: spares ways that cannot lead on.
    Ahead(Class),
    /// One word of any kind.
    Any,
    /// Go on at either place, the first one first.
    Split(usize, usize),
    Jump(usize),
    Start,
    End,
    Found,
}

/// What stands in a pattern.
#[derive(Debug, Clone)]
enum Node {
    Word(String),
    Gap(usize),
    Sequence(Vec<Node>),
    Choice(Vec<Node>),
    Optional(Box<Node>),
    Start,
    End,
}

/// Phrases that patterns of one file may name.
pub(super) type Classes = BTreeMap<String, String>;
/// Words that stand for others, in all files.
pub(super) type Spellings = BTreeMap<String, String>;

/// Compiles a pattern. Its words enter the vocabulary.
///
/// # Errors
/// What is wrong with it.
pub(super) fn compile(
    pattern: &str,
    classes: &Classes,
    spellings: &Spellings,
    vocabulary: &mut Vocabulary,
) -> Result<Vec<Step>, String> {
    let node = Parser::parse(pattern, (classes, spellings), 0)?;
    let mut program = Vec::new();
    emit(&node, &mut program, vocabulary)?;
    program.push(Step::Found);
    match beginnings(&program) {
        Some(_) => Ok(program),
        None => Err(format!("begins with any word at all: {pattern}")),
    }
}

/// One way to say what a pattern says.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) program: Vec<Step>,
    /// The words that it can begin with.
    pub(super) first: Class,
    /// Words of which one must be there.
    pub(super) anchor: Class,
    /// How many words may stand before that one.
    pub(super) reach: usize,
    /// Words of which one stands right beside it.
    pub(super) beside: Option<(Side, Class)>,
}

impl Way {
    /// Whether a match may have its anchor at a place.
    pub(super) fn may_be_at(&self, at: usize, words: &[Word]) -> bool {
        self.beside.as_ref().is_none_or(|(side, class)| {
            let beside = match side {
                Side::Before => at.checked_sub(1),
                Side::After => at.checked_add(1),
            };
            beside.and_then(|at| words.get(at)).is_some_and(|word| class.has(&word.reading))
        })
    }
}

/// A pattern taken apart: each way to say it by itself.
///
/// # Errors
/// What is wrong with it.
pub(super) fn ways(
    pattern: &str,
    classes: &Classes,
    spellings: &Spellings,
    vocabulary: &mut Vocabulary,
) -> Result<Vec<Way>, String> {
    let ways = match Parser::parse(pattern, (classes, spellings), 0)? {
        Node::Choice(ways) => gather(ways),
        node => vec![node],
    };
    let way = |node: Node| {
        let anchor = anchor::of(&node);
        let anchor = anchor.ok_or_else(|| format!("says nothing in particular: {pattern}"))?;
        let reach = anchor.reach;
        let beside = match &anchor.beside {
            Some((side, words)) => {
                Some((*side, vocabulary.class(words.iter().map(String::as_str))?))
            }
            None => None,
        };
        let anchor = vocabulary.class(anchor.words.iter().map(String::as_str))?;
        let mut program = Vec::new();
        emit(&node, &mut program, vocabulary)?;
        program.push(Step::Found);
        let first = beginnings(&program).map(Class::union);
        let first = first.ok_or_else(|| format!("begins with any word at all: {pattern}"))?;
        Ok(Way { program, first, anchor, reach, beside })
    };
    ways.into_iter().map(way).collect()
}

/// Single words are looked at together; phrases each by itself.
fn gather(ways: Vec<Node>) -> Vec<Node> {
    let (words, mut rest): (Vec<_>, Vec<_>) =
        ways.into_iter().partition(|node| matches!(node, Node::Word(_)));
    if !words.is_empty() {
        rest.push(Node::Choice(words));
    }
    rest
}

/// The words that a match can begin with. `None`: any word at all.
pub(super) fn beginnings(program: &[Step]) -> Option<Vec<&Class>> {
    let (mut found, mut open, mut seen) = (Vec::new(), vec![0], vec![false; program.len()]);
    while let Some(at) = open.pop() {
        if std::mem::replace(seen.get_mut(at)?, true) {
            continue;
        }
        match program.get(at)? {
            Step::Word(class) => found.push(class),
            Step::Any | Step::End | Step::Found => return None,
            Step::Split(first, second) => open.extend([*first, *second]),
            Step::Jump(to) => open.push(*to),
            Step::Start | Step::Ahead(_) => open.push(at + 1),
        }
    }
    Some(found)
}

fn emit(node: &Node, out: &mut Vec<Step>, vocabulary: &mut Vocabulary) -> Result<(), String> {
    match node {
        Node::Word(word) => out.push(Step::Word(vocabulary.class([word.as_str()])?)),
        Node::Gap(most) => {
            for _ in 0..*most {
                // Nothing is tried before something: the shortest way is found first.
                out.push(Step::Split(0, out.len() + 1));
                out.push(Step::Any);
            }
            let (end, size) = (out.len(), most * 2);
            for step in out.iter_mut().skip(end - size) {
                if let Step::Split(first, _) = step {
                    *first = end;
                }
            }
        }
        Node::Sequence(nodes) => {
            for node in nodes {
                emit(node, out, vocabulary)?;
            }
        }
        Node::Optional(node) => {
            let at = out.len();
            out.push(Step::Split(at + 1, 0));
            emit(node, out, vocabulary)?;
            let end = out.len();
            if let Some(Step::Split(_, skip)) = out.get_mut(at) {
                *skip = end;
            }
        }
        Node::Choice(nodes) => return emit_choice(nodes, out, vocabulary),
        Node::Start => out.push(Step::Start),
        Node::End => out.push(Step::End),
    }
    Ok(())
}

/// Single words become one class, which is one look; the rest is tried one by one.
fn emit_choice(
    nodes: &[Node],
    out: &mut Vec<Step>,
    vocabulary: &mut Vocabulary,
) -> Result<(), String> {
    let single = |node: &Node| match node {
        Node::Word(word) => Some(word.clone()),
        _ => None,
    };
    let words: Vec<String> = nodes.iter().filter_map(single).collect();
    let mut ways: Vec<Option<&Node>> =
        nodes.iter().filter(|n| single(n).is_none()).map(Some).collect();
    if !words.is_empty() {
        ways.insert(0, None);
    }
    let first = if ways.len() > 1 { first_words(nodes) } else { None };
    let ahead = out.len();
    if first.is_some() {
        out.push(Step::Ahead(Class::default()));
    }
    let (mut jumps, last) = (Vec::new(), ways.len().saturating_sub(1));
    for (number, way) in ways.into_iter().enumerate() {
        let fork = out.len();
        if number < last {
            out.push(Step::Split(fork + 1, 0));
        }
        match way {
            Some(node) => emit(node, out, vocabulary)?,
            None => out.push(Step::Word(vocabulary.class(words.iter().map(String::as_str))?)),
        }
        if number < last {
            jumps.push(out.len());
            out.push(Step::Jump(0));
            let next = out.len();
            if let Some(Step::Split(_, second)) = out.get_mut(fork) {
                *second = next;
            }
        }
    }
    let end = out.len();
    for jump in jumps {
        if let Some(step) = out.get_mut(jump) {
            *step = Step::Jump(end);
        }
    }
    // Last, so that words are numbered as they stand in the pattern.
    if let Some(words) = first
        && let Some(step) = out.get_mut(ahead)
    {
        *step = Step::Ahead(vocabulary.class(words)?);
    }
    Ok(())
}

/// The words that one of several ways can begin with. `None`: any word at all, or none.
fn first_words(ways: &[Node]) -> Option<Vec<&str>> {
    let words = ways.iter().map(|way| match way {
        Node::Word(word) => Some(vec![word.as_str()]),
        Node::Choice(ways) => first_words(ways),
        Node::Sequence(nodes) => first_of_sequence(nodes),
        Node::Gap(_) | Node::Optional(_) | Node::Start | Node::End => None,
    });
    words.collect::<Option<Vec<_>>>().map(|words| words.concat())
}

/// The same of words one after the other, of which the first may be missing.
fn first_of_sequence(nodes: &[Node]) -> Option<Vec<&str>> {
    let mut words = Vec::new();
    for node in nodes {
        match node {
            Node::Optional(node) => words.extend(first_words(std::slice::from_ref(node.as_ref()))?),
            Node::Start => {}
            node => {
                words.extend(first_words(std::slice::from_ref(node))?);
                return Some(words);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_entered_only_at_words_that_it_can_begin_with() {
        let first = |pattern: &str| {
            let (classes, spellings) = (Classes::new(), Spellings::new());
            let node = Parser::parse(pattern, (&classes, &spellings), 0).unwrap();
            let Node::Choice(ways) = node else { panic!("no choice: {pattern}") };
            first_words(&ways).map(|words| words.join(" "))
        };
        for (pattern, expected) in [
            ("to die|be dead|[just] go", Some("to be just go")),
            (
                "die $|[so] [very] tired|^ go on|(let|make) it end",
                Some("die so very tired go let make"),
            ),
            ("~2 die|go now", None),
            ("[so] [very]|go now", None),
            ("^ $|go now", None),
        ] {
            assert_eq!(first(pattern).as_deref(), expected, "{pattern}");
        }
    }
}
