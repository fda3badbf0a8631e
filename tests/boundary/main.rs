//! The edge between the switch and the module, called as nobody should call it.
//!
//! The trampolines are the module's own, linked into this test; the stand-in host calls them as the switch
//! does. What fails must come back as the fallback and a line in the log, never as an abort.

mod failures;
mod headers;
mod lookups;
mod strangers;

use std::ffi::CStr;

use fs_standin::event::{Event, settle};
use fs_standin::ledger::{Balance, balance};
use fs_standin::lookup::Lookup;
use fs_standin::scene::{Scene, static_user_is_found};
use fs_standin::{Core, Source};
use mod_pbx::entry::mod_pbx_module_interface;

/// The stand-in with the module's log attached and its panics logged, but the module not loaded.
struct Bench {
    core: Core,
    books: Balance,
    _scene: Scene,
}

impl Bench {
    fn new() -> Self {
        let scene = Scene::new(&[]);
        let core = scene.start_with(Source::Linked(&mod_pbx_module_interface));
        mod_pbx::guard::log_panics();
        mod_pbx::log::attach(tracing::Level::INFO);
        settle();
        Self {
            core,
            books: balance(),
            _scene: scene,
        }
    }

    /// Everything is back, and the host answers as if nothing had been.
    fn is_even(&self) {
        settle();
        assert_eq!(balance().difference(&self.books), [], "{}", balance());
        assert!(static_user_is_found());
    }
}

/// A look-up of a domain by a name of any bytes.
fn domain<'a>(name: &'a CStr, params: Option<&'a Event>) -> Lookup<'a> {
    Lookup {
        section: c"directory",
        tag: Some(c"domain"),
        key: Some(c"name"),
        value: Some(name),
        params,
    }
}

/// `SWITCH_THREAD_STACKSIZE` is 240 kB.
fn on_a_thread_of_the_switch(f: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .stack_size(240 * 1024)
            .spawn_scoped(scope, f);
        thread.expect("a thread").join().expect("it does not panic");
    });
}
