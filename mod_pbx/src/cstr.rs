//! Text across the boundary. The switch passes NULL for "none", and nothing says that its text is UTF-8.

use std::borrow::Cow;
use std::ffi::{CStr, CString, c_char};
use std::ptr::NonNull;

/// The text at `pointer`, or nothing where it is NULL. What is not UTF-8 reads as U+FFFD, which no stored
/// name contains: it matches nothing.
///
/// # Safety
/// `pointer` is NULL or a NUL-terminated string that stays as it is for `'a`.
pub unsafe fn text<'a>(pointer: *const c_char) -> Option<Cow<'a, str>> {
    // SAFETY: what the caller promises.
    unsafe { bytes(pointer) }.map(String::from_utf8_lossy)
}

/// The bytes at `pointer`, or nothing where it is NULL.
///
/// # Safety
/// As [`text`].
pub unsafe fn bytes<'a>(pointer: *const c_char) -> Option<&'a [u8]> {
    // SAFETY: not NULL where it is read, so what the caller promises.
    (!pointer.is_null()).then(|| unsafe { CStr::from_ptr(pointer) }.to_bytes())
}

/// Whether the text at `pointer` is `name`, without regard to case. Stops at the first byte that differs.
///
/// # Safety
/// As [`text`].
pub unsafe fn is(pointer: *const c_char, name: &[u8]) -> bool {
    if pointer.is_null() {
        return false;
    }
    let mut at: *const u8 = pointer.cast();
    for wanted in name {
        // SAFETY: no byte before it was NUL, so it is inside the string.
        let found = unsafe { at.read() };
        if found == 0 || !found.eq_ignore_ascii_case(wanted) {
            return false;
        }
        at = at.wrapping_add(1);
    }
    // SAFETY: as above.
    unsafe { at.read() == 0 }
}

/// `text` for the switch. A NUL, where C's text ends, becomes U+FFFD.
pub fn c_string(text: &str) -> CString {
    match CString::new(text) {
        Ok(text) => text,
        Err(_) => CString::new(text.replace('\0', "\u{FFFD}")).unwrap_or_default(),
    }
}

/// Text that the switch allocated for us (with malloc), freed when dropped.
pub struct Owned(NonNull<c_char>);

impl Owned {
    /// None where `pointer` is NULL.
    ///
    /// # Safety
    /// `pointer` is NULL or a NUL-terminated string from malloc that belongs to nobody else.
    pub unsafe fn new(pointer: *mut c_char) -> Option<Self> {
        NonNull::new(pointer).map(Self)
    }

    /// The text, lossily as in [`text`].
    pub fn to_text(&self) -> String {
        // SAFETY: `new`'s caller promised a string, and it is ours until we are dropped.
        let text = unsafe { CStr::from_ptr(self.0.as_ptr()) };
        text.to_string_lossy().into_owned()
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: `new`'s caller promised that it is from malloc and ours alone.
        unsafe { libc::free(self.0.as_ptr().cast()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_nothing_and_bad_utf8_matches_nothing() {
        // SAFETY: NULL is allowed.
        assert_eq!(unsafe { text(std::ptr::null()) }, None);
        // SAFETY: a constant.
        assert_eq!(unsafe { text(c"".as_ptr()) }.as_deref(), Some(""));
        // SAFETY: a constant.
        let broken = unsafe { text(c"a\xFFb".as_ptr()) };
        assert_eq!(broken.as_deref(), Some("a\u{FFFD}b"));
    }

    #[test]
    fn a_nul_neither_shortens_text_nor_fails() {
        assert_eq!(c_string("a\0b").as_bytes(), "a\u{FFFD}b".as_bytes());
    }

    #[test]
    fn a_name_is_all_of_it() {
        // SAFETY: constants.
        let is = |text: &CStr, name: &str| unsafe { is(text.as_ptr(), name.as_bytes()) };
        assert!(is(c"Sip_Auth_Realm", "sip_auth_realm") && is(c"", ""));
        for (text, name) in [
            (c"user", "use"),
            (c"use", "user"),
            (c"", "user"),
            (c"user", ""),
            (c"a", "a\0b"),
        ] {
            assert!(!is(text, name), "{text:?} {name:?}");
        }
        // SAFETY: NULL is allowed.
        assert!(!unsafe { super::is(std::ptr::null(), b"") });
    }

    #[test]
    fn text_from_malloc_is_copied_and_freed() {
        // SAFETY: a constant is duplicated.
        let pointer = unsafe { libc::strdup(c"text".as_ptr()) };
        // SAFETY: from malloc, and given away.
        let owned = unsafe { Owned::new(pointer) }.unwrap();
        assert_eq!(owned.to_text(), "text");
    }
}
