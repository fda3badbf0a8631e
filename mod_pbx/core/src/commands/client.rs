//! `pbx client` and `pbx punt`: the browser sessions that may log in by verto.

use clap::{Args, Subcommand};
use serde_json::json;
use uuid::Uuid;

use super::desk::{self, Desk};
use super::out::{Answer, Said, Table, count, refuse};
use super::status::spoken;
use crate::clients::view::now;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Lists the browsers that may log in, and from where those that have
    #[command(after_help = "\
Example: pbx client list json
A browser opens its client by signing in at its channel's address. The address in the list is that of the
proxy's connection to the switch. See the settings whose names begin with client.")]
    List,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example: pbx punt 6f1c9f0e-2f9a-4f5e-9a53-0e6f3c8d2b11
Ends the client as well: the browser has to ask for another. An answered call waits for the browser for as long
as mod_verto's detach-timeout-sec says, and then ends.")]
pub(super) struct Punt {
    /// The session id, as pbx client list shows it
    #[arg(value_name = "SESSION")]
    session: Uuid,
}

impl Verb {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        match self {
            Self::List => list(desk),
        }
    }
}

fn list(desk: &Desk<'_>) -> Said {
    let view = desk.pbx.clients().view().clone();
    let mut clients: Vec<_> = view.all().cloned().collect();
    clients
        .sort_by(|a, b| (&a.domain, &a.number, a.opened, a.id).cmp(&(&b.domain, &b.number, b.opened, b.id)));
    let now = now();
    let seconds = |from: i64, to: i64| to.saturating_sub(from).max(0).unsigned_abs();
    let mut table = Table::new([
        "session",
        "extension",
        "user",
        "logged in for",
        "from",
        "expires in",
    ]);
    let mut rows = Vec::new();
    for client in &clients {
        let user = desk.read(|reader| desk::user_name(reader, client.user))?;
        let since = client.connected.as_ref().map(|(_, since)| seconds(*since, now));
        let from = client.connected.as_ref().map(|(connection, _)| connection);
        table.row([
            client.session.to_string(),
            format!("{}@{}", client.number, client.domain),
            user.clone(),
            since.map_or_else(|| "no".to_owned(), spoken),
            from.map(|from| from.address.to_string()).unwrap_or_default(),
            spoken(seconds(now, client.expires)),
        ]);
        rows.push(json!({
            "session": client.session,
            "client": client.id,
            "channel": client.channel,
            "domain": client.domain,
            "number": client.number,
            "user": user,
            "connected_seconds": since,
            "connection": from,
            "expires_seconds": seconds(now, client.expires),
        }));
    }
    let text = if clients.is_empty() {
        "no browser may log in\n".to_owned()
    } else {
        format!("{}{}\n", table.text(), count(clients.len() as u64, "client"))
    };
    Ok(Answer::new(text, json!({"clients": rows})))
}

impl Punt {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        if !desk.pbx.clients().punt(self.session) {
            return refuse(format!(
                "no browser has the session {}: pbx client list shows those there are",
                self.session
            ));
        }
        Ok(Answer::done(
            format!("the session {} ends\n", self.session),
            json!({"session": self.session}),
        ))
    }
}
