//! What administrators do, for programs: the JSON API's side of the PBX. No HTTP here.
//!
//! A [`Noun`] describes a kind of thing; [`Admin`] lists, shows, makes, changes and deletes things of any noun by
//! its description, for whoever a [`Grant`] says may. What a thing is made of beyond its row (an extension's
//! channel, a line's password) is in `nouns/`, in functions that the `pbx …` commands use too.
//!
//! To add a noun: a file in `nouns/` with its fields and, where it is no more than a row, the functions of [`plain`];
//! and a line in [`nouns::ALL`]. Routes, checks, roles and scopes of keys follow from that.

pub mod dashboard;
mod draft;
pub mod field;
mod grant;
pub mod imports;
mod list;
mod noun;
pub mod nouns;
pub mod openapi;
pub mod plain;
mod query;
mod refusal;
mod stored;
pub mod thought;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::pbx::Pbx;
use crate::store::{Commit, Image, Reader};

pub use draft::Draft;
pub use grant::{Grant, Scope, Scopes, Verb};
pub use noun::{
    Action, BODY, Can, Create, Delete, Edit, EditFact, End, Facts, Find, List, Noun, Paged, Place, Plan, Run,
    Show, Sort, Source, Stored, Who,
};
pub use query::Query;
pub use refusal::{Fault, Refusal};

/// The PBX as administrators see it. Every method blocks on the database: not for lookups and event hooks.
pub struct Admin<'a> {
    /// The PBX.
    pub pbx: &'a Pbx,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// The things of the page.
    pub rows: Vec<Image>,
    /// How many there are on all pages.
    pub total: u64,
    /// Where a list goes on that is too long to be looked through at once; none: it is whole.
    pub next: Option<String>,
}

/// A thing that was made or changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// As it is now.
    pub row: Image,
    /// The revision that was made; none: nothing had to change.
    pub revision: Option<u64>,
    /// Secrets that were made up and are shown this once.
    pub once: Image,
    /// The same request was answered before: nothing was done now.
    pub before: bool,
}

/// Names a request, so that a retry of it is not a second one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    id: Uuid,
    force: bool,
}

impl Request {
    /// A request of its own.
    pub fn fresh() -> Self {
        Self {
            id: Uuid::now_v7(),
            force: false,
        }
    }

    /// The request that its sender calls `key`. The same words mean the same request only of one sender and about
    /// one thing (`path`), so that nobody finds another's answer.
    pub fn named(grant: &Grant, path: &str, key: &str) -> Self {
        let mut hash = Sha256::new();
        for part in [
            grant.user.as_bytes(),
            grant.actor.as_bytes(),
            path.as_bytes(),
            key.as_bytes(),
        ] {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        }
        let digest: [u8; 32] = hash.finalize().into();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        Self {
            id: uuid::Builder::from_custom_bytes(bytes).into_uuid(),
            force: false,
        }
    }

    /// The same, made though it breaks a route test if `force` says so.
    #[must_use]
    pub fn forced(self, force: bool) -> Self {
        Self { force, ..self }
    }

    /// Its id in the revision log.
    pub fn id(self) -> Uuid {
        self.id
    }

    /// Whether it is made though it breaks a route test.
    pub fn is_forced(self) -> bool {
        self.force
    }
}

impl<'a> Admin<'a> {
    /// The PBX as administrators see it.
    pub fn new(pbx: &'a Pbx) -> Self {
        Self { pbx }
    }

