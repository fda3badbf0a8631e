//! The stand-in as a whole: started once at a time, stopped when dropped.

use std::ffi::CStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::event::{self, Event};
use crate::log::{Level, log};
use crate::xml::root;
use crate::{api, module, variables};

/// What the stand-in is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// The configuration directory, in the switch's shape: `freeswitch.xml`, or `autoload_configs/*.xml`.
    pub conf: PathBuf,
    /// Where files are written, each kind in a folder of its own: `db`, `storage`, `log`, …
    pub run: PathBuf,
    /// Where modules are that are not in `modules`.
    pub mod_dir: PathBuf,
    /// Modules by name, such as `mod_pbx` in `target/debug/libmod_pbx.so`.
    pub modules: Vec<(String, Source)>,
}

/// Where a module is.
#[derive(Clone)]
pub enum Source {
    /// In a file of its own, as every module of a switch.
    File(PathBuf),
    /// In this very program. The switch looks there first, too.
    Linked(&'static Table),
}

/// What a module offers to the switch: its `NAME_module_interface`.
pub type Table = freeswitch_sys::switch_loadable_module_function_table;

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => write!(f, "{}", file.display()),
            Self::Linked(table) => write!(f, "linked at {table:p}"),
        }
    }
}

/// The global variables that name the folders below [`Options::run`].
const FOLDERS: [(&str, &str); 7] = [
    ("certs_dir", "certs"),
    ("db_dir", "db"),
    ("log_dir", "log"),
    ("recordings_dir", "tmp"),
    ("run_dir", "run"),
    ("storage_dir", "storage"),
    ("temp_dir", "tmp"),
];

/// The global variables that a switch finds out about itself.
const VARIABLES: [(&str, &str); 4] = [
    ("domain", "127.0.0.1"),
    ("hostname", "standin"),
    ("local_ip_v4", "127.0.0.1"),
    ("switchname", "standin"),
];

struct State {
    options: Options,
    started: Instant,
    stop: bool,
}

static STATE: Mutex<Option<State>> = Mutex::new(None);
static STOP: Condvar = Condvar::new();
/// A process is one switch: held while one runs.
static ONE: Mutex<()> = Mutex::new(());

fn state() -> MutexGuard<'static, Option<State>> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The running stand-in. Starting another waits until this one is dropped, which unloads all modules.
pub struct Core {
    _one: MutexGuard<'static, ()>,
}

impl Core {
    /// Starts the stand-in: reads the configuration, starts the dispatch thread, loads no module.
    ///
    /// # Errors
    /// The configuration is not readable or not XML, or there is no thread to be had.
    pub fn start(options: Options) -> Result<Self, String> {
        let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        variables::set("conf_dir", &options.conf.to_string_lossy());
        variables::set("mod_dir", &options.mod_dir.to_string_lossy());
        for (name, folder) in FOLDERS {
            let folder = options.run.join(folder);
            std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
            variables::set(name, &folder.to_string_lossy());
        }
        for (name, value) in VARIABLES {
            variables::set(name, value);
        }
        root::reload(&options.conf)?;
        event::start().map_err(|error| error.to_string())?;
        *state() = Some(State {
            options,
            started: Instant::now(),
            stop: false,
        });
        Ok(Self { _one: one })
    }

    /// Runs one command and answers as `fs_cli` would print it.
    pub fn execute(&self, line: &str) -> String {
        api::execute(line)
    }

    /// Calls a module's command with any bytes, or NULL. `None`: no module has it.
    pub fn call(&self, command: &str, argument: Option<&CStr>) -> Option<String> {
        api::call(command, argument)
    }

    /// Runs a module's dialplan application with any bytes, or NULL, and no session. False: no module has it.
    pub fn run_application(&self, name: &str, data: Option<&CStr>) -> bool {
        module::run_application(name, data)
    }

    /// What could be typed at the end of `line`.
    pub fn complete(&self, line: &str) -> Vec<String> {
        api::candidates(line)
    }

    /// Loads a module by its name.
    ///
    /// # Errors
    /// In the switch's words; the log says why.
    pub fn load(&self, name: &str) -> Result<(), &'static str> {
        load(name)
    }

    /// Unloads a module by its name.
    ///
    /// # Errors
    /// In the switch's words.
    pub fn unload(&self, name: &str) -> Result<(), &'static str> {
        module::unload(name)
    }

    /// Waits for the `shutdown` command, or for [`request_stop`].
    pub fn wait(&self) {
        let mut state = state();
        while state.as_ref().is_some_and(|state| !state.stop) {
            state = STOP.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        module::unload_all();
        event::stop();
        root::clear();
        *state() = None;
    }
}

/// Makes [`Core::wait`] return.
pub fn request_stop() {
    if let Some(state) = &mut *state() {
        state.stop = true;
    }
    STOP.notify_all();
}

pub(crate) fn started() -> Instant {
    state().as_ref().map_or_else(Instant::now, |state| state.started)
}

pub(crate) fn load(name: &str) -> Result<(), &'static str> {
    let source = {
        let state = state();
        let Some(State { options, .. }) = &*state else {
            return Err("not running");
        };
        let named = options.modules.iter().find(|(known, _)| known == name);
        named.map_or_else(
            || Source::File(options.mod_dir.join(format!("{name}.so"))),
            |(_, source)| source.clone(),
        )
    };
    module::load(name, &source)
}

/// Reads the static configuration again and says so in an event.
pub(crate) fn reload_xml() -> Result<(), String> {
    let conf: Option<PathBuf> = state().as_ref().map(|state| state.options.conf.clone());
    let conf = conf.ok_or("not running")?;
    let done = root::reload(Path::new(&conf));
    match &done {
        Ok(()) => Event::new(freeswitch_sys::switch_event_types_t::SWITCH_EVENT_RELOADXML, None).fire(),
        Err(error) => log!(Level::Error, "{error}"),
    }
    done
}
