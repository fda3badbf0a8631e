//! The whole module, and what strangers send and people type.

use std::ffi::CString;

use fs_standin::event::Event;
use fs_standin::ledger::{Kind, balance};
use fs_standin::lookup::Lookup;
use fs_standin::scene::{MODULE, static_user_is_found};

use super::{Bench, domain, on_a_thread_of_the_switch};

#[test]
fn the_module_withstands_what_a_stranger_can_send() {
    let bench = Bench::new();
    bench.core.load(MODULE).expect("the module loads");
    let huge = "9".repeat(100_000);
    let values = [
        "",
        "*",
        "%",
        "'; DROP TABLE line; --",
        "${system(touch /tmp/x)}",
        "]]><x/>",
        "\u{1}\u{7f}",
        &huge,
    ];
    on_a_thread_of_the_switch(|| {
        for section in [
            c"directory",
            c"dialplan",
            c"configuration",
            c"languages",
            c"chatplan",
            c"",
            c"\xFF",
        ] {
            for value in values {
                let name = CString::new(value).expect("no NUL");
                let params = Event::params(
                    "test",
                    [
                        ("action", value),
                        ("purpose", value),
                        ("key", "id"),
                        ("user", value),
                        ("domain", value),
                        ("Hunt-Context", value),
                        ("Hunt-Destination-Number", value),
                        ("Caller-Context", value),
                    ],
                );
                for params in [None, Some(&params)] {
                    let fields = Lookup {
                        section,
                        ..domain(&name, params)
                    };
                    let _ = fields.run();
                    let _ = Lookup {
                        tag: None,
                        key: None,
                        ..fields
                    }
                    .run();
                    let _ = Lookup {
                        tag: None,
                        key: None,
                        value: None,
                        ..fields
                    }
                    .run();
                }
            }
        }
    });
    assert!(static_user_is_found());
    bench.core.unload(MODULE).expect("the module unloads");
    bench.is_even();
}

#[test]
fn its_commands_withstand_what_a_person_can_type() {
    let bench = Bench::new();
    bench.core.load(MODULE).expect("the module loads");
    let huge = CString::new(format!("user add {}", "x".repeat(1 << 20))).expect("no NUL");
    let deep = CString::new("\"'".repeat(10_000)).expect("no NUL");
    for line in [
        None,
        Some(c""),
        Some(c" "),
        Some(c"\xFF\xFE"),
        Some(c"lookup \xC3( x=y"),
        Some(&*huge),
        Some(&*deep),
    ] {
        on_a_thread_of_the_switch(|| {
            let answer = bench.core.call("pbx", line).expect("the command is there");
            assert!(!answer.is_empty(), "{line:?} is answered with nothing");
        });
    }
    for data in [
        None,
        Some(c""),
        Some(c"dnd-on"),
        Some(c"\xFF \xFE@\xC3("),
        Some(&*huge),
        Some(c"dnd-on 1001@nowhere.test"),
    ] {
        on_a_thread_of_the_switch(|| assert!(bench.core.run_application("pbx_feature", data)));
    }
    for line in [
        "pbx",
        "pbx ",
        "pbx \u{fffd}",
        "pbx user add \"",
        "pbx lookup directory key_value=",
    ] {
        let _ = bench.core.complete(line);
    }
    assert_eq!(
        balance().out(Kind::Match),
        0,
        "lists of candidates are given back"
    );
    bench.core.unload(MODULE).expect("the module unloads");
    assert_eq!(bench.core.call("pbx", None), None);
    bench.is_even();
}
