//! The settings: every one with a type, a default and a description, and the values in force.
//!
//! What must be known before the database opens is not here but in `pbx.conf`.

use std::collections::HashMap;
use std::net::IpAddr;

/// What kind of value a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An IP address, or `auto` for the switch's own choice.
    Address,
    /// A TCP or UDP port, 1 to 65535.
    Port,
    /// A whole number from the first to the second, both included.
    Number(u64, u64),
    /// `yes` or `no`.
    Flag,
    /// Networks in CIDR notation, blank separated; may be empty.
    Networks,
    /// Numbers that can be dialled, blank separated; may be empty.
    Numbers,
    /// An absolute path; may be empty.
    Path,
    /// A feature code, `*` and up to five digits; empty: there is none.
    Code,
    /// An nftables set: family, table and name, blank separated; may be empty.
    NftablesSet,
    /// A host's name or IP address; may be empty.
    Host,
    /// One of these.
    Choice(&'static [&'static str]),
    /// Printable characters, no blanks; may be empty.
    Word,
    /// An e-mail address; may be empty.
    Mail,
    /// A secret: what is stored is sealed ([`crate::seal`]); may be empty.
    Secret,
}

/// One setting.
#[derive(Debug)]
pub struct Definition {
    /// What it is called.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// What it is unless set.
    pub default: &'static str,
    /// What it does, with its unit, in a sentence.
    pub description: &'static str,
}

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

/// The values in force.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    set: HashMap<&'static str, String>,
}

/// The setting called `name`.
pub fn definition(name: &str) -> Option<&'static Definition> {
    CATALOGUE.iter().copied().find(|d| d.name == name)
}

impl Definition {
    /// Checks a value and gives its one spelling.
    ///
    /// # Errors
    /// What this setting takes, in words for the person who typed the value.
    pub fn parse(&self, value: &str) -> Result<String, String> {
        let value = value.trim();
        let refuse = |takes: &str| Err(format!("{} takes {takes}, not {value:?}", self.name));
        match self.kind {
            Kind::Address if value == "auto" => Ok(value.to_owned()),
            Kind::Address => match value.parse::<IpAddr>() {
                Ok(address) => Ok(address.to_string()),
                Err(_) => refuse("an IP address or auto"),
            },
            Kind::Port => match value.parse::<u16>() {
                Ok(port) if port > 0 => Ok(port.to_string()),
                _ => refuse("a port from 1 to 65535"),
            },
            Kind::Number(low, high) => match value.parse::<u64>() {
                Ok(number) if (low..=high).contains(&number) => Ok(number.to_string()),
                _ => refuse(&format!("a whole number from {low} to {high}")),
            },
            Kind::Flag => match value {
                "yes" | "true" | "on" => Ok("yes".to_owned()),
                "no" | "false" | "off" => Ok("no".to_owned()),
                _ => refuse("yes or no"),
            },
            Kind::Networks => {
                let networks: Vec<&str> = value.split([' ', ',']).filter(|n| !n.is_empty()).collect();
                match networks.iter().find(|n| !is_network(n)) {
                    Some(bad) => Err(format!(
                        "{} takes networks such as 192.168.0.0/16, not {bad:?}",
                        self.name
                    )),
                    None => Ok(networks.join(" ")),
                }
            }
            Kind::Numbers => {
                let numbers: Vec<&str> = value.split([' ', ',']).filter(|n| !n.is_empty()).collect();
                let dialled = |n: &str| n.len() <= 15 && n.bytes().all(|b| b.is_ascii_digit());
                match numbers.iter().find(|n| !dialled(n)) {
                    Some(bad) => Err(format!(
                        "{} takes numbers of up to 15 digits such as 112, not {bad:?}",
                        self.name
                    )),
                    None => Ok(numbers.join(" ")),
                }
            }
            Kind::Code => {
                let digits = value.strip_prefix('*').unwrap_or("x");
                let good = (1..=5).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
                if good || value.is_empty() {
                    Ok(value.to_owned())
                } else {
                    refuse("* and 1 to 5 digits, such as *97, or nothing")
                }
            }
            Kind::NftablesSet => {
                let words: Vec<&str> = value.split_ascii_whitespace().collect();
                let families = ["inet", "ip", "netdev", "bridge"];
                let name = |word: &str| {
                    word.len() <= 64
                        && word.starts_with(|c: char| c.is_ascii_alphabetic())
                        && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
                };
                match words.as_slice() {
                    [] => Ok(String::new()),
                    [family, table, set] if families.contains(family) && name(table) && name(set) => {
                        Ok(words.join(" "))
                    }
                    _ => refuse("FAMILY TABLE SET, such as inet filter pbx_banned"),
                }
            }
            Kind::Host => {
                let plain = |c: char| c.is_ascii_alphanumeric() || ".-_:".contains(c);
                if value.len() <= 253 && value.chars().all(plain) {
                    Ok(value.to_ascii_lowercase())
                } else {
                    refuse("a host's name or IP address, or empty")
                }
            }
            Kind::Choice(words) => match words.iter().find(|word| value.eq_ignore_ascii_case(word)) {
                Some(word) => Ok((*word).to_owned()),
                None => refuse(&words.join(" or ")),
            },
            Kind::Word
                if value.len() <= 256 && value.chars().all(|c| !c.is_control() && !c.is_whitespace()) =>
            {
                Ok(value.to_owned())
            }
            Kind::Word => refuse("printable characters without blanks, or empty"),
            Kind::Mail if value.is_empty() || is_mail_address(value) => Ok(value.to_owned()),
            Kind::Mail => refuse("an address such as pbx@example.com, or empty"),
            Kind::Secret if value.is_empty() || crate::seal::is_sealed(value) => Ok(value.to_owned()),
            // The value is not repeated.
            Kind::Secret => Err(format!("{} is stored sealed only", self.name)),
            Kind::Path => {
                let plain = |c: char| c.is_alphanumeric() || "/._-+".contains(c);
                if value.is_empty() || (value.starts_with('/') && value.chars().all(plain)) {
                    Ok(value.to_owned())
                } else {
                    refuse("an absolute path of letters, digits and . _ - +")
                }
            }
        }
    }
}

