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
    if pointer.is_null() {
        return None;
    }
    // SAFETY: not NULL, so what the caller promises.
    let text = unsafe { CStr::from_ptr(pointer) };
    Some(text.to_string_lossy())
}

/// `text` for the switch. A NUL, where C's text ends, becomes U+FFFD.
pub fn c_string(text: &str) -> CString {
    match CString::new(text) {
        Ok(text) => text,
        Err(_) => CString::new(text.replace('\0', "\u{FFFD}")).unwrap_or_default(),
    }
}

/// A name for the switch to look something up by, on the stack: for paths that allocate nothing.
pub struct Name([u8; Self::ROOM]);

impl Name {
    const ROOM: usize = 64;

    /// None for a name that is too long (63 bytes fit) or has a NUL in it: nothing is called so.
    pub fn new(name: &str) -> Option<Self> {
        let name = name.as_bytes();
        if name.len() >= Self::ROOM || name.contains(&0) {
            return None;
        }
        let mut room = [0; Self::ROOM];
        room[..name.len()].copy_from_slice(name);
        Some(Self(room))
    }

    /// As C has it; valid as long as `self`.
    pub fn as_ptr(&self) -> *const c_char {
        self.0.as_ptr().cast()
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
    fn a_name_fits_or_does_not_exist() {
        let longest = "x".repeat(63);
        let name = Name::new(&longest).unwrap();
        // SAFETY: `name` lives on.
        assert_eq!(unsafe { text(name.as_ptr()) }.as_deref(), Some(&*longest));
        assert!(Name::new(&"x".repeat(64)).is_none());
        assert!(Name::new("a\0b").is_none());
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
