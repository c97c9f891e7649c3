//! What the encoder answers to a passage.

use std::sync::LazyLock;

use encoder::Encoder;

static ENCODER: LazyLock<Result<Encoder, encoder::Error>> = LazyLock::new(|| {
    Encoder::read(include_str!("pieces.txt"), include_bytes!("weights.safetensors"))
});

/// What was read out of a passage: about the logarithm of the odds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// That it is elevated or graver.
    pub elevated: f32,
    /// That it is high or graver.
    pub high: f32,
    /// That somebody else is in danger, and the writer is not.
    pub third: f32,
}

impl Reading {
    /// Reads passages, as [`passages`](super::passages) writes them.
    #[must_use]
    pub fn all(passages: &[&str]) -> Vec<Self> {
        // Nobody serves with an encoder that cannot be read: see `check`.
        let answers = ENCODER.as_ref().map(|encoder| encoder.judge(passages)).unwrap_or_default();
        let readings = answers.iter().filter_map(|answers| match *answers.as_slice() {
            [elevated, high, third] => Some(Self { elevated, high, third }),
            _ => None,
        });
        readings.collect()
    }
}

/// Tells whether the encoder can be read.
///
/// # Errors
/// What is wrong with it.
pub(in crate::safety) fn check() -> Result<(), String> {
    ENCODER.as_ref().map_err(ToString::to_string)?;
    match Reading::all(&["hello"]).len() {
        1 => Ok(()),
        _ => Err("the encoder answers other questions than it is asked".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passages_are_read_together_as_each_by_itself() {
        let passages = ["we had soup", "i want to die , i mean it", "so tired of being here"];
        let together = Reading::all(&passages);
        assert_eq!(together.len(), passages.len());
        for (passage, together) in passages.into_iter().zip(together) {
            let alone = Reading::all(&[passage]);
            assert!((alone[0].elevated - together.elevated).abs() < 1e-3, "{alone:?} {together:?}");
            assert!((alone[0].high - together.high).abs() < 1e-3, "{alone:?} {together:?}");
            assert!((alone[0].third - together.third).abs() < 1e-3, "{alone:?} {together:?}");
        }
        assert_eq!(Reading::all(&[]), []);
    }
}
