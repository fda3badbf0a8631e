//! mod_sofia's output, as it is and as an attacker would have it.

use super::*;

fn document(call_id: &str, user: &str, contact: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<profile>\n  <registrations>\n    <registration>\n        \
         <call-id>{call_id}</call-id>\n        <user>{user}</user>\n        <contact>{contact}</contact>\n        \
         <agent>Yealink &amp;lt; 2</agent>\n        \
         <status>Registered(UDP)(unknown) exp(2026-11-21 20:00:00) expsecs(123)</status>\n        \
         <ping-status>Reachable</ping-status>\n        <ping-time>0.00</ping-time>\n        \
         <host>pbx</host>\n        <network-ip>10.0.0.5</network-ip>\n        \
         <network-port>5062</network-port>\n        <sip-auth-user>alice</sip-auth-user>\n        \
         <sip-auth-realm>pbx.test</sip-auth-realm>\n        <mwi-account>alice@pbx.test</mwi-account>\n    \
         </registration>\n  </registrations>\n</profile>\n"
    )
}

const CONTACT: &str = "&quot;A&quot; &lt;sip:alice@10.0.0.5:5062&gt;";

#[test]
fn a_registration() {
    let rows = registrations(&document("abc@phone", "alice@pbx.test", CONTACT)).unwrap();
    let row = Row {
        call_id: "abc@phone".to_owned(),
        user: "alice".to_owned(),
        host: "pbx.test".to_owned(),
        contact: "\"A\" <sip:alice@10.0.0.5:5062>".to_owned(),
        user_agent: "Yealink &lt; 2".to_owned(),
        seconds: 123,
        source: Some("10.0.0.5:5062".parse().unwrap()),
    };
    assert_eq!(rows, [row]);
}

#[test]
fn a_profile_without_registrations_is_not_a_profile_that_is_absent() {
    assert_eq!(registrations("Invalid Profile!\n"), None);
    let empty = "<?xml version=\"1.0\"?>\n<profile>\n  <registrations>\n  </registrations>\n</profile>\n";
    assert_eq!(registrations(empty), Some(Vec::new()));
}

#[test]
fn a_call_id_cannot_write_somebody_elses_registration() {
    let forged = "x</call-id><user>bob@pbx.test</user><contact>sip:evil@10.6.6.6</contact></registration>\
                  <registration><call-id>y";
    let rows = registrations(&document(forged, "mallory@pbx.test", CONTACT)).unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (rows[0].user.as_str(), rows[0].call_id.as_str()),
        ("mallory", forged)
    );
}

#[test]
fn a_registration_with_other_lines_than_it_should_have_is_left_out() {
    let torn = document("abc", "alice@pbx.test", "a\n        <user>bob@pbx.test</user>");
    let whole = document("def", "bob@pbx.test", CONTACT);
    let rows = registrations(&(torn + &whole)).unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].user, "bob");
    for text in [
        "<profile>\n    <registration>\n",
        "<profile>\n    <registration>\n        <call-id>",
    ] {
        assert_eq!(registrations(text), Some(Vec::new()));
    }
}

#[test]
fn the_profiles_and_what_they_listen_on() {
    let text = "<?xml version=\"1.0\"?>\n<profiles>\n<alias>\n<name>pbx.test</name>\n<type>alias</type>\n</alias>\n\
                <profile>\n<name>internal</name>\n<type>profile</type>\n<data>sip:mod_sofia@10.0.0.1:5060</data>\n\
                <state>RUNNING (0)</state>\n</profile>\n<profile>\n<name>internal</name>\n<type>profile</type>\n\
                </profile>\n<gateway>\n<name>provider</name>\n</gateway>\n<profile>\n<name>external</name>\n</profile>\n";
    assert_eq!(profiles(text), ["internal", "external"]);
    let text = "<profile>\n  <profile-info>\n    <url>sip:mod_sofia@198.51.100.1:5060</url>\n    \
                <bind-url>sip:mod_sofia@198.51.100.1:5060;maddr=10.0.0.1;transport=udp,tcp</bind-url>\n    \
                <tls-bind-url>sips:mod_sofia@[2001:db8::1]:5061</tls-bind-url>\n    <calls-in>7</calls-in>\n";
    let sockets = ["198.51.100.1:5060", "10.0.0.1:5060", "[2001:db8::1]:5061"];
    assert_eq!(listeners(text), sockets.map(|socket| socket.parse().unwrap()));
}
