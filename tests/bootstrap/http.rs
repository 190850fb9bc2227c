//! As much of HTTP as the Runtime API and calls to AWS take.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

/// A request or an answer.
#[derive(Clone, Debug)]
pub struct Message {
    /// The line before the headers.
    pub first: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Message {
    pub fn header(&self, name: &str) -> &str {
        let header = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        header.map_or("", |(_, value)| value)
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// The next message; `None` when nobody says anything any more.
    pub fn read(reader: &mut BufReader<&TcpStream>) -> Option<Self> {
        let first = line(reader).filter(|line| !line.is_empty())?;
        let mut message = Self { first, headers: Vec::new(), body: Vec::new() };
        while let Some((name, value)) = line(reader)?.split_once(':') {
            message.headers.push((name.to_owned(), value.trim().to_owned()));
        }
        if message.header("transfer-encoding") == "chunked" {
            loop {
                let size = usize::from_str_radix(&line(reader)?, 16).unwrap();
                message.body.extend(bytes(reader, size)?);
                line(reader)?;
                if size == 0 {
                    return Some(message);
                }
            }
        }
        let length = message.header("content-length").parse().unwrap_or(0);
        message.body = bytes(reader, length)?;
        Some(message)
    }

    /// Says it; whether somebody was there to hear it.
    pub fn write(&self, mut stream: &TcpStream) -> bool {
        let framing = ["content-length", "transfer-encoding"];
        let headers = self.headers.iter();
        let headers = headers.filter(|(name, _)| !framing.contains(&name.to_ascii_lowercase().as_str()));
        let headers: String = headers.flat_map(|(name, value)| [name, ": ", value, "\r\n"]).collect();
        let head = format!("{}\r\n{headers}Content-Length: {}\r\n\r\n", self.first, self.body.len());
        stream.write_all(&[head.as_bytes(), &self.body].concat()).is_ok()
    }
}

/// Without its end; `None` when nothing comes any more.
fn line(reader: &mut BufReader<&TcpStream>) -> Option<String> {
    let mut line = String::new();
    let read = reader.read_line(&mut line).ok()?;
    (read > 0).then(|| line.trim_end().to_owned())
}

fn bytes(reader: &mut BufReader<&TcpStream>, count: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; count];
    reader.read_exact(&mut bytes).ok()?;
    Some(bytes)
}
