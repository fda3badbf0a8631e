//! Events that we make.

use std::ffi::CStr;
use std::ptr::{self, NonNull};

use freeswitch_sys::{
    switch_event_add_header_string, switch_event_create_subclass_detailed, switch_event_destroy,
    switch_event_fire_detailed, switch_event_t, switch_event_types_t, switch_stack_t, switch_status_t,
};

use super::EventView;

/// An event of ours, until it is fired.
pub struct Draft(pub(super) NonNull<switch_event_t>);

impl Draft {
    /// An event of the kind `event`; none: the switch has no memory.
    pub fn new(event: switch_event_types_t) -> Option<Self> {
        let mut made = ptr::null_mut();
        // SAFETY: the strings are NUL-terminated and live on; there is no subclass.
        let status = unsafe {
            switch_event_create_subclass_detailed(
                c"mod_pbx".as_ptr(),
                c"new".as_ptr(),
                0,
                &raw mut made,
                event,
                ptr::null(),
            )
        };
        (status == switch_status_t::SWITCH_STATUS_SUCCESS)
            .then(|| NonNull::new(made))?
            .map(Self)
    }

    /// Adds a header, as the last.
    pub fn add(&mut self, name: &CStr, value: &CStr) {
        let bottom = switch_stack_t::SWITCH_STACK_BOTTOM;
        // SAFETY: the event is ours; both strings are NUL-terminated and copied.
        unsafe { switch_event_add_header_string(self.0.as_ptr(), bottom, name.as_ptr(), value.as_ptr()) };
    }

    /// What it holds.
    pub fn view(&self) -> EventView<'_> {
        EventView::of(self)
    }

    /// Fires it. Not from an event hook.
    pub fn fire(self) {
        let mut event = self.0.as_ptr();
        std::mem::forget(self);
        // SAFETY: the event is ours and complete; the switch takes it.
        let status = unsafe {
            switch_event_fire_detailed(
                c"mod_pbx".as_ptr(),
                c"fire".as_ptr(),
                0,
                &raw mut event,
                ptr::null_mut(),
            )
        };
        if status != switch_status_t::SWITCH_STATUS_SUCCESS {
            // SAFETY: not taken, so still ours; NULL is allowed.
            unsafe { switch_event_destroy(&raw mut event) };
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        let mut event = self.0.as_ptr();
        // SAFETY: ours, and nobody else has seen it.
        unsafe { switch_event_destroy(&raw mut event) };
    }
}
