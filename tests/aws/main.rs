//! The adapters to AWS, through the real SDK over HTTP, against AWS as other people have built it.

#![cfg(feature = "aws")]
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod organization;
mod parameters;
#[path = "../peers/mod.rs"]
mod peers;
mod wire;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
