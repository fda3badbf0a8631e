//! `pbx gateway`: ways out of the PBX, and in.

use clap::{Args, Subcommand};
use serde_json::json;
use uuid::Uuid;

use super::address::flag;
use super::desk::{Desk, Part};
use super::gateway_options::Options;
use super::out::{Answer, Refusal, Said, Sheet, Table, refuse, yes_no};
use super::view;
use crate::names::{GatewayName, SipHost};
use crate::store::rows::{CallerIdStyle, Transport};
use crate::store::{Change, Reader, rows};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Makes a gateway
    #[command(
        after_help = "Examples: pbx gateway add carrier --proxy sip.example.com --username 12345 --password SECRET\n          \
        pbx gateway add branch --proxy 192.0.2.7:5080 --transport tcp --max-calls 10\n\
        With a password the switch registers there, unless --register no. The password is stored sealed; the key is\n\
        the file pbx.key beside the database. Calls come in from the networks of --source-acl alone; with an IP\n\
        address as proxy that address is one unless another is named."
    )]
    Add(Box<Add>),
    /// Lists gateways and whether they are there
    #[command(after_help = "Example: pbx gateway list json")]
    List {
        #[command(flatten)]
        part: Part,
    },
    /// Shows a gateway
    #[command(after_help = "Example: pbx gateway show carrier")]
    Show {
        /// Its name
        #[arg(value_name = "NAME")]
        name: GatewayName,
    },
    /// Changes a gateway: only what is named
    #[command(after_help = "Examples: pbx gateway set carrier --password NEW\n          \
        pbx gateway set carrier --source-acl \"198.51.100.0/24 203.0.113.9\" --max-calls 0\n\
        Other gateways, and calls, are not disturbed by it.")]
    Set(Box<Set>),
    /// Deletes a gateway; calls that are in progress go on
    #[command(after_help = "Example: pbx gateway delete carrier")]
    Delete {
        /// Its name
        #[arg(value_name = "NAME")]
        name: GatewayName,
    },
}

#[derive(Debug, Args)]
pub(super) struct Add {
    /// 2 to 32 of a-z 0-9 . _ -
    #[arg(value_name = "NAME")]
    name: GatewayName,
    /// Where its calls go: host name or IP address, with or without a port
    #[arg(long, value_name = "HOST")]
    proxy: SipHost,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, Args)]
pub(super) struct Set {
    /// Its name
    #[arg(value_name = "NAME")]
    name: GatewayName,
    /// Another name
    #[arg(long, value_name = "NAME")]
    rename: Option<GatewayName>,
    /// Where its calls go: host name or IP address, with or without a port
    #[arg(long, value_name = "HOST")]
    proxy: Option<SipHost>,
    #[command(flatten)]
    options: Options,
    /// Off, it does not exist for the switch: yes or no
    #[arg(long, value_parser = flag, value_name = "YES|NO")]
    enabled: Option<bool>,
}

impl Verb {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        match self {
            Self::Add(arguments) => add(desk, *arguments),
            Self::List { part } => list(desk, &part),
            Self::Show { name } => show(desk, &name),
            Self::Set(arguments) => set(desk, *arguments),
            Self::Delete { name } => delete(desk, &name),
        }
    }
}

fn add(desk: &Desk<'_>, arguments: Add) -> Said {
    let Add {
        name,
        proxy,
        mut options,
    } = arguments;
    if desk
        .read(|reader| Ok(reader.gateway_by_name(name.as_str())?))?
        .is_some()
    {
        return refuse(format!("gateway {name} exists already: pbx gateway show {name}"));
    }
    if options.source_acl.is_none() {
        options.source_acl = proxy.address().map(|address| address.to_string());
    }
    let with_password = options
        .password
        .as_deref()
        .is_some_and(|password| !password.is_empty());
    options.register = options.register.or(Some(with_password));
    let mut gateway = rows::Gateway {
        id: Uuid::now_v7(),
        domain_id: None,
        name,
        proxy,
        transport: Transport::default(),
        realm: None,
        username: None,
        password: None,
        register: false,
        from_domain: None,
        source_acl: None,
        max_calls: 0,
        caller_id_style: CallerIdStyle::default(),
        ping_seconds: 30,
        enabled: true,
        country_code: None,
        row_rev: 0,
        updated_at: String::new(),
    };
    options.apply(desk, &mut gateway)?;
    let summary = format!("gateway {} added", gateway.name);
    saved(desk, &summary, gateway, Change::put)
}

fn set(desk: &Desk<'_>, arguments: Set) -> Said {
    let before = desk.read(|reader| find(reader, &arguments.name))?;
    let mut gateway = before.clone();
    if let Some(name) = arguments.rename {
        gateway.name = name;
    }
    if let Some(proxy) = arguments.proxy {
        gateway.proxy = proxy;
    }
    if let Some(enabled) = arguments.enabled {
        gateway.enabled = enabled;
    }
    arguments.options.apply(desk, &mut gateway)?;
    if gateway == before {
        return refuse(format!(
            "nothing about gateway {} would change: name what is to be set, such as --password",
            before.name
        ));
    }
    let summary = format!("gateway {} changed", before.name);
    saved(desk, &summary, gateway, Change::edit)
}

