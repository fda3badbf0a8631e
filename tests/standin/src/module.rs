//! Modules: loaded, asked for their table, and unloaded, in the switch's order.

mod image;
mod pool;

use std::collections::BTreeMap;
use std::ffi::{CStr, c_char};
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use freeswitch_sys::{SWITCH_API_VERSION, switch_event_types_t, switch_status_t};

use self::image::Image;
pub(crate) use self::pool::Interface;
use self::pool::Pool;
use crate::core::Source;
use crate::event::Event;
use crate::ledger::{self, Kind};
use crate::log::{Level, log};
use crate::sync::PthreadRw;
use crate::{api, text};

/// A loaded module. Dropped, it is closed, whatever still points into it: so does the switch.
pub(crate) struct Module {
    name: String,
    source: Source,
    image: Image,
    pool: Pool,
    /// Commands run under the read lock; unloading takes the write lock and says false.
    alive: PthreadRw<bool>,
}

static MODULES: Mutex<BTreeMap<String, Arc<Module>>> = Mutex::new(BTreeMap::new());

fn modules() -> MutexGuard<'static, BTreeMap<String, Arc<Module>>> {
    MODULES.lock().unwrap_or_else(PoisonError::into_inner)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn switch_loadable_module_exists(module: *const c_char) -> switch_status_t {
    // SAFETY: NULL or a C string.
    match unsafe { text::text(module) } {
        Some(name) if exists(&name) => switch_status_t::SWITCH_STATUS_SUCCESS,
        _ => switch_status_t::SWITCH_STATUS_FALSE,
    }
}

pub(crate) fn exists(name: &str) -> bool {
    modules().contains_key(name)
}

/// Loads the module `name`.
///
/// # Errors
/// In the switch's words; the log says more.
pub(crate) fn load(name: &str, source: &Source) -> Result<(), &'static str> {
    if exists(name) {
        log!(Level::Warning, "Module {name} Already Loaded!");
        return Err("Module already loaded");
    }
    let module = match open(name, source) {
        Ok(module) => Arc::new(module),
        Err(error) => {
            log!(Level::Crit, "Error Loading module {source:?}: **{error}**");
            return Err("module load file routine returned an error");
        }
    };
    log!(Level::Console, "Successfully Loaded [{name}]");
    modules().insert(name.to_owned(), Arc::clone(&module));
    for interface in module.pool.interfaces() {
        let Some(command) = interface.name() else { continue };
        log!(Level::Notice, "Adding API Function '{command}'");
        module.tell(switch_event_types_t::SWITCH_EVENT_MODULE_LOAD, &command);
        api::add(&command, interface, Arc::clone(&module));
    }
    Ok(())
}

/// `switch_loadable_module_load_file`. What fails after the image is open closes it again, as there: without
/// any word to the module.
fn open(name: &str, source: &Source) -> Result<Module, String> {
    let image = Image::open(name, source)?;
    let pool = Pool::new();
    if image.table().switch_api_version.cast_unsigned() != SWITCH_API_VERSION {
        return Err("Trying to load an out of date module, please rebuild the module.".to_owned());
    }
    let no_load = "Cannot locate symbol 'switch_module_load' please make sure this is a valid module.";
    let load = image.table().load.ok_or(no_load)?;
    let mut interface = ptr::null_mut();
    // SAFETY: called as the switch calls it, with a pool of its own.
    let status = unsafe { load(&raw mut interface, pool.handle()) };
    if status != switch_status_t::SWITCH_STATUS_SUCCESS && status != switch_status_t::SWITCH_STATUS_NOUNLOAD {
        return Err("Module load routine returned an error".to_owned());
    }
    if interface.is_null() {
        return Err("Module failed to initialize its module_interface. Is this a valid module?".to_owned());
    }
    ledger::take(Kind::Module, 1);
    let (name, source) = (name.to_owned(), source.clone());
    Ok(Module {
        name,
        source,
        image,
        pool,
        alive: PthreadRw::new(true),
    })
}

/// Unloads the module `name`.
///
/// # Errors
/// In the switch's words.
pub(crate) fn unload(name: &str) -> Result<(), &'static str> {
    let module = modules().remove(name).ok_or("No such module!")?;
    let status = module.alive.try_write(|alive| {
        *alive = false;
        module.shut_down()
    });
    match status {
        None => {
            log!(Level::Warning, "Module {name} is in use, cannot unload.");
            modules().insert(name.to_owned(), module);
            Err("Module in use.")
        }
        Some(status) if status == switch_status_t::SWITCH_STATUS_NOUNLOAD => {
            log!(Level::Warning, "{name} asked to stay in memory");
            std::mem::forget(module);
            Ok(())
        }
        Some(_) => {
            log!(Level::Console, "{name} unloaded.");
            Ok(())
        }
    }
}

/// Unloads every module.
pub(crate) fn unload_all() {
    let names: Vec<String> = modules().keys().cloned().collect();
    for name in names {
        if let Err(error) = unload(&name) {
            log!(Level::Error, "{name}: {error}");
        }
    }
}

/// Runs a module's dialplan application as a call's session would, but without one; false: no module has it.
pub(crate) fn run_application(name: &str, data: Option<&CStr>) -> bool {
    let all: Vec<Arc<Module>> = modules().values().cloned().collect();
    all.iter().any(|module| {
        let run = || {
            let Some(function) = module.pool.application(name) else {
                return false;
            };
            // SAFETY: an application of a module that is alive; its data may be NULL.
            unsafe { function(ptr::null_mut(), data.map_or(ptr::null(), CStr::as_ptr)) };
            true
        };
        module.while_alive(run).unwrap_or(false)
    })
}

impl Module {
    /// Runs `f` unless the module is gone; it cannot go meanwhile.
    pub(crate) fn while_alive<R>(&self, f: impl FnOnce() -> R) -> Option<R> {
        self.alive.read(|alive| alive.then(f))
    }

    /// `do_shutdown`: its commands go first, then it is told.
    fn shut_down(&self) -> switch_status_t {
        for interface in self.pool.interfaces() {
            let Some(command) = interface.name() else { continue };
            log!(Level::Notice, "Deleting API Function '{command}'");
            api::remove(&command);
            self.tell(switch_event_types_t::SWITCH_EVENT_MODULE_UNLOAD, &command);
        }
        log!(Level::Console, "Stopping: {}", self.name);
        match self.image.table().shutdown {
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
        event.add("filename", &format!("{:?}", self.source));
        event.fire();
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        ledger::give_back(Kind::Module, 1);
    }
}
