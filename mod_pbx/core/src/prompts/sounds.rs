//! Which sounds this machine has: ours, and the operator's own.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Moment, Prompt, catalogue};
use crate::host::Host;
use crate::names::Slug;

/// A macro that an operator who has voicemail's phrases at all has.
const TELLING_MACRO: &str = "voicemail_record_message";

/// A sound that a package with voicemail's sounds has, and the sampling rates it is kept under.
const TELLING_SOUND: &str = "vm-goodbye.wav";
const RATES: [&str; 5] = ["8000", "16000", "32000", "48000", ""];

/// A file that is shorter than this, in bytes, holds no sound: a WAV file's header has 44.
const SHORTEST: u64 = 45;

/// Where the operator's announcements are, below the folder of the sounds.
const ANNOUNCEMENTS: &str = "announcements/";

/// No more files than these are looked at.
const MOST_ANNOUNCEMENTS: usize = 1000;

/// A folder that may stand in a dialplan action: an absolute path of letters, digits and `. _ - + /`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder(Box<str>);

impl Folder {
    /// None: the path holds characters that mean something to the switch.
    pub fn new(path: &Path) -> Option<Self> {
        let text = path.to_str()?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
        (text.starts_with('/') && text.chars().all(plain)).then(|| Self(text.into()))
    }

    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What was found when it was last looked.
#[derive(Debug, Clone)]
pub struct Sounds {
    path: PathBuf,
    folder: Option<Folder>,
    present: HashSet<Prompt>,
    /// Languages in which the operator's own macros and sounds are there.
    theirs: Vec<String>,
    zone: TimeZone,
    /// The operator's own recordings, without `.wav`.
    announcements: HashSet<Slug>,
}

/// A recording of the operator's own.
#[derive(Debug, Clone, Copy)]
pub struct Announcement<'a> {
    folder: &'a Folder,
    name: &'a Slug,
}

impl Announcement<'_> {
    /// Its path, in parts.
    pub fn parts(&self) -> [&str; 5] {
        [
            self.folder.as_str(),
            "/",
            ANNOUNCEMENTS,
            self.name.as_str(),
            ".wav",
        ]
    }
}

impl Default for Sounds {
    fn default() -> Self {
        Self {
            path: PathBuf::new(),
            folder: None,
            present: HashSet::new(),
            theirs: Vec::new(),
            zone: TimeZone::UTC,
            announcements: HashSet::new(),
        }
    }
}

impl Sounds {
    /// Looks. Reads the disk.
    pub fn look(folder: &Path, host: &dyn Host) -> Self {
        let there = |prompt: &Prompt| {
            let file = folder.join(format!("{}.wav", prompt.name()));
            std::fs::metadata(file).is_ok_and(|file| file.is_file() && file.len() >= SHORTEST)
        };
        let named = Folder::new(folder);
        let present = match &named {
            Some(_) => catalogue().map(|(prompt, _)| prompt).filter(there).collect(),
            None => HashSet::new(),
        };
        let theirs = host
            .languages(TELLING_MACRO)
            .into_iter()
            .filter(|(_, prefix)| has_package(host, prefix))
            .map(|(language, _)| language)
            .collect();
        Self {
            path: folder.to_owned(),
            folder: named,
            present,
            theirs,
            zone: TimeZone::system(),
            announcements: recordings(&folder.join(ANNOUNCEMENTS)),
        }
    }

    /// Looks again, in the same folder. Reads the disk.
    pub fn again(&self, host: &dyn Host) -> Self {
        Self::look(&self.path, host)
    }

    /// All of ours, in this folder: for tests and for who wants to see the answers of a whole machine.
    pub fn complete(folder: &Path) -> Self {
        Self {
            folder: Folder::new(folder),
            present: catalogue().map(|(prompt, _)| prompt).collect(),
            ..Self::default()
        }
    }

    /// Whether the operator's own macros and sounds speak this language, or the one it is a kind of
    /// (`en` of `en-gb`: `switch_xml_locate_language` tries both).
    pub fn are_theirs(&self, language: &str) -> bool {
        let base = language.split('-').next().unwrap_or(language);
        let is = |theirs: &String| theirs.eq_ignore_ascii_case(language) || theirs.eq_ignore_ascii_case(base);
        self.theirs.iter().any(is)
    }

