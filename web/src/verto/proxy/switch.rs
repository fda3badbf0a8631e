//! The socket to mod_verto.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use pbx_core::clients::view::Client;
use pbx_core::store::settings::{VERTO_ADDRESS, VERTO_PORT};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use super::side::SLOW;
use super::{End, GOODBYE};
use crate::app::App;

/// For how long the switch may take to connect.
const CONNECT: Duration = Duration::from_secs(5);

pub(super) type Switch = WebSocketStream<TcpStream>;

/// A connection to mod_verto, and our own address on it, which is what the switch calls it by.
pub(super) async fn connect(app: &App) -> Option<(Switch, SocketAddr)> {
    let address = address(app);
    let connecting = async {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let own = stream.local_addr()?;
        let config = WebSocketConfig::default()
            .max_message_size(Some(1 << 20))
            .max_frame_size(Some(1 << 20));
        let url = format!("ws://{address}/");
        let (socket, _) = tokio_tungstenite::client_async_with_config(url, stream, Some(config)).await?;
        Ok::<_, tokio_tungstenite::tungstenite::Error>((socket, own))
    };
    match timeout(CONNECT, connecting).await {
        Ok(Ok(connected)) => Some(connected),
        Ok(Err(error)) => {
            tracing::error!("the switch's verto socket at {address} cannot be reached: {error}");
            None
        }
        Err(_) => {
            tracing::error!("the switch's verto socket at {address} does not answer");
            None
        }
    }
}

/// Closes the connection to the switch, and waits until the switch has let it go: only then may another of
/// the same session log in, for the end of the old one detaches the session's calls (`client_thread`). Its last
/// word is the event, after which the client is not connected there any more.
pub(super) async fn leave(app: &App, client: Option<&Client>, mut switch: Switch, own: SocketAddr) {
    let closing = async {
        switch.close(None).await?;
        while let Some(Ok(_)) = switch.next().await {}
        Ok::<_, tokio_tungstenite::tungstenite::Error>(())
    };
    let _ = timeout(GOODBYE, closing).await;
    drop(switch);
    let Some(client) = client else { return };
    let (id, own) = (client.id.to_string(), own.to_string());
    let until = Instant::now() + GOODBYE;
    while Instant::now() < until && !*app.stopping.borrow() {
        let there = {
            let view = app.pbx.clients().view();
            let connected = view.find(&id).and_then(|client| client.connected.clone());
            connected.is_some_and(|(connection, _)| *connection.address == *own)
        };
        if !there {
            return;
        }
        sleep(Duration::from_millis(10)).await;
    }
}

pub(super) async fn send(switch: &mut Switch, text: String) -> Result<(), End> {
    match timeout(SLOW, switch.send(Frame::text(text))).await {
        Ok(Ok(())) => Ok(()),
        _ => Err(End::Switch),
    }
}

/// Where mod_verto listens (see `apps/configuration/verto.rs` of the core).
fn address(app: &App) -> SocketAddr {
    let settings = Arc::clone(&app.pbx.store().snapshot().settings);
    let own = || app.pbx.host().variable("local_ip_v4")?.parse().ok();
    let ip = settings
        .address(&VERTO_ADDRESS)
        .or_else(own)
        .unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let port = u16::try_from(settings.number(&VERTO_PORT)).unwrap_or_default();
    SocketAddr::new(ip, port)
}
