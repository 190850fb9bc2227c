//! Downloads that may be something else tomorrow.

use std::ops::Range;

use super::shell::{Reading, Simple, Word};

/// What may be something else tomorrow, and how to pin it.
#[derive(Debug, PartialEq, Eq)]
pub struct Unpinned {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: &'static str,
    /// Where, in bytes of the command.
    pub span: Range<usize>,
}

/// What the whole buildspec does about its downloads, wherever it does it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Care {
    /// Something compares a checksum or a signature.
    pub compares: bool,
    /// Something checks out a commit by its full name.
    pub checks_out: bool,
}

const RUNNERS: &[&str] =
    &["sh", "bash", "dash", "ash", "zsh", "python", "python3", "perl", "ruby", "node", "eval", "source", "."];
const COMPARERS: &[&str] =
    &["sha256sum", "sha512sum", "shasum", "gpg", "gpgv", "cosign", "minisign", "openssl"];
const PIPE_HELP: &str = "download a version, compare its checksum (`sha256sum --check`), then run it";

impl Care {
    /// What these commands do about it.
    pub fn of<'a>(readings: impl IntoIterator<Item = &'a Reading>) -> Self {
        let mut care = Self::default();
        for (name, words) in
            readings.into_iter().flat_map(|reading| &reading.commands).filter_map(Simple::call)
        {
            care.compares |= COMPARERS.contains(&name);
            care.checks_out |= name == "git" && words.iter().any(|word| is_commit(&word.text));
        }
        care
    }
}

fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Everything that these commands fetch without a pin.
pub fn find(reading: &Reading, care: Care) -> Vec<Unpinned> {
    let mut found = Vec::new();
    for simple in &reading.commands {
        let Some((name, words)) = simple.call() else { continue };
        let Some(first) = simple.words.iter().find(|word| word.text.ends_with(name)) else { continue };
        let mut say = |message: String, help: &'static str, word: &Word| {
            found.push(Unpinned { message, help, span: word.span.clone() });
        };
        match name {
            "curl" | "wget" => {
                if let Some(runner) = runner(reading, simple) {
                    say(
                        format!("what {name} gets is run by {runner} before anybody has looked at it"),
                        PIPE_HELP,
                        first,
                    );
                } else if let Some(address) = words.iter().find(|word| is_moving(&word.text)) {
                    say(
                        format!("{} is something else with every version", address.text),
                        "name a version, and compare a checksum",
                        address,
                    );
                } else if !care.compares && words.iter().any(|word| word.text.contains("://")) {
                    say(format!("nothing compares a checksum of what {name} gets"), PIPE_HELP, first);
                }
            }
            "git" if words.first().is_some_and(|word| word.text == "clone") && !care.checks_out => {
                say(
                    "this clones whatever the branch or tag is today".to_owned(),
                    "check out a commit by its full name: `git checkout 0123…`, 40 digits",
                    first,
                );
            }
            _ => {
                for (word, help) in packages(name, words) {
                    say(
                        format!("{name} installs whatever version of {} there is today", word.text),
                        help,
                        word,
                    );
                }
            }
        }
    }
    found
}

/// What runs the output of a command.
fn runner<'a>(reading: &'a Reading, simple: &'a Simple) -> Option<&'a str> {
    let named =
        |simple: &'a Simple| simple.call().map(|(name, _)| name).filter(|name| RUNNERS.contains(name));
    let mut next = simple.piped_into;
    // A pipe leads forwards only.
    while let Some(reader) = next.and_then(|index| reading.commands.get(index)) {
        if let Some(name) = named(reader) {
            return Some(name);
        }
        next = reader.piped_into;
    }
    named(reading.commands.get(simple.within?)?)
}

/// Whether an address has no version in it, and says so.
fn is_moving(text: &str) -> bool {
    text.contains("://")
        && text.split(['/', '?', '=']).any(|part| matches!(part, "latest" | "main" | "master" | "HEAD"))
}

