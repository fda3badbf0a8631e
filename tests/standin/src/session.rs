//! What modules may ask of calls. There are none here: nothing is found, nothing ended, and no state is ever entered.

use std::ffi::{c_char, c_int};
use std::ptr;

use freeswitch_sys::{
    switch_bool_t, switch_call_cause_t, switch_channel_t, switch_core_session_t,
    switch_state_handler_table_t, switch_status_t,
};

use crate::ledger::{Kind, give_back, take};

#[unsafe(no_mangle)]
extern "C" fn switch_core_add_state_handler(_: *const switch_state_handler_table_t) -> c_int {
    take(Kind::StateHandler, 1);
    0
}

#[unsafe(no_mangle)]
extern "C" fn switch_core_remove_state_handler(_: *const switch_state_handler_table_t) {
    give_back(Kind::StateHandler, 1);
}

#[unsafe(no_mangle)]
extern "C" fn switch_core_session_get_channel(_: *mut switch_core_session_t) -> *mut switch_channel_t {
    ptr::null_mut()
}

#[unsafe(no_mangle)]
extern "C" fn switch_core_session_get_uuid(_: *mut switch_core_session_t) -> *mut c_char {
    ptr::null_mut()
}

#[unsafe(no_mangle)]
extern "C" fn switch_channel_get_variable_dup(
    _: *mut switch_channel_t,
    _: *const c_char,
    _: switch_bool_t,
    _: c_int,
) -> *const c_char {
    ptr::null()
}

#[unsafe(no_mangle)]
extern "C" fn switch_ivr_kill_uuid(_: *const c_char, _: switch_call_cause_t) -> switch_status_t {
    switch_status_t::SWITCH_STATUS_FALSE
}
