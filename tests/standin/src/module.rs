//! Modules: loaded with `dlopen`, asked for their table, and unloaded, in the switch's order.

mod interface;

use std::collections::BTreeMap;
use std::ffi::{CStr, c_char, c_void};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError};

use freeswitch_sys::{
    SWITCH_API_VERSION, switch_api_interface, switch_event_types_t, switch_loadable_module_function_table,
    switch_status_t,
};

use self::interface::Pool;
use crate::event::Event;
use crate::ledger::{self, Kind};
use crate::log::{Level, log};
use crate::sync::PthreadRw;
use crate::{api, text};

/// A loaded module.
pub(crate) struct Module {
    name: String,
    file: PathBuf,
    library: *mut c_void,
    table: *const switch_loadable_module_function_table,
    pool: *mut Pool,
    /// Commands run under the read lock; unloading takes the write lock and says false.
    alive: PthreadRw<bool>,
}

// SAFETY: the pointers are the module's table and its pool, which any thread of the switch may use.
unsafe impl Send for Module {}
// SAFETY: as above.
unsafe impl Sync for Module {}

static MODULES: Mutex<BTreeMap<String, Arc<Module>>> = Mutex::new(BTreeMap::new());

#[unsafe(no_mangle)]
unsafe extern "C" fn switch_loadable_module_exists(module: *const c_char) -> switch_status_t {
    // SAFETY: NULL or a C string.
    match unsafe { text::text(module) } {
        Some(name) if exists(&name) => switch_status_t::SWITCH_STATUS_SUCCESS,
        _ => switch_status_t::SWITCH_STATUS_FALSE,
    }
}

pub(crate) fn exists(name: &str) -> bool {
    MODULES
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .contains_key(name)
}

/// Loads the module `name` out of `file`.
///
/// # Errors
/// In the switch's words; the log says more.
pub(crate) fn load(name: &str, file: &Path) -> Result<(), &'static str> {
    if exists(name) {
        log(
            Level::Warning,
            file!(),
            line!(),
            &format!("Module {name} Already Loaded!"),
        );
        return Err("Module already loaded");
    }
    let module = match open(name, file) {
        Ok(module) => Arc::new(module),
        Err(error) => {
            let text = format!("Error Loading module {}\n**{error}**", file.display());
            log(Level::Crit, file!(), line!(), &text);
            return Err("module load file routine returned an error");
        }
    };
    log(
        Level::Console,
        file!(),
        line!(),
        &format!("Successfully Loaded [{name}]"),
    );
    MODULES
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(name.to_owned(), Arc::clone(&module));
    for interface in module.interfaces() {
        let Some(command) = interface.name() else { continue };
        log(
            Level::Notice,
            file!(),
            line!(),
            &format!("Adding API Function '{command}'"),
        );
        module.tell(switch_event_types_t::SWITCH_EVENT_MODULE_LOAD, &command);
        api::add(&command, interface, Arc::clone(&module));
    }
    Ok(())
}

/// Unloads the module `name`.
///
/// # Errors
/// In the switch's words.
pub(crate) fn unload(name: &str) -> Result<(), &'static str> {
    let mut modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
    let module = modules.remove(name).ok_or("No such module!")?;
    drop(modules);
    let status = module.alive.try_write(|alive| {
        *alive = false;
        module.shut_down()
    });
    let keep = |error| {
        log(
            Level::Warning,
            file!(),
            line!(),
            &format!("Module {name} is in use, cannot unload."),
        );
        MODULES
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.to_owned(), Arc::clone(&module));
        Err(error)
    };
    let Some(status) = status else {
        return keep("Module in use.");
    };
    if status == switch_status_t::SWITCH_STATUS_NOUNLOAD {
        log(
            Level::Warning,
            file!(),
            line!(),
            &format!("{name} asked to stay in memory"),
        );
        return Ok(());
    }
    // SAFETY: shut down; the switch closes it here too, whatever still points into it.
    unsafe { libc::dlclose(module.library) };
    // SAFETY: made by `open`; the module's interfaces are out of every table.
    unsafe { interface::destroy(module.pool) };
    ledger::give_back(Kind::Module, 1);
    log(Level::Console, file!(), line!(), &format!("{name} unloaded."));
    Ok(())
}

/// Unloads every module.
pub(crate) fn unload_all() {
    let names: Vec<String> = MODULES
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .keys()
        .cloned()
        .collect();
    for name in names {
        if let Err(error) = unload(&name) {
            log(Level::Error, file!(), line!(), &format!("{name}: {error}"));
        }
    }
}

