//! Any input at all: an answer, never a panic, never a wait.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use spa::settings::load_text;

use crate::support::{BASE, fixtures};

/// Loads, renders and resolves; whatever comes, within a second.
fn survive(text: &str) {
    let start = Instant::now();
    let loaded = load_text("settings.yaml", text, &fixtures());
    assert_eq!(loaded.settings.is_none(), loaded.report.has_errors());
    let _ = loaded.report.render(true);
    let view = loaded.report.view();
    for finding in &view.diagnostics {
        let line = finding.line.unwrap_or(1) as usize;
        assert!(line <= text.split('\n').count(), "{finding:?}");
    }
    if let Some(settings) = &loaded.settings {
        for account in settings.accounts() {
            let _ = settings.resolve(account, &[]).entries();
        }
    }
    assert!(start.elapsed() < Duration::from_secs(2), "{:?} for {text:?}", start.elapsed());
}

/// Pieces that settings and YAML are made of, in any order.
fn yaml_like() -> impl Strategy<Value = String> {
    let piece = proptest::sample::select(vec![
        "accounts",
        "identifier",
        "'111122223333'",
        "defaults",
        "account_tags",
        "variables",
        "hold",
        "until",
        "2026-12-31",
        "features",
        "with_csv_files",
        "with_tag_prefix",
        ": ",
        ":",
        "- ",
        "-",
        "\n",
        "\n  ",
        "\n    ",
        "\n- ",
        "[",
        "]",
        "{",
        "}",
        ", ",
        "&a ",
        "*a",
        "<<: ",
        "\"",
        "'",
        "|\n",
        ">\n",
        "#",
        "é",
        "\u{feff}",
        "\t",
        "? ",
        "!!str ",
        "!x ",
        "---\n",
        "...\n",
        "%YAML 1.2\n",
        "~",
        "42",
        "500.0",
        "yes",
        "\\",
        "\r\n",
        "\u{0}",
        "\u{2028}",
        "1M",
        "90s",
        "@",
        "`",
        "lifecycle",
        "claim",
        "a",
        " ",
        "\u{85}",
    ]);
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// Good settings with a few characters changed.
fn nearly_good() -> impl Strategy<Value = String> {
    let example = std::fs::read_to_string("settings.yaml").unwrap_or_else(|_| BASE.to_owned());
    let faulty = std::fs::read_to_string(fixtures().join("faulty/settings.yaml")).unwrap_or_default();
    let edit = (
        any::<prop::sample::Index>(),
        0..4_usize,
        prop_oneof![any::<char>(), Just('\n'), Just(' '), Just(':')],
    );
    let text = proptest::sample::select(vec![example, faulty]);
    (text, proptest::collection::vec(edit, 1..12)).prop_map(|(text, edits)| {
        let mut characters: Vec<char> = text.chars().collect();
        for (place, removed, put) in edits {
            let at = place.index(characters.len());
            let end = (at + removed).min(characters.len());
            characters.splice(at..end, [put]);
        }
        characters.into_iter().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_answered(text in any::<String>()) {
        survive(&text);
    }

    #[test]
    fn any_mixture_of_yaml_is_answered(text in yaml_like()) {
        survive(&text);
        survive(&format!("{BASE}{text}"));
    }

    #[test]
    fn any_change_of_good_settings_is_answered(text in nearly_good()) {
        survive(&text);
    }

    #[test]
    fn any_bytes_in_a_file_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let folder = crate::support::Folder::new("bytes");
        let loaded = spa::settings::load(&folder.write("settings.yaml", &bytes));
        let _ = loaded.report.render(false);
        prop_assert!(loaded.settings.is_none());
        folder.write("a.csv", [b"Account,Note\n".as_slice(), &bytes].concat());
        let text = format!("{BASE}features: {{with_csv_files: [a.csv]}}\n");
        let loaded = spa::settings::load(&folder.write("settings.yaml", text));
        let _ = loaded.report.render(true);
        prop_assert_eq!(loaded.settings.is_none(), loaded.report.has_errors());
    }

    #[test]
    fn any_table_is_answered(cells in proptest::collection::vec(
        proptest::sample::select(vec!["Account", "Note", "Tag: a", "Purge: B", ",", ";", "\n", "\"", "111122223333", "x", " ", "\r\n", "é", ",,"]),
        0..60,
    )) {
        let folder = crate::support::Folder::new("table");
        folder.write("a.csv", cells.concat());
        let text = format!("{BASE}features: {{with_csv_files: [a.csv]}}\n");
        let loaded = spa::settings::load(&folder.write("settings.yaml", text));
        let _ = loaded.report.render(false);
        prop_assert_eq!(loaded.settings.is_none(), loaded.report.has_errors());
    }
}
