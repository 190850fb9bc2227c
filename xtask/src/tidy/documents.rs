//! Links, and the files, commands and switches that documents name.

use super::commands::{self, Program};
use super::{Found, Tree, is_of};
use crate::fault::Fault;

/// Checks that relative links of documents, and their headings, are there.
///
/// # Errors
/// With each link that leads nowhere.
pub fn links(tree: &Tree) -> Result<String, Fault> {
    let mut found = Found::default();
    let mut count = 0;
    for (name, text) in tree.texts_of(".md") {
        for (index, line) in prose(text) {
            for target in targets(&without_code(line)) {
                if target.contains("://") || target.starts_with("mailto:") {
                    continue;
                }
                count += 1;
                let (path, heading) = target.split_once('#').unwrap_or((target, ""));
                let path = if path.is_empty() { name.to_owned() } else { resolve(folder_of(name), path) };
                if !tree.holds(&path) {
                    found.at_line(name, index, format!("the link to `{target}` leads nowhere"));
                } else if !heading.is_empty() && !headings(tree.text(&path)?).any(|there| there == heading) {
                    found.at_line(name, index, format!("`{path}` has no heading `#{heading}`"));
                }
            }
        }
    }
    found.none()?;
    Ok(format!("{count} links"))
}

/// Folders of the repository that a path may start with.
const FOLDERS: &[&str] = &[
    ".cargo/",
    ".ci/",
    "benches/",
    "buildspecs/",
    "examples/",
    "infra/",
    "settings/",
    "src/",
    "state-machine/",
    "tests/",
    "xtask/",
];

/// Checks that files are there which documents and comments name in `code`.
///
/// # Errors
/// With each that is not.
pub fn files(tree: &Tree) -> Result<String, Fault> {
    let mut found = Found::default();
    let mut count = 0;
    for (name, text) in tree.texts() {
        let lines: Vec<(usize, &str)> = if is_of(name, ".md") {
            prose(text).collect()
        } else if is_of(name, ".rs") {
            text.lines().enumerate().filter(|(_, line)| line.trim_start().starts_with("//")).collect()
        } else {
            continue;
        };
        for (index, line) in lines {
            for path in spans(line).filter_map(named_path) {
                count += 1;
                let crates = ["", "state-machine/", "xtask/"];
                let near = crates
                    .iter()
                    .filter(|base| name.starts_with(**base))
                    .any(|base| tree.holds(&format!("{base}{path}")));
                if !near && !tree.holds(&resolve(folder_of(name), path)) {
                    found.at_line(name, index, format!("there is no `{path}`"));
                }
            }
        }
    }
    found.none()?;
    Ok(format!("{count} names"))
}

/// The path that a span of code is, if it is one: `src/cli/exit.rs:12`.
fn named_path(span: &str) -> Option<&str> {
    let path = span.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches(':');
    let path = if path.is_empty() { span } else { path };
    let plain = path.chars().all(|c| c.is_ascii_alphanumeric() || "_./-".contains(c));
    (plain && FOLDERS.iter().any(|folder| path.starts_with(folder)) && !path.contains("..")).then_some(path)
}

/// Checks that the commands exist which documents show, with their switches.
///
/// # Errors
/// With each that does not, and each command that the README does not mention.
pub fn commands(tree: &Tree) -> Result<String, Fault> {
    build_spa()?;
    let ask = |words: &[&str]| spa(words);
    let mut program = Program::new(&ask);
    let mut found = Found::default();
    let mut count = 0;
    for (name, text) in tree.texts_of(".md") {
        for (index, line) in shown_commands(text) {
            for words in commands::shell(&line) {
                count += 1;
                if let Some(problem) = problem(tree, &mut program, &words)? {
                    found.at_line(name, index, problem);
                }
            }
        }
    }
    // What the program itself advises: messages and comments.
    for (name, text) in
        tree.texts_of(".rs").filter(|(name, _)| name.contains("src/") && !name.starts_with("xtask/"))
    {
        for (index, line) in text.lines().enumerate().filter(|(_, line)| line.matches('`').count() % 2 == 0) {
            for span in spans(line).filter(names_command) {
                for line in alternatives(span) {
                    let words = commands::shell(&line).into_iter().next().unwrap_or_default();
                    count += 1;
                    if let Some(problem) = problem(tree, &mut program, &words)? {
                        found.at_line(name, index, problem);
                    }
                }
            }
        }
    }
    let readme = tree.text("README.md")?;
    for command in program.help(&[])?.commands {
        if !readme.contains(&format!("spa {command}")) {
            found.at("README.md", format!("does not mention `spa {command}`"));
        }
    }
    found.none()?;
    Ok(format!("{count} commands"))
}

