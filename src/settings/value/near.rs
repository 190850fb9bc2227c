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
}
