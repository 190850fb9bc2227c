//! Layers: imports point downwards only.

use std::collections::BTreeSet;

use super::{Found, Tree, source};
use crate::fault::Fault;

/// A module and the modules that it may use. Every module may use itself.
struct Layer {
    module: &'static str,
    may_use: &'static [&'static str],
}

/// From the bottom to the top. A module may name only what stands above its line here; a test says so.
///
/// A path belongs to the longest module that fits: `crate::cloud::local::State` is `cloud::local`, and may not be
/// used by whoever is allowed `cloud` alone.
const LAYERS: &[Layer] = &[
    Layer { module: "diagnostic", may_use: &[] },
    Layer { module: "schedule", may_use: &[] },
    Layer { module: "settings", may_use: &["diagnostic", "schedule"] },
    // What a month costs: settings, and numbers that were measured.
    Layer { module: "estimate", may_use: &["schedule", "settings"] },
    Layer { module: "event", may_use: &[] },
    Layer { module: "store", may_use: &[] },
    // What the lifecycle needs from the world. It knows neither decisions nor the journal.
    Layer { module: "cloud", may_use: &["event"] },
    // What settings say, in the words of the traits.
    Layer { module: "cloud::configured", may_use: &["cloud", "settings"] },
    // AWS, played. It knows what AWS knows, and settings only as text in its parameters.
    Layer { module: "cloud::local", may_use: &["cloud", "cloud::configured", "event", "settings", "store"] },
    // AWS, as the SDK reaches it: roles, limits and names come from the settings.
    Layer { module: "cloud::aws", may_use: &["cloud", "cloud::configured", "event", "settings"] },
    // The journal's promises, and errors of what keeps it.
    Layer { module: "journal", may_use: &["store"] },
    Layer { module: "journal::memory", may_use: &["journal"] },
    Layer { module: "journal::sqlite", may_use: &["journal", "store"] },
    // It makes its calls as every adapter does.
    Layer { module: "journal::dynamodb", may_use: &["cloud::aws", "journal"] },
    // The loop that both worlds run: traits only, nobody who implements them.
    Layer { module: "lifecycle", may_use: &["cloud", "event", "journal", "settings"] },
    Layer { module: "handler", may_use: &["cloud", "event", "journal", "lifecycle"] },
    // AWS, put together.
    Layer {
        module: "aws",
        may_use: &["cloud", "cloud::aws", "event", "journal", "journal::dynamodb", "lifecycle", "settings"],
    },
    // Lambda's entry: over any world, and over AWS.
    Layer {
        module: "function",
        may_use: &["aws", "cloud", "cloud::aws", "event", "handler", "journal", "lifecycle", "settings"],
    },
    Layer {
        module: "local",
        may_use: &[
            "cloud",
            "cloud::local",
            "event",
            "handler",
            "journal",
            "journal::memory",
            "journal::sqlite",
            "lifecycle",
            "settings",
            "store",
        ],
    },
    Layer {
        module: "simulation",
        may_use: &[
            "cloud",
            "cloud::local",
            "event",
            "handler",
            "journal",
            "journal::memory",
            "lifecycle",
            "local",
            "settings",
            "store",
        ],
    },
    // What people touch sees everything.
    Layer {
        module: "cli",
        may_use: &[
            "aws",
            "cloud",
            "cloud::aws",
            "cloud::configured",
            "cloud::local",
            "diagnostic",
            "estimate",
            "event",
            "handler",
            "journal",
            "journal::dynamodb",
            "journal::memory",
            "journal::sqlite",
            "lifecycle",
            "local",
            "schedule",
            "settings",
            "simulation",
            "store",
        ],
    },
];

/// What the state machine must not even name: the standard library's way to the world outside.
const WORLD: &[&str] = &["env", "fs", "io", "net", "os", "process", "thread"];

/// Checks every file of the program.
///
/// # Errors
/// With each import that points upwards or sideways, and each module that has no line in the table.
pub fn check(tree: &Tree) -> Result<String, Fault> {
    let mut found = Found::default();
    let mut files = 0;
    for file in tree.below("src/", ".rs") {
        files += 1;
        let Some(module) = module_of(file) else { continue };
        if layer_of(&module).is_none() {
            found.at(file, format!("`{module}` stands on no layer; give it one in xtask/src/tidy/layers.rs"));
        }
        let code = source::code(tree.text(file)?);
        let path: Vec<&str> = module.split("::").collect();
        // A module that has parts on layers of their own: `cloud`, of which `local` is one.
        let within = format!("{module}::");
        let parts: Vec<&str> = LAYERS.iter().filter_map(|layer| layer.module.strip_prefix(&within)).collect();
        let problems: BTreeSet<String> = source::crate_paths(&code, &path, &parts)
            .into_iter()
            .filter_map(|named| problem(&module, &named.join("::")))
            .collect();
        for problem in problems {
            found.at(file, problem);
        }
    }
    for file in tree.below("state-machine/src/", ".rs") {
        files += 1;
        for word in outside(&source::code(tree.text(file)?)) {
            found.at(file, format!("the state machine names `std::{word}`; it has no world outside"));
        }
    }
    found.none()?;
    Ok(format!("{files} files"))
}

