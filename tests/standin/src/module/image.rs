//! A module's code: a shared object, or what this program is linked with.

use std::ffi::c_void;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::ptr::NonNull;

use crate::core::{Source, Table};
use crate::text::{c_string, text};

/// An open image and its table. Dropped, it is closed.
pub(super) struct Image {
    /// What `dlopen` gave, if it did.
    library: Option<NonNull<c_void>>,
    table: NonNull<Table>,
}

// SAFETY: a library may be closed by any thread, and a table is only read.
unsafe impl Send for Image {}
// SAFETY: as above.
unsafe impl Sync for Image {}

impl Image {
    /// Opens the image of the module `name`.
    ///
    /// # Errors
    /// In the loader's words.
    pub(super) fn open(name: &str, source: &Source) -> Result<Self, String> {
        match source {
            Source::Linked(table) => Ok(Self {
                library: None,
                table: NonNull::from(*table),
            }),
            Source::File(file) => Self::open_file(name, file),
        }
    }

    fn open_file(name: &str, file: &Path) -> Result<Self, String> {
        let path = c_string(&String::from_utf8_lossy(file.as_os_str().as_bytes()));
        // SAFETY: a C string; opening runs the library's initialisers, as in the switch.
        let library = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        let library = NonNull::new(library).ok_or_else(loader_error)?;
        let mut image = Self {
            library: Some(library),
            table: NonNull::dangling(),
        };
        let symbol = c_string(&format!("{name}_module_interface"));
        // SAFETY: an open library and a C string.
        let table = unsafe { libc::dlsym(library.as_ptr(), symbol.as_ptr()) };
        image.table = NonNull::new(table.cast()).ok_or_else(loader_error)?;
        Ok(image)
    }

    /// What the module offers.
    pub(super) fn table(&self) -> &Table {
        // SAFETY: what a module exports by that name is its table, there while it is open.
        unsafe { self.table.as_ref() }
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        if let Some(library) = self.library {
            // SAFETY: opened by us, and not yet closed.
            unsafe { libc::dlclose(library.as_ptr()) };
        }
    }
}

fn loader_error() -> String {
    // SAFETY: has no conditions.
    let error = unsafe { libc::dlerror() };
    // SAFETY: NULL or the message of this thread's last call.
    let error = unsafe { text(error) };
    error.unwrap_or_else(|| "unknown error".to_owned())
}
