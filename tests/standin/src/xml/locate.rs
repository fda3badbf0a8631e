//! Search functions and look-ups: `switch_xml_bind_search_function_ret` and what calls it.

use std::ffi::{CStr, c_char, c_void};
use std::ptr;

use freeswitch_sys::{
    switch_event_t, switch_status_t, switch_xml_binding_t, switch_xml_search_function_t,
    switch_xml_section_enum_t, switch_xml_t,
};

use super::exports::{error, switch_xml_attr, switch_xml_child, switch_xml_find_child};
use super::node;
use super::root::switch_xml_root;
use crate::ledger::{self, Kind};
use crate::log::{Level, log};
use crate::sync::{PthreadRw, next_handle};

/// One search function.
struct Binding {
    /// What the module holds as a pointer. Never followed, never used again: unbinding twice is noticed.
    handle: usize,
    function: switch_xml_search_function_t,
    sections: u32,
    user_data: *mut c_void,
}

// SAFETY: the switch calls a search function, with its user data, on whichever thread looks something up.
unsafe impl Send for Binding {}
// SAFETY: as above.
unsafe impl Sync for Binding {}

/// As the switch's: search functions run under the read lock, binding and unbinding take the write lock.
static BINDINGS: PthreadRw<Vec<Binding>> = PthreadRw::new(Vec::new());

#[unsafe(no_mangle)]
unsafe extern "C" fn switch_xml_bind_search_function_ret(
    function: switch_xml_search_function_t,
    sections: u32,
    user_data: *mut c_void,
    ret_binding: *mut *mut switch_xml_binding_t,
) -> switch_status_t {
    assert!(function.is_some(), "the switch asserts that there is a function");
    let handle = next_handle();
    BINDINGS.write(|all| {
        all.push(Binding {
            handle,
            function,
            sections,
            user_data,
        });
    });
    if !ret_binding.is_null() {
        // SAFETY: not NULL, and the caller's to be written.
        unsafe { *ret_binding = ptr::without_provenance_mut(handle) };
    }
    ledger::take(Kind::Binding, 1);
    switch_status_t::SWITCH_STATUS_SUCCESS
}

#[unsafe(no_mangle)]
unsafe extern "C" fn switch_xml_unbind_search_function(
    binding: *mut *mut switch_xml_binding_t,
) -> switch_status_t {
    // SAFETY: the caller's pointer to what bind returned.
    let wanted = unsafe { *binding }.addr();
    let found = BINDINGS.write(|all| {
        let at = all.iter().position(|binding| binding.handle == wanted)?;
        Some(all.remove(at))
    });
    if found.is_none() {
        return switch_status_t::SWITCH_STATUS_FALSE;
    }
    ledger::give_back(Kind::Binding, 1);
    switch_status_t::SWITCH_STATUS_SUCCESS
}

/// What a look-up found. Its tree is freed with it.
pub(crate) struct Found {
    root: switch_xml_t,
    /// The element looked for.
    pub(crate) node: switch_xml_t,
}

impl Found {
    /// A whole tree, or NULL.
    pub(crate) fn whole(root: switch_xml_t) -> Self {
        Self { root, node: root }
    }

    /// The tree, now the caller's to free.
    fn into_root(self) -> switch_xml_t {
        std::mem::ManuallyDrop::new(self).root
    }
}

impl Drop for Found {
    fn drop(&mut self) {
        // SAFETY: the tree is ours.
        unsafe { node::free(self.root) };
    }
}

/// What is looked up: the four fields of `switch_xml_locate`.
#[derive(Clone, Copy)]
pub(crate) struct Question<'a> {
    pub(crate) section: &'a CStr,
    pub(crate) tag: Option<&'a CStr>,
    pub(crate) key: Option<&'a CStr>,
    pub(crate) value: Option<&'a CStr>,
}

/// `switch_xml_locate`: every search function in turn until one answers, else the static document.
///
/// # Safety
/// `params` is NULL or a live event.
pub(crate) unsafe fn locate(question: Question<'_>, params: *mut switch_event_t) -> Option<Found> {
    // SAFETY: by the caller's promise.
    let mut xml = unsafe { ask_bindings(question, params) };
    // A document of a search function that does not hold the element is dropped for the static one.
    for _ in 0..2 {
        if xml.is_null() {
            xml = switch_xml_root();
        }
        if xml.is_null() {
            return None;
        }
        // SAFETY: a live tree and C strings.
        let node = unsafe { find(xml, question) };
        let found = Found { root: xml, node };
        if !node.is_null() {
            return Some(found);
        }
        xml = ptr::null_mut();
    }
    None
}

