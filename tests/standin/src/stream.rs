//! Streams that collect what a command writes.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;

use freeswitch_sys::{
    SWITCH_CMD_CHUNK_LEN, switch_console_stream_write, switch_size_t, switch_status_t, switch_stream_handle,
};

use crate::event;

/// A stream of the stand-in's own, to run a command with.
pub(crate) struct Stream(switch_stream_handle);

impl Stream {
    /// What `SWITCH_STANDARD_STREAM` makes.
    pub(crate) fn new() -> Self {
        let size = SWITCH_CMD_CHUNK_LEN as usize;
        // SAFETY: any size may be asked for; zeroed memory is an empty C string.
        let data = unsafe { libc::calloc(1, size) };
        assert!(!data.is_null(), "out of memory");
        Self(switch_stream_handle {
            read_function: None,
            write_function: Some(switch_console_stream_write),
            raw_write_function: Some(switch_console_stream_raw_write),
            data,
            end: data,
            data_size: size,
            data_len: 0,
            alloc_len: size,
            alloc_chunk: size,
            param_event: ptr::null_mut(),
        })
    }

    pub(crate) fn handle(&mut self) -> *mut switch_stream_handle {
        &raw mut self.0
    }

    /// All that was written.
    pub(crate) fn into_text(self) -> String {
        // SAFETY: `append` keeps the data a C string.
        unsafe { CStr::from_ptr(self.0.data.cast()) }
            .to_string_lossy()
            .into_owned()
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // SAFETY: an event of ours or NULL, and nobody else's.
        unsafe { event::switch_event_destroy(&raw mut self.0.param_event) };
        // SAFETY: from malloc, and the handle is gone after this.
        unsafe { libc::free(self.0.data) };
    }
}

/// # Safety
/// 1. `handle` is a stream whose data comes from malloc. 2. `text` holds `length` bytes.
unsafe fn append(handle: *mut switch_stream_handle, text: *const u8, length: usize) -> switch_status_t {
    // SAFETY: point 1, and only this thread uses it.
    let stream = unsafe { &mut *handle };
    let need = stream.data_len + length;
    if need >= stream.data_size {
        let size = need + stream.alloc_chunk.max(1);
        // SAFETY: point 1.
        let data = unsafe { libc::realloc(stream.data, size) };
        if data.is_null() {
            return switch_status_t::SWITCH_STATUS_MEMERR;
        }
        stream.data = data;
        stream.data_size = size;
        stream.alloc_len = size;
    }
    // SAFETY: within the allocation.
    let end = unsafe { stream.data.cast::<u8>().add(stream.data_len) };
    // SAFETY: point 2; there is room, and a caller's text is not our buffer.
    unsafe { ptr::copy_nonoverlapping(text, end, length) };
    stream.data_len = need;
    // SAFETY: `need` is below the size.
    stream.end = unsafe { end.add(length) }.cast::<c_void>();
    // SAFETY: as above.
    unsafe { *stream.end.cast::<u8>() = 0 };
    switch_status_t::SWITCH_STATUS_SUCCESS
}

#[unsafe(no_mangle)]
unsafe extern "C" fn switch_console_stream_raw_write(
    handle: *mut switch_stream_handle,
    data: *mut u8,
    datalen: switch_size_t,
) -> switch_status_t {
    // SAFETY: as required of this function.
    unsafe { append(handle, data, datalen) }
}

/// Called by the C half of `switch_console_stream_write` with the formatted text.
#[unsafe(no_mangle)]
unsafe extern "C" fn fs_standin_stream_append(
    handle: *mut c_void,
    text: *const c_char,
    length: usize,
) -> c_int {
    // SAFETY: as required of switch_console_stream_write; the text is our own C half's.
    let status = unsafe { append(handle.cast(), text.cast(), length) };
    c_int::from(status != switch_status_t::SWITCH_STATUS_SUCCESS)
}
