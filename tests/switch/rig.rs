//! A site with its switch running and two tenants in it.

use std::path::PathBuf;
use std::sync::OnceLock;

use crate::found;
use crate::ports::ports;
use crate::running::Running;
use crate::site::{self, Site};
use crate::wire::Account;

/// The tenants. Both have the same usernames and numbers.
pub(crate) const DOMAINS: [&str; 2] = ["acme.test", "other.test"];

/// The people: username and number.
pub(crate) const PEOPLE: [(&str, &str); 3] = [("alice", "1001"), ("bob", "1002"), ("carol", "1003")];

/// A switch and its files.
pub(crate) struct Rig {
    pub(crate) site: Site,
    pub(crate) switch: Running,
}

impl Rig {
    /// A whole switch: deploy's configuration, both tenants, phones may register.
    pub(crate) fn whole() -> Self {
        let site = Self::whole_site();
        let mut switch = Running::start(&site);
        switch.until("sofia status", "RUNNING");
        Self { site, switch }
    }

    /// The files of a whole switch.
    pub(crate) fn whole_site() -> Site {
        let site = Self::site();
        site.put_database(seed());
        site
    }

    /// A switch with hardly more than the module, and no database yet.
    pub(crate) fn bare() -> Self {
        let site = Self::site();
        site.load_only(&["mod_pbx"]);
        let switch = Running::start(&site);
        Self { site, switch }
    }

    /// A switch with hardly more than the module, and both tenants.
    pub(crate) fn quiet() -> Self {
        let site = Self::whole_site();
        site.load_only(&["mod_pbx"]);
        let switch = Running::start(&site);
        Self { site, switch }
    }

    fn site() -> Site {
        Site::new(&found::freeswitch().expect("looked for before"))
    }

    /// Crashes the switch, starts it again and waits until phones may register.
    pub(crate) fn kill_and_start_again(&mut self) {
        self.switch.crash();
        self.start_again();
    }

    /// Starts the switch again after it ended, and waits until phones may register.
    pub(crate) fn start_again(&mut self) {
        self.switch = Running::start(&self.site);
        self.switch.until("sofia status", "RUNNING");
    }
}

/// The password of a line.
pub(crate) fn password(username: &str, domain: &str) -> String {
    format!("{username}-of-{domain}-39")
}

/// A word that is in every answer about a person of the domain, and in no other.
pub(crate) fn canary(domain: &str) -> String {
    format!("Canary-{}", domain.trim_end_matches(".test"))
}

/// Who a phone says it is.
pub(crate) fn account<'a>(username: &'a str, domain: &'a str, password: &'a str) -> Account<'a> {
    Account {
        username,
        domain,
        password,
    }
}

/// A database with both tenants and the ports of this run, made once by `pbx` commands.
fn seed() -> &'static PathBuf {
    static SEED: OnceLock<PathBuf> = OnceLock::new();
    SEED.get_or_init(|| {
        let mut rig = Rig::bare();
        let ports = ports();
        for (name, value) in [
            ("sip-address", "127.0.0.1".to_owned()),
            ("sip-port", ports.sip.to_string()),
            ("verto-port", ports.verto.to_string()),
        ] {
            rig.switch.ok(&format!("pbx setting set {name} {value}"));
        }
        for domain in DOMAINS {
            rig.switch.ok(&format!("pbx domain add {domain}"));
            for (username, number) in PEOPLE {
                rig.switch.ok(&format!(
                    "pbx extension add {number}@{domain} --user {username} --name \"{username} {}\" \
                     --line {username} --password {}",
                    canary(domain),
                    password(username, domain)
                ));
            }
        }
        rig.switch.stop();
        let seed = site::run_folder().join("seed.db");
        site::copy_database(&rig.site.database(), &seed);
        seed
    })
}
