//! What a language model says, judged before the person reads it.
//!
//! Words go out as they come, up to the first word of a sentence that something harmful could be made
//! of; from there on the sentence is held until its end and judged as a whole. What may not be said
//! is left out, and a sentence written in advance stands in its place. How a reply is cut into pieces
//! on its way makes no difference.

mod kind;
mod links;
mod numbers;
mod phrases;
mod units;

use crisis_resources::Region;

pub(crate) use self::kind::Kind;

use super::language::Language;
use super::letters::{fold, last};
use super::tokens::Tokens;

/// Longest part of a sentence that is held and judged at once, in characters.
const LONGEST: usize = 400;
/// How much of a part is remembered for judging the next part of the same sentence, in characters.
const CARRIED: usize = 120;
/// For how many sentences a number is taken for a phone number after somebody spoke of calling.
const NEAR: u8 = 2;

/// Whether the compiled-in rules can be used; services refuse to start otherwise.
pub(crate) fn check() -> Result<(), String> {
    phrases::check()?;
    numbers::check()
}

/// Whether a text names somebody to call in this region: one of its emergency numbers or lines, or,
/// where the region is not known, a directory or a number that is known everywhere.
pub(crate) fn names_help(text: &str, region: &Region) -> bool {
    numbers::names_help(text, region) || links::names_help(text, region)
}

/// Why a part of a reply ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Sentence,
    Line,
    /// It became too long; the sentence goes on.
    Cut,
}

/// A sentence in the making, or a part of one.
#[derive(Debug, Default)]
struct Part {
    /// Space and list marks before it.
    lead: String,
    text: String,
    /// How much of it was told already, in bytes.
    told: usize,
    is_held: bool,
    speaks_of_calling: bool,
}

/// Judges one reply.
#[derive(Debug)]
pub(crate) struct Guard {
    region: Option<&'static Region>,
    language: Language,
    /// Space and list marks before the next unit.
    lead: String,
    /// The word in the making.
    unit: String,
    is_line_start: bool,
    part: Part,
    /// What came before this part and belongs to it.
    carry: String,
    /// Something harmful could be made of it, with what follows.
    carry_is_trigger: bool,
    near: u8,
    /// The rest of this sentence is left out.
    is_dropping: bool,
    removed: Vec<Kind>,
}

impl Guard {
    /// `region` is where the person is, as far as known; `language` is that of the sentences that
    /// stand in place of others.
    pub(crate) fn new(region: Option<&'static Region>, language: Language) -> Self {
        Self {
            region: region.filter(|region| !region.code.is_empty()),
            language,
            lead: String::new(),
            unit: String::new(),
            is_line_start: true,
            part: Part::default(),
            carry: String::new(),
            carry_is_trigger: false,
            near: 0,
            is_dropping: false,
            removed: Vec::new(),
        }
    }

    /// Takes more of the reply as it comes; returns what may be told now.
    pub(crate) fn push(&mut self, more: &str) -> String {
        let mut out = String::new();
        more.chars().for_each(|letter| self.take(letter, &mut out));
        out
    }

    /// The reply is over. Returns what was still held back.
    pub(crate) fn finish(&mut self) -> String {
        let mut out = String::new();
        self.close_unit(&mut out);
        self.close_part(End::Line, &mut out);
        out.push_str(&std::mem::take(&mut self.lead));
        out
    }

    /// What was taken out so far.
    pub(crate) fn removed(&self) -> &[Kind] {
        &self.removed
    }

    fn take(&mut self, letter: char, out: &mut String) {
        if letter.is_whitespace() {
            self.close_unit(out);
            if units::is_line_end(letter) {
                if self.is_line_start {
                    // An empty line: what follows is something new.
                    self.carry.clear();
                    self.carry_is_trigger = false;
                }
                self.close_part(End::Line, out);
                self.is_line_start = true;
            }
            self.lead.push(letter);
            return;
        }
        if self.unit.chars().next_back().is_some_and(|last| units::is_apart(last, letter)) {
            self.close_unit(out);
        }
        self.unit.push(letter);
        if self.unit.len() >= LONGEST {
            self.close_unit(out);
            self.close_part(End::Cut, out);
        }
    }

