//! The one way in which bindings are made, from our own header as from FreeSWITCH's.

use std::path::{Path, PathBuf};

use crate::allowlist::HEADERS;

/// Bindings to our own header, as they are committed.
pub(crate) fn from_own_header(header: &Path) -> Result<String, String> {
    let builder = builder().header(header.display().to_string());
    generate(builder.raw_line(
        "// Made by bindgen from include/freeswitch_abi.h. To make it anew after a change there:\n\
         // UPDATE_EXPECT=1 cargo test -p freeswitch-sys --test committed\n",
    ))
}

/// Bindings to the headers of an installed FreeSWITCH.
///
/// # Errors
/// A name in the allow-list is not in the header it is listed under, or libclang fails.
pub(crate) fn from_freeswitch(include: &[PathBuf]) -> Result<String, String> {
    verify_allowlist(include)?;
    // Its comments are written for another documentation tool.
    let mut builder = builder()
        .header_contents("freeswitch.h", "#include <switch.h>")
        .generate_comments(false);
    for directory in include {
        builder = builder.clang_arg(format!("-I{}", directory.display()));
    }
    generate(builder)
}

fn builder() -> bindgen::Builder {
    let mut builder = bindgen::builder()
        .use_core()
        .ctypes_prefix("::core::ffi")
        .rust_target(bindgen::RustTarget::stable(85, 0).unwrap_or_default())
        .rust_edition(bindgen::RustEdition::Edition2024)
        .formatter(bindgen::Formatter::Prettyplease)
        .default_enum_style(bindgen::EnumVariation::NewType {
            is_bitfield: false,
            is_global: false,
        })
        // Copying a struct of the switch's is never what we want; numbers may be copied and printed.
        .derive_copy(false)
        .derive_debug(false)
        .parse_callbacks(Box::new(CopyEnums))
        // One field of a module's interface would bring in half of the switch.
        .allowlist_recursively(false)
        .merge_extern_blocks(true)
        .sort_semantically(true);
    for header in HEADERS {
        for name in header.functions {
            builder = builder.allowlist_function(name);
        }
        for name in header.types {
            builder = builder.allowlist_type(name);
        }
        for name in header.constants {
            builder = builder.allowlist_var(name);
        }
    }
    builder
}

#[derive(Debug)]
struct CopyEnums;

impl bindgen::callbacks::ParseCallbacks for CopyEnums {
    fn add_derives(&self, info: &bindgen::callbacks::DeriveInfo<'_>) -> Vec<String> {
        match info.kind {
            bindgen::callbacks::TypeKind::Enum => vec!["Copy".to_owned(), "Debug".to_owned()],
            _ => Vec::new(),
        }
    }
}

fn generate(builder: bindgen::Builder) -> Result<String, String> {
    match builder.generate() {
        // src/lib.rs says once what bindgen says at each layout assertion.
        Ok(bindings) => Ok(bindings.to_string().replace(
            "#[allow(clippy::unnecessary_operation, clippy::identity_op)]\n",
            "",
        )),
        Err(error) => Err(format!("bindgen: {error}")),
    }
}

/// bindgen leaves out what it does not find without a word; the first use would then fail to compile,
/// far from the reason.
fn verify_allowlist(include: &[PathBuf]) -> Result<(), String> {
    for header in HEADERS {
        let text = include
            .iter()
            .find_map(|directory| std::fs::read_to_string(directory.join(header.name)).ok())
            .ok_or_else(|| format!("{} is not among FreeSWITCH's headers", header.name))?;
        let known = |name: &&&str| {
            text.split(|c: char| !c.is_alphanumeric() && c != '_')
                .any(|word| word == **name)
        };
        let listed = header
            .functions
            .iter()
            .chain(header.types)
            .chain(header.constants);
        if let Some(name) = listed.into_iter().find(|name| !known(name)) {
            return Err(format!("{} does not declare {name}", header.name));
        }
    }
    Ok(())
}
