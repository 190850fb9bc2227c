//! What the command line really knows, asked from its own `--help`, and whether a line of a document fits it.

use std::collections::{BTreeMap, BTreeSet};

use crate::fault::Fault;

/// What `--help` tells of one command.
#[derive(Clone, Debug, Default)]
pub struct Help {
    /// Names of the commands below it.
    pub commands: BTreeSet<String>,
    /// Switches, and whether a value follows.
    switches: BTreeMap<String, bool>,
    /// Whether it takes arguments that are no switches.
    arguments: bool,
}

impl Help {
    /// Reads what clap prints.
    pub fn read(text: &str) -> Self {
        let mut help = Self::default();
        let mut section = "";
        for line in text.lines() {
            if !line.starts_with(' ') && line.ends_with(':') {
                section = line;
            }
            let words: Vec<&str> = line.split_whitespace().collect();
            let Some(first) = words.first() else { continue };
            let indent = line.len() - line.trim_start().len();
            if section == "Commands:" && indent == 2 && *first != "help" {
                help.commands.insert((*first).to_owned());
            }
            help.arguments |= section == "Arguments:" && indent == 2;
            if first.starts_with('-') && indent <= 6 {
                help.read_switches(&words);
            }
        }
        help
    }

    /// Reads `-o, --output <FORMAT>` and what explains it.
    fn read_switches(&mut self, words: &[&str]) {
        let names = words.iter().take_while(|word| word.starts_with('-')).count();
        let value = words.get(names).is_some_and(|word| word.starts_with('<') || word.starts_with("[<"));
        for name in &words[..names] {
            let name = name.trim_end_matches(',');
            let (name, attached) =
                name.split_once(['=', '[']).map_or((name, false), |(name, _)| (name, true));
            // `--color[=<WHEN>]` takes a value, but none that stands apart.
            self.switches.insert(name.to_owned(), value && !attached);
        }
    }
}

/// All commands of the program.
pub struct Program<'a> {
    ask: &'a dyn Fn(&[&str]) -> Result<String, Fault>,
    known: BTreeMap<Vec<String>, Help>,
}

impl<'a> Program<'a> {
    /// A program; `ask` runs it with arguments, for what it prints.
    pub fn new(ask: &'a dyn Fn(&[&str]) -> Result<String, Fault>) -> Self {
        Self { ask, known: BTreeMap::new() }
    }

    /// What it tells of a command.
    ///
    /// # Errors
    /// When it could not be run.
    pub fn help(&mut self, path: &[String]) -> Result<Help, Fault> {
        if let Some(help) = self.known.get(path) {
            return Ok(help.clone());
        }
        let mut words: Vec<&str> = path.iter().map(String::as_str).collect();
        words.push("--help");
        let help = Help::read(&(self.ask)(&words)?);
        self.known.insert(path.to_vec(), help.clone());
        Ok(help)
    }

    /// What is wrong with a line of arguments, if anything. Words in capitals stand for values.
    ///
    /// # Errors
    /// When the program could not be run.
    pub fn problem(&mut self, arguments: &[String]) -> Result<Option<String>, Fault> {
        let mut path: Vec<String> = Vec::new();
        let mut help = self.help(&path)?;
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let command = || format!("spa {}", path.join(" ")).trim_end().to_owned();
            // What follows is not for the program, or left to the reader.
            if matches!(word.as_str(), "--" | "…") {
                break;
            }
            if word.starts_with('-') && word.len() > 1 {
                let (name, value) =
                    word.split_once('=').map_or((word.as_str(), false), |(name, _)| (name, true));
                match help.switches.get(name) {
                    None => return Ok(Some(format!("`{}` knows no `{name}`", command()))),
                    Some(true) if !value => {
                        if words.next().is_none() {
                            return Ok(Some(format!("`{}`: a value must follow `{name}`", command())));
                        }
                    }
                    Some(_) => {}
                }
            } else if help.commands.contains(word) {
                path.push(word.clone());
                help = self.help(&path)?;
            } else if word == "help" && !help.commands.is_empty() {
                break;
            } else if !(help.arguments || !help.commands.is_empty() && is_placeholder(word)) {
                let what = if help.commands.is_empty() { "takes no" } else { "knows no command" };
                return Ok(Some(format!("`{}` {what} `{word}`", command())));
            }
        }
        Ok(None)
    }
}

