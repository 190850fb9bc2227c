//! Where an item stands, so that it is found and sorts.

use std::fmt;
use std::str::FromStr as _;

use state_machine::{AccountId, Timestamp, Version};

/// The sort key of a head.
pub const HEAD: &str = "head";

/// The value of the partition key in the indexes of heads and of wake-ups.
pub const ACCOUNT: &str = "account";

/// Sorts behind everything that may follow a key: digits, blanks, letters, `/`.
const BEHIND: char = '~';

/// Whose journal it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// An account's.
    Account(AccountId),
    /// The fleet's own.
    Fleet,
}

impl Stream {
    /// The account, for the governor.
    pub const fn account(self) -> Option<AccountId> {
        match self {
            Self::Account(id) => Some(id),
            Self::Fleet => None,
        }
    }
}

/// As it stands in the partition key.
impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => id.fmt(f),
            Self::Fleet => f.write_str("fleet"),
        }
    }
}

/// The sort key of the item whose last record is this one. Versions have twenty digits, as the greatest has.
pub fn record(last: Version) -> String {
    format!("record {:020}", last.number())
}

/// The sort key of a part; what it is a part of stands right before it.
pub fn part(whole: &str, number: usize) -> String {
    format!("{whole}/{number:03}")
}

/// Behind an item and its parts.
pub fn behind(key: &str) -> String {
    format!("{key}{BEHIND}")
}

/// Where a head stands in the index of wake-ups: by instant, then by account.
pub fn wake(at: Timestamp, account: AccountId) -> String {
    format!("{} {account}", sortable(at))
}

/// Behind every wake-up at this instant.
pub fn behind_wake(at: Timestamp) -> String {
    behind(&sortable(at))
}

/// The instant and the account of a wake-up.
pub fn parse_wake(text: &str) -> Option<(Timestamp, AccountId)> {
    let (at, account) = text.split_once(' ')?;
    let millis = (at.parse::<u64>().ok()? ^ SIGN).cast_signed();
    Some((Timestamp::from_millis(millis).ok()?, AccountId::from_str(account).ok()?))
}

const SIGN: u64 = 1 << 63;

/// Twenty digits that sort as the instants do, before 1970 as well: the milliseconds with their sign turned over.
fn sortable(at: Timestamp) -> String {
    format!("{:020}", at.as_millis().cast_unsigned() ^ SIGN)
}

/// The partitions of a day from this account on, in order of accounts: one for each first digit of twelve.
pub fn day_shards(day: &str, from: Option<AccountId>) -> impl Iterator<Item = String> {
    (from.map_or(0, first_digit)..=9).map(move |digit| format!("{day}/{digit}"))
}

/// The partition of a day in which an account is.
pub fn day_shard(day: &str, account: AccountId) -> String {
    format!("{day}/{}", first_digit(account))
}

const fn first_digit(account: AccountId) -> u64 {
    account.as_number() / 100_000_000_000
}

/// Where the item whose last record is this one stands in its day.
pub fn place(account: AccountId, last: Version) -> String {
    format!("{account} {:020}", last.number())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_sort_as_what_they_stand_for() {
        let record_of = |version| record(Version::new(version));
        let records = [1, 2, 9, 10, 99, 100, u64::MAX].map(record_of);
        assert!(records.is_sorted());
        for pair in records.windows(2) {
            assert!(pair[0] < part(&pair[0], 1) && part(&pair[0], 999) < behind(&pair[0]), "{pair:?}");
            assert!(behind(&pair[0]) < pair[1], "{pair:?}");
        }
    }

    #[test]
    fn wake_ups_sort_by_instant_then_account_and_come_back() {
        let account = |number| AccountId::from_number(number).unwrap();
        let mut keys = Vec::new();
        for millis in [-62_135_596_800_000, -1, 0, 1, 1_795_219_200_000, 253_402_300_800_000] {
            let at = Timestamp::from_millis(millis).unwrap();
            for id in [account(0), account(999_999_999_999)] {
                keys.push(wake(at, id));
                assert_eq!(parse_wake(&wake(at, id)), Some((at, id)));
            }
            keys.push(behind_wake(at));
        }
        assert!(keys.is_sorted());
        for wrong in
            ["", " ", "1", "x 000000000001", "00000000000000000001 1", "99999999999999999999 000000000001"]
        {
            assert_eq!(parse_wake(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn days_are_read_in_order_of_accounts() {
        let account = AccountId::from_number(811_122_223_333).unwrap();
        assert_eq!(day_shard("2026-11-21", account), "2026-11-21/8");
        let from: Vec<String> = day_shards("2026-11-21", Some(account)).collect();
        assert_eq!(from, ["2026-11-21/8", "2026-11-21/9"]);
        assert_eq!(day_shards("2026-11-21", None).count(), 10);
        assert_eq!(day_shard("x", AccountId::from_number(1).unwrap()), "x/0");
    }
}
