//! `pbx schedule import`: holidays out of an iCalendar file.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;

use super::desk::Desk;
use super::import::is_database;
use super::out::{Refusal, Said, count, plain, refuse};
use super::schedule::{Named, find, save};
use crate::schedules::{self, import};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples: pbx schedule import office /tmp/holidays.ics
          pbx schedule import office /tmp/holidays.ics --replace
Whole days are taken, once or every year; days that are over are left out. An event with a time of day, or one
that repeats otherwise, refuses the file as a whole.")]
pub(super) struct Import {
    #[command(flatten)]
    named: Named,
    /// The file, by its absolute path
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Instead of the holidays that are there; without, beside them
    #[arg(long)]
    replace: bool,
}

impl Import {
    pub(super) fn run(self, desk: &Desk<'_>) -> Said {
        let (domain, before) = desk.read(|reader| find(reader, &self.named))?;
        let shown = plain(&self.file.display().to_string());
        let text = read(desk, &self.file).map_err(|why| Refusal(format!("{shown}: {why}")))?;
        let zone = schedules::zone(&before.time_zone).map_err(Refusal)?;
        let today = Timestamp::now().to_zoned(zone).date();
        let found = import::read(&text, today).map_err(|why| Refusal(format!("{shown}: {}", plain(&why))))?;
        let mut schedule = before.clone();
        schedules::merge(&mut schedule.holidays, &found.holidays, today, self.replace)?;
        if schedule == before {
            return refuse(format!(
                "{shown} has no holiday that schedule {} does not have",
                before.name
            ));
        }
        let what = format!(
            "{} imported from {shown}, {} over",
            count(found.holidays.len() as u64, "holiday"),
            found.over
        );
        save(desk, &domain, &before, schedule, &what)
    }
}

/// The text of a file that is not the database and not too long.
fn read(desk: &Desk<'_>, path: &Path) -> Result<String, String> {
    if !path.is_absolute() {
        return Err("name the file by its absolute path, which begins with /".to_owned());
    }
    let metadata = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if !metadata.is_file() || is_database(&desk.pbx.config().database, &metadata) {
        return Err("it is not an iCalendar file".to_owned());
    }
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    file.take(import::LONGEST as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|_| "it is not text in UTF-8".to_owned())
}
