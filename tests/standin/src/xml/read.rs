//! Reading a tree from Rust.

use freeswitch_sys::switch_xml_t;

use super::exports::{switch_xml_attr, switch_xml_child};
use crate::text::{c_string, text};

/// The children of a live node that are called `name`.
pub(crate) fn children(node: switch_xml_t, name: &str) -> impl Iterator<Item = switch_xml_t> + use<> {
    let name = c_string(name);
    // SAFETY: a node of a tree that the caller holds, and a C string.
    let mut next = unsafe { switch_xml_child(node, name.as_ptr()) };
    std::iter::from_fn(move || {
        let child = next;
        if child.is_null() {
            return None;
        }
        // SAFETY: a child in that tree.
        next = unsafe { (*child).next };
        Some(child)
    })
}

/// An attribute of a live node.
pub(crate) fn attribute(node: switch_xml_t, name: &str) -> Option<String> {
    // SAFETY: a node of a tree that the caller holds, and a C string.
    let value = unsafe { switch_xml_attr(node, c_string(name).as_ptr()) };
    // SAFETY: NULL or an attribute's value.
    unsafe { text(value) }
}
