//! Global variables: what `global_getvar` and `$${…}` see.

use std::collections::BTreeMap;
use std::ffi::{CStr, c_char};
use std::ptr;
use std::sync::{Mutex, PoisonError};

static VARIABLES: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());

/// Sets a global variable.
pub fn set(name: &str, value: &str) {
    VARIABLES
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(name.to_owned(), value.to_owned());
}

/// A global variable.
pub fn get(name: &str) -> Option<String> {
    VARIABLES
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get(name)
        .cloned()
}

/// All of them, as `name=value` lines.
pub(crate) fn list() -> String {
    let variables = VARIABLES.lock().unwrap_or_else(PoisonError::into_inner);
    variables
        .iter()
        .map(|(name, value)| format!("{name}={value}\n"))
        .collect()
}

/// # Safety
/// `name` is NULL or a C string. The caller frees the answer with `free`.
#[unsafe(no_mangle)]
unsafe extern "C" fn switch_core_get_variable_dup(name: *const c_char) -> *mut c_char {
    // SAFETY: by the caller's promise.
    let name = unsafe { crate::text::text(name) };
    match name.and_then(|name| get(&name)) {
        // SAFETY: a C string.
        Some(value) => unsafe { libc::strdup(crate::text::c_string(&value).as_ptr()) },
        None => ptr::null_mut(),
    }
}

/// The version that `version` and `switch_version_full` tell unless [`set`] gave `switch_version_full` another.
const VERSION: &CStr = c"1.11.1-standin";

#[unsafe(no_mangle)]
extern "C" fn switch_version_full() -> *const c_char {
    VERSION.as_ptr()
}

/// What `switch_version_full` answers. It names the stand-in: nobody shall take it for the switch.
pub(crate) fn version() -> String {
    VERSION.to_string_lossy().into_owned()
}
