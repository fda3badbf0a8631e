//! What a noun is: a kind of thing that administrators manage, described once for all that deals with it.
//!
//! From the description come the routes of the JSON API, its checks, its OpenAPI document and who may do what. A
//! table of the configuration needs no more than its fields; what is more than a row has functions.

use uuid::Uuid;

use super::draft::Draft;
use super::field::Field;
use super::grant::{Grant, Scope};
use super::refusal::Refusal;
use super::{Admin, Listed, Query, Request};
use crate::store::{Change, Image, Reader, Row, Table};

/// A kind of thing.
pub struct Noun {
    /// Its segment in paths, and its name in an API key's scopes: `extensions`.
    pub path: &'static str,
    /// One of them, for people: `extension`.
    pub one: &'static str,
    /// What it is, in a sentence.
    pub about: &'static str,
    /// Who may look.
    pub read: Who,
    /// Who may change.
    pub write: Who,
    /// All there is to one of them.
    pub fields: &'static [Field],
    /// Secrets that are made up and shown once, when one is made or changed.
    pub once: &'static [Field],
    /// What a list may be sorted by, with the SQL terms of a table's; the first unless asked otherwise.
    pub sort: &'static [Sort],
    /// Where they are.
    pub source: Source,
    /// What else can be done with one of them.
    pub actions: &'static [Action],
}

/// Who may do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Administrators of the whole PBX.
    Administrators,
    /// They, and the administrators of a domain for what is in it.
    DomainAdministrators,
}

/// An order of a list.
pub struct Sort {
    /// The field.
    pub name: &'static str,
    /// The terms of ORDER BY, each of which can be turned round; empty where there is no table.
    pub terms: &'static [&'static str],
}

impl Sort {
    /// By the time of the last change.
    pub const BY_TIME: Self = Self::by("updated_at", &["updated_at"]);

    /// By a field, with its terms.
    pub const fn by(name: &'static str, terms: &'static [&'static str]) -> Self {
        Self { name, terms }
    }
}

/// Where the things of a noun are.
pub enum Source {
    /// Rows of a table: every change is a revision.
    Table(&'static Stored),
    /// Facts that are no configuration, listed as a whole.
    Facts(&'static Facts),
}

/// To which domain the rows of a table belong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// To the one that `domain_id` names.
    Domain,
    /// The same, or to the whole PBX.
    DomainOrWhole,
    /// A row is a domain.
    Itself,
    /// To the whole PBX.
    Whole,
}

/// Fills in what is not a column.
pub type Show = fn(&Admin<'_>, &Reader<'_>, &Row, &mut Image) -> Result<(), Refusal>;
/// Makes one of what was sent.
pub type Create = fn(&Admin<'_>, &Grant, &Draft) -> Result<Plan, Refusal>;
/// Changes one by what was sent.
pub type Edit = fn(&Admin<'_>, &Grant, &Row, &Draft) -> Result<Plan, Refusal>;
/// Deletes one; true: with what belongs to it.
pub type Delete = fn(&Admin<'_>, &Grant, &Row, bool) -> Result<Plan, Refusal>;
/// Lists facts that may be seen.
pub type List = fn(&Admin<'_>, &Scope) -> Result<Vec<Image>, Refusal>;
/// Lists a page of them.
pub type Paged = fn(&Admin<'_>, &Scope, &Query) -> Result<Listed, Refusal>;
/// Looks for one of them.
pub type Find = fn(&Admin<'_>, &Scope, &str) -> Result<Option<Image>, Refusal>;
/// Ends one of them.
pub type End = fn(&Admin<'_>, &Scope, &str) -> Result<(), Refusal>;
/// Changes what is a row all the same.
pub type EditFact = fn(&Admin<'_>, &Grant, &Image, &Draft) -> Result<Plan, Refusal>;
/// Does something with the thing of an id, by what was sent, as this request.
pub type Run = fn(&Admin<'_>, &Grant, &Scope, &str, (&Draft, Request)) -> Result<Image, Refusal>;

/// A noun that is a table.
pub struct Stored {
    /// The table.
    pub table: Table,
    /// Where its rows belong.
    pub place: Place,
    /// SQL terms that `q` is looked for in.
    pub search: &'static [&'static str],
    /// Fills in what is not a column, such as the names of what a row refers to. The image is the row's own.
    pub show: Show,
    /// Makes one; none: they are not made by themselves.
    pub create: Option<Create>,
    /// Changes one.
    pub edit: Option<Edit>,
    /// Deletes one; true: with what belongs to it.
    pub delete: Option<Delete>,
    /// Runs after a commit: for whoever must be told.
    pub after: fn(&Admin<'_>),
}

/// A noun that is no table.
pub struct Facts {
    /// All there are that may be seen, complete; bounded.
    pub list: List,
    /// A page of them, where all of them are too many; none: it is made of the list.
    pub paged: Option<Paged>,
    /// One of them; none: it is looked for in the list.
    pub get: Option<Find>,
    /// Ends one, which the list has.
    pub delete: Option<End>,
    /// Changes one: those that are kept as rows all the same, such as settings.
    pub edit: Option<EditFact>,
    /// Runs after a commit: for whoever must be told.
    pub after: fn(&Admin<'_>),
}

/// Something else that can be done with one of them: `POST /…/{id}/<name>`.
pub struct Action {
    /// Its segment in the path.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub about: &'static str,
    /// What is sent; nothing: a body is not looked at.
    pub takes: &'static [Field],
    /// The largest body, in bytes.
    pub largest: usize,
    /// What it answers.
    pub answer: &'static [Field],
    /// Does it. The id is that of a thing that may be seen.
    pub run: Run,
}

/// The largest body of most requests, in bytes.
pub const BODY: usize = 64 * 1024;

/// What is to be committed.
#[derive(Debug, Default)]
pub struct Plan {
    /// What for, in a few words.
    pub summary: String,
    /// What; nothing: all is as it should be already.
    pub changes: Vec<Change>,
    /// The row that is made or changed.
    pub id: Uuid,
    /// Secrets that were made up and are shown this once.
    pub once: Image,
}

impl Noun {
    /// The field called `name`.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Whether one can be made, changed, deleted.
    pub fn can(&self) -> Can {
        match &self.source {
            Source::Table(stored) => Can {
                create: stored.create.is_some(),
                edit: stored.edit.is_some(),
                delete: stored.delete.is_some(),
            },
            Source::Facts(facts) => Can {
                create: false,
                edit: facts.edit.is_some(),
                delete: facts.delete.is_some(),
            },
        }
    }

    /// Whether its lists may be too long to be looked through at once, and go on behind a thing.
    pub fn goes_on(&self) -> bool {
        self.field("before").is_some_and(|field| field.filter)
    }

    /// Whether its things have revisions, which a change must name.
    pub fn has_revisions(&self) -> bool {
        self.field("row_rev").is_some()
    }
}

/// What can be done with the things of a noun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Can {
    /// Made.
    pub create: bool,
    /// Changed.
    pub edit: bool,
    /// Deleted.
    pub delete: bool,
}
