//! Gateways as they are right now: whether they are there, how many calls they carry, and their passwords, open.
//!
//! What they are is configuration ([`crate::store::gateways`]), served to mod_sofia as the profile `external`
//! (`apps/configuration/external.rs`) and to the core as an ACL. A thread of ours has the switch follow each
//! revision without disturbing other gateways and calls (`sofia profile external killgw`, `startgw`, `reloadacl`; a
//! `rescan` would empty the live profile's list of ACLs for a moment), and publishes what the switch says of them.

mod calls;
mod promises;
mod recognise;
mod sofia;
mod status;
pub mod view;
mod worker;

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, Guard};
use md5::{Digest, Md5};
use uuid::Uuid;

use crate::background::{self, Background};
use crate::caps::Asked;
use crate::config::Config;
use crate::event::Event;
use crate::host::Host;
use crate::seal::Vault;
use crate::store::ConfigStore;
use crate::store::gateways::Gateway;
use crate::store::rows::CallerIdStyle;

pub use recognise::of_call;
use view::View;

/// The gateways' sofia profile.
pub const PROFILE: &str = "external";

/// The ACL of the networks that gateways call from.
pub const ACL: &str = "pbx_gateways";

/// The dialplan context of calls that name no gateway.
pub const PROFILE_CONTEXT: &str = "pbx_gateways";

/// What the dialplan contexts of calls by a gateway begin with. They prove nothing: see [`of_call`].
pub const CONTEXT: &str = "pbx_gateway_";

/// Events that wait beyond this many are dropped, and the switch's lists asked for instead.
const WAITING: usize = 8192;

/// The thread's stack in bytes: `startgw` looks up sofia.conf on it, and it reads the database's key.
const STACK: usize = 1024 * 1024;

/// What the password of the gateway with this id is sealed for: it opens for no other.
pub fn purpose(id: Uuid) -> String {
    format!("gateway {}", id.hyphenated())
}

/// The dialplan context of a gateway's calls. It names the gateway, and all about it that mod_sofia is told: so the
/// switch's own list says whether it has the gateway as it should be, whoever loaded it and when.
pub fn context(gateway: &Gateway) -> String {
    let name = |name: &Option<crate::names::DomainName>| name.as_ref().map(ToString::to_string);
    let Gateway {
        proxy,
        transport,
        realm,
        username,
        password,
        register,
        from_domain,
        ping_seconds,
        ..
    } = gateway;
    let said = format!(
        "{proxy} {transport:?} {:?} {username:?} {password:?} {register} {:?} {ping_seconds} {}",
        name(realm),
        name(from_domain),
        gateway.caller_id_style == CallerIdStyle::From
    );
    let mut context = format!("{CONTEXT}{}_", gateway.name);
    for byte in &Md5::digest(said)[..4] {
        // Writing to a String cannot fail.
        let _ = write!(context, "{byte:02x}");
    }
    context
}

/// What `presence_data` says on a leg that a gateway carries, before its name. The switch repeats it in each event of
/// the leg.
pub const LEG: &str = "pbx_gateway_";

/// The gateways.
pub struct Gateways {
    shared: Arc<Shared>,
    thread: Background<Told>,
}

struct Shared {
    host: Arc<dyn Host>,
    store: Arc<ConfigStore>,
    config: Arc<ArcSwap<Config>>,
    vault: Vault,
    view: ArcSwap<View>,
    /// Events were dropped.
    lost: AtomicBool,
    /// Calls were let through that have no leg yet: it matters whose channel ends.
    awaits: AtomicBool,
    /// What is wrong, each in a sentence.
    troubles: Mutex<Vec<String>>,
}

#[derive(Debug)]
enum Told {
    Event(Event),
    /// A call is let through: for which channel, and whether it counts already.
    Promised {
        call: Uuid,
        asked: Asked,
        gateway: Uuid,
        counts: bool,
    },
    /// There is another revision, or another `pbx.conf`.
    Changed,
}

/// A gateway as `pbx status` and `/metrics` tell of it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Health {
    /// Its name.
    pub name: String,
    /// Whether it is there.
    pub state: view::State,
    /// What the other side, or mod_sofia, said; empty: nothing.
    pub why: String,
    /// Calls now, in and out.
    pub calls: u32,
}

impl Gateways {
    /// Opens the passwords, so that mod_sofia can be told of them at once, and starts the thread. Blocks.
    ///
    /// # Errors
    /// The system has no thread for it.
    pub fn start(
        host: Arc<dyn Host>,
        store: Arc<ConfigStore>,
        config: Arc<ArcSwap<Config>>,
        vault: Vault,
    ) -> std::io::Result<Self> {
        let (teller, queue) = background::queue(WAITING);
        let shared = Arc::new(Shared {
            host,
            store: Arc::clone(&store),
            config,
            vault,
            view: ArcSwap::from_pointee(View {
                teller: Some(teller.clone()),
                ..View::default()
            }),
            lost: AtomicBool::new(false),
            awaits: AtomicBool::new(false),
            troubles: Mutex::default(),
        });
        let changes = teller.clone();
        store.on_change(Box::new(move || changes.order(Told::Changed)));
        let worker = worker::Worker::new(Arc::clone(&shared));
        let thread = Background::start("pbx-gateways", STACK, teller, move || worker.run(&queue))?;
        Ok(Self { shared, thread })
    }

    /// Takes an event of a gateway, of a profile, or of a leg that a gateway carries. Any thread of the switch; never
    /// waits.
    pub fn tell(&self, event: Event) {
        if !self.thread.tell(Told::Event(event)) {
            self.lose();
        }
    }

    /// The same of the end of a channel that no gateway carries: a call that was let through may be its, and come to
    /// nothing.
    pub fn tell_end(&self, event: &Event) {
        if self.shared.awaits.load(Relaxed) {
            self.tell(event.clone());
        }
    }

    /// An event could not be taken: the switch's lists are to be asked for. Any thread; never waits.
    pub fn lose(&self) {
        self.shared.lost.store(true, Relaxed);
    }

    /// `pbx.conf` was read again.
    pub fn reload(&self) {
        self.thread.order(Told::Changed);
    }

    /// What is known of them. Any thread; takes no lock.
    pub fn view(&self) -> Guard<Arc<View>> {
        self.shared.view.load()
    }

    /// Each enabled gateway, by name.
    pub fn health(&self) -> Vec<Health> {
        let (snapshot, view) = (self.shared.store.snapshot(), self.view());
        let enabled = snapshot.gateways.enabled();
        enabled
            .map(|gateway| Health {
                name: gateway.name.to_string(),
                state: view.state(gateway.id),
                why: view
                    .seen(gateway.id)
                    .map(|seen| seen.why.to_string())
                    .unwrap_or_default(),
                calls: view.calls(gateway.id),
            })
            .collect()
    }

    /// What is wrong beside gateways that are down, each in a sentence.
    pub fn troubles(&self) -> Vec<String> {
        let troubles = self.shared.troubles.lock();
        troubles.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends the thread. The switch keeps its gateways.
    pub fn stop(&self) {
        self.thread.stop();
    }
}
