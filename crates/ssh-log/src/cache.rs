//! A map of bounded size that forgets what was not used for longest.

/// Values by a 64-bit key: sets of a few slots each, the least recently used slot of a set gives way.
#[derive(Debug, Clone)]
pub(crate) struct Cache<V> {
    slots: Vec<Option<Slot<V>>>,
    uses: u64,
}

#[derive(Debug, Clone)]
struct Slot<V> {
    key: u64,
    used: u64,
    value: V,
}

const SETS: usize = 1024;
const WAYS: usize = 4;

impl<V: Clone + Default> Cache<V> {
    pub(crate) fn new() -> Self {
        Self {
            slots: vec![None; SETS * WAYS],
            uses: 0,
        }
    }

    /// Whether the key is remembered; does not count as a use.
    pub(crate) fn contains(&self, key: u64) -> bool {
        self.slots[set(key)]
            .iter()
            .flatten()
            .any(|slot| slot.key == key)
    }

    /// The value of a key, made when there is none.
    pub(crate) fn entry(&mut self, key: u64) -> &mut V {
        self.uses += 1;
        let set = set(key);
        let start = set.start;
        let slots = &mut self.slots[set];
        let known = slots
            .iter()
            .position(|slot| slot.as_ref().is_some_and(|slot| slot.key == key));
        let at = known.unwrap_or_else(|| {
            let at = oldest(slots);
            slots[at] = None;
            at
        });
        let slot = self.slots[start + at].get_or_insert_with(|| Slot {
            key,
            used: 0,
            value: V::default(),
        });
        slot.used = self.uses;
        &mut slot.value
    }
}

fn set(key: u64) -> std::ops::Range<usize> {
    let start = usize::try_from(key % SETS as u64).unwrap_or(0) * WAYS;
    start..start + WAYS
}

fn oldest<V>(set: &[Option<Slot<V>>]) -> usize {
    let used = |slot: &Option<Slot<V>>| slot.as_ref().map_or(0, |slot| slot.used);
    (0..set.len()).min_by_key(|&at| used(&set[at])).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_value_of_a_set_gives_way() {
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
