//! What is asked of a list.

use super::field::Kind;
use super::noun::Noun;
use super::refusal::{Fault, Refusal};

/// Rows of a page: by default, and at most.
pub(super) const SIZE: u32 = 25;
/// The most.
pub(super) const LARGEST: u32 = 1000;

/// The longest text that is looked for, in characters.
const LONGEST: usize = 100;

/// Which part of a list, in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Part of a name or number, without regard to case; empty: all.
    pub q: String,
    /// The field it is sorted by; none: the noun's own order.
    pub sort: Option<String>,
    /// The other way round.
    pub descending: bool,
    /// Which page, from 1.
    pub page: u32,
    /// Rows of a page.
    pub size: u32,
    /// Only those with these values.
    pub filters: Vec<(&'static str, String)>,
}

impl Default for Query {
    fn default() -> Self {
        Self {
            q: String::new(),
            sort: None,
            descending: false,
            page: 1,
            size: SIZE,
            filters: Vec::new(),
        }
    }
}

impl Query {
    /// Reads the parameters of a request.
    ///
    /// # Errors
    /// Each that is unknown, occurs twice or has a bad value.
    pub fn read<'a>(
        noun: &Noun,
        parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, Refusal> {
        let mut query = Self::default();
        let mut faults = Vec::new();
        let mut seen: Vec<String> = Vec::new();
        for (name, value) in parameters {
            let why = if seen.iter().any(|known| known == name) {
                Some("is there twice".to_owned())
            } else {
                query.take(noun, name, value).err()
            };
            seen.push(name.to_owned());
            if let Some(why) = why {
                let name: String = name.chars().take(64).collect();
                faults.push(Fault {
                    detail: format!("{name} {why}"),
                    field: Some(name),
                });
            }
        }
        if faults.is_empty() {
            Ok(query)
        } else {
            Err(Refusal::Invalid(faults))
        }
    }

    fn take(&mut self, noun: &Noun, name: &str, value: &str) -> Result<(), String> {
        let number = |low: u32, high: u32| match value.parse::<u32>() {
            Ok(number) if (low..=high).contains(&number) => Ok(number),
            _ => Err(format!("takes a whole number from {low} to {high}")),
        };
        match name {
            "q" if value.chars().count() > LONGEST => {
                return Err(format!("has at most {LONGEST} characters"));
            }
            "q" => value.trim().clone_into(&mut self.q),
            "page" => self.page = number(1, 1_000_000)?,
            "size" => self.size = number(1, LARGEST)?,
            "sort" => {
                let column = value.strip_prefix('-').unwrap_or(value);
                if !noun.sort.iter().any(|sort| sort.name == column) {
                    let names: Vec<&str> = noun.sort.iter().map(|sort| sort.name).collect();
                    return Err(format!(
                        "takes one of {}, with - before it to turn it round",
                        names.join(", ")
                    ));
                }
                self.sort = Some(column.to_owned());
                self.descending = value.starts_with('-');
            }
            other => {
                let field = noun.field(other).filter(|field| field.filter);
                let field =
                    field.ok_or_else(|| format!("is not what lists of {} can be asked for", noun.path))?;
                let json = match (field.kind, value) {
                    (Kind::Flag, "true") => true.into(),
                    (Kind::Flag, "false") => false.into(),
                    _ => value.into(),
                };
                let value = field.kind.accepts(&json)?;
                self.filters.push((field.name, value));
            }
        }
        Ok(())
    }

    /// How many rows come before the page.
    pub fn skip(&self) -> u64 {
        u64::from(self.page - 1) * u64::from(self.size)
    }
}
