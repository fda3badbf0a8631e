//! The `pbx` command, and the completion of its words on the console.

use std::ffi::{CStr, c_char};
use std::ptr::{self, NonNull};

use freeswitch_sys::{
    switch_api_interface, switch_console_add_complete_func, switch_console_callback_match_t,
    switch_console_del_complete_func, switch_console_free_matches, switch_console_push_match,
    switch_console_set_complete, switch_core_session_t, switch_loadable_module_create_interface,
    switch_loadable_module_interface_t, switch_module_interface_name_t, switch_status_t,
    switch_stream_handle_t,
};

use crate::cstr::{self, c_string};
use crate::guard::guard;
use crate::module;

const COMPLETION: &CStr = c"::pbx::complete";

/// Every word after `pbx` is completed by [`COMPLETION`]; the switch's table has room for ten words.
const COMPLETION_ROW: &CStr = c"add pbx ::pbx::complete ::pbx::complete ::pbx::complete ::pbx::complete \
    ::pbx::complete ::pbx::complete ::pbx::complete ::pbx::complete ::pbx::complete";

/// Adds the command to what the module offers. The switch puts it into service when `load` has
/// succeeded, and takes it out again before `shutdown`.
///
/// # Safety
/// `interface` is a module's that the switch does not use yet.
pub unsafe fn offer(interface: NonNull<switch_loadable_module_interface_t>) {
    // SAFETY: what the caller promises.
    let made = unsafe {
        switch_loadable_module_create_interface(
            interface.as_ptr(),
            switch_module_interface_name_t::SWITCH_API_INTERFACE,
        )
    };
    let made = made.cast::<switch_api_interface>();
    // SAFETY: NULL, or an interface of the kind that was asked for, which nobody uses yet.
    let Some(made) = (unsafe { made.as_mut() }) else {
        return tracing::error!("the switch does not take the pbx command");
    };
    made.interface_name = c"pbx".as_ptr();
    made.desc = c"The PBX: pbx help".as_ptr();
    made.syntax = c"help | <command> [<argument> ...] [json]".as_ptr();
    made.function = Some(command);
}

/// Completes words after `pbx` on the console, until it is dropped.
pub struct Completion(());

impl Completion {
    /// Adds our function and the row that names it.
    pub fn add() -> Self {
        // SAFETY: NUL-terminated, and copied; the function stays, since the image does.
        unsafe { switch_console_add_complete_func(COMPLETION.as_ptr(), Some(complete)) };
        // SAFETY: NUL-terminated, and copied. Fails in a switch without a database of its own: then words
        // are not completed.
        unsafe { switch_console_set_complete(COMPLETION_ROW.as_ptr()) };
        Self(())
    }
}

impl Drop for Completion {
    fn drop(&mut self) {
        // SAFETY: NUL-terminated.
        unsafe { switch_console_set_complete(c"del pbx".as_ptr()) };
        // Waits for a `complete` that is running.
        // SAFETY: NUL-terminated.
        unsafe { switch_console_del_complete_func(COMPLETION.as_ptr()) };
    }
}

/// A `switch_api_function_t`: the switch gives SUCCESS or, in words of its own, an error; ours says more.
///
/// # Safety
/// 1. `line` is NULL or NUL-terminated.
/// 2. `stream` is one to write to. Both stay until we return.
unsafe extern "C" fn command(
    line: *const c_char,
    _session: *mut switch_core_session_t,
    stream: *mut switch_stream_handle_t,
) -> switch_status_t {
    // SAFETY: see 2.
    let mut out = |text: &str| unsafe { write(stream, text) };
    let done = guard(false, || {
        // SAFETY: see 1.
        let line = unsafe { cstr::text(line) }.unwrap_or_default();
        match module::pbx() {
            Some(pbx) => pbx.command(&line, &mut out),
            None => out("-ERR mod_pbx is being unloaded\n"),
        }
        true
    });
    if !done {
        guard((), || out("-ERR internal error: see the log\n"));
    }
    switch_status_t::SWITCH_STATUS_SUCCESS
}

/// # Safety
/// `stream` is one to write to.
unsafe fn write(stream: *mut switch_stream_handle_t, text: &str) {
    // SAFETY: what the caller promises.
    let Some(write) = (unsafe { (*stream).write_function }) else {
        return;
    };
    let text = c_string(text);
    // SAFETY: the stream's own function; the format takes the one string that is given, and both are
    // copied.
    unsafe { write(stream, c"%s".as_ptr(), text.as_ptr()) };
}

/// A `switch_console_complete_callback_t`.
///
/// # Safety
/// 1. `line` is NULL or NUL-terminated.
/// 2. `matches` may be written. What it holds before is garbage (`comp_callback`), and read only after
///    SUCCESS.
unsafe extern "C" fn complete(
    line: *const c_char,
    _word: *const c_char,
    matches: *mut *mut switch_console_callback_match_t,
) -> switch_status_t {
    guard(switch_status_t::SWITCH_STATUS_FALSE, || {
        // SAFETY: see 1.
        let line = unsafe { cstr::text(line) }.unwrap_or_default();
        let typed = line.trim_start();
        let Some(pbx) = module::pbx() else {
            return switch_status_t::SWITCH_STATUS_FALSE;
        };
        let mut found = Matches(ptr::null_mut());
        for candidate in pbx.complete(typed.strip_prefix("pbx").unwrap_or(typed).trim_start()) {
            found.push(&candidate);
        }
        if found.0.is_null() {
            return switch_status_t::SWITCH_STATUS_FALSE;
        }
        // SAFETY: see 2.
        unsafe { *matches = found.into_raw() };
        switch_status_t::SWITCH_STATUS_SUCCESS
    })
}

/// A list that the switch will free, or we if it does not come to that.
struct Matches(*mut switch_console_callback_match_t);

impl Matches {
    fn push(&mut self, candidate: &str) {
        let candidate = c_string(candidate);
        // SAFETY: NULL or a list that this function made; the text is copied.
        unsafe { switch_console_push_match(&raw mut self.0, candidate.as_ptr()) };
    }

    fn into_raw(mut self) -> *mut switch_console_callback_match_t {
        std::mem::replace(&mut self.0, ptr::null_mut())
    }
}

impl Drop for Matches {
    fn drop(&mut self) {
        if !self.0.is_null() {
            // SAFETY: a list that `push` made, and not given away.
            unsafe { switch_console_free_matches(&raw mut self.0) };
        }
    }
}
