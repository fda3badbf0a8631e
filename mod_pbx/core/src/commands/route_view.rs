//! What `pbx route list` and `pbx route show` say of a route.

use serde_json::{Value, json};

use super::address::At;
use super::desk::{self, Desk, InDomain, full};
use super::out::{Answer, Refusal, Said, Sheet, Table, count, yes_no};
use super::route::find;
use crate::names::Slug;
use crate::store::{Reader, rows};

pub(super) fn list(desk: &Desk<'_>, place: &InDomain) -> Said {
    desk.read(|reader| {
        let domain = desk::domain(reader, None, place.domain.as_ref())?;
        let mut table = Table::new([
            "route",
            "priority",
            "numbers",
            "gateways",
            "granted to",
            "enabled",
        ]);
        let mut rows = Vec::new();
        for route in reader.routes(domain.id)? {
            let parts = Parts::of(reader, &route)?;
            let priority = if route.emergency {
                "help".to_owned()
            } else {
                route.priority.to_string()
            };
            table.row([
                route.name.to_string(),
                priority,
                route.pattern.clone(),
                parts.gateways.join(" "),
                parts.granted(&route),
                yes_no(route.enabled).to_owned(),
            ]);
            rows.push(parts.json(&domain, &route));
        }
        let text = match rows.len() {
            0 => "no route yet, so nobody can call out: pbx route add help shows how\n".to_owned(),
            n => format!("{}{}\n", table.text(), count(n as u64, "route")),
        };
        Ok(Answer::new(text, json!({"domain": domain.name, "routes": rows})))
    })
}

pub(super) fn show(desk: &Desk<'_>, name: &At<Slug>, place: &InDomain) -> Said {
    desk.read(|reader| {
        let (domain, route) = find(reader, name, place)?;
        let parts = Parts::of(reader, &route)?;
        let class = route.class.map(|class| class.as_str()).unwrap_or("the number's");
        let sheet = Sheet::default()
            .row("numbers", &route.pattern)
            .row("for help", yes_no(route.emergency))
            .row("priority", route.priority)
            .row("gateways", parts.gateways.join(", then "))
            .row("left out from the front", route.strip)
            .row("put before", &route.prepend)
            .row("counts as", class)
            .row("caller ID", &parts.caller_id)
            .row("while open", &parts.schedule)
            .row("granted to", parts.granted(&route))
            .row("enabled", yes_no(route.enabled))
            .row(
                "changed",
                format!("in revision {} at {}", route.row_rev, route.updated_at),
            );
        Ok(Answer::new(
            format!("route {}\n{}", full(&route.name, &domain), sheet.text()),
            parts.json(&domain, &route),
        ))
    })
}

/// What belongs to a route, by names.
struct Parts {
    gateways: Vec<String>,
    granted: Vec<String>,
    caller_id: String,
    schedule: String,
}

impl Parts {
    fn of(reader: &Reader<'_>, route: &rows::Route) -> Result<Self, Refusal> {
        let mut gateways = Vec::new();
        for way in reader.gateways_of_route(route.id)? {
            let gateway = reader.get::<rows::Gateway>(way.gateway_id)?;
            gateways.extend(gateway.map(|gateway| gateway.name.to_string()));
        }
        let mut granted = Vec::new();
        for grant in reader.grants_of(route.id)? {
            if let Some(id) = grant.extension_id {
                granted.extend(
                    reader
                        .get::<rows::Extension>(id)?
                        .map(|row| row.number.to_string()),
                );
            }
            if let Some(id) = grant.group_id {
                granted.extend(
                    reader
                        .get::<rows::ExtensionGroup>(id)?
                        .map(|row| row.name.to_string()),
                );
            }
        }
        let caller_id = match route.caller_id {
            Some(id) => reader
                .get::<rows::CallerId>(id)?
                .map(|row| row.number.to_string()),
            None => None,
        };
        let schedule = match route.schedule_id {
            Some(id) => reader.get::<rows::Schedule>(id)?.map(|row| row.name.to_string()),
            None => None,
        };
        Ok(Self {
            gateways,
            granted,
            caller_id: caller_id.unwrap_or_default(),
            schedule: schedule.unwrap_or_default(),
        })
    }

    fn granted(&self, route: &rows::Route) -> String {
        if route.emergency {
            "everybody".to_owned()
        } else {
            self.granted.join(" ")
        }
    }

    fn json(&self, domain: &rows::Domain, route: &rows::Route) -> Value {
        json!({
            "id": route.id,
            "domain": domain.name,
            "name": route.name,
            "priority": route.priority,
            "pattern": route.pattern,
            "strip": route.strip,
            "prepend": route.prepend,
            "emergency": route.emergency,
            "class": route.class,
            "caller_id": route.caller_id.map(|_| &self.caller_id),
            "schedule": route.schedule_id.map(|_| &self.schedule),
            "gateways": self.gateways,
            "granted": self.granted,
            "enabled": route.enabled,
            "row_rev": route.row_rev,
        })
    }
}
