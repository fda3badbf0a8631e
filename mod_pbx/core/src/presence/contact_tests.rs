//! Contacts as phones and mod_sofia write them, and as attackers would.

use super::*;

/// What an attacker who knows one line's password may register.
pub(in super::super) const HOSTILE: &[&str] = &[
    "\"x\" <sip:a,sofia/gateway/g1/1900@10.0.0.5>",
    "\"x\" <sip:a|sofia/gateway/g1/1900@10.0.0.5>",
    "\"x\" <sip:a:_:sofia/gateway/g1/1900@10.0.0.5>",
    "\"x\" <sip:a@10.0.0.5,sofia/gateway/g1/1900>",
    "\"x\" <sip:a@10.0.0.5|loopback/1900>",
    "\"x\" <sip:a@10.0.0.5:5060:_:loopback/1900>",
    "\"x\" <sip:${system(touch /tmp/pwn)}@10.0.0.5>",
    "\"x\" <sip:a@${system(touch /tmp/pwn)}>",
    "\"x\" <sip:a@10.0.0.5;x=${system(touch /tmp/pwn)}>",
    "\"x\" <sip:a@10.0.0.5;x=1,loopback/1900>",
    "\"x\" <sip:a@10.0.0.5;x=[y>",
    "\"x\" <sip:a@10.0.0.5;x=:_:loopback>",
    "\"x\" <sip:a@10.0.0.5;:_:>",
    "\"x\" <sip:{a=b}c@10.0.0.5>",
    "\"x\" <sip:[a=b]c@10.0.0.5>",
    "\"x\" <sip:<a=b>c@10.0.0.5>",
    "\"x\" <sip:a^b@10.0.0.5>",
    "\"x\" <sip:a'b@10.0.0.5>",
    "\"x\" <sip:a\\b@10.0.0.5>",
    "\"x\" <sip:a/b@10.0.0.5>",
    "\"x\" <sip:a\nb@10.0.0.5>",
    "\"x\" <sip:a%0ab@10.0.0.5>",
    "\"x\" <sip:a%00b@10.0.0.5>",
    "\"x\" <sip:a%zzb@10.0.0.5>",
    "\"x\" <sip:a b@10.0.0.5>",
    "\"x\" <sip:port=tls@10.0.0.5>",
    "\"x\" <sip:fs_path=evil@10.0.0.5>",
    "\"x\" <sip:a:password@10.0.0.5>",
    "\"x\" <sip:@10.0.0.5>",
    "\"x\" <sip:a@10.0.0.5;maddr=10.9.9.9>",
    "\"x\" <sip:a@10.0.0.5;transport=sctp>",
    "\"x\" <sip:a@10.0.0.5;transport=udp;transport=tls>",
    "\"x\" <sip:a@10.0.0.5;fs_path=sip%3A10.0.0.6;fs_path=sip%3A10.0.0.7>",
    "\"x\" <sip:a@10.0.0.5;fs_path=sip%3A10.0.0.6%3Bfs_path%3Dsip%253A10.0.0.7>",
    "\"x\" <sip:a@10.0.0.5;fs_path=sip%3A10.0.0.6%2Csip%3A10.0.0.7>",
    "\"x\" <sip:a@10.0.0.5;fs_path=tel%3A1900>",
    "\"x\" <sip:a@10.0.0.5:0>",
    "\"x\" <sip:a@10.0.0.5:99999>",
    "\"x\" <sip:a@10.0.0.5:+5060>",
    "\"x\" <sip:a@10.1>",
    "\"x\" <sip:a@0x7f000001>",
    "\"x\" <sip:a@2130706433>",
    "\"x\" <sip:a@[::1>",
    "\"x\" <sip:a@[fe80::1%25eth0]>",
    "\"x\" <sip:a@>",
    "\"x\" <sip:a@host_name>",
    "\"x\" <tel:+4930123>",
    "\"x\" <http://10.0.0.5/>",
    "\"x\" <sip:a@10.0.0.5",
    "\"x\" sip:a@10.0.0.5",
    "\"x <sip:a@10.0.0.5>",
    "\"x\" <sip:a@10.0.0.5> <sip:b@10.0.0.6>",
    "<sip:(null)@*>",
    "*",
    "",
];

