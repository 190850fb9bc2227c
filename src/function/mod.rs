//! Functions of AWS Lambda: one program, which is told by its environment which of them it is.
//!
//! | module | is |
//! | --- | --- |
//! | [`environment`] | what the environment of a function says |
//! | [`invoke`] | one invocation, from its payload to what Lambda is answered; over any world |
//! | [`answer`] | what Lambda is answered, and what counts as a failure |
//! | [`deadline`] | how long accounts may still be begun |
//! | [`metrics`] | what is counted, in CloudWatch's embedded format |
//! | [`log`] | lines of JSON |
//! | [`runtime`] | the program: init, and one invocation after another |

pub mod answer;
pub mod deadline;
pub mod environment;
pub mod invoke;
pub mod log;
pub mod metrics;
pub mod runtime;
