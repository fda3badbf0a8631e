//! Which of the switch's events we ask for, and which headers of each.

use std::ffi::CStr;

use super::{Kind, Source, Subscription};

const CHANNEL: &[&CStr] = &[
    c"Unique-ID",
    c"Call-Direction",
    c"Channel-Call-State",
    c"Channel-Presence-Data",
];

/// Every event that we ask for.
pub static SUBSCRIPTIONS: &[Subscription] = &[
    Subscription {
        kind: Kind::Voicemail,
        source: Source::Custom(c"vm::maintenance"),
        headers: &[
            c"VM-Action",
            c"VM-User",
            c"VM-Domain",
            c"VM-Caller-ID-Name",
            c"VM-Caller-ID-Number",
            c"VM-File-Path",
            c"VM-Message-Len",
            c"VM-Timestamp",
            c"VM-User-Password",
        ],
    },
    Subscription {
        kind: Kind::Registered,
        source: Source::Custom(c"sofia::register"),
        headers: &[
            c"profile-name",
            c"from-user",
            c"from-host",
            c"call-id",
            c"contact",
            c"expires",
            c"network-ip",
            c"network-port",
            c"user-agent",
        ],
    },
    Subscription {
        kind: Kind::Unregistered,
        source: Source::Custom(c"sofia::unregister"),
        headers: &[
            c"profile-name",
            c"from-user",
            c"from-host",
            c"call-id",
            c"contact",
            c"reason",
        ],
    },
    Subscription {
        kind: Kind::Expired,
        source: Source::Custom(c"sofia::expire"),
        // Here, unlike in the two above, the line is called `user` and `host` (sofia_reg_del_callback).
        headers: &[c"profile-name", c"user", c"host", c"call-id", c"contact"],
    },
    Subscription {
        kind: Kind::Pinged,
        source: Source::Custom(c"sofia::sip_user_state"),
        headers: &[
            c"profile-name",
            c"from-user",
            c"from-host",
            c"call-id",
            c"Ping-Status",
            c"Status",
        ],
    },
    Subscription {
        kind: Kind::Refused,
        source: Source::Custom(c"sofia::register_failure"),
        headers: &[c"to-user", c"to-host", c"network-ip", c"registration-type"],
    },
    Subscription {
        kind: Kind::ProfileStarted,
        source: Source::Custom(c"sofia::profile_start"),
        headers: &[c"profile_name"],
    },
    Subscription {
        kind: Kind::GatewayState,
        source: Source::Custom(c"sofia::gateway_state"),
        headers: &[c"Gateway", c"State", c"Ping-Status", c"Status", c"Phrase"],
    },
    Subscription {
        kind: Kind::HelpFailed,
        source: Source::Custom(c"pbx::help-failed"),
        headers: &[
            c"Unique-ID",
            c"Event-Date-Timestamp",
            c"pbx-dialled",
            c"pbx-from",
            c"pbx-line",
        ],
    },
    // `Event-Subclass` is what `POST /fsapi` recognises these by, and so do we (apps/browsers).
    Subscription {
        kind: Kind::VertoConnected,
        source: Source::Custom(c"verto::client_connect"),
        headers: &[c"verto_profile_name", c"verto_client_address"],
    },
    Subscription {
        kind: Kind::VertoLogin,
        source: Source::Custom(c"verto::login"),
        headers: &[
            c"Event-Subclass",
            c"verto_profile_name",
            c"verto_client_address",
            c"verto_login",
            c"verto_sessid",
            c"verto_success",
        ],
    },
    Subscription {
        kind: Kind::VertoLeft,
        source: Source::Custom(c"verto::client_disconnect"),
        headers: &[
            c"Event-Subclass",
            c"verto_profile_name",
            c"verto_client_address",
            c"verto_login",
        ],
    },
    Subscription {
        kind: Kind::CallState,
        source: Source::ChannelCallState,
        headers: CHANNEL,
    },
    Subscription {
        kind: Kind::CallEnded,
        source: Source::ChannelHangupComplete,
        headers: &[
            c"Unique-ID",
            c"Channel-Presence-Data",
            c"Event-Date-Timestamp",
            c"Hangup-Cause",
            c"variable_current_application",
            c"variable_accountcode",
        ],
    },
    Subscription {
        kind: Kind::CallBegan,
        source: Source::ChannelCreate,
        headers: &[
            c"Unique-ID",
            c"Channel-Presence-Data",
            c"Event-Date-Timestamp",
            c"Call-Direction",
            c"Channel-Call-UUID",
            c"Other-Leg-Unique-ID",
            c"Caller-Destination-Number",
            c"Caller-Caller-ID-Number",
            c"Caller-Caller-ID-Name",
            c"Caller-Channel-Name",
            c"Caller-Username",
            c"variable_pbx_charge",
            c"variable_pbx_identity",
            c"variable_pbx_help",
            c"variable_pbx_help_only",
        ],
    },
    Subscription {
        kind: Kind::CallAnswered,
        source: Source::ChannelAnswer,
        headers: &[c"Unique-ID", c"Channel-Presence-Data", c"Event-Date-Timestamp"],
    },
    Subscription {
        kind: Kind::CallBridged,
        source: Source::ChannelBridge,
        headers: &[
            c"Unique-ID",
            c"Channel-Presence-Data",
            c"Event-Date-Timestamp",
            c"Bridge-A-Unique-ID",
            c"Bridge-B-Unique-ID",
        ],
    },
    Subscription {
        kind: Kind::LampAsked,
        source: Source::PresenceProbe,
        headers: &[c"to", c"sub-call-id", c"proto-specific-event-name"],
    },
    Subscription {
        kind: Kind::LampTold,
        source: Source::PresenceIn,
        headers: &[c"from", c"login"],
    },
];
