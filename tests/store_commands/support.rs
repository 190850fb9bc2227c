//! The program beside a store whose content, and whose time, are the same in every run.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use spa::cloud::local::faults::Faults;
use spa::cloud::local::{Anchor, Keeper, LocalCloud, State};
use spa::journal::sqlite::SqliteJournal;
use spa::lifecycle::{Handled, Lifecycle};
use spa::local::found::read_export;
use spa::local::{Engine, Founding, LocalWorld, Station, run_or_die};
use spa::settings::Settings;
use spa::store::{Open, Store};
use state_machine::{AccountId, Actor, Command as Order, Gesture, Happening, Timestamp, Trigger};
use tempfile::TempDir;

/// The machine's clock in these tests, and the anchor's: so far ahead of the real one that for the program no
/// time has passed since.
fn wall() -> Timestamp {
    at("2999-01-01T00:00:00Z")
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn account(text: &str) -> AccountId {
    text.parse().unwrap()
}

/// Where the settings and the goldens are.
pub(crate) fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/store_commands")
}

/// A folder with a store, settings, and the program.
pub(crate) struct Fleet {
    folder: TempDir,
    settings: Arc<Settings>,
}

impl Fleet {
    /// Nine accounts, at the moment at which they are founded.
    pub(crate) fn founded() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for file in ["settings.yaml", "build.yaml", "organization.json"] {
            std::fs::copy(home().join("fleet").join(file), folder.path().join(file)).unwrap();
        }
        let settings = spa::settings::load(&folder.path().join("settings.yaml")).settings.unwrap();
        let fleet = Self { folder, settings: Arc::new(settings) };
        let founding = Founding {
            accounts: 0,
            seed: 7,
            faults: Faults::none(),
            start: at("2026-12-01T00:00:00Z"),
            export: Some(read_export(&fleet.path().join("organization.json")).unwrap()),
        };
        fleet.station().found(&fleet.settings, &founding).unwrap();
        fleet.set_time(founding.start);
        fleet
    }

    /// The same, four days later, with something to tell of every account.
    pub(crate) fn grown() -> Self {
        let fleet = Self::founded();
        fleet.live_until("2026-12-03T12:00:00Z");
        fleet.order("100000000002", Gesture::Hold(at("2026-12-20T00:00:00Z")), "shows it to a customer");
        // From here on every build fails, until one account is in quarantine.
        fleet.change(|_, state| state.faults = Faults::none().switch("build=100%").unwrap());
        fleet.order("300000000001", Gesture::Expire, "left the company");
        fleet.live_until("2026-12-03T18:00:00Z");
        fleet.change(|_, state| state.faults = Faults::none());
        // Somebody writes nonsense into a tag, an hour before we look.
        fleet.live_until("2026-12-04T08:00:00Z");
        fleet.change(|cloud, state| {
            let who = "arn:aws:iam::210987654321:user/mallory";
            cloud.set_state_by_hand(state, account("100000000003"), Some("Released"), who);
        });
        fleet.live_until("2026-12-04T09:00:00Z");
        fleet
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.path().join("spa.db")
    }

    pub(crate) fn station(&self) -> Station {
        Station::new(Store::open(&self.store(), Open::OrCreate).unwrap())
    }

    fn cloud(&self) -> LocalCloud {
        let keeper = Keeper::new(self.station().store().clone());
        let state = keeper.load().unwrap().unwrap();
        LocalCloud::kept(state, Arc::clone(&self.settings), keeper, wall)
    }

    /// The world, for a test that acts itself.
    pub(crate) fn world(&self) -> LocalWorld<SqliteJournal> {
        LocalWorld::new(self.station().journal(), self.cloud())
    }

    pub(crate) fn change(&self, change: impl FnOnce(&LocalCloud, &mut State)) {
        let cloud = self.cloud();
        cloud
            .change(|state| {
                change(&cloud, state);
                // Faults are written with the timers.
                state.meta_mut();
            })
            .unwrap();
    }

    /// Sets the organization's time, and stops it.
    pub(crate) fn set_time(&self, time: Timestamp) {
        self.change(|_, state| state.meta_mut().clock = Some(Anchor::new(time, wall())));
    }

    /// Lets it live, each thing at its time exactly.
    pub(crate) fn live_until(&self, until: &str) {
        let until = at(until);
        let world = self.world();
        let engine = Engine::new(&world);
        let move_to = |time: Timestamp| {
            world.cloud().change(|state| state.meta_mut().clock = Some(Anchor::new(time, wall()))).unwrap();
        };
        engine.start().unwrap();
        while let Some((next, item)) = engine.next().unwrap() {
            if next > until {
                break;
            }
            move_to(next.max(world.cloud().time()));
            run_or_die(engine.run(item)).unwrap().unwrap();
        }
        move_to(until);
    }

    pub(crate) fn order(&self, id: &str, gesture: Gesture, reason: &str) -> Handled {
        let order = Order { gesture, reason: reason.into() };
        let by = Actor::Principal("olivia".into());
        let trigger = Trigger { id: None, by, happening: Happening::Command(order) };
        let world = self.world();
        run_or_die(Lifecycle::new(&world).handle(account(id), &trigger)).unwrap().unwrap()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_spa"));
        command.args(arguments).current_dir(self.path()).stdin(Stdio::null());
        for key in ["SPA_SETTINGS", "SPA_STORE", "SPA_LOG", "SPA_ON"] {
            command.env_remove(key);
        }
        command
    }

    pub(crate) fn spa(&self, arguments: &[&str]) -> Answer {
        Answer::of(arguments, &self.command(arguments).output().unwrap())
    }

    /// Runs with this on standard input.
    pub(crate) fn spa_reading(&self, arguments: &[&str], input: &[u8]) -> Answer {
        use std::io::Write as _;
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        Answer::of(arguments, &child.wait_with_output().unwrap())
    }
}

