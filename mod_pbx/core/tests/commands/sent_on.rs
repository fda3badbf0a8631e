//! Calls that are sent on outside: by forwards, redirects and transfers, and by DIDs. Who causes them pays.

use crate::support::Desk;

/// 1001 (alice) and 1002 (bob) have a phone each that is on, 1003 (carol) has none. 1002 may call in Germany.
fn office() -> Desk {
    let desk = Desk::new();
    desk.ok("domain add pbx.test");
    desk.ok("extension add 1003 --user carol --name carol");
    for (user, number) in [("alice", "1001"), ("bob", "1002")] {
        desk.ok(&format!(
            "extension add {number} --user {user} --name {user} --line {user}"
        ));
    }
    for user in ["alice", "bob"] {
        desk.registers(user, &format!("<sip:{user}@192.0.2.7:5062>"), "192.0.2.7");
    }
    for line in [
        "plan set --country-code 49 --area-code 30",
        "caller-id add +4930123456",
        "caller-id use --extension 1002 --number +4930123456",
        "gateway add carrier --proxy 192.0.2.50 --ping-seconds 0",
        "gateway add spare --proxy 192.0.2.51 --ping-seconds 0",
        "route add germany --pattern +49* --gateway carrier --gateway spare --extension 1002",
    ] {
        desk.ok(line);
    }
    desk
}

const CHANNEL: &str = "0192c0de-0000-4000-8000-000000000001";

/// The answer to a call by alice.
fn call(desk: &Desk, context: &str, number: &str, further: &str) -> String {
    desk.say(&format!(
        "lookup dialplan Hunt-Context={context} 'Hunt-Destination-Number={number}' Unique-ID={CHANNEL} \
         variable_pbx_identity=alice@pbx.test {further}"
    ))
}

#[track_caller]
fn has(document: &str, parts: &[&str]) {
    for part in parts {
        assert!(document.contains(part), "{part}: {document}");
    }
}

#[track_caller]
fn stays_inside(document: &str) {
    assert!(!document.contains("sofia/gateway/external::"), "{document}");
}

#[test]
fn a_number_outside_is_spelled_as_the_domain_dials() {
    let desk = office();
    for (typed, kept) in [
        ("0891234567", "+49891234567"),
        ("+49 (89) 1234-567", "+49891234567"),
        ("00441632960123", "+441632960123"),
        ("2123456", "+49302123456"),
        ("1001", "1001"),
        ("off", "off"),
    ] {
        desk.say(&format!("forward 1002 busy '{typed}'"));
        let shown = desk.json("forward 1002");
        let busy = shown["forwards"]["busy"].as_str().unwrap_or("off").to_owned();
        assert_eq!(busy, kept, "{typed}");
    }
    for (typed, why) in [
        ("116117", "only to numbers with a country code"),
        ("112", "calls for help"),
        ("911", "calls for help"),
        ("+49", "too long or too short"),
        ("sip:x@example.com", "neither off nor a number"),
        ("1000,sofia/gateway/carrier/1900", "neither off nor a number"),
        ("{x=y}030123456", "neither off nor a number"),
        ("${x}", "neither off nor a number"),
        ("gw+carrier", "neither off nor a number"),
        ("030123456;gw=carrier", "neither off nor a number"),
    ] {
        let said = desk.refused(&format!("forward 1002 busy '{typed}'"));
        assert!(said.contains(why), "{typed}: {said}");
    }
    desk.ok("plan set --country-code 49 --access-prefix 9");
    desk.ok("forward 1002 busy 90891234567");
    assert_eq!(desk.json("forward 1002")["forwards"]["busy"], "+49891234567");
    let said = desk.refused("forward 1002 busy 0891234567");
    assert!(said.contains("behind 9 as it is dialled"), "{said}");
}

