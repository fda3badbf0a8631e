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
