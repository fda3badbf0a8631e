//! The prompt: lines from a terminal with history and completion, or plain lines from a script.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::mem::MaybeUninit;
use std::sync::Mutex;

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::validate::Validator;
use rustyline::{CompletionType, Config, Context, Editor, ExternalPrinter as _, Helper};

use crate::core::request_stop;
use crate::{api, log};

const PROMPT: &str = "standin> ";

/// The terminal as it was; put back when dropped, whatever the prompt's thread is doing to it.
pub(super) struct Prompt {
    terminal: Option<libc::termios>,
}

impl Drop for Prompt {
    fn drop(&mut self) {
        log::set_sink(None);
        if let Some(terminal) = &self.terminal {
            // SAFETY: attributes that tcgetattr gave us.
            unsafe { libc::tcsetattr(libc::STDIN_FILENO, libc::TCSADRAIN, terminal) };
        }
    }
}

/// Reads commands from standard input on a thread of its own until it ends.
pub(super) fn start() -> Result<Prompt, String> {
    let interactive = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let mut terminal = None;
    if interactive {
        let mut now = MaybeUninit::uninit();
        // SAFETY: fills in the attributes when it answers 0.
        if unsafe { libc::tcgetattr(libc::STDIN_FILENO, now.as_mut_ptr()) } == 0 {
            // SAFETY: filled in above.
            terminal = Some(unsafe { now.assume_init() });
        }
    }
    let read = move || if interactive { edit() } else { script() };
    std::thread::Builder::new()
        .name("prompt".to_owned())
        .spawn(read)
        .map_err(|error| error.to_string())?;
    Ok(Prompt { terminal })
}

/// Commands of a script, one a line. The host stops after the last; a standard input that never said anything
/// (`/dev/null`) leaves it running.
fn script() {
    let mut any = false;
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        any = true;
        show(&line);
    }
    if any {
        request_stop();
    }
}

fn show(line: &str) {
    if line.trim().is_empty() {
        return;
    }
    let answer = api::execute(line);
    let mut out = std::io::stdout();
    let newline = if answer.is_empty() || answer.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    // A closed standard output is noticed by whoever closed it.
    let _ = write!(out, "{answer}{newline}").and_then(|()| out.flush());
}

fn edit() {
    let config = Config::builder().completion_type(CompletionType::List).build();
    let history = MemHistory::with_config(&config);
    let Ok(mut editor) = Editor::<Words, MemHistory>::with_history(config, history) else {
        return script();
    };
    editor.set_helper(Some(Words));
    if let Ok(printer) = editor.create_external_printer() {
        let printer = Mutex::new(printer);
        log::set_sink(Some(Box::new(move |text| {
            if let Ok(mut printer) = printer.lock() {
                let _ = printer.print(text.to_owned());
            }
        })));
    }
    loop {
        match editor.readline(PROMPT) {
            Ok(line) => {
                let _ = editor.add_history_entry(line.trim());
                show(&line);
            }
            Err(ReadlineError::Interrupted | ReadlineError::Eof) => break,
            Err(ReadlineError::Signal(_)) => {}
            Err(_) => break,
        }
    }
    request_stop();
}

/// Completion out of the switch's tables.
struct Words;

impl Completer for Words {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let typed = &line[..position];
        let start = typed.rfind(' ').map_or(0, |space| space + 1);
        let mut words = api::candidates(typed);
        if let [only] = words.as_mut_slice() {
            only.push(' ');
        }
        Ok((start, words))
    }
}

impl Hinter for Words {
    type Hint = String;
}
impl Highlighter for Words {}
impl Validator for Words {}
impl Helper for Words {}
