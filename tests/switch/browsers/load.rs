//! Five hundred browsers are there, for as long as they like.

use std::net::SocketAddr;
use std::time::Duration;

use crate::crowd::Crowd;
use crate::ports::ports;
use crate::rig::{DOMAINS, Rig};
use crate::surfer::PASSWORD;
use crate::wait;

const SOCKETS: usize = 500;

/// Of one person: what `clients-per-user` allows by itself.
const EACH: usize = 5;

/// For how long a machine that does much else may take to ask all of them twice.
const PATIENCE: Duration = Duration::from_secs(120);

/// People enough for so many sockets.
pub(super) fn start() -> Rig {
    let Rig { site, mut switch } = Rig::quiet();
    for number in numbers() {
        switch.ok(&format!(
            "pbx extension add {number}@{} --user u{number} --name U{number}",
            DOMAINS[0]
        ));
    }
    switch.stop();
    site.load_all();
    super::start_with(site)
}

fn numbers() -> std::ops::Range<usize> {
    2001..2001 + SOCKETS / EACH
}

pub(super) fn five_hundred_sockets(rig: &mut Rig) {
    let web = SocketAddr::from(([127, 0, 0, 1], ports().web[0]));
    let people: Vec<_> = numbers()
        .map(|number| (format!("u{number}@{}", DOMAINS[0]), PASSWORD.to_owned()))
        .collect();
    let crowd = Crowd::sign_in(web, &people, EACH);
    crowd.come(None);
    rig.switch.until("verto status", &format!("{SOCKETS} clients"));
    // The web server closes who does not answer its ping within 25 s; it asks every 15 s, first at once.
    wait::until("everybody to be asked and to be answered", PATIENCE, || {
        assert_eq!(crowd.lost(), 0, "browsers were sent away");
        let (pinged, answered) = crowd.least();
        (pinged >= 3 && answered >= 3).then_some(())
    });
    assert_eq!((crowd.there(), crowd.lost()), (SOCKETS, 0));
    for number in numbers() {
        let shown = rig
            .switch
            .ok(&format!("pbx presence {number}@{} json", DOMAINS[0]));
        assert!(shown.contains("online"), "{shown}");
    }
    crowd.go();
    rig.switch.until("verto status", " 0 clients");
}
