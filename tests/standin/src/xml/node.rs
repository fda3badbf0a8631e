//! The tree that `switch_xml_*` hand out: nodes with FreeSWITCH's layout, owned by their root.
//!
//! A module reads `name`, `txt`, `attr`, `child`, `next`, `sibling` and `ordered` directly, so these mean what
//! `switch_xml.h` says they mean. How the memory behind them is held is ours.

use std::collections::HashMap;
use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr;
use std::sync::Mutex;

use freeswitch_sys::{switch_bool_t, switch_xml};

use crate::ledger::{self, Kind};

/// `SWITCH_XML_ROOT` of `switch_xml.h`: a root that several hold at once, counted in `refs`.
pub(crate) const ROOT_FLAG: u32 = 1;

/// A root node: what `switch_xml_root` is to the switch.
#[repr(C)]
pub(crate) struct Root {
    pub(crate) node: switch_xml,
    /// What went wrong while parsing; empty if nothing did.
    pub(crate) error: CString,
    /// The text handed over by `switch_xml_parse_str_dynamic(text, SWITCH_FALSE)`, freed by `free` with the tree.
    pub(crate) buffer: *mut c_void,
}

/// Guards `refs` of root nodes, as the switch's REFLOCK.
static REFERENCES: Mutex<()> = Mutex::new(());

/// An attribute list of no attributes: `attr` is never NULL.
struct NoAttributes([*mut c_char; 1]);
// SAFETY: holds nothing but NULL and is never written.
unsafe impl Sync for NoAttributes {}
static NO_ATTRIBUTES: NoAttributes = NoAttributes([ptr::null_mut()]);

fn owned(text: &str) -> *mut c_char {
    // As a C string: what follows a NUL does not exist.
    let text = text.split('\0').next().unwrap_or_default();
    CString::new(text).unwrap_or_default().into_raw()
}

fn blank() -> switch_xml {
    switch_xml {
        name: ptr::null_mut(),
        attr: ptr::from_ref(&NO_ATTRIBUTES.0).cast_mut().cast(),
        txt: owned(""),
        free_path: ptr::null_mut(),
        off: 0,
        next: ptr::null_mut(),
        sibling: ptr::null_mut(),
        ordered: ptr::null_mut(),
        child: ptr::null_mut(),
        parent: ptr::null_mut(),
        flags: 0,
        is_switch_xml_root_t: switch_bool_t::SWITCH_FALSE,
        refs: 0,
        open: ptr::null(),
        close: ptr::null(),
    }
}

/// Grows one tree from its outermost element inwards.
pub(crate) struct Builder {
    root: *mut Root,
    open: Vec<Open>,
    finished: bool,
}

/// An element whose end has not been seen.
struct Open {
    node: *mut switch_xml,
    text: String,
    last_child: *mut switch_xml,
    /// The first child of the name seen last as a new one: where `sibling` continues.
    last_first: *mut switch_xml,
    /// The last child of each name: where `next` continues.
    last_of_name: HashMap<String, *mut switch_xml>,
}

impl Builder {
    pub(crate) fn new() -> Self {
        ledger::take(Kind::XmlTree, 1);
        ledger::take(Kind::XmlNode, 1);
        let root = Root {
            node: blank(),
            error: CString::default(),
            buffer: ptr::null_mut(),
        };
        Self {
            root: Box::into_raw(Box::new(root)),
            open: Vec::new(),
            finished: false,
        }
    }

    /// Whether the outermost element has ended.
    pub(crate) fn is_finished(&self) -> bool {
        self.finished
    }

    /// How many elements are open.
    pub(crate) fn depth(&self) -> usize {
        self.open.len()
    }

    /// Whether no element has begun, or the outermost has ended.
    pub(crate) fn is_outside(&self) -> bool {
        self.open.is_empty()
    }

    /// Begins an element; a second outermost one is not begun, and the answer is false.
    pub(crate) fn begin(&mut self, name: &str, attributes: &[(String, String)]) -> bool {
        let node = if let Some(parent) = self.open.last_mut() {
            let node = Box::into_raw(Box::new(blank()));
            ledger::take(Kind::XmlNode, 1);
            parent.append(node, name);
            node
        } else if self.finished {
            return false;
        } else {
            self.root.cast::<switch_xml>()
        };
        // SAFETY: `node` is live and this builder alone knows it.
        let fields = unsafe { &mut *node };
        fields.name = owned(name);
        if !attributes.is_empty() {
            let mut list: Vec<*mut c_char> = attributes
                .iter()
                .flat_map(|(name, value)| [owned(name), owned(value)])
                .collect();
            list.push(ptr::null_mut());
            fields.attr = Box::into_raw(list.into_boxed_slice()).cast();
        }
        self.open.push(Open {
            node,
            text: String::new(),
            last_child: ptr::null_mut(),
            last_first: ptr::null_mut(),
            last_of_name: HashMap::new(),
        });
        true
    }

    /// Adds to the text of the innermost open element.
    pub(crate) fn text(&mut self, text: &str) {
        if let Some(open) = self.open.last_mut() {
            open.text.push_str(text);
        }
    }

    /// Ends the innermost open element.
    pub(crate) fn end(&mut self) {
        let Some(open) = self.open.pop() else { return };
        open.close();
        self.finished = self.open.is_empty();
    }

    /// The tree. `error` is what `switch_xml_error` says of it.
    pub(crate) fn into_root(mut self, error: &str) -> *mut Root {
        while let Some(open) = self.open.pop() {
            open.close();
        }
        let root = std::mem::replace(&mut self.root, ptr::null_mut());
        // SAFETY: the root is live and ours until returned.
        unsafe { (*root).error = CString::new(error.replace('\0', " ")).unwrap_or_default() };
        root
    }
}