    /// Where the sound is; none: it is missing.
    pub fn file(&self, prompt: Prompt) -> Option<(&Folder, Prompt)> {
        let folder = self.folder.as_ref()?;
        self.present.contains(&prompt).then_some((folder, prompt))
    }

    /// Now, where the switch is.
    pub fn moment(&self) -> Moment {
        Moment {
            now: Timestamp::now(),
            zone: self.zone.clone(),
        }
    }

    /// The announcement of that name; none: it is not installed.
    pub fn announcement(&self, name: &str) -> Option<Announcement<'_>> {
        let name = self.announcements.get(name)?;
        Some(Announcement {
            folder: self.folder.as_ref()?,
            name,
        })
    }

    /// How many of ours are there, and how many there should be.
    pub fn count(&self) -> (usize, usize) {
        (self.present.len(), catalogue().count())
    }

    /// Languages in which the operator's own are used.
    pub fn languages(&self) -> &[String] {
        &self.theirs
    }

    /// Whether the folder's name can be given to the switch.
    pub fn is_usable(&self) -> bool {
        self.folder.is_some()
    }
}

/// The recordings in a folder whose names are harmless.
fn recordings(folder: &Path) -> HashSet<Slug> {
    let files = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .take(MOST_ANNOUNCEMENTS);
    let named = files.filter_map(|file| {
        let name = file.file_name();
        let name = name.to_str()?.strip_suffix(".wav")?;
        // In lower case, as the file is.
        let slug = name.parse::<Slug>().ok().filter(|slug| slug.as_str() == name)?;
        file.metadata()
            .is_ok_and(|file| file.is_file() && file.len() >= SHORTEST)
            .then_some(slug)
    });
    named.collect()
}

fn has_package(host: &dyn Host, prefix: &str) -> bool {
    let prefix = if prefix.is_empty() {
        host.variable("sound_prefix").unwrap_or_default()
    } else {
        prefix.to_owned()
    };
    let folder = Path::new(&prefix).join("voicemail");
    folder.is_absolute()
        && RATES
            .iter()
            .any(|rate| folder.join(rate).join(TELLING_SOUND).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::FakeHost;

    #[test]
    fn a_folder_means_nothing_to_the_switch() {
        let folder = |path: &str| Folder::new(Path::new(path)).is_some();
        assert!(folder("/var/lib/freeswitch/storage/pbx/sounds"));
        for path in ["sounds", "/a b", "/a${x}", "/a,b", "/a'b", "/a:b", "/ü"] {
            assert!(!folder(path), "{path}");
        }
    }

    #[test]
    fn what_is_there_is_found_and_an_empty_file_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let host = FakeHost::default();
        assert_eq!(Sounds::look(folder.path(), &host).count().0, 0);
        std::fs::write(folder.path().join("goodbye.wav"), [0; 100]).unwrap();
        std::fs::write(folder.path().join("new.wav"), []).unwrap();
        std::fs::write(folder.path().join("other.wav"), [0; 100]).unwrap();
        let sounds = Sounds::look(folder.path(), &host);
        assert_eq!(sounds.count().0, 1);
        assert!(sounds.file(Prompt("goodbye")).is_some() && sounds.file(Prompt("new")).is_none());
    }

    #[test]
    fn the_operators_are_used_where_the_sounds_are_as_well() {
        let folder = tempfile::tempdir().unwrap();
        let prefix = folder.path().join("en/us/callie");
        let host = FakeHost {
            languages: vec![
                ("en".to_owned(), prefix.to_str().unwrap().to_owned()),
                ("fr".to_owned(), "/nowhere".to_owned()),
                ("de".to_owned(), String::new()),
            ],
            ..FakeHost::default()
        };
        assert!(!Sounds::look(folder.path(), &host).are_theirs("en"));
        std::fs::create_dir_all(prefix.join("voicemail/16000")).unwrap();
        std::fs::write(prefix.join("voicemail/16000/vm-goodbye.wav"), "x").unwrap();
        let sounds = Sounds::look(folder.path(), &host);
        assert!(sounds.are_theirs("en") && sounds.are_theirs("EN-gb"));
        assert!(!sounds.are_theirs("fr") && !sounds.are_theirs("de") && !sounds.are_theirs(""));
    }
}
