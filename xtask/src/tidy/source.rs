//! Rust source, as far as the checks need it: code without comments and texts, and the paths that it names.

use std::collections::BTreeSet;
use std::iter::Peekable;
use std::str::Chars;

/// The code with comments, texts and characters blanked out. Lines stay where they are.
pub fn code(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let mut rest = source.chars().peekable();
    let mut before = ' ';
    while let Some(c) = rest.next() {
        match c {
            '/' if rest.peek() == Some(&'/') => {
                while rest.next_if(|next| *next != '\n').is_some() {}
                code.push(' ');
            }
            '/' if rest.peek() == Some(&'*') => skip_comment(&mut rest, &mut code),
            '"' => skip_text(&mut rest, &mut code),
            'r' if !is_word(before) && matches!(rest.peek(), Some('"' | '#')) => {
                skip_raw_text(&mut rest, &mut code);
            }
            '\'' => skip_character(&mut rest, &mut code),
            _ => code.push(c),
        }
        // `br"…"` is a raw text as well.
        before = if c == 'b' && !is_word(before) { ' ' } else { c };
    }
    code
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn keep_line(c: char, code: &mut String) {
    if c == '\n' {
        code.push('\n');
    }
}

/// Block comments nest.
fn skip_comment(rest: &mut Peekable<Chars<'_>>, code: &mut String) {
    rest.next();
    let mut depth = 1;
    while depth > 0 {
        let Some(c) = rest.next() else { return };
        keep_line(c, code);
        if c == '*' && rest.next_if_eq(&'/').is_some() {
            depth -= 1;
        } else if c == '/' && rest.next_if_eq(&'*').is_some() {
            depth += 1;
        }
    }
}

fn skip_text(rest: &mut Peekable<Chars<'_>>, code: &mut String) {
    while let Some(c) = rest.next() {
        keep_line(c, code);
        match c {
            '\\' => {
                if let Some(escaped) = rest.next() {
                    keep_line(escaped, code);
                }
            }
            '"' => break,
            _ => {}
        }
    }
    code.push_str("\"\"");
}

/// After the `r`: `"…"`, `#"…"#`, or a raw identifier such as `r#type`.
fn skip_raw_text(rest: &mut Peekable<Chars<'_>>, code: &mut String) {
    let mut hashes = 0;
    while rest.next_if_eq(&'#').is_some() {
        hashes += 1;
    }
    if rest.next_if_eq(&'"').is_none() {
        code.push_str("r#");
        return;
    }
    let end: String = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    let mut seen = String::new();
    for c in rest.by_ref() {
        keep_line(c, code);
        seen.push(c);
        if seen.ends_with(&end) {
            break;
        }
    }
    code.push_str("\"\"");
}

/// A character, or the start of a lifetime.
fn skip_character(rest: &mut Peekable<Chars<'_>>, code: &mut String) {
    let mut ahead = rest.clone();
    let first = ahead.next();
    if first == Some('\\') || ahead.next() == Some('\'') {
        let mut escaped = false;
        for c in rest.by_ref() {
            if c == '\'' && !escaped {
                break;
            }
            escaped = c == '\\' && !escaped;
        }
        code.push_str("' '");
    } else {
        code.push('\'');
    }
}

/// The modules and items of this crate that code names, as paths from the root of the crate.
///
/// - `module` is the path of the module that the file holds, without the crate's name.
/// - A path that starts with `super` or `self` is followed; groups (`use crate::{a, b::c}`) are taken apart.
/// - Of other paths, those that start with one of the `children` of the module count.
pub fn crate_paths(code: &str, module: &[&str], children: &[&str]) -> BTreeSet<Vec<String>> {
    let words = words(code);
    let mut paths = BTreeSet::new();
    for (index, word) in words.iter().enumerate() {
        let follows = words.get(index + 1).is_some_and(|next| *next == "::");
        let starts = index == 0 || words[index - 1] != "::";
        if !follows || !starts {
            continue;
        }
        let here = || -> Vec<String> { module.iter().map(|part| (*part).to_owned()).collect() };
        match *word {
            "crate" => tree(&words, index + 2, &[], &mut paths),
            "self" => tree(&words, index + 2, &here(), &mut paths),
            child if children.contains(&child) => tree(&words, index, &here(), &mut paths),
            "super" => {
                let mut at = index;
                let mut base = module.to_vec();
                while words.get(at) == Some(&"super") && words.get(at + 1) == Some(&"::") {
                    base.pop();
                    at += 2;
                }
                let base: Vec<String> = base.into_iter().map(str::to_owned).collect();
                tree(&words, at, &base, &mut paths);
            }
            _ => {}
        }
    }
    paths
}

/// Collects the paths of a tree such as `a::{b, c::d}` that starts at a word.
fn tree(words: &[&str], mut at: usize, base: &[String], paths: &mut BTreeSet<Vec<String>>) {
    let mut path = base.to_vec();
    loop {
        match words.get(at) {
            Some(&"{") => return branches(words, at, &path, paths),
            Some(word) if word.starts_with(is_word) => path.push((*word).to_owned()),
            _ => break,
        }
        if words.get(at + 1) == Some(&"::") {
            at += 2;
        } else {
            break;
        }
    }
    paths.insert(path);
}

/// Collects the paths of each branch of a group that starts at a brace.
fn branches(words: &[&str], at: usize, path: &[String], paths: &mut BTreeSet<Vec<String>>) {
    let mut depth = 0;
    let mut branch = true;
    for (at, word) in words.iter().enumerate().skip(at) {
        match *word {
            "{" => depth += 1,
            "}" => depth -= 1,
            "," if depth == 1 => branch = true,
            _ if branch && depth == 1 => {
                tree(words, at, path, paths);
                branch = false;
            }
            _ => {}
        }
        if depth == 0 {
            return;
        }
    }
}

/// Names, `::`, and every other character that is no space.
fn words(code: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if is_word(first) {
            rest.find(|c| !is_word(c)).unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        let (word, after) = rest.split_at(length);
        words.push(word);
        rest = after.trim_start();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_texts_are_blanked_out_and_lines_kept() {
        let source = "a // one\nb /* two /* three */\n four */ c \"five \\\" six\\\n\" d r#\"se\"ven\n\"# e '\\'' f 'x' g";
        let code = code(source);
        for word in ["one", "two", "four", "five", "six", "seven", "ven", "x"] {
            assert!(!code.contains(word), "{word} in {code:?}");
        }
        for word in ["a", "b", "c", "d", "e", "f", "g"] {
            assert!(code.contains(word), "no {word} in {code:?}");
        }
        assert_eq!(code.lines().count(), source.lines().count());
    }

    #[test]
    fn lifetimes_and_raw_names_are_no_texts() {
        assert_eq!(code("fn f<'a>(x: &'a str, r#type: u8) { x }"), "fn f<'a>(x: &'a str, r#type: u8) { x }");
        assert_eq!(code("b'\"' + x"), "b' ' + x");
        assert_eq!(code("for r in x"), "for r in x");
    }

    fn paths(source: &str, module: &[&str]) -> Vec<String> {
        crate_paths(&code(source), module, &["child"]).into_iter().map(|path| path.join("::")).collect()
    }

    #[test]
    fn paths_are_found_wherever_they_stand() {
        assert_eq!(paths("use crate::a::B; // crate::c", &[]), ["a::B"]);
        assert_eq!(paths("fn f() -> crate::a::B { \"crate::c\" }", &[]), ["a::B"]);
        assert_eq!(paths("pub(in crate::a) fn f() {}", &[]), ["a"]);
        assert_eq!(paths("impl $crate::a::B for C {}", &[]), ["a::B"]);
        assert_eq!(paths("use other::crate_name::a;", &[]), [""; 0]);
    }

    #[test]
    fn groups_are_taken_apart() {
        let found = paths("use crate::{\n    a::{B, c::{D, E}},\n    f::G,\n    h,\n};", &[]);
        assert_eq!(found, ["a::B", "a::c::D", "a::c::E", "f::G", "h"]);
    }

    #[test]
    fn paths_that_go_up_are_followed() {
        assert_eq!(paths("use super::super::b::C;", &["a", "x", "y"]), ["a::b::C"]);
        assert_eq!(paths("use super::super::b::C;", &["a", "x"]), ["b::C"]);
        assert_eq!(paths("use super::{b, c::D};", &["a", "x"]), ["a::b", "a::c::D"]);
        assert_eq!(paths("use self::b::C;", &["a"]), ["a::b::C"]);
        assert_eq!(paths("pub use child::C; x.child(); other::child::C", &["a"]), ["a::child::C"]);
    }
}
