//! S3: the bucket that programs and templates are deployed from.
//!
//! What lies in it is called by its content, so what is there is right, and nothing is ever written over.

use std::fmt::Write as _;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use sha2::{Digest as _, Sha256};
use state_machine::FailureKind;

use super::call::CallError;
use super::failure::told;
use super::governor::{Governor, Lane};

const DELETE_BUCKET: &str = "s3:DeleteBucket";
const DELETE_OBJECTS: &str = "s3:DeleteObjects";
const HEAD_OBJECT: &str = "s3:HeadObject";
const LIST_OBJECT_VERSIONS: &str = "s3:ListObjectVersions";
const PUT_OBJECT: &str = "s3:PutObject";

/// How long it may take to write one object. Five megabytes take so long at 70 kilobits a second.
const LONGEST: Duration = Duration::from_mins(10);

/// At most so many pages of objects are emptied, of a thousand each: no bucket of ours holds as many.
const PAGES: usize = 1_000;

/// A bucket, as whoever deploys uses it.
#[derive(Clone, Debug)]
pub struct Artifacts {
    client: Client,
    patient: Client,
    governor: Governor,
    bucket: String,
}

/// SHA-256 of something, in hexadecimal.
pub fn digest(content: &[u8]) -> String {
    Sha256::digest(content).iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl Artifacts {
    /// The bucket of this name.
    pub fn new(config: &SdkConfig, governor: Governor, bucket: &str) -> Self {
        // What every other call is given is too short for megabytes.
        let timeouts =
            TimeoutConfig::builder().operation_attempt_timeout(LONGEST).operation_timeout(LONGEST).build();
        let patient = aws_sdk_s3::config::Builder::from(config).timeout_config(timeouts).build();
        Self {
            client: Client::new(config),
            patient: Client::from_conf(patient),
            governor,
            bucket: bucket.to_owned(),
        }
    }

    /// Whether there is an object of this name. A bucket that is not there has none.
    ///
    /// # Errors
    /// When nobody knows.
    pub async fn has(&self, key: &str) -> Result<bool, CallError> {
        let request = self.client.head_object().bucket(&self.bucket).key(key);
        match self.governor.call(Lane::Other, HEAD_OBJECT, None, || request.clone().send()).await {
            Ok(_) => Ok(true),
            // The answer to HEAD has no body, so there is no more than a status and what the SDK makes of it.
            Err(error) if error.is("NotFound") || error.kind == FailureKind::Missing => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Writes an object. S3 checks on its way that nothing of it was changed:
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html>.
    ///
    /// # Errors
    /// When S3 refuses, or it takes more than ten minutes.
    pub async fn put(&self, key: &str, content: Vec<u8>) -> Result<(), CallError> {
        let request = self.patient.put_object().bucket(&self.bucket).key(key).body(ByteStream::from(content));
        // Not through the governor: it ends what takes longer than a claim lasts, and nobody else writes here.
        request.send().await.map(|_| ()).map_err(|error| told(PUT_OBJECT, &error).error)
    }

    /// Deletes it. It has to be empty.
    ///
    /// # Errors
    /// When S3 refuses.
    pub async fn remove(&self) -> Result<(), CallError> {
        let request = self.client.delete_bucket().bucket(&self.bucket);
        self.governor.call(Lane::Other, DELETE_BUCKET, None, || request.clone().send()).await.map(|_| ())
    }

    /// Deletes every object in it, with all versions, and answers how many.
    ///
    /// # Errors
    /// When S3 refuses. What was deleted by then is gone.
    pub async fn empty(&self) -> Result<usize, CallError> {
        let mut deleted = 0;
        for _ in 0..PAGES {
            let request = self.client.list_object_versions().bucket(&self.bucket);
            let listed =
                self.governor.call(Lane::Other, LIST_OBJECT_VERSIONS, None, || request.clone().send()).await;
            let listed = match listed {
                Ok(listed) => listed,
                Err(error) if error.is("NoSuchBucket") => return Ok(deleted),
                Err(error) => return Err(error),
            };
            let versions = listed.versions().iter().map(|one| (one.key(), one.version_id()));
            let marks = listed.delete_markers().iter().map(|one| (one.key(), one.version_id()));
            let objects: Vec<ObjectIdentifier> = versions
                .chain(marks)
                .filter_map(|(key, version)| {
                    ObjectIdentifier::builder()
                        .key(key?)
                        .set_version_id(version.map(str::to_owned))
                        .build()
                        .ok()
                })
                .collect();
            if objects.is_empty() {
                return Ok(deleted);
            }
            let count = objects.len();
            let all = Delete::builder().set_objects(Some(objects)).quiet(true).build();
            let all = all.map_err(|error| CallError::odd(DELETE_OBJECTS, error.to_string()))?;
            let request = self.client.delete_objects().bucket(&self.bucket).delete(all);
            let answer =
                self.governor.call(Lane::Other, DELETE_OBJECTS, None, || request.clone().send()).await?;
            if let Some(error) = answer.errors().first() {
                let what = format!(
                    "{} stays: {}",
                    error.key().unwrap_or_default(),
                    error.message().or(error.code()).unwrap_or("nobody says why")
                );
                return Err(CallError::odd(DELETE_OBJECTS, what));
            }
            deleted += count;
        }
        Err(CallError::odd(LIST_OBJECT_VERSIONS, "the bucket does not get empty"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_has_the_name_that_others_give_it() {
        // `printf abc | sha256sum`
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digest(b"abc"), expected);
    }
}