/// What is wrong with one command of a document, if anything.
fn problem(tree: &Tree, program: &mut Program<'_>, words: &[String]) -> Result<Option<String>, Fault> {
    // Variables may stand before it.
    let variables = words.iter().take_while(|word| is_assignment(word)).count();
    for variable in &words[..variables] {
        let name = variable.split('=').next().unwrap_or_default();
        let known = KNOWN_VARIABLES.contains(&name)
            || tree.texts().any(|(file, text)| is_of(file, ".rs") && text.contains(&format!("\"{name}\"")));
        if !known {
            return Ok(Some(format!("nothing reads the variable `{name}`")));
        }
    }
    let words = &words[variables..];
    let Some((first, rest)) = words.split_first() else { return Ok(None) };
    match first.as_str() {
        "cargo" => cargo(tree, program, rest),
        name if name == "spa" || name.ends_with("/spa") => program.problem(rest),
        _ => Ok(None),
    }
}

/// Variables that other programs read.
const KNOWN_VARIABLES: &[&str] = &["RUST_BACKTRACE", "PROPTEST_CASES", "NO_COLOR", "CARGO_TARGET_DIR"];

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    })
}

/// What is wrong with a call of cargo, if anything.
fn cargo(tree: &Tree, program: &mut Program<'_>, words: &[String]) -> Result<Option<String>, Fault> {
    let Some((verb, rest)) = words.split_first() else { return Ok(None) };
    let split = rest.iter().position(|word| word == "--").unwrap_or(rest.len());
    let (own, passed) = (&rest[..split], rest.get(split + 1..).unwrap_or_default());
    match verb.as_str() {
        "demo" => {
            let config = tree.text(".cargo/config.toml")?;
            let Some(line) = config.lines().find(|line| line.starts_with("demo = ")) else {
                return Ok(Some("there is no alias `demo` in .cargo/config.toml".to_owned()));
            };
            let alias = line.trim_start_matches("demo = ").trim_matches('"');
            let mut all: Vec<String> = alias.split_whitespace().map(str::to_owned).collect();
            all.extend_from_slice(rest);
            cargo(tree, program, &all)
        }
        "xtask" => Ok(xtask(rest)),
        "run" => {
            if let Some(example) = value(own, "--example") {
                return Ok(target(tree, "examples", example));
            }
            if value(own, "--package").or(value(own, "-p")).is_some() {
                Ok(None)
            } else {
                program.problem(passed)
            }
        }
        "test" => Ok(value(own, "--test").and_then(|test| target(tree, "tests", test))),
        "bench" => Ok(value(own, "--bench").and_then(|bench| target(tree, "benches", bench))),
        _ => Ok(None),
    }
}

fn xtask(words: &[String]) -> Option<String> {
    let (verb, switches) = words.split_first()?;
    let Some(help) = crate::help_of(verb) else { return Some(format!("there is no `cargo xtask {verb}`")) };
    let unknown = switches.iter().find(|word| word.starts_with('-') && !help.contains(word.as_str()))?;
    Some(format!("`cargo xtask {verb}` knows no `{unknown}`"))
}

fn value<'a>(words: &'a [String], name: &str) -> Option<&'a str> {
    let at = words.iter().position(|word| word == name)?;
    words.get(at + 1).map(String::as_str)
}

/// A test, bench or example of any of the crates.
fn target(tree: &Tree, folder: &str, name: &str) -> Option<String> {
    let placeholder = name.chars().all(char::is_uppercase);
    let there = ["", "state-machine/", "xtask/"].iter().any(|base| {
        tree.holds(&format!("{base}{folder}/{name}.rs"))
            || tree.holds(&format!("{base}{folder}/{name}/main.rs"))
    });
    (!there && !placeholder).then(|| format!("there is no `{folder}/{name}.rs`"))
}