    fn close_unit(&mut self, out: &mut String) {
        let unit = std::mem::take(&mut self.unit);
        if unit.is_empty() {
            return;
        }
        if self.is_line_start && units::is_list_mark(&unit) {
            self.lead.push_str(&unit);
            return;
        }
        self.is_line_start = false;
        let lead = std::mem::take(&mut self.lead);
        let is_end = units::ends_sentence(&unit);
        if self.is_dropping {
            self.is_dropping = !is_end;
            return;
        }
        let part = &mut self.part;
        let place = if part.text.is_empty() { &mut part.lead } else { &mut part.text };
        place.push_str(&lead);
        part.is_held |= self.carry_is_trigger;
        let look = Look::at(&unit);
        part.is_held |= look.is_trigger;
        part.speaks_of_calling |= look.speaks_of_calling;
        part.text.push_str(&unit);
        if !part.is_held {
            part.tell(out);
        }
        if is_end {
            self.close_part(End::Sentence, out);
        } else if self.part.text.len() >= LONGEST && self.part.text.chars().count() >= LONGEST {
            self.close_part(End::Cut, out);
        }
    }

    fn close_part(&mut self, end: End, out: &mut String) {
        self.is_dropping &= end == End::Cut;
        let mut part = std::mem::take(&mut self.part);
        if part.text.is_empty() {
            return;
        }
        let joint = if part.lead.contains('\n') { "\n" } else { part.lead.get(..1).unwrap_or("") };
        let before = format!("{}{joint}", self.carry);
        let verdict = if part.is_held { self.judge(&before, &part) } else { None };
        let speaks_of_calling = part.speaks_of_calling;
        self.near = if speaks_of_calling { NEAR } else { self.near.saturating_sub(1) };
        if let Some(kind) = verdict {
            self.replace(kind, &part, end, out);
            self.is_dropping = end == End::Cut;
            return;
        }
        part.tell(out);
        let whole = before + &part.text;
        let is_over = end == End::Sentence;
        // Of a whole sentence only a number can go on in the next, and that is a trigger by itself.
        let carried = if is_over { numbers::tail(&whole) } else { last(&whole, CARRIED) };
        carried.clone_into(&mut self.carry);
        self.carry_is_trigger = !is_over && Look::at(&self.carry).is_trigger;
    }

    fn judge(&self, before: &str, part: &Part) -> Option<Kind> {
        let whole = format!("{before}{}", part.text);
        let is_strict = self.removed.contains(&Kind::Method);
        let phrase = phrases::find(&whole, Tokens::of(before).tokens.len(), is_strict);
        let near = self.near > 0 || part.speaks_of_calling;
        phrase
            .or_else(|| numbers::is_wrong(&whole, near, self.region).then_some(Kind::Phone))
            .or_else(|| links::is_wrong(&part.text).then_some(Kind::Link))
    }

    /// Says something else instead; the same thing only once.
    fn replace(&mut self, kind: Kind, part: &Part, end: End, out: &mut String) {
        let is_new = !self.removed.contains(&kind);
        match (part.told > 0, is_new) {
            (true, true) => out.push_str("… "),
            (true, false) => out.push('…'),
            (false, true) => out.push_str(&part.lead),
            // Nothing stands in between: what follows goes on from what came before.
            (false, false) => {
                if end == End::Sentence && part.lead.contains('\n') {
                    self.lead.push('\n');
                }
                return;
            }
        }
        self.carry.clear();
        self.carry_is_trigger = false;
        if is_new {
            out.push_str(&replacement(kind, self.language));
            self.removed.push(kind);
        }
    }
}

impl Part {
    /// Tells what was not told yet.
    fn tell(&mut self, out: &mut String) {
        if self.told == 0 {
            out.push_str(&self.lead);
        }
        out.push_str(self.text.get(self.told..).unwrap_or_default());
        self.told = self.text.len();
    }
}

/// What a word by itself says.
#[derive(Debug, Clone, Copy, Default)]
struct Look {
    /// Something harmful could be made of it, with what follows.
    is_trigger: bool,
    speaks_of_calling: bool,
}

impl Look {
    fn at(text: &str) -> Self {
        let mut letters = text.chars();
        if letters.next().is_some_and(units::is_plain_ideograph) && letters.next().is_none() {
            // Nothing to fold, and most of a Chinese reply comes by here.
            let speaks_of_calling = numbers::is_calling(text);
            return Self { is_trigger: phrases::is_trigger(text), speaks_of_calling };
        }
        let folded = fold(text);
        let tokens = Tokens::of(&folded).tokens;
        let is_trigger = numbers::may_begin(&folded)
            || links::may_begin(&folded)
            || tokens.iter().any(|token| phrases::is_trigger(&token.text));
        let speaks_of_calling = tokens.iter().any(|token| numbers::is_calling(&token.text));
        Self { is_trigger, speaks_of_calling }
    }
}

fn replacement(kind: Kind, language: Language) -> String {
    super::words::of(language).replaced(kind)
}

#[cfg(test)]
mod tests;
