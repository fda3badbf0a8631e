//! XML text into a tree: `switch_xml_parse_str_dynamic`, and the switch's static files with their
//! `X-PRE-PROCESS` lines.

use std::fmt::Display;
use std::path::Path;
use std::process::{Command, Stdio};

use quick_xml::Reader;
use quick_xml::escape::{resolve_predefined_entity, unescape};
use quick_xml::events::{BytesStart, Event};

use super::node::{Builder, Root};
use crate::log::{Level, log};
use crate::variables;

type Attributes = Vec<(String, String)>;

/// Parses `text` as it is. Never NULL: `switch_xml_error` of the tree says what is wrong.
pub(crate) fn parse(text: &str) -> *mut Root {
    let mut builder = Builder::new();
    let error = match feed(&mut builder, text, None) {
        Err(error) => error,
        Ok(()) if builder.is_finished() => String::new(),
        Ok(()) if builder.is_outside() => near(text, 0, &"root tag missing"),
        Ok(()) => near(text, text.len(), &"unclosed tag"),
    };
    builder.into_root(&error)
}

/// Grows a tree out of the switch's own files. In them `$${name}` is a global variable, `X-PRE-PROCESS` lines
/// set variables and include files, and `<include>` is nothing.
pub(crate) struct Files(Builder);

impl Files {
    pub(crate) fn new() -> Self {
        Self(Builder::new())
    }

    pub(crate) fn begin(&mut self, name: &str, attributes: &[(&str, &str)]) {
        let attributes: Attributes = attributes
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        self.0.begin(name, &attributes);
    }

    /// # Errors
    /// The file cannot be read or is not XML.
    pub(crate) fn include(&mut self, file: &Path) -> Result<(), String> {
        include(&mut self.0, file, 0)
    }

    pub(crate) fn end(&mut self) {
        self.0.end();
    }

    /// # Errors
    /// An element is still open, or there is none.
    pub(crate) fn finish(self) -> Result<*mut Root, String> {
        if self.0.is_finished() {
            Ok(self.0.into_root(""))
        } else {
            Err("the document is not complete".to_owned())
        }
    }
}

/// How deeply files may include one another, as in the switch.
const MAX_DEPTH: usize = 100;

/// A file of the switch: its preprocessing applies.
struct Source<'a> {
    file: &'a Path,
    depth: usize,
}

fn include(builder: &mut Builder, file: &Path, depth: usize) -> Result<(), String> {
    let place = |error: &dyn Display| format!("{}: {error}", file.display());
    if depth > MAX_DEPTH {
        return Err(place(&"included too deeply"));
    }
    let text = std::fs::read(file).map_err(|error| place(&error))?;
    let source = Source { file, depth };
    let open = builder.depth();
    feed(builder, &String::from_utf8_lossy(&text), Some(&source)).map_err(|error| place(&error))?;
    if builder.depth() == open {
        Ok(())
    } else {
        Err(place(&"an element is not closed"))
    }
}

fn feed(builder: &mut Builder, text: &str, source: Option<&Source<'_>>) -> Result<(), String> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.expand_empty_elements = true;
    config.allow_dangling_amp = true;
    loop {
        let event = reader
            .read_event()
            .map_err(|error| near(text, offset(reader.error_position()), &error))?;
        let here = |error: String| near(text, offset(reader.buffer_position()), &error);
        match event {
            Event::Eof => return Ok(()),
            Event::Start(tag) => start(builder, &tag, source).map_err(here)?,
            Event::End(tag) if source.is_some() && is_preprocessing(tag.name().0) => {}
            Event::End(_) => builder.end(),
            Event::Text(text) => builder.text(&expanded(&text, source)),
            Event::CData(text) => builder.text(&text),
            Event::GeneralRef(reference) => {
                let letter = reference.resolve_char_ref().ok().flatten().map(String::from);
                let known = letter.or_else(|| resolve_predefined_entity(&reference).map(str::to_owned));
                // An entity nobody defined stays as it was written, as in the switch.
                builder.text(&known.unwrap_or_else(|| format!("&{};", &*reference)));
            }
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

fn start(builder: &mut Builder, tag: &BytesStart<'_>, source: Option<&Source<'_>>) -> Result<(), String> {
    let name = tag.name();
    match source {
        Some(_) if name.0 == INCLUDE => Ok(()),
        Some(source) if is_preprocessing(name.0) => preprocess(builder, tag, source),
        _ if builder.begin(name.0, &attributes(tag, source)?) => Ok(()),
        _ => Err("markup outside of root element".to_owned()),
    }
}

fn attributes(tag: &BytesStart<'_>, source: Option<&Source<'_>>) -> Result<Attributes, String> {
    tag.attributes()
        .with_checks(false)
        .map(|attribute| {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let raw = expanded(&attribute.value, source);
            let value = unescape(&raw).map_or_else(|_| raw.clone(), std::borrow::Cow::into_owned);
            Ok((attribute.key.0.to_owned(), value))
        })
        .collect()
}

const INCLUDE: &str = "include";

fn is_preprocessing(name: &str) -> bool {
    name == INCLUDE || name.eq_ignore_ascii_case("X-PRE-PROCESS")
}

/// One `X-PRE-PROCESS` line.
fn preprocess(builder: &mut Builder, tag: &BytesStart<'_>, source: &Source<'_>) -> Result<(), String> {
    let attributes = attributes(tag, Some(source))?;
    let get = |name: &str| {
        attributes
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value.as_str())
    };
    let data = get("data");
    if get("cmd") == "include" {
        let folder = source.file.parent().unwrap_or(Path::new("."));
        let pattern = folder.join(data);
        let files = glob::glob(&pattern.to_string_lossy()).map_err(|error| format!("{data}: {error}"))?;
        for file in files {
            include(
                builder,
                &file.map_err(|error| error.to_string())?,
                source.depth + 1,
            )?;
        }
        return Ok(());
    }
    let (name, value) = data
        .split_once('=')
        .ok_or_else(|| format!("`{data}` is not name=value"))?;
    let value = value.trim();
    match get("cmd") {
        "set" | "global_set" => variables::set(name.trim(), value),
        "env-set" => {
            if let Ok(value) = std::env::var(value.trim_start_matches('$')) {
                variables::set(name.trim(), &value);
            }
        }
        "exec-set" => variables::set(name.trim(), &output(value)?),
        other => log!(
            Level::Warning,
            "X-PRE-PROCESS `{other}` is not done by the stand-in host: `{name}` is not set"
        ),
    }
    Ok(())
}

/// What a command of the switch's own configuration prints.
fn output(command: &str) -> Result<String, String> {
    let output = Command::new("/bin/sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .output();
    let output = output.map_err(|error| format!("{command}: {error}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

/// `$${name}` becomes the value of a global variable, or nothing.
fn expanded(text: &str, source: Option<&Source<'_>>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("$${").filter(|_| source.is_some())
        && let Some((name, after)) = after.split_once('}')
    {
        out.push_str(before);
        out.push_str(&variables::get(name).unwrap_or_default());
        rest = after;
    }
    out.push_str(rest);
    out
}

fn offset(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

fn near(text: &str, position: usize, error: &dyn Display) -> String {
    let upto = text.as_bytes().get(..position).unwrap_or(text.as_bytes());
    let line = upto.iter().filter(|byte| **byte == b'\n').count() + 1;
    format!("[error near line {line}]: {error}")
}
