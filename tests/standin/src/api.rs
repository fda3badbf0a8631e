//! Commands: those of modules, and the few of the switch's own that the stand-in has.

mod builtin;
mod fire;
mod locate;
mod voicemail;

use std::collections::BTreeMap;
use std::ffi::{CStr, c_char};
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError};

use freeswitch_sys::{switch_core_session_t, switch_event_types_t, switch_status_t, switch_stream_handle};

use builtin::BUILTIN;
pub(crate) use builtin::candidates;

use crate::event::Event;
use crate::module::{Interface, Module};
use crate::stream::Stream;
use crate::text::{c_string, text};

#[derive(Clone)]
struct Command {
    interface: Interface,
    module: Arc<Module>,
}

static COMMANDS: Mutex<BTreeMap<String, Command>> = Mutex::new(BTreeMap::new());

pub(crate) fn add(name: &str, interface: Interface, module: Arc<Module>) {
    let command = Command { interface, module };
    COMMANDS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(name.to_owned(), command);
}

pub(crate) fn remove(name: &str) {
    COMMANDS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .remove(name);
}

/// Every command's name, its description and how it is typed.
pub(crate) fn list() -> Vec<(String, String, String)> {
    let modules: Vec<(String, Command)> = {
        let commands = COMMANDS.lock().unwrap_or_else(PoisonError::into_inner);
        commands
            .iter()
            .map(|(name, command)| (name.clone(), command.clone()))
            .collect()
    };
    let of_modules = modules.into_iter().filter_map(|(name, command)| {
        let (description, syntax) = command.module.while_alive(|| command.interface.help())?;
        Some((name, description, syntax))
    });
    let own = BUILTIN.iter().map(|own| {
        (
            own.name.to_owned(),
            own.description.to_owned(),
            own.syntax.to_owned(),
        )
    });
    let mut all: Vec<_> = of_modules.chain(own).collect();
    all.sort();
    all
}

/// Runs a line as the switch's event socket does for `fs_cli` (`switch_console_execute`), in its words: one
/// command, or several with `;;` between them.
pub(crate) fn execute(line: &str) -> String {
    let line = line.trim_start_matches(' ');
    let mut stream = Stream::new();
    let mut status = switch_status_t::SWITCH_STATUS_FALSE;
    for part in line.split(";;") {
        let part = part.split(['\r', '\n']).next().unwrap_or_default();
        let (command, arguments) = part.split_once(' ').unwrap_or((part, ""));
        status = run(command, arguments, &mut stream);
    }
    if status != switch_status_t::SWITCH_STATUS_SUCCESS {
        return format!("-ERR {line} Command not found!\n");
    }
    let answer = stream.into_text();
    if answer.is_empty() {
        "-ERR no reply\n".to_owned()
    } else {
        answer
    }
}

/// Calls a module's command as it is, without the switch's own trimming: with any bytes, or NULL. `None`: no
/// module has it.
pub(crate) fn call(name: &str, argument: Option<&CStr>) -> Option<String> {
    let command = COMMANDS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get(name)
        .cloned()?;
    let mut stream = Stream::new();
    command.module.while_alive(|| {
        // SAFETY: the module cannot go meanwhile.
        let function = unsafe { (*command.interface.0).function }?;
        let argument = argument.map_or(ptr::null(), CStr::as_ptr);
        // SAFETY: as the switch calls it, which also passes NULL.
        Some(unsafe { function(argument, ptr::null_mut(), stream.handle()) })
    })??;
    Some(stream.into_text())
}

/// `switch_api_execute`.
fn run(command: &str, arguments: &str, stream: &mut Stream) -> switch_status_t {
    let (command, arguments) = (c_string(command), c_string(arguments));
    // SAFETY: C strings and our own stream.
    unsafe {
        switch_api_execute(
            command.as_ptr(),
            arguments.as_ptr(),
            ptr::null_mut(),
            stream.handle(),
        )
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn switch_api_execute(
    cmd: *const c_char,
    arg: *const c_char,
    session: *mut switch_core_session_t,
    stream: *mut switch_stream_handle,
) -> switch_status_t {
    // SAFETY: NULL or a C string.
    let cmd = unsafe { text(cmd) }.unwrap_or_default();
    // SAFETY: as above.
    let arg = unsafe { text(arg) }.unwrap_or_default();
    let (cmd, arg) = (cmd.trim(), arg.trim());
    let mut event = Event::new(switch_event_types_t::SWITCH_EVENT_API, None);
    event.add("API-Command", cmd);
    event.add("API-Command-Argument", arg);

    let known = COMMANDS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get(cmd)
        .cloned();
    let status = if let Some(command) = known {
        let argument = c_string(arg);
        command.module.while_alive(|| {
            // SAFETY: the module cannot go meanwhile.
            let function = unsafe { (*command.interface.0).function }?;
            // SAFETY: as the switch calls it.
            Some(unsafe { function(argument.as_ptr(), session, stream) })
        })
    } else if let Some(own) = BUILTIN.iter().find(|own| own.name == cmd) {
        write(stream, &(own.run)(arg));
        Some(Some(switch_status_t::SWITCH_STATUS_SUCCESS))
    } else {
        None
    };
    let status = status.flatten().unwrap_or_else(|| {
        write(stream, "INVALID COMMAND!\n");
        switch_status_t::SWITCH_STATUS_FALSE
    });
    event.fire();
    status
}

fn write(stream: *mut switch_stream_handle, text: &str) {
    let text = c_string(text);
    let bytes = CStr::to_bytes(&text);
    // SAFETY: a stream that the caller is running a command with.
    let raw = unsafe { (*stream).raw_write_function };
    if let Some(raw) = raw {
        // SAFETY: as many bytes as there are; a raw write function only reads them.
        unsafe { raw(stream, bytes.as_ptr().cast_mut(), bytes.len()) };
    }
}
