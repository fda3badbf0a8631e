//! What the edge drives until the core's own `pbx` module takes its place: it reads `pbx.conf` and
//! answers nothing.

use std::sync::Arc;

use pbx_core::config::{Config, ConfigError};
use pbx_core::host::Host;
use pbx_core::reply::Reply;
use pbx_core::request::Request;

pub(crate) struct Pbx {
    host: Arc<dyn Host>,
}

impl Pbx {
    pub(crate) fn start(
        host: Arc<dyn Host>,
        parameters: &[(String, String)],
    ) -> Result<Arc<Self>, ConfigError> {
        host.set_log_level(Config::new(parameters, &*host)?.log_level);
        Ok(Arc::new(Self { host }))
    }

    pub(crate) fn lookup(&self, _request: &Request<'_>) -> Reply {
        Reply::NotOurs
    }

    pub(crate) fn command(&self, _line: &str, out: &mut dyn FnMut(&str)) {
        out(&format!(
            "-ERR there are no commands yet (FreeSWITCH {})\n",
            self.host.version()
        ));
    }

    pub(crate) fn complete(&self, _line: &str) -> Vec<String> {
        Vec::new()
    }

    pub(crate) fn stop(&self) {}
}
