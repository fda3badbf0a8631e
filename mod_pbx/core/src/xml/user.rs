//! `<user>` elements of the directory.
//!
//! FreeSWITCH lets anybody in as a user that has neither password nor hash (`sofia_reg_parse_auth`), so
//! a user is opened with its credential and cannot be written without one (invariant 8). The attributes
//! are fixed: `cacheable` shares one entry between tenants (`switch_xml_locate_user_cache`), and a user
//! with a `type` answers to every name (`switch_xml_find_child_multi`).

use super::{Document, Value, action::ActionData};

/// What a user proves to be themselves with.
#[derive(Clone, Copy)]
pub enum Credential<'a> {
    /// MD5(username:domain:password) of a line.
    Line(&'a [u8; 16]),
    /// Nothing anybody knows: the document is for look-ups that check no password.
    Nobody(&'a Decoy),
}

/// Sixteen random bytes in an A1 hash's place. There is no password for them.
#[derive(Clone)]
pub struct Decoy([u8; 16]);

impl Decoy {
    /// One nobody knows.
    ///
    /// # Errors
    /// The kernel gives no random bytes.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// A known one, so that documents can be compared.
    pub fn fixed(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

/// A user whose parameters are being written.
pub struct Params<'d> {
    doc: &'d mut Document,
}

/// A user whose variables are being written.
pub struct Variables<'d> {
    doc: &'d mut Document,
}

/// Opens a user inside the element that is open.
pub fn open<'d>(
    doc: &'d mut Document,
    id: &(impl Value + ?Sized),
    number_alias: Option<&str>,
    credential: Credential<'_>,
) -> Params<'d> {
    doc.start("user").attr("id", id);
    if let Some(alias) = number_alias {
        doc.attr("number-alias", alias);
    }
    doc.start("params");
    let hash = match credential {
        Credential::Line(a1) => a1,
        Credential::Nobody(decoy) => &decoy.0,
    };
    doc.pair("param", "a1-hash", hash);
    doc.pair("param", "allow-empty-password", &false);
    Params { doc }
}

impl<'d> Params<'d> {
    /// A parameter.
    pub fn param<V: Value + ?Sized>(&mut self, name: &'static str, value: &V) -> &mut Self {
        self.doc.pair("param", name, value);
        self
    }

    /// A parameter that is text for a dial string.
    pub fn action_param(&mut self, name: &'static str, fill: impl FnOnce(&mut ActionData<'_>)) -> &mut Self {
        self.doc
            .start("param")
            .attr("name", name)
            .action_attr("value", fill)
            .end();
        self
    }

    /// No more parameters; now the variables.
    pub fn variables(self) -> Variables<'d> {
        self.doc.end().start("variables");
        Variables { doc: self.doc }
    }

    /// No more parameters, and no variables.
    pub fn close(self) {
        self.doc.end().end();
    }

    /// No more parameters; what was asked of the user is granted or not (mod_voicemail's `change-password`).
    pub fn result(self, success: bool) {
        self.doc
            .end()
            .start("result")
            .attr("success", &success)
            .end()
            .end();
    }
}

impl Variables<'_> {
    /// A variable: it becomes a channel variable of the user's calls.
    pub fn variable<V: Value + ?Sized>(&mut self, name: &'static str, value: &V) -> &mut Self {
        self.doc.pair("variable", name, value);
        self
    }

    /// A variable that is text for an action.
    pub fn action_variable(
        &mut self,
        name: &'static str,
        fill: impl FnOnce(&mut ActionData<'_>),
    ) -> &mut Self {
        self.doc
            .start("variable")
            .attr("name", name)
            .action_attr("value", fill)
            .end();
        self
    }

    /// The user is complete.
    pub fn close(self) {
        self.doc.end().end();
    }
}
