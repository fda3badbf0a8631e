//! Compiles the C variadics and lets a loaded module find our functions in the executable.

fn main() {
    println!("cargo::rerun-if-changed=c/variadic.c");
    cc::Build::new()
        .file("c/variadic.c")
        .std("c11")
        .warnings(true)
        .extra_warnings(true)
        .warnings_into_errors(true)
        // cc would print a plain `static=`, and the linker would then drop what no Rust code calls.
        .cargo_metadata(false)
        .compile("fs_standin_variadic");
    println!(
        "cargo::rustc-link-search=native={}",
        std::env::var("OUT_DIR").expect("cargo sets OUT_DIR")
    );
    println!("cargo::rustc-link-lib=static:+whole-archive=fs_standin_variadic");
    println!("cargo::rustc-link-arg-bins=-rdynamic");
}
