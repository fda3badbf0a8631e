//! `pbx.conf`: what must be known before the database opens. All else is a setting in the database.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use serde::Serialize;

use crate::host::Host;
use crate::prompts::Folder;

/// The configuration names that we know how to answer.
pub const SERVABLE: [&str; 4] = ["acl.conf", "sofia.conf", "verto.conf", "voicemail.conf"];

/// Every parameter there is.
const NAMES: [&str; 11] = [
    "database",
    "web-listen",
    "local-listen",
    "public-url",
    "tls-cert",
    "tls-key",
    "trusted-proxies",
    "log-level",
    "verto-url",
    "serve",
    "sounds",
];

/// A bad parameter in `pbx.conf`: what is wrong, by name, and what it takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("pbx.conf: parameter {parameter}: {problem}")]
pub struct ConfigError {
    parameter: String,
    problem: String,
}

/// The effective values of `pbx.conf`. `pbx status` prints them under the same names.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Config {
    /// The database file.
    pub database: PathBuf,
    /// Where the public web listener binds.
    pub web_listen: SocketAddr,
    /// Where the loopback listener (`/metrics`, `/fsapi`) binds.
    pub local_listen: SocketAddr,
    /// The address people type into a browser; none: not published.
    pub public_url: Option<String>,
    /// Certificate chain of the public listener, PEM.
    pub tls_cert: Option<PathBuf>,
    /// Its private key, PEM.
    pub tls_key: Option<PathBuf>,
    /// Proxies whose forwarding headers are believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// The least urgent messages that reach the switch's log.
    #[serde(serialize_with = "level_name")]
    pub log_level: tracing::Level,
    /// Where browsers reach the verto websocket; none: the proxy under `public-url`.
    pub verto_url: Option<String>,
    /// The configuration files that we answer for the switch.
    pub serve: Vec<String>,
    /// The folder of the sounds that voicemail is spoken with.
    pub sounds: PathBuf,
}

impl Config {
    /// Reads the parameters of `pbx.conf`, in file order; the last of one name wins, an empty value is
    /// the default.
    ///
    /// # Errors
    /// A parameter that does not exist, or a value it does not take.
    pub fn new(parameters: &[(String, String)], host: &dyn Host) -> Result<Self, ConfigError> {
        let mut config = Self::defaults(host);
        for (name, value) in parameters {
            let value = value.trim();
            if !value.is_empty() {
                config.set(name, value)?;
            } else if !NAMES.contains(&name.as_str()) {
                return unknown(name);
            }
        }
        if config.sounds.as_os_str().is_empty() {
            config.sounds = config.database.with_file_name("sounds");
        }
        if config.tls_cert.is_some() != config.tls_key.is_some() {
            return refuse(
                "tls-cert",
                "tls-cert and tls-key go together: set both or neither",
            );
        }
        Ok(config)
    }

    fn defaults(host: &dyn Host) -> Self {
        let folder = ["storage_dir", "db_dir"]
            .iter()
            .find_map(|name| host.variable(name))
            .unwrap_or_else(|| "/var/lib/freeswitch/storage".to_owned());
        Self {
            database: PathBuf::from(folder).join("pbx").join("pbx.db"),
            web_listen: SocketAddr::from(([127, 0, 0, 1], 8480)),
            local_listen: SocketAddr::from(([127, 0, 0, 1], 8481)),
            public_url: None,
            tls_cert: None,
            tls_key: None,
            trusted_proxies: Vec::new(),
            log_level: tracing::Level::INFO,
            verto_url: None,
            serve: SERVABLE.map(str::to_owned).to_vec(),
            sounds: PathBuf::new(),
        }
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), ConfigError> {
        match name {
            "database" => self.database = absolute(name, value)?,
            "web-listen" => self.web_listen = listen(name, value)?,
            "local-listen" => {
                self.local_listen = listen(name, value)?;
                if !self.local_listen.ip().is_loopback() {
                    return refuse(
                        name,
                        "takes a loopback address such as 127.0.0.1:8481: it must not be public",
                    );
                }
            }
            "public-url" => self.public_url = Some(url(name, value, &["https://", "http://"])?),
            "tls-cert" => self.tls_cert = Some(absolute(name, value)?),
            "tls-key" => self.tls_key = Some(absolute(name, value)?),
            "trusted-proxies" => {
                let addresses = words(value).map(|word| word.parse().map_err(|_| word));
                self.trusted_proxies = addresses.collect::<Result<_, _>>().or_else(|word| {
                    refuse(
                        name,
                        &format!("takes IP addresses, blank separated, not {word:?}"),
                    )
                })?;
            }
            "log-level" => {
                self.log_level = value.parse().or_else(|_| {
                    refuse(
                        name,
                        &format!("takes error, warn, info, debug or trace, not {value:?}"),
                    )
                })?;
            }
            "verto-url" => self.verto_url = Some(url(name, value, &["wss://", "ws://"])?),
            "serve" => self.serve = serve(name, value)?,
            "sounds" => {
                self.sounds = absolute(name, value)?;
                if Folder::new(&self.sounds).is_none() {
                    return refuse(name, "takes a path of letters, digits and . _ - +");
                }
            }
            _ => return unknown(name),
        }
        Ok(())
    }

