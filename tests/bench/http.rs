//! A web server that answers every request with one text at once: what mod_xml_curl costs when the
//! application behind it costs nothing.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

/// Serves `text` on a free loopback port until the program ends; the port.
pub(crate) fn serve(text: &str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer: Arc<str> = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
        text.len()
    )
    .into();
    let accept = move || {
        for stream in listener.incoming().flatten() {
            // One after the other is enough: mod_xml_curl itself is serial.
            let _ = respond(stream, &answer);
        }
    };
    std::thread::Builder::new()
        .name("responder".to_owned())
        .spawn(accept)
        .unwrap();
    port
}

fn respond(mut stream: TcpStream, answer: &str) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut request = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let read = stream.read(&mut piece)?;
        request.extend_from_slice(&piece[..read]);
        if read == 0 || complete(&request) {
            break;
        }
    }
    stream.write_all(answer.as_bytes())
}

/// Whether head and body are there.
fn complete(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().ok())?
    });
    body.len() >= length.unwrap_or(0)
}
