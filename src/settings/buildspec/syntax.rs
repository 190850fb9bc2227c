//! Asks bash whether a command is one. Nothing is run: `bash -n` reads only.

use std::io::{self, Write as _};
use std::process::{Command, Stdio};

use super::script::Shell;

/// What bash has to say about a text.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It can be run.
    Fine,
    /// It cannot; the line, from zero, and what bash says.
    Fault {
        /// The line in the text, from zero.
        line: usize,
        /// In bash's words.
        message: String,
    },
    /// Nobody looked: there is no bash here, or it did not answer.
    NotLooked(String),
}

/// Asks bash, in the way of `sh` where the buildspec does not say `shell: bash`.
pub fn ask(text: &str, shell: Shell) -> Verdict {
    match answer(text, shell) {
        Ok(verdict) => verdict,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Verdict::NotLooked("there is no bash on this machine".to_owned())
        }
        Err(error) => Verdict::NotLooked(format!("bash cannot be asked: {error}")),
    }
}

fn answer(text: &str, shell: Shell) -> io::Result<Verdict> {
    let mut command = Command::new("bash");
    // What these name would be run before anything is read.
    command.env_remove("BASH_ENV").env_remove("ENV").env("LC_ALL", "C").args(["--norc", "--noprofile"]);
    if shell == Shell::Sh {
        command.arg("--posix");
    }
    let mut child = command
        .args(["-n", "-s"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut input) = child.stdin.take() {
        match input.write_all(text.as_bytes()) {
            // Bash ends at the first fault, and reads no more.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    let output = child.wait_with_output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    // Also where bash only warns, as of a here-document that never ends.
    let Some((line, message)) = said.lines().find_map(placed) else {
        return Ok(match (output.status.success(), said.trim()) {
            (true, _) => Verdict::Fine,
            (false, "") => Verdict::NotLooked(format!("bash ended with {}", output.status)),
            (false, said) => Verdict::Fault { line: 0, message: said.to_owned() },
        });
    };
    Ok(Verdict::Fault { line: line.saturating_sub(1), message: message.to_owned() })
}

/// `bash: line 3: syntax error near unexpected token …`
fn placed(said: &str) -> Option<(usize, &str)> {
    let (number, message) = said.split_once("line ")?.1.split_once(": ")?;
    Some((number.parse().ok()?, message.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bash_tells_what_is_no_command_and_where() {
        assert_eq!(ask("if true; then echo $(date); fi\n", Shell::Bash), Verdict::Fine);
        assert_eq!(ask("f() { [[ $1 =~ x ]]; }\n", Shell::Sh), Verdict::Fine);
        for (text, line, word) in [
            ("echo a\nif true; then\n  echo b\n", 3, "unexpected end of file"),
            ("echo a\nfi\n", 1, "fi"),
            ("echo \"a\n", 0, "matching"),
            ("cat <<END\na\n", 0, "here-document"),
        ] {
            let Verdict::Fault { line: at, message } = ask(text, Shell::Bash) else { panic!("{text}") };
            assert!(message.contains(word), "{text}: {message}");
            // Versions of bash count the end of a text in two ways.
            assert!(at.abs_diff(line) <= 2, "{text}: {at}");
        }
    }

    #[test]
    fn nothing_is_run() {
        let file = std::env::temp_dir().join(format!("spa-syntax-{}", std::process::id()));
        assert_eq!(
            ask(&format!("touch '{0}'; x=$(touch '{0}')", file.display()), Shell::Bash),
            Verdict::Fine
        );
        assert!(!file.exists());
    }
}
