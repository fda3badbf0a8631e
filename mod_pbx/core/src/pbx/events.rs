//! Who is told of which of the switch's events.

use super::Pbx;
use crate::event::{Event, Kind};
use crate::gateways;
use crate::reply::Reply;
use crate::request::Request;

impl Pbx {
    /// Takes an event of the switch, as its hook copied it; none: it could not be copied. Any thread of the
    /// switch; never waits.
    pub fn tell(&self, event: Option<Event>) {
        if let Some(event) = &event
            && matches!(
                event.kind,
                Kind::CallBegan | Kind::CallState | Kind::CallAnswered | Kind::CallBridged | Kind::CallEnded
            )
        {
            self.calls.tell(event);
            self.caps.tell(event);
            self.legs.tell(event);
            self.alarm.tell(event);
        }
        if let Some(event) = &event
            && event.kind == Kind::CallEnded
            && !is_of_gateway(event)
        {
            self.gateways.tell_end(event);
        }
        match event {
            // A leg that the switch itself calls by a gateway; one that comes in says so later.
            Some(event) if event.kind == Kind::CallBegan && is_of_gateway(&event) => {
                self.gateways.tell(event)
            }
            Some(event)
                if matches!(
                    event.kind,
                    Kind::CallBegan | Kind::CallAnswered | Kind::CallBridged
                ) => {}
            Some(event) if event.kind == Kind::Refused => self.bans.tell(&event),
            Some(event) if event.kind == Kind::VertoConnected => self.clients.connected(&event),
            Some(event) if matches!(event.kind, Kind::VertoLogin | Kind::VertoLeft) => self.hook(&event),
            Some(event) if event.kind == Kind::HelpFailed => self.alarm.tell(&event),
            Some(event) if event.kind == Kind::Voicemail => self.voicemail.tell(event),
            Some(event) if event.kind == Kind::GatewayState || is_of_gateway(&event) => {
                self.gateways.tell(event)
            }
            Some(event) => {
                if event.kind == Kind::ProfileStarted {
                    self.gateways.tell(event.clone());
                }
                self.presence.tell(event);
            }
            None => {
                self.presence.lose();
                self.gateways.lose();
                self.calls.lose();
                self.caps.lose();
                self.clients.lose();
            }
        }
    }

    /// Answers an event as `POST /fsapi` would, and does what the answer says.
    fn hook(&self, event: &Event) {
        let request = Request {
            section: "",
            tag_name: "",
            key_name: "",
            key_value: "",
            params: event,
        };
        if self.lookup(&request) == Reply::Text("punt") {
            self.clients
                .punt_later(event.header("verto_sessid").unwrap_or_default());
        }
    }
}

/// Whether it tells of a leg that a gateway carries: a phone's has the phone in the same place.
fn is_of_gateway(event: &Event) -> bool {
    let leg = event.header("Channel-Presence-Data");
    leg.is_some_and(|leg| leg.starts_with(gateways::LEG))
}
