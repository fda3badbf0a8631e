//! The program: a console on the terminal, a control socket beside it, Ctrl-C ends it.

mod control;
mod prompt;
mod signals;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

pub use control::send;

use crate::core::{Core, Options, Source};
use crate::log::{self, Level};

/// A stand-in for FreeSWITCH to run mod_pbx in. It is a test double and carries no calls.
#[derive(Parser)]
#[command(name = "standin", version)]
struct Arguments {
    /// Send one command, as it is, to the host that listens on SOCKET; print its answer and end.
    #[arg(long, value_name = "SOCKET")]
    send: Option<PathBuf>,

    /// Configuration directory in FreeSWITCH's shape: `freeswitch.xml`, or `autoload_configs/*.xml`.
    #[arg(long, value_name = "DIRECTORY", required_unless_present = "send")]
    conf: Option<PathBuf>,

    /// Where the module keeps its files, and the control socket is.
    #[arg(long, value_name = "DIRECTORY", default_value = ".run/standin")]
    run: PathBuf,

    /// The module [default: libmod_pbx.so or mod_pbx.so beside this program].
    #[arg(long, value_name = "FILE")]
    module: Option<PathBuf>,

    /// The control socket [default: standin.sock in the run directory].
    #[arg(long, value_name = "SOCKET")]
    socket: Option<PathBuf>,

    /// How much is logged: console, alert, crit, err, warning, notice, info or debug.
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    log: Level,

    /// The command for `--send`.
    #[arg(
        value_name = "COMMAND",
        requires = "send",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    command: Vec<String>,
}

const MODULE: &str = "mod_pbx";

/// Runs the program with these arguments; the first is its name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are "errors" too; nobody is left to be told that printing failed.
            let _ = error.print();
            return if error.use_stderr() {
                ExitCode::from(2)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    let outcome = match &arguments.send {
        Some(socket) => send(socket, &arguments.command.join(" ")).and_then(|answer| print(&answer)),
        None => serve(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "standin: {error}");
            ExitCode::FAILURE
        }
    }
}

fn print(text: &str) -> Result<(), String> {
    let mut out = std::io::stdout();
    let newline = if text.ends_with('\n') { "" } else { "\n" };
    write!(out, "{text}{newline}")
        .and_then(|()| out.flush())
        .map_err(|error| error.to_string())
}

fn serve(arguments: &Arguments) -> Result<(), String> {
    log::set_level(arguments.log);
    signals::watch()?;
    let conf = absolute(arguments.conf.as_deref().unwrap_or(Path::new("conf")))?;
    std::fs::create_dir_all(&arguments.run)
        .map_err(|error| format!("{}: {error}", arguments.run.display()))?;
    let run = absolute(&arguments.run)?;
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let folder = program.parent().unwrap_or(Path::new("."));
    let module = match &arguments.module {
        Some(file) => absolute(file)?,
        None => beside(folder)?,
    };
    let socket = arguments
        .socket
        .clone()
        .unwrap_or_else(|| run.join("standin.sock"));

    let core = Core::start(Options {
        conf: conf.clone(),
        run: run.clone(),
        mod_dir: folder.to_owned(),
        modules: vec![(MODULE.to_owned(), Source::File(module.clone()))],
    })?;
    let mut control = control::listen(&socket)?;
    let state = match core.load(MODULE) {
        Ok(()) => "loaded".to_owned(),
        Err(error) => format!("NOT loaded ({error}): mend it, then `load {MODULE}`"),
    };
    control.serve()?;
    print(&format!(
        "\nStand-in host for {MODULE}. It is a test double of FreeSWITCH: look-ups and commands, no calls.\n\
         \x20 configuration  {}\n\
         \x20 files          {}\n\
         \x20 module         {} {state}\n\
         \x20 here           type commands: `pbx status`, `pbx help`, `help`; `shutdown` or Ctrl-C ends\n\
         \x20 from outside   {} --send {} pbx status\n",
        conf.display(),
        run.display(),
        module.display(),
        program.display(),
        socket.display(),
    ))?;
    let prompt = prompt::start()?;
    core.wait();
    drop(prompt);
    drop(core);
    drop(control);
    print("Stand-in host stopped.")
}

fn absolute(path: &Path) -> Result<PathBuf, String> {
    path.canonicalize()
        .map_err(|error| format!("{}: {error}", path.display()))
}

fn beside(folder: &Path) -> Result<PathBuf, String> {
    let names = [format!("lib{MODULE}.so"), format!("{MODULE}.so")];
    names
        .iter()
        .map(|name| folder.join(name))
        .find(|file| file.is_file())
        .ok_or_else(|| {
            format!(
                "no {} in {}: name the module with --module FILE",
                names.join(" or "),
                folder.display()
            )
        })
}
