//! The reconciler's look at large fleets that rest: its calls grow with pages, not with accounts.
//!
//! One account lives in the peer. What the peer answers about it is what it would answer about each of ten thousand like
//! it, in pages as AWS has them; everything else is the peer's.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use aws_config::retry::RetryConfig;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use chrono::TimeDelta;
use serde_json::{Value, json};
use spa::event::Handler;
use spa::lifecycle::{Lifecycle, compare};
use state_machine::State;

use crate::company::{Company, TABLE};
use crate::functions::{Hand, world};
use crate::life::Life;
use crate::wire::Call;
use crate::{block_on, start};

/// Accounts in a page of `ListAccounts`, and resources in one of `GetResources`.
const LISTED: usize = 20;
const TAGGED: usize = 100;

/// What the peer says of one account.
struct Sample {
    id: String,
    account: String,
    tagged: String,
    head: String,
}

/// So many accounts like it.
#[derive(Clone)]
struct Many {
    sample: Arc<Sample>,
    accounts: usize,
    peer: SharedHttpClient,
    calls: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl Many {
    /// What is said of the account with this number.
    fn like(&self, text: &str, number: usize) -> Value {
        serde_json::from_str(&text.replace(&self.sample.id, &id(number))).unwrap()
    }

    /// A page of so many of them, after those that the token counts, and the token behind it.
    fn page(&self, text: &str, token: &Value, most: usize) -> (Vec<Value>, Option<String>) {
        let first = token.as_str().map_or(0, |token| token.parse().unwrap());
        let last = (first + most).min(self.accounts);
        let page = (first..last).map(|number| self.like(text, number)).collect();
        (page, (last < self.accounts).then(|| last.to_string()))
    }

    /// What AWS answers where it is asked about all of them; `None`: ask the peer.
    fn answer(&self, call: &Call) -> Option<Value> {
        let sent = &call.sent;
        Some(match call.operation.as_str() {
            "ListAccounts" => {
                let (page, token) = self.page(&self.sample.account, &sent["NextToken"], LISTED);
                json!({ "Accounts": page, "NextToken": token })
            }
            "GetResources" => {
                let (page, token) = self.page(&self.sample.tagged, &sent["PaginationToken"], TAGGED);
                json!({ "ResourceTagMappingList": page, "PaginationToken": token })
            }
            "Query" if sent["IndexName"] == "heads" => {
                let after = sent["ExpressionAttributeValues"][":after"]["S"].as_str().map(str::to_owned);
                let most = usize::try_from(sent["Limit"].as_u64().unwrap()).unwrap();
                let behind = |number: &usize| after.as_ref().is_none_or(|after| id(*number) > *after);
                let ids: Vec<_> = (0..self.accounts).filter(behind).take(most).map(id).collect();
                let key = |id: &String| json!({ "stream": { "S": id }, "item": { "S": "head" }, "kind": { "S": "account" } });
                json!({ "Items": ids.iter().map(key).collect::<Vec<_>>(), "Count": ids.len() })
            }
            "BatchGetItem" => {
                let keys = sent["RequestItems"][TABLE]["Keys"].as_array().unwrap().iter();
                let heads = keys.map(|key| {
                    let text =
                        self.sample.head.replace(&self.sample.id, key["stream"]["S"].as_str().unwrap());
                    serde_json::from_str(&text).unwrap()
                });
                json!({ "Responses": { TABLE: heads.collect::<Vec<Value>>() }, "UnprocessedKeys": {} })
            }
            _ => return None,
        })
    }
}

/// Accounts sort by their number.
fn id(number: usize) -> String {
    format!("3{number:011}")
}

impl fmt::Debug for Many {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Many")
    }
}

impl HttpClient for Many {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let peer = self.peer.http_connector(settings, components);
        SharedHttpConnector::new(Connector { many: self.clone(), peer })
    }
}

#[derive(Debug)]
struct Connector {
    many: Many,
    peer: SharedHttpConnector,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let call = Call::of(&request);
        let name = format!("{}:{}", call.service, call.operation);
        *self.many.calls.lock().unwrap().entry(name).or_default() += 1;
        match self.many.answer(&call) {
            Some(answer) => {
                let body = SdkBody::from(answer.to_string());
                HttpConnectorFuture::ready(Ok(HttpResponse::new(200.try_into().unwrap(), body)))
            }
            None => self.peer.call(request),
        }
    }
}

/// What the peer answers of the one account, found among the calls of a comparison.
fn sample(calls: &[Call], id: &str) -> Sample {
    let about = |operation: &str, list: &dyn Fn(&Value) -> Value| {
        let answers = calls.iter().filter(|call| call.operation == operation).map(|call| list(&call.answer));
        let items = answers.flat_map(|list| list.as_array().cloned().unwrap_or_default());
        items.map(|item| item.to_string()).find(|item| item.contains(id)).unwrap()
    };
    Sample {
        id: id.to_owned(),
        account: about("ListAccounts", &|answer| answer["Accounts"].clone()),
        tagged: about("GetResources", &|answer| answer["ResourceTagMappingList"].clone()),
        head: about("BatchGetItem", &|answer| answer["Responses"][TABLE].clone()),
    }
}

#[test]
fn a_comparison_calls_as_often_as_there_are_pages() {
    block_on(async {
        let company = Company::found(1, 0).await;
        let mut life = Life::new(&company, start(), RetryConfig::disabled());
        life.accounts_are_created();
        life.live(TimeDelta::hours(2)).await;
        assert_eq!(life.heads().await[0].state(), Some(State::Released));
        life.take_calls();
        let calls = life.calls_at_rest("SpaOnCompare").await;
        let sample = Arc::new(sample(&calls, &company.accounts[0].to_string()));
        for accounts in [100, 1_000, 10_000] {
            let peer = aws_smithy_http_client::Builder::new().build_http();
            let many = Many { sample: Arc::clone(&sample), accounts, peer, calls: Arc::default() };
            let config = company.automation.config().into_builder().http_client(many.clone()).build();
            let world = world(&company, &config, Handler::OnReconcile, Hand::at(life.now()));
            let compared = compare(&Lifecycle::new(&world)).await.unwrap();
            assert_eq!(
                (compared.listed, compared.different.len()),
                (accounts, 0),
                "{:?}",
                compared.different
            );
            let calls = many.calls.lock().unwrap();
            let all: usize = calls.values().sum();
            println!("{accounts} accounts: {all} calls: {calls:?}");
            let pages = |most: usize| accounts.div_ceil(most);
            let expected = [
                ("dynamodb:BatchGetItem", pages(100)),
                // One more, to learn that there are no more.
                ("dynamodb:Query", accounts / 500 + 1),
                ("organizations:ListAccounts", pages(LISTED)),
                ("ssm:GetParametersByPath", 1),
                ("sts:AssumeRole", 1),
                ("tagging:GetResources", pages(TAGGED)),
            ];
            let expected: BTreeMap<_, _> = expected.map(|(name, calls)| (name.to_owned(), calls)).into();
            assert_eq!(*calls, expected);
        }
    });
}
