//! The program: init, and one invocation after another.
//!
//! See <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.

use std::cell::RefCell;
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::process::ExitCode;
use std::time::Duration;

use lambda_runtime::{Diagnostic, LambdaEvent, Runtime, service_fn};
use serde_json::value::RawValue;
use state_machine::{Text, Timestamp};
use tracing::Instrument as _;

use super::environment::Environment;
use super::invoke::{Function, Invocation};
use super::log;
use super::metrics::{self, Metric};
use crate::aws::{AwsWorld, Deployment};
use crate::cloud::Clock as _;
use crate::cloud::aws::clock::SystemClock;
use crate::cloud::aws::connect::Connections;
use crate::cloud::aws::governor::Governor;
use crate::lifecycle::World;

/// Runs the function that the environment says, until Lambda ends the process.
pub fn main() -> ExitCode {
    let environment = match Environment::read(|name| std::env::var(name).ok()) {
        Ok(environment) => environment,
        Err(errors) => return fail("InvalidEnvironment", &errors.to_string()),
    };
    log::start(environment.level);
    // One thread: Lambda gives a function of this size less than one processor, and invocations follow one another.
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(run(&environment)),
        Err(error) => fail("NoRuntime", &error.to_string()),
    }
}

async fn run(environment: &Environment) -> ExitCode {
    // Until the settings are read, the built-in limits count.
    let governor = Governor::default();
    let connections = Connections::open(environment.roles.clone(), governor).await;
    let world = AwsWorld::new(&environment.deployment, &connections, SystemClock);
    let seen = RefCell::new(metrics::Seen::default());
    let governed = || metrics::of_governor(&world.governor().snapshot(), &mut seen.borrow_mut());
    match Box::pin(serve(&world, environment, governed)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error, "the Runtime API does not answer");
            ExitCode::FAILURE
        }
    }
}

/// Handles invocations over this world, until the Runtime API has no more.
///
/// # Errors
/// When the Runtime API does not answer.
pub async fn serve<W: World>(
    world: &W,
    environment: &Environment,
    more: impl Fn() -> Vec<Metric>,
) -> Result<(), lambda_runtime::Error> {
    let Deployment { trust, state_key, .. } = &environment.deployment;
    let function = &Function::new(world, environment.handler, trust.clone(), Text::clone(state_key));
    let more = &more;
    let service = service_fn(move |event: LambdaEvent<Box<RawValue>>| async move {
        let LambdaEvent { payload, context } = event;
        let span = tracing::info_span!(
            "invocation",
            function = environment.handler.name(),
            requestId = context.request_id,
            traceId = context.xray_trace_id,
        );
        let invocation = Invocation {
            request_id: &context.request_id,
            deadline: deadline(context.deadline),
            payload: payload.get().as_bytes(),
        };
        async {
            let invoked = function.invoke(invocation).await;
            let now = world.clock().now();
            write_metrics(&trust.environment, now, invoked.metrics.iter().chain(&more()));
            invoked.answer.map_err(|error| {
                let name = error.name();
                tracing::error!(error = %error, kind = name, "the invocation fails");
                Diagnostic { error_type: name.to_owned(), error_message: error.to_string() }
            })
        }
        .instrument(span)
        .await
    });
    Runtime::new(service).run().await
}

/// Lambda counts milliseconds since 1970.
fn deadline(millis: u64) -> Timestamp {
    i64::try_from(millis).ok().and_then(|millis| Timestamp::from_millis(millis).ok()).unwrap_or_default()
}

/// CloudWatch finds metrics among the lines of the log.
fn write_metrics<'m>(environment: &str, now: Timestamp, metrics: impl Iterator<Item = &'m Metric>) {
    let mut lines = String::new();
    for metric in metrics {
        lines.push_str(&metric.line(environment, now));
        lines.push('\n');
    }
    // Whole lines in one go, so that none is torn apart. When nobody can read them, nobody can be told either.
    let _ = io::stdout().lock().write_all(lines.as_bytes());
}

/// Tells why the function cannot start: on standard error, which is its log, and to Lambda.
fn fail(kind: &str, message: &str) -> ExitCode {
    let body =
        serde_json::json!({ "errorType": kind, "errorMessage": message, "stackTrace": [] }).to_string();
    let mut log = io::stderr().lock();
    // When the log cannot be written, nobody can be told that either.
    let _ = writeln!(log, "{body}");
    if let Ok(api) = std::env::var("AWS_LAMBDA_RUNTIME_API")
        && let Err(error) = tell_init_error(&api, kind, &body)
    {
        let _ = writeln!(log, "the Runtime API could not be told: {error}");
    }
    ExitCode::FAILURE
}

/// See <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html#runtimes-api-initerror>. One request over
/// plain HTTP on the loopback; the runtime's own client is not there before the function is.
fn tell_init_error(api: &str, kind: &str, body: &str) -> io::Result<()> {
    const PATIENCE: Option<Duration> = Some(Duration::from_secs(2));
    let mut stream = TcpStream::connect(api)?;
    stream.set_read_timeout(PATIENCE)?;
    stream.set_write_timeout(PATIENCE)?;
    let request = format!(
        "POST /2018-06-01/runtime/init/error HTTP/1.1\r\n\
         Host: {api}\r\n\
         Connection: close\r\n\
         Content-Type: application/json\r\n\
         Lambda-Runtime-Function-Error-Type: {kind}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes())?;
    // It is taken when it is answered.
    stream.read_exact(&mut [0])
}
