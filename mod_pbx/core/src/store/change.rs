//! What a commit is made of.

use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::rows;
use crate::names::{DidNumber, DomainName, E164, GatewayName, Number, Slug, Username};
use crate::routing::pattern::Pattern;

/// A row image: the JSON object of a row type, column for column.
pub type Image = Map<String, Value>;

/// A row type that has a table.
pub trait Stored: Serialize + DeserializeOwned + Into<Row> {
    /// Its table.
    const TABLE: Table;
}

/// What a row can be known by.
trait Label {
    fn shown(&self) -> Cow<'_, str>;
}

macro_rules! labels {
    ($($type:ty)*) => {
        $(impl Label for $type {
            fn shown(&self) -> Cow<'_, str> {
                Cow::Borrowed(self.as_str())
            }
        })*
    };
}

labels! { String DidNumber DomainName Username Number Slug E164 Pattern GatewayName }

/// Rows that only tie others together have no better name.
impl Label for Uuid {
    fn shown(&self) -> Cow<'_, str> {
        Cow::Owned(self.to_string())
    }
}

macro_rules! tables {
    ($($type:ident = $name:literal, $label:ident, names [$($taken:ident)*], refers [$($refers:ident)*];)*) => {
        /// A table of the configuration.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Table {
            $(#[doc = concat!("[`rows::", stringify!($type), "`]")] $type,)*
        }

        /// A row of any table.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Row {
            $(#[doc = concat!("Of table `", $name, "`.")] $type(rows::$type),)*
        }

        impl Table {
            /// Every table, those that others refer to first.
            pub const ALL: &'static [Self] = &[$(Self::$type),*];

            /// Its name in SQL, which is also what people call its rows.
            pub fn name(self) -> &'static str {
                match self { $(Self::$type => $name,)* }
            }

            /// The columns that [`Row::same_names`] and [`Row::same_references`] compare.
            #[cfg(test)]
            pub(super) fn compared(self) -> (&'static [&'static str], &'static [&'static str]) {
                match self { $(Self::$type => (&[$(stringify!($taken)),*], &[$(stringify!($refers)),*]),)* }
            }

            /// The column people know a row by.
            pub(super) fn label(self) -> &'static str {
                match self { $(Self::$type => stringify!($label),)* }
            }
        }

        impl Row {
            /// The table it belongs to.
            pub fn table(&self) -> Table {
                match self { $(Self::$type(_) => Table::$type,)* }
            }

            /// Its primary key.
            pub fn id(&self) -> Uuid {
                match self { $(Self::$type(row) => row.id,)* }
            }

            /// The revision that wrote it.
            pub fn row_rev(&self) -> u64 {
                match self { $(Self::$type(row) => row.row_rev,)* }
            }

            /// What people know it by: a domain's name, an extension's number, a line's username.
            pub fn label(&self) -> Cow<'_, str> {
                match self { $(Self::$type(row) => row.$label.shown(),)* }
            }

            /// Its JSON object.
            pub fn image(&self) -> Image {
                let value = match self { $(Self::$type(row) => serde_json::to_value(row),)* };
                match value {
                    Ok(Value::Object(image)) => image,
                    // The row types are plain structs of strings, numbers and flags.
                    _ => Image::new(),
                }
            }

            /// Its image as JSON text.
            pub(super) fn image_text(&self) -> String {
                let text = match self { $(Self::$type(row) => serde_json::to_string(row),)* };
                text.unwrap_or_default()
            }

            /// The row with this image.
            ///
            /// # Errors
            /// The image is not one of this table.
            pub fn from_image(table: Table, image: Image) -> Result<Self, serde_json::Error> {
                let value = Value::Object(image);
                Ok(match table { $(Table::$type => Self::$type(serde_json::from_value(value)?),)* })
            }

            /// Whether what no other row may have alike is alike.
            pub(super) fn same_names(&self, other: &Self) -> bool {
                match (self, other) {
                    $((Self::$type(_one), Self::$type(_two)) => true $(&& _one.$taken == _two.$taken)*,)*
                    _ => false,
                }
            }

            /// Whether both refer to the same rows.
            pub(super) fn same_references(&self, other: &Self) -> bool {
                match (self, other) {
                    $((Self::$type(_one), Self::$type(_two)) => true $(&& _one.$refers == _two.$refers)*,)*
                    _ => false,
                }
            }

            pub(super) fn stamp(&mut self, rev: u64, at: &str) {
                match self { $(Self::$type(row) => {
                    row.row_rev = rev;
                    at.clone_into(&mut row.updated_at);
                })* }
            }
        }

        $(
            impl Stored for rows::$type {
                const TABLE: Table = Table::$type;
            }

            impl From<rows::$type> for Row {
                fn from(row: rows::$type) -> Self {
                    Self::$type(row)
                }
            }

            impl TryFrom<Row> for rows::$type {
                type Error = Row;
                fn try_from(row: Row) -> Result<Self, Row> {
                    match row {
                        Row::$type(row) => Ok(row),
                        other => Err(other),
                    }
                }
            }
        )*
    };
}

