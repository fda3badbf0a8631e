//! Calls for help that nobody would hear are known before somebody makes one.

use super::world::{World, extension, gateway, route};
use crate::gateways::view::State;
use crate::routing::outside::{Parts, Route};
use crate::routing::{Facts, help};
use crate::store::gateways::Gateway;

fn warnings(world: &World) -> Vec<String> {
    let facts = Facts::from(&world.view(None));
    help::warnings(&facts, std::iter::once(&*world.domain))
}

/// A domain with 1001, these gateways and these routes.
fn world(gateways: &[Gateway], routes: Vec<Route>) -> World {
    let parts = Parts {
        routes,
        ..Parts::default()
    };
    World::new(&[extension("1001")], gateways.to_vec(), parts)
}

fn emergency(name: &str, numbers: &str, to: &[&Gateway]) -> Route {
    Route {
        emergency: true,
        ..route(name, numbers, to, &[])
    }
}

#[test]
fn without_any_gateway_every_number_for_help_is_told_of() {
    let said = warnings(&world(&[], Vec::new()));
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].starts_with("calls for help of pbx.test to 112, 911, 999 would fail: there is no gateway")
            && said[0].contains("--pattern \"112 911 999\""),
        "{said:?}"
    );
    // Another domain's carries nobody's, nor does one that is off.
    let (foreign, off) = (gateway("a", Some("other.test"), true), gateway("b", None, false));
    assert_eq!(warnings(&world(&[foreign, off], Vec::new())), said);
    // Any gateway of the domain carries a call for help that has no route.
    assert_eq!(
        warnings(&world(&[gateway("c", None, true)], Vec::new())),
        Vec::<String>::new()
    );
    // Nobody is there who could call, or the number is somebody's.
    assert!(warnings(&World::new(&[], Vec::new(), Parts::default())).is_empty());
    let people = ["112", "911", "999"].map(extension);
    assert!(warnings(&World::new(&people, Vec::new(), Parts::default())).is_empty());
}

#[test]
fn a_route_without_a_gateway_that_can_take_them_is_named() {
    let (off, on) = (gateway("off", None, false), gateway("on", None, true));
    let help = emergency("help", "112 110", &[&off]);
    let said = warnings(&world(&[off.clone(), on.clone()], vec![help.clone()]));
    assert_eq!(said.len(), 1, "the others go by any gateway: {said:?}");
    assert!(
        said[0].contains("to 112, 110 would fail: no gateway of emergency route help"),
        "{said:?}"
    );
    let both = emergency("help", "112 110", &[&off, &on]);
    assert!(warnings(&world(&[off.clone(), on.clone()], vec![both])).is_empty());
    // A route that is off is none.
    let disabled = Route {
        enabled: false,
        ..help
    };
    assert!(warnings(&world(&[off, on], vec![disabled])).is_empty());
}

#[test]
fn gateways_that_are_all_down_are_told_of_as_long_as_they_are() {
    let (one, two) = (gateway("one", None, true), gateway("two", None, true));
    let help = emergency("help", "112 911 999", &[&one, &two]);
    let mut world = world(&[one.clone(), two.clone()], vec![help]);
    world.gateways.pretend(one.id, State::Down, 0);
    assert!(warnings(&world).is_empty(), "the other one is there");
    world.gateways.pretend(two.id, State::Down, 0);
    let said = warnings(&world);
    assert_eq!(said.len(), 1);
    assert!(
        said[0].contains("may fail now: every gateway for them is down"),
        "{said:?}"
    );
    world.gateways.pretend(one.id, State::Unknown, 0);
    assert!(warnings(&world).is_empty());
}
