//! The table, protected: what a template would have made of it.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::PointInTimeRecoverySpecification;

use crate::cloud::aws::call::CallError;
use crate::cloud::aws::governor::{Governor, Lane};

/// From now on the table can be brought back as it was at any second of the last 35 days.
///
/// # Errors
/// What the service said.
pub async fn switch_recovery_on(client: &Client, governor: &Governor, table: &str) -> Result<(), CallError> {
    const UPDATE: &str = "dynamodb:UpdateContinuousBackups";
    let wanted = PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(true).build();
    let wanted = wanted.map_err(|error| CallError::odd(UPDATE, error.to_string()))?;
    let request =
        client.update_continuous_backups().table_name(table).point_in_time_recovery_specification(wanted);
    governor.call(Lane::Other, UPDATE, None, || request.clone().send()).await?;
    Ok(())
}

/// From now on nobody deletes the table who has not said before that it may be deleted.
///
/// # Errors
/// What the service said.
pub async fn from_deletion(client: &Client, governor: &Governor, table: &str) -> Result<(), CallError> {
    let request = client.update_table().table_name(table).deletion_protection_enabled(true);
    governor.call(Lane::Other, "dynamodb:UpdateTable", None, || request.clone().send()).await?;
    Ok(())
}
