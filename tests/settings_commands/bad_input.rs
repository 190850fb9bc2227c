//! Everything that a file can be and should not: a clear message, a status, and soon.

use std::fmt::Write as _;

use crate::support::{Answer, BASE, Folder, PATIENCE};

/// Validates these bytes as settings.
fn validate(content: impl AsRef<[u8]>) -> Answer {
    let folder = Folder::new();
    folder.write("settings.yaml", content);
    folder.spa(&["validate"])
}

/// The settings are refused, this is said, and it does not take long.
fn refused(answer: &Answer, expected: &[&str]) {
    assert_eq!(answer.status, 3, "{answer:?}");
    for expected in expected {
        assert!(answer.data.contains(expected), "expected: {expected}\n{}", answer.data);
    }
    assert!(answer.took < PATIENCE, "{:?}", answer.took);
}

#[test]
fn files_that_hold_no_text() {
    refused(&validate(""), &["error: the file is empty", "the smallest settings have the sections"]);
    refused(&validate("# nothing but a remark\n"), &["error: the file is empty"]);
    refused(&validate(b"\x7fELF\x02\x01\x01\0\0\0"), &["this is no text: there is a null byte in line 1"]);
    refused(
        &validate(b"a: b\nc: caf\xe9\n"),
        &["line 2 is not UTF-8: there is a byte 0xe9 in it", "save the file as UTF-8"],
    );
    refused(&validate(b"\xff\xfea\0:\0 \0b\0"), &["the file is UTF-16", "save the file as UTF-8"]);
    refused(&validate(b"\xfe\xff\0a\0:"), &["the file is UTF-16"]);
    let binary: Vec<u8> = (0_u32..1 << 20).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    refused(&validate(binary), &["settings.yaml"]);
}

#[test]
fn files_that_are_too_large() {
    let folder = Folder::new();
    let path = folder.write("settings.yaml", "");
    std::fs::File::options().write(true).open(&path).unwrap().set_len(100 << 20).unwrap();
    refused(&folder.spa(&["validate"]), &["the file has 100 MiB, and 4 MiB is the most"]);
    // As large as may be, and wrong in every line.
    let lines = "x\u{e9}: [1, 2]\n".repeat((4 << 20) / 12);
    refused(&validate(&lines), &["error"]);
    let one_line = format!("a: {}", "x".repeat((4 << 20) - 10));
    refused(&validate(one_line), &["unknown key `a`"]);
    let keys: String = (0..300_000).map(|n| format!("k{n}: x\n")).collect();
    refused(&validate(keys), &["unknown key `k0`", "… and 299904 more"]);
}

#[cfg(unix)]
#[test]
fn devices_and_folders_and_files_that_may_not_be_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    refused(&folder.spa(&["validate", "/dev/zero"]), &["the file has more than 4 MiB"]);
    refused(&folder.spa(&["validate", "/dev/null"]), &["the file is empty"]);
    refused(&folder.spa(&["validate", "."]), &["this is a folder, not a file"]);
    let answer = folder.spa(&["validate", "gone.yaml"]);
    assert_eq!(answer.status, 5);
    assert!(
        answer.data.contains("gone.yaml") && answer.data.contains("the file does not exist"),
        "{answer:?}"
    );
    // Named pipes that nobody writes to would wait for ever.
    let pipe = folder.path().join("pipe.yaml");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    refused(&folder.spa(&["validate", "pipe.yaml"]), &["this is no regular file"]);
    let settings = BASE.replace("purge.yaml", "pipe.yaml");
    folder.write("settings.yaml", settings);
    refused(&folder.spa(&["validate"]), &["this is no regular file", "--> settings.yaml:7:34"]);

    let secret = folder.write("secret.yaml", BASE);
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o000)).unwrap();
    // The superuser reads it all the same.
    if std::fs::File::open(&secret).is_err() {
        refused(&folder.spa(&["validate", "secret.yaml"]), &["permission denied"]);
    }
}