    /// Reads in one transaction: all that `f` sees is of one revision.
    ///
    /// # Errors
    /// Those of `f`, and those of the database.
    pub fn read<T>(&self, f: impl FnOnce(&Reader<'_>) -> Result<T, Refusal>) -> Result<T, Refusal> {
        self.pbx.store().read(|reader| Ok(f(reader)))?
    }

    /// Where browsers find a channel's page: the whole address if `public-url` is known, else its path.
    pub fn channel_url(&self, channel: Uuid) -> String {
        let config = self.pbx.config();
        let base = config.public_url.as_deref().unwrap_or_default();
        format!("{}/extensions/{channel}", base.trim_end_matches('/'))
    }

    /// The things of a noun that may be seen: those that `query` asks for.
    ///
    /// # Errors
    /// It may not be, or asks for what there is not.
    pub fn list(&self, noun: &Noun, grant: &Grant, query: &Query) -> Result<Listed, Refusal> {
        let scope = grant.may(noun, Verb::Read)?;
        match &noun.source {
            Source::Table(stored) => stored::list(self, noun, stored, &scope, query),
            Source::Facts(facts) => match facts.paged {
                Some(paged) => paged(self, &scope, query),
                None => list::page(noun, (facts.list)(self, &scope)?, query),
            },
        }
    }

    /// One thing.
    ///
    /// # Errors
    /// There is none, or none that may be seen.
    pub fn get(&self, noun: &Noun, grant: &Grant, id: &str) -> Result<Image, Refusal> {
        let scope = grant.may(noun, Verb::Read)?;
        self.find(noun, &scope, id)
    }

    fn find(&self, noun: &Noun, scope: &Scope, id: &str) -> Result<Image, Refusal> {
        match &noun.source {
            Source::Table(stored) => {
                let row = stored::find(self, stored, scope, id)?;
                self.read(|reader| stored::shown(self, noun, stored, reader, &row))
            }
            Source::Facts(facts) => list::find(self, facts, scope, id),
        }
    }

    /// Makes a thing of what was sent.
    ///
    /// # Errors
    /// It may not be, or cannot be; nothing was saved.
    pub fn create(&self, noun: &Noun, grant: &Grant, sent: Image, request: Request) -> Result<Done, Refusal> {
        let scope = grant.may(noun, Verb::Write)?;
        match &noun.source {
            Source::Table(stored) => stored::create(self, (noun, stored), grant, &scope, sent, request),
            Source::Facts(_) => Err(Refusal::Missing),
        }
    }

    /// Changes what was sent of a thing. `base` is the revision that the sender knows.
    ///
    /// # Errors
    /// It may not be, or cannot be, or was changed since; nothing was saved.
    pub fn edit(
        &self,
        noun: &Noun,
        grant: &Grant,
        id: &str,
        sent: Image,
        (base, request): (u64, Request),
    ) -> Result<Done, Refusal> {
        let scope = grant.may(noun, Verb::Write)?;
        match &noun.source {
            Source::Table(stored) => {
                let about = (noun, *stored);
                stored::edit(self, about, (grant, &scope), id, sent, (base, request))
            }
            Source::Facts(facts) => {
                list::edit(self, (noun, facts), (grant, &scope), id, sent, (base, request))
            }
        }
    }

    /// Deletes a thing; with `everything` also what belongs to it. What has no revisions has no base. Gives the
    /// revision that was made.
    ///
    /// # Errors
    /// It may not be, or cannot be, or was changed since; nothing was saved.
    pub fn delete(
        &self,
        noun: &Noun,
        grant: &Grant,
        id: &str,
        everything: bool,
        (base, request): (Option<u64>, Request),
    ) -> Result<Option<u64>, Refusal> {
        let scope = grant.may(noun, Verb::Write)?;
        match &noun.source {
            Source::Table(stored) => {
                let base = base.unwrap_or_default();
                let about = (noun, *stored);
                stored::delete(self, about, (grant, &scope), id, everything, (base, request)).map(Some)
            }
            Source::Facts(facts) => {
                let delete = facts.delete.ok_or(Refusal::Missing)?;
                list::find(self, facts, &scope, id)?;
                delete(self, &scope, id).map(|()| None)
            }
        }
    }

    /// Does what an action of a noun says with one thing.
    ///
    /// # Errors
    /// It may not be, or cannot be; nothing was saved.
    pub fn act(
        &self,
        noun: &Noun,
        action: &Action,
        grant: &Grant,
        id: &str,
        (sent, request): (Image, Request),
    ) -> Result<Image, Refusal> {
        let scope = grant.may(noun, Verb::Write)?;
        self.find(noun, &scope, id)?;
        let draft = self.read(|reader| Draft::of(action.name, action.takes, sent, &scope, reader))?;
        (action.run)(self, grant, &scope, id, (&draft, request))
    }

    /// The revision that the same request made before, if it was made before.
    fn earlier(&self, request: Request) -> Result<Option<u64>, Refusal> {
        self.read(|reader| Ok(reader.revision_of(request.id())?.map(|revision| revision.rev)))
    }

    /// Makes a plan one revision, and gives it; a retry of the request gives the first.
    fn commit(&self, grant: &Grant, plan: &mut Plan, request: Request) -> Result<u64, Refusal> {
        let commit = Commit {
            force: request.is_forced(),
            request_id: request.id(),
            actor: grant.actor.clone(),
            summary: std::mem::take(&mut plan.summary),
            changes: std::mem::take(&mut plan.changes),
        };
        Ok(self.pbx.store().commit(commit)?.rev)
    }
}
