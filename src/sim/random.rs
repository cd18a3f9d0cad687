//! Seeded chance: one stream for each consumer, so that one more draw here moves nothing there.

use std::time::Duration;

use rand::Rng as _;
use rand::SeedableRng as _;
use rand_pcg::Pcg64Mcg;

use super::Range;

/// The characters of names that Kubernetes generates: no vowels, no digits that look like letters.
/// Source: `k8s.io/apimachinery/pkg/util/rand`.
const NAME_ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// A stream of chance that depends on the seed of the run and on the name of its consumer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Random(Pcg64Mcg);

impl Random {
    /// The stream of `consumer` in the run with this seed.
    #[must_use]
    pub fn stream(seed: u64, consumer: &str) -> Self {
        let mut state = u128::from(seed) ^ 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
        for byte in consumer.bytes() {
            state =
                (state ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
        Self(Pcg64Mcg::from_seed(state.to_le_bytes()))
    }

    /// A number from 0 up to, not including, `bound`; 0 when `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        let wide = u128::from(self.0.next_u64()) * u128::from(bound);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// A duration of the range, both ends included.
    pub fn duration(&mut self, range: Range) -> Duration {
        let (least, most) = (range.least.as_nanos(), range.most.as_nanos());
        let span = u64::try_from(most.saturating_sub(least)).unwrap_or(u64::MAX - 1);
        range.least + Duration::from_nanos(self.below(span + 1))
    }

    /// `count` characters as Kubernetes appends them to a `generateName`.
    pub fn name_suffix(&mut self, count: usize) -> String {
        (0..count)
            .map(|_| {
                let place = usize::try_from(self.below(NAME_ALPHABET.len() as u64)).unwrap_or(0);
                char::from(NAME_ALPHABET[place])
            })
            .collect()
    }

    /// A version 4 UUID.
    pub fn uid(&mut self) -> String {
        let (high, low) = (self.0.next_u64(), self.0.next_u64());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0x0fff,
            (low >> 48) & 0x3fff | 0x8000,
            low & 0xffff_ffff_ffff
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_fixed_by_seed_and_consumer() {
        let draw = |seed, consumer| Random::stream(seed, consumer).name_suffix(12);
        assert_eq!(draw(7, "kubelet/node-a"), draw(7, "kubelet/node-a"));
        assert_ne!(draw(7, "kubelet/node-a"), draw(8, "kubelet/node-a"));
        assert_ne!(draw(7, "kubelet/node-a"), draw(7, "kubelet/node-b"));
    }

    #[test]
    fn draws_stay_in_their_bounds() {
        let mut random = Random::stream(1, "bounds");
        let range = Range {
            least: Duration::from_millis(2),
            most: Duration::from_millis(5),
        };
        for bound in 1..200 {
            assert!(random.below(bound) < bound);
            assert!((range.least..=range.most).contains(&random.duration(range)));
        }
        assert_eq!(random.below(0), 0);
    }

    #[test]
    fn a_uid_has_the_form_of_version_4() {
        let uid = Random::stream(3, "uid").uid();
        let groups: Vec<usize> = uid.split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12]);
        assert_eq!(uid.as_bytes()[14], b'4');
        assert!(matches!(uid.as_bytes()[19], b'8' | b'9' | b'a' | b'b'));
    }
}
