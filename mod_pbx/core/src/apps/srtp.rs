//! Calls without encryption from lines that require it.
//!
//! FreeSWITCH refuses them too, but only when the call is answered (`inbound-late-negotiation`): somebody's phone
//! would ring for a call that cannot be.

use crate::request::Request;
use crate::xml::Document;

/// The answer to a call that must be encrypted and offers no key (RFC 4568); none: it may go on.
///
/// `rtp_secure_media_inbound` is what the directory said of the line whose digest it was, `switch_r_sdp` what the phone
/// offers (`switch_core_media_negotiate_sdp` decides in the end).
pub(super) fn refusal(context: &str, rq: &Request<'_>) -> Option<String> {
    let mandatory = rq
        .param("variable_rtp_secure_media_inbound")
        .is_some_and(|mode| mode == "mandatory");
    let offers_key = || {
        rq.param("variable_switch_r_sdp")
            .is_some_and(|offer| offer.contains("a=crypto:"))
    };
    if !mandatory || offers_key() {
        return None;
    }
    let mut doc = Document::section("dialplan", 512);
    doc.start("context").attr("name", context).start("extension");
    doc.attr("name", "unencrypted").start("condition");
    for (application, data) in [("respond", "488"), ("hangup", "INCOMPATIBLE_DESTINATION")] {
        doc.start("action")
            .attr("application", application)
            .attr("data", data)
            .end();
    }
    Some(doc.finish())
}
