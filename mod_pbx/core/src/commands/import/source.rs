//! Reads the files of a static directory as FreeSWITCH would, less what a stranger's file must not do.
//!
//! Includes stay below the directory of the first file, `set` lines are followed, and nothing is ever
//! executed. Who is in the directory is not decided here but by the [`Sink`] that gets the elements.

use std::collections::HashSet;
use std::fs::{self, File, Metadata};
use std::io::Read;
use std::path::{Path, PathBuf};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::expand::{Variables, matches};
use super::place::{Cursor, Place, SourceError};

/// Bounds on what is read. FreeSWITCH itself stops includes at 100 levels (`preprocess`).
const MOST_FILES: usize = 100_000;
const DEEPEST_INCLUDE: usize = 10;
const DEEPEST_ELEMENT: usize = 32;
const MOST_ATTRIBUTES: usize = 64;

/// How much is read, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub(super) file: u64,
    pub(super) total: u64,
}

/// What an import reads. The vanilla directory has 25 kB.
pub(super) const SIZES: Sizes = Sizes {
    file: 16 << 20,
    total: 128 << 20,
};

/// An element's attributes, variables replaced and entities resolved.
pub(super) struct Attributes(Vec<(String, String)>);

impl Attributes {
    /// The attribute `name`; XML names are case-sensitive (`switch_xml_attr`).
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Who gets the elements.
pub(super) trait Sink {
    /// An element begins.
    fn open(&mut self, name: &str, attributes: &Attributes, place: &Place) -> Result<(), SourceError>;
    /// The element that was opened last ends.
    fn close(&mut self);
    /// Something the person who imports should know.
    fn note(&mut self, place: &Place, text: String);
}

/// One reading of a directory.
pub(super) struct Source<'a> {
    root: PathBuf,
    variables: Variables<'a>,
    /// Files that must not even be opened: closing any descriptor of a database file drops SQLite's
    /// locks on it in this whole process.
    forbidden: &'a dyn Fn(&Metadata) -> bool,
    sizes: Sizes,
    bytes: u64,
    files: usize,
    depth: usize,
    /// Files being read, outermost first: an include of one of them would never end.
    open: HashSet<PathBuf>,
}

/// Reads `file`, an absolute path, and everything it includes, into `sink`.
///
/// # Errors
/// Names the file and line, and says what is wrong with it.
pub(super) fn read(
    file: &Path,
    variables: Variables<'_>,
    forbidden: &dyn Fn(&Metadata) -> bool,
    sizes: Sizes,
    sink: &mut dyn Sink,
) -> Result<(), SourceError> {
    let named = file.display();
    if !file.is_absolute() {
        return Err(SourceError::at(
            named,
            "name the file by its absolute path, such as /etc/freeswitch/directory/default.xml",
        ));
    }
    let real = fs::canonicalize(file).map_err(|e| SourceError::at(named, e.to_string()))?;
    let root = real.parent().unwrap_or(Path::new("/")).to_owned();
    let mut source = Source {
        root,
        variables,
        forbidden,
        sizes,
        bytes: 0,
        files: 0,
        depth: 0,
        open: HashSet::new(),
    };
    source.file(&real, 0, sink)
}