impl Drop for Builder {
    fn drop(&mut self) {
        if !self.root.is_null() {
            // SAFETY: nobody else has seen this tree.
            unsafe { free(self.root.cast()) };
        }
    }
}

impl Open {
    fn append(&mut self, node: *mut switch_xml, name: &str) {
        // SAFETY: just made, and this builder alone knows it.
        let fields = unsafe { &mut *node };
        fields.parent = self.node;
        fields.off = self.text.len();
        if self.last_child.is_null() {
            // SAFETY: an open element is live.
            unsafe { (*self.node).child = node };
        } else {
            // SAFETY: a child of an open element is live.
            unsafe { (*self.last_child).ordered = node };
        }
        self.last_child = node;
        if let Some(previous) = self.last_of_name.insert(name.to_owned(), node) {
            // SAFETY: as above.
            unsafe { (*previous).next = node };
            return;
        }
        if !self.last_first.is_null() {
            // SAFETY: as above.
            unsafe { (*self.last_first).sibling = node };
        }
        self.last_first = node;
    }

    fn close(self) {
        // SAFETY: an open element is live.
        let fields = unsafe { &mut *self.node };
        // SAFETY: made by `owned`.
        drop(unsafe { CString::from_raw(fields.txt) });
        fields.txt = owned(&self.text);
    }
}

/// `switch_xml_free`: the tree at `node`, unless someone else still refers to a shared root.
///
/// # Safety
/// `node` is NULL or a live node made here, not used afterwards by the caller.
pub(crate) unsafe fn free(node: *mut switch_xml) {
    if node.is_null() {
        return;
    }
    // SAFETY: live, by the caller's promise.
    if unsafe { (*node).flags } & ROOT_FLAG != 0 {
        let _guard = REFERENCES.lock();
        // SAFETY: as above; `refs` is guarded.
        let fields = unsafe { &mut *node };
        fields.refs = fields.refs.saturating_sub(1);
        if fields.refs > 0 {
            return;
        }
    }
    // As the switch's does: a node in the middle of a tree takes its later siblings with it.
    let mut pending = vec![node];
    while let Some(node) = pending.pop() {
        // SAFETY: each node is reached once, through its parent or elder sibling.
        let fields = unsafe { &mut *node };
        pending.extend(
            [fields.child, fields.ordered]
                .into_iter()
                .filter(|next| !next.is_null()),
        );
        // SAFETY: made by `begin`.
        unsafe { free_texts(fields) };
        ledger::give_back(Kind::XmlNode, 1);
        if fields.parent.is_null() {
            // SAFETY: a node without a parent is the root of a tree, allocated as such.
            let root = unsafe { Box::from_raw(node.cast::<Root>()) };
            // SAFETY: malloc'd by whoever parsed with SWITCH_FALSE, or NULL.
            unsafe { libc::free(root.buffer) };
            ledger::give_back(Kind::XmlTree, 1);
        } else {
            // SAFETY: every other node was boxed as a plain one.
            drop(unsafe { Box::from_raw(node) });
        }
    }
}

/// # Safety
/// `node` was filled by a [`Builder`] and is about to go.
unsafe fn free_texts(node: &mut switch_xml) {
    for text in [node.name, node.txt].into_iter().filter(|text| !text.is_null()) {
        // SAFETY: made by `owned`.
        drop(unsafe { CString::from_raw(text) });
    }
    if ptr::eq(node.attr.cast(), NO_ATTRIBUTES.0.as_ptr()) {
        return;
    }
    // SAFETY: a list made by `begin`, which nobody uses any more.
    let count = unsafe { length(node.attr) };
    // SAFETY: boxed by `begin` with exactly this length.
    let list = unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(node.attr, count + 1)) };
    for text in list.into_iter().take(count) {
        // SAFETY: made by `owned`.
        drop(unsafe { CString::from_raw(text) });
    }
}

/// How many texts a list holds before its NULL.
///
/// # Safety
/// `list` ends with NULL.
unsafe fn length(list: *const *mut c_char) -> usize {
    let mut count = 0;
    loop {
        // SAFETY: not beyond the NULL.
        let entry = unsafe { list.add(count) };
        // SAFETY: as above.
        if unsafe { *entry }.is_null() {
            return count;
        }
        count += 1;
    }
}

/// Another reference to a shared root.
///
/// # Safety
/// `root` is live and flagged as shared.
pub(crate) unsafe fn refer(root: *mut switch_xml) {
    let _guard = REFERENCES.lock();
    // SAFETY: by the caller's promise; `refs` is guarded.
    unsafe { (*root).refs += 1 };
}

/// A node's attributes, in order.
///
/// # Safety
/// `node` is live for `'a`.
pub(crate) unsafe fn attributes<'a>(node: *const switch_xml) -> impl Iterator<Item = (&'a CStr, &'a CStr)> {
    // SAFETY: by the caller's promise.
    let list = unsafe { (*node).attr };
    // SAFETY: `attr` is never NULL and ends with one.
    let count = unsafe { length(list) };
    // SAFETY: as long as that, and unchanged while the node lives.
    let list = unsafe { std::slice::from_raw_parts(list, count) };
    list.chunks_exact(2).map(|pair| {
        // SAFETY: a name that lives as long as its node.
        let name = unsafe { CStr::from_ptr(pair[0]) };
        // SAFETY: its value, likewise.
        let value = unsafe { CStr::from_ptr(pair[1]) };
        (name, value)
    })
}
