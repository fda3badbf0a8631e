//! `pbx_feature`: what our dialplan has the switch run where a feature code changes something.

use std::ffi::c_char;
use std::ptr::NonNull;

use freeswitch_sys::{
    switch_application_interface, switch_core_session_t, switch_loadable_module_create_interface,
    switch_loadable_module_interface_t, switch_module_interface_name_t,
};

use crate::cstr;
use crate::guard::guard;
use crate::module;

/// Adds the application to what the module offers, as [`crate::api::offer`] does the command.
///
/// # Safety
/// `interface` is a module's that the switch does not use yet.
pub unsafe fn offer(interface: NonNull<switch_loadable_module_interface_t>) {
    // SAFETY: what the caller promises.
    let made = unsafe {
        switch_loadable_module_create_interface(
            interface.as_ptr(),
            switch_module_interface_name_t::SWITCH_APPLICATION_INTERFACE,
        )
    };
    let made = made.cast::<switch_application_interface>();
    // SAFETY: NULL, or an interface of the kind that was asked for, which nobody uses yet.
    let Some(made) = (unsafe { made.as_mut() }) else {
        return tracing::error!("the switch does not take the application pbx_feature");
    };
    made.interface_name = c"pbx_feature".as_ptr();
    made.short_desc = c"Feature codes of mod_pbx".as_ptr();
    made.long_desc = c"Changes what a phone's feature code asks for; used by mod_pbx's own dialplan".as_ptr();
    made.syntax = c"<wish> <number>@<domain>".as_ptr();
    made.application_function = Some(feature);
}

/// A `switch_application_function_t`. What came of it is told by the next look-up of the call.
///
/// # Safety
/// `data` is NULL or NUL-terminated, and stays until we return.
unsafe extern "C" fn feature(_session: *mut switch_core_session_t, data: *const c_char) {
    guard((), || {
        // SAFETY: what the switch promises.
        let data = unsafe { cstr::text(data) }.unwrap_or_default();
        match module::pbx() {
            Some(pbx) => pbx.feature(&data),
            None => tracing::warn!("mod_pbx is being unloaded: a feature code was not carried out"),
        }
    });
}
