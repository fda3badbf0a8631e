//! `pbx channel`: the pages that browser clients log in to. An extension brings its own.

use clap::Subcommand;
use serde_json::json;
use uuid::Uuid;

use super::address::At;
use super::desk::{self, Desk, InDomain, Part, full};
use super::out::{Answer, Refusal, Said, Sheet, Table, refuse};
use super::view;
use crate::names::{BadName, DomainName};
use crate::store::{Reader, rows};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Lists channels and their addresses
    #[command(
        after_help = "Example: pbx channel list\npbx extension add makes a channel along; it goes with its extension."
    )]
    List {
        #[command(flatten)]
        place: InDomain,
        #[command(flatten)]
        part: Part,
    },
    /// Shows a channel and its address
    #[command(after_help = "Example: pbx channel show 1001")]
    Show {
        /// NAME (the extension's number), NAME@DOMAIN, or the id that its address ends in
        #[arg(value_name = "NAME")]
        name: At<Text>,
        #[command(flatten)]
        place: InDomain,
    },
}

/// A channel's name as typed; whether there is one is the database's to say.
#[derive(Debug, Clone)]
pub(super) struct Text(String);

impl std::str::FromStr for Text {
    type Err = BadName;
    fn from_str(text: &str) -> Result<Self, BadName> {
        Ok(Self(text.to_owned()))
    }
}

impl Verb {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        match self {
            Self::List { place, part } => list(desk, &place, &part),
            Self::Show { name, place } => show(desk, &name, &place),
        }
    }
}

/// The numbers of a domain's extensions by the channel they log in to.
fn number(reader: &Reader<'_>, channel: &rows::Channel) -> Result<String, Refusal> {
    let extension = reader.extension_of_channel(channel.id)?;
    Ok(extension
        .map(|extension| extension.number.to_string())
        .unwrap_or_default())
}

fn list(desk: &Desk<'_>, place: &InDomain, part: &Part) -> Said {
    desk.read(|reader| {
        let domain = desk::domain(reader, None, place.domain.as_ref())?;
        let listing = reader.channels(domain.id, &part.search, part.page())?;
        let mut table = Table::new(["channel", "extension", "address"]);
        let mut rows = Vec::new();
        for channel in &listing.rows {
            let number = number(reader, channel)?;
            table.row([channel.name.clone(), number.clone(), desk.channel_url(channel.id)]);
            rows.push(view::channel(desk, &domain, channel, &number));
        }
        Ok(Answer::new(
            format!("{}{}", table.text(), part.footer(&listing, "channel")),
            json!({"domain": domain.name, "channels": rows, "total": listing.total, "page": part.page}),
        ))
    })
}

fn show(desk: &Desk<'_>, name: &At<Text>, place: &InDomain) -> Said {
    desk.read(|reader| {
        let (domain, channel) = find(reader, name, place)?;
        let number = number(reader, &channel)?;
        let sheet = Sheet::default()
            .row("extension", &number)
            .row("address", desk.channel_url(channel.id))
            .row(
                "changed",
                format!("in revision {} at {}", channel.row_rev, channel.updated_at),
            );
        Ok(Answer::new(
            format!("channel {}\n{}", full(&channel.name, &domain), sheet.text()),
            view::channel(desk, &domain, &channel, &number),
        ))
    })
}

fn find(
    reader: &Reader<'_>,
    name: &At<Text, DomainName>,
    place: &InDomain,
) -> Result<(rows::Domain, rows::Channel), Refusal> {
    let text = name.name.0.as_str();
    if let Ok(id) = text.parse::<Uuid>()
        && let Some(channel) = reader.get::<rows::Channel>(id)?
        && let Some(domain) = reader.get::<rows::Domain>(channel.domain_id)?
    {
        return Ok((domain, channel));
    }
    let domain = desk::domain(reader, name.domain.as_ref(), place.domain.as_ref())?;
    match reader.channel_by_name(domain.id, text)? {
        Some(channel) => Ok((domain, channel)),
        None => refuse(format!(
            "there is no channel {text} in {}: pbx channel list shows those there are",
            domain.name
        )),
    }
}
