//! A field of a noun: what it takes, who sends it when, and how OpenAPI describes it.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::names::{BadName, DomainName, Number, Username};
use crate::network::is_network;
use crate::store::Table;
use crate::store::settings;

/// What a field takes.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A UUID.
    Id,
    /// The id of a row of another table, which exists.
    Of(Table),
    /// A SIP or sign-in name.
    Username,
    /// An extension's number.
    Number,
    /// A domain's name.
    DomainName,
    /// A name that other people see: at most 64 characters.
    Shown,
    /// Any text of one line, with at most so many characters.
    Text(usize),
    /// The text of a file, with at most so many bytes.
    File(usize),
    /// Text that a type of ours takes ([`parsed`]), with at most so many characters.
    Parsed(fn(&str) -> Result<String, String>, usize),
    /// An e-mail address.
    Email,
    /// A password; what is too weak is refused where it is set.
    Password,
    /// Digits.
    Pin,
    /// A whole number from the first to the second.
    Integer(i64, i64),
    /// true or false.
    Flag,
    /// One of these.
    Choice(&'static [&'static str]),
    /// Networks in CIDR notation, blank separated.
    Networks,
    /// RFC 3339 in UTC.
    Time,
    /// At most so many of a kind.
    List(&'static Kind, usize),
    /// An object with these fields.
    Object(&'static [Field]),
    /// Whatever JSON there is; never sent.
    Any,
}

/// When a field is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// Never.
    No,
    /// If one likes.
    May,
    /// Always.
    Must,
}

/// A field.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name; that of the column, if there is one.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// What it is, in a sentence, with its unit.
    pub about: &'static str,
    /// Whether it is in answers. A secret never is.
    pub shown: bool,
    /// Whether it may be null.
    pub null: bool,
    /// Whether it is sent when one is made.
    pub create: Sent,
    /// Whether it may be sent when one is changed.
    pub edit: bool,
    /// What it is when one is made without it, as JSON.
    pub default: Option<&'static str>,
    /// Whether lists may be asked for those with one value of it.
    pub filter: bool,
}

impl Field {
    /// One that is only shown.
    pub const fn shown(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self {
            name,
            kind,
            about,
            shown: true,
            null: false,
            create: Sent::No,
            edit: false,
            default: None,
            filter: false,
        }
    }

    /// One that must be sent when one is made, and may be changed.
    pub const fn must(name: &'static str, kind: Kind, about: &'static str) -> Self {
        let mut field = Self::shown(name, kind, about);
        field.create = Sent::Must;
        field.edit = true;
        field
    }

    /// One that may be sent when one is made, and changed.
    pub const fn may(name: &'static str, kind: Kind, about: &'static str) -> Self {
        let mut field = Self::must(name, kind, about);
        field.create = Sent::May;
        field
    }

    /// Never in an answer.
    pub const fn hidden(mut self) -> Self {
        self.shown = false;
        self
    }

    /// It cannot be changed later.
    pub const fn fixed(mut self) -> Self {
        self.edit = false;
        self
    }

    /// It is not there yet when one is made.
    pub const fn later(mut self) -> Self {
        self.create = Sent::No;
        self.edit = true;
        self
    }

    /// It may be null.
    pub const fn or_null(mut self) -> Self {
        self.null = true;
        self
    }

    /// What it is unless said.
    pub const fn default(mut self, json: &'static str) -> Self {
        self.default = Some(json);
        self
    }

    /// Lists may be asked for those with one value of it.
    pub const fn filter(mut self) -> Self {
        self.filter = true;
        self
    }

    /// Checks a value and gives its one spelling.
    ///
    /// # Errors
    /// What the field takes, in words for whoever sent it. The value is not repeated where it may be a secret.
    pub fn check(&self, value: &Value) -> Result<Value, String> {
        match value {
            Value::Null if self.null => Ok(Value::Null),
            value => self.kind.check(value),
        }
    }

