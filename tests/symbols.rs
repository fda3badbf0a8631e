//! The built module as the loader sees it: what it needs of the switch, what it offers, and that it stays.

use std::collections::BTreeSet;

use freeswitch_sys::allowlist::HEADERS;
use object::elf::{DF_1_NODELETE, DT_FLAGS_1, DT_NEEDED, DT_RPATH, DT_RUNPATH, FileHeader64};
use object::read::elf::{Dyn as _, ElfFile64, FileHeader as _};
use object::{Endianness, Object as _, ObjectSymbol as _};

struct Built(Vec<u8>);

#[derive(Default)]
struct Dynamic {
    libraries: Vec<String>,
    has_search_path: bool,
    flags: u64,
}

impl Built {
    fn read() -> Self {
        Self(std::fs::read(fs_standin::scene::module_file()).expect("the module"))
    }

    fn file(&self) -> ElfFile64<'_, Endianness> {
        ElfFile64::parse(&*self.0).expect("the module is an ELF file")
    }

    /// What it asks of the dynamic loader.
    fn dynamic(&self) -> Dynamic {
        let data = &*self.0;
        let header = FileHeader64::<Endianness>::parse(data).expect("an ELF header");
        let endian = header.endian().expect("an endianness");
        let sections = header.sections(endian, data).expect("sections");
        let (entries, strings) = sections
            .dynamic(endian, data)
            .expect("readable")
            .expect("a dynamic section");
        let strings = sections.strings(endian, data, strings).expect("their strings");
        let mut dynamic = Dynamic::default();
        for entry in entries {
            match entry.tag(endian) {
                DT_NEEDED => {
                    let name = entry.string(endian, strings).expect("a name");
                    dynamic.libraries.push(String::from_utf8_lossy(name).into_owned());
                }
                DT_RPATH | DT_RUNPATH => dynamic.has_search_path = true,
                DT_FLAGS_1 => dynamic.flags = entry.d_val(endian),
                _ => {}
            }
        }
        dynamic
    }
}

#[test]
fn it_needs_only_what_the_allow_list_has() {
    let built = Built::read();
    let file = built.file();
    let undefined: BTreeSet<&str> = file
        .dynamic_symbols()
        .filter(|symbol| symbol.is_undefined())
        .filter_map(|symbol| symbol.name().ok())
        .filter(|name| name.starts_with("switch_"))
        .collect();
    let allowed: BTreeSet<&str> = HEADERS
        .iter()
        .flat_map(|header| header.functions)
        .copied()
        .collect();
    let unknown: Vec<_> = undefined.difference(&allowed).collect();
    assert!(
        unknown.is_empty(),
        "not in freeswitch-sys/build/allowlist.rs: {unknown:?}"
    );
    // An empty set would say that the switch's functions were linked into the module: then it would never
    // call the switch.
    for needed in [
        "switch_log_printf",
        "switch_xml_bind_search_function_ret",
        "switch_xml_parse_str_dynamic",
    ] {
        assert!(undefined.contains(needed), "{needed} is not left to the switch");
    }
}

#[test]
fn all_else_comes_from_the_systems_libraries_by_name() {
    let built = Built::read();
    let dynamic = built.dynamic();
    let foreign: Vec<_> = dynamic
        .libraries
        .iter()
        .filter(|name| SYSTEM.iter().all(|known| !name.starts_with(known)))
        .collect();
    assert!(foreign.is_empty(), "{foreign:?}");
    // Two SQLites in one process break each other's locks on a file.
    assert!(dynamic.libraries.iter().any(|name| name == "libsqlite3.so.0"));
    assert!(
        !dynamic.has_search_path,
        "libraries are looked for in a folder of the build machine"
    );
}

/// Everything that may be linked to; `ld-linux` and `libgcc_s` come with Rust's own library.
const SYSTEM: [&str; 5] = [
    "libc.so.",
    "libgcc_s.so.",
    "libm.so.",
    "libsqlite3.so.",
    "ld-linux",
];

#[test]
fn it_offers_its_table_and_nothing_of_the_switchs() {
    let built = Built::read();
    let file = built.file();
    let defined: BTreeSet<&str> = file
        .dynamic_symbols()
        .filter(|symbol| symbol.is_definition() && symbol.is_global())
        .filter_map(|symbol| symbol.name().ok())
        .collect();
    assert!(defined.contains("mod_pbx_module_interface"), "{defined:?}");
    let stolen: Vec<_> = defined
        .iter()
        .filter(|name| name.starts_with("switch_"))
        .collect();
    assert!(stolen.is_empty(), "these would hide the switch's own: {stolen:?}");
}

#[test]
fn it_stays_mapped_after_dlclose() {
    let flags = Built::read().dynamic().flags;
    assert_ne!(
        flags & DF_1_NODELETE.0,
        0,
        "linked without -z nodelete: flags {flags:#x}"
    );
}
