//! Answers that no peer gives, word by word: the test plays the service, and the SDK does not notice.
//! What is sent is held against AWS's own models.

use std::fmt;
use std::sync::Arc;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use serde_json::Value;

use crate::peers::models;

type Answer = dyn Fn(&str, &Value) -> Value + Send + Sync;

#[derive(Clone)]
struct Wire(Arc<Answer>);

/// A configuration under which `answer` says what an operation answers to a request. An answer with `__type` in it
/// is an error.
pub fn config(answer: impl Fn(&str, &Value) -> Value + Send + Sync + 'static) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
            "id", "secret", None, None, "tests",
        )))
        .retry_config(aws_config::retry::RetryConfig::disabled())
        .http_client(Wire(Arc::new(answer)))
        .build()
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let header = |name| request.headers().get(name).unwrap_or_default();
        let target = header("x-amz-target");
        let operation = target.rsplit('.').next().unwrap_or_default();
        let body = std::str::from_utf8(request.body().bytes().unwrap()).unwrap();
        let violations = models::violations(header("authorization"), target, body);
        assert!(violations.is_empty(), "AWS would not take what was sent: {violations:#?}");
        let body = serde_json::from_str(body).unwrap();
        let answer = (self.0)(operation, &body);
        let status: u16 = if answer.get("__type").is_some() { 400 } else { 200 };
        let body = SdkBody::from(answer.to_string());
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status.try_into().unwrap(), body)))
    }
}

impl HttpClient for Wire {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
