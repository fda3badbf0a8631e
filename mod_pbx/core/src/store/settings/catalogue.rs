//! Every setting there is.

use super::{Definition, Kind};

macro_rules! settings {
    ($($ident:ident = $name:literal, $kind:expr, $default:literal, $description:literal;)*) => {
        $(
            #[doc = $description]
            pub static $ident: Definition = Definition {
                name: $name, kind: $kind, default: $default, description: $description,
            };
        )*
        /// Every setting there is, in the order `pbx setting list` prints them.
        pub static CATALOGUE: &[&Definition] = &[$(&$ident),*];
    };
}

settings! {
    SIP_ADDRESS = "sip-address", Kind::Address, "auto",
        "Address that phones reach; auto is the switch's local_ip_v4.";
    SIP_PORT = "sip-port", Kind::Port, "5060",
        "UDP and TCP port that phones reach.";
    SIP_TLS = "sip-tls", Kind::Flag, "no",
        "Whether phones may use TLS; needs a certificate (agent.pem) in sip-tls-directory.";
    SIP_TLS_PORT = "sip-tls-port", Kind::Port, "5061",
        "TLS port that phones reach.";
    SIP_TLS_DIRECTORY = "sip-tls-directory", Kind::Path, "",
        "Directory with agent.pem and cafile.pem; empty is the switch's own certs directory.";
    SIP_LAMPS = "sip-lamps", Kind::Flag, "yes",
        "Whether phones may watch whether others ring or are busy (BLF). FreeSWITCH then also takes PUBLISH from \
         anybody: a stranger can make lamps flicker.";
    GATEWAY_ADDRESS = "gateway-address", Kind::Address, "auto",
        "Address that gateways reach; auto is sip-address.";
    GATEWAY_PORT = "gateway-port", Kind::Port, "5080",
        "UDP and TCP port that gateways reach; it is open when there is a gateway.";
    GATEWAY_TLS = "gateway-tls", Kind::Flag, "no",
        "Whether gateways may use TLS; needs a certificate (agent.pem) in sip-tls-directory.";
    GATEWAY_TLS_PORT = "gateway-tls-port", Kind::Port, "5081",
        "TLS port that gateways reach.";
    EXTERNAL_ADDRESS = "external-address", Kind::Address, "auto",
        "Address that phones outside the local networks see when the switch is behind NAT; auto is none.";
    LOCAL_NETWORKS = "local-networks", Kind::Networks, "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 127.0.0.0/8",
        "Networks that reach the switch without NAT.";
    REGISTRATION_SECONDS = "registration-seconds", Kind::Number(60, 3600), "180",
        "Seconds after which a phone must register again.";
    VERTO_ADDRESS = "verto-address", Kind::Address, "127.0.0.1",
        "Address of the switch's verto websocket; browsers reach it through the proxy.";
    VERTO_PORT = "verto-port", Kind::Port, "8081",
        "Port of the switch's verto websocket.";
    VOICEMAIL_MAX_SECONDS = "voicemail-max-seconds", Kind::Number(10, 1000), "300",
        "Longest voicemail message in seconds; mod_voicemail takes no more than 1000.";
    SMTP_HOST = "smtp-host", Kind::Host, "",
        "Mail server that takes mail about voicemail messages; empty: none is sent.";
    SMTP_PORT = "smtp-port", Kind::Port, "587",
        "Its port: 587 for starttls, 465 for tls, 25 for none.";
    SMTP_TLS = "smtp-tls", Kind::Choice(&["none", "starttls", "tls"]), "starttls",
        "How mail is encrypted on its way to the mail server; without, a password is sent to this machine only.";
    SMTP_USER = "smtp-user", Kind::Word, "",
        "Name to sign in to the mail server with; empty: without signing in.";
    SMTP_PASSWORD = "smtp-password", Kind::Secret, "",
        "Password to sign in to the mail server with; stored sealed, never shown.";
    MAIL_FROM = "mail-from", Kind::Mail, "",
        "Sender of mail; empty is voicemail at the mailbox's domain.";
    MAIL_DAYS = "mail-days", Kind::Number(1, 30), "3",
        "Days after which a mail that could not be sent is given up.";
    MAIL_MAX_MEGABYTES = "mail-max-megabytes", Kind::Number(1, 100), "20",
        "Largest recording that is attached to a mail, in MB; a larger one is only told of.";
    BAN_ACCOUNT_FAILURES = "ban-account-failures", Kind::Number(3, 1000), "10",
        "Failed registrations of one line from one address, within 10 minutes, that ban this line there.";
    BAN_ADDRESS_FAILURES = "ban-address-failures", Kind::Number(5, 10_000), "30",
        "Failures from one address, within 10 minutes, that ban it, unless a phone is registered from there.";
    BAN_SECONDS = "ban-seconds", Kind::Number(10, 86_400), "60",
        "Seconds that the first ban lasts; each further one within a day lasts twice as long, a day at most.";
    BAN_EXEMPT_NETWORKS = "ban-exempt-networks", Kind::Networks, "",
        "Networks that are never banned, such as a proxy's that phones come through.";
    BAN_NFTABLES_SET = "ban-nftables-set", Kind::NftablesSet, "",
        "nftables set, such as inet filter pbx_banned, that banned IPv4 addresses are put into, for the kernel to drop; \
         IPv6 networks go into the set with a 6 behind its name. Empty is off. A firewall lets no call for help through.";
    EMERGENCY_NUMBERS = "emergency-numbers", Kind::Numbers, "112 911 999",
        "Numbers for which a ban refuses no call that has the right password.";
    CLIENT_SECONDS = "client-seconds", Kind::Number(10, 86_400), "1800",
        "Seconds that a browser's verto password is good for; the browser renews it before.";
    CLIENTS_PER_USER = "clients-per-user", Kind::Number(1, 100), "5",
        "How many browser clients one person may have at once.";
    CLIENTS_PER_CHANNEL = "clients-per-channel", Kind::Number(1, 100), "10",
        "How many browser clients one channel may have at once.";
    LINES_PER_EXTENSION = "lines-per-extension", Kind::Number(1, 100), "10",
        "How many lines an extension may have for its person to add one on the page.";
    CODE_VOICEMAIL = "code-voicemail", Kind::Code, "*97",
        "Dialled for one's own mailbox.";
    CODE_VOICEMAIL_ANY = "code-voicemail-any", Kind::Code, "*98",
        "Dialled for any mailbox, by its number and PIN.";
    VOICEMAIL_OWN_PIN = "voicemail-own-pin", Kind::Flag, "no",
        "Whether one's own mailbox asks for the PIN too, though the phone has shown whose it is.";
    CODE_ECHO = "code-echo", Kind::Code, "*43",
        "Dialled to hear oneself.";
    CODE_DND_ON = "code-dnd-on", Kind::Code, "*78",
        "Dialled for do not disturb.";
    CODE_DND_OFF = "code-dnd-off", Kind::Code, "*79",
        "Dialled to end do not disturb.";
    CODE_FORWARD_ALWAYS = "code-forward-always", Kind::Code, "*72",
        "Dialled with a number behind it, or alone, to forward all calls there.";
    CODE_FORWARD_ALWAYS_OFF = "code-forward-always-off", Kind::Code, "*73",
        "Dialled to end that.";
    CODE_FORWARD_BUSY = "code-forward-busy", Kind::Code, "*90",
        "Dialled with a number behind it, or alone, to forward calls there when busy.";
    CODE_FORWARD_BUSY_OFF = "code-forward-busy-off", Kind::Code, "*91",
        "Dialled to end that.";
    CODE_FORWARD_NO_ANSWER = "code-forward-no-answer", Kind::Code, "*92",
        "Dialled with a number behind it, or alone, to forward calls there that nobody answers.";
    CODE_FORWARD_NO_ANSWER_OFF = "code-forward-no-answer-off", Kind::Code, "*93",
        "Dialled to end that.";
    CODE_FORWARD_OFFLINE = "code-forward-offline", Kind::Code, "*94",
        "Dialled with a number behind it, or alone, to forward calls there when no phone can be reached.";
    CODE_FORWARD_OFFLINE_OFF = "code-forward-offline-off", Kind::Code, "*95",
        "Dialled to end that.";
    CODE_SCHEDULE = "code-schedule", Kind::Code, "*28",
        "Dialled with a schedule's own code behind it to open or close against its hours, and again to let them count.";
    CALLS_DAYS = "calls-days", Kind::Number(1, 3650), "365",
        "Days after which the record of a call is deleted.";
    BACKUPS_KEPT = "backups-kept", Kind::Number(1, 365), "14",
        "How many daily backups are kept.";
}
