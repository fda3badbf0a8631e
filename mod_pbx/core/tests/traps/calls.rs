//! Trap 4, and who calls whom: what a call says of itself is not believed.

use crate::common::{World, domain, elements, extension, users, value, with};

/// Trap 4: what the directory does not set, a verto client may (`userVariables`).
#[test]
fn trap_4_every_user_that_calls_sets_every_security_variable() {
    let world = World::named("one");
    for name in ["alice", "1001", "bob-desk", "1004", "1003"] {
        let asks: [&[(&str, &str)]; 3] = [
            &[],
            &[("action", "user_call")],
            &[("action", "sip_auth"), ("sip_auth_method", "INVITE")],
        ];
        for reason in asks {
            let mut pairs = vec![("key_value", "pbx.test"), ("key", "id"), ("user", name)];
            pairs.extend(reason);
            for user in users(&world.document("directory", pairs)) {
                for variable in [
                    "user_context",
                    "domain_name",
                    "toll_allow",
                    "accountcode",
                    "effective_caller_id_name",
                    "effective_caller_id_number",
                    "pbx_identity",
                ] {
                    // An empty value would be deleted (`switch_channel_set_variable`), and so set nothing.
                    assert!(
                        !value(&user, "variables", variable).unwrap().is_empty(),
                        "{name} {variable}"
                    );
                }
            }
        }
    }
}

/// Trap 4, too: the identity of a call is not what the call says.
#[test]
fn trap_4_a_call_is_nobodys_without_the_directorys_identity() {
    let world = World::named("two");
    let base = [
        ("Hunt-Context", "pbx.test"),
        ("Hunt-Destination-Number", "1002"),
        ("Hunt-Source", "mod_sofia"),
        ("Caller-Username", "alice"),
        ("Caller-Caller-ID-Number", "1001"),
        ("variable_user_name", "alice"),
        ("variable_domain_name", "pbx.test"),
        ("variable_sip_from_user", "alice"),
        ("variable_sip_authorized", "true"),
        ("variable_sip_h_X-pbx_identity", "alice@pbx.test"),
        ("pbx_identity", "alice@pbx.test"),
    ];
    assert_eq!(
        first_action(&world, base.to_vec()),
        ("respond".into(), "403".into())
    );
    for forged in [
        "alice@other.test",
        "alice",
        "@pbx.test",
        "nobody@pbx.test",
        "alice@pbx.test@pbx.test",
        "",
    ] {
        let pairs = with(base.to_vec(), "variable_pbx_identity", forged);
        assert_eq!(
            first_action(&world, pairs),
            ("respond".into(), "403".into()),
            "{forged}"
        );
    }
    let known = with(base.to_vec(), "variable_pbx_identity", "alice@pbx.test");
    assert_eq!(first_action(&world, known.clone()).0, "multiset");
    let verto = with(known, "Hunt-Source", "mod_verto");
    assert_eq!(first_action(&world, verto), ("respond".into(), "403".into()));
}

/// An extension's number is what is dialled, never a username, even of digits.
#[test]
fn a_username_that_looks_like_a_number_gets_no_calls() {
    let d = "pbx.test";
    let alice = extension(d, "1001", "Alice", &["112", "777"]);
    let world = World::new([domain(d, [alice])]);
    // What is a number for help is called as one, and there is no gateway.
    for (dialled, name, status) in [("777", "unknown", "404"), ("112", "help", "503")] {
        let identity = format!("{dialled}@{d}");
        let pairs = vec![
            ("Hunt-Context", d),
            ("Hunt-Destination-Number", dialled),
            ("variable_pbx_identity", &identity),
        ];
        let document = world.document("dialplan", pairs);
        assert!(
            document.contains(&format!("name=\"{name}\""))
                && document.contains(&format!("\"{status}\""))
                && !document.contains("bridge"),
            "{document}"
        );
    }
}

fn first_action(world: &World, pairs: Vec<(&str, &str)>) -> (String, String) {
    let document = world.document("dialplan", pairs);
    let all = elements(&document);
    let action = all.iter().find(|e| e.name() == "action").unwrap();
    let attribute = |name| action.attribute(name).unwrap().to_owned();
    (attribute("application"), attribute("data"))
}
