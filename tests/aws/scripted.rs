//! AWS as it once answered: what no peer can say (a build that somebody else started, a stack in an odd state) is
//! written down here as it goes over the wire, and served on the loopback. What is sent is held against AWS's own
//! models, and what AWS would not take fails the test in the end.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use serde_json::Value;

use crate::peers::models;

/// One exchange: the operation that must be called, and what is answered.
#[derive(Clone, Debug)]
pub struct Exchange {
    operation: &'static str,
    status: u16,
    body: String,
}

/// The call of this operation is answered with this JSON.
pub fn json(operation: &'static str, body: &Value) -> Exchange {
    Exchange { operation, status: 200, body: body.to_string() }
}

/// The call of this operation is refused with this code, as services that speak JSON do.
pub fn refused(operation: &'static str, code: &str, message: &str) -> Exchange {
    let body = serde_json::json!({ "__type": code, "message": message }).to_string();
    Exchange { operation, status: 400, body }
}

/// The call of this operation is answered with this XML, as CloudFormation does.
pub fn xml(operation: &'static str, result: &str) -> Exchange {
    let body = format!(
        "<{operation}Response xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\">\
         <{operation}Result>{result}</{operation}Result></{operation}Response>"
    );
    Exchange { operation, status: 200, body }
}

/// The call of this operation is refused with this code, as CloudFormation does.
pub fn xml_refused(operation: &'static str, code: &str, message: &str) -> Exchange {
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
         <RequestId>0</RequestId></ErrorResponse>"
    );
    Exchange { operation, status: 400, body }
}

/// A server that plays its exchanges once, in their order.
pub struct Script {
    endpoint: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

struct Request {
    authorization: String,
    /// The header `x-amz-target`; empty when the body is a form.
    target: String,
    operation: String,
    body: String,
}

impl Drop for Script {
    fn drop(&mut self) {
        if !thread::panicking() {
            let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
            let violations =
                |sent: &Request| models::violations(&sent.authorization, &sent.target, &sent.body);
            let violations: Vec<String> = requests.iter().flat_map(violations).collect();
            assert!(violations.is_empty(), "AWS would not take what was sent: {violations:#?}");
        }
    }
}

impl Script {
    /// Plays these exchanges, each when its operation is called; another call is answered with status 599.
    pub fn new(exchanges: impl IntoIterator<Item = Exchange>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let exchanges = Arc::new(Mutex::new(exchanges.into_iter().collect::<Vec<_>>().into_iter()));
        let heard = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (heard, exchanges) = (Arc::clone(&heard), Arc::clone(&exchanges));
                thread::spawn(move || {
                    let mut reader = BufReader::new(stream.try_clone().unwrap());
                    while let Some(request) = request(&mut reader) {
                        let next = exchanges.lock().unwrap_or_else(PoisonError::into_inner).next();
                        let next = next.filter(|exchange| exchange.operation == request.operation);
                        heard.lock().unwrap_or_else(PoisonError::into_inner).push(request);
                        let (status, answer) = next.map_or((599, String::new()), |it| (it.status, it.body));
                        respond(&stream, status, &answer);
                    }
                });
            }
        });
        Self { endpoint, requests }
    }

    /// How SDK clients reach it.
    pub fn config(&self) -> SdkConfig {
        let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "tests");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("eu-west-1"))
            .endpoint_url(&self.endpoint)
            .retry_config(aws_config::retry::RetryConfig::disabled())
            // Without TLS: to load the certificates of the system for each script would take most of the time.
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .build()
    }

    /// The operations that were called, in their order.
    pub fn called(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.iter().map(|request| request.operation.clone()).collect()
    }

    /// What was sent with the first call of this operation: JSON, or a form.
    pub fn sent(&self, operation: &str) -> String {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.iter().find(|request| request.operation == operation).unwrap().body.clone()
    }
}

/// The next request of a connection. Its operation is in the header `x-amz-target`, or in the form.
fn request(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let (mut authorization, mut target, mut length) = (String::new(), String::new(), 0);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "authorization" => value.clone_into(&mut authorization),
            "x-amz-target" => value.clone_into(&mut target),
            "content-length" => length = value.parse().unwrap(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body = String::from_utf8(body).unwrap();
    let in_header = target.rsplit('.').next().filter(|operation| !operation.is_empty());
    let in_form = || body.split('&').find_map(|pair| pair.strip_prefix("Action="));
    let operation = in_header.or_else(in_form).unwrap_or_default().to_owned();
    Some(Request { authorization, target, operation, body })
}

fn respond(mut stream: &TcpStream, status: u16, body: &str) {
    let kind = if body.starts_with('<') { "text/xml" } else { "application/x-amz-json-1.1" };
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status} Scripted\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n");
    // Whoever hung up does not want to know.
    let _ = stream.write_all(format!("{head}{body}").as_bytes());
}

#[test]
fn what_aws_would_not_take_fails_its_test() {
    let script = Script::new([xml("DetectStackDrift", "<StackDriftDetectionId>1</StackDriftDetectionId>")]);
    let client = aws_sdk_cloudformation::Client::new(&script.config());
    crate::block_on(client.detect_stack_drift().stack_name("not a name").send()).unwrap();
    let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(script))).unwrap_err();
    let failed = failed.downcast_ref::<String>().unwrap();
    assert!(
        failed.contains("cloudformation:DetectStackDrift: StackName: 'not a name' is not like"),
        "{failed}"
    );
}
