//! Who pays for a call, and for what.

use super::Scene;
use crate::event::Kind;
use crate::store::calls::Direction;

impl Scene {
    /// A leg by a gateway begins, which this extension pays for.
    fn begin_outside(&mut self, uuid: &str, other: &str, payer: &str, class: &str) {
        let [channel, call] = [(); 2].map(|()| uuid::Uuid::new_v4());
        let event = self.event(
            Kind::CallBegan,
            &[
                ("Unique-ID", uuid),
                ("Call-Direction", "outbound"),
                ("Channel-Presence-Data", "pbx_gateway_carrier"),
                ("Other-Leg-Unique-ID", other),
                ("Caller-Destination-Number", "+491711234567"),
                ("variable_pbx_charge", &format!("{channel}.{class}.{call}")),
                ("variable_pbx_identity", &format!("{payer}@pbx.test")),
            ],
        );
        self.book.began(&event, &self.snapshot);
    }
}

#[test]
fn who_pays_and_for_what_is_said_by_the_leg_that_goes_out() {
    // A DID with two members outside, each as a call of another extension.
    let paid = |answers: &str| {
        let mut scene = Scene::new();
        scene.begin("a", "pbx_gateway_carrier", None, "+4930123456");
        scene.begin("b", "alice@pbx.test", Some("a"), "x");
        scene.begin_outside("c", "a", "1002", "mobile");
        scene.begin_outside("d", "a", "1003", "premium");
        if !answers.is_empty() {
            scene.answer(answers);
            scene.bridge("a", answers);
        }
        for leg in ["b", "c", "d", "a"] {
            scene.end(leg, "NORMAL_CLEARING", &[]);
        }
        let (call, legs) = scene.only();
        assert_eq!((legs.len(), call.direction), (4, Direction::Inbound));
        (call.payer, call.class)
    };
    let some = |payer: &str, class: &str| (Some(payer.to_owned()), Some(class.to_owned()));
    assert_eq!(paid("d"), some("1003", "premium"));
    assert_eq!(paid("c"), some("1002", "mobile"));
    assert_eq!(paid(""), some("1002", "mobile"));
    assert_eq!(paid("b"), (None, None), "nobody pays for who did not answer");
    // One for help, and one whose caller says who pays.
    let mut scene = Scene::new();
    scene.begin("a", "alice@pbx.test", None, "112");
    scene.begin_outside("b", "a", "1001", "help");
    let (call, _) = scene.only();
    assert_eq!((call.payer.as_deref(), call.class), (Some("1001"), None));
    scene.end("b", "NORMAL_CLEARING", &[]);
    scene.end("a", "NORMAL_CLEARING", &[]);
    scene.only();
    let event = scene.event(
        Kind::CallBegan,
        &[
            ("Unique-ID", "e"),
            ("Call-Direction", "inbound"),
            ("Channel-Presence-Data", "alice@pbx.test"),
            (
                "variable_pbx_charge",
                "018f3b1c-0000-7000-8000-000000000001.premium.018f3b1c-0000-7000-8000-000000000002",
            ),
            ("variable_pbx_identity", "1003@pbx.test"),
        ],
    );
    scene.book.began(&event, &scene.snapshot);
    let (call, _) = scene.only();
    assert_eq!((call.payer, call.class), (None, None));
}
