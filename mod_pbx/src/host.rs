//! The switch, as the core sees it.

use std::ffi::CStr;
use std::ptr;

use freeswitch_sys as sys;
use pbx_core::host::Host;

use crate::cstr::{self, Owned, c_string};
use crate::event::Draft;

/// The switch that loaded us.
pub struct FreeSwitch;

impl Host for FreeSwitch {
    fn version(&self) -> String {
        // SAFETY: no conditions.
        let version = unsafe { sys::switch_version_full() };
        // SAFETY: a constant of the switch's.
        unsafe { cstr::text(version) }.unwrap_or_default().into_owned()
    }

    fn variable(&self, name: &str) -> Option<String> {
        let name = c_string(name);
        // SAFETY: NUL-terminated.
        let value = unsafe { sys::switch_core_get_variable_dup(name.as_ptr()) };
        // SAFETY: a copy made for us by strdup.
        unsafe { Owned::new(value) }.map(|value| value.to_text())
    }

    /// Takes what is in the XML root, where no binding has a say; for that `switch_xml_root` holds a mutex
    /// of its own for a moment, and not the lock of the bindings: a look-up may call this.
    fn static_configuration(&self, name: &str) -> Option<String> {
        let name = c_string(name);
        let root = Root::open();
        let section = root.child(root.0, c"section", c"configuration")?;
        let configuration = root.child(section, c"configuration", &name)?;
        // SAFETY: a node of the tree that `root` keeps.
        let text = unsafe {
            sys::switch_xml_toxml_ex(
                configuration,
                sys::switch_bool_t::SWITCH_FALSE,
                sys::switch_bool_t::SWITCH_TRUE,
            )
        };
        // SAFETY: from malloc, and ours.
        unsafe { Owned::new(text) }.map(|text| text.to_text())
    }

    fn languages(&self, macro_name: &str) -> Vec<(String, String)> {
        let name = c_string(macro_name);
        let root = Root::open();
        let mut found = Vec::new();
        // `<section name="languages">`, and the older form below `<section name="phrases"><macros>`
        // (`switch_xml_locate_language_ex`).
        let new = root.child(root.0, c"section", c"languages");
        let old = root.child(root.0, c"section", c"phrases");
        let places = [new, old.map(|section| root.first(section, c"macros"))];
        for (place, is_new) in places.into_iter().zip([true, false]) {
            let mut language = place.map_or(ptr::null_mut(), |place| root.first(place, c"language"));
            while !language.is_null() {
                let macros = if is_new {
                    root.first(root.first(language, c"phrases"), c"macros")
                } else {
                    language
                };
                if root.child(macros, c"macro", &name).is_some() {
                    let prefix = ["sound-prefix", "sound-path", "sound_path"]
                        .map(|name| root.attribute(language, &c_string(name)));
                    let prefix = prefix.into_iter().find(|prefix| !prefix.is_empty());
                    found.push((root.attribute(language, c"name"), prefix.unwrap_or_default()));
                }
                // SAFETY: a node of the tree, which `root` keeps.
                language = unsafe { (*language).next };
            }
        }
        found
    }

    fn parameters(&self) -> Result<Vec<(String, String)>, String> {
        // Answers "+OK [Success]", or "+OK [" and what is wrong with the file.
        let answer = self.api("reloadxml", "")?;
        if answer.contains("[Success]") {
            Ok(parameters(c"pbx.conf"))
        } else {
            Err(format!("reloadxml: {}", answer.trim()))
        }
    }

    fn set_log_level(&self, level: tracing::Level) {
        crate::log::attach(level);
    }

