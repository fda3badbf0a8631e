//! What a decision costs.

use uuid::Uuid;

use super::world::{World, berlin, extension, gateway, noon, route};
use crate::routing::outside::Parts;
use crate::routing::{Decision, Payer, decide};

/// A domain with so many routes: of its own numbers, or all of the same, each somebody else's.
fn crowded(routes: usize, alike: bool) -> World {
    let alice = extension("1001");
    let carrier = gateway("a", None, true);
    let all = (0..routes).map(|index| {
        let (numbers, whose) = if index + 1 == routes {
            ("+4930*".to_owned(), alice.channel)
        } else if alike {
            ("+4930*".to_owned(), Uuid::new_v4())
        } else {
            (format!("+49{}*", 100_000 + index), alice.channel)
        };
        let mut route = route(&format!("r{index}"), &numbers, &[&carrier], &[whose]);
        route.priority = index as u32;
        route
    });
    let parts = Parts {
        plan: berlin(),
        routes: all.collect(),
        ..Parts::default()
    };
    World::new(&[alice], vec![carrier], parts)
}

/// The quickest of many rounds, in nanoseconds a decision: what the machine does meanwhile only adds to it.
fn quickest(world: &World) -> u128 {
    let payer = Payer {
        domain: &world.domain,
        extension: world.domain.find("1001").unwrap(),
        line: None,
    };
    let view = world.view(None);
    let round = || {
        let begin = std::time::Instant::now();
        for _ in 0..100 {
            let decision = decide(&view, &payer, std::hint::black_box("030123456"), noon());
            assert!(matches!(std::hint::black_box(decision), Decision::Out(_)));
        }
        begin.elapsed().as_nanos() / 100
    };
    (0..50).map(|_| round()).min().unwrap()
}

#[test]
fn ten_thousand_routes_cost_no_more_than_three_times_ten() {
    for alike in [false, true] {
        let (few, many) = (quickest(&crowded(10, alike)), quickest(&crowded(10_000, alike)));
        let ratio = many as f64 / few as f64;
        // Seen with --nocapture.
        println!("decision with 10 routes {few} ns, with 10,000 {many} ns, ratio {ratio:.2}");
        assert!(ratio <= 3.0, "{few} ns with ten, {many} ns with ten thousand");
    }
}
