//! Events of the switch: a borrowed view of one, and a binding that ends with its owner.

mod draft;
mod headers;

use std::borrow::Cow;
use std::ffi::{CStr, c_ulong};
use std::marker::PhantomData;
use std::ptr::{self, NonNull};
use std::sync::Arc;

use freeswitch_sys::{
    switch_event_bind_removable, switch_event_header_t, switch_event_node_t, switch_event_t,
    switch_event_types_t, switch_event_unbind, switch_status_t,
};
use pbx_core::event::{Event, SUBSCRIPTIONS, Source};
use pbx_core::pbx::Pbx;
use pbx_core::request::Params;

use crate::cstr;
use crate::guard::guard;

pub use draft::Draft;
pub use headers::Headers;

/// An event that belongs to the switch, for as long as it lends it. Nothing is copied.
pub struct EventView<'a> {
    event: NonNull<switch_event_t>,
    lent: PhantomData<&'a switch_event_t>,
}

impl<'a> EventView<'a> {
    /// None where `event` is NULL.
    ///
    /// # Safety
    /// `event` is NULL or an event that stays as it is for `'a`.
    pub unsafe fn new(event: *mut switch_event_t) -> Option<Self> {
        NonNull::new(event).map(|event| Self {
            event,
            lent: PhantomData,
        })
    }

    /// Of an event of ours.
    fn of(event: &'a Draft) -> Self {
        Self {
            event: event.0,
            lent: PhantomData,
        }
    }

    /// The value of the first header called `name`, without regard to case. What is not UTF-8 reads as
    /// U+FFFD.
    pub fn header(&self, name: &str) -> Option<Cow<'a, str>> {
        self.find(name.as_bytes()).map(String::from_utf8_lossy)
    }

    /// All headers, in their order.
    fn headers(&self) -> impl Iterator<Item = Header<'a>> {
        // SAFETY: the event is as `new`'s caller promised.
        let mut next = unsafe { self.event.as_ref() }.headers;
        std::iter::from_fn(move || {
            // SAFETY: NULL or one of the event's, which stays as it is for `'a`.
            let header = unsafe { next.as_ref() }?;
            next = header.next;
            Some(Header(header))
        })
    }

    fn find(&self, name: &[u8]) -> Option<&'a [u8]> {
        // The switch's own search (`switch_event_get_header_idx`) makes a hash of the name first, which
        // takes longer than the list; a look-up reads a dozen names.
        self.headers().find(|header| header.is(name))?.value()
    }
}

/// One header of an event.
#[derive(Clone, Copy)]
struct Header<'a>(&'a switch_event_header_t);

impl<'a> Header<'a> {
    /// Whether it is called `name`, without regard to case.
    fn is(self, name: &[u8]) -> bool {
        // SAFETY: every header has a name, a string of the event's.
        unsafe { cstr::is(self.0.name, name) }
    }

    /// What the switch made of its name.
    fn hash(self) -> c_ulong {
        self.0.hash
    }

    fn value(self) -> Option<&'a [u8]> {
        // SAFETY: NULL or a string of the event's.
        unsafe { cstr::bytes(self.0.value) }
    }
}

impl Params for EventView<'_> {
    fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        self.header(name)
    }
}

