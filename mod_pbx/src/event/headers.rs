//! Headers that are looked for together, in one event after another.

use std::ffi::{CStr, c_ulong};

use freeswitch_sys::switch_event_types_t;
use pbx_core::event::MOST_HEADERS;

use super::{Draft, EventView};

/// Names of headers, with the hash that the switch keeps beside every header of that name
/// (`switch_event_header_t`).
///
/// An event of a channel has two hundred headers, new to the processor that delivers it, and many a name begins as ours
/// do: so it is walked through once, and nearly always the hash alone is looked at.
pub struct Headers {
    names: Vec<(c_ulong, &'static CStr)>,
    /// The lowest six bits of each hash, as a set: few of the other headers are in it.
    some: u64,
}

impl Headers {
    /// Asks the switch for the hashes: it makes them when a header is added to an event. None: it has no memory.
    pub fn named(names: &[&'static CStr]) -> Option<Self> {
        let mut draft = Draft::new(switch_event_types_t::SWITCH_EVENT_CUSTOM)?;
        for name in names {
            draft.add(name, c"1");
        }
        let view = draft.view();
        let hash = |name: &CStr| view.headers().find(|header| header.is(name.to_bytes()));
        let names = names.iter().map(|name| Some((hash(name)?.hash(), *name)));
        let names = names.collect::<Option<Vec<_>>>()?;
        let some = names.iter().fold(0, |some, (hash, _)| some | bit(*hash));
        Some(Self { names, some })
    }

    /// The values of all of them in the order of their names: of several headers of one name, the first's.
    pub fn read<'a>(&self, event: &EventView<'a>) -> [Option<&'a [u8]>; MOST_HEADERS] {
        let mut found = [None; MOST_HEADERS];
        let mut missing = self.names.len().min(MOST_HEADERS);
        for header in event.headers() {
            if missing == 0 {
                break;
            }
            // The switch leaves the hash of what it has not added itself at 0 (`switch_event_get_header_ptr`).
            let unknown = header.hash() == 0;
            if !unknown && self.some & bit(header.hash()) == 0 {
                continue;
            }
            for ((hash, name), found) in self.names.iter().zip(&mut found) {
                if (unknown || header.hash() == *hash) && found.is_none() && header.is(name.to_bytes()) {
                    *found = Some(header.value().unwrap_or_default());
                    missing -= 1;
                }
            }
        }
        found
    }
}

fn bit(hash: c_ulong) -> u64 {
    1 << (hash & 63)
}