#[test]
fn hostile_contacts_are_refused() {
    for text in HOSTILE {
        assert!(Contact::parse(text).is_err(), "{text:?}");
    }
    let long = format!("\"x\" <sip:{}@10.0.0.5>", "a".repeat(100_000));
    assert_eq!(Contact::parse(&long), Err(Refusal::Malformed));
}

#[test]
fn a_plain_phone() {
    let contact =
        Contact::parse("\"Alice \\\"A\\\" <sip:x@y>\" <sip:alice@10.0.0.5:5062;line=ab12;ob>").unwrap();
    assert_eq!(contact.user.as_deref(), Some("alice"));
    assert_eq!(contact.host, Host::Ip("10.0.0.5".parse().unwrap()));
    assert_eq!(contact.port, Some(5062));
    assert_eq!(&*contact.parameters, ";line=ab12;ob");
    assert_eq!(contact.path, None);
}

#[test]
fn bare_addresses_and_other_spellings() {
    for text in [
        "sip:alice@10.0.0.5",
        "<SIP:alice@10.0.0.5>",
        "alice <sip:alice@10.0.0.5>",
    ] {
        assert_eq!(
            Contact::parse(text).unwrap().user.as_deref(),
            Some("alice"),
            "{text:?}"
        );
    }
    let six = Contact::parse("\"\" <sips:a%40b.test@[2001:db8::5]:5061>").unwrap();
    assert!(six.secure);
    assert_eq!(six.host.to_string(), "[2001:db8::5]");
    let mapped = Contact::parse("<sip:a@[::ffff:10.0.0.5]>").unwrap();
    assert_eq!(mapped.host, Host::Ip("10.0.0.5".parse().unwrap()));
}

#[test]
fn a_contact_without_a_user_as_mod_sofia_prints_it() {
    let contact = Contact::parse("\"\" <sip:(null)@10.0.0.5>").unwrap();
    assert_eq!(contact.user, None);
}

#[test]
fn what_mod_sofia_adds_behind_nat() {
    let text = "\"user\" <sip:alice@192.168.1.9:5060;transport=tcp;received=203.0.113.5:40001;fs_nat=yes;\
                fs_path=sip%3Aalice%40203.0.113.5%3A40001%3Btransport%3Dtcp>";
    let contact = Contact::parse(text).unwrap();
    assert_eq!(&*contact.parameters, "");
    let path = contact.path.unwrap();
    assert_eq!(path.host, Host::Ip("203.0.113.5".parse().unwrap()));
    assert_eq!((path.port, path.claimed), (Some(40001), Some(Transport::Tcp)));
}

#[test]
fn a_path_header() {
    let contact = Contact::parse("<sip:alice@10.0.0.5;fs_path=%3Csip%3A10.0.0.1%3Blr%3E>").unwrap();
    assert_eq!(contact.path.unwrap().host, Host::Ip("10.0.0.1".parse().unwrap()));
}

#[test]
fn a_browser() {
    let text = "\"\" <sip:df7jal23@92.invalid;transport=ws;fs_nat=yes;fs_path=sip%3Adf7jal23%40203.0.113.5%3A40002%3B\
                transport%3Dwss>";
    let contact = Contact::parse(text).unwrap();
    assert_eq!(contact.claimed, Some(Transport::Ws));
    assert_eq!(contact.transport(), Some(Transport::Wss));
}

#[test]
fn the_same_phone_whatever_its_parameters_say() {
    let first = Contact::parse("<sip:alice@10.0.0.5;line=1>").unwrap();
    let same = Contact::parse("\"A\" <sip:alice@10.0.0.5:5060;transport=udp>").unwrap();
    let other = Contact::parse("<sip:alice@10.0.0.5:5062>").unwrap();
    assert!(first.is_same_phone(&same));
    assert!(!first.is_same_phone(&other));
}
