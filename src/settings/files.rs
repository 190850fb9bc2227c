//! Files of the user: read within limits, and every reason why one cannot be read told apart.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use state_machine::Text;

use super::buildspec::MAX_LENGTH;
use super::kept::{ADVANCED, pack};
use super::value::Placed;
use super::value::text::FilePath;
use crate::diagnostic::{Diagnostic, Report, SourceId};

const MIB: u64 = 1 << 20;
/// The largest file of settings that is read.
pub(crate) const SETTINGS_LIMIT: u64 = 4 * MIB;
/// The largest CSV file that is read.
pub(crate) const CSV_LIMIT: u64 = 64 * MIB;
/// What all CSV files may have together.
pub(crate) const ALL_CSV_LIMIT: u64 = 128 * MIB;
/// The largest buildspec or document that is read.
pub(crate) const SMALL_LIMIT: u64 = MIB;

/// Where files named in the settings are looked for.
#[derive(Clone, Debug)]
pub(crate) enum Files {
    /// In the folder of the settings file: the first choice.
    Folder(PathBuf),
    /// They were given by name, and there are no others.
    Given(BTreeMap<String, Text>),
}

/// A file that could be read.
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

impl Files {
    /// Reads a file that stands in the settings folder, or else in the current directory. The order is fixed:
    /// with a file of that name in both, the same one counts every time.
    pub(crate) fn find(&self, named: &Placed<FilePath>, limit: u64, report: &mut Report) -> Option<Found> {
        let name = Path::new(named.value.as_str());
        let folder = match self {
            Self::Folder(folder) => folder,
            Self::Given(given) => return Self::given(given, named, report),
        };
        // For an absolute name, joining gives the name itself.
        let near_settings = folder.join(name);
        let looked =
            if near_settings == name { vec![near_settings] } else { vec![near_settings, name.to_owned()] };
        // A file that may not be looked at may be there: reading it tells that.
        let path = looked.iter().find(|path| path.try_exists().unwrap_or(true));
        let Some(path) = path else {
            let places = looked.iter().map(|path| format!("{}", path.display())).collect::<Vec<_>>();
            let fault = named
                .fault(format!("the file {} does not exist", named.value), "")
                .help(format!("looked for {}", places.join(" and for ")));
            report.push(fault);
            return None;
        };
        read_named(path.clone(), named, limit, report)
    }

    /// How large a file in the settings folder says that it is. One that is not there has no size; that is told
    /// when it is read.
    pub(crate) fn size_beside(&self, named: &Placed<FilePath>) -> u64 {
        match self {
            Self::Folder(folder) => {
                std::fs::metadata(folder.join(named.value.as_str())).map_or(0, |metadata| metadata.len())
            }
            Self::Given(given) => given.get(named.value.as_str()).map_or(0, |text| text.len() as u64),
        }
    }

    /// Reads a file that stands in the settings folder.
    pub(crate) fn beside(&self, named: &Placed<FilePath>, limit: u64, report: &mut Report) -> Option<Found> {
        match self {
            Self::Folder(folder) => read_named(folder.join(named.value.as_str()), named, limit, report),
            Self::Given(given) => Self::given(given, named, report),
        }
    }

    fn given(given: &BTreeMap<String, Text>, named: &Placed<FilePath>, report: &mut Report) -> Option<Found> {
        let Some(text) = given.get(named.value.as_str()) else {
            report.push(named.fault(format!("{} was not given", named.value), ""));
            return None;
        };
        Some(Found { path: named.value.as_str().into(), text: text.to_string() })
    }
}

/// Refuses a file that no parameter of Systems Manager can hold: documents are kept in one each.
pub(crate) fn refuse_for_parameter(
    named: &Placed<FilePath>,
    found: &Found,
    report: &mut Report,
) -> Option<()> {
    let size = found.text.len();
    if size > ADVANCED {
        let message = format!(
            "{} has {size} bytes, and a parameter of Systems Manager holds {ADVANCED}",
            found.path.display()
        );
        report.push(named.fault(message, "").help("shorten the file"));
        return None;
    }
    // <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html>
    if let Some((_, rest)) = found.text.split_once("{{")
        && rest.contains("}}")
    {
        let message = format!(
            "{} has `{{{{` and `}}}}` in it, which Systems Manager takes for a reference to a parameter",
            found.path.display()
        );
        report.push(named.fault(message, "").help("write them in another way, such as `{ {`"));
        return None;
    }
    Some(())
}

/// Refuses a buildspec that CodeBuild would not take, or that no parameter can hold even when it is packed.
pub(crate) fn refuse_for_build(named: &Placed<FilePath>, found: &Found, report: &mut Report) -> Option<()> {
    let length = found.text.chars().count();
    let message = if length > MAX_LENGTH {
        format!("{} has {length} characters, and CodeBuild takes {MAX_LENGTH}", found.path.display())
    } else {
        let size = pack(&Text::from(found.text.as_str())).len();
        if size <= ADVANCED {
            return Some(());
        }
        format!(
            "{} has {size} bytes when it is packed, and a parameter of Systems Manager holds {ADVANCED}",
            found.path.display()
        )
    };
    let help = "shorten the file, or let it fetch the rest when it runs, under a checksum";
    report.push(named.fault(message, "").help(help));
    None
}

fn read_named(path: PathBuf, named: &Placed<FilePath>, limit: u64, report: &mut Report) -> Option<Found> {
    match read(&path, limit) {
        Ok(text) => Some(Found { path, text }),
        Err(unreadable) => {
            let fault = named.fault(format!("{}: {unreadable}", path.display()), "");
            report.push(unreadable.help().into_iter().fold(fault, Diagnostic::help));
            None
        }
    }
}

