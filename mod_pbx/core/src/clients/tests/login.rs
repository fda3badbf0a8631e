//! Who gets a client, and who logs in with it.

use std::sync::Arc;

use uuid::Uuid;

use super::{World, logged_in};
use crate::clients::Refused;

#[test]
fn only_the_persons_own_channel_opens_and_only_for_a_proper_session_id() {
    let world = World::new();
    let ((alice, channel), (bob, _)) = (world.who("1001"), world.who("1002"));
    let clients = world.pbx.clients();
    let good = Uuid::new_v4().to_string();
    for session in [
        "",
        "x",
        &good.to_uppercase(),
        &format!("{{{good}}}"),
        &Uuid::now_v7().to_string(),
        &Uuid::nil().to_string(),
    ] {
        let refused = clients.open(alice, channel, session, "a");
        assert!(matches!(refused, Err(Refused::BadSession)), "{session}");
    }
    let refused = |user, channel| matches!(clients.open(user, channel, &good, "a"), Err(Refused::NoChannel));
    assert!(refused(bob, channel));
    assert!(refused(alice, Uuid::new_v4()));
    world.ok("extension set 1001 --enabled no");
    assert!(refused(alice, channel));
    world.ok("extension set 1001 --enabled yes");
    let issued = clients.open(alice, channel, &good, "a").unwrap();
    assert_eq!(issued.password.len(), 32);
    assert!(issued.client.expires > crate::clients::view::now() + 1700);
    assert!(clients.find(&issued.client.id.to_string()).is_some());
}

#[test]
fn the_directory_answers_for_a_live_client_with_its_own_session_id() {
    let world = World::new();
    let issued = world.open("1001", "a");
    let (id, session) = (issued.client.id.to_string(), issued.client.session.to_string());
    let answer = world.login_lookup(&id, &[]);
    let a1 = crate::secret::a1_hex(&id, "extensions", &issued.password);
    for part in [
        format!("<user id=\"{id}\">"),
        format!("name=\"a1-hash\" value=\"{a1}\""),
        "name=\"jsonrpc-allowed-methods\" value=\"verto.invite,verto.answer,verto.attach,verto.bye,\
         verto.modify,verto.info,verto.ping\""
            .to_owned(),
        "name=\"user_context\" value=\"pbx.test\"".to_owned(),
        "name=\"pbx_identity\" value=\"1001@pbx.test\"".to_owned(),
        "name=\"presence_data\" value=\"1001@pbx.test\"".to_owned(),
        "name=\"presence_id\" value=\"none\"".to_owned(),
        "name=\"effective_caller_id_name\" value=\"Alice  A\"".to_owned(),
        "name=\"api_hangup_hook\" value=\"\"".to_owned(),
        format!("name=\"login-expires\" value=\"{}\"", issued.client.expires),
    ] {
        assert!(answer.contains(&part), "{part}\n{answer}");
    }
    // The patched switch says which session id is logged in with.
    assert_eq!(world.login_lookup(&id, &[("verto_sessid", &session)]), answer);
    let nobody = world.login_lookup("nobody", &[]);
    assert!(!nobody.contains("<user"), "{nobody}");
    let other = Uuid::new_v4().to_string();
    assert_eq!(world.login_lookup(&id, &[("verto_sessid", &other)]), nobody);
    assert_eq!(world.login_lookup(&id.to_uppercase(), &[]), nobody);
    // What a stranger's loginParams may say changes nothing (mod_verto sets `action` after them).
    let hostile = [
        ("purpose", "publish-vm"),
        ("user_type", "any"),
        ("group", "x"),
        ("ip", "127.0.0.1"),
        ("Event-Calling-Function", "list_users"),
    ];
    assert_eq!(world.login_lookup(&id, &hostile), answer);
    for pairs in [
        vec![],
        vec![("purpose", "gateways")],
        vec![("action", "sip_auth"), ("user", &*id)],
        vec![("action", "user_call"), ("user", &*id)],
        vec![("action", "reverse-auth-lookup"), ("user", &*id)],
    ] {
        assert_eq!(world.directory(&pairs), nobody, "{pairs:?}");
    }
    // set_user: who it is, and no hash.
    let set_user = world.directory(&[("key", "id"), ("user", &id), ("domain", "extensions")]);
    assert!(
        set_user.contains("1001@pbx.test") && !set_user.contains(&a1),
        "{set_user}"
    );
}

#[test]
fn a_password_that_ran_out_logs_nobody_in_but_the_call_is_still_known() {
    let world = World::new();
    world.ok("setting set client-seconds 10");
    let issued = world.open("1001", "a");
    let id = issued.client.id.to_string();
    {
        let mut book = world.pbx.clients().shared.book();
        let mut client = crate::clients::Client::clone(&issued.client);
        client.expires = crate::clients::view::now() - 1;
        book.take_over(client);
        world.pbx.clients().shared.view.store(Arc::new(book.view.clone()));
    }
    assert!(!world.login_lookup(&id, &[]).contains("<user"));
    assert!(world.directory(&[("user", &id)]).contains("1001@pbx.test"));
    let heard = world.listen();
    world
        .pbx
        .tell(Some(logged_in(&id, &issued.client.session.to_string(), 1)));
    world.until("the punt", || heard.has(issued.client.session));
}
