//! `switch_log_printf`: lines to stderr, coloured by level, and to whoever captures them.

use std::ffi::{c_char, c_int};
use std::io::{IsTerminal as _, Write as _};
use std::str::FromStr;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::text::text;

/// The switch's log levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i32)]
#[expect(missing_docs, reason = "the switch's own names")]
pub enum Level {
    Console = 0,
    Alert = 1,
    Crit = 2,
    Error = 3,
    Warning = 4,
    Notice = 5,
    Info = 6,
    Debug = 7,
}

const LEVELS: [(Level, &str, &str); 8] = [
    (Level::Console, "CONSOLE", ""),
    (Level::Alert, "ALERT", "\x1b[31m"),
    (Level::Crit, "CRIT", "\x1b[31m"),
    (Level::Error, "ERR", "\x1b[31m"),
    (Level::Warning, "WARNING", "\x1b[35m"),
    (Level::Notice, "NOTICE", "\x1b[36m"),
    (Level::Info, "INFO", "\x1b[32m"),
    (Level::Debug, "DEBUG", "\x1b[33m"),
];

impl FromStr for Level {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let number = name.parse().unwrap_or(-1);
        LEVELS
            .into_iter()
            .find(|(level, known, _)| {
                *level as i32 == number
                    || known.eq_ignore_ascii_case(name)
                    || format!("{level:?}").eq_ignore_ascii_case(name)
            })
            .map(|(level, ..)| level)
            .ok_or_else(|| {
                format!("`{name}` is none of console, alert, crit, err, warning, notice, info, debug")
            })
    }
}

/// One line of the log.
#[derive(Debug, Clone)]
pub struct Line {
    /// How important.
    pub level: Level,
    /// The source file that wrote it.
    pub file: String,
    /// And where in that file.
    pub line: i32,
    /// What it says, without the newline at its end.
    pub text: String,
}

static LEVEL: AtomicI32 = AtomicI32::new(Level::Debug as i32);

/// Writes to stderr what is at most this detailed. Captures see all.
pub fn set_level(level: Level) {
    LEVEL.store(level as i32, Ordering::Relaxed);
}

/// Writes nothing to stderr. Captures see all.
pub fn silence() {
    LEVEL.store(-1, Ordering::Relaxed);
}

type Captured = Arc<Mutex<Vec<Line>>>;
static CAPTURES: Mutex<Vec<Captured>> = Mutex::new(Vec::new());

/// Collects every line that is logged, by any thread, until it is dropped.
pub struct Capture(Captured);

impl Capture {
    /// Starts to collect.
    #[must_use]
    pub fn start() -> Self {
        let lines = Captured::default();
        CAPTURES
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Arc::clone(&lines));
        Self(lines)
    }

    /// What was logged so far.
    pub fn lines(&self) -> Vec<Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The lines that contain `text`.
    pub fn containing(&self, text: &str) -> Vec<Line> {
        self.lines()
            .into_iter()
            .filter(|line| line.text.contains(text))
            .collect()
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        CAPTURES
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|lines| !Arc::ptr_eq(lines, &self.0));
    }
}

/// Where lines go besides captures; stderr unless a prompt wants them printed above itself.
type Sink = Box<dyn Fn(&str) + Send + Sync>;
static SINK: Mutex<Option<Sink>> = Mutex::new(None);

/// Sends lines to `sink` instead of stderr; `None` sends them to stderr again.
pub(crate) fn set_sink(sink: Option<Sink>) {
    *SINK.lock().unwrap_or_else(PoisonError::into_inner) = sink;
}

/// A line of the stand-in's own: a level, then as `format!`.
macro_rules! log {
    ($level:expr, $($text:tt)+) => {
        $crate::log::write($level, file!(), line!(), format!($($text)+))
    };
}
pub(crate) use log;

pub(crate) fn write(level: Level, file: &str, line: u32, text: String) {
    let line = i32::try_from(line).unwrap_or(i32::MAX);
    record(Line {
        level,
        file: short(file),
        line,
        text,
    });
}

fn short(file: &str) -> String {
    file.rsplit('/').next().unwrap_or(file).to_owned()
}

fn record(line: Line) {
    for capture in CAPTURES.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        capture
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(line.clone());
    }
    if line.level as i32 > LEVEL.load(Ordering::Relaxed) {
        return;
    }
    let (_, name, colour) = LEVELS[line.level as usize];
    let now = jiff::Zoned::now().strftime("%F %T%.6f").to_string();
    let reset = if colour.is_empty() { "" } else { "\x1b[0m" };
    let (colour, reset) = if coloured() { (colour, reset) } else { ("", "") };
    let text = format!(
        "{colour}{now} [{name}] {}:{} {}{reset}\n",
        line.file, line.line, line.text
    );
    match &*SINK.lock().unwrap_or_else(PoisonError::into_inner) {
        Some(sink) => sink(&text),
        // Nobody is left to be told that stderr is closed.
        None => drop(std::io::stderr().write_all(text.as_bytes())),
    }
}

fn coloured() -> bool {
    static COLOURED: OnceLock<bool> = OnceLock::new();
    *COLOURED.get_or_init(|| std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
}

/// Called by the C half of `switch_log_printf` with the formatted text.
#[unsafe(no_mangle)]
unsafe extern "C" fn fs_standin_log(
    _channel: c_int,
    file: *const c_char,
    _func: *const c_char,
    line: c_int,
    _userdata: *const c_char,
    level: c_int,
    message: *const c_char,
) {
    // SAFETY: NULL or a C string, as the caller of switch_log_printf promises.
    let file = unsafe { text(file) }.unwrap_or_default();
    // SAFETY: formatted by our own C half.
    let message = unsafe { text(message) }.unwrap_or_default();
    let level = LEVELS
        .get(usize::try_from(level).unwrap_or(7))
        .map_or(Level::Debug, |(level, ..)| *level);
    record(Line {
        level,
        file: short(&file),
        line,
        text: message.trim_end_matches('\n').to_owned(),
    });
}
