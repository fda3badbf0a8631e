//! A phone that speaks TLS and SRTP: a second FreeSWITCH, with a line of ours for each of its gateways. Whoever
//! calls it hears a tone.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::child::Owned;
use crate::esl::Esl;
use crate::ports::{another_rtp, another_switch, ports};
use crate::rig::password;
use crate::site::{self, PASSWORD, Site};
use crate::wait;

/// The phone. Dropping it kills it.
pub(crate) struct Softphone {
    folder: PathBuf,
    esl: Esl,
    tls: u16,
    _process: Owned,
}

impl Softphone {
    /// Starts it, and waits until each of `lines` is registered over TLS. It trusts no other certificate than
    /// `tls/cafile.pem` of `site`.
    pub(crate) fn start(site: &Site, lines: &[&str], domain: &str) -> Self {
        let folder = site.path("softphone");
        for name in ["", "log", "run", "db", "tmp"] {
            fs::create_dir_all(folder.join(name)).unwrap();
        }
        let [sip, tls, event_socket] = another_switch();
        let text = configuration(
            (sip, tls, event_socket),
            &site.path("tls"),
            &gateways(lines, domain),
        );
        fs::write(folder.join("freeswitch.xml"), text).unwrap();
        let output = File::create(folder.join("log/output")).unwrap();
        let mut command = Command::new(&site.installed.program);
        command.args(["-nf", "-nc", "-np", "-nonat"]);
        for (option, name) in [
            ("-conf", ""),
            ("-log", "log"),
            ("-run", "run"),
            ("-db", "db"),
            ("-storage", "tmp"),
            ("-temp", "tmp"),
            ("-cache", "tmp"),
            ("-recordings", "tmp"),
            ("-scripts", "tmp"),
        ] {
            command.arg(option).arg(folder.join(name));
        }
        command.arg("-mod").arg(&site.installed.modules);
        command.arg("-certs").arg(site::run_folder().join("certs"));
        command
            .stdin(Stdio::null())
            .stderr(output.try_clone().unwrap())
            .stdout(output);
        let process = Owned::spawn(command).expect("FreeSWITCH starts");
        let esl = wait::until("the phone to take commands", Duration::from_secs(30), || {
            let mut esl = Esl::connect(event_socket, PASSWORD).ok()?;
            esl.api("status").ok()?.contains("is ready").then_some(esl)
        });
        let mut phone = Self {
            folder,
            esl,
            tls,
            _process: process,
        };
        for line in lines {
            wait::until(
                &format!("{line} to register over TLS"),
                Duration::from_secs(20),
                || {
                    let status = phone.api(&format!("sofia status gateway {line}"));
                    status.contains("REGED").then_some(())
                },
            );
        }
        phone
    }

    /// The port where it takes calls over TLS.
    pub(crate) fn tls(&self) -> u16 {
        self.tls
    }

    /// Runs a command of its own.
    pub(crate) fn api(&mut self, command: &str) -> String {
        self.esl.api(command).expect("the phone lives")
    }

    /// Calls `number` from `line` and says nothing; the channel's id once it is answered.
    ///
    /// # Errors
    /// What the phone says of a call that came to nothing.
    pub(crate) fn call(&mut self, line: &str, number: &str, srtp: &str) -> Result<String, String> {
        let said = self.api(&format!(
            "originate {{rtp_secure_media_outbound={srtp},originate_timeout=15}}sofia/gateway/{line}/{number} &park"
        ));
        match said.trim().strip_prefix("+OK ") {
            Some(uuid) => Ok(uuid.to_owned()),
            None => Err(said),
        }
    }

