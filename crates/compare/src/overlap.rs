//! Whether one connection can meet the criteria of two Match blocks.

use std::collections::BTreeSet;

/// Criteria of which a connection has one value each; it may be in many groups.
const OF_ONE_VALUE: [&str; 5] = ["user", "host", "address", "localaddress", "localport"];

/// True where no connection meets both, because both name plain values of the same kind and none in common.
pub(crate) fn is_disjoint(one: &str, other: &str) -> bool {
    OF_ONE_VALUE.iter().any(|kind| {
        let (Some(one), Some(other)) = (plain(one, kind), plain(other, kind)) else {
            return false;
        };
        one.is_disjoint(&other)
    })
}

/// The values that the criteria name for a kind; `None` without any, or where one is a pattern or a network.
fn plain(criteria: &str, kind: &str) -> Option<BTreeSet<String>> {
    let criteria = criteria.to_ascii_lowercase();
    let words: Vec<&str> = criteria.split_whitespace().collect();
    let value = words
        .iter()
        .position(|word| word == &kind)
        .and_then(|at| words.get(at + 1))?;
    let is_plain = !value.contains(['*', '?', '!', '/', '"']);
    is_plain.then(|| value.split(',').map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::is_disjoint;

    #[test]
    fn only_plain_values_of_one_kind_exclude_each_other() {
        for (one, other, disjoint) in [
            ("User ann", "User ben,cy", true),
            ("User ann", "User ben,ann", false),
            ("User ann", "User a*", false),
            ("User ann", "Group ops", false),
            ("Group ops", "Group dev", false),
            ("Address 192.0.2.1", "Address 192.0.2.0/24", false),
            ("user ann LocalPort 22", "LocalPort 2022", true),
            ("User !ann", "User ann", false),
        ] {
            assert_eq!(is_disjoint(one, other), disjoint, "{one} / {other}");
            assert_eq!(is_disjoint(other, one), disjoint, "{other} / {one}");
        }
    }
}
