//! The tables of the mail queue, in which webhooks wait as well. They are no configuration: no revision tells of them,
//! and no lookup waits for them.

use rusqlite::{Connection, OptionalExtension, Row};
use uuid::Uuid;

/// What became of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It is still to be sent.
    Waiting,
    /// The mail server has taken it.
    Sent,
    /// It was given up.
    Failed,
    /// Somebody took it out of the queue.
    Dropped,
}

impl State {
    fn text(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Dropped => "dropped",
        }
    }
}

/// What a row of the queue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A mail about a voicemail message.
    Voicemail,
    /// A mail about a call for help.
    Emergency,
    /// What a webhook is posted about a call for help.
    Webhook,
}

impl Kind {
    fn text(self) -> &'static str {
        match self {
            Self::Voicemail => "voicemail",
            Self::Emergency => "emergency",
            Self::Webhook => "webhook",
        }
    }
}

/// Which rows of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All of them.
    All,
    /// Those that a mail server takes.
    Mail,
    /// Those that are posted.
    Webhooks,
}

impl Part {
    fn is_webhook(self) -> Option<bool> {
        match self {
            Self::All => None,
            Self::Mail => Some(false),
            Self::Webhooks => Some(true),
        }
    }
}

/// A mail about a voicemail message, or what somebody is told of a call for help.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Mail {
    /// Its id, also that of the mail and the name of the recording that is kept for it.
    pub id: Uuid,
    /// What it is.
    pub kind: Kind,
    /// The recording in the mailbox; of a call for help, what no other row has.
    pub source: String,
    /// What became of it.
    pub state: State,
    /// Whom it goes to: an address, or a URL.
    pub recipient: String,
    /// `number@domain`: whose mailbox it is; who called for help.
    pub mailbox: String,
    /// What the caller calls itself: any text.
    pub caller_name: String,
    /// The caller's number: any text.
    pub caller_number: String,
    /// When the message was left, or the call began, RFC 3339 in UTC.
    pub left_at: String,
    /// How long it is, in seconds.
    pub seconds: u32,
    /// How often it was tried to send it.
    pub attempts: u32,
    /// When it is tried next, RFC 3339 in UTC.
    pub next_at: String,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// When it was put into the queue, RFC 3339 in UTC.
    pub queued_at: String,
    /// What there is to tell of a call for help, as JSON.
    #[serde(skip)]
    pub details: Option<String>,
}

/// How many there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// To be sent.
    pub waiting: u64,
    /// Given up.
    pub failed: u64,
}

/// Which of those that wait or were given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// All of them.
    All,
    /// This one.
    One(Uuid),
}

/// Puts a mail into the queue, as of `now`; false: there is one about this recording already.
pub(super) fn queue(conn: &Connection, mail: &Mail, now: &str) -> rusqlite::Result<bool> {
    let rows = conn
        .prepare_cached(include_str!("../../../../sql/queue_mail.sql"))?
        .execute((
            mail.id.to_string(),
            &mail.source,
            &mail.recipient,
            &mail.mailbox,
            &mail.caller_name,
            &mail.caller_number,
            &mail.left_at,
            mail.seconds,
            now,
            mail.kind.text(),
            &mail.details,
        ))?;
    Ok(rows == 1)
}

/// Mail in these states that is due at `by`.
pub(super) fn rows(
    conn: &Connection,
    states: [State; 2],
    by: &str,
    limit: u32,
    part: Part,
) -> rusqlite::Result<Vec<Mail>> {
    conn.prepare_cached(include_str!("../../../../sql/mail_rows.sql"))?
        .query_map(
            (states[0].text(), states[1].text(), by, limit, part.is_webhook()),
            mail,
        )?
        .collect()
}

