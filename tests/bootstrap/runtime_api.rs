//! Lambda's Runtime API, as a function sees it: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.

use std::io::BufReader;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::http::Message;

/// How long anything may take. What takes longer is a fault.
const PATIENCE: Duration = Duration::from_mins(1);

/// What a function is invoked with.
#[derive(Clone, Debug)]
pub struct Invocation {
    pub id: String,
    pub payload: String,
    /// Milliseconds since 1970.
    pub deadline: i64,
    pub trace_id: String,
}

/// What a function says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// It asks for the next invocation.
    Next(Instant),
    /// An invocation went well.
    Response { id: String, body: String },
    /// An invocation failed.
    Error { id: String, kind: String, body: String },
    /// It cannot start.
    InitError { kind: String, body: String },
}

/// The Runtime API of one process.
pub struct RuntimeApi {
    address: SocketAddr,
    invocations: Sender<Invocation>,
    said: Receiver<Said>,
}

struct Shared {
    invocations: Mutex<Receiver<Invocation>>,
    said: Sender<Said>,
}

impl RuntimeApi {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (invocations, taken) = channel();
        let (told, said) = channel();
        let shared = Arc::new(Shared { invocations: Mutex::new(taken), said: told });
        thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = Arc::clone(&shared);
                thread::spawn(move || talk(&stream.unwrap(), &shared));
            }
        });
        Self { address, invocations, said }
    }

    /// What `AWS_LAMBDA_RUNTIME_API` says.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Hands this to the function when it asks.
    pub fn invoke(&self, invocation: Invocation) {
        self.invocations.send(invocation).unwrap();
    }

    /// What the function says next.
    pub fn hear(&self) -> Said {
        self.said.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("the function says nothing"))
    }
}

/// One connection. It ends when the function closes it, or dies.
fn talk(stream: &TcpStream, shared: &Shared) {
    stream.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(stream);
    while let Some(request) = Message::read(&mut reader) {
        let path = request.first.split(' ').nth(1).unwrap().trim_matches('/').to_owned();
        let (kind, body) = (request.header("lambda-runtime-function-error-type").to_owned(), request.text());
        let answer = match path.split('/').collect::<Vec<_>>()[..] {
            ["2018-06-01", "runtime", "invocation", "next"] => {
                let _ = shared.said.send(Said::Next(Instant::now()));
                // The test has ended when nobody can invoke any more.
                let Ok(invocation) = shared.invocations.lock().unwrap().recv() else { return };
                delivered(&invocation)
            }
            ["2018-06-01", "runtime", "invocation", id, "response"] => {
                let _ = shared.said.send(Said::Response { id: id.to_owned(), body });
                taken()
            }
            ["2018-06-01", "runtime", "invocation", id, "error"] => {
                let _ = shared.said.send(Said::Error { id: id.to_owned(), kind, body });
                taken()
            }
            ["2018-06-01", "runtime", "init", "error"] => {
                let _ = shared.said.send(Said::InitError { kind, body });
                taken()
            }
            _ => panic!("{}", request.first),
        };
        if !answer.write(stream) {
            return;
        }
    }
}

fn delivered(invocation: &Invocation) -> Message {
    let arn = "arn:aws:lambda:eu-west-1:111122223333:function:Spa";
    let headers = [
        ("Content-Type", "application/json".to_owned()),
        ("Lambda-Runtime-Aws-Request-Id", invocation.id.clone()),
        ("Lambda-Runtime-Deadline-Ms", invocation.deadline.to_string()),
        ("Lambda-Runtime-Trace-Id", invocation.trace_id.clone()),
        ("Lambda-Runtime-Invoked-Function-Arn", arn.to_owned()),
    ];
    Message {
        first: "HTTP/1.1 200 OK".to_owned(),
        headers: headers.map(|(name, value)| (name.to_owned(), value)).into(),
        body: invocation.payload.clone().into_bytes(),
    }
}

fn taken() -> Message {
    Message {
        first: "HTTP/1.1 202 Accepted".to_owned(),
        headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
        body: b"{\"status\":\"OK\"}".to_vec(),
    }
}
