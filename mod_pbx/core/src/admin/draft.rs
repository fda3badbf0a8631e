//! What somebody sent to make or change a thing, checked field by field before anything is done with it.

use serde_json::{Value, json};
use uuid::Uuid;

use super::field::{Field, Kind, Sent};
use super::grant::Scope;
use super::noun::Noun;
use super::refusal::{Fault, Refusal};
use crate::store::{Image, Reader, Row, StoreError, Stored, Table, rows};

/// Checked values of fields: each is one that its field takes, and what it refers to exists.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    values: Image,
}

impl Draft {
    /// Checks what was sent to make a thing, and fills in defaults.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn new(noun: &Noun, sent: Image, scope: &Scope, reader: &Reader<'_>) -> Result<Self, Refusal> {
        Self::of(noun.one, noun.fields, sent, scope, reader)
    }

    /// The same of any fields: `one` is what they are sent for.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn of(
        one: &str,
        fields: &'static [Field],
        sent: Image,
        scope: &Scope,
        reader: &Reader<'_>,
    ) -> Result<Self, Refusal> {
        let mut checks = Checks::of(one, fields, scope, reader);
        let values = checks.all(sent, |field| field.create != Sent::No)?;
        for field in fields {
            if field.create == Sent::Must && !values.contains_key(field.name) && !checks.told(field.name) {
                checks.fault(field.name, format!("{} is missing", field.name));
            }
        }
        let mut draft = checks.done(values)?;
        for field in fields.iter().filter(|field| field.create != Sent::No) {
            if let Some(default) = field.default
                && !draft.values.contains_key(field.name)
                && let Ok(value) = serde_json::from_str(default)
            {
                draft.values.insert(field.name.to_owned(), value);
            }
        }
        Ok(draft)
    }

    /// Checks what was sent to change a thing.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn edit(noun: &Noun, sent: Image, scope: &Scope, reader: &Reader<'_>) -> Result<Self, Refusal> {
        let mut checks = Checks::of(noun.one, noun.fields, scope, reader);
        let values = checks.all(sent, |field| field.edit)?;
        checks.done(values)
    }

    /// The value of a field, if there is one; null is a value.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// Whether a field was sent.
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// The value of a text field; none: it is null, or was not sent.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// The value of a flag.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.get(name)?.as_bool()
    }

    /// The value of a whole number.
    pub fn number(&self, name: &str) -> Option<u32> {
        self.get(name)?.as_u64().and_then(|number| number.try_into().ok())
    }

    /// The value of an id.
    pub fn id(&self, name: &str) -> Option<Uuid> {
        self.text(name)?.parse().ok()
    }

    /// The texts of a list.
    pub fn texts(&self, name: &str) -> Vec<&str> {
        let all = self.get(name).and_then(Value::as_array);
        all.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// The name that a field holds.
    ///
    /// # Errors
    /// It is missing, or none.
    pub fn name<T: std::str::FromStr<Err = crate::names::BadName>>(&self, field: &str) -> Result<T, Refusal> {
        let text = self.text(field).unwrap_or_default();
        text.parse()
            .map_err(|bad: crate::names::BadName| Refusal::field(field, bad.0))
    }

    /// Gives a field a value.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.values.insert(name.to_owned(), value.into());
    }

    /// Puts the values over a row's image.
    pub fn onto(&self, image: &mut Image) {
        for (name, value) in &self.values {
            image.insert(name.clone(), value.clone());
        }
    }

    /// `before` with these values.
    ///
    /// # Errors
    /// They are none of such a row.
    pub fn over<T: Stored + Clone>(&self, before: &T) -> Result<T, Refusal> {
        let row: Row = before.clone().into();
        let mut image = row.image();
        self.onto(&mut image);
        serde_json::from_value(Value::Object(image)).map_err(|error| Refusal::whole(error.to_string()))
    }
}

