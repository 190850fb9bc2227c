//! What a shell would make of a command, as far as doubts about it need to know: its words, what is piped into what,
//! which variables it names and which it sets. It is not a shell: what it does not understand, it passes over.

use std::collections::BTreeSet;
use std::ops::Range;

/// What was read.
#[derive(Debug, Default)]
pub struct Reading {
    /// Commands without the words that only hold them together.
    pub commands: Vec<Simple>,
    /// Variables that are named.
    pub named: Vec<Named>,
    /// Variables that get a value somewhere.
    pub set: BTreeSet<String>,
    /// Texts that a shell is given to run (`bash <<'END'`).
    pub inner: Vec<Range<usize>>,
}

/// A command with its words.
#[derive(Debug, Default)]
pub struct Simple {
    /// Its words, without quotes.
    pub words: Vec<Word>,
    /// The command that reads what this one writes.
    pub piped_into: Option<usize>,
    /// The command of which this one stands in a word: `$(…)` or `<(…)`.
    pub within: Option<usize>,
}

/// A word of a command.
#[derive(Clone, Debug)]
pub struct Word {
    /// Without quotes; what is put in by the shell is left out.
    pub text: String,
    /// The bytes.
    pub span: Range<usize>,
}

/// A variable that is named.
#[derive(Debug)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// The bytes.
    pub span: Range<usize>,
    /// Whether it is said what counts when there is none: `${NAME:-…}`.
    pub has_default: bool,
}

/// How deep commands may stand in one another. People write three or four levels.
const MAX_DEPTH: usize = 100;

/// Words before the name of a command.
const BEFORE: &[&str] = &[
    "!", "{", "}", "if", "then", "elif", "else", "fi", "while", "until", "do", "done", "time", "sudo", "env",
    "command", "exec", "nohup",
];
/// What runs the text that it is given.
const SHELLS: &[&str] = &["sh", "bash", "dash", "ash", "zsh"];
/// What sets the variables that its words name.
const SETTERS: &[&str] = &[
    "read",
    "mapfile",
    "readarray",
    "for",
    "select",
    "export",
    "declare",
    "local",
    "readonly",
    "typeset",
    "getopts",
    "printf",
    "unset",
];

impl Simple {
    /// The name of the program, without its folder, and the words behind it.
    pub fn call(&self) -> Option<(&str, &[Word])> {
        let skipped = |word: &Word| BEFORE.contains(&word.text.as_str()) || assigned(&word.text).is_some();
        let first = self.words.iter().position(|word| !skipped(word))?;
        let name = self.words.get(first)?.text.as_str();
        Some((name.rsplit('/').next().unwrap_or(name), self.words.get(first + 1..).unwrap_or_default()))
    }

    /// Whether it is a shell.
    pub fn is_shell(&self) -> bool {
        self.call().is_some_and(|(name, _)| SHELLS.contains(&name))
    }
}

/// The variable that a word sets: `NAME=…`, `NAME+=…` or `NAME[…]=…`.
fn assigned(word: &str) -> Option<&str> {
    let (before, _) = word.split_once('=')?;
    let name = before.strip_suffix('+').unwrap_or(before);
    let name = name.split_once('[').map_or(name, |(name, _)| name);
    is_name(name).then_some(name)
}

fn is_name(text: &str) -> bool {
    let start = |c: char| c.is_ascii_alphabetic() || c == '_';
    text.starts_with(start) && text.chars().all(|c| start(c) || c.is_ascii_digit())
}

/// Reads a command.
pub fn read(text: &str) -> Reading {
    let mut reader =
        Reader { text, at: 0, end: text.len(), reading: Reading::default(), waiting: Vec::new(), depth: 0 };
    reader.commands(None, None);
    let mut reading = reader.reading;
    for simple in &reading.commands {
        reading.set.extend(simple.words.iter().filter_map(|word| assigned(&word.text)).map(str::to_owned));
        if let Some((name, words)) = simple.call()
            && SETTERS.contains(&name)
        {
            let words = match name {
                "for" | "select" => words.get(..1).unwrap_or_default(),
                "printf" if words.first().is_some_and(|word| word.text == "-v") => {
                    words.get(1..2).unwrap_or_default()
                }
                "printf" => &[],
                _ => words,
            };
            reading.set.extend(words.iter().filter(|word| is_name(&word.text)).map(|word| word.text.clone()));
        }
    }
    reading
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    end: usize,
    reading: Reading,
    waiting: Vec<Here>,
    depth: usize,
}

