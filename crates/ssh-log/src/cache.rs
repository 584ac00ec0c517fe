//! A map of bounded size that drops the least recently used values.

/// Values by a 64-bit key: sets of a few slots each; the least recently used slot of a set is
/// replaced.
#[derive(Debug, Clone)]
pub(crate) struct Cache<V> {
    sets: Vec<Set>,
    /// A part of each key: so few bytes that they are at hand. Most keys that are not present need no other look.
    tags: Vec<[u8; WAYS]>,
    /// Separate from the keys, so that these fit into one cache line of the processor.
    values: Vec<V>,
    uses: u64,
    /// The key that was used last, and the place of its value: most uses are of the same one again.
    latest: Option<(u64, usize)>,
}

/// The keys of a set, and when each was last used: 0 for a free slot.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
struct Set {
    keys: [u64; WAYS],
    used: [u64; WAYS],
}

const SETS: usize = 1024;
const WAYS: usize = 4;

impl<V: Clone + Default> Cache<V> {
    pub(crate) fn new() -> Self {
        Self {
            sets: vec![Set::default(); SETS],
            tags: vec![[0; WAYS]; SETS],
            values: vec![V::default(); SETS * WAYS],
            uses: 0,
            latest: None,
        }
    }

    /// Whether the key is present; does not count as a use.
    pub(crate) fn contains(&self, key: u64) -> bool {
        let place = place(key);
        self.tags[place].contains(&tag(key)) && self.sets[place].slot(key).is_some()
    }

    /// The value of a key, created if missing.
    pub(crate) fn entry(&mut self, key: u64) -> &mut V {
        let value = match self.latest {
            Some((latest, value)) if latest == key => value,
            _ => self.find(key),
        };
        &mut self.values[value]
    }

    /// The place of the value of a key, which becomes the latest.
    fn find(&mut self, key: u64) -> usize {
        self.uses += 1;
        let place = place(key);
        let set = &mut self.sets[place];
        let known = set.slot(key);
        let slot = known.unwrap_or_else(|| set.oldest());
        (set.keys[slot], set.used[slot]) = (key, self.uses);
        self.tags[place][slot] = tag(key);
        let value = place * WAYS + slot;
        if known.is_none() {
            self.values[value] = V::default();
        }
        self.latest = Some((key, value));
        value
    }
}

impl Set {
    fn slot(&self, key: u64) -> Option<usize> {
        (0..WAYS).find(|&slot| self.keys[slot] == key && self.used[slot] > 0)
    }

    fn oldest(&self) -> usize {
        (0..WAYS).min_by_key(|&slot| self.used[slot]).unwrap_or(0)
    }
}

fn place(key: u64) -> usize {
    usize::try_from(key % SETS as u64).unwrap_or(0)
}

fn tag(key: u64) -> u8 {
    key.to_be_bytes()[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_value_of_a_set_is_evicted() {
        let mut cache: Cache<u32> = Cache::new();
        let same_set = |n: u64| n * SETS as u64;
        for n in 0..WAYS as u64 {
            *cache.entry(same_set(n)) = 1;
        }
        assert_eq!(*cache.entry(same_set(0)), 1);
        assert_eq!(*cache.entry(same_set(9)), 0);
        assert!(cache.contains(same_set(0)));
        assert!(!cache.contains(same_set(1)));
        assert!(cache.contains(same_set(9)));
    }
}
