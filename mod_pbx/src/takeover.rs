//! Calls that name another one to replace (INVITE with Replaces, RFC 3891): they are ended before they are routed.
//!
//! mod_sofia obeys whoever is let in, and asks no dialplan (`sofia_handle_sip_i_invite_replaces`): the other call is taken over
//! in the middle of a word; or, where it speaks with the switch itself, what that runs is run for the newcomer, such as a mailbox
//! that was just opened. A call is named by its Call-ID, or by its channel's id, which every lamp tells. Attended transfers are
//! REFERs, and none of this.

use std::borrow::Cow;
use std::ffi::CStr;
use std::ptr;

use freeswitch_sys::{
    switch_bool_t, switch_call_cause_t, switch_channel_get_variable_dup, switch_channel_t,
    switch_core_add_state_handler, switch_core_remove_state_handler, switch_core_session_get_channel,
    switch_core_session_get_uuid, switch_core_session_t, switch_ivr_kill_uuid, switch_state_handler_table,
    switch_status_t,
};

use crate::cstr;
use crate::guard::guard;
use crate::module;

/// The switch takes no more state handlers (`switch_core_add_state_handler`).
#[derive(Debug)]
pub struct NotWatched;

/// Looks at every call before it is routed, until it is dropped.
#[derive(Debug)]
pub struct Takeovers(());

impl Takeovers {
    /// From now on.
    ///
    /// # Errors
    /// The switch refuses.
    pub fn watch() -> Result<Self, NotWatched> {
        // SAFETY: constant, and there as long as the image, which stays mapped.
        let index = unsafe { switch_core_add_state_handler(&raw const TABLE.0) };
        if index < 0 { Err(NotWatched) } else { Ok(Self(())) }
    }
}

impl Drop for Takeovers {
    fn drop(&mut self) {
        // SAFETY: added by `watch`. Whoever is in it goes on in an image that stays.
        unsafe { switch_core_remove_state_handler(&raw const TABLE.0) };
    }
}

struct Table(switch_state_handler_table);

// SAFETY: never written; what it points to are functions.
unsafe impl Sync for Table {}

static TABLE: Table = Table(switch_state_handler_table {
    on_init: None,
    on_routing: Some(routing),
    on_execute: None,
    on_hangup: None,
    on_exchange_media: None,
    on_soft_execute: None,
    on_consume_media: None,
    on_hibernate: None,
    on_reset: None,
    on_park: None,
    on_reporting: None,
    on_destroy: None,
    flags: 0,
    padding: [ptr::null_mut(); 10],
});

/// A `switch_state_handler_t`: on the call's own thread, before the switch asks a dialplan. FALSE: it does not.
///
/// # Safety
/// `session` is the session whose thread this is.
unsafe extern "C" fn routing(session: *mut switch_core_session_t) -> switch_status_t {
    guard(switch_status_t::SWITCH_STATUS_SUCCESS, || {
        // SAFETY: what the switch promises.
        let channel = unsafe { switch_core_session_get_channel(session) };
        // SAFETY: the session's own.
        let variable = |name| unsafe { variable(channel, name) };
        if variable(c"sip_replaces_call_id").is_none() {
            return switch_status_t::SWITCH_STATUS_SUCCESS;
        }
        let profile = variable(c"sofia_profile_name").unwrap_or_default();
        if !module::pbx().is_some_and(|pbx| pbx.owns_profile(&profile)) {
            return switch_status_t::SWITCH_STATUS_SUCCESS;
        }
        let who = variable(c"pbx_identity").unwrap_or_default();
        tracing::warn!("a call of {who:?} is ended: it would take over another (Replaces)");
        // SAFETY: what the switch promises.
        let uuid = unsafe { switch_core_session_get_uuid(session) };
        // SAFETY: NUL-terminated, and the session's.
        unsafe { switch_ivr_kill_uuid(uuid, switch_call_cause_t::SWITCH_CAUSE_CALL_REJECTED) };
        switch_status_t::SWITCH_STATUS_FALSE
    })
}

/// A variable of the call; none: it has none of this name.
///
/// # Safety
/// `channel` is the channel of a session that stays until the text is dropped.
unsafe fn variable<'a>(channel: *mut switch_channel_t, name: &CStr) -> Option<Cow<'a, str>> {
    // SAFETY: what the caller promises; NUL-terminated. A copy that the session keeps.
    let value =
        unsafe { switch_channel_get_variable_dup(channel, name.as_ptr(), switch_bool_t::SWITCH_TRUE, -1) };
    // SAFETY: NULL or NUL-terminated, and the session's.
    unsafe { cstr::text(value) }
}
