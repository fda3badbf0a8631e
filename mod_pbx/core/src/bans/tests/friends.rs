//! Who is known where, over a restart.

use super::*;

/// Its phone is away, and what registers are strangers: the address is banned, but is none for a firewall.
#[test]
fn who_registered_before_a_restart_is_known_where_it_was() {
    let mut desk = Desk::new();
    desk.register("alice", "192.0.2.1");
    let known = || desk.pbx.store().read(|reader| reader.friends(10)).unwrap();
    until("it to be saved", || !known().is_empty());
    let friend = known().remove(0);
    assert_eq!(
        (&*friend.network, &*friend.account),
        ("192.0.2.1", "alice@pbx.test")
    );
    desk.pbx.stop();
    desk.pbx = start(&desk.folder);
    desk.fail(50, "alice", "192.0.2.1", "REGISTER");
    desk.fail(50, "x", "192.0.2.2", "REGISTER");
    desk.until_banned(2);
    assert!(desk.registers("alice", "192.0.2.1") && !desk.registers("bob", "192.0.2.1"));
    let view = Arc::clone(&desk.pbx.bans().view());
    let strangers: Vec<String> = view
        .strangers(view.now())
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(strangers, ["192.0.2.2"]);
    // The ban of the address outlives the next restart, and so does who is spared.
    desk.pbx.stop();
    desk.pbx = start(&desk.folder);
    let view = Arc::clone(&desk.pbx.bans().view());
    assert_eq!(
        (desk.pbx.bans().list().len(), view.strangers(view.now()).len()),
        (2, 1)
    );
    assert!(desk.registers("alice", "192.0.2.1"));
}
