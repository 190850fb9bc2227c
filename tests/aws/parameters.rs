//! The settings, in Parameter Store.

use std::sync::{Arc, Mutex};

use aws_sdk_ssm::types::{ParameterTier, ParameterType};
use serde_json::{Value, json};
use spa::cloud::aws::governor::Governor;
use spa::cloud::aws::parameters::{Parameters, Place};
use spa::cloud::{FleetPolicies as _, Parameters as _};
use spa::settings::{Names, Settings, Tier, load_text};
use state_machine::{AccountId, FailureKind, Profile, Standing, TaskKind, UnitId, Unreadable};

use crate::organization::Stopped;
use crate::peers::{self, Guest};
use crate::{block_on, wire};

fn settings(text: &str) -> Settings {
    load_text("settings.yaml", text, ".".as_ref()).settings.unwrap()
}

fn file() -> String {
    std::fs::read_to_string("settings.yaml").unwrap()
}

fn place() -> Place {
    Place {
        names: Names::new("SpaDemo").unwrap(),
        automation_account: "123456789012".parse().unwrap(),
        region: "eu-west-1".into(),
    }
}

fn account(id: &str) -> AccountId {
    id.parse().unwrap()
}

fn units(ids: &[&str]) -> Vec<UnitId> {
    ids.iter().map(|id| id.parse().unwrap()).collect()
}

/// Parameters in moto.
struct Store {
    guest: Guest,
    client: aws_sdk_ssm::Client,
    clock: Arc<Stopped>,
    governor: Governor,
    adapter: Parameters,
}

impl Store {
    async fn with(settings: &Settings) -> Self {
        let guest = peers::guest();
        let client = aws_sdk_ssm::Client::new(&guest.config());
        let clock = Arc::<Stopped>::default();
        let governor = Governor::default();
        let adapter =
            Parameters::new(client.clone(), governor.clone(), Arc::<Stopped>::clone(&clock), place());
        let store = Self { guest, client, clock, governor, adapter };
        store.put(settings).await;
        store
    }

    async fn put(&self, settings: &Settings) {
        for (name, parameter) in settings.parameters() {
            let tier = match parameter.tier {
                Tier::Standard => ParameterTier::Standard,
                Tier::Advanced => ParameterTier::Advanced,
            };
            let request = self.client.put_parameter().name(&*name).value(&*parameter.value);
            let request = request.r#type(ParameterType::String).tier(tier).overwrite(true);
            request.send().await.unwrap();
        }
    }

    /// What was read so far.
    fn reads(&self) -> Vec<String> {
        self.guest.calls().into_iter().filter(|call| call.starts_with("ssm:Get")).collect()
    }
}

#[test]
fn what_counts_for_an_account_is_what_the_file_says() {
    let settings = settings(&file());
    let cases = [
        ("111122223333", &["ou-ab12-33334444", "ou-ab12-11112222"][..]),
        ("111122223333", &[]),
        ("222233334444", &[]),
        ("444455556666", &["ou-ab12-77778888"]),
        ("999900001111", &["ou-zz99-00000000", "ou-ab12-33334444", "ou-ab12-11112222"]),
        ("999900001111", &["ou-ab12-55556666"]),
        ("999900001111", &[]),
        ("888899990000", &["ou-ab12-11112222"]),
        ("123456789012", &["ou-ab12-11112222"]),
        ("210987654321", &[]),
    ];
    block_on(async {
        let store = Store::with(&settings).await;
        let mut fleet = store.adapter.fleet().await.unwrap();
        for (id, around) in cases {
            let (id, around) = (account(id), units(around));
            let expected = settings.resolve(id, &around);
            assert_eq!(store.adapter.policy(id, &around).await.unwrap(), *expected.policy(), "{id}");
            assert_eq!(fleet.policy(id, &around.clone().into()), *expected.policy(), "{id}");
        }
        assert_eq!(store.adapter.brakes().await.unwrap(), settings.brakes());
    });
}

#[test]
fn an_account_and_five_units_around_it_cost_one_call_and_then_what_is_new() {
    let settings = settings(&file());
    let nested = ["ou-ab12-33334444", "ou-ab12-11112222", "ou-a1-1", "ou-a1-2", "ou-a1-3"];
    block_on(async {
        let store = Store::with(&settings).await;
        let policy = async |id: &str, around: &[&str], reads: usize| {
            let before = store.reads().len();
            store.adapter.policy(account(id), &units(around)).await.unwrap();
            assert_eq!(store.reads()[before..], vec!["ssm:GetParameters"; reads], "{id}");
        };
        policy("999900001111", &nested, 1).await;
        policy("999900001111", &nested, 0).await;
        policy("999900001112", &nested, 0).await;
        policy("222233334444", &nested, 1).await;
        policy("999900001112", &["ou-a1-4"], 1).await;
        assert_eq!(store.reads().len(), 3);
        store.adapter.brakes().await.unwrap();
        assert_eq!(store.reads().len(), 3, "what everybody needs is known");
        store.clock.set(1);
        policy("999900001111", &nested, 1).await;
        // More than AWS nests are asked for all the same.
        let deep: Vec<String> = (0..12).map(|number| format!("ou-b1-{number}")).collect();
        policy("999900001111", &deep.iter().map(String::as_str).collect::<Vec<_>>(), 2).await;
    });
}