#[test]
fn who_forwards_outside_pays_and_without_a_grant_their_mailbox_answers() {
    let desk = office();
    let of_bob = desk.json("extension show 1002")["channel_id"]
        .as_str()
        .unwrap()
        .to_owned();
    desk.ok("forward 1002 always 0891234567");
    let out = call(&desk, "pbx.test", "1002", "");
    has(
        &out,
        &[
            "accountcode=1002",
            "sofia/gateway/external::carrier/+49891234567",
            "sofia/gateway/external::spare/+49891234567",
            &format!("pbx_charge={of_bob}.national."),
            "origination_caller_id_number=+4930123456",
            "pbx_hops=2",
            "1002 XML pbx_mailbox",
        ],
    );
    assert!(
        !out.contains("1001"),
        "who calls is nobody's business outside: {out}"
    );
    // Nobody takes it there.
    let then = call(&desk, "pbx_mailbox", "1002", "variable_pbx_hops=2");
    has(&then, &["voicemail\" data=\"default pbx.test 1002\""]);
    // By what only ringing tells.
    desk.ok("forward 1002 always off");
    desk.ok("forward 1002 busy 0891234567");
    let busy = "variable_originate_disposition=USER_BUSY variable_pbx_hops=1";
    has(
        &call(&desk, "pbx_unanswered", "1002", busy),
        &["external::carrier/+49891234567"],
    );
    let explained = desk.say("explain 1001 1002");
    has(
        &explained,
        &[
            "then, busy: to +49891234567",
            "germany (+49*): taken",
            "goes out to +49891234567",
        ],
    );
    // 1003 has no grant, and no phone that is on.
    desk.ok("forward 1003 offline 0891234567");
    let refused = call(&desk, "pbx.test", "1003", "");
    stays_inside(&refused);
    has(
        &refused,
        &[
            "the call of 1003@pbx.test to +49891234567 is refused (not-granted)",
            "voicemail\" data=\"default pbx.test 1003\"",
        ],
    );
    has(
        &desk.say("explain 1002 1003"),
        &["not granted to extension 1003", "refused (not-granted)"],
    );
    // The caller's grant is nobody else's.
    desk.ok("forward 1003 offline off");
    desk.ok("forward 1003 always 0891234567");
    let by_bob = desk.say(
        "lookup dialplan Hunt-Context=pbx.test Hunt-Destination-Number=1003 variable_pbx_identity=bob@pbx.test",
    );
    stays_inside(&by_bob);
    // A cap of who forwards.
    desk.ok("forward 1002 always 0891234567");
    desk.ok("cap set 1002 --per-day 0");
    let capped = call(&desk, "pbx.test", "1002", "");
    stays_inside(&capped);
    has(&capped, &["(cap-day)"]);
    desk.ok("cap delete 1002");
    desk.ok("block add +4989*");
    has(&call(&desk, "pbx.test", "1002", ""), &["(blocked)"]);
}

/// It would come back, as a call that nobody has sent on.
#[test]
fn a_forward_to_a_number_of_the_pbx_itself_is_none() {
    let desk = office();
    desk.ok("did add +4930555 --prefix --members 1001");
    desk.ok("forward 1002 always +493055512");
    let answer = call(&desk, "pbx.test", "1002", "");
    stays_inside(&answer);
    has(&answer, &["(own-number)", "default pbx.test 1002"]);
}

#[test]
fn who_redirects_pays() {
    let desk = office();
    let redirected = |by: &str, to: &str| {
        call(
            &desk,
            &format!("pbx_sent_on_{by}@pbx.test"),
            to,
            "variable_pbx_hops=1",
        )
    };
    let ring = call(&desk, "pbx.test", "1002", "");
    has(&ring, &["sip_redirect_context=pbx_sent_on_bob@pbx.test,"]);
    let out = redirected("bob", "0891234567");
    has(&out, &["external::carrier/+49891234567", "accountcode=1002"]);
    let refused = redirected("1003", "0891234567");
    stays_inside(&refused);
    has(
        &refused,
        &[
            "the call of 1003@pbx.test to 0891234567 is refused (not-granted)",
            "tone_stream",
        ],
    );
    stays_inside(&redirected("nobody", "0891234567"));
    has(&redirected("bob", "1001"), &["pbx_identity=alice@pbx.test"]);
    for trick in [
        "1000,sofia/gateway/carrier/1900",
        "{x=y}030123456",
        "${x}",
        "gw+carrier",
        "030123456;gw=carrier",
    ] {
        let answer = redirected("bob", trick);
        stays_inside(&answer);
        has(&answer, &["(no-number)"]);
    }
    // Help is for everybody.
    desk.ok("route add help --emergency --pattern 112 --gateway spare");
    has(&redirected("1003", "112"), &["external::spare/112"]);
}

