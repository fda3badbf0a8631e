//! By what ways a call can go, in order, and as whom.

use std::sync::Arc;

use super::decide::Case;
use super::decision::{Decision, Out, Refusal, Sent, Way};
use super::outside::{CallerId, Route};
use crate::gateways::view::State;
use crate::store::gateways::Gateway;

impl Case<'_, '_> {
    /// A call for help: whoever calls, however often, whatever is closed. A gateway that is known to be down or full is
    /// tried last, and not left out.
    pub(super) fn help(&self, number: &str, route: Option<&Route>) -> Decision {
        self.good(1, format_args!("a call for help: nothing else counts"));
        let ways = match route {
            Some(route) => {
                self.good(1, format_args!("emergency route {}", route.name));
                self.ways(route, number, true)
            }
            None => {
                self.note(1, format_args!("no emergency route is for {number}: any gateway"));
                self.any_way(number)
            }
        };
        if ways.is_empty() {
            self.bad(1, format_args!("no gateway is left"));
            return Decision::Refused(Refusal::NoGateway);
        }
        Decision::Out(Out {
            ways,
            number: number.into(),
            route: route.map(|route| route.name.clone()),
            class: None,
            payer: self.payer.extension.channel,
        })
    }

    /// The gateways of a route by which a call can go now, in order.
    pub(super) fn ways(&self, route: &Route, number: &str, for_help: bool) -> Vec<Way> {
        let Some(sent) = Sent::new(number, route.strip, &route.prepend) else {
            self.bad(1, format_args!("nothing is left of the number to send"));
            return Vec::new();
        };
        let all = route.gateways.iter().filter_map(|to| {
            let gateway = self.view.snapshot.gateways.by_id(to.gateway)?;
            Some((gateway, to.caller_id.as_ref()))
        });
        self.usable(all, route.caller_id.as_ref(), &sent, for_help)
    }

    /// Every gateway of the domain, for a call for help that has no route.
    fn any_way(&self, number: &str) -> Vec<Way> {
        let Some(sent) = Sent::new(number, 0, "") else {
            return Vec::new();
        };
        let all = self
            .view
            .snapshot
            .gateways
            .iter()
            // Who listens learns nothing of what other domains have.
            .filter(|gateway| gateway.serves(&self.payer.domain.name))
            .map(|gateway| (gateway, None));
        self.usable(all, None, &sent, true)
    }

    fn usable<'g>(
        &self,
        all: impl Iterator<Item = (&'g Arc<Gateway>, Option<&'g CallerId>)>,
        of_route: Option<&CallerId>,
        sent: &Sent,
        for_help: bool,
    ) -> Vec<Way> {
        let (mut ways, mut last, mut straight) = (Vec::new(), Vec::new(), Vec::new());
        for (gateway, of_gateway) in all {
            let name = &gateway.name;
            if !gateway.enabled || !gateway.serves(&self.payer.domain.name) {
                self.bad(1, format_args!("gateway {name}: disabled, or another domain's"));
                continue;
            }
            let state = self.view.gateways.state(gateway.id);
            let room = self.view.gateways.has_room(gateway);
            let down = state == State::Down;
            if (down || !room) && !for_help {
                let why = if down { "down" } else { "all its calls are taken" };
                self.bad(1, format_args!("gateway {name}: {why}"));
                continue;
            }
            let caller_id = self.caller_id(of_route, of_gateway, for_help);
            let shown = caller_id.map_or("none", |own| own.number.as_str());
            self.good(
                1,
                format_args!(
                    "gateway {name} ({}): {} as {shown}",
                    state.as_str(),
                    sent.as_str()
                ),
            );
            let way = Way {
                gateway: gateway.id,
                name: name.clone(),
                number: sent.clone(),
                caller_id: caller_id.cloned(),
                style: gateway.caller_id_style,
                straight: None,
            };
            if for_help && down {
                let proxy = &gateway.proxy;
                self.good(1, format_args!("and in the end straight to its proxy, {proxy}"));
                straight.push(Way {
                    straight: Some(Arc::clone(gateway)),
                    ..way.clone()
                });
            }
            if down || !room { &mut last } else { &mut ways }.push(way);
        }
        ways.append(&mut last);
        ways.append(&mut straight);
        ways
    }

    /// As whom: the line over its extension over the route over the gateway. All are numbers of the domain.
    fn caller_id<'i>(
        &'i self,
        of_route: Option<&'i CallerId>,
        of_gateway: Option<&'i CallerId>,
        for_help: bool,
    ) -> Option<&'i CallerId> {
        let line = self.payer.line.and_then(|line| self.outside?.line(line));
        let extension = self
            .outside
            .and_then(|outside| outside.extension(self.payer.extension.channel));
        let own = || [line, extension].into_iter().flatten();
        let ordinary = || own().find_map(|identity| identity.caller_id.as_ref());
        if for_help {
            // Where somebody is matters more than which of their numbers they like.
            let emergency = own().find_map(|identity| identity.emergency.as_ref());
            return emergency.or(of_route).or(of_gateway).or_else(ordinary);
        }
        ordinary().or(of_route).or(of_gateway)
    }
}
