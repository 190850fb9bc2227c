//! AWS as it once answered: what no peer can say (a build that somebody else started, a stack in an odd state) is
//! written down here as it goes over the wire, and served on the loopback.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use serde_json::Value;

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
    requests: Arc<Mutex<Vec<(String, String)>>>,
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
                    while let Some((operation, body)) = request(&mut reader) {
                        heard.lock().unwrap_or_else(PoisonError::into_inner).push((operation.clone(), body));
                        let next = exchanges.lock().unwrap_or_else(PoisonError::into_inner).next();
                        let next = next.filter(|exchange| exchange.operation == operation);
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
        requests.iter().map(|(operation, _)| operation.clone()).collect()
    }

    /// What was sent with the first call of this operation: JSON, or a form.
    pub fn sent(&self, operation: &str) -> String {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.iter().find(|(called, _)| called == operation).unwrap().1.clone()
    }
}

/// The next request of a connection: its operation, from the header `x-amz-target` or the form, and its body.
fn request(reader: &mut BufReader<TcpStream>) -> Option<(String, String)> {
    let (mut operation, mut length) = (None, 0);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "x-amz-target" => operation = value.rsplit('.').next().map(str::to_owned),
            "content-length" => length = value.parse().unwrap(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body = String::from_utf8(body).unwrap();
    let form = || body.split('&').find_map(|pair| pair.strip_prefix("Action=")).map(str::to_owned);
    Some((operation.or_else(form).unwrap_or_default(), body))
}

fn respond(mut stream: &TcpStream, status: u16, body: &str) {
    let kind = if body.starts_with('<') { "text/xml" } else { "application/x-amz-json-1.1" };
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status} Scripted\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n");
    // Whoever hung up does not want to know.
    let _ = stream.write_all(format!("{head}{body}").as_bytes());
}
