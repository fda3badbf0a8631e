//! Chooses the bindings: the committed ones, or with `buildtime_bindgen` those of an installed FreeSWITCH.
//! Tells dependents which, as `DEP_FREESWITCH_BINDINGS`.
#![expect(clippy::print_stdout, reason = "how a build script talks to cargo")]

#[cfg(feature = "buildtime_bindgen")]
#[expect(unreachable_pub, reason = "shared with src, which publishes it")]
mod allowlist;
#[cfg(feature = "buildtime_bindgen")]
mod discover;
#[cfg(feature = "buildtime_bindgen")]
#[expect(dead_code, reason = "shared with tests, which use other parts")]
mod generate;

#[cfg(not(feature = "buildtime_bindgen"))]
fn main() {
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=bindings/freeswitch.rs");
    println!(
        "cargo::rustc-env=FREESWITCH_BINDINGS={}/bindings/freeswitch.rs",
        env!("CARGO_MANIFEST_DIR")
    );
    println!("cargo::metadata=bindings=committed");
}

#[cfg(feature = "buildtime_bindgen")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-env-changed={}", discover::VARIABLE);
    let include = discover::include_directories()?;
    for directory in &include {
        println!("cargo::rerun-if-changed={}", directory.display());
    }
    let out = std::path::Path::new(&std::env::var("OUT_DIR")?).join("freeswitch.rs");
    std::fs::write(&out, generate::from_freeswitch(&include)?)?;
    println!("cargo::rustc-env=FREESWITCH_BINDINGS={}", out.display());
    println!("cargo::metadata=bindings=freeswitch");
    Ok(())
}
