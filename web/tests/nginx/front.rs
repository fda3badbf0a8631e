//! nginx with the site that is delivered, in front of a server of ours.

use std::fmt::Write as _;
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::json;
use tempfile::TempDir;

use crate::client::{Answer, Browser, connect, request};
use crate::site::{PASSWORD, Site};

pub(crate) const NAME: &str = "pbx.example.com";
/// Where it is when it is installed and the path has no `sbin`.
pub(crate) const PROGRAMS: [&str; 2] = ["/usr/sbin/nginx", "/usr/local/sbin/nginx"];

pub(crate) type Tls = StreamOwned<ClientConnection, TcpStream>;

/// It, running, in front of a site.
pub(crate) struct Front {
    process: Child,
    pub(crate) site: Site,
    pub(crate) tls: SocketAddr,
    pub(crate) plain: SocketAddr,
    pub(crate) local: SocketAddr,
    pub(crate) trusts: CertificateDer<'static>,
    _folder: TempDir,
}

impl Drop for Front {
    fn drop(&mut self) {
        // SIGTERM, so that the workers end with it.
        let _ = Command::new("kill").arg(self.process.id().to_string()).status();
        let _ = self.process.wait();
    }
}

pub(crate) fn start(program: &str) -> Front {
    let url = format!("https://{NAME}");
    let site = Site::new(&[("public-url", &url), ("trusted-proxies", "127.0.0.1")]).with_alice();
    let folder = TempDir::new().unwrap();
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed([NAME.to_owned()]).unwrap();
    std::fs::write(folder.path().join("fullchain.pem"), cert.pem()).unwrap();
    std::fs::write(folder.path().join("privkey.pem"), signing_key.serialize_pem()).unwrap();
    let [plain, tls, local] = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let [plain, tls, local] = [plain, tls, local].map(|taken| taken.local_addr().unwrap());
    let conf = conf(&site, folder.path(), [plain, tls, local]);
    std::fs::write(folder.path().join("nginx.conf"), conf).unwrap();
    let process = Command::new(program)
        .arg("-p")
        .arg(folder.path())
        .args(["-c", "nginx.conf", "-e", "error.log"])
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let mut front = Front {
        process,
        site,
        tls,
        plain,
        local,
        trusts: cert.der().clone(),
        _folder: folder,
    };
    let begun = Instant::now();
    while TcpStream::connect(front.local).is_err() {
        let ended = front.process.try_wait().unwrap();
        let log = std::fs::read_to_string(front._folder.path().join("error.log")).unwrap_or_default();
        assert!(ended.is_none(), "nginx refuses the file: {log}");
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "nginx does not listen: {log}"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    front
}

/// The file as it is in the repository, inside of what Debian's nginx.conf has around a site.
fn conf(site: &Site, folder: &Path, [plain, tls, local]: [SocketAddr; 3]) -> String {
    let mut text =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/nginx/pbx.conf"))
            .unwrap();
    let mut put = |from: &str, to: &str| {
        assert!(text.contains(from), "the site has no {from}");
        text = text.replace(from, to);
    };
    put("listen 80;", &format!("listen {plain};"));
    put("listen 443 ssl;", &format!("listen {tls} ssl;"));
    // The same on IPv6, where a test's ports are not looked for.
    put("listen [::]:80;", "");
    put("listen [::]:443 ssl;", "");
    put("listen 127.0.0.1:8482;", &format!("listen {local};"));
    put("127.0.0.1:8480", &site.public().to_string());
    put("127.0.0.1:8481", &site.local().to_string());
    put("$host:8481", &format!("$host:{}", site.local().port()));
    put("/etc/ssl/pbx", &folder.display().to_string());
    let mut all = String::from("daemon off;\npid nginx.pid;\nworker_processes 1;\nevents {}\nhttp {\n");
    for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
        writeln!(all, "{kind}_temp_path {}/{kind};", folder.display()).unwrap();
    }
    all + "access_log off;\n" + &text + "}\n"
}

impl Front {
    /// A connection to the public name.
    pub(crate) fn connect(&self) -> Tls {
        let mut roots = RootCertStore::empty();
        roots.add(self.trusts.clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(NAME).unwrap();
        let connection = ClientConnection::new(Arc::new(config), name).unwrap();
        StreamOwned::new(connection, connect(self.tls))
    }

    /// Asks at the public name.
    #[track_caller]
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut stream = self.connect();
        let mut all = vec![("Host", NAME)];
        all.extend_from_slice(headers);
        stream
            .write_all(request(self.tls, method, path, &all, body).as_bytes())
            .unwrap();
        Answer::read(stream).expect("an answer")
    }

    /// The same as a page does that `browser` is on, whose cookies it takes.
    #[track_caller]
    pub(crate) fn by(&self, browser: &mut Browser, method: &str, path: &str, body: &str) -> Answer {
        let headers = browser.headers();
        let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let answer = self.ask(method, path, &headers, body);
        if let Some(session) = answer.cookie("__Host-pbx") {
            browser.session = Some(session);
        }
        if answer.status == 200 && path == "/api/sign-in" {
            browser.csrf = answer.json()["csrf"].as_str().unwrap().to_owned();
        }
        answer
    }

    /// A browser that Alice has signed in with.
    #[track_caller]
    pub(crate) fn alice(&self) -> Browser {
        self.signed_in("alice@pbx.test")
    }

    /// The same of somebody else.
    #[track_caller]
    pub(crate) fn signed_in(&self, name: &str) -> Browser {
        let mut browser = Browser::new(self.tls);
        let body = json!({"name": name, "password": PASSWORD}).to_string();
        let answer = self.by(&mut browser, "POST", "/api/sign-in", &body);
        assert_eq!(answer.status, 200, "{answer:?}");
        browser
    }
}