impl Source<'_> {
    /// Reads one file, a canonical path.
    fn file(&mut self, real: &Path, level: usize, sink: &mut dyn Sink) -> Result<(), SourceError> {
        let text = self.text(real)?;
        if !self.open.insert(real.to_owned()) {
            return Err(SourceError::at(real.display(), "includes itself"));
        }
        let depth = self.depth;
        let mut at = Cursor::new(real, &text);
        let mut reader = Reader::from_str(&text);
        reader.config_mut().expand_empty_elements = true;
        // Names of elements that are the reader's own business, so that their ends are not passed on.
        let mut own = Vec::new();
        loop {
            let event = reader.read_event();
            let place = at.place(reader.buffer_position());
            let event = event.map_err(|e| SourceError::at(&place, format!("not well-formed XML: {e}")))?;
            match event {
                Event::Start(start) => {
                    self.depth += 1;
                    if self.depth > DEEPEST_ELEMENT {
                        return Err(SourceError::at(
                            &place,
                            format!("elements are nested deeper than {DEEPEST_ELEMENT}"),
                        ));
                    }
                    let mine = self.start(&start, real, level, &place, sink)?;
                    own.push(mine);
                }
                Event::End(_) => {
                    self.depth -= 1;
                    if own.pop() == Some(false) {
                        sink.close();
                    }
                }
                Event::Comment(comment) if comment.to_ascii_lowercase().contains("<x-pre-process") => {
                    sink.note(
                        &place,
                        "an X-PRE-PROCESS inside a comment is not followed here, though FreeSWITCH does"
                            .to_owned(),
                    );
                }
                Event::DocType(_) => {
                    return Err(SourceError::at(
                        &place,
                        "a document type (<!DOCTYPE …>) is not accepted: take it out",
                    ));
                }
                Event::Eof => break,
                _ => {}
            }
        }
        if self.depth != depth {
            return Err(SourceError::at(
                at.place(reader.buffer_position()),
                "ends before its elements are closed: complete the file",
            ));
        }
        self.open.remove(real);
        Ok(())
    }

    /// Begins an element; says whether it was the preprocessor's own and not for the sink.
    fn start(
        &mut self,
        start: &BytesStart<'_>,
        file: &Path,
        level: usize,
        place: &Place,
        sink: &mut dyn Sink,
    ) -> Result<bool, SourceError> {
        let name = start.name();
        let name: &str = name.as_ref();
        if name == "include" {
            return Ok(true);
        }
        let attributes = self.attributes(start, place)?;
        if !name.eq_ignore_ascii_case("X-PRE-PROCESS") {
            sink.open(name, &attributes, place)?;
            return Ok(false);
        }
        let data = attributes.get("data").unwrap_or_default();
        match attributes
            .get("cmd")
            .unwrap_or_default()
            .to_ascii_lowercase()
            .as_str()
        {
            "set" => self.variables.set(data),
            "include" => self.include(data, file, level, place, sink)?,
            other => sink.note(
                place,
                format!(
                    "X-PRE-PROCESS cmd=\"{}\" is not carried out by an import",
                    other.escape_debug()
                ),
            ),
        }
        Ok(true)
    }

    fn attributes(&self, start: &BytesStart<'_>, place: &Place) -> Result<Attributes, SourceError> {
        let mut found = Vec::new();
        for attribute in start.attributes() {
            let refuse = |why: String| SourceError::at(place, format!("not well-formed XML: {why}"));
            let attribute = attribute.map_err(|e| refuse(e.to_string()))?;
            if found.len() == MOST_ATTRIBUTES {
                return Err(refuse(format!("more than {MOST_ATTRIBUTES} attributes")));
            }
            // Variables first, entities second: FreeSWITCH replaces variables in the text of the file.
            let raw: &str = attribute.value.as_ref();
            let expanded = self.variables.expand(raw).map_err(refuse)?;
            let value = quick_xml::escape::unescape(&expanded).map_err(|e| refuse(e.to_string()))?;
            let key: &str = attribute.key.as_ref();
            found.push((key.to_owned(), value.into_owned()));
        }
        Ok(Attributes(found))
    }

    fn include(
        &mut self,
        pattern: &str,
        file: &Path,
        level: usize,
        place: &Place,
        sink: &mut dyn Sink,
    ) -> Result<(), SourceError> {
        if level == DEEPEST_INCLUDE {
            return Err(SourceError::at(
                place,
                format!("includes are nested deeper than {DEEPEST_INCLUDE}"),
            ));
        }
        let files = self.included(pattern, file, place)?;
        if files.is_empty() {
            sink.note(place, format!("no file matches the include {pattern:?}"));
        }
        for file in files {
            self.file(&file, level + 1, sink)?;
        }
        Ok(())
    }

    /// The files a pattern stands for, canonical, in the order of their names.
    fn included(&self, pattern: &str, file: &Path, place: &Place) -> Result<Vec<PathBuf>, SourceError> {
        let refuse = |why: &str| SourceError::at(place, format!("include {pattern:?}: {why}"));
        let path = file.parent().unwrap_or(Path::new("/")).join(pattern);
        let (Some(folder), Some(last)) = (path.parent(), path.file_name().and_then(|n| n.to_str())) else {
            return Err(refuse("is no file"));
        };
        if folder.to_string_lossy().contains(['*', '?', '[']) && pattern.contains('/') {
            let folders = Path::new(pattern).parent().unwrap_or(Path::new(""));
            if folders.to_string_lossy().contains(['*', '?', '[']) {
                return Err(refuse("a wildcard is followed in the file name only"));
            }
        }
        if last.contains(['[', '{']) {
            return Err(refuse("only the wildcards * and ? are followed"));
        }
        let Ok(folder) = fs::canonicalize(folder) else {
            return Ok(Vec::new());
        };
        let inside = |path: &Path| path.starts_with(&self.root);
        let outside = || refuse("leads out of the directory that is imported, which is not followed");
        if !inside(&folder) {
            return Err(outside());
        }
        let entries = fs::read_dir(&folder).map_err(|e| refuse(&e.to_string()))?;
        let mut files = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|e| refuse(&e.to_string()))?;
            if !entry.file_name().to_str().is_some_and(|name| matches(last, name)) {
                continue;
            }
            let real = fs::canonicalize(entry.path()).map_err(|e| refuse(&e.to_string()))?;
            if !inside(&real) {
                return Err(outside());
            }
            if files.len() == MOST_FILES {
                return Err(refuse("is more files than an import reads"));
            }
            files.push((entry.file_name(), real));
        }
        files.sort();
        Ok(files.into_iter().map(|(_, real)| real).collect())
    }

    /// The text of a file, within bounds.
    fn text(&mut self, real: &Path) -> Result<String, SourceError> {
        let refuse = |why: String| SourceError::at(real.display(), why);
        // The name decides before anything is opened: besides ours there are FreeSWITCH's own databases.
        if real
            .extension()
            .is_none_or(|extension| !extension.eq_ignore_ascii_case("xml"))
        {
            return Err(refuse("is not an .xml file".to_owned()));
        }
        let metadata = fs::metadata(real).map_err(|e| refuse(e.to_string()))?;
        if !metadata.is_file() || (self.forbidden)(&metadata) {
            return Err(refuse("is not a file to import".to_owned()));
        }
        self.files += 1;
        if self.files > MOST_FILES {
            return Err(refuse(format!(
                "is one file too many: an import reads {MOST_FILES} at most"
            )));
        }
        let mut bytes = Vec::with_capacity(metadata.len().min(self.sizes.file) as usize);
        File::open(real)
            .and_then(|file| file.take(self.sizes.file + 1).read_to_end(&mut bytes))
            .map_err(|e| refuse(e.to_string()))?;
        self.bytes += bytes.len() as u64;
        if bytes.len() as u64 > self.sizes.file || self.bytes > self.sizes.total {
            return Err(refuse(format!(
                "is too large: an import reads files of {} MB and {} MB in all",
                self.sizes.file >> 20,
                self.sizes.total >> 20
            )));
        }
        let text = String::from_utf8(bytes).map_err(|e| {
            let good = e.utf8_error().valid_up_to();
            let line = 1 + e.as_bytes()[..good].iter().filter(|&&b| b == b'\n').count();
            SourceError::at(
                format!("{}:{line}", real.display()),
                "is not UTF-8 text: convert it first, for example with iconv",
            )
        })?;
        Ok(match text.strip_prefix('\u{feff}') {
            Some(behind) => behind.to_owned(),
            None => text,
        })
    }
}
