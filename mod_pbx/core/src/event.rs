//! Events of the switch, as the PBX sees them: which ones we ask for, and what we keep of each.
//!
//! The hook in the switch's thread copies only the headers named here (an event of a channel carries
//! some hundred) and hands the copy on; everything that takes time happens in a thread of ours.

mod subscriptions;

use std::borrow::Cow;
use std::ffi::CStr;

use crate::request::Params;

pub use subscriptions::SUBSCRIPTIONS;

/// The longest header value that is kept, in bytes. mod_sofia cuts a Contact at 1023 bytes; what else
/// is longer than this was not written by a phone.
pub const LONGEST_VALUE: usize = 2048;

/// No event is asked for more headers.
pub const MOST_HEADERS: usize = 16;

/// Room for the values of most events, in bytes.
const USUAL_LENGTH: usize = 384;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A phone registered, or refreshed its registration.
    Registered,
    /// A phone took its registration back, or the connection it came over closed.
    Unregistered,
    /// A registration ran out.
    Expired,
    /// A phone stopped answering OPTIONS, or answers again.
    Pinged,
    /// A digest was refused: of a REGISTER, or of any other request.
    Refused,
    /// A SIP profile started; its registrations are those its database kept.
    ProfileStarted,
    /// A channel began to ring, was answered, held, or hung up.
    CallState,
    /// A channel was made.
    CallBegan,
    /// A channel was answered.
    CallAnswered,
    /// Two channels speak with each other.
    CallBridged,
    /// A channel is gone.
    CallEnded,
    /// A phone subscribed to somebody's lamp.
    LampAsked,
    /// A message was left in a mailbox, or its PIN changed by phone.
    Voicemail,
    /// Somebody told what a lamp shows.
    LampTold,
    /// No gateway took a call for help: our own dialplan says so.
    HelpFailed,
    /// A gateway was registered, or came to be down or up.
    GatewayState,
    /// A verto connection was made.
    VertoConnected,
    /// Somebody logged in over a verto connection, or failed to.
    VertoLogin,
    /// A verto connection ended.
    VertoLeft,
}

impl Kind {
    /// Whether an event is believed when this header of it is too long to be kept.
    fn does_without(self, header: &CStr) -> bool {
        const WORDS: [&CStr; 3] = [c"user-agent", c"reason", c"Phrase"];
        let of_strangers = matches!(
            self,
            Self::Refused
                | Self::Voicemail
                | Self::CallBegan
                | Self::CallEnded
                | Self::HelpFailed
                // A PUBLISH and a SUBSCRIBE name whom they like: none of ours has a name as long as that.
                | Self::LampTold
                | Self::LampAsked
                // A login without a session id that can be believed is punted.
                | Self::VertoLogin
        );
        of_strangers || WORDS.contains(&header)
    }
}

/// Which of the switch's events it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// `SWITCH_EVENT_CUSTOM` with this subclass.
    Custom(&'static CStr),
    /// `SWITCH_EVENT_CHANNEL_CALLSTATE`.
    ChannelCallState,
    /// `SWITCH_EVENT_CHANNEL_CREATE`.
    ChannelCreate,
    /// `SWITCH_EVENT_CHANNEL_ANSWER`.
    ChannelAnswer,
    /// `SWITCH_EVENT_CHANNEL_BRIDGE`.
    ChannelBridge,
    /// `SWITCH_EVENT_CHANNEL_HANGUP_COMPLETE`.
    ChannelHangupComplete,
    /// `SWITCH_EVENT_PRESENCE_PROBE`.
    PresenceProbe,
    /// `SWITCH_EVENT_PRESENCE_IN`.
    PresenceIn,
}

/// An event that we ask the switch for.
#[derive(Debug)]
pub struct Subscription {
    /// What it tells.
    pub kind: Kind,
    /// Which one that is.
    pub source: Source,
    /// The headers that are copied.
    pub headers: &'static [&'static CStr],
}

/// The subclass of the event by which our dialplan says that no gateway took a call for help.
pub const HELP_FAILED: &str = "pbx::help-failed";

/// One event, with the headers we asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub kind: Kind,
    /// Their names, and where the value of each ends in `values`: the next begins there. One piece of memory, since
    /// the switch's thread takes it and ours gives it back.
    headers: Vec<(&'static CStr, usize)>,
    values: String,
}

impl Event {
    /// Copies what `subscription` names; `read` gives the first header of that name, as bytes, and is asked for each in
    /// its order.
    ///
    /// None: a value is longer than [`LONGEST_VALUE`], so the event as a whole is not to be believed, and what it
    /// told is asked for again, which costs much. So only that value is left out where it is a word that decides nothing,
    /// and of what any stranger can have the switch tell: nobody escapes being counted or written down, no message is
    /// lost, and nothing is asked for again, by a long name.
    /// Bytes that are not UTF-8 become U+FFFD, which no stored name contains.
    pub fn copy<'e>(
        subscription: &Subscription,
        mut read: impl FnMut(&'static CStr) -> Option<&'e [u8]>,
    ) -> Option<Self> {
        let mut headers = Vec::with_capacity(subscription.headers.len());
        let mut values = String::with_capacity(USUAL_LENGTH);
        for &name in subscription.headers {
            let Some(value) = read(name) else { continue };
            if value.len() > LONGEST_VALUE {
                if subscription.kind.does_without(name) {
                    continue;
                }
                return None;
            }
            values.push_str(&String::from_utf8_lossy(value));
            headers.push((name, values.len()));
        }
        Some(Self {
            kind: subscription.kind,
            headers,
            values,
        })
    }

