//! What a phone says is its Contact: only the phone that registered is called, and nobody else's registration goes.

use std::net::UdpSocket;

use super::{ACME, clear, seen, until_state};
use crate::handset::Handset;
use crate::rig::Rig;
use crate::wait;

/// No leg leaves for what is not the phone that registered: to the caller nobody is there.
pub(super) fn a_contact_that_is_no_phone_is_not_called(rig: &mut Rig) {
    let sentinel = rig.site.path("tmp/sentinel");
    let victim = UdpSocket::bind("127.0.0.3:0").unwrap();
    victim.set_nonblocking(true).unwrap();
    let (elsewhere, sip) = (victim.local_addr().unwrap(), crate::ports::ports().sip);
    let bob = Handset::new("bob", ACME).registered();
    rig.switch
        .ok(&format!("pbx extension set 1003@{ACME} --voicemail no"));
    for contact in [
        format!("<sip:a,sofia/internal/sip:x@{elsewhere}@127.0.0.1:5999>"),
        format!("<sip:a@127.0.0.1:5999;x=1,sofia/internal/sip:x@{elsewhere}>"),
        format!("<sip:${{system(touch {})}}@127.0.0.1:5999>", sentinel.display()),
        "<sip:1001@127.0.0.1:SIP>".replace("SIP", &sip.to_string()),
        format!("<sip:9999@localhost:{sip};maddr=127.0.0.3>"),
        format!("<sip:carol@127.0.0.1:5999;fs_path=sip%3A{elsewhere};fs_path=sip%3A127.0.0.1>"),
        "<tel:+4930123>".to_owned(),
        "<sip:carol@224.0.1.75>".to_owned(),
    ] {
        let phone = Handset::new("carol", ACME).claiming(&contact);
        let status = phone.register(60);
        if status == 200 {
            wait::until("the registration to be shown", wait::SOON, || {
                let registration = seen(rig, "1003")["lines"][0]["registrations"][0].clone();
                (registration["called"] == false).then_some(())
            });
        }
        let call = bob.call("1003");
        call.until_answered(480);
        assert_eq!(seen(rig, "1003")["state"], "offline", "{contact}");
        assert!(phone.invites().is_empty(), "{contact}");
        let channels = rig.switch.api("show channels");
        assert!(!channels.contains(",outbound,"), "{contact}: {channels}");
        clear(rig);
        bob.register(120);
        until_state(rig, "1002", "online", wait::SOON);
    }
    // A Contact elsewhere: the call goes to whoever registered, and never there.
    let phone = Handset::new("carol", ACME)
        .claiming(&format!("<sip:carol@{elsewhere}>"))
        .registered();
    until_state(rig, "1003", "offline", wait::SOON);
    assert!(phone.invites().is_empty());
    assert!(victim.recv(&mut [0; 16]).is_err(), "a leg left for {elsewhere}");
    assert!(!sentinel.exists(), "the switch ran a command out of a Contact");
    clear(rig);
}

/// The victim's registration stands, in the switch too, and it rings.
pub(super) fn another_lines_contact_takes_nobody_off(rig: &mut Rig) {
    let victim = Handset::on("carol", ACME, "127.0.0.2").registered();
    until_state(rig, "1003", "online", wait::SOON);
    // As mod_sofia keeps it, so that its own comparison holds.
    let kept = format!("\"\" {}", victim.contact());
    for claimed in [victim.contact(), &kept] {
        let thief = Handset::on("bob", ACME, "127.0.0.9").claiming(claimed);
        for seconds in [60, 120, 0] {
            assert_eq!(thief.register(seconds), 403, "{claimed}");
        }
    }
    let listed = rig.switch.api("sofia status profile internal reg");
    assert!(listed.contains("carol@acme.test"), "{listed}");
    let alice = Handset::new("alice", ACME).registered();
    let call = alice.call("1003");
    let invite = victim.rings(1);
    victim.pick_up(&invite);
    call.hang_up(&call.until_answered(200));
    clear(rig);
}
