//! The `pbx …` commands.

use crate::pbx::Pbx;

/// Runs one command.
pub fn run(pbx: &Pbx, line: &str, out: &mut dyn FnMut(&str)) {
    if line.trim() == "version" {
        out(&format!(
            "mod_pbx {} in FreeSWITCH {}\n",
            env!("CARGO_PKG_VERSION"),
            pbx.host().version()
        ));
    } else {
        out("-ERR no such command: type pbx version\n");
    }
}

/// What may come next.
pub fn complete(_pbx: &Pbx, line: &str) -> Vec<String> {
    if "version".starts_with(line) {
        vec!["version".to_owned()]
    } else {
        Vec::new()
    }
}
