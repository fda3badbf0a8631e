//! Where calls go, and that nothing a phone registers changes the shape of a dial string.

use proptest::prelude::*;

use super::*;

fn own() -> OwnAddresses {
    OwnAddresses {
        sockets: vec![
            "10.0.0.1:5060".parse().unwrap(),
            "10.0.0.1:5061".parse().unwrap(),
            "127.0.0.1:5060".parse().unwrap(),
            "127.0.0.1:5080".parse().unwrap(),
        ],
        others: vec!["198.51.100.1".parse().unwrap()],
    }
}

fn target(contact: &str, source: &str) -> Result<String, Refusal> {
    let target = Target::new(
        "internal",
        &Contact::parse(contact)?,
        source.parse().unwrap(),
        &own(),
    )?;
    Ok(target
        .as_str()
        .strip_prefix("sofia/internal/")
        .unwrap()
        .to_owned())
}

#[test]
fn a_phone_that_is_where_it_says() {
    let contact = "\"A\" <sip:alice@10.0.0.5:5062;transport=udp;line=ab12>";
    let dialled = "sip:alice@10.0.0.5:5062;transport=udp;line=ab12";
    assert_eq!(target(contact, "10.0.0.5:40000").as_deref(), Ok(dialled));
    assert_eq!(
        target("sip:a@[2001:db8::5]", "[2001:db8::5]:5060").as_deref(),
        Ok("sip:a@[2001:db8::5]")
    );
}

#[test]
fn a_phone_behind_nat_is_called_where_its_register_came_from() {
    let path = ";fs_nat=yes;fs_path=%3Csip%3Aalice%40203.0.113.5%3A40001%3Blr%3E";
    let told = format!("sip:alice@192.168.77.9:5060{path}");
    assert_eq!(
        target("<sip:alice@192.168.77.9:5060>", "203.0.113.5:40001").as_ref(),
        Ok(&told)
    );
    // The same whether mod_sofia noticed the NAT, or the phone pretends that it had noticed another.
    for claimed in ["203.0.113.5%3A40001", "10.9.9.9%3A5060", "127.0.0.1%3A5060"] {
        let contact = format!("<sip:alice@192.168.77.9:5060;fs_nat=yes;fs_path=sip%3Aalice%40{claimed}>");
        assert_eq!(
            target(&contact, "203.0.113.5:40001").as_ref(),
            Ok(&told),
            "{claimed}"
        );
    }
    // A host name is never resolved.
    let named = target("<sip:alice@phone.lan>", "203.0.113.5:40001").unwrap();
    assert_eq!(named, format!("sip:alice@phone.lan{path}"));
}

#[test]
fn a_phone_on_a_connection_is_called_on_that_connection() {
    let dialled = target("<sip:alice@10.0.0.5:5061;transport=tls>", "10.0.0.5:40001").unwrap();
    let path = "%3Csip%3Aalice%4010.0.0.5%3A40001%3Blr%3Btransport%3Dtls%3E";
    assert_eq!(
        dialled,
        format!("sip:alice@10.0.0.5:5061;transport=tls;fs_path={path}")
    );
    let sips = target("<sips:alice@10.0.0.5>", "10.0.0.5:40001").unwrap();
    assert_eq!(sips, format!("sips:alice@10.0.0.5;fs_path={path}"));
    let browser = "<sip:df7@92.invalid;transport=ws;fs_path=sip%3Adf7%4010.0.0.5%3A40002%3Btransport%3Dwss>";
    let dialled = target(browser, "10.0.0.5:40002").unwrap();
    assert!(
        dialled.ends_with("%3A40002%3Blr%3Btransport%3Dwss%3E"),
        "{dialled}"
    );
}

#[test]
fn the_switch_itself_is_never_called() {
    for contact in [
        "<sip:9999@10.0.0.1:5060>",
        "<sip:9999@10.0.0.1>",
        "<sip:9999@10.0.0.1:8021>",
        "<sip:9999@127.0.0.1:5080>",
        "<sip:9999@127.0.0.1:1234>",
        "<sip:9999@127.9.9.9>",
        "<sip:9999@[::1]:5060>",
        "<sip:9999@[::ffff:127.0.0.1]:5060>",
        "<sip:9999@198.51.100.1:5060>",
        "<sip:9999@10.0.0.1;transport=tls>",
    ] {
        assert_eq!(target(contact, "10.0.0.5:5060"), Err(Refusal::Own), "{contact}");
    }
    for contact in [
        "<sip:9999@0.0.0.0>",
        "<sip:9999@224.0.1.75>",
        "<sip:9999@255.255.255.255>",
        "<sip:9@[::]>",
    ] {
        assert_eq!(target(contact, "10.0.0.5:5060"), Err(Refusal::Host), "{contact}");
    }
    // A gateway of this very switch that registers with it.
    assert_eq!(
        target("<sip:gw+x@127.0.0.1:5080>", "127.0.0.1:5080"),
        Err(Refusal::Own)
    );
    assert_eq!(target("<sip:a@10.0.0.5>", "127.0.0.1:5080"), Err(Refusal::Own));
}

