//! What a command answers: text for a person, JSON for a program, or a refusal.
//!
//! Both are whole before the first byte is written, so that a failing command writes only its `-ERR`.

use std::fmt::Write as _;

use serde_json::{Value, json};

/// What a command says.
pub(super) type Said = Result<Answer, Refusal>;

/// An answer, for a person and for a program.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) text: String,
    pub(super) json: Value,
}

impl Answer {
    /// An answer in both shapes.
    pub(super) fn new(text: impl Into<String>, json: Value) -> Self {
        Self {
            text: text.into(),
            json,
        }
    }

    /// A change that was made: `+OK` and what, for a program the fields of `json` beside `ok`.
    pub(super) fn done(text: impl AsRef<str>, mut json: Value) -> Self {
        if let Value::Object(fields) = &mut json {
            fields.insert("ok".to_owned(), json!(true));
        }
        Self {
            text: format!("+OK {}", text.as_ref()),
            json,
        }
    }
}

/// Why a command did nothing, and what to do. Printed after `-ERR `.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal(pub(super) String);

/// Refuses with `why`.
pub(super) fn refuse<T>(why: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal(why.into()))
}

impl From<crate::names::BadName> for Refusal {
    fn from(bad: crate::names::BadName) -> Self {
        Self(bad.0)
    }
}

impl From<getrandom::Error> for Refusal {
    fn from(error: getrandom::Error) -> Self {
        Self(format!(
            "the kernel gives no random numbers ({error}); nothing was saved; try again"
        ))
    }
}

impl From<crate::admin::Refusal> for Refusal {
    fn from(refusal: crate::admin::Refusal) -> Self {
        use crate::admin::Refusal as R;
        match refusal {
            R::Invalid(faults) => {
                let all: Vec<String> = faults.into_iter().map(|fault| fault.detail).collect();
                Self(plain(&all.join("; ")))
            }
            R::Missing => Self("there is no such thing".to_owned()),
            R::Forbidden(why) | R::Conflict(why) | R::Stale { why, .. } | R::Unavailable(why) => {
                Self(plain(&why))
            }
            R::Broken(tests) => crate::store::StoreError::Broken(tests).into(),
            R::Store(error) => error.into(),
        }
    }
}

/// Text of others on one line of a terminal: no control byte gets through.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

/// `1 line`, `2 lines`.
pub(super) fn count(number: u64, one: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        n => format!("{n} {one}s"),
    }
}

/// `yes` or `no`.
pub(super) fn yes_no(flag: bool) -> &'static str {
    if flag { "yes" } else { "no" }
}

/// Names and values below each other, values aligned.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    rows: Vec<(String, String)>,
}

impl Sheet {
    /// Adds a row; an empty value prints as `-`.
    pub(super) fn row(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.rows.push((name.into(), value.to_string()));
        self
    }

    /// The rows, each indented by two blanks.
    pub(super) fn text(&self) -> String {
        let width = self.rows.iter().map(|(name, _)| wide(name)).max().unwrap_or(0);
        let mut text = String::new();
        for (name, value) in &self.rows {
            let value = if value.is_empty() { "-" } else { value };
            let gap = width - wide(name);
            // Writing to a String cannot fail.
            let _ = writeln!(text, "  {name}{:gap$}  {}", "", plain(value));
        }
        text
    }
}

/// Rows under column heads, columns aligned.
#[derive(Debug)]
pub(super) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these column heads.
    pub(super) fn new<const N: usize>(heads: [&str; N]) -> Self {
        Self {
            rows: vec![heads.map(str::to_owned).to_vec()],
        }
    }

    /// Adds a row; an empty cell prints as `-`.
    pub(super) fn row<const N: usize>(&mut self, cells: [String; N]) {
        let cell = |text: String| {
            if text.is_empty() {
                "-".to_owned()
            } else {
                plain(&text)
            }
        };
        self.rows.push(cells.map(cell).to_vec());
    }

    /// Whether there is no row.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.len() == 1
    }

    /// The table, a line a row.
    pub(super) fn text(&self) -> String {
        let columns = self.rows[0].len();
        let widths: Vec<usize> = (0..columns)
            .map(|at| self.rows.iter().map(|row| wide(&row[at])).max().unwrap_or(0))
            .collect();
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(cell);
                line.extend(std::iter::repeat_n(' ', width - wide(cell) + 2));
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// Columns a text takes, near enough: one a character.
fn wide(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_nothing_steers_the_terminal() {
        let mut table = Table::new(["number", "name"]);
        table.row(["1001".to_owned(), "Älice\u{1b}[2J\r\n".to_owned()]);
        table.row(["1002".to_owned(), String::new()]);
        assert_eq!(
            table.text(),
            "number  name\n1001    Älice\u{fffd}[2J\u{fffd}\u{fffd}\n1002    -\n"
        );
        let sheet = Sheet::default().row("a", 1).row("long", "");
        assert_eq!(sheet.text(), "  a     1\n  long  -\n");
    }
}
