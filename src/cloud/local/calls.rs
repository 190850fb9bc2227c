//! Calls to AWS, counted by service and operation.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

/// An operation of an AWS service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are those of AWS")]
pub enum Call {
    DescribeAccount,
    ListTagsForResource,
    ListAccounts,
    GetResources,
    TagResource,
    UntagResource,
    StartBuild,
    BatchGetBuilds,
    ListBuildsForProject,
    PutEvents,
    GetParameters,
    DescribeStacks,
    CreateStack,
    SendMessage,
    BatchGetItem,
    GetItem,
    Query,
    TransactWriteItems,
}

impl Call {
    const ALL: [Self; 18] = [
        Self::DescribeAccount,
        Self::ListTagsForResource,
        Self::ListAccounts,
        Self::GetResources,
        Self::TagResource,
        Self::UntagResource,
        Self::StartBuild,
        Self::BatchGetBuilds,
        Self::ListBuildsForProject,
        Self::PutEvents,
        Self::GetParameters,
        Self::DescribeStacks,
        Self::CreateStack,
        Self::SendMessage,
        Self::BatchGetItem,
        Self::GetItem,
        Self::Query,
        Self::TransactWriteItems,
    ];

    /// The service.
    pub const fn service(self) -> &'static str {
        match self {
            Self::DescribeAccount
            | Self::ListTagsForResource
            | Self::ListAccounts
            | Self::TagResource
            | Self::UntagResource => "organizations",
            Self::GetResources => "tagging",
            Self::StartBuild | Self::BatchGetBuilds | Self::ListBuildsForProject => "codebuild",
            Self::PutEvents => "events",
            Self::GetParameters => "ssm",
            Self::DescribeStacks | Self::CreateStack => "cloudformation",
            Self::SendMessage => "sqs",
            Self::BatchGetItem | Self::GetItem | Self::Query | Self::TransactWriteItems => "dynamodb",
        }
    }

    /// The operation.
    pub const fn operation(self) -> &'static str {
        match self {
            Self::DescribeAccount => "DescribeAccount",
            Self::ListTagsForResource => "ListTagsForResource",
            Self::ListAccounts => "ListAccounts",
            Self::GetResources => "GetResources",
            Self::TagResource => "TagResource",
            Self::UntagResource => "UntagResource",
            Self::StartBuild => "StartBuild",
            Self::BatchGetBuilds => "BatchGetBuilds",
            Self::ListBuildsForProject => "ListBuildsForProject",
            Self::PutEvents => "PutEvents",
            Self::GetParameters => "GetParameters",
            Self::DescribeStacks => "DescribeStacks",
            Self::CreateStack => "CreateStack",
            Self::SendMessage => "SendMessage",
            Self::BatchGetItem => "BatchGetItem",
            Self::GetItem => "GetItem",
            Self::Query => "Query",
            Self::TransactWriteItems => "TransactWriteItems",
        }
    }

    /// Whether the number of such calls grows with the cycles, and not with the time that passes.
    pub const fn is_per_cycle(self) -> bool {
        match self {
            Self::ListAccounts | Self::GetResources | Self::Query => false,
            Self::DescribeAccount
            | Self::ListTagsForResource
            | Self::TagResource
            | Self::UntagResource
            | Self::StartBuild
            | Self::BatchGetBuilds
            | Self::ListBuildsForProject
            | Self::PutEvents
            | Self::GetParameters
            | Self::DescribeStacks
            | Self::CreateStack
            | Self::SendMessage
            | Self::BatchGetItem
            | Self::GetItem
            | Self::TransactWriteItems => true,
        }
    }
}

/// How often each operation was called.
#[derive(Debug, Default)]
pub struct Calls([AtomicU64; Call::ALL.len()]);

/// One line of the count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CallCount {
    /// The service.
    pub service: &'static str,
    /// The operation.
    pub operation: &'static str,
    /// How often it was called.
    pub calls: u64,
    /// Whether the number of such calls grows with the cycles, and not with the time that passes.
    pub per_cycle: bool,
}

impl Calls {
    /// Counts one call.
    pub fn count(&self, call: Call) {
        self.add(call, 1);
    }

    /// Counts so many calls.
    pub fn add(&self, call: Call, times: u64) {
        self.0[call as usize].fetch_add(times, Ordering::Relaxed);
    }

    /// How often this was called.
    pub fn of(&self, call: Call) -> u64 {
        self.0[call as usize].load(Ordering::Relaxed)
    }

    /// What was called at all, by service and operation.
    pub fn lines(&self) -> Vec<CallCount> {
        let mut counts = BTreeMap::new();
        for call in Call::ALL {
            if self.of(call) > 0 {
                counts.insert((call.service(), call.operation()), call);
            }
        }
        counts
            .into_iter()
            .map(|((service, operation), call)| CallCount {
                service,
                operation,
                calls: self.of(call),
                per_cycle: call.is_per_cycle(),
            })
            .collect()
    }

    /// Calls of a service.
    pub fn of_service(&self, service: &str) -> u64 {
        Call::ALL.into_iter().filter(|call| call.service() == service).map(|call| self.of(call)).sum()
    }
}