#[test]
fn a_profile_whose_name_means_something_is_not_dialled() {
    let contact = Contact::parse("sip:a@10.0.0.5").unwrap();
    for profile in ["", "a/b", "a,b", "a b", "${x}", "[x]"] {
        let target = Target::new(profile, &contact, "10.0.0.5:5060".parse().unwrap(), &own());
        assert_eq!(target, Err(Refusal::Profile));
    }
}

#[test]
fn a_phone_on_the_switchs_own_machine_is_called() {
    let dialled = target("<sip:alice@127.0.0.1:5090>", "127.0.0.1:5090");
    assert_eq!(dialled.as_deref(), Ok("sip:alice@127.0.0.1:5090"));
}

/// What may occur in a target: nothing that means anything to a dial string or is expanded.
fn is_harmless(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.!~*+=&%@:;[]".contains(&b))
        // A bracket is an IPv6 address's, never at the start of a leg.
        && text.matches('[').count() == text.matches(']').count()
        && !text.contains(":_:")
}

fn check(text: &str, source: SocketAddr) {
    let Ok(contact) = Contact::parse(text) else { return };
    let Ok(target) = Target::new("internal", &contact, source, &own()) else {
        return;
    };
    let written = target.as_str().strip_prefix("sofia/internal/").unwrap();
    assert!(is_harmless(written), "{text:?} became {written:?}");
    assert!(written.starts_with("sip:") || written.starts_with("sips:"));
    let hop = match written.split_once(";fs_path=") {
        Some((_, path)) => {
            assert!(!path.contains(';') && !path.contains('@'), "{written}");
            let back = Contact::parse(written).unwrap().path.unwrap();
            (back.host, back.port.unwrap())
        }
        None => (contact.host.clone(), source.port()),
    };
    // The property that everything else rests on: a call only ever goes to the host that registered.
    assert_eq!(
        hop,
        (Host::Ip(source.ip()), source.port()),
        "{text:?} became {written:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_text(text in ".*", port in 1u16..) {
        check(&text, SocketAddr::from(([203, 0, 113, 5], port)));
    }

    #[test]
    fn any_bytes_where_a_phone_may_write(user in "[ -~]{0,40}", host in "[ -~]{0,40}", parameters in "[ -~]{0,60}") {
        let source = SocketAddr::from(([203, 0, 113, 5], 40001));
        check(&format!("\"x\" <sip:{user}@{host};{parameters}>"), source);
        check(&format!("\"x\" <sip:{user}@203.0.113.5;{parameters}>"), source);
        check(&format!("\"{user}\" <sip:a@203.0.113.5:5062;x={parameters}>"), source);
    }

    #[test]
    fn spliced_grammar(parts in prop::collection::vec(prop::sample::select(vec![
        "sip:", "sips:", "alice", "@", ";", "=", "transport=", "tls", "udp", "fs_path=", "fs_nat=yes", "port=",
        "10.0.0.1", "127.0.0.1", "203.0.113.5", "[::1]", ":5060", "%3A", "%2C", ",", "|", ":_:", "${a}", "{", "}", "[",
        "]", "<", ">", "\"", "'", "\\", "^", "maddr=", "lr", "/", "\n", " ", "%0a", "%", "$",
    ]), 0..14), wrap: bool) {
        let inner = parts.concat();
        let text = if wrap { format!("\"u\" <sip:a@203.0.113.5:5060;{inner}>") } else { format!("<{inner}>") };
        check(&text, SocketAddr::from(([203, 0, 113, 5], 40001)));
    }
}

#[test]
fn hostile_contacts_never_become_a_target() {
    for text in super::super::contact::tests::HOSTILE {
        assert!(target(text, "10.0.0.5:5060").is_err(), "{text:?}");
    }
}
