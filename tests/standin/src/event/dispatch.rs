//! Event nodes, and the one thread that calls them.

use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

use freeswitch_sys::{
    switch_event, switch_event_callback_t, switch_event_node_t, switch_event_types_t, switch_status_t,
};

use super::switch_event_destroy;
use crate::ledger::{self, Kind};
use crate::log::{Level, log};
use crate::sync::{PthreadRw, next_handle};

/// One bound callback.
struct Node {
    /// What the module holds as a pointer. Never followed, never used again: unbinding twice is noticed.
    handle: usize,
    id: CString,
    event: switch_event_types_t,
    subclass: Option<CString>,
    callback: switch_event_callback_t,
    user_data: *mut c_void,
}

// SAFETY: the switch calls a callback, with its user data, on its dispatch thread, whoever bound it.
unsafe impl Send for Node {}
// SAFETY: as above.
unsafe impl Sync for Node {}

/// As the switch's: callbacks run under the read lock, binding and unbinding take the write lock.
static NODES: PthreadRw<Vec<Node>> = PthreadRw::new(Vec::new());

struct Queued(*mut switch_event);
// SAFETY: a queued event belongs to the queue alone.
unsafe impl Send for Queued {}

struct Dispatcher {
    queue: Sender<Queued>,
    thread: JoinHandle<()>,
}

static DISPATCHER: Mutex<Option<Dispatcher>> = Mutex::new(None);

/// How many events wait or are being delivered.
static PENDING: Mutex<usize> = Mutex::new(0);
static IDLE: Condvar = Condvar::new();

/// Starts the dispatch thread.
pub(crate) fn start() -> std::io::Result<()> {
    let (queue, events) = channel();
    let thread = std::thread::Builder::new()
        .name("events".to_owned())
        .spawn(move || dispatch(&events))?;
    *DISPATCHER.lock().unwrap_or_else(PoisonError::into_inner) = Some(Dispatcher { queue, thread });
    Ok(())
}

/// Delivers what is queued, then ends the dispatch thread. Events fired later are dropped.
pub(crate) fn stop() {
    let dispatcher = DISPATCHER.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(Dispatcher { queue, thread }) = dispatcher {
        drop(queue);
        if thread.join().is_err() {
            log!(Level::Crit, "the dispatch thread panicked");
        }
    }
}

/// Waits until every event fired so far was delivered.
pub fn settle() {
    let mut pending = PENDING.lock().unwrap_or_else(PoisonError::into_inner);
    while *pending > 0 {
        pending = IDLE.wait(pending).unwrap_or_else(PoisonError::into_inner);
    }
}

/// Whether the event was taken.
pub(super) fn queue(event: *mut switch_event) -> bool {
    let dispatcher = DISPATCHER.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(dispatcher) = &*dispatcher else {
        return false;
    };
    *PENDING.lock().unwrap_or_else(PoisonError::into_inner) += 1;
    let taken = dispatcher.queue.send(Queued(event)).is_ok();
    if !taken {
        delivered();
    }
    taken
}

fn delivered() {
    let mut pending = PENDING.lock().unwrap_or_else(PoisonError::into_inner);
    *pending -= 1;
    if *pending == 0 {
        IDLE.notify_all();
    }
}

fn dispatch(events: &Receiver<Queued>) {
    for Queued(mut event) in events {
        NODES.read(|nodes| {
            for node in nodes.iter().rev() {
                // SAFETY: a queued event is live and this thread's.
                if unsafe { matches(event, node) }
                    && let Some(callback) = node.callback
                {
                    // SAFETY: as above.
                    unsafe { (*event).bind_user_data = node.user_data };
                    // SAFETY: bound, and not unbound before the read lock is released.
                    unsafe { callback(event) };
                }
            }
        });
        // SAFETY: the queue's event; nobody keeps it.
        unsafe { switch_event_destroy(&raw mut event) };
        delivered();
    }
}

/// A node without a subclass takes all of its event; one with a subclass only those.
///
/// # Safety
/// `event` is live.
unsafe fn matches(event: *const switch_event, node: &Node) -> bool {
    // SAFETY: by the caller's promise.
    let event = unsafe { &*event };
    if event.event_id != node.event {
        return false;
    }
    let Some(wanted) = &node.subclass else { return true };
    // SAFETY: an event's subclass is a C string.
    !event.subclass_name.is_null() && unsafe { CStr::from_ptr(event.subclass_name) } == wanted.as_c_str()
}

#[unsafe(no_mangle)]
unsafe extern "C" fn switch_event_bind_removable(
    id: *const c_char,
    event: switch_event_types_t,
    subclass_name: *const c_char,
    callback: switch_event_callback_t,
    user_data: *mut c_void,
    node: *mut *mut switch_event_node_t,
) -> switch_status_t {
    // SAFETY: a C string.
    let id = unsafe { CStr::from_ptr(id) }.to_owned();
    // SAFETY: a C string if not NULL.
    let subclass = (!subclass_name.is_null()).then(|| unsafe { CStr::from_ptr(subclass_name) }.to_owned());
    let handle = next_handle();
    let new = Node {
        handle,
        id,
        event,
        subclass,
        callback,
        user_data,
    };
    NODES.write(|nodes| nodes.push(new));
    ledger::take(Kind::EventNode, 1);
    if !node.is_null() {
        // SAFETY: not NULL, and the caller's to be written.
        unsafe { *node = ptr::without_provenance_mut(handle) };
    }
    switch_status_t::SWITCH_STATUS_SUCCESS
}

#[unsafe(no_mangle)]
unsafe extern "C" fn switch_event_unbind(node: *mut *mut switch_event_node_t) -> switch_status_t {
    // SAFETY: the caller's pointer to what bind returned.
    let handle = unsafe { &mut *node };
    let wanted = handle.addr();
    let found = NODES.write(|nodes| {
        let at = nodes.iter().position(|node| node.handle == wanted)?;
        Some(nodes.remove(at))
    });
    let Some(found) = found else {
        return switch_status_t::SWITCH_STATUS_FALSE;
    };
    *handle = ptr::null_mut();
    ledger::give_back(Kind::EventNode, 1);
    let (id, name) = (found.id.to_string_lossy(), super::names::of(&found.event));
    log!(Level::Debug, "Event Binding deleted for {id}:{name}");
    switch_status_t::SWITCH_STATUS_SUCCESS
}
