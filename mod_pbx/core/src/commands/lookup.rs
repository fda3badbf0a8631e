//! `pbx lookup`: asks what the switch would ask.

use clap::Args;
use serde_json::json;

use super::desk::Desk;
use super::out::{Answer, Said, refuse};
use crate::reply::Reply;
use crate::request::{Params, Request};

/// The sections FreeSWITCH looks things up in (`switch_xml_parse_section_string`), by their names in requests.
pub(super) const SECTIONS: [&str; 6] = [
    "directory",
    "dialplan",
    "configuration",
    "languages",
    "chatplan",
    "channels",
];

#[derive(Debug, Args)]
#[command(after_help = "\
Examples: pbx lookup directory key_value=pbx.test user=1001 action=sip_auth
          pbx lookup configuration key_value=sofia.conf
          pbx lookup dialplan Hunt-Context=pbx.test Hunt-Destination-Number=1002 Caller-Caller-ID-Number=1001
Prints the document byte for byte, or the switch's \"not found\" document if it is not ours to answer.
tag_name, key_name and key_value are the lookup's own; any other key is one of its parameters. For a
directory, tag_name=domain and key_name=name, key_value may be said as domain=, user= brings key=id and
domain= along, and action=sip_auth the rest of a REGISTER (add ip= if the line has a source-acl); its answer
holds the line's password hash. For a configuration, tag_name=configuration and key_name=name.")]
pub(super) struct Lookup {
    /// directory, dialplan, configuration, languages, chatplan or channels
    #[arg(value_name = "SECTION", value_parser = SECTIONS, hide_possible_values = true)]
    section: String,
    /// What the switch sends along
    #[arg(value_name = "KEY=VALUE")]
    pairs: Vec<String>,
}

/// Adds what the switch sends along with every user it looks for (`switch_xml_locate_user`), and for
/// `sip_auth` what it takes from a REGISTER of that user (`sofia_reg_parse_auth`), where it was not typed.
fn complete(params: &mut Vec<(String, String)>, domain: Option<&str>) {
    let typed = |name: &str| params.get(name).map(|value| value.into_owned());
    let (Some(user), Some(domain)) = (typed("user"), domain) else {
        return;
    };
    let digest = typed("action").is_some_and(|action| action.eq_ignore_ascii_case("sip_auth"));
    let user = user.as_str();
    let always = [("key", "id"), ("domain", domain)];
    let register = [
        ("sip_auth_method", "REGISTER"),
        ("sip_auth_username", user),
        ("sip_auth_realm", domain),
        ("sip_to_user", user),
        ("sip_to_host", domain),
        ("sip_from_user", user),
        ("sip_from_host", domain),
    ];
    for (name, value) in always.iter().chain(register.iter().filter(|_| digest)) {
        if params.get(name).is_none() {
            params.push(((*name).to_owned(), (*value).to_owned()));
        }
    }
}

impl Lookup {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        let mut own: [Option<String>; 3] = [None, None, None];
        let mut params = Vec::new();
        for pair in self.pairs {
            let Some((key, value)) = pair.split_once('=') else {
                return refuse(format!(
                    "{pair:?} is no KEY=VALUE: write, for example, key_value=pbx.test"
                ));
            };
            match ["tag_name", "key_name", "key_value"]
                .iter()
                .position(|name| *name == key)
            {
                Some(at) => own[at] = Some(value.to_owned()),
                None => params.push((key.to_owned(), value.to_owned())),
            }
        }
        let [tag_name, key_name, mut key_value] = own;
        let (tag, key) = match self.section.as_str() {
            "directory" => ("domain", "name"),
            "configuration" => ("configuration", "name"),
            _ => ("", ""),
        };
        if self.section == "directory" {
            key_value = key_value.or_else(|| params.get("domain").map(|domain| domain.into_owned()));
            complete(&mut params, key_value.as_deref());
        }
        let reply = desk.pbx.peek(&Request {
            section: &self.section,
            tag_name: tag_name.as_deref().unwrap_or(tag),
            key_name: key_name.as_deref().unwrap_or(key),
            key_value: key_value.as_deref().unwrap_or_default(),
            params: &params,
        });
        let ours = matches!(reply, Reply::Document(_));
        Ok(Answer::new(
            reply.as_text(),
            json!({"answered": ours, "xml": reply.as_text()}),
        ))
    }
}
