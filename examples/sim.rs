use std::sync::Arc;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    if let Some((from, to)) = a[3].split_once("..") {
        let settings = Arc::new(spa::settings::load(std::path::Path::new("settings.yaml")).settings.unwrap());
        let t = std::time::Instant::now();
        for seed in from.parse::<u64>().unwrap()..to.parse().unwrap() {
            let s = spa::simulation::Scenario {
                accounts: a[1].parse().unwrap(),
                days: a[2].parse().unwrap(),
                seed,
                faults: spa::cloud::local::faults::Faults::none().switch(&a[4]).unwrap(),
                start: "2026-12-01T00:00:00Z".parse().unwrap(),
                organization: None,
                adopt: false,
                watched: true,
            };
            let r = spa::simulation::simulate(&settings, &s, &mut |_| true).unwrap();
            if let Some(b) = &r.referee.books().breach {
                println!("{seed}: {b:?}");
            }
        }
        println!("{:?}", t.elapsed());
        return;
    }
    let settings = Arc::new(spa::settings::load(std::path::Path::new("settings.yaml")).settings.unwrap());
    let s = spa::simulation::Scenario {
        accounts: a[1].parse().unwrap(),
        days: a[2].parse().unwrap(),
        seed: a[3].parse().unwrap(),
        faults: spa::cloud::local::faults::Faults::none().switch(&a[4]).unwrap(),
        start: "2026-12-01T00:00:00Z".parse().unwrap(),
        organization: None,
        adopt: false,
        watched: a.get(5).is_none_or(|x| x != "bare"),
    };
    let t = std::time::Instant::now();
    let r = spa::simulation::simulate(&settings, &s, &mut |_| true).unwrap();
    println!("{:?}", t.elapsed());
    let b = r.referee.books();
    println!(
        "records {} builds {} struck {:?} deaths {} dead {}",
        b.statistics.records, b.statistics.builds, r.struck, r.deaths, r.dead_letters
    );
    println!("{:#?}", b.breach);
    println!("{:?}", b.checks);
    println!("{:?}", b.statistics.windows);
    println!("bytes {}", r.world.kept().record_bytes());
    for (u, f) in &b.statistics.units {
        let mut o = f.on_boarding.clone();
        let mut m = f.maintenance.clone();
        println!(
            "{u}: {} accounts {} cycles {} interrupted, onboard {} {} maintain {} {} fail {} q {}",
            f.accounts.len(),
            f.cycles,
            f.interrupted,
            spa::simulation::statistics::percentile(&mut o, 50),
            spa::simulation::statistics::percentile(&mut o, 95),
            spa::simulation::statistics::percentile(&mut m, 50),
            spa::simulation::statistics::percentile(&mut m, 95),
            f.failures,
            f.quarantines
        );
    }
    for c in r.world.cloud().calls().lines() {
        println!("{c:?}");
    }
    if let Some(x) = &b.breach {
        if let Some(acc) = x.account {
            let h = r.history(acc).unwrap();
            for r in h.iter().rev().take(40).rev() {
                println!(
                    "{} {} {} {} {:?}",
                    r.version,
                    r.at,
                    r.cause.origin,
                    r.fact,
                    r.owes.iter().map(|o| o.intent.to_string()).collect::<Vec<_>>()
                );
            }
        }
    }
}
