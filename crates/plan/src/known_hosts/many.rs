//! The host keys of many hosts: a policy may name as many as its files have lines.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use sshmend_known_hosts::{Fingerprint, Found, Name, NoContent, Target};
use sshmend_lossless::Snapshot;

use super::{KnownHostsWish, Work, known_hosts};
use crate::plan::{Plan, Refusal};

/// Plans each wish on the machine as the plans before it leave it, like [`known_hosts`] one after
/// another. For those that need no change each file is walked over once, however many they are.
pub(crate) fn known_hosts_in_turn(
    snapshot: &Snapshot,
    wishes: &[KnownHostsWish],
    salt: &mut dyn FnMut() -> [u8; 20],
) -> Vec<Result<Plan, Refusal>> {
    // All programs and files are asked for together; without them nothing else is worth a look.
    let Some(held) = snapshot.once_answered(|| Held::of(snapshot, wishes)) else {
        return vec![Ok(Plan::default()); wishes.len()];
    };
    let mut changed: BTreeSet<Name> = BTreeSet::new();
    let mut planned: Option<Snapshot> = None;
    let in_turn = wishes.iter().zip(held);
    in_turn
        .map(|(wish, held)| {
            let seen = planned.as_ref().unwrap_or(snapshot);
            // An edit changes what is known under the names that it is made for, and no others.
            if held.is_so && held.names.is_disjoint(&changed) {
                return Work::begin(seen, wish).map(|(work, _)| work.plan);
            }
            let plan = known_hosts(seen, wish, salt)?;
            if !plan.files.is_empty() {
                planned = Some(seen.after(&plan.files));
                changed.extend(held.names);
            }
            Ok(plan)
        })
        .collect()
}

/// Whether the files already say that the host has exactly the keys with the expected fingerprints,
/// under each of its names.
pub(super) fn holds(snapshot: &Snapshot, wish: &KnownHostsWish) -> bool {
    let held = Held::of(snapshot, std::slice::from_ref(wish));
    held.iter().all(|held| held.is_so)
}

/// What the files say of one wish.
#[derive(Default)]
struct Held {
    /// The names that an edit for it is made for.
    names: BTreeSet<Name>,
    /// Whether they already say what it wants.
    is_so: bool,
}

/// The names that are looked up in the same files.
struct Search<'w> {
    target: Target,
    /// The place of the wish and the fingerprints that it expects, for each name.
    wanted: Vec<(usize, &'w [Fingerprint])>,
    /// The names, each as a list of its own.
    names: Vec<Vec<Name>>,
}

impl Held {
    fn of(snapshot: &Snapshot, wishes: &[KnownHostsWish]) -> Vec<Self> {
        let mut all = Vec::new();
        let mut searches: BTreeMap<Vec<PathBuf>, Search<'_>> = BTreeMap::new();
        for (place, wish) in wishes.iter().enumerate() {
            let Ok(target) = wish.target(snapshot) else {
                all.push(Self::default());
                continue;
            };
            let names: BTreeSet<Name> = owned(target.names(snapshot));
            let may_be = wish.may_hold() && !names.is_empty();
            if may_be {
                let files = target.files().map(PathBuf::from).collect();
                let search = searches.entry(files).or_insert(Search {
                    target,
                    wanted: Vec::new(),
                    names: Vec::new(),
                });
                for name in &names {
                    search.wanted.push((place, &wish.expected));
                    search.names.push(vec![name.clone()]);
                }
            }
            all.push(Self {
                names,
                is_so: may_be,
            });
        }
        for search in searches.into_values() {
            for place in search.unmet(snapshot) {
                all[place].is_so = false;
            }
        }
        all
    }
}

impl Search<'_> {
    /// The places of the wishes for which a key is missing, or another one is known.
    fn unmet(&self, snapshot: &Snapshot) -> Vec<usize> {
        let files = self.target.read(snapshot);
        let mut unread = files.unread.iter();
        let all_read = unread.all(|file| file.why == NoContent::NotThere);
        let mut found: Vec<Vec<Found>> = vec![Vec::new(); self.names.len()];
        for file in &files.read {
            let lookups = file.lines.find_each(&self.names);
            for (found, lookup) in found.iter_mut().zip(lookups) {
                found.extend(lookup.found);
            }
        }
        let of_name = self.wanted.iter().zip(&found);
        of_name
            .filter(|((_, expected), found)| !all_read || !are_exactly(found, expected))
            .map(|((place, _), _)| *place)
            .collect()
    }
}

fn owned(names: Vec<Name>) -> BTreeSet<Name> {
    names.into_iter().filter(Name::is_owned).collect()
}

