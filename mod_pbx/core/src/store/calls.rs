//! The tables of call records. They are no configuration: no revision tells of them, and no lookup waits for them.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Row, ToSql};
use serde::Serialize;
use uuid::Uuid;

macro_rules! words {
    ($(#[$doc:meta])* $type:ident { $($(#[$of:meta])* $one:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
        #[serde(rename_all = "kebab-case")]
        pub enum $type { $($(#[$of])* $one,)* }

        impl $type {
            /// Every one.
            pub const ALL: [Self; [$($text),*].len()] = [$(Self::$one),*];

            /// As it is stored and typed.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$one => $text,)* }
            }
        }

        impl ToSql for $type {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.as_str().into())
            }
        }

        impl FromSql for $type {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                match value.as_str()? {
                    $($text => Ok(Self::$one),)*
                    _ => Err(FromSqlError::InvalidType),
                }
            }
        }
    };
}

words! {
    /// Where a call came from and went.
    Direction {
        /// Within the PBX.
        Internal = "internal",
        /// From outside.
        Inbound = "inbound",
        /// To outside.
        Outbound = "outbound",
    }
}

words! {
    /// How a call ended.
    Outcome {
        /// It has not.
        Open = "open",
        /// Somebody answered.
        Answered = "answered",
        /// A mailbox took it.
        Voicemail = "voicemail",
        /// Nobody answered.
        NoAnswer = "no-answer",
        /// Who was called was busy.
        Busy = "busy",
        /// The caller gave up.
        Cancelled = "cancelled",
        /// It was not permitted.
        Refused = "refused",
        /// Something else: the cause says what.
        Failed = "failed",
        /// The PBX stopped while it was open, so that nobody knows.
        Interrupted = "interrupted",
    }
}

words! {
    /// Which side of a call a leg is on.
    Role {
        /// Who called.
        Caller = "caller",
        /// Who was called.
        Called = "called",
    }
}

/// A call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Call {
    /// UUIDv7, ours: nothing that the switch knows.
    pub id: Uuid,
    /// The domain of the first of its people; none: it is not yet known.
    pub domain: Option<String>,
    /// Where it came from and went.
    pub direction: Direction,
    /// The caller's number.
    pub caller_number: String,
    /// What the caller is called: of a stranger any text.
    pub caller_name: String,
    /// What was dialled first.
    pub called_number: String,
    /// The number of the extension that pays; none: nobody does, or it never got so far. Of a call outside, for the leg
    /// that was answered, else for the first that was tried.
    pub payer: Option<String>,
    /// What kind of number that leg went to (local, mobile …); none: nowhere outside, or it called for help.
    pub class: Option<String>,
    /// The gateway it came in or went out by.
    pub gateway: Option<String>,
    /// When it began, RFC 3339 in UTC, as all times.
    pub began: String,
    /// When somebody answered.
    pub answered: Option<String>,
    /// When its last leg ended.
    pub ended: Option<String>,
    /// How.
    pub outcome: Outcome,
    /// Why the caller's leg ended (Q.850's names).
    pub cause: Option<String>,
    /// For how many seconds people spoke.
    pub seconds: u64,
}

/// A phone, browser or gateway in a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Leg {
    /// UUIDv7.
    pub id: Uuid,
    /// Who called, or who was called.
    pub role: Role,
    /// The domain of the extension.
    pub domain: Option<String>,
    /// The extension, by the channel of its browsers: it keeps that when it is renumbered.
    pub extension: Option<Uuid>,
    /// Its number then, or one outside.
    pub number: String,
    /// The line whose phone it was; none: a browser.
    pub device: Option<String>,
    /// The gateway, if it is one's.
    pub gateway: Option<String>,
    /// When it began.
    pub began: String,
    /// When it was answered.
    pub answered: Option<String>,
    /// When it ended.
    pub ended: Option<String>,
    /// Why.
    pub cause: Option<String>,
}

/// Which calls.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this domain.
    pub domain: Option<String>,
    /// With a leg of one of these extensions, by their channels; empty: of any.
    pub extensions: Vec<Uuid>,
    /// Whose caller or dialled number contains this.
    pub number: String,
    /// Of this direction.
    pub direction: Option<Direction>,
    /// With this outcome.
    pub outcome: Option<Outcome>,
    /// That began then or later (RFC 3339 in UTC).
    pub since: Option<String>,
    /// That began before.
    pub until: Option<String>,
    /// Older than this one: goes on behind a page.
    pub before: Option<Uuid>,
}

/// The most calls of one page.
pub const MOST: u32 = 1000;

