//! The committed bindings are those of our own header, and our header tells the truth about FreeSWITCH.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "../build/discover.rs"]
mod discover;
#[path = "../build/generate.rs"]
mod generate;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use freeswitch_sys::allowlist;
use quote::ToTokens;

fn in_crate(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[expect(
    clippy::explicit_write,
    reason = "the test harness hides what a passing test prints by eprintln"
)]
fn skipped(why: &str) {
    writeln!(std::io::stderr(), "SKIPPED: {why}").unwrap();
}

/// None where there is no libclang: bindgen can only say so by a panic.
fn with_libclang(make: impl FnOnce() -> Result<String, String> + std::panic::UnwindSafe) -> Option<String> {
    match std::panic::catch_unwind(make) {
        Ok(made) => Some(made.unwrap()),
        Err(_) if std::env::var_os("PBX_REQUIRE_FREESWITCH").is_some() => panic!("libclang is missing"),
        Err(_) => {
            skipped("bindgen did not find libclang (set LIBCLANG_PATH)");
            None
        }
    }
}

/// Every item by what it is, as Rust without comments; the constants of an enumeration one by one, since
/// ours lists only some.
fn items(bindings: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut add = |name: String, item: &dyn ToTokens| {
        found.insert(name, item.to_token_stream().to_string());
    };
    for mut item in syn::parse_file(bindings).unwrap().items {
        match &mut item {
            syn::Item::Type(item) => {
                item.attrs.clear();
                add(format!("type {}", item.ident), item);
            }
            syn::Item::Struct(item) => {
                item.attrs.retain(|attribute| attribute.path().is_ident("repr"));
                item.fields.iter_mut().for_each(|field| field.attrs.clear());
                add(format!("struct {}", item.ident), item);
            }
            syn::Item::Const(item) if item.ident == "_" => {
                // The layout of one struct: the first assertion names it.
                let text = item.expr.to_token_stream().to_string();
                let name = text.split('"').nth(1).unwrap().to_owned();
                add(format!("layout, {name}"), &item.expr);
            }
            syn::Item::Const(item) => add(format!("constant {}", item.ident), &item.expr),
            syn::Item::Impl(item) => {
                let of = item.self_ty.to_token_stream();
                for constant in &item.items {
                    let syn::ImplItem::Const(constant) = constant else {
                        panic!("unforeseen in impl {of}")
                    };
                    add(format!("constant {of}::{}", constant.ident), &constant.expr);
                }
            }
            syn::Item::ForeignMod(item) => {
                for function in &mut item.items {
                    let syn::ForeignItem::Fn(function) = function else {
                        panic!("unforeseen in extern")
                    };
                    function.attrs.clear();
                    add(format!("function {}", function.sig.ident), function);
                }
            }
            other => panic!("unforeseen: {}", other.to_token_stream()),
        }
    }
    found
}

#[test]
fn committed_bindings_are_those_of_our_header() {
    let committed = in_crate("bindings/freeswitch.rs");
    let header = in_crate("include/freeswitch_abi.h");
    let Some(made) = with_libclang(move || generate::from_own_header(&header)) else {
        return;
    };
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&committed, &made).unwrap();
    }
    assert!(
        std::fs::read_to_string(&committed).unwrap() == made,
        "bindings/freeswitch.rs is out of date: UPDATE_EXPECT=1 cargo test -p freeswitch-sys --test abi"
    );
}

#[test]
fn our_header_agrees_with_an_installed_freeswitch() {
    let include = match discover::include_directories() {
        Ok(include) => include,
        Err(why) if std::env::var_os("PBX_REQUIRE_FREESWITCH").is_some() => panic!("{why}"),
        Err(why) => return skipped(&why),
    };
    let Some(theirs) = with_libclang(move || generate::from_freeswitch(&include)) else {
        return;
    };
    let theirs = items(&theirs);
    let ours = items(&std::fs::read_to_string(in_crate("bindings/freeswitch.rs")).unwrap());
    let mut differences = Vec::new();
    for (name, item) in &ours {
        match theirs.get(name) {
            None => differences.push(format!("{name}: not in FreeSWITCH's headers")),
            Some(theirs) if theirs != item => {
                differences.push(format!("{name}\n  ours:   {item}\n  theirs: {theirs}"));
            }
            Some(_) => {}
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn every_listed_name_is_bound() {
    let ours = items(&std::fs::read_to_string(in_crate("bindings/freeswitch.rs")).unwrap());
    for header in allowlist::HEADERS {
        let functions = header.functions.iter().map(|name| format!("function {name}"));
        let constants = header.constants.iter().map(|name| format!("constant {name}"));
        for name in functions.chain(constants) {
            assert!(ours.contains_key(&name), "{}: {name}", header.name);
        }
        for name in header.types {
            let bound = [format!("type {name}"), format!("struct {name}")];
            assert!(
                bound.iter().any(|name| ours.contains_key(name)),
                "{}: {name}",
                header.name
            );
        }
    }
}