/// Whether a word stands for something else: `COMMAND`, `…`.
fn is_placeholder(word: &str) -> bool {
    word.chars().all(|c| c.is_uppercase() || c == '_' || c == '…' || c == '.')
}

/// The commands of a line of a shell, each as words. Comments and redirections are left out.
pub fn shell(line: &str) -> Vec<Vec<String>> {
    let mut read = Shell::default();
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                read.word.get_or_insert_default();
            }
            (None, '#') if read.word.is_none() => break,
            // `2>&1` is one redirection, `<FILE>` a word that stands for something.
            (None, '&') if read.redirected && read.word.is_none() => read.word = Some("&".to_owned()),
            (None, '|' | ';' | '&') => {
                read.end_word();
                read.end_command();
            }
            (None, '>' | '<') if !read.in_brackets() => {
                read.word.take_if(|word| word.chars().all(|c| c.is_ascii_digit()));
                read.end_word();
                read.redirected = true;
            }
            (None, _) if c.is_whitespace() => read.end_word(),
            _ => read.word.get_or_insert_default().push(c),
        }
    }
    read.end_word();
    read.end_command();
    read.commands
}

/// What was read of a line so far.
#[derive(Default)]
struct Shell {
    commands: Vec<Vec<String>>,
    command: Vec<String>,
    word: Option<String>,
    /// The next word is a file that something is redirected to.
    redirected: bool,
}

impl Shell {
    fn end_word(&mut self) {
        if let Some(word) = self.word.take()
            && !std::mem::take(&mut self.redirected)
        {
            self.command.push(word);
        }
    }

    fn end_command(&mut self) {
        if !self.command.is_empty() {
            self.commands.push(std::mem::take(&mut self.command));
        }
    }

    fn in_brackets(&self) -> bool {
        self.word.as_deref().is_some_and(|word| word.contains(['<', '[', '=']))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOP: &str = "\
Keeps accounts.

Usage: spa [OPTIONS] <COMMAND>

Commands:
  account   One account
  validate  Checks a file, and tells
            more on a second line
  help      Print this message

Options:
  -h, --help  Print help

Common options:
      --settings <FILE>
          The settings file [default: settings.yaml]
  -o, --output <FORMAT>  How data is printed
      --no-color         Never uses colour
";
    const ACCOUNT: &str = "Usage: spa account <COMMAND>\n\nCommands:\n  why  Tells\n  show  Shows\n";
    const LEAF: &str =
        "Usage: spa x [FILE]\n\nArguments:\n  [FILE]  The file\n\nOptions:\n      --reason <TEXT>  Why\n";

    fn problem(line: &str) -> Option<String> {
        let ask = |words: &[&str]| {
            let text = match words {
                ["--help"] => TOP,
                ["account", "--help"] => ACCOUNT,
                _ => LEAF,
            };
            Ok(text.to_owned())
        };
        let words = shell(line).remove(0);
        Program::new(&ask).problem(&words).unwrap()
    }

    #[test]
    fn lines_that_fit_are_no_problem() {
        for line in [
            "validate",
            "validate FILE --reason 'because of it'",
            "--settings other.yaml -o json --no-color validate",
            "account why 111122223333 --reason=x",
            "account COMMAND",
            "account why --reason …",
            "account …",
            "help account",
        ] {
            assert_eq!(problem(line), None, "{line}");
        }
    }

    #[test]
    fn lines_that_do_not_fit_are_told() {
        for (line, told) in [
            ("valdate", "`spa` knows no command `valdate`"),
            ("more", "`spa` knows no command `more`"),
            ("account what", "`spa account` knows no command `what`"),
            ("validate --colour", "`spa validate` knows no `--colour`"),
            ("validate --reason", "`spa validate`: a value must follow `--reason`"),
        ] {
            assert_eq!(problem(line).as_deref(), Some(told), "{line}");
        }
    }

    #[test]
    fn a_line_of_a_shell_is_taken_apart() {
        let commands = shell("spa accounts -o json > all.json 2>&1 | jq '.[] | x' && spa \"a b\" # why");
        let shown: Vec<String> = commands.iter().map(|words| words.join("_")).collect();
        assert_eq!(shown, ["spa_accounts_-o_json", "jq_.[] | x", "spa_a b"]);
    }
}
