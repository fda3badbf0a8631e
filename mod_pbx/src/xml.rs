//! Look-ups: the search function that the switch calls, and a binding of it that ends with its owner.

use std::borrow::Cow;
use std::ffi::{CStr, c_char, c_void};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicBool, Ordering};

use freeswitch_sys::{
    switch_bool_t, switch_event_t, switch_status_t, switch_xml_bind_search_function_ret,
    switch_xml_binding_t, switch_xml_error, switch_xml_free, switch_xml_parse_str_dynamic,
    switch_xml_section_enum_t, switch_xml_t, switch_xml_unbind_search_function,
};
use pbx_core::reply::{Reply, refusal};
use pbx_core::request::{Params, Request};

use crate::cstr;
use crate::event::EventView;
use crate::guard::guard;

/// The sections that we may have answers in.
pub const SECTIONS: [switch_xml_section_enum_t; 5] = [
    switch_xml_section_enum_t::SWITCH_XML_SECTION_CONFIG,
    switch_xml_section_enum_t::SWITCH_XML_SECTION_DIRECTORY,
    switch_xml_section_enum_t::SWITCH_XML_SECTION_DIALPLAN,
    switch_xml_section_enum_t::SWITCH_XML_SECTION_LANGUAGES,
    switch_xml_section_enum_t::SWITCH_XML_SECTION_CHANNELS,
];

/// The switch could not bind the search function (`switch_xml_bind_search_function_ret`).
#[derive(Debug)]
pub struct NotBound;

/// Answers the switch's look-ups by `F`, until it is dropped.
///
/// The switch calls on the thread that looks something up, and holds a lock that binding and unbinding
/// need: `F` must not block, bind or unbind (`switch_xml_locate`).
pub struct XmlBinding<F> {
    binding: *mut switch_xml_binding_t,
    context: NonNull<Context<F>>,
}

/// What the switch hands back to us with each look-up. Only read there, so threads do not slow each other.
struct Context<F> {
    /// Set before unbinding: the switch's lock prefers readers, so that handlers which go on working
    /// would keep an unload waiting for seconds.
    draining: AtomicBool,
    answer: F,
}

// SAFETY: the binding is only handed back to the switch, from any thread; the closure is `Send`.
unsafe impl<F: Send> Send for XmlBinding<F> {}

impl<F: Fn(&Request<'_>) -> Reply + Send + Sync + 'static> XmlBinding<F> {
    /// Binds `answer` to look-ups in [`SECTIONS`], after the bindings that there are.
    ///
    /// # Errors
    /// The switch refuses.
    pub fn bind(answer: F) -> Result<Self, NotBound> {
        let context = Box::new(Context {
            draining: AtomicBool::new(false),
            answer,
        });
        let context = NonNull::from(Box::leak(context));
        // Owns the context from here on, bound or not.
        let mut bound = Self {
            binding: ptr::null_mut(),
            context,
        };
        // SAFETY: `search` takes the context that is given along, which lives until the switch has let go of
        // it (see `drop`).
        let status = unsafe {
            switch_xml_bind_search_function_ret(
                Some(search::<F>),
                SECTIONS.iter().fold(0, |mask, section| mask | section.0),
                context.as_ptr().cast(),
                &raw mut bound.binding,
            )
        };
        match status {
            switch_status_t::SWITCH_STATUS_SUCCESS => Ok(bound),
            _ => Err(NotBound),
        }
    }
}

impl<F> Drop for XmlBinding<F> {
    fn drop(&mut self) {
        // SAFETY: from a box that is freed below at the earliest.
        let context = unsafe { self.context.as_ref() };
        context.draining.store(true, Ordering::Relaxed);
        if !self.binding.is_null() {
            // By the binding, not by the function: `switch_xml_unbind_search_function_ptr` misses the second
            // of two neighbours.
            // SAFETY: bound by `bind`, and not yet unbound.
            let status = unsafe { switch_xml_unbind_search_function(&raw mut self.binding) };
            if status != switch_status_t::SWITCH_STATUS_SUCCESS {
                tracing::error!("the switch does not know our XML binding: its memory is kept");
                return;
            }
        }
        // SAFETY: from a box; unbinding takes the lock that the switch holds while it calls us, so nobody is
        // in `search` and nobody will be.
        drop(unsafe { Box::from_raw(self.context.as_ptr()) });
    }
}

/// A `switch_xml_search_function_t`. NULL means "not mine": the switch goes on to its next binding, and
/// then to its static files. An answer that failed must not end there: see [`refusal`].
///
/// # Safety
/// 1. Each string is NULL or NUL-terminated, and `params` NULL or an event; all stay as they are until we
///    return.
/// 2. `user_data` is the context that was bound along with `search::<F>`.
unsafe extern "C" fn search<F: Fn(&Request<'_>) -> Reply>(
    section: *const c_char,
    tag_name: *const c_char,
    key_name: *const c_char,
    key_value: *const c_char,
    params: *mut switch_event_t,
    user_data: *mut c_void,
) -> switch_xml_t {
    guard(ptr::null_mut(), || {
        // SAFETY: see 2; alive, since `XmlBinding::drop` waits for us.
        let context = unsafe { &*user_data.cast::<Context<F>>() };
        if context.draining.load(Ordering::Relaxed) {
            return ptr::null_mut();
        }
        // SAFETY: see 1.
        let field = |pointer| unsafe { cstr::text(pointer) }.unwrap_or(Cow::Borrowed(""));
        // SAFETY: see 1.
        let event = unsafe { EventView::new(params) };
        let request = Request {
            section: &field(section),
            tag_name: &field(tag_name),
            key_name: &field(key_name),
            key_value: &field(key_value),
            params: event.as_ref().map_or(&() as &dyn Params, |event| event),
        };
        match guard(None, || Some((context.answer)(&request))) {
            Some(Reply::Text(_) | Reply::NotOurs) => ptr::null_mut(),
            Some(Reply::Document(text)) => parse(text).unwrap_or_else(|| refuse(&request)),
            None => refuse(&request),
        }
    })
}

/// The tree that refuses a look-up which could not be answered; NULL where the static files may answer.
fn refuse(request: &Request<'_>) -> switch_xml_t {
    refusal(request).and_then(parse).unwrap_or(ptr::null_mut())
}

/// The switch's tree of a document, which the switch will free; none: it is no document.
fn parse(mut text: String) -> Option<switch_xml_t> {
    text.push('\0');
    let Ok(text) = CStr::from_bytes_with_nul(text.as_bytes()) else {
        tracing::error!("an answer with a NUL in it was not given to the switch");
        return None;
    };
    // SAFETY: NUL-terminated, and copied: the tree must not hold memory that is not from malloc. The
    // function does not write to the text then, in spite of its type.
    let tree = unsafe { switch_xml_parse_str_dynamic(text.as_ptr().cast_mut(), switch_bool_t::SWITCH_TRUE) };
    if tree.is_null() {
        tracing::error!("an empty answer was not given to the switch");
        return None;
    }
    // SAFETY: a tree that was just made.
    let error = unsafe { switch_xml_error(tree) };
    // SAFETY: NULL or text in that tree, which is there until freed below.
    let error = unsafe { cstr::text(error) }.unwrap_or_default().into_owned();
    if error.is_empty() {
        return Some(tree);
    }
    tracing::error!("an answer that is no XML was not given to the switch: {error}");
    // SAFETY: the tree is ours and nobody else has seen it.
    unsafe { switch_xml_free(tree) };
    None
}
