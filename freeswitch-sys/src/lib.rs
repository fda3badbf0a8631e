//! Raw bindings to the part of FreeSWITCH's C API that mod_pbx uses.
//!
//! They are generated, by default from our own description of that ABI (`include/freeswitch_abi.h`), so
//! that neither FreeSWITCH nor libclang is needed to build. The functions are not linked to anything:
//! the process that loads the module provides them. No safe wrapper is here; those are the module's.
#![no_std]
#![expect(
    missing_docs,
    non_camel_case_types,
    reason = "generated, under the names that C has"
)]
#![expect(clippy::identity_op, reason = "generated layout assertions")]

#[path = "../build/allowlist.rs"]
pub mod allowlist;

include!(env!("FREESWITCH_BINDINGS"));

macro_rules! handles {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[repr(C)]
        pub struct $name {
            _opaque: [u8; 0],
            // Neither Send nor Sync nor Unpin: what is behind the pointer belongs to the switch.
            _foreign: core::marker::PhantomData<(*mut u8, core::marker::PhantomPinned)>,
        }
    )*};
}

handles! {
    /// A memory pool (Apache Portable Runtime).
    fspr_pool_t;
    /// A mutex.
    fspr_thread_mutex_t;
    /// A readers-writer lock.
    fspr_thread_rwlock_t;
    /// What a call leg is about.
    switch_channel;
    /// A call leg.
    switch_core_session;
    /// One binding of an event callback.
    switch_event_node;
    /// What a module offers to the switch.
    switch_loadable_module_interface;
    /// One binding of a search function.
    switch_xml_binding;
}