struct Checks<'a> {
    one: &'a str,
    fields: &'static [Field],
    scope: &'a Scope,
    reader: &'a Reader<'a>,
    faults: Vec<Fault>,
}

impl<'a> Checks<'a> {
    fn of(one: &'a str, fields: &'static [Field], scope: &'a Scope, reader: &'a Reader<'a>) -> Self {
        Self {
            one,
            fields,
            scope,
            reader,
            faults: Vec::new(),
        }
    }

    fn all(&mut self, sent: Image, may: impl Fn(&Field) -> bool) -> Result<Image, Refusal> {
        let mut values = Image::new();
        for (name, value) in sent {
            let Some(field) = self.fields.iter().find(|field| field.name == name) else {
                let name: String = name.chars().take(64).collect();
                self.fault(&name, format!("{} has no such field", self.one));
                continue;
            };
            if !may(field) {
                self.fault(&name, format!("{name} cannot be set here"));
                continue;
            }
            match field.check(&value) {
                Ok(value) => match self.refers(field.kind, &value)? {
                    None => {
                        values.insert(name, value);
                    }
                    Some(why) => self.fault(&name, why),
                },
                Err(why) => self.fault(&name, format!("{name} {why}")),
            }
        }
        Ok(values)
    }

    /// Why a reference leads nowhere. What somebody may not see does not exist for them.
    fn refers(&self, kind: Kind, value: &Value) -> Result<Option<String>, StoreError> {
        match (kind, value) {
            (Kind::Of(table), Value::String(id)) => {
                let id = id.parse().unwrap_or_default();
                let row = self.reader.row(table, id)?;
                let seen = row.is_some_and(|row| self.scope.holds(home(&row)));
                Ok((!seen).then(|| format!("there is no {table} {id}")))
            }
            (Kind::List(kind, _), Value::Array(all)) => {
                for one in all {
                    if let Some(why) = self.refers(*kind, one)? {
                        return Ok(Some(why));
                    }
                }
                Ok(None)
            }
            (Kind::Object(fields), Value::Object(object)) => {
                for field in fields {
                    if let Some(value) = object.get(field.name)
                        && let Some(why) = self.refers(field.kind, value)?
                    {
                        return Ok(Some(why));
                    }
                }
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    fn told(&self, name: &str) -> bool {
        self.faults
            .iter()
            .any(|fault| fault.field.as_deref() == Some(name))
    }

    fn fault(&mut self, field: &str, detail: String) {
        self.faults.push(Fault {
            field: Some(field.to_owned()),
            detail,
        });
    }

    fn done(self, values: Image) -> Result<Draft, Refusal> {
        if self.faults.is_empty() {
            Ok(Draft { values })
        } else {
            Err(Refusal::Invalid(self.faults))
        }
    }
}

/// The domain that a row belongs to; none: the whole PBX.
pub(super) fn home(row: &Row) -> Option<Uuid> {
    match row.table() {
        Table::Domain => Some(row.id()),
        _ => row
            .image()
            .get("domain_id")
            .and_then(Value::as_str)
            .and_then(|id| id.parse().ok()),
    }
}

/// Names the domain that a new thing goes into: the one that was sent, else somebody's own, else the only one.
///
/// # Errors
/// There are several, or none.
pub(super) fn settle(draft: &mut Draft, scope: &Scope, reader: &Reader<'_>) -> Result<(), Refusal> {
    if draft.has("domain_id") {
        return Ok(());
    }
    let id = match scope.domain() {
        Some(own) => own,
        None => match reader.domains()?.as_slice() {
            [] => {
                return Err(Refusal::field(
                    "domain_id",
                    "there is no domain yet: make one first",
                ));
            }
            [rows::Domain { id, .. }] => *id,
            all => {
                let why = format!("there are {} domains: say which one", all.len());
                return Err(Refusal::field("domain_id", why));
            }
        },
    };
    draft.set("domain_id", json!(id));
    Ok(())
}