impl Settings {
    /// The settings with these values set; names that are not in the catalogue are left out (a newer
    /// program may have written them).
    pub fn new<'a>(set: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let set = set
            .into_iter()
            .filter_map(|(name, value)| definition(name).map(|d| (d.name, value.to_owned())))
            .collect();
        Self { set }
    }

    /// The value in force.
    pub fn get(&self, definition: &'static Definition) -> &str {
        self.set
            .get(definition.name)
            .map_or(definition.default, String::as_str)
    }

    /// The value of a [`Kind::Flag`].
    pub fn flag(&self, definition: &'static Definition) -> bool {
        self.get(definition) == "yes"
    }

    /// The value of a [`Kind::Number`] or [`Kind::Port`].
    pub fn number(&self, definition: &'static Definition) -> u64 {
        // Both what is stored and what is the default went through `parse`.
        self.get(definition).parse().unwrap_or(0)
    }

    /// The values of a [`Kind::Networks`] or [`Kind::Numbers`].
    pub fn each(&self, definition: &'static Definition) -> impl Iterator<Item = &str> {
        self.get(definition).split_ascii_whitespace()
    }

    /// The value of a [`Kind::Address`]; none for `auto`.
    pub fn address(&self, definition: &'static Definition) -> Option<IpAddr> {
        self.get(definition).parse().ok()
    }
}

/// Whether `text` is an e-mail address that mail can be sent to.
pub fn is_mail_address(text: &str) -> bool {
    text.len() <= 254 && text.parse::<lettre::Address>().is_ok()
}

/// Whether `text` is a network in CIDR notation (RFC 4632, RFC 4291), or one address.
pub fn is_network(text: &str) -> bool {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits)),
        None => (text, None),
    };
    let Ok(address) = address.parse::<IpAddr>() else {
        return false;
    };
    let widest = if address.is_ipv4() { 32 } else { 128 };
    bits.is_none_or(|bits| bits.parse::<u8>().is_ok_and(|bits| bits <= widest))
}

/// Whether `address` is in `network` (as [`is_network`] takes it). An IPv4 address that came over an
/// IPv6 socket (`::ffff:…`) is an IPv4 address.
pub fn network_holds(network: &str, address: IpAddr) -> bool {
    fn bits(address: IpAddr) -> (u128, u32) {
        match address {
            IpAddr::V4(v4) => (u128::from(v4.to_bits()) << 96, 32),
            IpAddr::V6(v6) => (v6.to_bits(), 128),
        }
    }
    let (base, length) = match network.split_once('/') {
        Some((base, length)) => (base, Some(length)),
        None => (network, None),
    };
    let Ok(base) = base.parse::<IpAddr>() else {
        return false;
    };
    let ((base, widest), (address, width)) = (bits(base.to_canonical()), bits(address.to_canonical()));
    let Ok(length) = length.map_or(Ok(widest), str::parse::<u32>) else {
        return false;
    };
    let differing = base ^ address;
    widest == width && length <= widest && (length == 0 || differing >> (128 - length) == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_a_value_of_its_kind_in_its_one_spelling() {
        for definition in CATALOGUE {
            assert_eq!(
                definition.parse(definition.default).as_deref(),
                Ok(definition.default)
            );
        }
    }

    #[test]
    fn a_network_holds_its_addresses_and_no_others() {
        let holds = |network, address: &str| network_holds(network, address.parse().unwrap());
        assert!(holds("10.0.0.0/8", "10.255.0.1"));
        assert!(!holds("10.0.0.0/8", "11.0.0.0"));
        assert!(holds("10.1.2.3", "10.1.2.3") && !holds("10.1.2.3", "10.1.2.2"));
        assert!(holds("10.1.2.3/32", "::ffff:10.1.2.3"));
        assert!(holds("0.0.0.0/0", "1.2.3.4") && !holds("0.0.0.0/0", "::1"));
        assert!(holds("2001:db8::/32", "2001:db8:1::1") && !holds("2001:db8::/32", "2001:db9::"));
        assert!(!holds("::/0", "1.2.3.4"));
        assert!(
            !holds("10.0.0.0/33", "10.0.0.0") && !holds("x", "10.0.0.0") && !holds("10.0.0.0/x", "10.0.0.0")
        );
    }

    #[test]
    fn a_bad_value_is_told_what_the_setting_takes() {
        assert!(
            SIP_PORT
                .parse("70000")
                .unwrap_err()
                .contains("a port from 1 to 65535")
        );
        assert!(
            LOCAL_NETWORKS
                .parse("10.0.0.0/33")
                .unwrap_err()
                .contains("10.0.0.0/33")
        );
        assert!(SIP_TLS_DIRECTORY.parse("/etc/${x}").is_err());
        assert_eq!(
            BAN_NFTABLES_SET.parse(" inet  filter x ").as_deref(),
            Ok("inet filter x")
        );
        for bad in [
            "inet filter",
            "-f /etc/passwd x",
            "inet filter x;y",
            "inet filter {x}",
            "inet a b c",
        ] {
            assert!(BAN_NFTABLES_SET.parse(bad).is_err(), "{bad}");
        }
    }
}