    fn fire_presence(&self, headers: &[(&'static str, &str)]) {
        let Some(mut draft) = Draft::new(sys::switch_event_types_t::SWITCH_EVENT_PRESENCE_IN) else {
            return;
        };
        for (name, value) in headers {
            draft.add(&c_string(name), &c_string(value));
        }
        draft.fire();
    }

    fn hang_up(&self, channel: &str) -> bool {
        let channel = c_string(channel);
        let cause = sys::switch_call_cause_t::SWITCH_CAUSE_CALL_REJECTED;
        // SAFETY: NUL-terminated.
        let status = unsafe { sys::switch_ivr_kill_uuid(channel.as_ptr(), cause) };
        status == sys::switch_status_t::SWITCH_STATUS_SUCCESS
    }

    fn api(&self, command: &str, arguments: &str) -> Result<String, String> {
        let mut answer = Answer::new().ok_or("out of memory")?;
        let name = c_string(command);
        let arguments = c_string(arguments);
        // SAFETY: the strings are NUL-terminated; there need not be a session; the stream is one.
        let status = unsafe {
            sys::switch_api_execute(
                name.as_ptr(),
                arguments.as_ptr(),
                ptr::null_mut(),
                &raw mut answer.0,
            )
        };
        match status {
            sys::switch_status_t::SWITCH_STATUS_SUCCESS => Ok(answer.to_text()),
            _ => Err(format!("{command}: {}", answer.to_text().trim())),
        }
    }
}

/// The parameters of the configuration file `name`, in file order, as the switch's own modules read
/// theirs: from whoever answers for it, else from the static files. Not to be called from a look-up.
pub fn parameters(name: &CStr) -> Vec<(String, String)> {
    let mut node = ptr::null_mut();
    // SAFETY: NUL-terminated; parameters need not be given.
    let root = unsafe { sys::switch_xml_open_cfg(name.as_ptr(), &raw mut node, ptr::null_mut()) };
    let tree = Root(root);
    let mut parameters = Vec::new();
    // SAFETY: a node of the tree, or NULL; the name is NUL-terminated.
    let settings = unsafe { sys::switch_xml_child(node, c"settings".as_ptr()) };
    // SAFETY: as above.
    let mut parameter = unsafe { sys::switch_xml_child(settings, c"param".as_ptr()) };
    while !parameter.is_null() {
        parameters.push((
            tree.attribute(parameter, c"name"),
            tree.attribute(parameter, c"value"),
        ));
        // SAFETY: a node of the tree, which `tree` keeps.
        parameter = unsafe { (*parameter).next };
    }
    parameters
}

/// A tree of the switch's that is kept until this is dropped.
struct Root(sys::switch_xml_t);

impl Root {
    /// The static XML root, counted.
    fn open() -> Self {
        // SAFETY: there is a root from before the first module is loaded until after the last is gone.
        Self(unsafe { sys::switch_xml_root() })
    }

    /// The first child `tag` of `node` whose attribute `name` is `value`, without regard to case.
    fn child(&self, node: sys::switch_xml_t, tag: &CStr, value: &CStr) -> Option<sys::switch_xml_t> {
        // SAFETY: a node of our tree; NUL-terminated strings.
        let child =
            unsafe { sys::switch_xml_find_child(node, tag.as_ptr(), c"name".as_ptr(), value.as_ptr()) };
        (!child.is_null()).then_some(child)
    }

    /// The first child `tag` of `node`, NULL if there is none or `node` is NULL.
    fn first(&self, node: sys::switch_xml_t, tag: &CStr) -> sys::switch_xml_t {
        // SAFETY: a node of our tree, or NULL; NUL-terminated.
        unsafe { sys::switch_xml_child(node, tag.as_ptr()) }
    }

    /// The attribute, or empty text.
    fn attribute(&self, node: sys::switch_xml_t, name: &CStr) -> String {
        // SAFETY: a node of our tree; a NUL-terminated string.
        let value = unsafe { sys::switch_xml_attr(node, name.as_ptr()) };
        // SAFETY: NULL or a string in our tree.
        unsafe { cstr::text(value) }.unwrap_or_default().into_owned()
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        // SAFETY: given to us by the switch, to be freed so; NULL is allowed.
        unsafe { sys::switch_xml_free(self.0) };
    }
}

/// A stream that collects what a command writes (the switch's `SWITCH_STANDARD_STREAM`).
struct Answer(sys::switch_stream_handle_t);

impl Answer {
    /// None where there is no memory.
    fn new() -> Option<Self> {
        let room = sys::SWITCH_CMD_CHUNK_LEN as usize;
        // SAFETY: no conditions. The switch's write functions reallocate it, so it must be from malloc.
        let data = unsafe { libc::calloc(1, room) };
        (!data.is_null()).then_some(Self(sys::switch_stream_handle_t {
            read_function: None,
            write_function: Some(sys::switch_console_stream_write),
            raw_write_function: Some(sys::switch_console_stream_raw_write),
            data,
            end: data,
            data_size: room,
            data_len: 0,
            alloc_len: room,
            alloc_chunk: room,
            param_event: ptr::null_mut(),
        }))
    }

    /// What was written so far.
    fn to_text(&self) -> String {
        // SAFETY: zeroed by `new`, and kept NUL-terminated by the write functions; ours.
        unsafe { cstr::text(self.0.data.cast()) }
            .unwrap_or_default()
            .into_owned()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        // SAFETY: from malloc, and ours.
        unsafe { libc::free(self.0.data) };
        if !self.0.param_event.is_null() {
            // SAFETY: an event that `switch_api_execute` made and could not fire.
            unsafe { sys::switch_event_destroy(&raw mut self.0.param_event) };
        }
    }
}