#[test]
fn depth_and_aliases_that_would_fill_the_memory() {
    for deep in ["[".repeat(1 << 20), "{a: ".repeat(1 << 18), "- ".repeat(1 << 20), "? ".repeat(1 << 18)] {
        refused(&validate(format!("deep: {deep}\n")), &["error"]);
    }
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for n in 1..30 {
        let inner = format!("*a{},", n - 1).repeat(10);
        let _ = writeln!(bomb, "a{n}: &a{n} [{inner}]");
    }
    refused(&validate(&bomb), &["error"]);
    // A billion keys by merging.
    let mut merges = String::from("a0: &a0 {k: v}\n");
    for n in 1..30 {
        let _ = writeln!(merges, "a{n}: &a{n} {{<<: [*a{}, *a{}], k{n}: v}}", n - 1, n - 1);
    }
    refused(&validate(&merges), &["error"]);
    refused(&validate("a: &a [*a]\n"), &["error"]);
    refused(&validate("a: *nobody\n"), &["error"]);
}

#[test]
fn yaml_that_is_none() {
    refused(&validate("automation: [\n"), &["error", "--> settings.yaml:"]);
    refused(&validate("automation:\n\taccount_id: x\n"), &["--> settings.yaml:2:"]);
    refused(&validate("a: b\na: c\n"), &["--> settings.yaml:2:1"]);
    refused(&validate("a: b\n---\nc: d\n"), &["the file holds several documents"]);
    refused(&validate("{\"automation\": "), &["error"]);
    refused(&validate("just text\n"), &["expected a map of keys and values"]);
}

#[test]
fn keys_and_types_that_are_wrong() {
    let cases: [(&str, &[&str]); 12] = [
        ("acounts: []", &["unknown key `acounts`", "did you mean `accounts`?"]),
        ("account_id: x", &["`account_id` belongs into `automation`"]),
        ("accounts: none", &["expected a list, found the text `none`", "--> settings.yaml:8:11"]),
        ("accounts: [111122223333]", &["write `- identifier: \"111122223333\"`"]),
        ("defaults: {account_tags: {a: 42}}", &["expected text, found the number `42`", "write \"42\""]),
        ("defaults: {account_tags: {a: yes}}", &["found the boolean `yes`"]),
        (
            "defaults: {purge: {feature: true}}",
            &["neither `enabled` nor `disabled`", "did you mean `enabled`?"],
        ),
        ("defaults: {purge: {feature: enabld}}", &["did you mean `enabled`?"]),
        ("defaults: {purge: enabled}", &["write `feature: enabled` on the next line"]),
        ("defaults: {purge: {attempts: three}}", &["expected a whole number, found the text `three`"]),
        ("defaults: {purge: {deadline: 10}}", &["for seconds, write 10s"]),
        ("features: {with_arm_architecture: 'true'}", &["write true, without quotes"]),
    ];
    for (text, expected) in cases {
        refused(&validate(format!("{BASE}{text}\n")), expected);
    }
}

#[test]
fn accounts_and_units_that_are_none() {
    let chain = |length: u32| {
        let units =
            (1..length).map(|n| format!("- {{identifier: ou-ab12-{n:08}, parent: ou-ab12-{:08}}}\n", n - 1));
        let first = format!("{BASE}organizational_units:\n- identifier: ou-ab12-00000000\n");
        std::iter::once(first).chain(units).collect::<String>()
    };
    let account = |identifier: &str| format!("{BASE}accounts: [{{identifier: {identifier}}}]\n");
    let unit = |identifier: &str| format!("{BASE}organizational_units: [{{identifier: {identifier}}}]\n");
    let cases: [(String, &[&str]); 13] = [
        (
            account("'11112222333'"),
            &["`11112222333` has 11 digits, and an account identifier has 12", "--> settings.yaml:8:25"],
        ),
        (account("'1111222233334'"), &["`1111222233334` has 13 digits"]),
        (account("1111-2222-3333"), &["write \"111122223333\""]),
        (account("''"), &["error"]),
        (account("[]"), &["expected an account identifier (12 digits), found a list"]),
        (
            account("'111122223333'}, {identifier: '111122223333'"),
            &["the account 111122223333 stands here twice", "first here"],
        ),
        (
            unit("ou-ab12-11112222}, {identifier: ou-ab12-11112222"),
            &["the organizational unit ou-ab12-11112222 stands here twice"],
        ),
        (unit("r-ab12"), &["error"]),
        (unit("'111122223333'"), &["this is an account; accounts stand under `accounts:`"]),
        (unit("OU-AB12-11112222"), &["write ou-ab12-11112222"]),
        (unit("ou-ab12-11112222, parent: ou-ab12-11112222"), &["would lie in itself"]),
        (chain(7), &["`ou-ab12-00000005` would lie more than 5 deep", "`ou-ab12-00000006`", "2 errors"]),
        (chain(40_000), &["… and 39895 more"]),
    ];
    for (text, expected) in cases {
        refused(&validate(text), expected);
    }
}