/// Accounts of other units follow one another: what both need is read in one call.
#[test]
fn units_that_others_stand_in_are_read_on_the_way() {
    let settings = settings(&file());
    let around = [units(&["ou-ab12-11112222"]), units(&["ou-ab12-55556666"])];
    let ids = [account("999900001111"), account("999900001112")];
    block_on(async {
        let store = Store::with(&settings).await;
        for (minute, reads) in [(0, 2), (2, 3), (4, 4)] {
            store.clock.set(minute);
            for (id, around) in ids.iter().zip(&around) {
                let policy = store.adapter.policy(*id, around).await.unwrap();
                assert_eq!(policy, *settings.resolve(*id, around).policy());
            }
            assert_eq!(store.reads().len(), reads, "minute {minute}");
        }
    });
}

/// From `automation.limits` to the governor of every call: the settings that a function reads say how fast it calls.
#[test]
fn limits_reach_the_governor_with_the_settings() {
    let rates = "  limits: { organizations: { start: 30, most: 60 }, patience: 3s, attempts: 2 }\n";
    let text = file().replacen("automation:\n", &format!("automation:\n{rates}"), 1);
    let settings = settings(&text);
    let wanted = settings.automation().limits.clone();
    assert_eq!((wanted.organizations.start, wanted.attempts), (30, 2), "they are said");
    block_on(async {
        let store = Store::with(&settings).await;
        let before = store.governor.limits();
        assert_ne!(before, wanted);
        store.adapter.policy(account("999900001111"), &[]).await.unwrap();
        assert_eq!(store.governor.limits(), wanted);
        // Somebody takes them away again.
        store.put(&self::settings(&file())).await;
        store.clock.set(1);
        store.adapter.brakes().await.unwrap();
        assert_eq!(store.governor.limits(), before);
    });
}

/// An earlier version has deployed, and says nowhere which accounts have settings of their own.
#[test]
fn where_nobody_says_who_has_settings_of_their_own_everybody_is_asked_for() {
    let settings = settings(&file());
    block_on(async {
        let store = Store::with(&settings).await;
        let name = "/SpaDemo/Settings";
        let mut general: Value = serde_json::from_str(&settings.parameters()[name].value).unwrap();
        general.as_object_mut().unwrap().remove("accounts_with_settings").unwrap();
        let put = store.client.put_parameter().name(name).value(general.to_string()).overwrite(true);
        put.send().await.unwrap();
        for (id, reads) in [("999900001111", 1), ("999900001112", 2), ("222233334444", 3)] {
            let policy = store.adapter.policy(account(id), &[]).await.unwrap();
            assert_eq!(policy, *settings.resolve(account(id), &[]).policy(), "{id}");
            assert_eq!(store.reads().len(), reads, "{id}");
        }
    });
}

#[test]
fn a_changed_setting_counts_after_a_minute() {
    let before = settings(&file());
    let after = settings(&file().replace("accounts_in_flight: 50", "accounts_in_flight: 20"));
    block_on(async {
        let store = Store::with(&before).await;
        assert_eq!(store.adapter.brakes().await.unwrap().in_flight, 50);
        store.put(&after).await;
        assert_eq!(store.adapter.brakes().await.unwrap().in_flight, 50);
        store.clock.set(1);
        assert_eq!(store.adapter.brakes().await.unwrap().in_flight, 20);
    });
}

#[test]
fn nobody_speaking_of_an_account_is_not_the_same_as_not_knowing() {
    let settings = settings(&file());
    block_on(async {
        let store = Store::with(&settings).await;
        let stranger = account("999900001111");
        let policy = async || store.adapter.policy(stranger, &[]).await.map(|policy| policy.standing);
        for (status, code, expected) in [
            (400, "AccessDeniedException", Unreadable::Denied),
            (400, "ParameterVersionNotFound", Unreadable::Failed),
        ] {
            store.guest.refuse("GetParameters", 1, status, code);
            assert_eq!(policy().await, Err(expected), "{code}");
        }
        assert_eq!(policy().await, Ok(Standing::Unmanaged));
        store.guest.refuse("GetParametersByPath", 1, 400, "AccessDeniedException");
        assert_eq!(store.adapter.fleet().await.err(), Some(Unreadable::Denied));

        // An environment that was never deployed has no settings; it is not one that manages nobody.
        let elsewhere = Place { names: Names::new("SpaOther").unwrap(), ..place() };
        let client = store.client.clone();
        let other = Parameters::new(client, Governor::default(), Arc::<Stopped>::default(), elsewhere);
        assert_eq!(other.policy(stranger, &[]).await.err(), Some(Unreadable::Failed));
        assert_eq!(other.fleet().await.err(), Some(Unreadable::Failed));
    });
}

