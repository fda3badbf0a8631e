//! `GET /metrics`, in Prometheus' text format.

use std::fmt;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use pbx_core::counters::BOUNDS;
use pbx_core::gateways::view::State as GatewayState;
use pbx_core::pbx::Pbx;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};

use crate::app::App;
use crate::problem::Problem;
use crate::protected::Protected;
use crate::server::StartError;
use crate::verto::Sockets;

/// Registers the path.
pub(crate) fn register(protected: &mut Protected) -> Result<(), StartError> {
    protected.add("metrics", "/metrics", get(answer))
}

async fn answer(State(app): State<App>) -> Response {
    // The store looks at its files.
    let made = tokio::task::spawn_blocking(move || text(&app)).await;
    match made {
        Ok(Ok(text)) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(CONTENT_TYPE, kind)], text).into_response()
        }
        _ => Problem::internal().into_response(),
    }
}

fn text(app: &App) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("pbx");
    let figures = Figures(Arc::clone(&app.pbx), Arc::clone(&app.verto));
    registry.register_collector(Box::new(figures));
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry)?;
    Ok(text)
}

/// What the PBX counts anyway, read when somebody asks: nothing is counted twice.
struct Figures(Arc<Pbx>, Arc<Sockets>);

impl fmt::Debug for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Figures")
    }
}

type Labels<'a> = &'a [(&'static str, &'a str)];

struct Page<'a, 'b>(&'a mut DescriptorEncoder<'b>);

impl Page<'_, '_> {
    fn gauge(&mut self, name: &str, help: &str, unit: Option<&Unit>, value: f64) -> fmt::Result {
        let encoder = self.0.encode_descriptor(name, help, unit, MetricType::Gauge)?;
        ConstGauge::new(value).encode(encoder)
    }

