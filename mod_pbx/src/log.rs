//! What we and our libraries log by `tracing` goes to the switch's log, with the file and line it came
//! from. Spans are not shown.
//!
//! The switch must find one line per message, and only what we wrote in it: callers choose much of the
//! text, and programs such as fail2ban act on the log. Control characters are therefore escaped, and the
//! text is never a format.

use std::ffi::{CString, c_int};
use std::fmt::{self, Write};
use std::sync::atomic::{AtomicU8, Ordering};

use freeswitch_sys::{switch_log_level_t, switch_log_printf, switch_text_channel_t};
use once_cell::sync::OnceCell;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};

use crate::cstr::c_string;

/// Bytes of one message; a longer one is cut. Somebody else may have chosen its length.
const LONGEST: usize = 4096;

/// What is logged: 0 for nothing (the module is not loaded), else up to this level as [`rank`] counts.
static LOGGED: AtomicU8 = AtomicU8::new(0);

/// Sends messages to the switch from now on, those of `level` and graver. Also changes the level later.
pub fn attach(level: Level) {
    static INSTALLED: OnceCell<()> = OnceCell::new();
    INSTALLED.get_or_init(|| {
        // Fails if another subscriber was there first: then this process is a test that reads the messages.
        let _ = tracing::subscriber::set_global_default(SwitchLog);
    });
    set(rank(&level));
}

/// Sends nothing any more. The subscriber stays: `tracing` has no way to take one out.
pub fn detach() {
    set(0);
}

fn set(logged: u8) {
    LOGGED.store(logged, Ordering::Relaxed);
    // Call sites below the level cost one comparison; they learn of the change here.
    tracing::callsite::rebuild_interest_cache();
}

const fn rank(level: &Level) -> u8 {
    match *level {
        Level::ERROR => 1,
        Level::WARN => 2,
        Level::INFO => 3,
        Level::DEBUG => 4,
        Level::TRACE => 5,
    }
}

/// The switch has no level below DEBUG that it does not print as an alert (`switch_log_meta_vprintf`).
const fn level_of_the_switch(level: &Level) -> switch_log_level_t {
    match *level {
        Level::ERROR => switch_log_level_t::SWITCH_LOG_ERROR,
        Level::WARN => switch_log_level_t::SWITCH_LOG_WARNING,
        Level::INFO => switch_log_level_t::SWITCH_LOG_INFO,
        Level::DEBUG | Level::TRACE => switch_log_level_t::SWITCH_LOG_DEBUG,
    }
}

struct SwitchLog;

impl Subscriber for SwitchLog {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        match self.enabled(metadata) {
            true => Interest::always(),
            false => Interest::never(),
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // Of what libraries say, only what needs somebody's attention.
        let ours = ["pbx", "mod_pbx"]
            .iter()
            .any(|name| metadata.target().starts_with(name));
        let rank = rank(metadata.level());
        metadata.is_event()
            && rank <= LOGGED.load(Ordering::Relaxed)
            && (ours || rank <= self::rank(&Level::WARN))
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(match LOGGED.load(Ordering::Relaxed) {
            0 => LevelFilter::OFF,
            1 => LevelFilter::ERROR,
            2 => LevelFilter::WARN,
            3 => LevelFilter::INFO,
            4 => LevelFilter::DEBUG,
            _ => LevelFilter::TRACE,
        })
    }

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let mut line = Line(String::with_capacity(128));
        event.record(&mut line);
        write(
            level_of_the_switch(metadata.level()),
            metadata.file().unwrap_or_default(),
            metadata.line().unwrap_or(0),
            metadata.target(),
            &line.0,
        );
    }

    fn new_span(&self, _span: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _span: &Id, _values: &Record<'_>) {}

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

fn write(level: switch_log_level_t, file: &str, line: u32, function: &str, text: &str) {
    // The switch puts the file's name into the format text itself (`switch_log_meta_vprintf`).
    let file = c_string(&file.replace('%', "_"));
    let function = c_string(function);
    let text: CString = c_string(text);
    // SAFETY: all are NUL-terminated and outlive the call, which copies; the format takes the one string
    // that is given; any thread may log.
    unsafe {
        switch_log_printf(
            switch_text_channel_t::SWITCH_CHANNEL_ID_LOG,
            file.as_ptr(),
            function.as_ptr(),
            c_int::try_from(line).unwrap_or(0),
            std::ptr::null(),
            level,
            c"%s\n".as_ptr(),
            text.as_ptr(),
        );
    }
}

/// The message, then each field as ` name=value`.
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // An error means that the line is full.
        let _ = match field.name() {
            "message" => write!(Escaped(&mut self.0), "{value:?}"),
            name => write!(Escaped(&mut self.0), " {name}={value:?}"),
        };
    }
}

/// Escapes control characters and cuts at [`LONGEST`].
struct Escaped<'a>(&'a mut String);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            if self.0.len() >= LONGEST {
                return Err(fmt::Error);
            }
            if character.is_control() {
                self.0.extend(character.escape_default());
            } else {
                self.0.push(character);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &str) -> String {
        let mut line = String::new();
        let _ = Escaped(&mut line).write_str(text);
        line
    }

    #[test]
    fn a_message_cannot_end_its_line_or_drive_a_terminal() {
        assert_eq!(
            escaped("a\nb\r\0\x1b[2J\u{9b}ü%s"),
            "a\\nb\\r\\u{0}\\u{1b}[2J\\u{9b}ü%s"
        );
    }

    #[test]
    fn a_message_is_cut() {
        assert_eq!(escaped(&"x".repeat(70_000)).len(), LONGEST);
        assert!(escaped(&"\n".repeat(70_000)).len() <= LONGEST + "\\u{ffff}".len());
    }
}
