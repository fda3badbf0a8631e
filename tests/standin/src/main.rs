//! The stand-in host as a program. What it is and is not: see the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    fs_standin::app::run(std::env::args_os())
}
