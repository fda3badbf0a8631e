//! Where a call goes: forwards, causes, do not disturb.

use super::{after, call, has, office, rings};

#[test]
fn each_forward_leads_where_it_says() {
    let desk = office();
    rings(&call(&desk, "1002", ""), "bob");
    for (when, cause) in [
        ("busy", "USER_BUSY"),
        ("no-answer", "NO_ANSWER"),
        ("offline", "NORMAL_TEMPORARY_FAILURE"),
    ] {
        desk.ok(&format!("forward 1002 {when} 1003"));
        let first = call(&desk, "1002", "");
        rings(&first, "bob");
        has(
            &first,
            &[
                "continue_on_fail=true",
                "application=\"transfer\" data=\"1002 XML pbx_unanswered\"",
                "accountcode=1001:",
            ],
        );
        assert!(!first.contains("application=\"voicemail\""), "{first}");
        // Who forwards pays; the phone shows who calls.
        let then = after(&desk, "1002", cause);
        rings(&then, "carol");
        has(
            &then,
            &[
                "accountcode=1002:",
                "effective_caller_id_number=1001:",
                "pbx_hops=2:",
            ],
        );
        // What has no forward ends in the mailbox.
        for other in ["USER_BUSY", "NO_ANSWER", "NORMAL_TEMPORARY_FAILURE"] {
            if other != cause {
                has(
                    &after(&desk, "1002", other),
                    &["voicemail\" data=\"default pbx.test 1002\""],
                );
            }
        }
        desk.ok(&format!("forward 1002 {when} off"));
    }
    desk.ok("forward 1002 always 1003");
    let always = call(&desk, "1002", "");
    rings(&always, "carol");
    has(&always, &["accountcode=1002:"]);
    desk.ok("forward 1006 offline 1004");
    rings(&call(&desk, "1006", ""), "dave");
    // Through two extensions: the last who forwards pays.
    desk.ok("forward 1003 always 1006");
    let through = call(&desk, "1002", "");
    rings(&through, "dave");
    has(&through, &["accountcode=1006:", "pbx_hops=4:"]);
}

#[test]
fn causes_are_busy_no_answer_or_nobody_there() {
    let desk = office();
    desk.ok("extension set 1002 --voicemail no");
    desk.ok("forward 1002 busy 1003");
    desk.ok("forward 1002 no-answer 1004");
    desk.ok("forward 1002 offline 1005");
    for (causes, who) in [
        (&["USER_BUSY", "CALL_REJECTED"][..], "carol"),
        (&["NO_ANSWER", "NO_USER_RESPONSE", "ALLOTTED_TIMEOUT"], "dave"),
        (
            &[
                "USER_NOT_REGISTERED",
                "SUBSCRIBER_ABSENT",
                "RECOVERY_ON_TIMER_EXPIRE",
                "odd",
                "",
            ],
            "eve",
        ),
    ] {
        for cause in causes {
            rings(&after(&desk, "1002", cause), who);
        }
    }
    for when in ["busy", "no-answer", "offline"] {
        desk.ok(&format!("forward 1002 {when} off"));
    }
    has(
        &after(&desk, "1002", "USER_BUSY"),
        &["respond\" data=\"486\"", "USER_BUSY"],
    );
    has(
        &after(&desk, "1002", "NO_ANSWER"),
        &["respond\" data=\"480\"", "NO_ANSWER"],
    );
    has(
        &after(&desk, "1002", ""),
        &["respond\" data=\"480\"", "USER_NOT_REGISTERED"],
    );
    // Without mailbox and forward the caller hears what the phone said.
    has(&call(&desk, "1002", ""), &["continue_on_fail=false"]);
}

#[test]
fn do_not_disturb_rings_nothing() {
    let desk = office();
    desk.ok("dnd 1002 on");
    let message = call(&desk, "1002", "");
    has(&message, &["voicemail\" data=\"default pbx.test 1002\""]);
    assert!(!message.contains("application=\"bridge\""), "{message}");
    desk.ok("extension set 1002 --voicemail no");
    has(&call(&desk, "1002", ""), &["respond\" data=\"486\"", "USER_BUSY"]);
    desk.ok("forward 1002 busy 1003");
    rings(&call(&desk, "1002", ""), "carol");
    // Who forwards all calls has said where to.
    desk.ok("forward 1002 always 1004");
    rings(&call(&desk, "1002", ""), "dave");
    desk.ok("dnd 1002 off");
    desk.ok("forward 1002 always off");
    rings(&call(&desk, "1002", ""), "bob");
}

/// `user/1002@pbx.test`, as a dial string of somebody else's may name it.
#[test]
fn a_dial_string_of_a_user_follows_too() {
    let desk = office();
    let user = |name: &str| {
        desk.say(&format!(
            "lookup directory domain=pbx.test user={name} action=user_call"
        ))
    };
    desk.ok("forward 1002 always 1003");
    // The document is bob's, and what is dialled is carol's phone.
    has(&user("1002"), &["\"[leg_timeout=30,pbx_identity=carol@pbx.test,"]);
    // A phone that is asked for by its own name is wanted itself.
    has(&user("bob"), &["\"[leg_timeout=30,pbx_identity=bob@pbx.test,"]);
    desk.ok("forward 1002 always off");
    desk.ok("dnd 1002 on");
    has(&user("1002"), &["value=\"error/user_busy\""]);
    has(&user("bob"), &["value=\"error/user_busy\""]);
    desk.ok("forward 1002 busy 1003");
    has(&user("1002"), &["pbx_identity=carol@pbx.test,"]);
    has(&user("1006"), &["value=\"error/user_not_registered\""]);
}
