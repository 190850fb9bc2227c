//! The generated parts of this crate's README.md: the real `decide`, `apply` and `authorise`, asked from every
//! situation with every trigger and every gesture.
//!
//! `UPDATE_GOLDENS=1 cargo test -p spa-state-machine --test readme` writes them; without it, the test fails when
//! the page says something else than the code does.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod page;
#[expect(dead_code, reason = "the world is shared; each test needs a part of it")]
mod support;

use std::path::Path;

#[test]
fn the_page_says_what_the_code_does() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let there = std::fs::read_to_string(&file).unwrap();
    let generated = page::sections().into_iter().fold(there.clone(), |text, (name, section)| {
        let begin = format!("<!-- generated: {name} -->\n");
        let end = "<!-- end of what is generated -->";
        let (before, rest) = text.split_once(&begin).unwrap_or_else(|| panic!("no section `{name}`"));
        let (_, after) = rest.split_once(end).unwrap_or_else(|| panic!("section `{name}` has no end"));
        format!("{before}{begin}\n{}\n\n{end}{after}", section.trim())
    });
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::write(&file, generated).unwrap();
        return;
    }
    let differs = there.lines().zip(generated.lines()).find(|(there, generated)| there != generated);
    assert!(
        there == generated,
        "README.md differs from the code; UPDATE_GOLDENS=1 writes it. First difference: {differs:#?}"
    );
}

/// The table of the rules names tests; each of them is there.
#[test]
fn every_test_that_the_page_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("README.md")).unwrap();
    let sources: String = [
        "tests/rules/main.rs",
        "tests/rules/brakes.rs",
        "tests/model.rs",
        "tests/gestures.rs",
        "src/fleet/tests.rs",
    ]
    .iter()
    .map(|file| std::fs::read_to_string(root.join(file)).unwrap())
    .collect();
    let rules = page.split_once("## The ten rules").unwrap().1;
    let named: Vec<&str> = rules
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| {
            word.contains('_')
                && word.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit())
        })
        .collect();
    assert!(named.len() >= 10, "{named:?}");
    for name in named {
        let is_there = sources.contains(&format!("fn {name}(")) || sources.contains(&format!("{name}:"));
        assert!(is_there, "README.md names `{name}`, and there is no such test");
    }
}