    /// Its JSON Schema.
    pub fn schema(&self) -> Value {
        let mut schema = self.kind.schema();
        if self.null {
            // `type` is a word or a list of them; a closed list of values has null among them.
            if let Some(one) = schema["type"].as_str().map(str::to_owned) {
                schema["type"] = json!([one, "null"]);
            }
            if let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut) {
                values.push(Value::Null);
            }
        }
        if let Some(default) = self
            .default
            .and_then(|text| serde_json::from_str::<Value>(text).ok())
        {
            schema["default"] = default;
        }
        schema["description"] = json!(self.about);
        schema
    }
}

/// The schema of an object with these fields, of which `with` says which are there and whether they must be.
pub fn object(fields: &[Field], with: impl Fn(&Field) -> Option<bool>) -> Value {
    let mut properties = serde_json::Map::new();
    let mut required = Vec::new();
    for field in fields {
        if let Some(must) = with(field) {
            properties.insert(field.name.to_owned(), field.schema());
            if must {
                required.push(field.name);
            }
        }
    }
    let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": false});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

impl Kind {
    fn check(self, value: &Value) -> Result<Value, String> {
        let text = |what: &str| value.as_str().ok_or_else(|| format!("takes {what}"));
        match self {
            Self::Id | Self::Of(_) => {
                let id: Option<Uuid> = value.as_str().and_then(|text| text.parse().ok());
                id.map(|id| json!(id))
                    .ok_or_else(|| "takes an id, a UUID".to_owned())
            }
            Self::Username => name::<Username>(text("a username")?),
            Self::Number => name::<Number>(text("a number, as text of 2 to 15 digits")?),
            Self::DomainName => name::<DomainName>(text("a domain's name")?),
            Self::Shown => line(text("text")?, 64),
            Self::Text(most) => line(text("text")?, most),
            Self::File(most) => match text("text")? {
                text if text.len() <= most => Ok(json!(text)),
                _ => Err(format!("has at most {most} bytes")),
            },
            Self::Parsed(parse, most) => {
                let text = text("text")?;
                if text.chars().count() > most {
                    return Err(format!("has at most {most} characters"));
                }
                parse(text).map(|text| json!(text))
            }
            Self::Email => match text("an e-mail address")? {
                address if settings::is_mail_address(address) => Ok(json!(address)),
                _ => Err("takes an e-mail address, such as alice@example.com".to_owned()),
            },
            Self::Password => match text("text")? {
                text if text.len() <= 512 => Ok(json!(text)),
                _ => Err("has at most 512 bytes".to_owned()),
            },
            Self::Pin => match text("digits, as text")? {
                pin if (4..=10).contains(&pin.len()) && pin.bytes().all(|b| b.is_ascii_digit()) => {
                    Ok(json!(pin))
                }
                _ => Err("takes 4 to 10 digits".to_owned()),
            },
            Self::Integer(low, high) => match value.as_i64() {
                Some(number) if (low..=high).contains(&number) => Ok(json!(number)),
                _ => Err(format!("takes a whole number from {low} to {high}")),
            },
            Self::Flag => match value {
                Value::Bool(_) => Ok(value.clone()),
                _ => Err("takes true or false".to_owned()),
            },
            Self::Choice(words) => match value.as_str() {
                Some(text) if words.contains(&text) => Ok(json!(text)),
                _ => Err(format!("takes one of {}", words.join(", "))),
            },
            Self::Networks => {
                let text = text("networks in CIDR notation, blank separated")?;
                let all: Vec<&str> = text.split([' ', ',']).filter(|one| !one.is_empty()).collect();
                match all.iter().find(|one| !is_network(one)) {
                    None if (1..=32).contains(&all.len()) => Ok(json!(all.join(" "))),
                    _ => Err("takes 1 to 32 networks such as 192.0.2.0/24, blank separated".to_owned()),
                }
            }
            Self::Time => match value
                .as_str()
                .and_then(|text| text.parse::<jiff::Timestamp>().ok())
            {
                Some(at) => Ok(json!(at.to_string())),
                None => Err("takes a time as RFC 3339 has it, such as 2030-01-01T00:00:00Z".to_owned()),
            },
            Self::List(kind, most) => {
                let all = value.as_array().ok_or("takes a list")?;
                if all.len() > most {
                    return Err(format!("takes at most {most}"));
                }
                all.iter().map(|one| kind.check(one)).collect()
            }
            Self::Object(fields) => {
                let sent = value.as_object().ok_or("takes an object")?;
                if let Some(unknown) = sent
                    .keys()
                    .find(|key| !fields.iter().any(|field| field.name == **key))
                {
                    return Err(format!(
                        "has no {:?}",
                        unknown.chars().take(64).collect::<String>()
                    ));
                }
                let mut object = serde_json::Map::new();
                for field in fields {
                    match sent.get(field.name) {
                        Some(value) => {
                            let value = field
                                .check(value)
                                .map_err(|why| format!("{} {why}", field.name))?;
                            object.insert(field.name.to_owned(), value);
                        }
                        None if field.create == Sent::Must => return Err(format!("needs {}", field.name)),
                        None => {}
                    }
                }
                Ok(Value::Object(object))
            }
            Self::Any => Err("cannot be set".to_owned()),
        }
    }

    /// Its JSON Schema, as OpenAPI 3.1 takes it.
    pub fn schema(self) -> Value {
        match self {
            Self::Id | Self::Of(_) => json!({"type": "string", "format": "uuid"}),
            Self::Username => json!({"type": "string", "minLength": 2, "maxLength": 64,
                "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*$"}),
            Self::Number => json!({"type": "string", "pattern": "^[0-9]{2,15}$"}),
            Self::DomainName => json!({"type": "string", "maxLength": 253, "pattern": "^[A-Za-z0-9.-]+$"}),
            Self::Shown => json!({"type": "string", "maxLength": 64}),
            Self::Text(most) | Self::Parsed(_, most) | Self::File(most) => {
                json!({"type": "string", "maxLength": most})
            }
            Self::Email => json!({"type": "string", "format": "email", "maxLength": 254}),
            Self::Password => json!({"type": "string", "format": "password", "maxLength": 512}),
            Self::Pin => json!({"type": "string", "pattern": "^[0-9]{4,10}$"}),
            Self::Integer(low, high) => json!({"type": "integer", "minimum": low, "maximum": high}),
            Self::Flag => json!({"type": "boolean"}),
            Self::Choice(words) => json!({"type": "string", "enum": words}),
            Self::Networks => json!({"type": "string"}),
            Self::Time => json!({"type": "string", "format": "date-time"}),
            Self::List(kind, most) => json!({"type": "array", "items": kind.schema(), "maxItems": most}),
            Self::Object(fields) => object(fields, |field| Some(field.create == Sent::Must)),
            Self::Any => json!({}),
        }
    }
}

fn name<T: std::str::FromStr<Err = BadName> + ToString>(text: &str) -> Result<Value, String> {
    parsed::<T>(text).map(|name| json!(name))
}

/// The one spelling of a name of this type, for [`Kind::Parsed`].
///
/// # Errors
/// It is none.
pub fn parsed<T: std::str::FromStr<Err = BadName> + ToString>(text: &str) -> Result<String, String> {
    let name: T = text.parse().map_err(|bad: BadName| bad.0)?;
    Ok(name.to_string())
}

/// Text of one line.
fn line(text: &str, most: usize) -> Result<Value, String> {
    if text.chars().count() > most {
        return Err(format!("has at most {most} characters"));
    }
    if text.chars().any(char::is_control) {
        return Err("has no line breaks or other control characters".to_owned());
    }
    Ok(json!(text))
}

impl Kind {
    /// The value of a filter, as SQLite and JSON compare it.
    pub(super) fn accepts(self, value: &Value) -> Result<String, String> {
        Ok(match self.check(value)? {
            Value::String(text) => text,
            other => other.to_string(),
        })
    }
}
