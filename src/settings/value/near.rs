//! What was probably meant.

/// The known words that look like this one, the likeliest first, at most three.
pub(crate) fn near<'a>(word: &str, known: &[&'a str]) -> Vec<&'a str> {
    // Longer words are no keys, and comparing takes time.
    if word.chars().count() > 64 {
        return Vec::new();
    }
    let plain = |text: &str| text.to_lowercase().replace(['-', ' '], "_");
    let word = plain(word);
    let mut found: Vec<(usize, &'a str)> = known
        .iter()
        .filter_map(|known| {
            let other = plain(known);
            let distance = strsim::damerau_levenshtein(&word, &other);
            let close = distance <= (word.len().min(other.len()) / 3).max(1) && distance < word.len();
            // `currencies` for `with_cost_extra_currencies`.
            let within = word.len() >= 4 && other.contains(&word);
            (close || within).then_some((distance, *known))
        })
        .collect();
    found.sort_unstable();
    found.into_iter().take(3).map(|(_, known)| known).collect()
}

/// The likeliest of [`near`].
pub(crate) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    near(word, known).first().copied()
}

/// The known identifiers that differ from this one by a slip or two, the likeliest first, at most three. Words
/// look alike sooner than identifiers do, in which every character was drawn.
pub(crate) fn alike<'a>(identifier: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    const SLIPS: usize = 2;
    if identifier.chars().count() > 100 {
        return Vec::new();
    }
    let mut found: Vec<(usize, &'a str)> = known
        .into_iter()
        .filter(|known| known.len().abs_diff(identifier.len()) <= SLIPS)
        .map(|known| (strsim::damerau_levenshtein(identifier, known), known))
        .filter(|(slips, _)| (1..=SLIPS).contains(slips))
        .collect();
    found.sort_unstable();
    found.into_iter().take(3).map(|(_, known)| known).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_look_alike_are_found_and_others_are_not() {
        let known =
            ["accounts", "automation", "defaults", "organizational_units", "with_cost_extra_currencies"];
        let cases = [
            ("acounts", Some("accounts")),
            ("account", Some("accounts")),
            ("Accounts", Some("accounts")),
            ("default", Some("defaults")),
            ("organizational-units", Some("organizational_units")),
            ("organisational_units", Some("organizational_units")),
            ("currencies", Some("with_cost_extra_currencies")),
            ("x", None),
            ("", None),
            ("webhook", None),
        ];
        for (word, expected) in cases {
            assert_eq!(nearest(word, &known), expected, "{word}");
        }
    }

    #[test]
    fn identifiers_are_alike_after_a_slip_and_no_more() {
        let known = ["111122223333", "111122224333", "444455556666"];
        assert_eq!(alike("111122232333", known), ["111122223333", "111122224333"]);
        assert_eq!(alike("11112222333", known), ["111122223333", "111122224333"]);
        assert_eq!(alike("1111222233334", known), ["111122223333", "111122224333"]);
        assert!(alike("111122223333", ["111122223333"]).is_empty(), "the same is no slip");
        assert!(alike("999999999999", known).is_empty());
    }
}