tables! {
    Domain = "domain", name, names [name], refers [];
    User = "user", name, names [domain_id name], refers [domain_id];
    Channel = "channel", name, names [domain_id name], refers [domain_id];
    Extension = "extension", number, names [domain_id number channel_id], refers [domain_id user_id channel_id];
    Line = "line", username, names [domain_id username], refers [domain_id extension_id user_id];
    Setting = "setting", name, names [name], refers [];
    Schedule = "schedule", name, names [domain_id name], refers [domain_id];
    NumberPlan = "number_plan", id, names [domain_id], refers [domain_id];
    ExtensionGroup = "extension_group", name, names [domain_id name], refers [domain_id];
    GroupMember = "group_member", id, names [group_id extension_id], refers [domain_id group_id extension_id];
    CallerId = "caller_id", number, names [number], refers [domain_id];
    CallerIdUse = "caller_id_use", id, names [extension_id line_id],
        refers [domain_id extension_id line_id caller_id emergency_caller_id];
    Route = "route", name, names [domain_id name], refers [domain_id caller_id schedule_id];
    RouteGateway = "route_gateway", id, names [route_id gateway_id],
        refers [domain_id route_id gateway_id caller_id];
    RouteGrant = "route_grant", id, names [route_id extension_id route_id group_id],
        refers [domain_id route_id extension_id group_id];
    RouteTest = "route_test", dialled, names [domain_id number dialled at_time], refers [domain_id];
    Block = "block", pattern, names [domain_id pattern], refers [domain_id];
    Cap = "cap", id, names [domain_id extension_id], refers [domain_id extension_id];
    Gateway = "gateway", name, names [name], refers [domain_id];
    ApiKey = "api_key", name, names [user_id name token_hash], refers [domain_id user_id];
    Did = "did", number, names [], refers [domain_id schedule_id then_extension_id then_did_id closed_extension_id closed_did_id
        gateway_id];
    DidMember = "did_member", did_id, names [], refers [domain_id did_id extension_id];
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// One change of one row.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every change is of the large variant"
)]
pub enum Change {
    /// Writes a row, new or not.
    Put {
        /// What it is to be, whole.
        row: Row,
        /// The `row_rev` the edit was made from; another one stored is a conflict. None: whatever is stored.
        base: Option<u64>,
    },
    /// Deletes a row.
    Delete {
        /// Of which table.
        table: Table,
        /// Which.
        id: Uuid,
        /// As in `Put`.
        base: Option<u64>,
    },
}

impl Change {
    /// Writes `row` whatever is stored.
    pub fn put(row: impl Into<Row>) -> Self {
        Self::Put {
            row: row.into(),
            base: None,
        }
    }

    /// Writes `row`, which was read and edited: refused when somebody else has changed it since.
    pub fn edit(row: impl Into<Row>) -> Self {
        let row = row.into();
        let base = Some(row.row_rev());
        Self::Put { row, base }
    }

    /// Deletes `row`, which was read: refused when somebody else has changed it since.
    pub fn delete(row: impl Into<Row>) -> Self {
        let row = row.into();
        Self::Delete {
            table: row.table(),
            id: row.id(),
            base: Some(row.row_rev()),
        }
    }

    /// The row it is about.
    pub fn key(&self) -> (Table, Uuid) {
        match self {
            Self::Put { row, .. } => (row.table(), row.id()),
            Self::Delete { table, id, .. } => (*table, *id),
        }
    }

    pub(super) fn base(&self) -> Option<u64> {
        match self {
            Self::Put { base, .. } | Self::Delete { base, .. } => *base,
        }
    }
}

/// Changes that are made together or not at all.
///
/// Their order does not matter: all are written, then the whole is checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Commit {
    /// Names the request: a retry with the same id gives the first answer and changes nothing.
    pub request_id: Uuid,
    /// Who.
    pub actor: String,
    /// What for, in a few words.
    pub summary: String,
    /// What.
    pub changes: Vec<Change>,
    /// Whether it is made though it breaks a route test.
    pub force: bool,
}

impl Commit {
    /// An empty commit with a request id of its own.
    pub fn new(actor: impl Into<String>, summary: impl Into<String>) -> Self {
        Self {
            request_id: Uuid::now_v7(),
            actor: actor.into(),
            summary: summary.into(),
            changes: Vec::new(),
            force: false,
        }
    }

    /// The same, made though it breaks a route test.
    #[must_use]
    pub fn forced(mut self) -> Self {
        self.force = true;
        self
    }

    /// With one more change.
    #[must_use]
    pub fn with(mut self, change: Change) -> Self {
        self.changes.push(change);
        self
    }
}

/// One entry of the revision log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Revision {
    /// Its number: 1, 2, 3 … without gaps.
    pub rev: u64,
    /// Random: tells two histories with the same number apart.
    pub id: Uuid,
    /// When, RFC 3339 in UTC.
    pub at: String,
    /// Who.
    pub actor: String,
    /// On which PBX.
    pub node_id: String,
    /// The request that made it.
    pub request_id: Uuid,
    /// What for.
    pub summary: String,
}

/// What a revision did to one row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RowChange {
    /// Its place in the revision, from 0.
    pub ord: u64,
    /// The table's name.
    pub table: String,
    /// The row's primary key.
    pub id: Uuid,
    /// The row before; none: it is new.
    pub before: Option<Image>,
    /// The row after; none: it was deleted.
    pub after: Option<Image>,
}