fn saved(
    desk: &Desk<'_>,
    summary: &str,
    gateway: rows::Gateway,
    change: fn(rows::Gateway) -> Change,
) -> Said {
    let done = desk.commit(summary, vec![change(gateway.clone())])?;
    // As it was saved: networks have one spelling.
    let (domain, gateway) = desk.read(|reader| {
        let gateway = find(reader, &gateway.name)?;
        Ok((domain_name(reader, &gateway)?, gateway))
    })?;
    let deaf = if gateway.source_acl.is_none() {
        "No call comes in from it: --source-acl names the networks that it calls from\n"
    } else {
        ""
    };
    Ok(Answer::done(
        format!("{summary} (revision {})\n{deaf}", done.rev),
        json!({"revision": done.rev, "gateway": view::gateway(desk, domain.as_deref(), &gateway)}),
    ))
}

fn list(desk: &Desk<'_>, part: &Part) -> Said {
    desk.read(|reader| {
        let listing = reader.gateways(&part.search, part.page())?;
        let now = desk.pbx.gateways().view();
        let mut table = Table::new(["gateway", "state", "calls", "proxy", "domain", "from", "enabled"]);
        let mut rows = Vec::new();
        for gateway in &listing.rows {
            let domain = domain_name(reader, gateway)?;
            table.row([
                gateway.name.to_string(),
                state(desk, gateway).to_owned(),
                now.calls(gateway.id).to_string(),
                format!("{} {}", gateway.proxy, gateway.transport.as_str()),
                domain.clone().unwrap_or_else(|| "all".to_owned()),
                gateway.source_acl.clone().unwrap_or_else(|| "nowhere".to_owned()),
                yes_no(gateway.enabled).to_owned(),
            ]);
            rows.push(view::gateway(desk, domain.as_deref(), gateway));
        }
        Ok(Answer::new(
            format!("{}{}", table.text(), part.footer(&listing, "gateway")),
            json!({"gateways": rows, "total": listing.total, "page": part.page}),
        ))
    })
}

/// Whether it is there, as far as the switch knows.
fn state(desk: &Desk<'_>, gateway: &rows::Gateway) -> &'static str {
    if gateway.enabled {
        desk.pbx.gateways().view().state(gateway.id).as_str()
    } else {
        "disabled"
    }
}

fn show(desk: &Desk<'_>, name: &GatewayName) -> Said {
    desk.read(|reader| {
        let gateway = find(reader, name)?;
        let domain = domain_name(reader, &gateway)?;
        let now = desk.pbx.gateways().view();
        let seen = now.seen(gateway.id);
        let why = seen.map(|seen| seen.why.to_string()).unwrap_or_default();
        let limit = match gateway.max_calls {
            0 => "as many as come".to_owned(),
            most => most.to_string(),
        };
        let ping = match gateway.ping_seconds {
            0 => "never".to_owned(),
            seconds => format!("every {seconds} s"),
        };
        let sealed = gateway.password.as_ref().map_or("", |_| "(sealed)");
        let sheet = Sheet::default()
            .row("state", [state(desk, &gateway), &why].join(" ").trim_end())
            .row("calls now", now.calls(gateway.id))
            .row("calls at most", limit)
            .row("domain", domain.as_deref().unwrap_or("all"))
            .row("proxy", &gateway.proxy)
            .row("transport", gateway.transport.as_str())
            .row("realm", text(gateway.realm.as_ref()))
            .row("username", gateway.username.as_deref().unwrap_or_default())
            .row("password", sealed)
            .row(
                "country code",
                gateway.country_code.as_deref().unwrap_or_default(),
            )
            .row("registers", yes_no(gateway.register))
            .row("from domain", text(gateway.from_domain.as_ref()))
            .row(
                "calls come from",
                gateway.source_acl.as_deref().unwrap_or("nowhere"),
            )
            .row("caller id in", gateway.caller_id_style.as_str())
            .row("pinged", ping)
            .row("enabled", yes_no(gateway.enabled))
            .row(
                "changed",
                format!("in revision {} at {}", gateway.row_rev, gateway.updated_at),
            );
        Ok(Answer::new(
            format!("gateway {}\n{}", gateway.name, sheet.text()),
            view::gateway(desk, domain.as_deref(), &gateway),
        ))
    })
}

fn text(name: Option<&crate::names::DomainName>) -> String {
    name.map(ToString::to_string).unwrap_or_default()
}

fn delete(desk: &Desk<'_>, name: &GatewayName) -> Said {
    let gateway = desk.read(|reader| find(reader, name))?;
    let done = desk.commit(&format!("gateway {name} deleted"), vec![Change::delete(gateway)])?;
    Ok(Answer::done(
        format!(
            "gateway {name} deleted (revision {0}); pbx revert {0} brings it back\n",
            done.rev
        ),
        json!({"revision": done.rev, "gateway": name}),
    ))
}

fn find(reader: &Reader<'_>, name: &GatewayName) -> Result<rows::Gateway, Refusal> {
    reader.gateway_by_name(name.as_str())?.ok_or_else(|| {
        Refusal(format!(
            "there is no gateway {name}: pbx gateway list shows those there are"
        ))
    })
}

/// The name of the domain that it belongs to.
fn domain_name(reader: &Reader<'_>, gateway: &rows::Gateway) -> Result<Option<String>, Refusal> {
    let Some(id) = gateway.domain_id else {
        return Ok(None);
    };
    Ok(reader
        .get::<rows::Domain>(id)?
        .map(|domain| domain.name.to_string()))
}
