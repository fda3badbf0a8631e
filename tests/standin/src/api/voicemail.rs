//! mod_voicemail's commands, as far as the PBX gives them, and the one that leaves a message without a call.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use freeswitch_sys::switch_event_types_t;

use crate::event::{Event, settle};
use crate::variables;

#[path = "../../../mailboxes/mod.rs"]
mod mailboxes;
use mailboxes::{Left, Mailboxes};

const INJECT: &str = "Error: [group=<group>[@domain]|domain=<domain>|<box>[@<domain>]] <sound_file> [<cid_num>] \
                      [<cid_name>]\n";

fn mailboxes() -> Option<Mailboxes> {
    let folder = |name: &str| variables::get(name).map(PathBuf::from);
    Some(Mailboxes {
        databases: folder("db_dir")?,
        storage: folder("storage_dir")?,
    })
}

/// `voicemail_inject BOX@DOMAIN FILE [NUMBER] [NAME]`. Groups and whole domains have no mailboxes here.
pub(crate) fn inject(arguments: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let mut words = arguments.splitn(4, ' ');
    let (Some(mailbox), Some(file)) = (words.next(), words.next()) else {
        return INJECT.to_owned();
    };
    let (Some((number, domain)), Ok(sound), Some(all)) =
        (mailbox.split_once('@'), std::fs::read(file), mailboxes())
    else {
        return INJECT.to_owned();
    };
    let caller = (
        words.next().unwrap_or("anonymous"),
        words.next().unwrap_or("anonymous"),
    );
    let id = format!(
        "0192f0c1-0000-7abc-8def-{:012x}",
        NEXT.fetch_add(1, Ordering::Relaxed)
    );
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let left = Left {
        id: &id,
        number,
        domain,
        caller,
        at: i64::try_from(now.as_secs()).unwrap_or_default(),
        // 8,000 samples of 2 bytes a second, after the header.
        seconds: u32::try_from(sound.len() / 16_000).unwrap_or_default().max(1),
    };
    all.leave(&left, &sound);
    tell(number, domain);
    "+OK\n".to_owned()
}

pub(crate) fn delete(arguments: &str) -> String {
    run("vm_delete", arguments)
}

pub(crate) fn read(arguments: &str) -> String {
    run("vm_read", arguments)
}

pub(crate) fn flag_deleted(arguments: &str) -> String {
    run("vm_fsdb_msg_delete", arguments)
}

pub(crate) fn purge(arguments: &str) -> String {
    run("vm_fsdb_msg_purge", arguments)
}

pub(crate) fn set_password(arguments: &str) -> String {
    run("vm_fsdb_pref_password_set", arguments)
}

fn run(command: &str, arguments: &str) -> String {
    let Some(said) = mailboxes().and_then(|all| all.command(command, arguments)) else {
        return "-ERR can't find user or profile.\n".to_owned();
    };
    let mailbox = arguments.split([' ', '/']).next().unwrap_or_default();
    if let Some((number, domain)) = mailbox.split_once('@') {
        tell(number, domain);
    }
    said
}

/// As `update_mwi` does.
fn tell(number: &str, domain: &str) {
    let mut event = Event::new(switch_event_types_t::SWITCH_EVENT_CUSTOM, Some("vm::maintenance"));
    event.add("VM-Action", "mwi-update");
    event.add("VM-User", number);
    event.add("VM-Domain", domain);
    event.fire();
    settle();
}
