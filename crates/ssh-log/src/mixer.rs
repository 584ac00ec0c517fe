//! A fast hash of a few bytes.

use std::hash::{BuildHasher, Hasher, RandomState};

/// Mixes by multiplication. An attacker who knows the initial state can construct two equal keys:
/// either the damage must be small, or the initial state random ([`Seed`]).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mixer(u64);

const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

impl Default for Mixer {
    fn default() -> Self {
        Self(FACTOR)
    }
}

impl Mixer {
    fn mix(&mut self, value: u64) {
        let product = u128::from(self.0 ^ value) * u128::from(FACTOR);
        self.0 = (product ^ (product >> 64)) as u64;
    }
}

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some((chunk, behind)) = rest.split_first_chunk::<8>() {
            self.mix(u64::from_le_bytes(*chunk));
            rest = behind;
        }
        let last = rest.iter().fold(1, |sum, &byte| sum << 8 | u64::from(byte));
        self.mix(last);
    }

    fn write_u8(&mut self, value: u8) {
        self.mix(value.into());
    }

    fn write_u16(&mut self, value: u16) {
        self.mix(value.into());
    }

    fn write_u32(&mut self, value: u32) {
        self.mix(value.into());
    }

    fn write_u64(&mut self, value: u64) {
        self.mix(value);
    }

    fn write_usize(&mut self, value: usize) {
        self.mix(value as u64);
    }

    fn write_isize(&mut self, value: isize) {
        self.mix(value as u64);
    }

    fn finish(&self) -> u64 {
        let product = u128::from(self.0) * u128::from(FACTOR);
        (product ^ (product >> 64)) as u64
    }
}

/// The initial state for the hashes of one map.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seed(Mixer);

impl Default for Seed {
    fn default() -> Self {
        Self(Mixer(RandomState::new().hash_one(0)))
    }
}

impl BuildHasher for Seed {
    type Hasher = Mixer;

    fn build_hasher(&self) -> Mixer {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::hash::Hash;
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn neighbouring_values_have_well_mixed_hashes() {
        let hash = |value: &dyn Fn(&mut Mixer)| {
            let mut mixer = Mixer::default();
            value(&mut mixer);
            mixer.finish()
        };
        let hashes: Vec<u64> = (0..100_000u32)
            .map(|n| hash(&|mixer| (b"gw", Ipv4Addr::from(n), 22u16).hash(mixer)))
            .collect();
        let whole: BTreeSet<u64> = hashes.iter().copied().collect();
        assert_eq!(whole.len(), hashes.len());
        for shift in [0, 20, 40, 54] {
            let places: BTreeSet<u64> = hashes.iter().map(|hash| hash >> shift & 1023).collect();
            assert_eq!(places.len(), 1024);
        }
        assert_ne!(
            hash(&|mixer| b"a".hash(mixer)),
            hash(&|mixer| b"a\0".hash(mixer))
        );
    }
}
