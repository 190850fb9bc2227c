//! Buildspecs that are longer than a parameter, in one parameter all the same.
//!
//! CodeBuild takes 25,600 characters, a parameter of Systems Manager 8 KB. What is longer is compressed: text of people
//! shrinks to a third. One parameter is written at once; several of them could be read half old, half new.

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use state_machine::Text;

use super::ADVANCED;

/// What stands before a text that is compressed. No buildspec starts like this: its keys are others.
const MARK: &str = "gzip:";

/// The most that a packed text may unpack to, in bytes: four for each character that CodeBuild takes.
const LIMIT: u64 = 4 * 25_600;

/// A text as a parameter holds it: as it is where that fits, and else the mark, and gzip in Base64.
pub(crate) fn pack(text: &Text) -> Text {
    // Systems Manager takes two braces for a reference to another parameter.
    let braces = text.split_once("{{").is_some_and(|(_, rest)| rest.contains("}}"));
    if text.len() <= ADVANCED && !braces && !text.starts_with(MARK) {
        return Text::clone(text);
    }
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    // Writing into memory does not fail; were it to, the text as it is would be refused for its size.
    let Ok(packed) = packed.write_all(text.as_bytes()).and_then(|()| packed.finish()) else {
        return Text::clone(text);
    };
    format!("{MARK}{}", BASE64.encode(packed)).into()
}

/// The text that a parameter holds.
///
/// # Errors
/// When it is marked as packed, and is not.
pub(crate) fn unpack(value: &Text) -> Result<Text, String> {
    let Some(packed) = value.strip_prefix(MARK) else { return Ok(Text::clone(value)) };
    let packed = BASE64.decode(packed.trim_end()).map_err(|error| format!("it is no Base64: {error}"))?;
    let mut text = String::new();
    let read = GzDecoder::new(packed.as_slice()).take(LIMIT + 1).read_to_string(&mut text);
    read.map_err(|error| format!("it cannot be unpacked: {error}"))?;
    if text.len() as u64 > LIMIT {
        return Err(format!("it unpacks to more than {LIMIT} bytes"));
    }
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_stays_readable_and_what_does_not_comes_back_as_it_was() {
        for (text, packed) in [
            (String::new(), false),
            ("version: 0.2\n".repeat(600), false),
            ("version: 0.2 é\n".repeat(1000), true),
            ("docker inspect --format '{{.Id}}'".to_owned(), true),
            ("gzip: it says so itself".to_owned(), true),
        ] {
            let text = Text::from(text);
            let value = pack(&text);
            assert_eq!(value.starts_with(MARK), packed, "{value}");
            assert!(value.len() <= ADVANCED && !value.contains("{{"));
            assert_eq!(unpack(&value), Ok(text));
        }
    }

    #[test]
    fn what_was_not_packed_here_is_refused() {
        let bomb = pack(&"x".repeat(1 << 20).into());
        for (value, said) in [
            ("gzip:!", "no Base64"),
            ("gzip:", "cannot be unpacked"),
            ("gzip:aGVsbG8=", "cannot be unpacked"),
            (&*bomb, "more than 102400 bytes"),
        ] {
            let error = unpack(&value.into()).unwrap_err();
            assert!(error.contains(said), "{value}: {error}");
        }
    }
}