    /// When it was fired, by the switch's clock; if it does not say, now.
    pub fn moment(&self) -> jiff::Timestamp {
        let told = self
            .header("Event-Date-Timestamp")
            .and_then(|text| text.parse::<i64>().ok());
        let told = told.and_then(|micros| jiff::Timestamp::from_microsecond(micros).ok());
        told.unwrap_or_else(jiff::Timestamp::now)
    }

    /// The header called `name`, without regard to case; none if it is absent or empty.
    pub fn header(&self, name: &str) -> Option<&str> {
        let is = |(key, _): &(&CStr, usize)| key.to_bytes().eq_ignore_ascii_case(name.as_bytes());
        let found = self.headers.iter().position(is)?;
        let begin = found.checked_sub(1).map_or(0, |before| self.headers[before].1);
        Some(&self.values[begin..self.headers[found].1]).filter(|value| !value.is_empty())
    }
}

impl Params for Event {
    fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        self.header(name).map(Cow::Borrowed)
    }
}

/// The subscription that tells `kind`, and an event of it made of `pairs`: for tests.
#[cfg(test)]
pub(crate) fn made_of(kind: Kind, pairs: &[(&str, &str)]) -> Event {
    let subscription = SUBSCRIPTIONS.iter().find(|s| s.kind == kind).unwrap();
    for (name, _) in pairs {
        let asked = |header: &&CStr| header.to_str().unwrap() == *name;
        assert!(
            subscription.headers.iter().any(asked),
            "{kind:?} does not ask for {name}"
        );
    }
    let read = |name: &CStr| {
        let found = pairs.iter().find(|(key, _)| *key == name.to_str().unwrap());
        found.map(|(_, value)| value.as_bytes())
    };
    Event::copy(subscription, read).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_found_without_regard_to_case_and_an_empty_one_is_absent() {
        let event = made_of(Kind::Expired, &[("user", "alice"), ("host", "")]);
        assert_eq!(event.header("User"), Some("alice"));
        assert_eq!(event.header("host"), None);
        assert_eq!(event.header("call-id"), None);
    }

    fn registered() -> &'static Subscription {
        let is = |subscription: &&Subscription| subscription.kind == Kind::Registered;
        SUBSCRIPTIONS.iter().find(is).unwrap()
    }

    #[test]
    fn an_oversized_header_discards_the_event() {
        let long = vec![b'x'; LONGEST_VALUE + 1];
        let event = Event::copy(registered(), |name| {
            (name == c"call-id").then_some(long.as_slice())
        });
        assert_eq!(event, None);
    }

    #[test]
    fn nothing_is_asked_for_again_because_of_what_a_stranger_wrote() {
        let long = vec![b'x'; LONGEST_VALUE + 1];
        let copy = |kind: Kind, oversized: &CStr| {
            let is = |subscription: &&Subscription| subscription.kind == kind;
            let subscription = SUBSCRIPTIONS.iter().find(is).unwrap();
            assert!(subscription.headers.contains(&oversized));
            Event::copy(subscription, |name| {
                Some(if name == oversized {
                    long.as_slice()
                } else {
                    b"other"
                })
            })
        };
        for (kind, header) in [
            // mod_sofia takes a PUBLISH from anybody, and fires its From as it is.
            (Kind::LampTold, c"from"),
            (Kind::LampAsked, c"to"),
            (Kind::LampAsked, c"sub-call-id"),
            (Kind::VertoLogin, c"verto_login"),
            (Kind::VertoLogin, c"verto_sessid"),
            (Kind::Refused, c"to-user"),
            (Kind::CallBegan, c"Caller-Caller-ID-Name"),
            // What it is called decides nothing.
            (Kind::Registered, c"user-agent"),
            (Kind::Unregistered, c"reason"),
            (Kind::GatewayState, c"Phrase"),
        ] {
            let event = copy(kind, header).unwrap_or_else(|| panic!("{kind:?} for its {header:?}"));
            assert_eq!(event.header(header.to_str().unwrap()), None, "{kind:?}");
            let others = event.headers.iter().map(|(name, _)| name.to_str().unwrap());
            assert!(others.into_iter().all(|name| event.header(name) == Some("other")));
        }
        assert_eq!(copy(Kind::Registered, c"contact"), None);
        assert_eq!(copy(Kind::VertoLeft, c"verto_client_address"), None);
    }

    #[test]
    fn a_hook_has_room_for_all_headers() {
        let most = SUBSCRIPTIONS
            .iter()
            .map(|subscription| subscription.headers.len());
        assert!(most.max().unwrap() <= MOST_HEADERS);
    }

    #[test]
    fn our_own_event_is_what_the_dialplan_fires() {
        let is = |subscription: &&Subscription| subscription.kind == Kind::HelpFailed;
        let Source::Custom(subclass) = SUBSCRIPTIONS.iter().find(is).unwrap().source else {
            panic!("it has a subclass");
        };
        assert_eq!(subclass.to_str(), Ok(HELP_FAILED));
    }

    #[test]
    fn bytes_that_are_not_text_never_spell_a_name() {
        let event = Event::copy(registered(), |name| {
            (name == c"from-user").then_some(b"ali\xffce".as_slice())
        });
        assert_eq!(event.unwrap().header("from-user"), Some("ali\u{fffd}ce"));
    }
}
