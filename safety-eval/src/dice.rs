//! Chance that comes out the same every time: a small generator seeded by what it is used on.

/// A pseudo-random sequence (`SplitMix64`).
#[derive(Debug)]
pub struct Dice(u64);

impl Dice {
    /// A sequence of its own for every name and text (seeded with FNV-1a).
    #[must_use]
    pub fn seeded(name: &str, text: &str) -> Self {
        let bytes = name.bytes().chain([0]).chain(text.bytes());
        Self(bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        }))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Heads or tails.
    pub fn flip(&mut self) -> bool {
        self.next() & 1 == 1
    }

    /// Puts these in another order.
    pub fn shuffle<T>(&mut self, these: &mut [T]) {
        for left in (2..=these.len()).rev() {
            let chosen = u64::try_from(left).map_or(0, |left| self.next() % left);
            these.swap(left - 1, usize::try_from(chosen).unwrap_or(0));
        }
    }

    /// One of these, none of none.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        let count = u64::try_from(from.len()).ok().filter(|count| *count > 0)?;
        usize::try_from(self.next() % count).ok().and_then(|at| from.get(at).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_throws_the_same_and_another_one_something_else() {
        let throw = |name, text| {
            let mut dice = Dice::seeded(name, text);
            [dice.next(), dice.next(), dice.next()]
        };
        assert_eq!(throw("typo", "a sentence"), throw("typo", "a sentence"));
        assert_ne!(throw("typo", "a sentence"), throw("leet", "a sentence"));
        assert_ne!(throw("typo", "a sentence"), throw("typo", "another one"));
    }

    #[test]
    fn every_face_comes_up_and_nothing_cannot_be_picked() {
        let mut dice = Dice::seeded("dice", "faces");
        let mut seen = [false; 6];
        for _ in 0..200 {
            seen[dice.pick(&[0, 1, 2, 3, 4, 5]).unwrap()] = true;
        }
        assert_eq!(seen, [true; 6]);
        assert_eq!(dice.pick::<u8>(&[]), None);
    }
}
