//! What is loaded: everything that an unload has to undo, in the order in which it is undone.

use std::ptr::NonNull;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use freeswitch_sys::switch_loadable_module_interface_t;
use pbx_core::host::Host;
use pbx_core::pbx::Pbx;
use pbx_core::reply::Reply;
use pbx_core::request::Request;
use pbx_web::Web;

use crate::api::{self, Completion};
use crate::event::Events;
use crate::host::{self, FreeSwitch};
use crate::takeover::Takeovers;
use crate::xml::XmlBinding;
use crate::{application, guard, log, version};

/// The loaded module. Set by `load`, taken by `unload`; commands and completions take the PBX out of it.
/// Look-ups do not come here: each binding carries the PBX along, so that they meet no lock.
static MODULE: Mutex<Option<Module>> = Mutex::new(None);

type Answer = Box<dyn Fn(&Request<'_>) -> Reply + Send + Sync>;

/// Dropped from top to bottom.
struct Module {
    /// First, since it makes look-ups in progress return: those still come while we unload.
    _lookups: XmlBinding<Answer>,
    _takeovers: Takeovers,
    /// Before the PBX, which they tell.
    _events: Events,
    _completion: Completion,
    /// After what the switch calls: its threads end, and what they ask of the PBX with them.
    _web: Option<Web>,
    pbx: Running,
}

/// A PBX that is stopped when it is dropped, though others may still hold it for a moment.
struct Running(Arc<Pbx>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// The module is not loaded, and nothing of it is left behind. The log says why.
#[derive(Debug)]
pub struct NotLoaded;

/// Starts the PBX, then binds it: what fails before leaves nothing to undo, what fails after is undone
/// by dropping what there is.
///
/// # Errors
/// A bad `pbx.conf`, or a database that cannot be used.
///
/// # Safety
/// `interface` is a module's that the switch does not use yet.
pub unsafe fn load(interface: NonNull<switch_loadable_module_interface_t>) -> Result<(), NotLoaded> {
    if lock().is_some() {
        tracing::error!("mod_pbx is loaded already");
        return Err(NotLoaded);
    }
    log::attach(tracing::Level::INFO);
    guard::log_panics();
    match start() {
        Ok(module) => {
            // SAFETY: what the caller promises.
            unsafe { api::offer(interface) };
            // SAFETY: as above.
            unsafe { application::offer(interface) };
            *lock() = Some(module);
            Ok(())
        }
        Err(why) => {
            // A line each: what is to be typed can then be copied out of the log, where a line break
            // would be an escape.
            let mut lines = why.lines();
            tracing::error!("mod_pbx is not loaded: {}", lines.next().unwrap_or_default());
            lines.for_each(|line| tracing::error!("{line}"));
            log::detach();
            Err(NotLoaded)
        }
    }
}

fn start() -> Result<Module, String> {
    let switch = FreeSwitch.version();
    if let Some(warning) = version::warning(&switch) {
        tracing::warn!("{warning}");
    }
    let pbx = Pbx::start(Arc::new(FreeSwitch), &host::parameters(c"pbx.conf"))
        .map_err(|error| error.to_string())?;
    let pbx = Running(pbx);
    let answering = Arc::clone(&pbx.0);
    let lookups =
        XmlBinding::bind(Box::new(move |request: &Request<'_>| answering.lookup(request)) as Answer)
            .map_err(|_| "the switch does not take an XML binding".to_owned())?;
    let events = Events::bind(&pbx.0).map_err(|_| "the switch does not take an event binding".to_owned())?;
    let takeovers = Takeovers::watch().map_err(|_| "the switch takes no more state handlers".to_owned())?;
    let web = serve(&pbx.0);
    tracing::info!(
        "mod_pbx {} answers in FreeSWITCH {switch} ({} bindings)",
        env!("CARGO_PKG_VERSION"),
        env!("PBX_BINDINGS"),
    );
    Ok(Module {
        _lookups: lookups,
        _takeovers: takeovers,
        _events: events,
        _completion: Completion::add(),
        _web: web,
        pbx,
    })
}

/// The web server and the first administrator. Phones work without either: what fails is said, and no more.
fn serve(pbx: &Arc<Pbx>) -> Option<Web> {
    match pbx.people().first_administrator() {
        Ok(Some(first)) => tracing::warn!(
            "there is now a first administrator, {}; the password, good for signing in once, is in {}",
            first.name,
            first.file.display()
        ),
        Ok(None) => {}
        Err(error) => tracing::error!("there is no administrator yet: {error}"),
    }
    match Web::start(Arc::clone(pbx)) {
        Ok(web) => Some(web),
        Err(error) => {
            tracing::error!("there are no web pages: {error}; reload mod_pbx tries again");
            None
        }
    }
}

/// Undoes a load. The lock is free again before anything is dropped: completions wait for it.
pub fn unload() {
    let begun = Instant::now();
    let module = lock().take();
    drop(module);
    tracing::info!("mod_pbx is unloaded, after {} ms", begun.elapsed().as_millis());
    log::detach();
}

/// The PBX, while the module is loaded.
pub(crate) fn pbx() -> Option<Arc<Pbx>> {
    lock().as_ref().map(|module| Arc::clone(&module.pbx.0))
}

fn lock() -> MutexGuard<'static, Option<Module>> {
    // Nobody panics while holding it, and what is in it is whole at any time.
    MODULE.lock().unwrap_or_else(PoisonError::into_inner)
}