/// Checks that the README lists every exit status of the program, with its meaning.
///
/// # Errors
/// With each that it does not.
pub fn exit_codes(tree: &Tree) -> Result<String, Fault> {
    build_spa()?;
    let help = spa(&["--help"])?;
    let readme = tree.text("README.md")?;
    let mut found = Found::default();
    let statuses: Vec<(&str, &str)> = statuses(&help).collect();
    if statuses.is_empty() {
        found.at("src/cli", "`spa --help` lists no exit status");
    }
    for (number, meaning) in &statuses {
        let listed = readme.lines().any(|line| {
            let cells: Vec<&str> = line.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
            cells.get(1) == Some(number) && cells.get(2) == Some(meaning)
        });
        if !listed {
            found.at("README.md", format!("has no row `| {number} | {meaning} |`"));
        }
    }
    found.none()?;
    Ok(format!("{} of them", statuses.len()))
}

/// The lines after `Exit status:`, as number and meaning.
fn statuses(help: &str) -> impl Iterator<Item = (&str, &str)> {
    let lines = help.lines().skip_while(|line| !line.starts_with("Exit status:")).skip(1);
    lines.map_while(|line| {
        let (number, meaning) = line.trim().split_once(' ')?;
        number.parse::<u8>().is_ok().then(|| (number, meaning.trim()))
    })
}

fn build_spa() -> Result<(), Fault> {
    crate::program::Program::cargo("build --locked --quiet --bin spa").run()
}

/// Runs the program, which is built beside this one.
fn spa(words: &[&str]) -> Result<String, Fault> {
    let here = std::env::current_exe().map_err(|error| Fault::one(format!("where am I: {error}")))?;
    let mut program = crate::program::Program::new(here.with_file_name("spa")).variable("NO_COLOR", "1");
    for word in words {
        program = program.and(*word);
    }
    program.output()
}

/// Commands in blocks of a shell and in spans of code, with the index of their line.
fn shown_commands(text: &str) -> Vec<(usize, String)> {
    let mut shown = Vec::new();
    for block in blocks(text).filter(|block| matches!(block.language, "console" | "sh" | "bash" | "shell")) {
        // Where some lines have a prompt, the others are output.
        let prompts = block.lines.iter().any(|(_, line)| line.starts_with("$ "));
        let mut unfinished: Option<(usize, String)> = None;
        for (index, line) in block.lines {
            let line = match (&unfinished, line.strip_prefix("$ ")) {
                (None, None) if prompts => continue,
                (_, stripped) => stripped.unwrap_or(line),
            };
            let (start, before) = unfinished.take().unwrap_or((index, String::new()));
            match line.strip_suffix('\\') {
                Some(begun) => unfinished = Some((start, before + begun + " ")),
                None => shown.push((start, before + line)),
            }
        }
    }
    for (index, line) in prose(text) {
        for span in spans(line).filter(names_command) {
            shown.extend(alternatives(span).into_iter().map(|line| (index, line)));
        }
    }
    shown
}

/// Whether a span of code is a command of ours, and not just the name of the program.
fn names_command(span: &&str) -> bool {
    let mut words = span.split(' ').skip_while(|word| is_assignment(word));
    matches!(words.next(), Some("spa" | "cargo")) && words.next().is_some()
}

/// The commands that a span names at once: `spa account show|why` are two, and so is `spa account show / why`, of
/// which the second is not looked at. In tables the stroke is written `\|`.
fn alternatives(span: &str) -> Vec<String> {
    let span = span.split(" / ").next().unwrap_or(span).replace("\\|", "|");
    let Some(word) = span.split(' ').find(|word| word.len() > 1 && word.contains('|')) else {
        return vec![span];
    };
    word.split('|').map(|choice| span.replacen(word, choice, 1)).collect()
}

/// A fenced block.
struct Block<'a> {
    language: &'a str,
    lines: Vec<(usize, &'a str)>,
}

fn blocks(text: &str) -> impl Iterator<Item = Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut open = false;
    for (index, line) in text.lines().enumerate() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            if !open {
                blocks.push(Block { language: language.trim(), lines: Vec::new() });
            }
            open = !open;
        } else if open && let Some(block) = blocks.last_mut() {
            block.lines.push((index, line));
        }
    }
    blocks.into_iter()
}

/// Lines outside of fenced blocks.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut open = false;
    text.lines().enumerate().filter(move |(_, line)| {
        let fence = line.trim_start().starts_with("```");
        open ^= fence;
        !fence && !open
    })
}

/// Spans of code in a line.
fn spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect()
}

/// Targets of links: `[text](target)`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}