/// The packages without a version among the words of a package manager, and how to write one.
fn packages<'a>(name: &str, words: &'a [Word]) -> Vec<(&'a Word, &'static str)> {
    // `python3 -m pip install`.
    let (name, words) = match words {
        [switch, module, rest @ ..] if name.starts_with("python") && switch.text == "-m" => {
            (module.text.as_str(), rest)
        }
        _ => (name, words),
    };
    let verbs: &[&str] = match name {
        "pip" | "pip3" | "pipx" | "gem" | "cargo" | "go" | "apt" | "apt-get" | "yum" | "dnf" => &["install"],
        "apk" | "yarn" | "pnpm" => &["add"],
        "npm" => &["install", "i", "add"],
        "npx" => &[],
        _ => return Vec::new(),
    };
    let rest = if verbs.is_empty() {
        words
    } else {
        match words.iter().position(|word| verbs.contains(&word.text.as_str())) {
            Some(verb) => words.get(verb + 1..).unwrap_or_default(),
            None => return Vec::new(),
        }
    };
    let has = |switches: &[&str]| {
        words.iter().any(|word| switches.iter().any(|switch| word.text.split('=').next() == Some(*switch)))
    };
    let (pinned, help): (fn(&str) -> bool, _) = match name {
        "pip" | "pip3" | "pipx" if has(&["--require-hashes", "-r", "--requirement"]) => return Vec::new(),
        "pip" | "pip3" | "pipx" => (
            |text| text.contains("=="),
            "`pip install --require-hashes --requirement FILE` pins versions and content",
        ),
        "gem" if has(&["-v", "--version"]) => return Vec::new(),
        "gem" => (|_| false, "write `--version 1.2.3`"),
        "cargo" if has(&["--version", "--path", "--git"]) => return Vec::new(),
        "cargo" | "go" => (
            |text| text.split_once('@').is_some_and(|(_, version)| version != "latest"),
            "write `NAME@1.2.3`",
        ),
        "npm" | "npx" | "yarn" | "pnpm" => (
            |text| {
                text.trim_start_matches('@').split_once('@').is_some_and(|(_, version)| version != "latest")
            },
            "write `NAME@1.2.3`, or keep a lock file and run `npm ci`",
        ),
        "yum" | "dnf" => (
            |text| text.split('-').skip(1).any(|part| part.starts_with(|c: char| c.is_ascii_digit())),
            "write `NAME-1.2.3`",
        ),
        _ => (|text| text.contains('='), "write `NAME=1.2.3`"),
    };
    let is_package = |word: &&Word| {
        let text = word.text.as_str();
        !text.is_empty() && !text.starts_with(['-', '.', '/', '>', '<']) && !text.contains("://")
    };
    // `npx NAME` runs one; what follows are its arguments.
    let most = if name == "npx" { 1 } else { usize::MAX };
    let packages = rest.iter().filter(is_package).take(most);
    packages.filter(|word| !pinned(&word.text)).map(|word| (word, help)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::buildspec::shell;

    fn found(text: &str) -> Vec<String> {
        let reading = shell::read(text);
        let care = Care::of([&reading]);
        find(&reading, care).into_iter().map(|one| one.message).collect()
    }

    #[test]
    fn what_may_be_something_else_tomorrow_is_found() {
        let cases = [
            ("curl -s https://x.example/i.sh | sh", "run by sh"),
            ("curl https://x.example/a | tee a.sh | sudo bash -s -- x", "run by bash"),
            ("bash -c \"$(curl -fsSL https://x.example/i.sh)\"", "run by bash"),
            ("bash <(wget -qO- https://x.example/i.sh)", "run by bash"),
            ("eval \"`curl https://x.example`\"", "run by eval"),
            ("curl -LO https://x.example/releases/latest/download/tool", "something else with every version"),
            ("curl -LO https://x.example/v1/tool", "nothing compares a checksum"),
            ("pip install boto3", "whatever version of boto3"),
            ("python3 -m pip install -q 'boto3>=1'", "whatever version of boto3>=1"),
            ("npm install -g aws-cdk", "aws-cdk"),
            ("npx cdk deploy", "whatever version of cdk"),
            ("npm i @aws-sdk/client-s3@latest", "client-s3"),
            ("apt-get update && apt-get install -y jq", "whatever version of jq"),
            ("yum install -y jq", "jq"),
            ("go install x.example/y@latest", "x.example/y@latest"),
            ("git clone https://x.example/y && cd y", "the branch or tag is today"),
        ];
        for (text, expected) in cases {
            let found = found(text);
            assert!(found.len() == 1 && found[0].contains(expected), "{text}: {found:?}");
        }
    }

    #[test]
    fn what_is_pinned_is_not() {
        for text in [
            "curl -LO https://x.example/v1/tool && echo \"$SUM tool\" | sha256sum --check",
            "pip install boto3==1.2.3",
            "pip install --require-hashes -r requirements.txt",
            "pip install ./here",
            "npm ci",
            "npm install aws-cdk@2.1.0 @aws-sdk/x@3.0.0",
            "npx cdk@2.1.0 deploy",
            "apt-get install -y jq=1.7.1-3",
            "yum install -y jq-1.7.1",
            "apt-get update",
            "git clone https://x.example/y && git -C y checkout 0123456789012345678901234567890123456789",
            "go install x.example/y@v1.2.3",
            "echo curl https://x.example | sh-not",
            "# curl https://x.example | sh",
        ] {
            assert_eq!(found(text), Vec::<String>::new(), "{text}");
        }
    }
}