    /// How loud it is on a channel within a second: the root of the mean square of what was heard.
    pub(crate) fn loudness(&mut self, uuid: &str) -> f64 {
        let file = self.folder.join("tmp/heard.wav");
        let shown = file.display();
        self.api(&format!("uuid_record {uuid} start {shown}"));
        std::thread::sleep(Duration::from_secs(1));
        self.api(&format!("uuid_record {uuid} stop {shown}"));
        let samples = wait::until("the recording", wait::SOON, || {
            let bytes = fs::read(&file).ok().filter(|bytes| bytes.len() > 4000)?;
            // After the header of a WAV file: 16 bits a sample.
            let samples = bytes[44..].chunks_exact(2);
            Some(
                samples
                    .map(|s| f64::from(i16::from_le_bytes([s[0], s[1]])))
                    .collect::<Vec<_>>(),
            )
        });
        let squares: f64 = samples.iter().map(|sample| sample * sample).sum();
        #[expect(clippy::cast_precision_loss, reason = "some thousand samples")]
        let mean = squares / samples.len() as f64;
        mean.sqrt()
    }
}

fn gateways(lines: &[&str], domain: &str) -> String {
    let mut text = String::new();
    for line in lines {
        let _ = write!(text, "<gateway name=\"{line}\">");
        let proxy = format!("127.0.0.1:{}", ports().tls);
        for (name, value) in [
            ("username", *line),
            ("password", &password(line, domain)),
            ("realm", domain),
            ("from-domain", domain),
            ("proxy", &proxy),
            ("register", "true"),
            ("register-transport", "tls"),
            ("retry-seconds", "2"),
            ("expire-seconds", "120"),
        ] {
            let _ = write!(text, "<param name=\"{name}\" value=\"{value}\"/>");
        }
        text.push_str("</gateway>");
    }
    text
}

fn configuration((sip, tls, event_socket): (u16, u16, u16), certificates: &Path, gateways: &str) -> String {
    let modules = [
        "mod_logfile",
        "mod_event_socket",
        "mod_commands",
        "mod_dptools",
        "mod_dialplan_xml",
        "mod_sndfile",
        "mod_tone_stream",
        "mod_sofia",
    ];
    let loads: String = modules
        .iter()
        .map(|name| format!("<load module=\"{name}\"/>"))
        .collect();
    let (first, last) = another_rtp();
    format!(
        r#"<document type="freeswitch/xml">
<section name="configuration">
<configuration name="modules.conf"><modules>{loads}</modules></configuration>
<configuration name="switch.conf"><settings>
<param name="rtp-start-port" value="{first}"/><param name="rtp-end-port" value="{last}"/>
<param name="loglevel" value="info"/>
</settings></configuration>
<configuration name="logfile.conf"><settings/><profiles><profile name="default"><settings/>
<mappings><map name="all" value="info,notice,warning,err,crit,alert"/></mappings></profile></profiles></configuration>
<configuration name="event_socket.conf"><settings>
<param name="listen-ip" value="127.0.0.1"/><param name="listen-port" value="{event_socket}"/>
<param name="password" value="{PASSWORD}"/>
</settings></configuration>
<configuration name="sofia.conf"><profiles><profile name="phone">
<gateways>{gateways}</gateways>
<settings>
<param name="sip-ip" value="127.0.0.1"/><param name="sip-port" value="{sip}"/><param name="rtp-ip" value="127.0.0.1"/>
<param name="context" value="phone"/><param name="dialplan" value="XML"/><param name="auth-calls" value="false"/>
<param name="codec-prefs" value="PCMU"/><param name="rtp-timer-name" value="soft"/>
<param name="tls" value="true"/><param name="tls-sip-port" value="{tls}"/>
<param name="tls-cert-dir" value="{}"/><param name="tls-version" value="tlsv1.2"/>
<param name="tls-verify-policy" value="out"/>
</settings></profile></profiles></configuration>
</section>
<section name="dialplan"><context name="phone"><extension name="tone"><condition>
<action application="answer"/><action application="playback" data="tone_stream://%(60000,0,440)"/>
</condition></extension></context></section>
</document>
"#,
        certificates.display()
    )
}
