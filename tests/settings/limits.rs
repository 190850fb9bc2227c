//! Files that cannot be settings, and files that are too much.

use std::time::{Duration, Instant};

use spa::settings::{Loaded, load};

use crate::support::{BASE, Folder, load as load_base, messages};

/// Nothing comes of it but one fault that says this.
fn refused(loaded: &Loaded, expected: &str) {
    assert!(loaded.settings.is_none());
    assert_eq!(loaded.report.errors(), 1, "{}", loaded.report.render(false));
    let text = loaded.report.render(false);
    assert!(text.contains(expected), "{text}");
}

#[test]
fn a_file_that_is_no_text_is_refused_with_the_reason() {
    let folder = Folder::new("no-text");
    refused(&load(&folder.path().join("nothing.yaml")), "the file does not exist");
    refused(&load(folder.path()), "this is a folder, not a file");
    let cases: [(&[u8], &str); 8] = [
        (b"", "the file is empty"),
        (b"\n# a comment\n", "the file is empty"),
        (b"~\n", "the file is empty"),
        (b"a: 1\nb: caf\xe9\n", "line 2 is not UTF-8: there is a byte 0xe9"),
        (b"a: 1\n\0\0", "there is a null byte in line 2"),
        (b"\x7fELF\x02\x01\x01\0\0\0", "this is no text"),
        (b"\xff\xfea\0:\0", "the file is UTF-16"),
        (b"a: 1\n---\nb: 2\n", "the file holds several documents"),
    ];
    for (content, expected) in cases {
        refused(&load(&folder.write("settings.yaml", content)), expected);
    }
    for text in ["just text", "[a, b]", "42"] {
        refused(&load(&folder.write("settings.yaml", text)), "expected a map of keys and values");
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_says_so() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new("denied");
    let path = folder.write("settings.yaml", BASE);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
    // The superuser reads it all the same.
    if std::fs::File::open(&path).is_err() {
        refused(&load(&path), "permission denied");
    }
}

#[test]
fn a_large_file_is_refused_before_it_is_read() {
    let folder = Folder::new("large");
    let path = folder.write("settings.yaml", "");
    std::fs::File::options().write(true).open(&path).unwrap().set_len(100 << 20).unwrap();
    let start = Instant::now();
    refused(&load(&path), "the file has 100 MiB, and 4 MiB is the most");
    assert!(start.elapsed() < Duration::from_secs(1));
    #[cfg(unix)]
    refused(&load("/dev/zero".as_ref()), "the file has more than 4 MiB");
}

#[test]
fn a_byte_order_mark_and_windows_line_breaks_are_no_fault() {
    let folder = Folder::new("windows");
    let text = format!("\u{feff}{}", BASE.replace('\n', "\r\n"));
    let loaded = load(&folder.write("settings.yaml", text));
    assert!(loaded.report.is_empty(), "{}", loaded.report.render(false));
}

#[test]
fn depth_is_limited_and_never_takes_the_stack() {
    for text in ["[".repeat(100_000), "{a: ".repeat(100_000), "- ".repeat(100_000), "? ".repeat(100_000)] {
        // A thread with a small stack would overflow sooner.
        let thread = std::thread::Builder::new().stack_size(256 * 1024);
        let handle = thread.spawn(move || load_base(&format!("deep: {text}\n")).report.errors());
        assert_eq!(handle.unwrap().join().unwrap(), 1);
    }
    let nested = |depth: usize| format!("deep: {}{}\n", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(messages(&nested(31)), ["unknown key `deep`"]);
    assert_eq!(messages(&nested(32)), ["lists and maps stand in one another more than 32 levels deep"]);
    // The depth of what an alias stands for counts as well.
    let chain: String = (1..2000).map(|n| format!("a{n}: &a{n} [*a{}]\n", n - 1)).collect();
    let report = load_base(&format!("a0: &a0 [x]\n{chain}")).report;
    assert_eq!(
        report.diagnostics()[0].message,
        "lists and maps stand in one another more than 32 levels deep"
    );
}

#[test]
fn a_few_lines_cannot_stand_for_billions() {
    let start = Instant::now();
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for n in 1..20 {
        let below = vec![format!("*a{}", n - 1); 10].join(", ");
        bomb += &format!("a{n}: &a{n} [{below}]\n");
    }
    let report = load_base(&bomb).report;
    assert_eq!(report.diagnostics()[0].message, "the file holds more than 1000000 values");
    // The same with merged maps.
    let keys: String = (0..1000).map(|n| format!("k{n}: x, ")).collect();
    let mut merges = format!("m0: &m0 {{{keys}}}\n");
    for n in 1..2000 {
        merges += &format!("m{n}: &m{n} {{<<: *m{}}}\n", n - 1);
    }
    assert!(load_base(&merges).report.has_errors());
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn an_alias_cannot_stand_inside_of_itself() {
    assert_eq!(messages("a: &a [*a]\n"), ["an alias stands inside of what it stands for"]);
    assert_eq!(messages("a: &a {b: {c: *a}}\n"), ["an alias stands inside of what it stands for"]);
}

#[test]
fn aliases_and_merged_keys_work_where_the_predecessor_took_them() {
    let settings = crate::support::settings(
        "organizational_units:\n\
         - &first {identifier: ou-ab12-11112222, note: first, preparation: &on {feature: enabled}}\n\
         - {<<: *first, identifier: ou-ab12-33334444, purge: *on}\n",
    );
    let second = settings.units().nth(1).unwrap().clone();
    let resolved = settings.resolve("000000000001".parse().unwrap(), &[second]);
    assert_eq!(&*resolved.note().unwrap().value, "first");
    assert!(resolved.preparation().enabled.value && resolved.purge().enabled.value);
    for (text, message) in [
        ("defaults: {<<: text}\n", "`<<` takes over the keys of another map, and this is none"),
        ("defaults: {<<: [a]}\n", "`<<` takes over the keys of another map, and this is none"),
        ("defaults: {? [a] : b}\n", "a key is missing"),
        ("defaults: {note: !secret x}\n", "the YAML tag `!secret` means nothing here"),
    ] {
        assert_eq!(messages(text), [message], "{text}");
    }
    assert_eq!(messages("defaults: {account_tags: {a: !!str 42}}\n"), [""; 0]);
}