/// Reads the file that the user named on the command line.
pub(crate) fn read_settings(path: &Path, report: &mut Report) -> Result<(SourceId, Text), Unreadable> {
    let name = path.display().to_string();
    match read(path, SETTINGS_LIMIT) {
        Ok(text) => {
            let text = Text::from(text);
            Ok((report.add_source(name, Text::clone(&text)), text))
        }
        Err(unreadable) => {
            let source = report.add_unreadable(name);
            let fault = Diagnostic::error(unreadable.to_string()).at(source, 0..0, "");
            report.push(unreadable.help().into_iter().fold(fault, Diagnostic::help));
            Err(unreadable)
        }
    }
}

/// Why a file gives no text.
#[derive(Debug)]
pub enum Unreadable {
    /// There is no such file.
    Missing,
    /// It may not be read.
    Denied,
    /// It is a folder.
    Folder,
    /// It is no regular file, such as a pipe.
    Special,
    /// It is larger than such a file may be.
    TooLarge {
        /// How many bytes it has; `None` where nobody can tell.
        size: Option<u64>,
        /// How many it may have.
        limit: u64,
    },
    /// It is UTF-16.
    Wide,
    /// It is no text.
    Binary {
        /// The line of the first null byte, from one.
        line: usize,
    },
    /// It is text in another encoding.
    NotUtf8 {
        /// The first such line, from one.
        line: usize,
        /// The first such byte in it.
        byte: u8,
    },
    /// Anything else that the system said.
    Failed(io::Error),
}

impl std::error::Error for Unreadable {}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("the file does not exist"),
            Self::Denied => f.write_str("the file may not be read: permission denied"),
            Self::Folder => f.write_str("this is a folder, not a file"),
            Self::Special => f.write_str("this is no regular file"),
            Self::TooLarge { size: Some(size), limit } => {
                write!(f, "the file has {} MiB, and {} MiB is the most", size.div_ceil(MIB), limit / MIB)
            }
            Self::TooLarge { size: None, limit } => write!(f, "the file has more than {} MiB", limit / MIB),
            Self::Wide => f.write_str("the file is UTF-16"),
            Self::Binary { line } => write!(f, "this is no text: there is a null byte in line {line}"),
            Self::NotUtf8 { line, byte } => {
                write!(f, "line {line} is not UTF-8: there is a byte {byte:#04x} in it")
            }
            Self::Failed(error) => write!(f, "the file cannot be read: {error}"),
        }
    }
}

impl Unreadable {
    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Wide | Self::NotUtf8 { .. } => {
                Some("save the file as UTF-8 (Excel calls it “CSV UTF-8”)".to_owned())
            }
            Self::Missing
            | Self::Denied
            | Self::Folder
            | Self::Special
            | Self::TooLarge { .. }
            | Self::Binary { .. }
            | Self::Failed(_) => None,
        }
    }
}

/// The text of a file, without the mark (BOM) that some editors put before it.
pub(crate) fn read(path: &Path, limit: u64) -> Result<String, Unreadable> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Unreadable::Missing,
        io::ErrorKind::PermissionDenied => Unreadable::Denied,
        io::ErrorKind::IsADirectory => Unreadable::Folder,
        _ => Unreadable::Failed(error),
    };
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if metadata.is_dir() {
        return Err(Unreadable::Folder);
    }
    // Opening a pipe waits until somebody writes to it, which may be never. What stands under /dev is there on
    // purpose: `spa validate /dev/stdin`, or what a shell makes of `<(…)`.
    if !metadata.is_file() && !path.starts_with("/dev") {
        return Err(Unreadable::Special);
    }
    let mut bytes = Vec::new();
    // One byte more than allowed tells that there is more, whatever the size of the rest, even of a device
    // that never ends.
    File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut bytes)).map_err(failed)?;
    if bytes.len() as u64 > limit {
        // A device tells no size, and so does a file that grows while it is read.
        let size = Some(metadata.len()).filter(|size| *size > limit);
        return Err(Unreadable::TooLarge { size, limit });
    }
    decode(bytes)
}

fn decode(bytes: Vec<u8>) -> Result<String, Unreadable> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(Unreadable::Wide);
    }
    let line_of = |bytes: &[u8], offset: usize| bytes[..offset].split(|byte| *byte == b'\n').count();
    if let Some(offset) = bytes.iter().position(|byte| *byte == 0) {
        return Err(Unreadable::Binary { line: line_of(&bytes, offset) });
    }
    let mut text = String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        Unreadable::NotUtf8 {
            line: line_of(error.as_bytes(), offset),
            byte: error.as_bytes().get(offset).copied().unwrap_or(0),
        }
    })?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_told_with_its_line() {
        let told = |bytes: &[u8]| decode(bytes.to_vec()).map_err(|error| error.to_string());
        assert_eq!(told(b"a: 1\n").as_deref(), Ok("a: 1\n"));
        assert_eq!(told("\u{feff}a: é".as_bytes()).as_deref(), Ok("a: é"));
        assert!(told(b"a\nb\0").unwrap_err().contains("null byte in line 2"));
        assert!(told(b"a\n\nr\xe9").unwrap_err().contains("line 3 is not UTF-8: there is a byte 0xe9"));
        assert!(told(b"\xff\xfea\0").unwrap_err().contains("UTF-16"));
    }
}
