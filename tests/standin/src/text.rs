//! C strings that come from a module.

use std::ffi::{CStr, CString, c_char};

/// The text at `pointer`, with U+FFFD for bytes that are not UTF-8; `None` for NULL.
///
/// # Safety
/// `pointer` is NULL or a C string.
pub(crate) unsafe fn text(pointer: *const c_char) -> Option<String> {
    if pointer.is_null() {
        return None;
    }
    // SAFETY: by the caller's promise.
    Some(unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned())
}

/// `text` as C sees it: up to its first NUL.
pub(crate) fn c_string(text: &str) -> CString {
    CString::new(text.split('\0').next().unwrap_or_default()).unwrap_or_default()
}
