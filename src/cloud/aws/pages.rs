//! Answers that come in pages.
//!
//! A page may be empty and still have one after it, so only the absence of a token ends them. And a token that
//! comes a second time would lead round for ever.

use std::collections::BTreeSet;

use super::call::CallError;

/// The tokens of one listing.
#[derive(Debug, Default)]
pub(super) struct Pages {
    seen: BTreeSet<String>,
}

impl Pages {
    /// The token of the next page; nothing after the last one. Some services say so with an empty token.
    ///
    /// # Errors
    /// When the service gives a token that it gave before: the listing is then incomplete.
    pub(super) fn next(
        &mut self,
        operation: &'static str,
        token: Option<String>,
    ) -> Result<Option<String>, CallError> {
        let Some(token) = token.filter(|token| !token.is_empty()) else { return Ok(None) };
        if self.seen.insert(token.clone()) {
            return Ok(Some(token));
        }
        Err(CallError::odd(operation, "the service leads from page to page in a circle"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_end_without_a_token_and_never_go_round() {
        let mut pages = Pages::default();
        let mut next = |token: &str| pages.next("service:List", Some(token.to_owned()));
        assert_eq!(next("a").unwrap().as_deref(), Some("a"));
        assert_eq!(next("b").unwrap().as_deref(), Some("b"));
        assert!(next("a").is_err());
        assert_eq!(next("").unwrap(), None);
        assert_eq!(pages.next("service:List", None).unwrap(), None);
    }
}
