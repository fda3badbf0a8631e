//! `pbx backup` and `pbx restore`.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::desk::Desk;
use super::out::{Answer, Refusal, Said, plain, refuse};

#[derive(Debug, Args)]
#[command(after_help = "\
Example: pbx backup /var/backups/pbx-before-the-move.db
The file must not exist yet. It holds everything, secrets too: keep it as safe as the database. Commits and
calls go on meanwhile. A backup is made every day by itself: pbx status shows the newest.")]
pub(super) struct Backup {
    /// Where to, as an absolute path
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples: pbx restore
          pbx restore /var/backups/pbx-before-the-move.db
The database is put aside, not deleted: the answer says where. Calls go on, lookups see the restored state.")]
pub(super) struct Restore {
    /// Which backup, as an absolute path; the newest daily one if left out
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

/// FreeSWITCH's working directory is nobody's place for a file.
fn absolute(file: PathBuf) -> Result<PathBuf, Refusal> {
    if file.is_absolute() {
        Ok(file)
    } else {
        refuse(format!(
            "{:?} is no absolute path: write, for example, /var/backups/pbx.db",
            file.display().to_string()
        ))
    }
}

impl Backup {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        let made = desk.pbx.store().backup(&absolute(self.file)?)?;
        let file = made.file.display().to_string();
        Ok(Answer::done(
            format!(
                "backup written to {} ({:.1} MB)\n",
                plain(&file),
                made.size as f64 / 1e6
            ),
            json!({"file": file, "at": made.at, "bytes": made.size}),
        ))
    }
}

impl Restore {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        let file = self.file.map(absolute).transpose()?;
        let done = desk.pbx.store().restore(file.as_deref(), desk.actor())?;
        // A backup's sessions may have ended since: who is signed in is who is.
        desk.pbx.people().database_replaced();
        let from = done.from.display().to_string();
        let aside = done.set_aside.map(|file| file.display().to_string());
        let kept = aside.as_deref().map_or_else(String::new, |file| {
            format!("The database before is kept as {}\n", plain(file))
        });
        Ok(Answer::done(
            format!(
                "restored from {} (revision {})\n{kept}",
                plain(&from),
                done.revision.rev
            ),
            json!({"from": from, "revision": done.revision.rev, "set_aside": aside}),
        ))
    }
}