/// What the events hook of a PBX is called with.
type Hook = Box<dyn Fn(&EventView<'_>) + Send + Sync>;

/// Every event that the core asks for, copied and handed to it as it comes.
pub struct Events {
    _nodes: Vec<EventNode<Hook>>,
}

impl Events {
    /// Binds them all, or none.
    ///
    /// # Errors
    /// The switch refuses.
    pub fn bind(pbx: &Arc<Pbx>) -> Result<Self, NotBound> {
        let nodes = SUBSCRIPTIONS.iter().map(|subscription| {
            let pbx = Arc::clone(pbx);
            let headers = Headers::named(subscription.headers).ok_or(NotBound)?;
            let hook: Hook = Box::new(move |view| {
                let mut values = headers.read(view).into_iter();
                pbx.tell(Event::copy(subscription, |_| values.next().flatten()));
            });
            let (event, subclass) = match subscription.source {
                Source::Custom(subclass) => (switch_event_types_t::SWITCH_EVENT_CUSTOM, Some(subclass)),
                Source::ChannelCallState => (switch_event_types_t::SWITCH_EVENT_CHANNEL_CALLSTATE, None),
                Source::ChannelAnswer => (switch_event_types_t::SWITCH_EVENT_CHANNEL_ANSWER, None),
                Source::ChannelBridge => (switch_event_types_t::SWITCH_EVENT_CHANNEL_BRIDGE, None),
                Source::PresenceIn => (switch_event_types_t::SWITCH_EVENT_PRESENCE_IN, None),
                Source::PresenceProbe => (switch_event_types_t::SWITCH_EVENT_PRESENCE_PROBE, None),
                Source::ChannelCreate => (switch_event_types_t::SWITCH_EVENT_CHANNEL_CREATE, None),
                Source::ChannelHangupComplete => {
                    (switch_event_types_t::SWITCH_EVENT_CHANNEL_HANGUP_COMPLETE, None)
                }
            };
            EventNode::bind(event, subclass, hook)
        });
        Ok(Self {
            _nodes: nodes.collect::<Result<_, _>>()?,
        })
    }
}

/// The switch could not bind a callback (`switch_event_bind_removable`).
#[derive(Debug)]
pub struct NotBound;

/// Calls `F` for each event of one kind, until it is dropped.
///
/// The switch calls on its only dispatch thread and holds a lock that binding and unbinding need: `F`
/// must not block, bind or unbind (`switch_event_deliver`).
pub struct EventNode<F> {
    node: *mut switch_event_node_t,
    hook: NonNull<F>,
}

// SAFETY: the node is only handed back to the switch, from any thread; the hook is `Send`.
unsafe impl<F: Send> Send for EventNode<F> {}

impl<F: Fn(&EventView<'_>) + Send + Sync + 'static> EventNode<F> {
    /// Binds `hook` to events of the kind `event`, those of `subclass` only if one is given.
    ///
    /// # Errors
    /// The switch refuses.
    pub fn bind(event: switch_event_types_t, subclass: Option<&CStr>, hook: F) -> Result<Self, NotBound> {
        let hook = NonNull::from(Box::leak(Box::new(hook)));
        // Owns the hook from here on, bound or not.
        let mut bound = Self {
            node: ptr::null_mut(),
            hook,
        };
        // SAFETY: the strings are NUL-terminated and copied; `deliver` takes the hook that is given along,
        // which lives until the switch has let go of it (see `drop`).
        let status = unsafe {
            switch_event_bind_removable(
                c"mod_pbx".as_ptr(),
                event,
                subclass.map_or(ptr::null(), CStr::as_ptr),
                Some(deliver::<F>),
                hook.as_ptr().cast(),
                &raw mut bound.node,
            )
        };
        match status {
            switch_status_t::SWITCH_STATUS_SUCCESS => Ok(bound),
            _ => Err(NotBound),
        }
    }
}

impl<F> Drop for EventNode<F> {
    fn drop(&mut self) {
        if !self.node.is_null() {
            // SAFETY: bound by `bind`, and not yet unbound.
            let status = unsafe { switch_event_unbind(&raw mut self.node) };
            if status != switch_status_t::SWITCH_STATUS_SUCCESS {
                tracing::error!("the switch does not know an event binding of ours: its memory is kept");
                return;
            }
        }
        // SAFETY: from a box; unbinding takes the lock that the switch holds while it calls us, so nobody is
        // in `deliver` and nobody will be.
        drop(unsafe { Box::from_raw(self.hook.as_ptr()) });
    }
}

/// # Safety
/// 1. `event` is one that the switch delivers, and stays as it is until we return.
/// 2. Its `bind_user_data` is the hook that was bound along with `deliver::<F>`.
unsafe extern "C" fn deliver<F: Fn(&EventView<'_>)>(event: *mut switch_event_t) {
    guard((), || {
        // SAFETY: see 1.
        let Some(view) = (unsafe { EventView::new(event) }) else {
            return;
        };
        // SAFETY: see 1.
        let hook = unsafe { (*event).bind_user_data };
        // SAFETY: see 2; alive, since `EventNode::drop` waits for us.
        let hook = unsafe { &*hook.cast::<F>() };
        hook(&view);
    });
}
