//! The rows of the configuration, one type a table, field for field what `sql/` declares.
//!
//! Serialised to JSON they are also the row images of the revision log. `row_rev` and `updated_at` are
//! set by the writer; what a caller puts there is not looked at (the revision it was based on goes
//! beside the row, not into it).

mod gateway;
mod inbound;
mod inside;
mod outside;
mod system;

pub use gateway::{CallerIdStyle, Gateway, Transport};
pub use inbound::{Did, DidMember, Schedule};
pub use inside::{Channel, Domain, Extension, Line, Role, Srtp, User};
pub use outside::{
    Block, CallerId, CallerIdUse, Cap, ExtensionGroup, GroupMember, NumberPlan, Route, RouteGateway,
    RouteGrant, RouteTest,
};
pub use system::{ApiKey, Setting};
