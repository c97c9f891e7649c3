//! Tables of plain text.

use std::fmt;

/// Columns under headings; text to the left, figures to the right.
#[derive(Debug)]
pub struct Table {
    texts: usize,
    lines: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings, of which the first `texts` stand over text.
    #[must_use]
    pub fn new(texts: usize, headings: &[&str]) -> Self {
        Self { texts, lines: vec![headings.iter().map(|&heading| heading.to_owned()).collect()] }
    }

    /// Adds a line.
    pub fn add(&mut self, line: Vec<String>) {
        self.lines.push(line);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cell =
            |line: &Vec<String>, at| line.get(at).map_or(0, |cell: &String| cell.chars().count());
        let columns = self.lines.iter().map(Vec::len).max().unwrap_or(0);
        let widths = (0..columns).map(|at| self.lines.iter().map(|line| cell(line, at)).max());
        let widths: Vec<usize> = widths.map(Option::unwrap_or_default).collect();
        for line in &self.lines {
            let cells = line.iter().zip(&widths).enumerate();
            let cells = cells.map(|(at, (text, &width))| {
                if at < self.texts {
                    format!("  {text:<width$}")
                } else {
                    format!("  {text:>width$}")
                }
            });
            writeln!(f, "{}", cells.collect::<Vec<_>>().concat().trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stands_to_the_left_and_figures_to_the_right() {
        let mut table = Table::new(1, &["set", "n"]);
        table.add(vec!["explicit".to_owned(), "7".to_owned()]);
        table.add(vec!["añoñe".to_owned(), "120".to_owned()]);
        assert_eq!(table.to_string(), "  set         n\n  explicit    7\n  añoñe     120\n");
    }
}
