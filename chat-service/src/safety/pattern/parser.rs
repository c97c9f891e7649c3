//! Reads a pattern as its author wrote it.

use super::{Classes, Node, Spellings};
use crate::safety::tokens::words_of;

/// Classes within classes go no deeper than this: one that names itself would go on for ever.
const DEEPEST: usize = 8;

/// What is left to read of a pattern.
pub(super) struct Parser<'a> {
    text: &'a str,
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    names: Names<'a>,
    depth: usize,
}

/// What words and names in a pattern mean.
type Names<'a> = (&'a Classes, &'a Spellings);

impl<'a> Parser<'a> {
    /// Takes a pattern apart.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(text: &'a str, names: Names<'a>, depth: usize) -> Result<Node, String> {
        if depth > DEEPEST {
            return Err(format!("classes within classes without end: {text}"));
        }
        let mut parser = Parser { text, rest: text.chars().peekable(), names, depth };
        let node = parser.choice()?;
        match parser.rest.next() {
            None => Ok(node),
            Some(left) => Err(format!("unexpected {left:?} in {text}")),
        }
    }

    fn choice(&mut self) -> Result<Node, String> {
        let mut ways = vec![self.sequence()?];
        while self.rest.next_if_eq(&'|').is_some() {
            ways.push(self.sequence()?);
        }
        Ok(if ways.len() == 1 { ways.remove(0) } else { Node::Choice(flatten(ways)) })
    }

    fn sequence(&mut self) -> Result<Node, String> {
        let mut nodes = Vec::new();
        while let Some(letter) = self.rest.peek().copied() {
            match letter {
                '|' | ')' | ']' => break,
                letter if letter.is_whitespace() => {
                    self.rest.next();
                }
                _ => nodes.push(self.item()?),
            }
        }
        match nodes.len() {
            0 => Err(format!("nothing between two bars or brackets in {}", self.text)),
            1 => Ok(nodes.remove(0)),
            _ => Ok(Node::Sequence(nodes)),
        }
    }

    fn item(&mut self) -> Result<Node, String> {
        match self.rest.peek().copied() {
            Some('(') => self.bracketed(')'),
            Some('[') => Ok(Node::Optional(Box::new(self.bracketed(']')?))),
            Some('^') => Ok(self.take(Node::Start)),
            Some('$') => Ok(self.take(Node::End)),
            Some('~') => {
                self.rest.next();
                let most = self.name().parse();
                most.map(Node::Gap).map_err(|_| format!("~ without a number in {}", self.text))
            }
            Some('@') => {
                self.rest.next();
                let name = self.name();
                let class = self.names.0.get(&name);
                let class = class.ok_or_else(|| format!("no class @{name} in {}", self.text))?;
                Parser::parse(class, self.names, self.depth + 1)
            }
            Some(sign) if "?+{}\"'.,".contains(sign) => Err(format!("{sign} in {}", self.text)),
            _ => Ok(self.word()),
        }
    }

    fn take(&mut self, node: Node) -> Node {
        self.rest.next();
        node
    }

    fn bracketed(&mut self, close: char) -> Result<Node, String> {
        self.rest.next();
        let node = self.choice()?;
        match self.rest.next() {
            Some(letter) if letter == close => Ok(node),
            _ => Err(format!("no {close} in {}", self.text)),
        }
    }

    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(letter) = self.rest.next_if(|it| it.is_alphanumeric() || *it == '_') {
            name.push(letter);
        }
        name
    }

    /// A word, or several of a script in which each character is one.
    fn word(&mut self) -> Node {
        let mut word = String::new();
        while let Some(letter) =
            self.rest.next_if(|it| !it.is_whitespace() && !"|()[]^$~@".contains(*it))
        {
            word.push(letter);
        }
        let words = words_of(&word).into_iter();
        let meant = words.flat_map(|word| match self.names.1.get(&word) {
            Some(meant) => meant.split(' ').map(str::to_owned).collect(),
            None => vec![word],
        });
        let mut words: Vec<_> = meant.collect();
        if words.len() == 1 {
            Node::Word(words.remove(0))
        } else {
            Node::Sequence(words.into_iter().map(Node::Word).collect())
        }
    }
}

/// A choice among choices is one choice.
fn flatten(ways: Vec<Node>) -> Vec<Node> {
    let mut flat = Vec::new();
    for way in ways {
        match way {
            Node::Choice(inner) => flat.extend(inner),
            other => flat.push(other),
        }
    }
    flat
}
