//! Who is known after a reload, and who is not known any more.

use super::{World, left, logged_in, start};
use crate::clients::Issued;
use crate::presence::view::State;

#[test]
fn after_a_reload_it_is_known_who_may_be_there_and_who_is() {
    let mut world = World::new();
    let (one, two) = (world.open("1001", "a"), world.open("1002", "b"));
    let id = one.client.id.to_string();
    world
        .pbx
        .tell(Some(logged_in(&id, &one.client.session.to_string(), 1)));
    world.until("presence", || world.state("1001") == State::Online);
    world.pbx.stop();
    world.host.say(
        "verto xmlstatus",
        &format!(
            "<?xml?>\n<profiles>\n<client>\n<profile>pbx</profile>\n<name>{id}@extensions</name>\n\
             <type>client</type>\n<data>127.0.0.1:1</data>\n<state>CONN_REG (WS)</state>\n</client>\n</profiles>\n"
        ),
    );
    world.pbx = start(&world.host, world.dir.path());
    world.until("presence", || world.state("1001") == State::Online);
    assert_eq!(world.state("1002"), State::Offline);
    let view = world.pbx.clients().view();
    let known = view.find(&two.client.id.to_string()).unwrap();
    assert_eq!((known.a1, known.session), (two.client.a1, two.client.session));
    drop(view);
    world.pbx.tell(Some(left("", 1)));
    world.until("the end", || world.state("1001") == State::Offline);
}

#[test]
fn who_is_not_the_extensions_person_any_more_is_punted() {
    let world = World::new();
    let heard = world.listen();
    let (one, two, three) = (
        world.open("1001", "a"),
        world.open("1002", "b"),
        world.open("1002", "c"),
    );
    let there = |issued: &Issued| world.pbx.clients().find(&issued.client.id.to_string()).is_some();
    world.ok("user set alice --enabled no");
    world.until("the end of alice's", || {
        !there(&one) && heard.has(one.client.session)
    });
    assert!(there(&two));
    assert_eq!(world.pbx.clients().close_sign_in("b"), 1);
    world.until("the end of the sign-in's", || heard.has(two.client.session));
    // A renamed extension takes its clients along.
    world.ok("extension set 1002 --rename 1009");
    let id = three.client.id.to_string();
    world.until("the new number", || {
        world.login_lookup(&id, &[]).contains("1009@pbx.test")
    });
    world.ok(&format!("punt {}", three.client.session));
    world.until("the punt", || !there(&three) && heard.has(three.client.session));
    assert!(
        world
            .say(&format!("punt {}", three.client.session))
            .starts_with("-ERR no browser")
    );
}
