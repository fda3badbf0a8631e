//! Where callers from outside get to, and where they do not.

use super::{carrier, comes, has};

#[test]
fn one_extension_is_called_with_its_own_forwards_and_nobodys_number_is_refused() {
    let desk = carrier();
    desk.ok("did add 4930 --prefix --members 1001");
    desk.ok("forward 1001 no-answer 1003");
    let document = comes(&desk, "pbx_gateways", "+4930999", "");
    let id = desk.json("did show 4930")["id"].as_str().unwrap().to_owned();
    has(&document, &[&format!("data=\"{id}-1001 XML pbx_did\"")]);
    let place = format!("{id}-1001");
    let next = comes(
        &desk,
        "pbx_did",
        &place,
        "variable_pbx_hops=1 variable_originate_disposition=NO_ANSWER",
    );
    has(
        &next,
        &[
            "pbx_identity=1003@pbx.test",
            &format!("data=\"{id}-1003 XML pbx_did\""),
        ],
    );
    let place = format!("{id}-1003");
    let last = comes(
        &desk,
        "pbx_did",
        &place,
        "variable_pbx_hops=2 variable_originate_disposition=NO_ANSWER",
    );
    has(&last, &["data=\"default pbx.test 1001\""]);
    for number in ["+44999", "1001", "", "4930${x}", "+49301234567890123456789"] {
        let document = comes(&desk, "pbx_gateways", number, "");
        has(&document, &["404", "UNALLOCATED_NUMBER"]);
    }
    // Nobody but a carrier gets there: not a line, not a stranger, not by naming the context.
    for context in ["pbx_did", "pbx_gateways"] {
        for who in [
            "variable_pbx_identity=1001@pbx.test",
            "variable_sofia_profile_name=internal variable_sip_network_ip=192.0.2.77",
            "variable_sofia_profile_name=external variable_sip_network_ip=192.0.2.78",
        ] {
            let document = desk.say(&format!(
                "lookup dialplan Hunt-Context={context} Hunt-Destination-Number={id} variable_pbx_guest=pbx.test {who}"
            ));
            has(&document, &["403"]);
        }
    }
    // A gateway of another domain does not reach it.
    desk.ok("domain add other.test");
    desk.ok("gateway set carrier --domain other.test");
    has(&comes(&desk, "pbx_gateways", "+4930999", ""), &["404"]);
}

#[test]
fn a_caller_from_outside_is_transferred_to_extensions_and_nowhere_else() {
    let desk = carrier();
    desk.ok("did add 4930 --prefix --members 1001");
    let guest = "variable_pbx_guest=pbx.test variable_pbx_hops=1";
    let document = comes(&desk, "pbx.test", "1002", guest);
    has(
        &document,
        &[
            "name=\"guest\"",
            "pbx_identity=1002@pbx.test",
            "data=\"1002 XML pbx_unanswered\"",
        ],
    );
    let after = format!("{guest} variable_originate_disposition=NO_ANSWER");
    has(
        &comes(&desk, "pbx_unanswered", "1002", &after),
        &["data=\"default pbx.test 1002\""],
    );
    for number in ["*78", "*97", "+4930999", "112", "1009"] {
        has(&comes(&desk, "pbx.test", number, guest), &["404"]);
    }
    has(&comes(&desk, "pbx.test", "1002", ""), &["403"]);
    has(
        &comes(&desk, "pbx.test", "1002", "variable_pbx_guest=other.test"),
        &["403"],
    );
    has(
        &comes(
            &desk,
            "pbx.test",
            "1002",
            "variable_pbx_guest=pbx.test variable_pbx_hops=17",
        ),
        &["482"],
    );
}
