//! The configuration files that we answer for the switch, as `serve` in pbx.conf names them.
//!
//! Our answer replaces the operator's static file as a whole, so what is theirs is taken over from it:
//! every profile and ACL list that does not have our name. A static file that cannot be read is left out,
//! with a warning; it never keeps ours from being served.

mod acl;
mod external;
mod sofia;
mod verto;
mod voicemail;

use std::sync::Arc;

pub(crate) use sofia::PROFILE as LINES_PROFILE;

use crate::registry::{Builder, Handler, RegistryError, Section, View};
use crate::reply::Reply;
use crate::request::Request;
use crate::xml::Document;
use crate::xml::tree::Element;

/// Adds the configuration's handlers.
///
/// # Errors
/// A key is taken.
pub fn register(builder: &mut Builder) -> Result<(), RegistryError> {
    builder.section(Section::Configuration);
    let dict = builder.dict(Section::Configuration);
    for file in FILES {
        dict.literal(file.name, Arc::new(file))?;
    }
    Ok(())
}

const FILES: [File; 4] = [
    File {
        name: "acl.conf",
        write: acl::write,
    },
    File {
        name: "sofia.conf",
        write: sofia::write,
    },
    File {
        name: "verto.conf",
        write: verto::write,
    },
    File {
        name: "voicemail.conf",
        write: voicemail::write,
    },
];

/// A configuration file of ours.
#[derive(Clone, Copy)]
struct File {
    name: &'static str,
    /// Writes what is in the `<configuration>`; the operator's own file is given if there is one.
    write: fn(&mut Document, &View<'_>, &Element),
}

impl Handler for File {
    fn name(&self) -> &'static str {
        self.name
    }

    fn process(&self, _key: &str, _rq: &Request<'_>, view: &View<'_>) -> Option<Reply> {
        if !view.config.serves(self.name) {
            return None;
        }
        let mut doc = Document::section("configuration", 4096);
        doc.start("configuration").attr("name", self.name);
        (self.write)(&mut doc, view, &self.operators(view));
        Some(Reply::Document(doc.finish()))
    }
}

impl File {
    /// The operator's own file; empty if there is none.
    fn operators(&self, view: &View<'_>) -> Element {
        let Some(text) = view.host.static_configuration(self.name) else {
            return Element::default();
        };
        Element::parse(&text).unwrap_or_else(|error| {
            tracing::warn!(file = self.name, %error, "the switch's own file cannot be read and is left out");
            Element::default()
        })
    }
}

/// Appends the operator's elements inside `parent` that are called `element` and do not have our name.
fn keep(doc: &mut Document, parent: Option<&Element>, element: &str, ours: &[&str]) {
    for child in parent.into_iter().flat_map(Element::children) {
        let is_ours = child
            .attribute("name")
            .is_some_and(|name| ours.iter().any(|own| name.eq_ignore_ascii_case(own)));
        if child.name() == element && !is_ours {
            doc.element(child);
        }
    }
}

/// The address that phones and browsers send media to: the one that is set, else the switch's own.
fn media_address(view: &View<'_>) -> String {
    let set = view
        .snapshot
        .settings
        .address(&crate::store::settings::SIP_ADDRESS);
    set.map(|address| address.to_string())
        .or_else(|| view.host.variable("local_ip_v4"))
        .unwrap_or_else(|| "127.0.0.1".to_owned())
}
