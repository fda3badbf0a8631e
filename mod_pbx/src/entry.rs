//! Where the switch enters: the table it looks up by name, and what it calls at load and unload.

use std::ptr;

use freeswitch_sys::{
    SWITCH_API_VERSION, switch_loadable_module_create_module_interface,
    switch_loadable_module_function_table, switch_loadable_module_interface_t, switch_memory_pool_t,
    switch_status_t,
};

use crate::guard::guard;
use crate::module;

/// What `switch_loadable_module_load_file` looks for in a file called `mod_pbx.so`.
#[unsafe(no_mangle)]
pub static mod_pbx_module_interface: switch_loadable_module_function_table =
    switch_loadable_module_function_table {
        switch_api_version: SWITCH_API_VERSION as _,
        load: Some(load),
        shutdown: Some(shutdown),
        runtime: None,
        flags: 0,
    };

/// After anything but SUCCESS the switch unloads the image without calling `shutdown`.
///
/// # Safety
/// 1. `interface` may be written.
/// 2. `pool` is a memory pool that lives as long as the module.
unsafe extern "C" fn load(
    interface: *mut *mut switch_loadable_module_interface_t,
    pool: *mut switch_memory_pool_t,
) -> switch_status_t {
    guard(switch_status_t::SWITCH_STATUS_FALSE, || {
        // SAFETY: see 2; the name is copied.
        let made = unsafe { switch_loadable_module_create_module_interface(pool, c"mod_pbx".as_ptr()) };
        let Some(made) = ptr::NonNull::new(made) else {
            return switch_status_t::SWITCH_STATUS_MEMERR;
        };
        // SAFETY: see 1.
        unsafe { *interface = made.as_ptr() };
        // SAFETY: just made, and not yet known to the switch.
        match unsafe { module::load(made) } {
            Ok(()) => switch_status_t::SWITCH_STATUS_SUCCESS,
            Err(module::NotLoaded) => switch_status_t::SWITCH_STATUS_FALSE,
        }
    })
}

/// The switch has taken our commands out of service and waited for those that ran; look-ups still come.
extern "C" fn shutdown() -> switch_status_t {
    guard(switch_status_t::SWITCH_STATUS_NOUNLOAD, || {
        module::unload();
        switch_status_t::SWITCH_STATUS_SUCCESS
    })
}