/// A here-document whose text follows the line.
struct Here {
    until: String,
    quoted: bool,
    tabs: bool,
    command: usize,
}

impl Reader<'_> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied().filter(|_| self.at + ahead < self.end)
    }

    fn line_end(&self) -> usize {
        let rest = self.text.get(self.at..self.end).unwrap_or_default();
        rest.find('\n').map_or(self.end, |end| self.at + end)
    }

    fn starts(&self, with: &str) -> bool {
        self.text.get(self.at..self.end).is_some_and(|rest| rest.starts_with(with))
    }

    /// Reads commands up to the closing character, which is passed over, or to the end.
    fn commands(&mut self, close: Option<u8>, within: Option<usize>) {
        self.deeper(|reader| reader.each_command(close, within));
    }

    /// Reads what stands within something else. What stands too deep is passed over with all that follows, or a file
    /// of opening brackets would take the stack of the process.
    fn deeper(&mut self, read: impl FnOnce(&mut Self)) {
        if self.depth == MAX_DEPTH {
            self.at = self.end;
            return;
        }
        self.depth += 1;
        read(self);
        self.depth -= 1;
    }

    fn each_command(&mut self, close: Option<u8>, within: Option<usize>) {
        let mut current = self.begin(within);
        while let Some(byte) = self.peek(0) {
            if close == Some(byte) {
                self.at += 1;
                return;
            }
            match byte {
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'\n' => {
                    self.at += 1;
                    self.here_documents();
                    current = self.begin(within);
                }
                b'#' => self.at = self.line_end(),
                b'|' if self.peek(1) != Some(b'|') => {
                    self.at += if self.peek(1) == Some(b'&') { 2 } else { 1 };
                    let next = self.begin(within);
                    if let Some(before) = self.reading.commands.get_mut(current) {
                        before.piped_into = Some(next);
                    }
                    current = next;
                }
                b'(' if self.starts("((") => {
                    self.at += 2;
                    self.until_closed(b')', 2, current);
                }
                b'(' => {
                    self.at += 1;
                    self.commands(Some(b')'), within);
                    current = self.begin(within);
                }
                b'|' | b';' | b'&' | b')' => {
                    self.at += 1;
                    current = self.begin(within);
                }
                b'<' | b'>' => self.redirection(current),
                _ => self.word_of(current),
            }
        }
    }

    fn begin(&mut self, within: Option<usize>) -> usize {
        self.reading.commands.push(Simple { within, ..Simple::default() });
        self.reading.commands.len() - 1
    }

    fn word_of(&mut self, command: usize) {
        let word = self.word(command);
        if let Some(simple) = self.reading.commands.get_mut(command) {
            simple.words.push(word);
        }
    }

    fn redirection(&mut self, command: usize) {
        if self.starts("<(") || self.starts(">(") {
            self.at += 2;
            self.commands(Some(b')'), Some(command));
        } else if self.starts("<<<") {
            self.at += 3;
        } else if self.starts("<<") {
            self.at += 2;
            let tabs = self.peek(0) == Some(b'-');
            self.at += usize::from(tabs);
            while self.peek(0) == Some(b' ') {
                self.at += 1;
            }
            let start = self.at;
            let word = self.word(command);
            let quoted = self.text.get(start..self.at).is_some_and(|raw| raw.contains(['\'', '"', '\\']));
            self.waiting.push(Here { until: word.text, quoted, tabs, command });
        } else {
            self.at += 1;
            while matches!(self.peek(0), Some(b'>' | b'&' | b'|')) {
                self.at += 1;
            }
        }
    }

    /// Passes over the texts that follow this line; what a shell is given is read as well.
    fn here_documents(&mut self) {
        for here in std::mem::take(&mut self.waiting) {
            let start = self.at;
            let mut end = self.end;
            while self.at < self.end {
                let line_end = self.line_end();
                let line = self.text.get(self.at..line_end).unwrap_or_default();
                let line = if here.tabs { line.trim_start_matches('\t') } else { line };
                let begin = self.at;
                self.at = (line_end + 1).min(self.end);
                if line == here.until {
                    end = begin;
                    break;
                }
            }
            let after = self.at;
            if self.reading.commands.get(here.command).is_some_and(Simple::is_shell) {
                self.reading.inner.push(start..end);
                self.within_bounds(start..end, |reader| reader.commands(None, None));
            } else if !here.quoted {
                self.within_bounds(start..end, |reader| reader.expansions(here.command));
            }
            self.at = after;
        }
    }

    fn within_bounds(&mut self, bounds: Range<usize>, read: impl FnOnce(&mut Self)) {
        let end = std::mem::replace(&mut self.end, bounds.end);
        self.at = bounds.start;
        read(self);
        self.end = end;
    }

    /// Looks for variables in text that is no command.
    fn expansions(&mut self, command: usize) {
        while let Some(byte) = self.peek(0) {
            match byte {
                b'\\' => self.at += 2,
                b'$' => self.dollar(command),
                _ => self.at += 1,
            }
        }
    }

    fn word(&mut self, command: usize) -> Word {
        let start = self.at;
        let mut text = String::new();
        while let Some(byte) = self.peek(0) {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>' => break,
                b'\'' => {
                    self.at += 1;
                    self.plain_until(b'\'', &mut text);
                }
                b'"' => self.quoted(command, &mut text),
                _ => self.unquoted(command, &mut text),
            }
        }
        // Always forwards, whatever stands there.
        self.at = self.at.max(start + usize::from(self.at == start));
        Word { text, span: start..self.at.min(self.end) }
    }

    fn quoted(&mut self, command: usize, text: &mut String) {
        self.at += 1;
        while let Some(byte) = self.peek(0) {
            if byte == b'"' {
                self.at += 1;
                return;
            }
            self.unquoted(command, text);
        }
    }

    /// One character, or what `$`, a backtick or a backslash begins.
    fn unquoted(&mut self, command: usize, text: &mut String) {
        match self.peek(0) {
            Some(b'$') => self.dollar(command),
            Some(b'`') => {
                self.at += 1;
                self.commands(Some(b'`'), Some(command));
            }
            Some(b'\\') => {
                self.at += 1;
                self.character(text);
            }
            Some(_) | None => self.character(text),
        }
    }

    fn character(&mut self, text: &mut String) {
        match self.text.get(self.at..self.end).and_then(|rest| rest.chars().next()) {
            Some(character) => {
                if character != '\n' {
                    text.push(character);
                }
                self.at += character.len_utf8();
            }
            None => self.at += 1,
        }
    }

    fn plain_until(&mut self, close: u8, text: &mut String) {
        while let Some(byte) = self.peek(0) {
            if byte == close {
                self.at += 1;
                return;
            }
            self.character(text);
        }
    }

    fn dollar(&mut self, command: usize) {
        self.deeper(|reader| reader.variable(command));
    }

    fn variable(&mut self, command: usize) {
        let start = self.at;
        self.at += 1;
        if self.starts("((") {
            self.at += 2;
            self.until_closed(b')', 2, command);
        } else if self.starts("(") {
            self.at += 1;
            self.commands(Some(b')'), Some(command));
        } else if self.starts("{") {
            self.at += 1;
            let indirect = matches!(self.peek(0), Some(b'!'));
            self.at += usize::from(matches!(self.peek(0), Some(b'!' | b'#')));
            let name = self.name();
            let has_default = indirect
                || matches!(
                    self.peek(usize::from(self.peek(0) == Some(b':'))),
                    Some(b'-' | b'=' | b'+' | b'?')
                );
            self.note(name, start, has_default);
            self.until_closed(b'}', 1, command);
        } else if self.starts("'") {
            self.at += 1;
            while let Some(byte) = self.peek(0) {
                self.at += if byte == b'\\' { 2 } else { 1 };
                if byte == b'\'' {
                    break;
                }
            }
        } else {
            let name = self.name();
            self.note(name, start, false);
        }
    }

    fn note(&mut self, name: String, start: usize, has_default: bool) {
        if is_name(&name) {
            self.reading.named.push(Named { name, span: start..self.at, has_default });
        }
    }

    fn name(&mut self) -> String {
        let start = self.at;
        while self.peek(0).is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            self.at += 1;
        }
        self.text.get(start..self.at).unwrap_or_default().to_owned()
    }

    /// Passes over text up to so many closing characters that nothing has opened in it, and reads what it names.
    fn until_closed(&mut self, close: u8, times: usize, command: usize) {
        let open = if close == b')' { b'(' } else { b'{' };
        let mut depth = times;
        while let Some(byte) = self.peek(0) {
            match byte {
                b'$' => self.dollar(command),
                b'\\' => self.at += 2,
                b'\'' if close == b'}' => {
                    self.at += 1;
                    self.plain_until(b'\'', &mut String::new());
                }
                b'"' => self.quoted(command, &mut String::new()),
                byte => {
                    self.at += 1;
                    if byte == open {
                        depth += 1;
                    } else if byte == close {
                        depth -= 1;
                        if depth == 0 {
                            return;
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Vec<String> {
        read(text).named.into_iter().filter(|named| !named.has_default).map(|named| named.name).collect()
    }

    #[test]
    fn variables_are_found_where_a_shell_would_put_them_in() {
        let cases: [(&str, &[&str]); 14] = [
            ("echo $A ${B} \"$C ${D%x}\" '$E' \\$F", &["A", "B", "C", "D"]),
            ("echo ${A:-1} ${B-2} ${C:?no} ${D:+d} ${#E} ${!F}", &["E"]),
            ("echo ${A:-$B}", &["B"]),
            ("x=$(echo \"$A\") y=`echo $B` # $C", &["A", "B"]),
            ("((A<<2)); echo $(( $B << 3 ))", &["B"]),
            ("cat <<END\n$A\nEND\necho $B", &["A", "B"]),
            ("cat <<'END'\n$A\nEND\necho $B", &["B"]),
            ("bash -s <<'END'\necho $A '$B'\nEND\necho $C", &["A", "C"]),
            ("cat <<-\"END\" | sort\n\t$A\n\tEND\necho $B", &["B"]),
            ("echo $'it\\'s $A' $B", &["B"]),
            ("case $A in $B) echo $C;; esac", &["A", "B", "C"]),
            ("[[ $A =~ ^(x|y)$ ]] && echo \"$B\"", &["A", "B"]),
            ("$1 $@ $? $$ $! $A", &["A"]),
            ("", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(named(text), expected, "{text}");
        }
    }

    #[test]
    fn variables_that_are_set_are_known() {
        let set = |text: &str| read(text).set.into_iter().collect::<Vec<_>>();
        assert_eq!(set("A=1 B+=2 C[3]=4 cmd D=5"), ["A", "B", "C", "D"]);
        assert_eq!(
            set("export E; read -r F G; for H in 1 2; do :; done; printf -v I x"),
            ["E", "F", "G", "H", "I"]
        );
        assert_eq!(set("while IFS= read -r L; do :; done"), ["IFS", "L"]);
    }

    #[test]
    fn what_is_piped_into_what_is_known() {
        let reading = read("curl x | tee y | sudo bash; bash -c \"$(wget z)\"");
        let names: Vec<&str> =
            reading.commands.iter().filter_map(Simple::call).map(|(name, _)| name).collect();
        assert_eq!(names, ["curl", "tee", "bash", "bash", "wget"]);
        let wget =
            reading.commands.iter().find(|one| one.call().is_some_and(|(name, _)| name == "wget")).unwrap();
        assert!(reading.commands[wget.within.unwrap()].is_shell());
    }

    #[test]
    fn what_is_too_deep_is_passed_over() {
        for opening in ["$(", "(", "`\"$(", "${A:-", "\"${A:-\"", "<(", "(("] {
            read(&opening.repeat(200_000));
        }
    }

    proptest::proptest! {
        /// Whatever stands there, reading ends, and places lie within the text.
        #[test]
        fn any_text_is_passed_over(text in "[a-zA-Z$(){}`'\"<|&;# \\n\\\\=é-]{0,200}") {
            let reading = read(&text);
            for named in &reading.named {
                proptest::prop_assert!(text.get(named.span.clone()).is_some(), "{named:?}");
            }
            for word in reading.commands.iter().flat_map(|simple| &simple.words) {
                proptest::prop_assert!(text.get(word.span.clone()).is_some(), "{word:?}");
            }
        }
    }
}
