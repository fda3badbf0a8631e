//! The functions by which a module parses, reads, prints and frees XML.

use std::ffi::{CStr, c_char};
use std::ptr;

use freeswitch_sys::{switch_bool_t, switch_xml, switch_xml_t};

use super::node::{self, Root, attributes};
use super::{parse, print};
use crate::text::{c_string, text};

#[unsafe(no_mangle)]
unsafe extern "C" fn switch_xml_parse_str_dynamic(s: *mut c_char, dup: switch_bool_t) -> switch_xml_t {
    // SAFETY: the switch asserts that `s` is not NULL; it is a C string.
    let given = unsafe { CStr::from_ptr(s) }.to_string_lossy();
    if given.is_empty() {
        // As the switch: no tree, and without `dup` the text stays the caller's.
        return ptr::null_mut();
    }
    let root = parse::parse(&given);
    if dup == switch_bool_t::SWITCH_FALSE {
        // SAFETY: just made, and ours until returned.
        unsafe { (*root).buffer = s.cast() };
    }
    root.cast()
}

#[unsafe(no_mangle)]
unsafe extern "C" fn switch_xml_free(xml: switch_xml_t) {
    // SAFETY: the caller gives back a tree it got from here.
    unsafe { node::free(xml) };
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn switch_xml_child(xml: switch_xml_t, name: *const c_char) -> switch_xml_t {
    if xml.is_null() || name.is_null() {
        return ptr::null_mut();
    }
    // SAFETY: a C string.
    let wanted = unsafe { CStr::from_ptr(name) };
    // SAFETY: a live node.
    let mut child = unsafe { (*xml).child };
    while !child.is_null() {
        // SAFETY: children of a live node are live.
        let fields = unsafe { &*child };
        // SAFETY: a child has a name.
        if unsafe { CStr::from_ptr(fields.name) } == wanted {
            break;
        }
        child = fields.sibling;
    }
    child
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn switch_xml_find_child(
    node: switch_xml_t,
    childname: *const c_char,
    attrname: *const c_char,
    value: *const c_char,
) -> switch_xml_t {
    if childname.is_null() || attrname.is_null() || value.is_null() {
        return node;
    }
    // SAFETY: a C string.
    let wanted = unsafe { text(value) }.unwrap_or_default();
    // SAFETY: as required of this function.
    let mut child = unsafe { switch_xml_child(node, childname) };
    while !child.is_null() {
        // SAFETY: a live node and a C string.
        let found = unsafe { switch_xml_attr(child, attrname) };
        // SAFETY: NULL or an attribute's value.
        let found = unsafe { text(found) };
        if found.is_some_and(|found| found.eq_ignore_ascii_case(&wanted)) {
            break;
        }
        // SAFETY: a live node.
        child = unsafe { (*child).next };
    }
    child
}

#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn switch_xml_attr(xml: switch_xml_t, attr: *const c_char) -> *const c_char {
    if xml.is_null() || attr.is_null() {
        return ptr::null();
    }
    // SAFETY: a C string.
    let wanted = unsafe { CStr::from_ptr(attr) };
    // SAFETY: a live node.
    let mut all = unsafe { attributes(xml) };
    all.find(|(name, _)| *name == wanted)
        .map_or(ptr::null(), |(_, value)| value.as_ptr())
}

#[unsafe(no_mangle)]
unsafe extern "C" fn switch_xml_attr_soft(xml: switch_xml_t, attr: *const c_char) -> *const c_char {
    // SAFETY: as required of this function.
    let value = unsafe { switch_xml_attr(xml, attr) };
    if value.is_null() { c"".as_ptr() } else { value }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn switch_xml_toxml_ex(
    xml: switch_xml_t,
    prn_header: switch_bool_t,
    use_utf8_encoding: switch_bool_t,
) -> *mut c_char {
    let header = if prn_header == switch_bool_t::SWITCH_FALSE {
        ""
    } else {
        "<?xml version=\"1.0\"?>\n"
    };
    // SAFETY: NULL or a live node.
    let body = unsafe { print::to_text(xml, use_utf8_encoding != switch_bool_t::SWITCH_FALSE) };
    // SAFETY: a C string; the caller frees the copy with `free`.
    unsafe { libc::strdup(c_string(&format!("{header}{body}")).as_ptr()) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn switch_xml_error(xml: switch_xml_t) -> *const c_char {
    // SAFETY: as required of this function.
    unsafe { root_of(xml) }.map_or(c"".as_ptr(), |root| root.error.as_ptr())
}

/// What is wrong with a tree; empty if nothing is.
///
/// # Safety
/// `xml` is NULL or live.
pub(crate) unsafe fn error(xml: *const switch_xml) -> String {
    // SAFETY: by the caller's promise.
    let root = unsafe { root_of(xml) };
    root.map_or_else(String::new, |root| root.error.to_string_lossy().into_owned())
}

/// The head of the tree that a node is in.
///
/// # Safety
/// `xml` is NULL, or live for as long as what is returned.
unsafe fn root_of<'a>(xml: *const switch_xml) -> Option<&'a Root> {
    let mut root = xml;
    // SAFETY: parents of a live node are live.
    while !root.is_null() && !unsafe { (*root).parent }.is_null() {
        // SAFETY: as above.
        root = unsafe { (*root).parent };
    }
    // SAFETY: a node without a parent is the head of a root.
    unsafe { root.cast::<Root>().as_ref() }
}