#[test]
fn long_lists_are_not_searched_again_and_again() {
    use std::iter::once;
    let keys: String = (0..60_000).map(|n| format!("key-{n:07}, ")).collect();
    let accounts = (0..35_000_u64)
        .map(|n| format!("- {{identifier: '{}', account_tags: {{a: x}}}}\n", 100_000_000_000 + n));
    let text: String =
        once(format!("{BASE}defaults: {{unset_tags: [{keys}]}}\naccounts:\n")).chain(accounts).collect();
    // A parameter cannot hold so many keys either.
    refused(&validate(text), &["bytes, and a parameter of Systems Manager holds 8192"]);
}

#[test]
fn schedules_that_aws_would_refuse() {
    for (schedule, expected) in [
        ("cron(0 18 * * SAT *)", "day"),
        ("cron(0 18 ? * SAT)", "cron needs six fields and has 5"),
        ("cron(60 18 ? * SAT *)", "60"),
        ("cron(0 18 ? * 8 *)", "8"),
        ("cron(0 18 31 2 ? *)", "this schedule never comes"),
        ("rate(1 hours)", "hour"),
        ("rate(0 days)", "0"),
        ("every saturday", "a schedule is written `cron(…)` or `rate(…)`"),
    ] {
        let answer = validate(BASE.replace("cron(0 18 ? * SAT *)", schedule));
        refused(&answer, &[expected, "--> settings.yaml:4:"]);
    }
}

#[test]
fn rows_of_csv_files_that_are_wrong() {
    let csv = |content: &[u8]| {
        let folder = Folder::with("features: {with_csv_files: [a.csv]}\n");
        folder.write("a.csv", content);
        folder.spa(&["validate"])
    };
    refused(
        &csv(b"Account,Note\n111122223333\n"),
        &["this row has 1 cell, and the heading has 2", "--> a.csv:2:1"],
    );
    refused(&csv(b"Account,Note\n111122223333,a,b\n"), &["this row has 3 cells, and the heading has 2"]);
    refused(
        &csv(b"Account\n111122223333\n111122223333\n"),
        &["the account 111122223333 stands here twice", "--> a.csv:3:1"],
    );
    refused(
        &csv(b"Account\n1.11122E+11\n"),
        &["a spreadsheet has shortened the number: format the column as text"],
    );
    refused(&csv(b"Account,Notes\n111122223333,x\n"), &["unknown heading `Notes`", "did you mean `Note`?"]);
    refused(
        &csv(b"Account,Note\n111122223333,\"x\n"),
        &["a quote is opened and never closed", "--> a.csv:2:14"],
    );
    refused(&csv(b""), &["the file is empty"]);
    refused(&csv(b"Account\n\xff\n"), &["a.csv: line 2 is not UTF-8"]);
    refused(&csv(b"\xff\xfeA\0"), &["a.csv: the file is UTF-16", "Excel calls it"]);
    let gone = Folder::with("features: {with_csv_files: [gone.csv]}\n").spa(&["validate"]);
    refused(&gone, &["gone.csv: the file does not exist", "--> settings.yaml:8:29"]);
    // Both spellings of the predecessor are no fault.
    let folder = Folder::with("features: {with_csv_files: [a.csv]}\n");
    folder.write("a.csv", "\u{feff}Account;Preparation: A;Prepare: B\r\n111122223333;1;2\r\n");
    assert_eq!(folder.spa(&["validate"]).status, 0);
}

