//! The organization on this machine.

use std::path::Path;

use super::checkup::{Checkup, Finding};
use super::facts::{Facts, count};
use super::{SETTINGS, settings};
use crate::cli::{Context, Failure, time};
use crate::local::{Lock, Station};
use crate::store::{Open, Store, StoreError};

const STORE: &str = "store";
const ORGANIZATION: &str = "organization";
const LIFE: &str = "life";
const STUCK: &str = "stuck-accounts";
const REFUSED: &str = "refused-events";

/// Looks at all of it.
///
/// # Errors
/// When something local did not come to an end: a fault of the program.
pub fn run(context: &Context) -> Result<Checkup, Failure> {
    let mut checkup = Checkup::default();
    checkup.found(SETTINGS, settings(context).0);
    let path = context.store_path();
    let station = match Store::open(path, Open::Existing) {
        Ok(store) => {
            checkup.found(STORE, store_is_there(&store));
            Some(Station::new(store))
        }
        Err(error) => {
            checkup.found(STORE, Finding::of(&error.into(), Finding::bad));
            None
        }
    };
    crate::cli::place::local::done(Box::pin(rest(&mut checkup, station.as_ref(), path)))?;
    Ok(checkup)
}

async fn rest(checkup: &mut Checkup, station: Option<&Station>, path: &Path) {
    let Some(station) = station else {
        for name in [ORGANIZATION, LIFE, STUCK, REFUSED] {
            checkup.leave(name, STORE);
        }
        return;
    };
    checkup.look(ORGANIZATION, &[STORE], async { founded(station) }).await;
    checkup.look(LIFE, &[ORGANIZATION], async { life(path) }).await;
    let facts = match (checkup.carries(ORGANIZATION), station.time()) {
        (true, Ok(Some(now))) => Facts::read(&station.journal(), now).await.map_err(Failure::from),
        (false, _) | (true, Ok(None)) => Err(StoreError::Missing { path: path.to_owned() }.into()),
        (true, Err(error)) => Err(error.into()),
    };
    let told = |look: fn(&Facts) -> Finding| match &facts {
        Ok(facts) => look(facts),
        Err(failure) => Finding::of(failure, Finding::unseen),
    };
    checkup.look(STUCK, &[ORGANIZATION], async { told(Facts::stuck) }).await;
    checkup.look(REFUSED, &[ORGANIZATION], async { told(Facts::refused) }).await;
}

fn store_is_there(store: &Store) -> Finding {
    let path = store.path().display();
    match store.format() {
        Ok(format) => Finding::good(format!("{path} can be read, in format {format}, the newest")),
        Err(error) => Finding::of(&error.into(), Finding::bad),
    }
}

fn founded(station: &Station) -> Finding {
    let seen = station.time().and_then(|now| Ok((now, station.members(|_| true)?.len())));
    match seen {
        Ok((Some(now), accounts)) => {
            Finding::good(format!("{}; its time is {}", count(accounts, "account"), time::shown(now)))
        }
        Ok((None, _)) => Finding::bad("no organization was founded yet", "`spa up` founds one"),
        Err(error) => Finding::of(&error.into(), Finding::bad),
    }
}

fn life(path: &Path) -> Finding {
    match Lock::is_held(path) {
        Some(true) => Finding::good("`spa up` lets it live"),
        Some(false) => Finding::warning("nobody lets it live at the moment", "`spa up`"),
        None => Finding::warning(
            "whether somebody lets it live cannot be asked",
            format!("read the file {}.up: its rights may not allow it", path.display()),
        ),
    }
}