/// Writes calls with their legs, in the place of what was written of them, and takes out those that are gone.
pub(super) fn keep(conn: &Connection, calls: &[(Call, Vec<Leg>)], gone: &[Uuid]) -> rusqlite::Result<()> {
    let mut out = conn.prepare_cached("DELETE FROM call WHERE id = ?1")?;
    let mut legs_out = conn.prepare_cached("DELETE FROM call_leg WHERE call_id = ?1")?;
    for id in gone {
        let id = id.to_string();
        legs_out.execute([&id])?;
        out.execute([&id])?;
    }
    let mut put = conn.prepare_cached(include_str!("../../../../sql/keep_call.sql"))?;
    let mut put_leg = conn.prepare_cached(include_str!("../../../../sql/keep_call_leg.sql"))?;
    for (call, legs) in calls {
        put.execute(rusqlite::params![
            call.id.to_string(),
            call.domain,
            call.direction,
            call.caller_number,
            call.caller_name,
            call.called_number,
            call.payer,
            call.class,
            call.gateway,
            call.began,
            call.answered,
            call.ended,
            call.outcome,
            call.cause,
            call.seconds.cast_signed(),
        ])?;
        for leg in legs {
            put_leg.execute(rusqlite::params![
                leg.id.to_string(),
                call.id.to_string(),
                leg.role,
                leg.domain,
                leg.extension.map(|id| id.to_string()),
                leg.number,
                leg.device,
                leg.gateway,
                leg.began,
                leg.answered,
                leg.ended,
                leg.cause,
            ])?;
        }
    }
    Ok(())
}

/// Closes what an earlier process left open; how many.
pub(super) fn interrupt(conn: &Connection) -> rusqlite::Result<usize> {
    conn.prepare_cached("UPDATE call SET outcome = 'interrupted' WHERE outcome = 'open'")?
        .execute([])
}

/// Deletes so many calls that began before then; how many.
pub(super) fn forget(conn: &Connection, before: &str, most: u32) -> rusqlite::Result<usize> {
    let old = "SELECT id FROM call WHERE began < ?1 ORDER BY began LIMIT ?2";
    conn.prepare_cached(&format!("DELETE FROM call_leg WHERE call_id IN ({old})"))?
        .execute((before, most))?;
    conn.prepare_cached(&format!("DELETE FROM call WHERE id IN ({old})"))?
        .execute((before, most))
}

/// The calls that pass the filter, newest first, at most [`MOST`].
pub(super) fn list(conn: &Connection, filter: &Filter, limit: u32) -> rusqlite::Result<Vec<Call>> {
    // A list as one parameter: the ids hold nothing that JSON escapes.
    let extensions: Vec<String> = filter.extensions.iter().map(|id| format!("\"{id}\"")).collect();
    let extensions = (!extensions.is_empty()).then(|| format!("[{}]", extensions.join(",")));
    let sql = match extensions {
        // By the legs' index, which is in the same order: a person has few of many calls.
        Some(_) => include_str!("../../../../sql/calls_of_extensions.sql"),
        None => include_str!("../../../../sql/calls.sql"),
    };
    conn.prepare_cached(sql)?
        .query_map(
            rusqlite::params![
                filter.domain,
                filter.number,
                filter.direction,
                filter.outcome,
                filter.since,
                filter.until,
                filter.before.map(|id| id.to_string()),
                limit.min(MOST),
                extensions,
            ],
            call,
        )?
        .collect()
}

/// The legs of a call, in the order in which they began.
pub(super) fn legs(conn: &Connection, call: Uuid) -> rusqlite::Result<Vec<Leg>> {
    conn.prepare_cached(
        "SELECT id, role, domain, extension, number, device, gateway, began, answered, ended, cause \
         FROM call_leg WHERE call_id = ?1 ORDER BY id",
    )?
    .query_map([call.to_string()], |row| {
        Ok(Leg {
            id: id(row, 0)?,
            role: row.get(1)?,
            domain: row.get(2)?,
            extension: row.get::<_, Option<String>>(3)?.and_then(|id| id.parse().ok()),
            number: row.get(4)?,
            device: row.get(5)?,
            gateway: row.get(6)?,
            began: row.get(7)?,
            answered: row.get(8)?,
            ended: row.get(9)?,
            cause: row.get(10)?,
        })
    })?
    .collect()
}

pub(super) fn call(row: &Row<'_>) -> rusqlite::Result<Call> {
    Ok(Call {
        id: id(row, 0)?,
        domain: row.get(1)?,
        direction: row.get(2)?,
        caller_number: row.get(3)?,
        caller_name: row.get(4)?,
        called_number: row.get(5)?,
        payer: row.get(6)?,
        class: row.get(7)?,
        gateway: row.get(8)?,
        began: row.get(9)?,
        answered: row.get(10)?,
        ended: row.get(11)?,
        outcome: row.get(12)?,
        cause: row.get(13)?,
        seconds: row.get::<_, i64>(14)?.cast_unsigned(),
    })
}

fn id(row: &Row<'_>, index: usize) -> rusqlite::Result<Uuid> {
    super::log::uuid(row, index)
}
