//! known_hosts.

use sshmend_known_hosts::{HostKey, KeyStatus, KnownHosts, Name, OfferedKeys, Pin, judge};

use crate::input::wanted;

const NAMES: [&str; 6] = ["h", "[h]:2222", "192.0.2.7", "i", "fe80::1%lo", "h1"];

const KEYS: &str = "\
ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINsjdeTeX5cztgr5BEXX/rb+4mwNcqB4r5UOtQn8W3RF
ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAhW60hG/kZXI0G1ca3AiHeCIc1AiwVgNue0w2wn7Rx6
ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBC7zDChFfhbLOwER+f3tFnDyzf+S63yivS6IFvyIkPXktswShLrmUB/PFU5QJphkWSswT6SBvnMjy3tlWrY2L7s=
";

fn keys() -> Vec<HostKey> {
    OfferedKeys::parse(KEYS.as_bytes()).host_keys()
}

fn names() -> [Name; 6] {
    NAMES.map(Name::host)
}

pub(crate) fn read(data: &[u8]) {
    let known = KnownHosts::parse(data);
    let joined: Vec<u8> = known
        .records()
        .flat_map(|record| data[record.line.span].to_vec())
        .collect();
    assert_eq!(joined, data, "the records join to the file");
    let lookup = known.find(&names());
    let lines = known.records().count();
    assert!(
        lookup
            .found
            .iter()
            .all(|found| (1..=lines).contains(&found.line) && !found.matches.is_empty())
    );
    for key in keys() {
        judge(std::slice::from_ref(&lookup), &key);
    }
    OfferedKeys::parse(data);
}

/// The keys that a file gives for a name, in its order.
fn keys_of(known: &KnownHosts<'_>, name: &Name) -> Vec<HostKey> {
    known
        .find(std::slice::from_ref(name))
        .found
        .into_iter()
        .map(|found| found.key)
        .collect()
}

pub(crate) fn edit(data: &[u8]) {
    let (choice, data) = wanted(data);
    let names = names();
    let chosen = &names[choice % names.len()];
    let before = KnownHosts::parse(data);
    let removed = before
        .remove(std::slice::from_ref(chosen), None)
        .expect("a removal is read back");
    let after = removed.edits.apply(data);
    others_are_the_same(&before, &after, chosen);
    let again = KnownHosts::parse(&after)
        .remove(std::slice::from_ref(chosen), None)
        .expect("a removal is read back");
    assert!(again.edits.is_empty(), "a second removal finds nothing");

    let (keys, chosen) = (keys(), std::slice::from_ref(chosen));
    let pinned = &keys[choice / names.len() % keys.len()..][..1];
    let offered = if choice >= 128 { &keys[..] } else { &[] };
    let pin = Pin {
        names: chosen,
        keys: pinned,
        offered,
        hash_names: choice % 2 == 1,
    };
    let mut salt = 0;
    let result = before.pin(&pin, &mut || {
        salt += 1;
        [salt; 20]
    });
    let Ok(result) = result else {
        let verdict = judge(&[before.find(chosen)], &pinned[0]);
        assert!(
            matches!(verdict, KeyStatus::Revoked(_)),
            "only a revoked key is not pinned: {verdict:?}"
        );
        return;
    };
    let after = result.edits.apply(data);
    others_are_the_same(&before, &after, &chosen[0]);
    let verdict = judge(&[KnownHosts::parse(&after).find(chosen)], &pinned[0]);
    assert!(matches!(verdict, KeyStatus::Known(..)), "{verdict:?}");
}

fn others_are_the_same(before: &KnownHosts<'_>, after: &[u8], chosen: &Name) {
    let after = KnownHosts::parse(after);
    for name in names().iter().filter(|name| *name != chosen) {
        assert_eq!(keys_of(&after, name), keys_of(before, name), "{name:?}");
    }
}