/// What the program answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) asked: String,
    pub(crate) data: String,
    pub(crate) notes: String,
    pub(crate) status: i32,
}

impl Answer {
    pub(crate) fn of(arguments: &[&str], output: &Output) -> Self {
        let quoted = arguments.iter().map(|argument| {
            if argument.contains(' ') { format!("'{argument}'") } else { (*argument).to_owned() }
        });
        Self {
            asked: quoted.collect::<Vec<_>>().join(" "),
            data: String::from_utf8(output.stdout.clone()).unwrap(),
            notes: String::from_utf8(output.stderr.clone()).unwrap(),
            status: output.status.code().unwrap_or(-1),
        }
    }

    /// As somebody would see it at a terminal; what went to standard error begins with `! `.
    pub(crate) fn transcript(&self) -> String {
        let notes = self.notes.lines().fold(String::new(), |text, line| text + "! " + line + "\n");
        let status = if self.status == 0 { String::new() } else { format!("[status {}]\n", self.status) };
        format!("$ spa {}\n{}{notes}{status}\n", self.asked, self.data.replace("\r\n", "\n"))
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.data).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Compares transcripts with a file; with `UPDATE_GOLDENS=1` in the environment, writes the file instead.
pub(crate) fn assert_golden(name: &str, answers: &[Answer]) {
    let file = home().join("golden").join(name);
    let actual: String = answers.iter().map(Answer::transcript).collect();
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::create_dir_all(home().join("golden")).unwrap();
        std::fs::write(&file, &actual).unwrap();
    }
    let expected = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(expected == actual, "{} differs; UPDATE_GOLDENS=1 rewrites it:\n{actual}", file.display());
}

/// Waits until the process has asked for SIGINT: before, it would die of it.
#[cfg(target_os = "linux")]
pub(crate) fn listens(process: u32) {
    const SIGINT: u64 = 1 << 1;
    loop {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap().trim().to_owned();
        if u64::from_str_radix(&caught, 16).unwrap() & SIGINT != 0 {
            return;
        }
        std::thread::yield_now();
    }
}
