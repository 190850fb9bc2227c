//! For tests: AWS as a function from what is sent to what is answered. What is sent is held against AWS's own models.

use std::fmt;
use std::sync::{Arc, Mutex};

use aws_config::retry::RetryConfig;
use aws_config::{Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;

#[path = "../../../tests/peers/models.rs"]
mod models;

/// What was sent.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) uri: String,
    pub(super) body: String,
    /// The access key that signed it.
    pub(super) key: String,
    /// The operation, of services that speak JSON or Query.
    pub(super) operation: String,
}

/// What comes back.
pub(super) enum Answer {
    /// A status and a body.
    Says(u16, String),
    /// The connection breaks after the request was sent.
    Breaks,
    /// Nobody ever answers.
    Never,
}

/// A wire on which everything that is sent is kept.
#[derive(Clone)]
pub(super) struct Wire {
    sent: Arc<Mutex<Vec<Sent>>>,
    answer: Arc<Answers>,
}

type Answers = dyn Fn(&Sent, usize) -> Answer + Send + Sync;

impl Wire {
    /// `answer`: what follows on what is sent, and how many were sent before it.
    pub(super) fn new(answer: impl Fn(&Sent, usize) -> Answer + Send + Sync + 'static) -> Self {
        Self { sent: Arc::default(), answer: Arc::new(answer) }
    }

    /// What was sent so far.
    pub(super) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    /// How often this operation was sent.
    pub(super) fn count(&self, operation: &str) -> usize {
        self.sent().iter().filter(|sent| sent.operation == operation).count()
    }

    /// A process that reaches AWS over this wire, as itself.
    pub(super) fn config(&self) -> SdkConfig {
        let connector = SharedHttpConnector::new(self.clone());
        SdkConfig::builder()
            .behavior_version(super::connect::behaviour())
            .region(Region::new("eu-west-1"))
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .retry_config(RetryConfig::disabled())
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
                "OWN", "secret", None, None, "tests",
            )))
            .build()
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").finish_non_exhaustive()
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let header = |name: &str| request.headers().get(name).unwrap_or_default().to_owned();
        let body = String::from_utf8(request.body().bytes().unwrap_or_default().to_vec()).unwrap();
        let after = |text: &str, start: &str, end: char| {
            let rest = text.split_once(start).map_or("", |(_, rest)| rest);
            rest.split(end).next().unwrap_or_default().to_owned()
        };
        let target = header("x-amz-target");
        let violations = models::violations(&header("authorization"), &target, &body);
        assert!(violations.is_empty(), "AWS would not take what was sent: {violations:#?}");
        let operation = match target.rsplit_once('.') {
            Some((_, operation)) => operation.to_owned(),
            None => after(&body, "Action=", '&'),
        };
        let key = after(&header("authorization"), "Credential=", '/');
        let sent = Sent { uri: request.uri().to_owned(), body, key, operation };
        let mut all = self.sent.lock().unwrap();
        let answer = (self.answer)(&sent, all.len());
        all.push(sent);
        match answer {
            Answer::Says(status, body) => {
                let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
                response.headers_mut().insert("x-amzn-requestid", "request-1");
                HttpConnectorFuture::ready(Ok(response))
            }
            Answer::Breaks => {
                let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
                HttpConnectorFuture::ready(Err(ConnectorError::io(broken.into())))
            }
            Answer::Never => HttpConnectorFuture::new(std::future::pending()),
        }
    }
}
