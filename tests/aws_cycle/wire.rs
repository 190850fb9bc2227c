//! Sees every call that leaves this process: which service, which operation, and what it answered.

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

/// A call as it went over the wire. What was sent twice is here twice.
#[derive(Clone, Debug)]
pub struct Call {
    /// The service, by the name that requests are signed for: `organizations`.
    pub service: String,
    /// The operation, as the service calls it: `TagResource`.
    pub operation: String,
    /// The status of the answer; nothing when none came.
    pub status: Option<u16>,
    /// What was sent, of services that speak JSON.
    pub sent: Value,
    /// What was answered, of services that speak JSON.
    pub answer: Value,
}

/// The HTTP client of the SDK, with an eye on it. The clones see the same.
#[derive(Clone)]
pub struct Wire {
    client: SharedHttpClient,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Wire {
    /// Without TLS: to load the certificates of the system for every function would take most of the time.
    pub fn new() -> Self {
        Self { client: aws_smithy_http_client::Builder::new().build_http(), calls: Arc::default() }
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
        SharedHttpConnector::new(Seen { connector, calls: Arc::clone(&self.calls) })
    }
}

struct Seen {
    connector: SharedHttpConnector,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seen")
    }
}

impl HttpConnector for Seen {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut call = Call::of(&request);
        let calls = Arc::clone(&self.calls);
        let answer = self.connector.call(request);
        HttpConnectorFuture::new(async move {
            let answer = match answer.await {
                Ok(mut answer) => {
                    let body = std::mem::replace(answer.body_mut(), SdkBody::taken());
                    let bytes = ByteStream::new(body).collect().await.unwrap().into_bytes();
                    call.status = Some(answer.status().as_u16());
                    call.answer = serde_json::from_slice(&bytes).unwrap_or_default();
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
        let service = header("authorization").split('/').nth(3).unwrap_or_default().to_owned();
        let sent = serde_json::from_slice(body).unwrap_or_default();
        Self { service, operation, status: None, sent, answer: Value::Null }
    }

    /// Whether it was served.
    pub fn is_served(&self) -> bool {
        self.status == Some(200)
    }
}
