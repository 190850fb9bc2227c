//! Stands between a function and AWS: sees every call, and can keep the answer of one to itself.

use std::io::BufReader;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::http::Message;

const PATIENCE: Duration = Duration::from_mins(1);

/// A call that passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// `AWSOrganizationsV20161128.TagResource`; empty when the service has no such header.
    pub target: String,
    /// What the header for X-Ray says.
    pub trace: String,
}

pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    held: Receiver<()>,
}

struct Shared {
    to: String,
    calls: Mutex<Vec<Call>>,
    /// The operation whose next answer is kept back.
    hold: Mutex<Option<String>>,
    holds: Sender<()>,
}

impl Proxy {
    /// A proxy to `http://127.0.0.1:5000` or wherever.
    pub fn to(endpoint: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (holds, held) = channel();
        let shared = Arc::new(Shared {
            to: endpoint.trim_start_matches("http://").to_owned(),
            calls: Mutex::default(),
            hold: Mutex::default(),
            holds,
        });
        let everybody = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = Arc::clone(&everybody);
                thread::spawn(move || pass(&stream.unwrap(), &shared));
            }
        });
        Self { address, shared, held }
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// AWS serves the next call of this operation, and its answer does not come.
    pub fn hold(&self, operation: &str) {
        *self.shared.hold.lock().unwrap() = Some(operation.to_owned());
    }

    /// Waits until that has happened.
    pub fn wait_until_held(&self) {
        self.held.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no such call: {:?}", self.calls()));
    }

    pub fn calls(&self) -> Vec<Call> {
        self.shared.calls.lock().unwrap().clone()
    }
}

fn pass(stream: &TcpStream, shared: &Shared) {
    stream.set_nodelay(true).unwrap();
    let onward = TcpStream::connect(&shared.to).unwrap();
    onward.set_nodelay(true).unwrap();
    let (mut reader, mut answers) = (BufReader::new(stream), BufReader::new(&onward));
    while let Some(request) = Message::read(&mut reader) {
        let target = request.header("x-amz-target").to_owned();
        let trace = request.header("x-amzn-trace-id").to_owned();
        shared.calls.lock().unwrap().push(Call { target: target.clone(), trace });
        if !request.write(&onward) {
            return;
        }
        let Some(answer) = Message::read(&mut answers) else { return };
        let mut hold = shared.hold.lock().unwrap();
        if hold.as_ref().is_some_and(|operation| target.ends_with(&format!(".{operation}"))) {
            *hold = None;
            drop(hold);
            let _ = shared.holds.send(());
            // Until the function gives up, or is killed.
            let _ = Message::read(&mut reader);
            return;
        }
        drop(hold);
        if !answer.write(stream) {
            return;
        }
    }
}
