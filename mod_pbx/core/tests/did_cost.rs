//! What a decision for a DID costs in a table of many.

mod common;
#[path = "common/many_dids.rs"]
mod many_dids;

use many_dids::{KINDS, made, timed, world};

const MANY: usize = 100_000;
const FEW: usize = 10;
const ROUNDS: usize = 15;
const CALLS: usize = 2_000;

#[test]
fn a_hundred_thousand_dids_cost_no_more_than_three_times_ten() {
    let (few, many) = (world(made(FEW).unwrap()), world(made(MANY).unwrap()));
    for (name, called) in KINDS {
        // The quickest of many rounds that take turns: what the machine does meanwhile only adds to it.
        let (mut of_few, mut of_many) = (f64::INFINITY, f64::INFINITY);
        for round in 0..ROUNDS {
            of_few = of_few.min(timed(&few, FEW, called, (round, CALLS)));
            of_many = of_many.min(timed(&many, MANY, called, (round, CALLS)));
        }
        let ratio = of_many / of_few;
        // Seen with --nocapture.
        println!("{name}: with 10 DIDs {of_few:.0} ns, with 100,000 {of_many:.0} ns, ratio {ratio:.2}");
        assert!(
            ratio <= 3.0,
            "{name}: {of_few} ns with ten, {of_many} ns with a hundred thousand"
        );
    }
}
