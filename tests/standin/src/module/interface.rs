//! What a module makes of itself while it loads: its interface and its commands, held by its memory pool.

use std::ffi::{c_char, c_void};
use std::ptr;
use std::sync::{Mutex, PoisonError};

use freeswitch_sys::{
    switch_api_interface, switch_loadable_module_interface_t, switch_memory_pool_t,
    switch_module_interface_name_t,
};

use super::Interface;
use crate::ledger::{self, Kind};
use crate::log::{Level, log};

/// A module's memory pool, which is also its interface: one module has one of each, and both end together.
pub(crate) struct Pool {
    /// Boxed; the module fills them in.
    interfaces: Mutex<Vec<*mut switch_api_interface>>,
}

impl Pool {
    /// The commands, in the order in which they were made.
    pub(super) fn interfaces(&self) -> Vec<Interface> {
        let interfaces = self.interfaces.lock().unwrap_or_else(PoisonError::into_inner);
        interfaces.iter().map(|interface| Interface(*interface)).collect()
    }
}

pub(super) fn create() -> *mut Pool {
    ledger::take(Kind::Pool, 1);
    Box::into_raw(Box::new(Pool {
        interfaces: Mutex::default(),
    }))
}

/// # Safety
/// `pool` was made by [`create`] and nobody uses it any more.
pub(super) unsafe fn destroy(pool: *mut Pool) {
    // SAFETY: by the caller's promise.
    let pool = unsafe { Box::from_raw(pool) };
    for interface in pool.interfaces() {
        // SAFETY: boxed by create_interface; the module is gone.
        drop(unsafe { Box::from_raw(interface.0.cast_mut()) });
        ledger::give_back(Kind::Interface, 1);
    }
    ledger::give_back(Kind::Pool, 1);
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
    if iname != switch_module_interface_name_t::SWITCH_API_INTERFACE {
        log(
            Level::Warning,
            file!(),
            line!(),
            &format!("the stand-in host has no interfaces of type {}", iname.0),
        );
        return ptr::null_mut();
    }
    // SAFETY: a module's interface is its pool.
    let pool = unsafe { &*module.cast::<Pool>() };
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
    pool.interfaces
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(interface);
    ledger::take(Kind::Interface, 1);
    interface.cast()
}