/// `switch_loadable_module_load_file`, without its first attempt to find the module's table in the process
/// itself: a test may be linked with the very module it loads.
fn open(name: &str, file: &Path) -> Result<Module, String> {
    let path = text::c_string(&String::from_utf8_lossy(file.as_os_str().as_bytes()));
    // SAFETY: a C string; loading runs the library's initialisers, as in the switch.
    let library = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
    if library.is_null() {
        return Err(dl_error());
    }
    let pool = interface::create();
    let undo = |error: String| {
        // SAFETY: opened above. As in the switch, without any word to the module.
        unsafe { libc::dlclose(library) };
        // SAFETY: created above.
        unsafe { interface::destroy(pool) };
        Err(error)
    };
    let symbol = text::c_string(&format!("{name}_module_interface"));
    // SAFETY: an open library and a C string.
    let table =
        unsafe { libc::dlsym(library, symbol.as_ptr()) }.cast::<switch_loadable_module_function_table>();
    if table.is_null() {
        return undo(dl_error());
    }
    // SAFETY: what a module exports by this name is its table.
    let functions = unsafe { &*table };
    if functions.switch_api_version.cast_unsigned() != SWITCH_API_VERSION {
        return undo("Trying to load an out of date module, please rebuild the module.".to_owned());
    }
    let Some(load) = functions.load else {
        return undo(
            "Cannot locate symbol 'switch_module_load' please make sure this is a valid module.".to_owned(),
        );
    };
    let mut interface = ptr::null_mut();
    // SAFETY: called as the switch calls it, with a pool of its own.
    let status = unsafe { load(&raw mut interface, pool.cast()) };
    if status != switch_status_t::SWITCH_STATUS_SUCCESS && status != switch_status_t::SWITCH_STATUS_NOUNLOAD {
        return undo("Module load routine returned an error".to_owned());
    }
    if interface.is_null() {
        return undo("Module failed to initialize its module_interface. Is this a valid module?".to_owned());
    }
    ledger::take(Kind::Module, 1);
    Ok(Module {
        name: name.to_owned(),
        file: file.to_owned(),
        library,
        table,
        pool,
        alive: PthreadRw::new(true),
    })
}

fn dl_error() -> String {
    // SAFETY: has no conditions.
    let error = unsafe { libc::dlerror() };
    // SAFETY: NULL or the message of this thread's last call.
    let error = unsafe { text::text(error) };
    error.unwrap_or_else(|| "unknown error".to_owned())
}

/// A command of a module.
#[derive(Clone, Copy)]
pub(crate) struct Interface(pub(crate) *const switch_api_interface);

// SAFETY: read by whichever thread runs a command; freed only after it is out of every table.
unsafe impl Send for Interface {}
// SAFETY: as above.
unsafe impl Sync for Interface {}

impl Interface {
    fn name(self) -> Option<String> {
        // SAFETY: live while its module is.
        let interface = unsafe { &*self.0 };
        // SAFETY: NULL or a C string of the module's.
        unsafe { text::text(interface.interface_name) }
    }

    /// What `help` says: its description and how it is typed.
    pub(crate) fn help(self) -> (String, String) {
        // SAFETY: live while its module is.
        let interface = unsafe { &*self.0 };
        // SAFETY: NULL or a C string of the module's.
        let description = unsafe { text::text(interface.desc) };
        // SAFETY: as above.
        let syntax = unsafe { text::text(interface.syntax) };
        (description.unwrap_or_default(), syntax.unwrap_or_default())
    }
}

impl Module {
    fn interfaces(&self) -> Vec<Interface> {
        // SAFETY: the pool lives as long as the module.
        unsafe { &*self.pool }.interfaces()
    }

    /// Runs `f` unless the module is gone; it cannot go meanwhile.
    pub(crate) fn while_alive<R>(&self, f: impl FnOnce() -> R) -> Option<R> {
        self.alive.read(|alive| alive.then(f))
    }

    /// `do_shutdown`: its commands go first, then it is told.
    fn shut_down(&self) -> switch_status_t {
        for interface in self.interfaces() {
            let Some(command) = interface.name() else { continue };
            log(
                Level::Notice,
                file!(),
                line!(),
                &format!("Deleting API Function '{command}'"),
            );
            api::remove(&command);
            self.tell(switch_event_types_t::SWITCH_EVENT_MODULE_UNLOAD, &command);
        }
        log(
            Level::Console,
            file!(),
            line!(),
            &format!("Stopping: {}", self.name),
        );
        // SAFETY: the table of an open library.
        match unsafe { (*self.table).shutdown } {
            // SAFETY: called once, after a load that succeeded.
            Some(shutdown) => unsafe { shutdown() },
            None => switch_status_t::SWITCH_STATUS_SUCCESS,
        }
    }

    fn tell(&self, kind: switch_event_types_t, command: &str) {
        let mut event = Event::new(kind, None);
        event.add("type", "api");
        event.add("name", command);
        event.add("key", &self.name);
        event.add("filename", &self.file.to_string_lossy());
        event.fire();
    }
}

/// The address of `symbol` in the shared object `file`, if it is in memory: for tests that look into a module.
///
/// # Safety
/// The caller knows what the symbol is, and uses it only while the module is loaded.
pub unsafe fn symbol(file: &Path, symbol: &CStr) -> Option<*mut c_void> {
    let path = text::c_string(&String::from_utf8_lossy(file.as_os_str().as_bytes()));
    // SAFETY: a C string; RTLD_NOLOAD opens nothing new.
    let library = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_NOLOAD) };
    if library.is_null() {
        return None;
    }
    // SAFETY: an open library and a C string.
    let address = unsafe { libc::dlsym(library, symbol.as_ptr()) };
    // SAFETY: gives back the reference just taken.
    unsafe { libc::dlclose(library) };
    (!address.is_null()).then_some(address)
}
