//! Compares the connections that match the criteria of two Match blocks.

use std::collections::BTreeSet;

/// Criteria for which a connection has a single value; it may be in many groups.
const OF_ONE_VALUE: [&str; 5] = ["user", "host", "address", "localaddress", "localport"];

/// The most blocks that one block is taken apart into.
const MANY: usize = 64;

/// True if no connection matches both, because both name plain values of the same kind and have
/// none in common.
pub(crate) fn is_disjoint(one: &str, other: &str) -> bool {
    OF_ONE_VALUE.iter().any(|kind| {
        let (Some(one), Some(other)) = (plain(one, kind), plain(other, kind)) else {
            return false;
        };
        one.is_disjoint(&other)
    })
}

/// True if every connection that matches `one` matches `other` too: `one` asks for all that `other` asks for, with no value more.
pub(crate) fn is_within(one: &str, other: &str) -> bool {
    if one == other || other.eq_ignore_ascii_case("all") {
        return true;
    }
    let (Some(one), Some(other)) = (pairs(one), pairs(other)) else {
        return false;
    };
    other.iter().all(|(kind, wider)| {
        let asked = one.iter().find(|(same, _)| same == kind);
        asked.is_some_and(|(_, narrower)| {
            // A value that is excluded makes a list narrower.
            let excludes = excludes(narrower) || excludes(wider);
            narrower == wider || !excludes && narrower.is_subset(wider)
        })
    })
}

/// The criteria once for each value of their lists; as they are where a value is excluded, or there would be very many.
pub(crate) fn each(criteria: &str) -> Vec<String> {
    let whole = vec![criteria.to_owned()];
    let Some(pairs) = pairs(criteria) else {
        return whole;
    };
    let count: usize = pairs.iter().map(|(_, values)| values.len()).product();
    let excludes_some = pairs.iter().any(|(_, values)| excludes(values));
    if count <= 1 || count > MANY || excludes_some {
        return whole;
    }
    let kinds = criteria.split_whitespace().step_by(2);
    kinds
        .zip(&pairs)
        .fold(vec![String::new()], |all, (kind, (_, values))| {
            let longer = all.iter().flat_map(|begun| {
                values
                    .iter()
                    .map(move |value| format!("{begun} {kind} {value}").trim().to_owned())
            });
            longer.collect()
        })
}

/// The kinds of the criteria in lower case, with their values; `None` if they are not plain pairs of words.
fn pairs(criteria: &str) -> Option<Vec<(String, BTreeSet<&str>)>> {
    let words: Vec<&str> = criteria.split_whitespace().collect();
    let is_plain = words.len() % 2 == 0 && !criteria.contains(['"', '=']);
    is_plain.then(|| {
        let pairs = words.chunks_exact(2);
        pairs
            .map(|pair| (pair[0].to_ascii_lowercase(), pair[1].split(',').collect()))
            .collect()
    })
}

/// Whether a list leaves somebody out.
fn excludes(values: &BTreeSet<&str>) -> bool {
    values.iter().any(|value| value.starts_with('!'))
}

/// The values of one kind in the criteria, in lower case; `None` without any, or if one is a
/// pattern or a network.
fn plain(criteria: &str, kind: &str) -> Option<BTreeSet<String>> {
    let pairs = pairs(criteria)?;
    let (_, values) = pairs.iter().find(|(same, _)| same == kind)?;
    let is_plain = !values
        .iter()
        .any(|value| value.contains(['*', '?', '!', '/']));
    is_plain.then(|| {
        values
            .iter()
            .map(|value| value.to_ascii_lowercase())
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::{each, is_disjoint, is_within};

    #[test]
    fn stricter_criteria_are_within_weaker_ones() {
        for (one, other, within) in [
            ("User ann", "User ben,ann", true),
            ("User ann,ben", "User ann", false),
            ("User ann Address 192.0.2.1", "User ann", true),
            ("User ann", "User ann Address 192.0.2.1", false),
            ("user ann", "User ann", true),
            ("User Ann", "User ann", false),
            ("Group ops", "all", true),
            ("User ann,!ben", "User ann,!ben", true),
            ("User ann,!ben", "User ann", false),
            ("User ann", "User ann,cy,!ben", false),
            ("User \"a b\"", "User a", false),
        ] {
            assert_eq!(is_within(one, other), within, "{one} / {other}");
        }
    }

    #[test]
    fn a_match_block_is_split_by_the_values_of_its_lists() {
        for (criteria, apart) in [
            ("User ann", "User ann"),
            ("User ann,ben", "User ann; User ben"),
            (
                "User ann,ben Group ops,dev",
                "User ann Group dev; User ann Group ops; User ben Group dev; User ben Group ops",
            ),
            ("User *,!root", "User *,!root"),
            ("all", "all"),
        ] {
            assert_eq!(each(criteria).join("; "), apart);
        }
        let many: Vec<String> = (0..65).map(|number| format!("u{number}")).collect();
        assert_eq!(each(&format!("User {}", many.join(","))).len(), 1);
    }

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
            ("User Ann", "User ann", false),
            // A group whose name is that of a kind.
            ("Group user Address 192.0.2.1", "User ann", false),
        ] {
            assert_eq!(is_disjoint(one, other), disjoint, "{one} / {other}");
            assert_eq!(is_disjoint(other, one), disjoint, "{other} / {one}");
        }
    }
}
