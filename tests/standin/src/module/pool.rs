//! What a module makes of itself while it loads: its interface and its commands, held by its memory pool.

use std::ffi::{c_char, c_void};
use std::ptr::{self, NonNull};
use std::sync::{Mutex, PoisonError};

use freeswitch_sys::{
    switch_api_interface, switch_application_function_t, switch_application_interface,
    switch_loadable_module_interface_t, switch_memory_pool_t, switch_module_interface_name_t,
};

use crate::ledger::{self, Kind};
use crate::log::{Level, log};
use crate::text::text;

/// A module's memory pool, which is also its interface: a module has one of each, and they end together.
pub(super) struct Pool(NonNull<Contents>);

struct Contents {
    /// Boxed; the module fills them in.
    interfaces: Mutex<Vec<*mut switch_api_interface>>,
    /// Likewise.
    applications: Mutex<Vec<*mut switch_application_interface>>,
}

// SAFETY: interfaces are filled in while the module loads and only read after that.
unsafe impl Send for Pool {}
// SAFETY: as above.
unsafe impl Sync for Pool {}

impl Pool {
    pub(super) fn new() -> Self {
        ledger::take(Kind::Pool, 1);
        Self(NonNull::from(Box::leak(Box::new(Contents {
            interfaces: Mutex::default(),
            applications: Mutex::default(),
        }))))
    }

    /// As the module is given it.
    pub(super) fn handle(&self) -> *mut switch_memory_pool_t {
        self.0.as_ptr().cast()
    }

    /// The commands, in the order in which they were made.
    pub(super) fn interfaces(&self) -> Vec<Interface> {
        // SAFETY: ours until dropped.
        let contents = unsafe { self.0.as_ref() };
        let interfaces = contents.interfaces.lock().unwrap_or_else(PoisonError::into_inner);
        interfaces.iter().map(|interface| Interface(*interface)).collect()
    }

    /// The dialplan application of this name.
    pub(super) fn application(&self, name: &str) -> switch_application_function_t {
        // SAFETY: ours until dropped.
        let contents = unsafe { self.0.as_ref() };
        let applications = contents
            .applications
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        applications.iter().find_map(|application| {
            // SAFETY: boxed by create_interface; lives while its module does.
            let application = unsafe { &**application };
            // SAFETY: NULL or a C string of the module's.
            let its_name = unsafe { text(application.interface_name) };
            (its_name.as_deref() == Some(name)).then_some(application.application_function)?
        })
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        for interface in self.interfaces() {
            // SAFETY: boxed by create_interface; the module is gone.
            drop(unsafe { Box::from_raw(interface.0.cast_mut()) });
            ledger::give_back(Kind::Interface, 1);
        }
        // SAFETY: ours until dropped below.
        let contents = unsafe { self.0.as_mut() };
        let applications = contents.applications.get_mut();
        for application in applications.unwrap_or_else(PoisonError::into_inner).drain(..) {
            // SAFETY: boxed by create_interface; the module is gone.
            drop(unsafe { Box::from_raw(application) });
            ledger::give_back(Kind::Interface, 1);
        }
        // SAFETY: boxed by `new`.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
        ledger::give_back(Kind::Pool, 1);
    }
}

/// A command of a module. Lives as long as the module.
#[derive(Clone, Copy)]
pub(crate) struct Interface(pub(crate) *const switch_api_interface);

// SAFETY: read by whichever thread runs a command; freed only after it is out of every table.
unsafe impl Send for Interface {}
// SAFETY: as above.
unsafe impl Sync for Interface {}

impl Interface {
    pub(super) fn name(self) -> Option<String> {
        // SAFETY: lives while its module does.
        let interface = unsafe { &*self.0 };
        // SAFETY: NULL or a C string of the module's.
        unsafe { text(interface.interface_name) }
    }

    /// What `help` says: its description and how it is typed.
    pub(crate) fn help(self) -> (String, String) {
        // SAFETY: lives while its module does.
        let interface = unsafe { &*self.0 };
        // SAFETY: NULL or a C string of the module's.
        let description = unsafe { text(interface.desc) };
        // SAFETY: as above.
        let syntax = unsafe { text(interface.syntax) };
        (description.unwrap_or_default(), syntax.unwrap_or_default())
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn switch_loadable_module_create_module_interface(
    pool: *mut switch_memory_pool_t,
    _name: *const c_char,
) -> *mut switch_loadable_module_interface_t {
    pool.cast()
}

#[unsafe(no_mangle)]
unsafe extern "C" fn switch_loadable_module_create_interface(
    module: *mut switch_loadable_module_interface_t,
    iname: switch_module_interface_name_t,
) -> *mut c_void {
    // SAFETY: a module's interface is its pool.
    let contents = unsafe { &*module.cast::<Contents>() };
    if iname == switch_module_interface_name_t::SWITCH_APPLICATION_INTERFACE {
        return application(contents, module).cast();
    }
    if iname != switch_module_interface_name_t::SWITCH_API_INTERFACE {
        log!(
            Level::Warning,
            "the stand-in host has no interfaces of type {}",
            iname.0
        );
        return ptr::null_mut();
    }
    let interface = Box::into_raw(Box::new(switch_api_interface {
        interface_name: ptr::null(),
        desc: ptr::null(),
        function: None,
        syntax: ptr::null(),
        rwlock: ptr::null_mut(),
        refs: 0,
        reflock: ptr::null_mut(),
        parent: module,
        next: ptr::null_mut(),
    }));
    contents
        .interfaces
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(interface);
    ledger::take(Kind::Interface, 1);
    interface.cast()
}

fn application(
    contents: &Contents,
    module: *mut switch_loadable_module_interface_t,
) -> *mut switch_application_interface {
    let application = Box::into_raw(Box::new(switch_application_interface {
        interface_name: ptr::null(),
        application_function: None,
        long_desc: ptr::null(),
        short_desc: ptr::null(),
        syntax: ptr::null(),
        flags: 0,
        rwlock: ptr::null_mut(),
        refs: 0,
        reflock: ptr::null_mut(),
        parent: module,
        next: ptr::null_mut(),
    }));
    contents
        .applications
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(application);
    ledger::take(Kind::Interface, 1);
    application
}