/// Whether these lines hold the keys with these fingerprints, and no others.
fn are_exactly(found: &[Found], expected: &[Fingerprint]) -> bool {
    let known: Vec<Fingerprint> = found.iter().map(|found| found.key.fingerprint()).collect();
    let plain = found.iter().all(|found| found.marker.is_none());
    plain
        && known.iter().all(|known| expected.contains(known))
        && expected.iter().all(|expected| known.contains(expected))
}

#[cfg(test)]
mod tests {
    use fastrand::Rng;
    use sshmend_known_hosts::Destination;
    use sshmend_lossless::fixture;

    use super::*;

    const KEYS: [&str; 2] = [
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINsjdeTeX5cztgr5BEXX/rb+4mwNcqB4r5UOtQn8W3RF",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAhW60hG/kZXI0G1ca3AiHeCIc1AiwVgNue0w2wn7Rx6",
    ];
    const HOSTS: [&str; 8] = ["a", "b", "c", "A", "*", "!b", "[a]:2222", "192.0.2.1"];
    const FILES: [&str; 2] = ["/home/u/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts"];

    fn pick<'c>(random: &mut Rng, choices: &[&'c str]) -> &'c str {
        choices[random.usize(..choices.len())]
    }

    fn file(random: &mut Rng) -> String {
        let mut text = String::new();
        for _ in 0..random.usize(..7) {
            let marker = pick(random, &["", "", "", "@revoked ", "@cert-authority ", "#"]);
            let hosts: Vec<&str> = (0..random.usize(1..4))
                .map(|_| pick(random, &HOSTS))
                .collect();
            let key = pick(random, &KEYS);
            text += &format!("{marker}{} {key}\n", hosts.join(","));
        }
        text
    }

    /// A machine that answers for the hosts `a`, `b` and `c`.
    fn machine(random: &mut Rng) -> Snapshot {
        let mut text = String::new();
        for path in FILES {
            if random.u8(..4) > 0 {
                text += &format!("//- {path}\n{}", file(random));
            } else {
                text += &format!("//- {path} missing\n");
            }
        }
        for host in ["a", "b", "c"] {
            let (check, hash) = (pick(random, &["yes", "no"]), pick(random, &["yes", "no"]));
            text += &format!(
                "//$ ssh -G {host} => 0\nhostname {host}\nport 22\ncheckhostip {check}\nhashknownhosts {hash}\n\
                 userknownhostsfile {}\nglobalknownhostsfile {}\n",
                FILES[0], FILES[1]
            );
            let key = pick(random, &KEYS);
            text += &format!("//$ ssh-keyscan -T 10 -p 22 {host} => 0\n{host} {key}\n");
        }
        let mut machine = fixture::snapshot(&text);
        for host in ["a", "b", "c"] {
            machine.insert_resolved(host, Ok(vec!["192.0.2.1".parse().expect("an address")]));
        }
        machine
    }

    fn wish(random: &mut Rng) -> KnownHostsWish {
        let prints = [
            "SHA256:KSaXqxN8Y0JDPLYhRXvJx7e5Z0nXAF3hDfhmd+3G8Is",
            "SHA256:unknown0000000000000000000000000000000000000",
        ];
        let expected: Vec<Fingerprint> = (0..random.usize(..3))
            .filter_map(|_| Fingerprint::parse(pick(random, &prints)).ok())
            .collect();
        KnownHostsWish {
            destination: Destination::parse(pick(random, &["a", "b", "c"])).expect("a host"),
            home: "/home/u".into(),
            uid: 0,
            gid: 0,
            files: Vec::new(),
            key_type: None,
            line: None,
            expected,
            key_file: None,
            live: true,
            offline: false,
        }
    }

    #[test]
    fn many_hosts_are_planned_as_one_after_another() {
        let mut random = Rng::with_seed(9);
        let (mut changing, mut held) = (0, 0);
        for _ in 0..800 {
            let machine = machine(&mut random);
            let wishes: Vec<KnownHostsWish> =
                (0..random.usize(..6)).map(|_| wish(&mut random)).collect();
            let mut salts = Rng::with_seed(1);
            let (together, missed) =
                machine.look(|seen| known_hosts_in_turn(seen, &wishes, &mut || [salts.u8(..); 20]));
            assert_eq!(missed, []);
            let mut salts = Rng::with_seed(1);
            let mut seen = machine.clone();
            for (wish, together) in wishes.iter().zip(together) {
                let alone = known_hosts(&seen, wish, &mut || [salts.u8(..); 20]);
                assert_eq!(format!("{together:?}"), format!("{alone:?}"));
                held += usize::from(holds(&seen, wish));
                if let Ok(plan) = alone {
                    changing += usize::from(!plan.files.is_empty());
                    seen = seen.after(&plan.files);
                }
            }
        }
        assert!(
            changing > 300 && held > 50,
            "{changing} changes, {held} held"
        );
    }
}
