//! Chance that is the same in every run.

/// Numbers that look like chance, and are the same in every run.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Others for each `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `most`, which is not nought.
    pub fn below(&mut self, most: u64) -> u64 {
        // Knuth's MMIX generator; its upper bits are the good ones.
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }

    /// One of these, of which there is at least one.
    pub fn one_of<T>(&mut self, some: &[T]) -> usize {
        let most = u64::try_from(some.len()).unwrap_or(u64::MAX);
        usize::try_from(self.below(most)).unwrap_or(0)
    }
}