/// `src/cloud/local/bus.rs` is `cloud::local::bus`. The roots (`lib.rs`, `main.rs`, `bin/`) are no module.
fn module_of(file: &str) -> Option<String> {
    let path = file.strip_prefix("src/")?.strip_suffix(".rs")?;
    if matches!(path, "lib" | "main") || path.starts_with("bin/") {
        return None;
    }
    let path = path.strip_suffix("/mod").unwrap_or(path);
    Some(path.replace('/', "::"))
}

fn layer_of(path: &str) -> Option<&'static Layer> {
    let holds = |layer: &&Layer| {
        path.strip_prefix(layer.module).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    LAYERS.iter().filter(holds).max_by_key(|layer| layer.module.len())
}

fn problem(from: &str, to: &str) -> Option<String> {
    let (from, to) = (layer_of(from)?, layer_of(to)?);
    if from.module == to.module || from.may_use.contains(&to.module) {
        return None;
    }
    let may = if from.may_use.is_empty() { "nothing of ours".to_owned() } else { from.may_use.join(", ") };
    Some(format!("`{}` uses `{}`; it may use {may}", from.module, to.module))
}

/// What code names of the world outside.
fn outside(code: &str) -> BTreeSet<String> {
    let mut outside = BTreeSet::new();
    for (at, start) in code.match_indices("std::") {
        let rest = &code[at + start.len()..];
        let group = rest.strip_prefix('{').and_then(|rest| rest.split('}').next());
        let names = group.map_or_else(|| vec![rest], |group| group.split(',').collect());
        for name in names {
            let name: String = name.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if WORLD.contains(&name.as_str()) {
                outside.insert(name);
            }
        }
    }
    for word in ["SystemTime", "Instant"] {
        if code.contains(&format!("time::{word}")) {
            outside.insert(format!("time::{word}"));
        }
    }
    outside
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_points_downwards() {
        for (index, layer) in LAYERS.iter().enumerate() {
            for used in layer.may_use {
                let below = LAYERS[..index].iter().any(|below| below.module == *used);
                assert!(below, "`{}` may use `{used}`, which is not below it", layer.module);
            }
        }
    }

    #[test]
    fn a_path_belongs_to_the_longest_module() {
        assert_eq!(layer_of("cloud::local::bus").map(|layer| layer.module), Some("cloud::local"));
        assert_eq!(layer_of("cloud::Clock").map(|layer| layer.module), Some("cloud"));
        assert!(layer_of("clouds").is_none());
    }

    #[test]
    fn an_import_that_points_upwards_is_told() {
        assert!(problem("lifecycle::handle", "cloud::Clock").is_none());
        assert!(problem("lifecycle::handle", "lifecycle::pay").is_none());
        let found = problem("lifecycle::handle", "cloud::local::State").unwrap_or_default();
        assert!(found.starts_with("`lifecycle` uses `cloud::local`; it may use cloud, event"), "{found}");
        assert!(problem("settings::load", "cli::Exit").is_some());
        assert!(problem("simulation::run", "cli::Exit").is_some());
        assert!(problem("journal", "journal::sqlite::Journal").is_some());
    }

    #[test]
    fn the_files_are_checked_with_their_places() {
        let tree = Tree::of(&[
            ("src/lib.rs", "pub mod cli;"),
            ("src/settings/load.rs", "use crate::{\n    diagnostic::Report,\n    cli::Exit,\n};"),
            ("src/novelty/mod.rs", ""),
            ("src/journal/mod.rs", "mod sqlite;\npub use sqlite::Journal;"),
            ("state-machine/src/fold.rs", "use std::fs::File;"),
        ]);
        let Err(Fault::Found(found)) = check(&tree) else { panic!("nothing was found") };
        assert_eq!(found.len(), 4, "{found:?}");
        assert!(found[0].starts_with("src/journal/mod.rs: `journal` uses `journal::sqlite`"), "{found:?}");
        assert!(found[1].starts_with("src/novelty/mod.rs: `novelty` stands on no layer"), "{found:?}");
        assert!(found[2].starts_with("src/settings/load.rs: `settings` uses `cli`"), "{found:?}");
        assert!(
            found[3].starts_with("state-machine/src/fold.rs: the state machine names `std::fs`"),
            "{found:?}"
        );
    }

    #[test]
    fn files_are_modules() {
        assert_eq!(module_of("src/cloud/local/mod.rs").as_deref(), Some("cloud::local"));
        assert_eq!(module_of("src/cloud/local/bus.rs").as_deref(), Some("cloud::local::bus"));
        assert_eq!(module_of("src/lib.rs"), None);
    }

    #[test]
    fn the_world_outside_is_seen_in_any_spelling() {
        let code =
            source::code("use std::{fmt, fs};\nuse std::time::SystemTime; // std::net\nstd::env::var(x)");
        assert_eq!(outside(&code).into_iter().collect::<Vec<_>>(), ["env", "fs", "time::SystemTime"]);
    }
}
