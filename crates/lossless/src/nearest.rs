//! The nearest known name for an unknown one.

use strsim::osa_distance;

/// Longer words are not typing errors.
const LONGEST: usize = 64;

/// The known name that is nearest to a word, ignoring case and hyphens; `None` if none is near.
pub fn nearest<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let word = bare(word);
    let length = word.chars().count();
    if length == 0 || length > LONGEST {
        return None;
    }
    let near = |name: &'n str| {
        let distance = osa_distance(&word, &bare(name));
        // At most one error in three letters, and never more than half of the name.
        (distance <= length.div_ceil(3) && distance * 2 < name.len()).then_some((distance, name))
    };
    let (_, name) = names
        .into_iter()
        .filter_map(near)
        .min_by_key(|(distance, _)| *distance)?;
    Some(name)
}

fn bare(word: &str) -> String {
    word.chars()
        .filter(|character| !"-_ ".contains(*character))
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_name_is_found_within_a_limit() {
        const NAMES: [&str; 5] = [
            "Port",
            "MaxStartups",
            "MaxSessions",
            "max-auth-tries",
            "sshd",
        ];
        let cases = [
            ("Prot", Some("Port")),
            ("maxstartup", Some("MaxStartups")),
            ("MAX_AUTH_TRY", Some("max-auth-tries")),
            ("MaxSesions", Some("MaxSessions")),
            ("ssh", Some("sshd")),
            ("Bogus", None),
            ("", None),
            ("-", None),
            ("é", None),
        ];
        for (word, expected) in cases {
            assert_eq!(nearest(word, NAMES), expected, "{word}");
        }
        assert_eq!(nearest(&"Port".repeat(1_000_000), NAMES), None);
    }
}