/// Headings as GitHub names them in links.
fn headings(text: &str) -> impl Iterator<Item = String> {
    prose(text).filter(|(_, line)| line.starts_with('#')).map(|(_, line)| {
        let words = line.trim_start_matches('#').trim().to_lowercase();
        let kept = words.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    })
}

fn folder_of(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A path relative to a folder, without `.` and `..`.
fn resolve(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(result: Result<String, Fault>) -> Vec<String> {
        match result {
            Err(Fault::Found(lines)) => lines,
            _ => Vec::new(),
        }
    }

    #[test]
    fn links_that_lead_nowhere_are_told() {
        let text = "# One\n[a](b/c.md) [b](b/c.md#two-words) [c](#one) [d](https://example.com) `[e](f)`\n\
                    ```\n[g](h)\n```\n[i](no.md) [j](b/c.md#three) [k](#four)\n";
        let tree =
            Tree::of(&[("a.md", text), ("b/c.md", "## Two, words!\n[up](../a.md)\n[out](../no.md)\n")]);
        let found = lines(links(&tree));
        assert_eq!(found.len(), 4, "{found:?}");
        assert_eq!(found[0], "a.md:6: the link to `no.md` leads nowhere");
        assert_eq!(found[1], "a.md:6: `b/c.md` has no heading `#three`");
        assert_eq!(found[3], "b/c.md:3: the link to `../no.md` leads nowhere");
    }

    #[test]
    fn files_that_are_named_are_there() {
        let tree = Tree::of(&[
            ("README.md", "`src/a.rs:12` `src/` `src/no.rs` `src/{a,b}.rs` `target/x` `other/x`"),
            ("src/a.rs", "//! `tests/no.rs`\nlet x = \"`tests/never.rs`\";"),
            ("state-machine/src/b.rs", "// `src/b.rs`"),
        ]);
        let found = lines(files(&tree));
        assert_eq!(found, ["README.md:1: there is no `src/no.rs`", "src/a.rs:1: there is no `tests/no.rs`"]);
    }

    #[test]
    fn commands_are_found_in_blocks_and_spans() {
        let text = "Say `spa check` or `cargo demo`, not `spa`.\n```console\n$ spa up \\\n  --x\nspa is up\n```\n\
                    ```console\nspa accounts   # all\n```\n```rust\nspa no\n```\n";
        let shown: Vec<String> = shown_commands(text).into_iter().map(|(_, line)| line).collect();
        assert_eq!(shown, ["spa up    --x", "spa accounts   # all", "spa check", "cargo demo"]);
        assert_eq!(alternatives("spa account show\\|why ID"), ["spa account show ID", "spa account why ID"]);
        assert_eq!(alternatives("spa check | wc"), ["spa check | wc"]);
    }

    #[test]
    fn calls_of_cargo_are_checked() {
        let tree = Tree::of(&[
            (".cargo/config.toml", "demo = \"run --release --bin spa -- simulate\"\n"),
            ("tests/journal.rs", "env(\"UPDATE\")"),
        ]);
        let ask = |words: &[&str]| {
            Ok(match words {
                ["--help"] => "Commands:\n  simulate  x\n",
                _ => "Options:\n      --seed <SEED>  x\n",
            }
            .to_owned())
        };
        let mut program = Program::new(&ask);
        let mut told = |line: &str| problem(&tree, &mut program, &commands::shell(line).remove(0)).unwrap();
        for line in [
            "cargo demo",
            "cargo demo --seed 7",
            "cargo xtask test --fail-fast",
            "UPDATE=1 cargo test --test journal",
            "cargo test --test NAME",
            "cargo run --release -- simulate --seed 7",
            "ls --anything",
        ] {
            assert_eq!(told(line), None, "{line}");
        }
        for line in [
            "cargo demo --sed 7",
            "cargo xtask tset",
            "cargo xtask test --never",
            "NOBODY=1 cargo test",
            "cargo test --test nothing",
            "cargo bench --bench nothing",
            "cargo run -- simulation",
        ] {
            assert!(told(line).is_some(), "{line}");
        }
    }

    #[test]
    fn statuses_are_read_from_the_help() {
        let help = "Usage\n\nExit status:\n    0  done\n  130  stopped, by a person\n\nMore\n";
        assert_eq!(statuses(help).collect::<Vec<_>>(), [("0", "done"), ("130", "stopped, by a person")]);
    }
}