#[test]
fn two_environments_in_one_account_do_not_see_each_other() {
    let one = settings(&file());
    let text = file().replace("environment_identifier: SpaDemo", "environment_identifier: SpaDemo2");
    let two = settings(&text.replace("accounts_in_flight: 50", "accounts_in_flight: 20"));
    block_on(async {
        let store = Store::with(&one).await;
        store.put(&two).await;
        assert_eq!(store.adapter.brakes().await.unwrap().in_flight, 50);
        let names = Names::new("SpaDemo2").unwrap();
        let client = store.client.clone();
        let place = Place { names, ..place() };
        let other = Parameters::new(client, Governor::default(), Arc::<Stopped>::default(), place);
        assert_eq!(other.brakes().await.unwrap().in_flight, 20);
        other.fleet().await.unwrap();
        store.adapter.fleet().await.unwrap();
    });
}

#[test]
fn a_build_gets_its_buildspec_and_the_variables_of_its_account() {
    let settings = settings(&file());
    block_on(async {
        let store = Store::with(&settings).await;
        let mut profile = Profile { email: "root@example.com".into(), ..Profile::default() };
        profile.units = units(&["ou-ab12-33334444", "ou-ab12-11112222"]).into();
        let id = account("999900001111");
        let order = store.adapter.build_order(id, &profile, TaskKind::Preparation).await.unwrap();
        assert_eq!(*order.buildspec, *std::fs::read_to_string("buildspecs/prepare.yaml").unwrap());
        let variables: Vec<_> =
            order.variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(
            variables,
            [
                "ALERT_THRESHOLD=80",
                "BUDGET_AMOUNT=1500",
                "BUDGET_EMAIL=root@example.com",
                "BUDGET_NAME=DataTeamBudget",
                "ENVIRONMENT_IDENTIFIER=SpaDemo",
                "EVENT_BUS_ARN=arn:aws:events:eu-west-1:123456789012:event-bus/default",
                "TOPIC_ARN=arn:aws:sns:eu-west-1:999900001111:SpaAlertTopic",
            ]
        );
        store.clock.set(2);
        store.guest.refuse("GetParameters", 1, 400, "AccessDeniedException");
        let failure = store.adapter.build_order(id, &profile, TaskKind::Purge).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Denied);
    });
}

/// Parameter Store as it may answer, and moto never does.
fn answering(answer: impl Fn(&str, &Value) -> Value + Send + Sync + 'static) -> Parameters {
    let client = aws_sdk_ssm::Client::new(&wire::config(answer));
    Parameters::new(client, Governor::default(), Arc::<Stopped>::default(), place())
}

#[test]
fn pages_may_be_empty_and_a_repeated_token_ends_them() {
    let all: Vec<_> = settings(&file())
        .parameters()
        .into_iter()
        .map(|(name, parameter)| json!({"Name": &*name, "Value": &*parameter.value}))
        .collect();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let adapter = answering(move |_, request| {
        seen.lock().unwrap().push(request.clone());
        let page = |from: usize, to: usize| all[from..to].to_vec();
        match request["NextToken"].as_str() {
            None => json!({"Parameters": [], "NextToken": "a"}),
            Some("a") => json!({"Parameters": page(0, 4), "NextToken": "b"}),
            Some("b") => json!({"Parameters": [], "NextToken": "c"}),
            Some(_) => json!({"Parameters": page(4, all.len())}),
        }
    });
    block_on(async {
        let mut fleet = adapter.fleet().await.unwrap();
        let policy = fleet.policy(account("111122223333"), &[].into());
        assert_eq!(policy.standing, Standing::Managed);
        assert_eq!(asked.lock().unwrap().len(), 4);
        let first = asked.lock().unwrap()[0].clone();
        assert_eq!(first, json!({"Path": "/SpaDemo", "Recursive": true, "MaxResults": 10}));
        let round = answering(|_, _| json!({"Parameters": [], "NextToken": "again"}));
        assert_eq!(round.fleet().await.err(), Some(Unreadable::Failed));
    });
}

#[test]
fn an_answer_that_says_nothing_of_a_parameter_is_no_answer() {
    let adapter = |missing: Value| {
        let all = settings(&file()).parameters();
        answering(move |_, request| {
            let asked = request["Names"].as_array().unwrap().iter().filter_map(Value::as_str);
            let found = asked.filter_map(|name| Some((name, all.get(name)?)));
            let found: Vec<_> =
                found.map(|(name, found)| json!({"Name": name, "Value": &*found.value})).collect();
            json!({"Parameters": found, "InvalidParameters": missing})
        })
    };
    let stranger = account("999900001111");
    let standing = |missing: Value| {
        let adapter = adapter(missing);
        block_on(adapter.policy(stranger, &[])).map(|policy| policy.standing)
    };
    assert_eq!(standing(json!(["/SpaDemo/Accounts/999900001111"])), Ok(Standing::Unmanaged));
    assert_eq!(standing(json!([])), Err(Unreadable::Failed));
}
