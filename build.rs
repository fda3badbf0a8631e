//! Link arguments of the module, and which bindings it was built with.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Threads of the switch that called into us keep destructors of ours in their thread-local storage:
    // they crash when such a thread ends after dlclose (rust-lang/rust#91979).
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    // A test that opens the module provides the switch's functions itself (tests/standin).
    println!("cargo::rustc-link-arg-tests=-rdynamic");
    // From freeswitch-sys (`links = "freeswitch"`).
    let bindings = std::env::var("DEP_FREESWITCH_BINDINGS").unwrap_or_default();
    println!("cargo::rustc-env=PBX_BINDINGS={bindings}");
}
