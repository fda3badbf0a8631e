//! The built module as the loader sees it: what it needs of the switch, what it offers, and that it stays.

use std::collections::BTreeSet;

use freeswitch_sys::allowlist::HEADERS;
use object::elf::{DF_1_NODELETE, DT_FLAGS_1, FileHeader64};
use object::read::elf::{Dyn as _, ElfFile64, FileHeader as _};
use object::{Endianness, Object as _, ObjectSymbol as _};

struct Built(Vec<u8>);

impl Built {
    fn read() -> Self {
        Self(std::fs::read(fs_standin::scene::module_file()).expect("the module"))
    }

    fn file(&self) -> ElfFile64<'_, Endianness> {
        ElfFile64::parse(&*self.0).expect("the module is an ELF file")
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
    let built = Built::read();
    let header = FileHeader64::<Endianness>::parse(&*built.0).expect("an ELF header");
    let endian = header.endian().expect("an endianness");
    let sections = header.sections(endian, &*built.0).expect("sections");
    let (entries, _) = sections
        .dynamic(endian, &*built.0)
        .expect("readable")
        .expect("a dynamic section");
    let flags = entries
        .iter()
        .find(|entry| entry.tag(endian) == DT_FLAGS_1)
        .map_or(0, |entry| entry.d_val(endian));
    assert_ne!(
        flags & DF_1_NODELETE.0,
        0,
        "linked without -z nodelete: flags {flags:#x}"
    );
}
