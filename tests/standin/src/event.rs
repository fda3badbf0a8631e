//! Events: made, filled, fired, and delivered on one dispatch thread.

mod dispatch;
mod names;

use std::ffi::{CStr, CString, c_char, c_int, c_ulong, c_void};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ptr;

use freeswitch_sys::{
    switch_event, switch_event_flag_t, switch_event_header, switch_event_types_t, switch_priority_t,
    switch_stack_t, switch_status_t,
};

pub use dispatch::settle;
pub(crate) use dispatch::{start, stop};
pub(crate) use names::called;

use crate::ledger::{self, Kind};
use crate::text::{c_string, text};

/// An event of the stand-in's own; destroyed with it unless fired.
pub struct Event(*mut switch_event);

impl Event {
    /// An event as the switch makes it, with the headers that every event carries.
    #[must_use]
    pub fn new(kind: switch_event_types_t, subclass: Option<&str>) -> Self {
        Self::made_by("standin", kind, subclass)
    }

    /// What look-ups carry: `SWITCH_EVENT_REQUEST_PARAMS` with these headers, made by the function `caller` of
    /// the switch. An answer may depend on who asks (`Event-Calling-Function`).
    #[must_use]
    pub fn params<'a>(caller: &str, headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut event = Self::made_by(caller, switch_event_types_t::SWITCH_EVENT_REQUEST_PARAMS, None);
        for (name, value) in headers {
            event.add(name, value);
        }
        event
    }

    fn made_by(caller: &str, kind: switch_event_types_t, subclass: Option<&str>) -> Self {
        let caller = c_string(caller);
        let subclass = subclass.map(c_string);
        let name = subclass.as_ref().map_or(ptr::null(), |name| name.as_ptr());
        let file = c"standin.rs".as_ptr();
        let mut event = ptr::null_mut();
        // SAFETY: C strings or NULL, and a place for the event.
        unsafe {
            switch_event_create_subclass_detailed(file, caller.as_ptr(), 0, &raw mut event, kind, name)
        };
        Self(event)
    }

    /// Adds a header at the end.
    pub fn add(&mut self, name: &str, value: &str) {
        self.add_bytes(&c_string(name), &c_string(value));
    }

    /// Adds a header that need not be text.
    pub fn add_bytes(&mut self, name: &CStr, value: &CStr) {
        // SAFETY: our own event and C strings.
        unsafe {
            switch_event_add_header_string(
                self.0,
                switch_stack_t::SWITCH_STACK_BOTTOM,
                name.as_ptr(),
                value.as_ptr(),
            )
        };
    }

    /// The event, still ours.
    pub fn as_ptr(&self) -> *mut switch_event {
        self.0
    }

    /// Queues it for delivery, as `switch_event_fire` does.
    pub fn fire(mut self) {
        // SAFETY: our own event, taken by the call.
        unsafe {
            switch_event_fire_detailed(
                c"standin.rs".as_ptr(),
                c"standin".as_ptr(),
                0,
                &raw mut self.0,
                ptr::null_mut(),
            )
        };
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        // SAFETY: our own event, or NULL once fired.
        unsafe { switch_event_destroy(&raw mut self.0) };
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn switch_event_create_subclass_detailed(
    file: *const c_char,
    func: *const c_char,
    line: c_int,
    event: *mut *mut switch_event,
    event_id: switch_event_types_t,
    subclass_name: *const c_char,
) -> switch_status_t {
    let named = event_id == switch_event_types_t::SWITCH_EVENT_CUSTOM
        || event_id == switch_event_types_t::SWITCH_EVENT_CLONE;
    if !subclass_name.is_null() && !named {
        // SAFETY: the caller's to be written.
        unsafe { *event = ptr::null_mut() };
        return switch_status_t::SWITCH_STATUS_GENERR;
    }
    let unique = event_id == switch_event_types_t::SWITCH_EVENT_REQUEST_PARAMS;
    let headers = if event_id == switch_event_types_t::SWITCH_EVENT_CLONE {
        Vec::new()
    } else {
        // SAFETY: NULL or a C string.
        let file = unsafe { text(file) };
        // SAFETY: as above.
        let func = unsafe { text(func) };
        names::common_headers(
            &event_id,
            &file.unwrap_or_default(),
            &func.unwrap_or_default(),
            line,
        )
    };
    let new = Box::into_raw(Box::new(switch_event {
        event_id,
        priority: switch_priority_t::SWITCH_PRIORITY_NORMAL,
        owner: ptr::null_mut(),
        subclass_name: ptr::null_mut(),
        headers: ptr::null_mut(),
        last_header: ptr::null_mut(),
        body: ptr::null_mut(),
        bind_user_data: ptr::null_mut(),
        event_user_data: ptr::null_mut(),
        key: 0,
        next: ptr::null_mut(),
        flags: if unique {
            switch_event_flag_t::EF_UNIQ_HEADERS.0.cast_signed()
        } else {
            0
        },
    }));
    ledger::take(Kind::Event, 1);
    for (name, value) in headers {
        // SAFETY: the event just made, and C strings.
        unsafe { add(new, &c_string(name), &c_string(&value), false) };
    }
    if !subclass_name.is_null() {
        // SAFETY: a C string.
        let name = unsafe { CStr::from_ptr(subclass_name) };
        // SAFETY: the event just made.
        unsafe { (*new).subclass_name = name.to_owned().into_raw() };
        // SAFETY: as above.
        unsafe { add(new, c"Event-Subclass", name, false) };
    }
    // SAFETY: the caller's to be written.
    unsafe { *event = new };
    switch_status_t::SWITCH_STATUS_SUCCESS
}

#[unsafe(no_mangle)]
unsafe extern "C" fn switch_event_add_header_string(
    event: *mut switch_event,
    stack: switch_stack_t,
    header_name: *const c_char,
    data: *const c_char,
) -> switch_status_t {
    if data.is_null() {
        return switch_status_t::SWITCH_STATUS_GENERR;
    }
    // SAFETY: a C string.
    let name = unsafe { CStr::from_ptr(header_name) };
    // SAFETY: as above, and not NULL.
    let value = unsafe { CStr::from_ptr(data) };
    // SAFETY: a live event.
    unsafe { add(event, name, value, stack == switch_stack_t::SWITCH_STACK_TOP) };
    switch_status_t::SWITCH_STATUS_SUCCESS
}

/// An empty value removes the header; a unique one replaces those of its name.
///
/// # Safety
/// `event` is live.
unsafe fn add(event: *mut switch_event, name: &CStr, value: &CStr, first: bool) {
    // SAFETY: by the caller's promise, and events are used by one thread at a time.
    let event = unsafe { &mut *event };
    let unique = event.flags & switch_event_flag_t::EF_UNIQ_HEADERS.0.cast_signed() != 0;
    if unique || value.is_empty() {
        remove(event, name);
    }
    if value.is_empty() {
        return;
    }
    let header = Box::into_raw(Box::new(switch_event_header {
        name: name.to_owned().into_raw(),
        value: value.to_owned().into_raw(),
        array: ptr::null_mut(),
        idx: 0,
        hash: hash(name),
        next: ptr::null_mut(),
    }));
    if event.headers.is_null() {
        event.headers = header;
        event.last_header = header;
    } else if first {
        // SAFETY: just made.
        unsafe { (*header).next = event.headers };
        event.headers = header;
    } else {
        // SAFETY: an event with headers has a last one.
        unsafe { (*event.last_header).next = header };
        event.last_header = header;
    }
}

/// One for all spellings of a name. Not FreeSWITCH's, which nobody may rely on.
fn hash(name: &CStr) -> c_ulong {
    let mut hasher = DefaultHasher::new();
    name.to_bytes().to_ascii_lowercase().hash(&mut hasher);
    hasher.finish()
}

fn remove(event: &mut switch_event, name: &CStr) {
    let (mut previous, mut header) = (ptr::null_mut::<switch_event_header>(), event.headers);
    while !header.is_null() {
        // SAFETY: a header of a live event.
        let &switch_event_header { next, name: of, .. } = unsafe { &*header };
        // SAFETY: a header has a name.
        let found = unsafe { CStr::from_ptr(of) };
        if found.to_bytes().eq_ignore_ascii_case(name.to_bytes()) {
            if previous.is_null() {
                event.headers = next;
            } else {
                // SAFETY: as above.
                unsafe { (*previous).next = next };
            }
            if next.is_null() {
                event.last_header = previous;
            }
            // SAFETY: taken out of the list.
            unsafe { free_header(header) };
        } else {
            previous = header;
        }
        header = next;
    }
}

/// # Safety
/// `header` was made by `add` and is in no list.
unsafe fn free_header(header: *mut switch_event_header) {
    // SAFETY: by the caller's promise.
    let header = unsafe { Box::from_raw(header) };
    for part in [header.name, header.value] {
        // SAFETY: made from a CString by `add`.
        drop(unsafe { CString::from_raw(part) });
    }
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn switch_event_destroy(event: *mut *mut switch_event) {
    // SAFETY: the caller's pointer to an event or to NULL.
    let gone = std::mem::replace(unsafe { &mut *event }, ptr::null_mut());
    if gone.is_null() {
        return;
    }
    // SAFETY: made by create, and given back now.
    let gone = unsafe { Box::from_raw(gone) };
    let mut header = gone.headers;
    while !header.is_null() {
        // SAFETY: headers of an event that is ours alone.
        let next = unsafe { (*header).next };
        // SAFETY: as above.
        unsafe { free_header(header) };
        header = next;
    }
    if !gone.subclass_name.is_null() {
        // SAFETY: made from a CString by create.
        drop(unsafe { CString::from_raw(gone.subclass_name) });
    }
    ledger::give_back(Kind::Event, 1);
}

#[unsafe(no_mangle)]
unsafe extern "C" fn switch_event_fire_detailed(
    _file: *const c_char,
    _func: *const c_char,
    _line: c_int,
    event: *mut *mut switch_event,
    user_data: *mut c_void,
) -> switch_status_t {
    // SAFETY: the caller's pointer to its event.
    let mut fired = std::mem::replace(unsafe { &mut *event }, ptr::null_mut());
    // SAFETY: a live event, ours from here on.
    unsafe { (*fired).event_user_data = user_data };
    if !dispatch::queue(fired) {
        // SAFETY: nobody else has it.
        unsafe { switch_event_destroy(&raw mut fired) };
    }
    switch_status_t::SWITCH_STATUS_SUCCESS
}