/// Whom the call spoke with last is who transfers it: the switch's channels say so, and no header.
#[test]
fn who_transfers_pays_and_who_is_not_known_transfers_nobody_outside() {
    let desk = office();
    let bobs = "0192c0de-0000-4000-8000-000000000002";
    let carols = "0192c0de-0000-4000-8000-000000000003";
    desk.channel_began(CHANNEL, "inbound", "sofia/internal/alice", "alice@pbx.test");
    desk.channel_began(bobs, "outbound", "sofia/internal/bob", "bob@pbx.test");
    desk.channel_began(carols, "outbound", "sofia/internal/carol", "1003@pbx.test");
    let transferred = |last: &str, further: &str| {
        let last = format!(
            "variable_last_bridge_to={last} variable_bridge_uuid={last} variable_pbx_hops=2 {further}"
        );
        call(&desk, "pbx.test", "0891234567", &last)
    };
    let unknown = transferred(bobs, "");
    stays_inside(&unknown);
    has(
        &unknown,
        &["the call of 1001@pbx.test to 0891234567 is refused (sent-on)"],
    );
    desk.channels_bridged(CHANNEL, bobs);
    let by_bob = transferred(bobs, "");
    has(
        &by_bob,
        &[
            "external::carrier/+49891234567",
            "accountcode=1002",
            "pbx_hops=3",
            &format!("pbx_after={bobs}"),
        ],
    );
    // Bob has passed alice on to carol, who has no grant.
    desk.channels_bridged(carols, CHANNEL);
    let by_carol = transferred(carols, "");
    stays_inside(&by_carol);
    has(
        &by_carol,
        &["the call of 1003@pbx.test to 0891234567 is refused (not-granted)"],
    );
    // Whoever transfers while an attended transfer is under way is not whom she spoke with before.
    let before = format!("variable_last_bridge_to={carols} variable_bridge_uuid={bobs} variable_pbx_hops=2");
    let answer = call(&desk, "pbx.test", "0891234567", &before);
    stays_inside(&answer);
    has(&answer, &["(sent-on)"]);
    // What the switch says and what is known of it differ; or nobody was spoken with since the last answer.
    stays_inside(&transferred(bobs, ""));
    desk.channels_bridged(CHANNEL, bobs);
    stays_inside(&transferred(bobs, &format!("variable_pbx_after={bobs}")));
    for header in [
        "variable_sip_h_Referred-By=<sip:bob@pbx.test>",
        "variable_sip_refer_to=<sip:0891234567@pbx.test>",
        "variable_transfer_source=1:x:bl_xfer:bob",
    ] {
        let answer = call(
            &desk,
            "pbx.test",
            "0891234567",
            &format!("variable_pbx_hops=2 '{header}'"),
        );
        stays_inside(&answer);
    }
}