fn or_null(text: Option<&CStr>) -> *const c_char {
    text.map_or(ptr::null(), CStr::as_ptr)
}

/// # Safety
/// `xml` is live.
unsafe fn find(xml: switch_xml_t, question: Question<'_>) -> switch_xml_t {
    // SAFETY: a live tree and C strings.
    let section = unsafe {
        switch_xml_find_child(
            xml,
            c"section".as_ptr(),
            c"name".as_ptr(),
            question.section.as_ptr(),
        )
    };
    if section.is_null() {
        return section;
    }
    let (tag, key, value) = (
        or_null(question.tag),
        or_null(question.key),
        or_null(question.value),
    );
    // SAFETY: as above.
    unsafe { switch_xml_find_child(section, tag, key, value) }
}

/// # Safety
/// `params` is NULL or a live event.
unsafe fn ask_bindings(question: Question<'_>, params: *mut switch_event_t) -> switch_xml_t {
    let asked = sections_of(question.section);
    let (tag, key, value) = (
        or_null(question.tag),
        or_null(question.key),
        or_null(question.value),
    );
    BINDINGS.read(|all| {
        for binding in all
            .iter()
            .filter(|binding| binding.sections == 0 || binding.sections & asked != 0)
        {
            let Some(function) = binding.function else {
                continue;
            };
            // SAFETY: bound, and not unbound before the read lock is released; the strings outlive the call.
            let xml = unsafe {
                function(
                    question.section.as_ptr(),
                    tag,
                    key,
                    value,
                    params,
                    binding.user_data,
                )
            };
            // SAFETY: NULL, or a tree that is ours now.
            if !xml.is_null() && unsafe { is_answer(xml) } {
                return xml;
            }
            // SAFETY: as above.
            unsafe { node::free(xml) };
        }
        ptr::null_mut()
    })
}

/// Whether a document says something else than "not found", and has no error.
///
/// # Safety
/// `xml` is live.
unsafe fn is_answer(xml: switch_xml_t) -> bool {
    // SAFETY: by the caller's promise.
    let error = unsafe { error(xml) };
    if !error.is_empty() {
        log!(Level::Error, "Error[{error}]");
        return false;
    }
    // SAFETY: a live tree and C strings.
    let section =
        unsafe { switch_xml_find_child(xml, c"section".as_ptr(), c"name".as_ptr(), c"result".as_ptr()) };
    // SAFETY: as above; NULL is allowed.
    let result = unsafe { switch_xml_child(section, c"result".as_ptr()) };
    // SAFETY: as above.
    let status = unsafe { switch_xml_attr(result, c"status".as_ptr()) };
    // SAFETY: NULL or an attribute's value.
    let status = unsafe { crate::text::text(status) };
    !status.is_some_and(|status| status.eq_ignore_ascii_case("not found"))
}

/// `switch_xml_parse_section_string`: every section whose name the text contains.
fn sections_of(section: &CStr) -> u32 {
    use switch_xml_section_enum_t as section_bit;
    let text = section.to_string_lossy().to_ascii_lowercase();
    let known = [
        ("config", section_bit::SWITCH_XML_SECTION_CONFIG),
        ("directory", section_bit::SWITCH_XML_SECTION_DIRECTORY),
        ("dialplan", section_bit::SWITCH_XML_SECTION_DIALPLAN),
        ("languages", section_bit::SWITCH_XML_SECTION_LANGUAGES),
        ("chatplan", section_bit::SWITCH_XML_SECTION_CHATPLAN),
        ("channels", section_bit::SWITCH_XML_SECTION_CHANNELS),
    ];
    known
        .into_iter()
        .filter(|(name, _)| text.contains(name))
        .fold(0, |bits, (_, bit)| bits | bit.0)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn switch_xml_open_cfg(
    file_path: *const c_char,
    node: *mut switch_xml_t,
    params: *mut switch_event_t,
) -> switch_xml_t {
    // SAFETY: a C string.
    let name = unsafe { CStr::from_ptr(file_path) };
    let question = Question {
        section: c"configuration",
        tag: Some(c"configuration"),
        key: Some(c"name"),
        value: Some(name),
    };
    // SAFETY: as required of this function.
    let found = unsafe { locate(question, params) };
    let (cfg, root) = found.map_or((ptr::null_mut(), ptr::null_mut()), |found| {
        (found.node, found.into_root())
    });
    // SAFETY: the caller's to be written.
    unsafe { *node = cfg };
    root
}