#[test]
fn large_csv_files_take_no_longer() {
    let folder = Folder::with("features: {with_csv_files: [a.csv]}\n");
    let rows = (0_u64..200_000).map(|n| format!("{:012},x,y\n", 100_000_000_000 + n));
    let good = std::iter::once("Account,Note,Tag: team\n".to_owned()).chain(rows).collect::<String>();
    folder.write("a.csv", &good);
    let answer = folder.spa(&["validate"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert!(answer.took < PATIENCE, "{:?}", answer.took);
    folder.write("a.csv", good.replace(",x,y", ",x"));
    refused(&folder.spa(&["validate"]), &["… and 199900 more"]);
    std::fs::File::options()
        .write(true)
        .open(folder.path().join("a.csv"))
        .unwrap()
        .set_len(100 << 20)
        .unwrap();
    refused(&folder.spa(&["validate"]), &["the file has 100 MiB, and 64 MiB is the most"]);
    // Many files of a size that each may have.
    for name in ["a.csv", "b.csv", "c.csv"] {
        let path = folder.write(name, "");
        std::fs::File::options().write(true).open(path).unwrap().set_len(60 << 20).unwrap();
    }
    folder.write("settings.yaml", format!("{BASE}features: {{with_csv_files: [a.csv, b.csv, c.csv]}}\n"));
    let answer = folder.spa(&["validate"]);
    refused(&answer, &["with this one, the CSV files have more than 128 MiB", "--> settings.yaml:8:43"]);
}

#[test]
fn buildspecs_that_are_missing_or_none() {
    let folder = Folder::new();
    std::fs::remove_file(folder.path().join("purge.yaml")).unwrap();
    refused(&folder.spa(&["validate"]), &["the file purge.yaml does not exist", "--> settings.yaml:7:34"]);
    folder.write("purge.yaml", "version: 0.2\nphases: {biuld: {commands: [a]}}\n");
    refused(&folder.spa(&["validate"]), &["`biuld` is no phase"]);
    let mut bomb = String::from("version: 0.2\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for n in 1..30 {
        let _ = writeln!(bomb, "a{n}: &a{n} [{}]", format!("*a{},", n - 1).repeat(10));
    }
    for text in [bomb, "[".repeat(8000), format!("version: 0.2\nphases: {}", "{a: ".repeat(1500))] {
        folder.write("purge.yaml", text);
        refused(&folder.spa(&["validate"]), &["purge.yaml is not a buildspec: "]);
    }
    folder.write("purge.yaml", vec![b'x'; 2 << 20]);
    refused(&folder.spa(&["validate"]), &["the file has 2 MiB, and 1 MiB is the most"]);
    folder.write(
        "purge.yaml",
        format!("version: 0.2\nphases: {{build: {{commands: [a]}}}}\n#{}", "x".repeat(25_600)),
    );
    refused(&folder.spa(&["validate"]), &["characters, and CodeBuild takes 25600"]);
}

#[test]
fn control_characters_of_a_file_never_reach_the_terminal() {
    let answer = validate("\u{1b}[31mred\u{7}: x\n\"\\u001b]0;title\\u0007\": y\n");
    assert_eq!(answer.status, 3);
    assert!(!answer.data.contains(['\u{1b}', '\u{7}']), "{:?}", answer.data);
    let folder = Folder::with("organizational_units: [{identifier: ou-ab12-11112222, note: \"a\\e[2Jb\"}]\n");
    let answer = folder.spa(&["explain", "111122223333", "--unit", "ou-ab12-11112222"]);
    assert_eq!(answer.status, 0);
    assert!(!answer.data.contains('\u{1b}'), "{:?}", answer.data);
}