    fn labelled(&mut self, name: &str, help: &str, values: &[(Labels<'_>, f64)]) -> fmt::Result {
        let mut encoder = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (labels, value) in values {
            ConstGauge::new(*value).encode(encoder.encode_family(labels)?)?;
        }
        Ok(())
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        let encoder = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        ConstCounter::new(value).encode(encoder)
    }
}

impl Collector for Figures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let pbx = &*self.0;
        lookups(pbx, &mut encoder)?;
        let page = &mut Page(&mut encoder);
        let presence = pbx.presence().health();
        page.counter("events", "Events of the switch that were taken", presence.events)?;
        page.counter(
            "events_dropped",
            "Events dropped because too many waited; the switch's lists were asked for instead",
            presence.dropped,
        )?;
        page.gauge(
            "registrations",
            "Phones registered now",
            None,
            presence.registrations as f64,
        )?;
        let view = pbx.presence().view();
        page.gauge(
            "call_legs",
            "Legs of calls that phones and browsers have now",
            None,
            view.calls() as f64,
        )?;
        drop(view);
        page.gauge("bans", "Bans in force", None, pbx.bans().list().len() as f64)?;
        page.gauge(
            "sign_ins",
            "People signed in now",
            None,
            pbx.people().count() as f64,
        )?;
        gateways(pbx, page)?;
        verto(pbx, &self.1, page)?;
        database(pbx, page)?;
        if let Some(front) = pbx.front() {
            let listeners = front.listeners();
            let labels: Vec<_> = listeners.iter().map(|one| [("listener", one.name)]).collect();
            let counted = labels.iter().zip(&listeners);
            let values: Vec<(Labels<'_>, f64)> = counted
                .map(|(labels, one)| (&labels[..], one.connections as f64))
                .collect();
            page.labelled("connections", "Connections to the web server now", &values)?;
        }
        page.gauge(
            "uptime",
            "Since the module was loaded",
            Some(&Unit::Seconds),
            pbx.uptime().as_secs_f64(),
        )?;
        let switch = pbx.host().version();
        let labels = [
            ("version", env!("CARGO_PKG_VERSION")),
            ("freeswitch", switch.as_str()),
        ];
        page.labelled("build_info", "What runs", &[(&labels, 1.0)])
    }
}

fn gateways(pbx: &Pbx, page: &mut Page<'_, '_>) -> fmt::Result {
    let all = pbx.gateways().health();
    let labels: Vec<_> = all.iter().map(|one| [("gateway", one.name.as_str())]).collect();
    let values = |figure: &dyn Fn(&pbx_core::gateways::Health) -> f64| -> Vec<f64> {
        all.iter().map(figure).collect()
    };
    let up = values(&|one| f64::from(one.state == GatewayState::Up));
    let calls = values(&|one| f64::from(one.calls));
    for (name, help, figures) in [
        (
            "gateway_up",
            "1: calls can go out by the gateway; 0: it is down, or not known",
            up,
        ),
        ("gateway_calls", "Calls by the gateway now, in and out", calls),
    ] {
        let each = labels.iter().zip(figures);
        let values: Vec<(Labels<'_>, f64)> = each.map(|(labels, figure)| (&labels[..], figure)).collect();
        page.labelled(name, help, &values)?;
    }
    let counts = Arc::clone(&pbx.gateways().view().counts);
    page.counter(
        "unknown_numbers",
        "Calls that came in by a gateway for a number that nobody has",
        counts.unknowns(),
    )?;
    page.counter(
        "gateway_strangers",
        "Calls refused because they named a gateway and came by none",
        counts.strangers(),
    )
}

fn verto(pbx: &Pbx, sockets: &Sockets, page: &mut Page<'_, '_>) -> fmt::Result {
    let clients = pbx.clients().view().len() as f64;
    page.gauge("clients", "Browser clients that may log in", None, clients)?;
    page.gauge(
        "verto_sockets",
        "Browsers' sockets now",
        None,
        sockets.count() as f64,
    )?;
    let counts = &sockets.counts;
    for (name, help, counter) in [
        ("verto_up", "Messages of browsers that passed", &counts.up),
        (
            "verto_down",
            "Messages of the switch that passed to browsers",
            &counts.down,
        ),
        (
            "verto_logins",
            "Logins of browsers that the switch took",
            &counts.logins,
        ),
        (
            "verto_punts",
            "Sockets closed because their session had to end",
            &counts.punts,
        ),
    ] {
        page.counter(name, help, counter.load(std::sync::atomic::Ordering::Relaxed))?;
    }
    let help = "What did not pass, by reason";
    let mut encoder = page
        .0
        .encode_descriptor("verto_refused", help, None, MetricType::Counter)?;
    for (reason, count) in counts.refused() {
        ConstCounter::new(count).encode(encoder.encode_family(&[("reason", reason)])?)?;
    }
    Ok(())
}

fn lookups(pbx: &Pbx, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let mut family = encoder.encode_descriptor(
        "lookup_duration",
        "How long the switch's lookups took, by section and result",
        Some(&Unit::Seconds),
        MetricType::Histogram,
    )?;
    for histogram in pbx.counters().histograms() {
        let bounds = BOUNDS.iter().map(|bound| *bound as f64 / 1e9).chain([f64::MAX]);
        let buckets: Vec<(f64, u64)> = bounds.zip(histogram.buckets).collect();
        let labels = [("section", histogram.section), ("result", histogram.result)];
        let sum = histogram.nanoseconds as f64 / 1e9;
        family.encode_family(&labels)?.encode_histogram::<NoLabelSet>(
            sum,
            histogram.count(),
            &buckets,
            None,
        )?;
    }
    Ok(())
}

fn database(pbx: &Pbx, page: &mut Page<'_, '_>) -> fmt::Result {
    let health = pbx.store().health();
    page.gauge(
        "revision",
        "The configuration's revision",
        None,
        health.rev as f64,
    )?;
    page.gauge(
        "database_size",
        "The database with its log",
        Some(&Unit::Bytes),
        health.size as f64,
    )?;
    page.gauge(
        "database_writable",
        "1: changes are possible; 0: pbx status says why not",
        None,
        f64::from(health.refused.is_none()),
    )?;
    let backup = health
        .last_backup
        .and_then(|backup| backup.at.parse::<jiff::Timestamp>().ok());
    if let Some(at) = backup {
        page.gauge(
            "backup_time",
            "When the newest backup was made, since 1970",
            Some(&Unit::Seconds),
            at.as_second() as f64,
        )?;
    }
    Ok(())
}