fn mail(row: &Row<'_>) -> rusqlite::Result<Mail> {
    let text = |at: usize| row.get::<_, String>(at);
    let state = match text(2)?.as_str() {
        "waiting" => State::Waiting,
        "sent" => State::Sent,
        "failed" => State::Failed,
        _ => State::Dropped,
    };
    let kind = match text(13)?.as_str() {
        "emergency" => Kind::Emergency,
        "webhook" => Kind::Webhook,
        _ => Kind::Voicemail,
    };
    Ok(Mail {
        // Nobody but us writes ids; another text is nobody's.
        id: text(0)?.parse().unwrap_or_default(),
        kind,
        source: text(1)?,
        state,
        recipient: text(3)?,
        mailbox: text(4)?,
        caller_name: text(5)?,
        caller_number: text(6)?,
        left_at: text(7)?,
        seconds: row.get(8)?,
        attempts: row.get(9)?,
        next_at: text(10)?,
        last_error: row.get(11)?,
        queued_at: text(12)?,
        details: row.get(14)?,
    })
}

/// How many wait or were given up.
pub(super) fn counts(conn: &Connection, part: Part) -> rusqlite::Result<Counts> {
    let count = |state: State| -> rusqlite::Result<u64> {
        let sql =
            "SELECT count(*) FROM mail_queue WHERE state = ?1 AND (?2 IS NULL OR (kind = 'webhook') = ?2)";
        conn.prepare_cached(sql)?
            .query_row((state.text(), part.is_webhook()), |row| row.get::<_, i64>(0))
            .map(i64::cast_unsigned)
    };
    Ok(Counts {
        waiting: count(State::Waiting)?,
        failed: count(State::Failed)?,
    })
}

/// Writes down how an attempt ended: `next_at` for one that waits, `now` as the end of any other.
pub(super) fn attempted(
    conn: &Connection,
    id: Uuid,
    state: State,
    next_at: &str,
    error: Option<&str>,
    now: &str,
) -> rusqlite::Result<()> {
    let ended = (state != State::Waiting).then_some(now);
    conn.prepare_cached(include_str!("../../../../sql/mail_attempted.sql"))?
        .execute((id.to_string(), state.text(), next_at, error, ended))
        .map(drop)
}

/// Has those that wait or were given up tried again at once; how many. They begin anew: their time to be given
/// up counts from now.
pub(super) fn retry(conn: &Connection, which: Which, now: &str) -> rusqlite::Result<usize> {
    let sql = "UPDATE mail_queue SET state = 'waiting', next_at = ?1, queued_at = ?1, ended_at = NULL \
               WHERE state IN ('waiting', 'failed') AND (?2 IS NULL OR id = ?2)";
    conn.prepare_cached(sql)?.execute((now, one(which)))
}

/// Takes those that wait or were given up out of the queue; which.
pub(super) fn discard(conn: &Connection, which: Which, now: &str) -> rusqlite::Result<Vec<Uuid>> {
    let sql = "UPDATE mail_queue SET state = 'dropped', ended_at = ?1 \
               WHERE state IN ('waiting', 'failed') AND (?2 IS NULL OR id = ?2) RETURNING id";
    conn.prepare_cached(sql)?
        .query_map((now, one(which)), |row| row.get::<_, String>(0))?
        .map(|id| id.map(|id| id.parse().unwrap_or_default()))
        .collect()
}

fn one(which: Which) -> Option<String> {
    match which {
        Which::All => None,
        Which::One(id) => Some(id.to_string()),
    }
}

/// Forgets those that ended before then; their recordings are told of no more, since they are behind the mark.
pub(super) fn forget(conn: &Connection, before: &str) -> rusqlite::Result<Vec<Uuid>> {
    conn.prepare_cached("DELETE FROM mail_queue WHERE state <> 'waiting' AND ended_at < ?1 RETURNING id")?
        .query_map([before], |row| row.get::<_, String>(0))?
        .map(|id| id.map(|id| id.parse().unwrap_or_default()))
        .collect()
}

/// Up to when every message has been looked at, in seconds since 1970; none: none ever was.
pub(super) fn seen(conn: &Connection) -> rusqlite::Result<Option<i64>> {
    conn.prepare_cached("SELECT until FROM mail_seen")?
        .query_row([], |row| row.get(0))
        .optional()
}

/// Moves that mark on.
pub(super) fn see(conn: &Connection, until: i64) -> rusqlite::Result<()> {
    conn.prepare_cached(
        "INSERT INTO mail_seen (one, until) VALUES (1, ?1) \
         ON CONFLICT (one) DO UPDATE SET until = max(until, excluded.until)",
    )?
    .execute([until])
    .map(drop)
}
