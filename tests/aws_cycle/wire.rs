//! Sees every call that leaves this process: who makes it as whom, which service, which operation, and what it answered.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use serde_json::Value;
use spa::event::Handler;

/// A call as it went over the wire. What was sent twice is here twice.
#[derive(Clone, Debug)]
pub struct Call {
    /// The function that made it; nothing when the test did.
    pub function: Option<Handler>,
    /// The role that was assumed for it, by its name; nothing when it was made as whoever runs.
    pub role: Option<String>,
    /// The access key that signed it.
    key: String,
    /// The service, by the name that requests are signed for: `organizations`.
    pub service: String,
    /// The operation, as the service calls it: `TagResource`.
    pub operation: String,
    /// The status of the answer; nothing when none came.
    pub status: Option<u16>,
    /// What was sent: JSON, or the form that it is, names and values as they are encoded there.
    pub sent: Value,
    /// What was answered, of services that speak JSON.
    pub answer: Value,
}

/// The HTTP client of the SDK, with an eye on it. The clones see the same.
#[derive(Clone)]
pub struct Wire {
    client: SharedHttpClient,
    calls: Arc<Mutex<Vec<Call>>>,
    actors: Arc<Mutex<Actors>>,
}

/// Who is at work.
#[derive(Default)]
struct Actors {
    function: Option<Handler>,
    /// The role of each session, by its access key.
    sessions: BTreeMap<String, String>,
}

impl Wire {
    /// Without TLS: to load the certificates of the system for every function would take most of the time.
    pub fn new() -> Self {
        let client = aws_smithy_http_client::Builder::new().build_http();
        Self { client, calls: Arc::default(), actors: Arc::default() }
    }

    /// From now on this function is at work, or nobody but the test.
    pub fn is_at_work(&self, function: Option<Handler>) {
        self.actors.lock().unwrap_or_else(PoisonError::into_inner).function = function;
    }

    /// What was called since the last time that somebody asked.
    pub fn take(&self) -> Vec<Call> {
        std::mem::take(&mut *self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

impl HttpClient for Wire {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let connector = self.client.http_connector(settings, components);
        let (calls, actors) = (Arc::clone(&self.calls), Arc::clone(&self.actors));
        SharedHttpConnector::new(Seen { connector, calls, actors })
    }
}

struct Seen {
    connector: SharedHttpConnector,
    calls: Arc<Mutex<Vec<Call>>>,
    actors: Arc<Mutex<Actors>>,
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seen")
    }
}

impl HttpConnector for Seen {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut call = Call::of(&request);
        let assumed = assumed(&request);
        let (calls, actors) = (Arc::clone(&self.calls), Arc::clone(&self.actors));
        {
            let actors = actors.lock().unwrap_or_else(PoisonError::into_inner);
            call.function = actors.function;
            call.role = actors.sessions.get(&call.key).cloned();
        }
        let answer = self.connector.call(request);
        HttpConnectorFuture::new(async move {
            let answer = match answer.await {
                Ok(mut answer) => {
                    let body = std::mem::replace(answer.body_mut(), SdkBody::taken());
                    let bytes = ByteStream::new(body).collect().await.unwrap().into_bytes();
                    call.status = Some(answer.status().as_u16());
                    call.answer = serde_json::from_slice(&bytes).unwrap_or_default();
                    if let Some((role, key)) = assumed.zip(new_key(&bytes)) {
                        let mut actors = actors.lock().unwrap_or_else(PoisonError::into_inner);
                        actors.sessions.insert(key, role);
                    }
                    *answer.body_mut() = SdkBody::from(bytes);
                    Ok(answer)
                }
                Err(error) => Err(error),
            };
            calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
            answer
        })
    }
}

impl Call {
    /// The service stands in the signature, the operation in a header or in the form that the body is.
    pub fn of(request: &HttpRequest) -> Self {
        let header = |name: &str| request.headers().get(name).unwrap_or_default();
        let body = request.body().bytes().unwrap_or_default();
        let form = || {
            let text = String::from_utf8_lossy(body);
            text.split('&').find_map(|pair| pair.strip_prefix("Action=")).unwrap_or_default().to_owned()
        };
        let operation = header("x-amz-target").rsplit('.').next().unwrap_or_default();
        let operation = if operation.is_empty() { form() } else { operation.to_owned() };
        // AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261120/us-east-1/organizations/aws4_request, …
        let mut scope = header("authorization").split('/');
        let key = scope.next().unwrap_or_default().rsplit('=').next().unwrap_or_default().to_owned();
        let service = scope.nth(2).unwrap_or_default().to_owned();
        let sent = serde_json::from_slice(body).unwrap_or_else(|_| form_of(body));
        let (function, role) = (None, None);
        Self { function, role, key, service, operation, status: None, sent, answer: Value::Null }
    }

    /// Whether it was served.
    pub fn is_served(&self) -> bool {
        self.status == Some(200)
    }
}

/// What a form says, names and values as they are encoded; nothing when the body is no form.
fn form_of(body: &[u8]) -> Value {
    let text = std::str::from_utf8(body).unwrap_or_default();
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    Value::Object(pairs.map(|(name, value)| (name.to_owned(), value.into())).collect())
}

/// The name of the role that a request wants to act as.
fn assumed(request: &HttpRequest) -> Option<String> {
    let form = form_of(request.body().bytes().unwrap_or_default());
    let role = form["RoleArn"].as_str().filter(|_| form["Action"] == "AssumeRole")?;
    Some(role.rsplit("%2F").next().unwrap_or_default().to_owned())
}

/// The access key of the session that STS hands out.
fn new_key(answer: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(answer).ok()?;
    let (_, rest) = text.split_once("<AccessKeyId>")?;
    rest.split_once("</AccessKeyId>").map(|(key, _)| key.to_owned())
}
