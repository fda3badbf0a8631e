//! What a browser hears of the switch.

use serde_json::{Value, json};

use super::{OTHER, SOUND, ask, invite, passed, ready};
use crate::verto::count::Reason;
use crate::verto::filter::Down;

#[test]
fn a_browser_hears_of_its_calls_and_not_of_the_switch() {
    let mut filter = ready();
    let offered = json!({"jsonrpc": "2.0", "id": 7, "method": "verto.invite", "params": {
        "callID": OTHER, "sdp": SOUND, "caller_id_name": "Bob", "caller_id_number": "1002",
        "display_direction": "outbound", "variables": {"Core-UUID": "x", "FreeSWITCH-Hostname": "y"},
        "verto_h_x": "z", "evil": {"a": 1},
    }});
    let Down::Pass(text) = filter.down(&offered.to_string()) else {
        panic!("dropped")
    };
    let text: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        text["params"],
        json!({"callID": OTHER, "sdp": SOUND, "caller_id_name": "Bob", "caller_id_number": "1002",
            "display_direction": "outbound"})
    );
    assert!(filter.owns(OTHER));
    let bye = json!({"jsonrpc": "2.0", "id": 8, "method": "verto.bye", "params": {"callID": OTHER, "causeCode": 16}});
    filter.down(&bye.to_string());
    assert!(!filter.owns(OTHER));
    for method in [
        "verto.event",
        "verto.prompt",
        "verto.announce",
        "verto.mediaParams",
    ] {
        let event = json!({"jsonrpc": "2.0", "id": 9, "method": method, "params": {"callID": OTHER}});
        assert_eq!(
            filter.down(&event.to_string()),
            Down::Drop(Reason::Downstream),
            "{method}"
        );
        assert!(!filter.owns(OTHER));
    }
    // As mod_verto writes it: with a key twice.
    let sent = passed(filter.up(&ask("verto.invite", &invite(OTHER))));
    let text = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":{},\"error\":{{\"message\":\"SDP missing\",\"causeCode\":95,\
         \"message\":\"CALL ERROR\",\"code\":-32002}}}}",
        sent["id"]
    );
    let Down::Pass(answer) = filter.down(&text) else {
        panic!("dropped")
    };
    assert!(
        answer.contains("CALL ERROR") && answer.contains("\"id\":\"x\""),
        "{answer}"
    );
    let punt = json!({"jsonrpc": "2.0", "id": 1, "method": "verto.punt", "params": {}});
    assert!(matches!(filter.down(&punt.to_string()), Down::Last(_)));
}