    /// Whether we answer the configuration file `name` for the switch.
    pub fn serves(&self, name: &str) -> bool {
        self.serve.iter().any(|served| served.eq_ignore_ascii_case(name))
    }

    /// The parameters that take effect only when the module is loaded again, and differ in `other`.
    pub fn fixed_differences(&self, other: &Self) -> Vec<&'static str> {
        let mut differing = Vec::new();
        if self.database != other.database {
            differing.push("database");
        }
        differing
    }
}

fn serve(name: &str, value: &str) -> Result<Vec<String>, ConfigError> {
    match value {
        "all" => return Ok(SERVABLE.map(str::to_owned).to_vec()),
        "none" => return Ok(Vec::new()),
        _ => {}
    }
    let known = |word: &str| {
        SERVABLE
            .contains(&word)
            .then(|| word.to_owned())
            .ok_or(word.to_owned())
    };
    words(value).map(known).collect::<Result<_, _>>().or_else(|word| {
        refuse(
            name,
            &format!("takes all, none, or some of {}, not {word:?}", SERVABLE.join(" ")),
        )
    })
}

fn words(value: &str) -> impl Iterator<Item = &str> {
    value.split([' ', ',', '\t']).filter(|word| !word.is_empty())
}

fn listen(name: &str, value: &str) -> Result<SocketAddr, ConfigError> {
    let problem = || {
        refuse(
            name,
            &format!("takes an address with a port such as 127.0.0.1:8480, not {value:?}"),
        )
    };
    value.parse().or_else(|_| problem())
}

fn absolute(name: &str, value: &str) -> Result<PathBuf, ConfigError> {
    let path = PathBuf::from(value);
    if path.is_absolute() {
        Ok(path)
    } else {
        refuse(name, &format!("takes an absolute path, not {value:?}"))
    }
}

fn url(name: &str, value: &str, schemes: &[&str]) -> Result<String, ConfigError> {
    let rest = schemes.iter().find_map(|scheme| value.strip_prefix(scheme));
    let plain =
        |rest: &str| !rest.is_empty() && !rest.starts_with('/') && rest.bytes().all(|b| b.is_ascii_graphic());
    if rest.is_some_and(plain) {
        Ok(value.trim_end_matches('/').to_owned())
    } else {
        refuse(
            name,
            &format!(
                "takes an address that starts with {}, not {value:?}",
                schemes.join(" or ")
            ),
        )
    }
}

fn unknown<T>(parameter: &str) -> Result<T, ConfigError> {
    refuse(
        parameter,
        &format!(
            "does not exist; there are {} (all else is a setting: pbx setting list)",
            NAMES.join(", ")
        ),
    )
}

fn refuse<T>(parameter: &str, problem: &str) -> Result<T, ConfigError> {
    Err(ConfigError {
        parameter: parameter.to_owned(),
        problem: problem.to_owned(),
    })
}

fn level_name<S: serde::Serializer>(level: &tracing::Level, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&level.as_str().to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::FakeHost;

    fn config(pairs: &[(&str, &str)]) -> Result<Config, String> {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect();
        Config::new(&pairs, &FakeHost::default()).map_err(|e| e.to_string())
    }

    #[test]
    fn nothing_need_be_set() {
        let config = config(&[]).unwrap();
        assert_eq!(
            config.database,
            PathBuf::from("/var/lib/freeswitch/storage/pbx/pbx.db")
        );
        assert!(config.serves("SOFIA.conf"));
    }

    #[test]
    fn a_bad_parameter_is_named() {
        for (name, value, says) in [
            ("databse", "/x", "does not exist"),
            ("databse", "", "does not exist"),
            ("database", "pbx.db", "absolute path"),
            ("web-listen", "8480", "address with a port"),
            ("local-listen", "0.0.0.0:8481", "loopback"),
            ("log-level", "loud", "error, warn, info"),
            ("serve", "ivr.conf", "some of acl.conf"),
            ("public-url", "ftp://x", "https://"),
            ("tls-cert", "/a.pem", "go together"),
            ("sounds", "/a ${b}", "letters, digits"),
            ("trusted-proxies", "127.0.0.1 nginx", "\"nginx\""),
        ] {
            let error = config(&[(name, value)]).unwrap_err();
            assert!(error.contains(name) && error.contains(says), "{error}");
        }
    }

    #[test]
    fn an_empty_value_is_the_default() {
        assert_eq!(config(&[("serve", " ")]), config(&[]));
    }
}