#[test]
fn numbers_outside_ring_for_a_did_as_a_call_of_whom_it_names() {
    let desk = office();
    for (members, why) in [
        ("+49891234567", "say whose call"),
        ("+49891234567/1999", "no extension 1999"),
        ("1001/1002", "not a number outside"),
        ("116117/1002", "country code"),
        ("1001 1001", "twice"),
    ] {
        let said = desk.refused(&format!("did add +4930555001 --members '{members}'"));
        assert!(said.contains(why), "{members}: {said}");
    }
    desk.ok("did add +4930555001 --members '1001 0891234567/1002 0891234568/1003' --then voicemail:1001");
    let shown = desk.say("did show +4930555001");
    has(&shown, &["1001 +49891234567/1002 +49891234568/1003"]);
    let explained = desk.say("explain gateway:carrier +4930555001");
    has(
        &explained,
        &[
            "a number outside: +49891234567, as a call of 1002",
            "goes out to +49891234567",
            "the call of 1003@pbx.test to +49891234568 is refused (not-granted)",
            "pbx_identity=alice@pbx.test",
            "external::carrier/+49891234567",
        ],
    );
    assert!(!explained.contains("carrier/+49891234568"), "{explained}");
    // All are refused: as if nobody were there.
    desk.ok("did set +4930555001 --members '0891234567/1001 0891234568/1003'");
    let explained = desk.say("explain gateway:carrier +4930555001");
    has(&explained, &["default pbx.test 1001"]);
    stays_inside(&explained);
    // One alone goes by every gateway, and then on.
    desk.ok("did set +4930555001 --members 0891234567/1002");
    let explained = desk.say("explain gateway:carrier +4930555001");
    has(
        &explained,
        &[
            "external::carrier/+49891234567",
            "external::spare/+49891234567",
            " XML pbx_did",
        ],
    );
    // Who pays cannot go.
    let said = desk.refused("extension delete 1002 --with-everything");
    assert!(said.contains("4930555001"), "{said}");
}

/// What a transfer would do is told by the lookup that would answer it.
#[test]
fn a_transfer_is_explained_as_it_would_be_answered() {
    let desk = office();
    let by_bob = desk.say("explain 1001 0891234567 --transferred-by 1002");
    has(
        &by_bob,
        &[
            "call from 1001 to 0891234567, transferred by 1002",
            "1002@pbx.test sends it on and would pay",
            "+ goes out to +49891234567",
            "external::carrier/+49891234567",
            "accountcode=1002",
        ],
    );
    // As the switch is answered when bob's channel has transferred hers.
    let (alices, bobs) = (CHANNEL, "0192c0de-0000-4000-8000-000000000002");
    desk.channel_began(alices, "inbound", "sofia/internal/alice", "alice@pbx.test");
    desk.channel_began(bobs, "outbound", "sofia/internal/bob", "1002@pbx.test");
    desk.channels_bridged(alices, bobs);
    let further = format!("variable_last_bridge_to={bobs} variable_bridge_uuid={bobs} variable_pbx_hops=1");
    let answered = call(&desk, "pbx.test", "0891234567", &further);
    // A thought has no channels to be named.
    let told = |text: &str| -> Vec<String> {
        let actions = text.trim_end().replace(&format!(":pbx_after={bobs}"), "");
        let actions = actions.split("<action ").skip(1);
        let plain = |action: &str| -> Vec<String> {
            let parts = action.split(',').filter(|part| !part.starts_with("pbx_charge="));
            parts.map(str::to_owned).collect()
        };
        actions.flat_map(plain).collect()
    };
    assert!(told(&answered).len() > 2, "{answered}");
    assert_eq!(told(&by_bob), told(&answered));
    // Who has no grant sends nobody outside; and who calls does not pay for it.
    for (from, by) in [("1002", "1001"), ("gateway:carrier", "1001")] {
        let said = desk.say(&format!("explain {from} 0891234567 --transferred-by {by}"));
        stays_inside(&said);
        has(
            &said,
            &[
                "1001@pbx.test sends it on and would pay",
                "refused (not-granted)",
                "the call of 1001@pbx.test to 0891234567 is refused (not-granted)",
            ],
        );
    }
    let guest = desk.say("explain gateway:carrier 0891234567 --transferred-by 1002");
    has(&guest, &["external::carrier/+49891234567", "pbx_guest=pbx.test"]);
    let inside = desk.say("explain 1001 1002 --transferred-by 1002");
    has(&inside, &["pbx_identity=bob@pbx.test"]);
    let said = desk.refused("explain 1001 0891234567 --transferred-by 1999");
    assert!(said.contains("no such extension or line"), "{said}");
}
