//! The lines of one's phones: made and revoked without an administrator.

use std::sync::{Mutex, PoisonError};

use uuid::Uuid;

use super::{About, Owner, Refusal, extension};
use crate::names::Username;
use crate::pbx::Pbx;
use crate::secret;
use crate::store::settings::LINES_PER_EXTENSION;
use crate::store::{Change, Commit, Reader, StoreError, rows};

/// What to do about a password that is too weak.
const ADVICE: &str = "; leave it empty to have one made up";

/// How many names are tried when one is made up.
const NAMES: u32 = 1000;

/// How many lines there are is looked at before one is made: by one at a time.
static MAKING: Mutex<()> = Mutex::new(());

/// A line that is somebody's own: their phone, or one of their extension.
#[derive(Debug, Clone)]
pub struct OwnLine {
    /// Its row.
    pub row: rows::Line,
    /// Its domain.
    pub domain: rows::Domain,
    /// What it rings for.
    pub extension: rows::Extension,
}

/// A line that was made just now.
#[derive(Debug, Clone)]
pub struct NewLine {
    /// The line.
    pub line: OwnLine,
    /// Its password, which is stored nowhere.
    pub password: String,
    /// Whether the password was made up.
    pub generated: bool,
}

/// What a line is to be. What is left out is made up.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The name it registers with.
    pub username: Option<Username>,
    /// Its password.
    pub password: Option<String>,
}

/// The lines that are this person's phones, and those of their extensions; by domain, number and username.
///
/// # Errors
/// The database cannot be read.
pub fn lines(reader: &Reader<'_>, user: Uuid) -> Result<Vec<OwnLine>, StoreError> {
    let mut rows = reader.lines_of_user(user)?;
    for extension in reader.extensions_of(user)? {
        rows.extend(reader.lines_of(extension.id)?);
    }
    rows.sort_by_key(|line| line.id);
    rows.dedup_by_key(|line| line.id);
    let mut found = Vec::new();
    for row in rows {
        found.extend(around(reader, row)?);
    }
    let place = |line: &OwnLine| {
        let names = (line.domain.name.clone(), line.extension.number.clone());
        (names, line.row.username.clone())
    };
    found.sort_by_key(place);
    Ok(found)
}

fn around(reader: &Reader<'_>, row: rows::Line) -> Result<Option<OwnLine>, StoreError> {
    let domain = reader.get::<rows::Domain>(row.domain_id)?;
    let extension = reader.get::<rows::Extension>(row.extension_id)?;
    Ok(domain.zip(extension).map(|(domain, extension)| OwnLine {
        row,
        domain,
        extension,
    }))
}

/// Makes a line of the owner's extension with this channel.
///
/// # Errors
/// Nothing was saved: it is not theirs, the name is taken, the password weak, or the extension has as many lines as
/// it may have (`lines-per-extension`).
pub fn add_line(pbx: &Pbx, owner: Owner<'_>, channel: Uuid, wanted: &Wanted) -> Result<NewLine, Refusal> {
    let _alone = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    let most = pbx.store().snapshot().settings.number(&LINES_PER_EXTENSION);
    let (theirs, count, username) = pbx
        .store()
        .read(|reader| {
            let Some(theirs) = extension(reader, owner.id, channel)? else {
                return Ok(None);
            };
            let count = reader.lines_of(theirs.row.id)?.len() as u64;
            let username = match &wanted.username {
                Some(username) => Some(username.clone()),
                None => free_name(reader, owner.id, theirs.domain.id)?,
            };
            Ok(Some((theirs, count, username)))
        })?
        .ok_or(Refusal::Missing)?;
    let (domain, extension) = (theirs.domain, theirs.row);
    if count >= most {
        return Err(Refusal::Full(format!(
            "extension {} has {count} lines, and may have no more than {most}: revoke one that is not used any more",
            extension.number
        )));
    }
    let username = username.ok_or_else(|| {
        let why = "no name for a line could be made up: choose one";
        Refusal::Invalid(About::Name, why.to_owned())
    })?;
    let generated = wanted.password.is_none();
    let password = match &wanted.password {
        Some(password) => {
            secret::weakness(password, username.as_str(), ADVICE)
                .map_err(|why| Refusal::Invalid(About::Password, why))?;
            password.clone()
        }
        None => secret::generate().map_err(|error| Refusal::Switch(error.to_string()))?,
    };
    let a1 = secret::a1_hex(username.as_str(), domain.name.as_str(), &password);
    let row = rows::Line::new(&extension, owner.id, username, a1);
    let summary = format!(
        "line {}@{} added to extension {}",
        row.username, domain.name, extension.number
    );
    // All else of a line is made up here.
    commit(pbx, owner, summary, Change::put(row.clone()), About::Name)?;
    Ok(NewLine {
        line: OwnLine {
            row,
            domain,
            extension,
        },
        password,
        generated,
    })
}

/// The person's name, or with a number behind it, that no line of the domain has.
fn free_name(reader: &Reader<'_>, user: Uuid, domain: Uuid) -> Result<Option<Username>, StoreError> {
    let Some(user) = reader.get::<rows::User>(user)? else {
        return Ok(None);
    };
    // Short enough for the longest number behind it.
    let base: String = user.name.as_str().chars().take(58).collect();
    for n in 1..=NAMES {
        let name = match n {
            1 => base.clone(),
            n => format!("{base}-{n}"),
        };
        let Ok(name) = name.parse::<Username>() else {
            return Ok(None);
        };
        let taken = reader.line_by_username(domain, name.as_str())?.is_some()
            || reader.extension_by_number(domain, name.as_str())?.is_some();
        if !taken {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// Deletes a line of the owner's, and ends its registrations. A call that it is in goes on.
///
/// # Errors
/// Nothing was saved.
pub fn revoke_line(pbx: &Pbx, owner: Owner<'_>, id: Uuid) -> Result<OwnLine, Refusal> {
    let found = pbx.store().read(|reader| {
        let Some(row) = reader.get::<rows::Line>(id)? else {
            return Ok(None);
        };
        let line = around(reader, row)?;
        let is_theirs = |line: &OwnLine| line.row.user_id == owner.id || line.extension.user_id == owner.id;
        Ok(line.filter(is_theirs))
    })?;
    let line = found.ok_or(Refusal::Missing)?;
    let summary = format!("line {}@{} deleted", line.row.username, line.domain.name);
    commit(
        pbx,
        owner,
        summary,
        Change::delete(line.row.clone()),
        About::Other,
    )?;
    pbx.presence().look();
    Ok(line)
}

/// `about`: what a refusal is about.
fn commit(pbx: &Pbx, owner: Owner<'_>, summary: String, change: Change, about: About) -> Result<(), Refusal> {
    let commit = Commit::new(owner.name, summary).with(change);
    match pbx.store().commit(commit) {
        Ok(_) => Ok(()),
        Err(StoreError::Invalid { message, .. }) => Err(Refusal::Invalid(about, message)),
        Err(error @ StoreError::Broken(_)) => Err(Refusal::Invalid(About::Other, error.to_string())),
        Err(error) => Err(error.into()),
    }
}
