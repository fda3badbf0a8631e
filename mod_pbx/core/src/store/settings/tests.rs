//! Every setting's default, and what bad values are told.

use super::*;

#[test]
fn every_default_is_a_value_of_its_kind_in_its_one_spelling() {
    for definition in CATALOGUE {
        assert_eq!(
            definition.parse(definition.default).as_deref(),
            Ok(definition.default)
        );
    }
}

#[test]
fn a_network_holds_its_addresses_and_no_others() {
    let holds = |network, address: &str| network_holds(network, address.parse().unwrap());
    assert!(holds("10.0.0.0/8", "10.255.0.1"));
    assert!(!holds("10.0.0.0/8", "11.0.0.0"));
    assert!(holds("10.1.2.3", "10.1.2.3") && !holds("10.1.2.3", "10.1.2.2"));
    assert!(holds("10.1.2.3/32", "::ffff:10.1.2.3"));
    assert!(holds("0.0.0.0/0", "1.2.3.4") && !holds("0.0.0.0/0", "::1"));
    assert!(holds("2001:db8::/32", "2001:db8:1::1") && !holds("2001:db8::/32", "2001:db9::"));
    assert!(!holds("::/0", "1.2.3.4"));
    assert!(!holds("10.0.0.0/33", "10.0.0.0") && !holds("x", "10.0.0.0") && !holds("10.0.0.0/x", "10.0.0.0"));
}

#[test]
fn a_bad_value_is_told_what_the_setting_takes() {
    assert!(
        SIP_PORT
            .parse("70000")
            .unwrap_err()
            .contains("a port from 1 to 65535")
    );
    assert!(
        LOCAL_NETWORKS
            .parse("10.0.0.0/33")
            .unwrap_err()
            .contains("10.0.0.0/33")
    );
    assert!(SIP_TLS_DIRECTORY.parse("/etc/${x}").is_err());
    assert_eq!(
        BAN_NFTABLES_SET.parse(" inet  filter x ").as_deref(),
        Ok("inet filter x")
    );
    for bad in [
        "inet filter",
        "-f /etc/passwd x",
        "inet filter x;y",
        "inet filter {x}",
        "inet a b c",
    ] {
        assert!(BAN_NFTABLES_SET.parse(bad).is_err(), "{bad}");
    }
}
