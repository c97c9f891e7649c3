//! Shares of a count, and how far they can be trusted.

use std::fmt;

use serde::ser::{Serialize, SerializeStruct as _, Serializer};

/// The normal quantile of a two-sided 95 % interval.
const Z: f64 = 1.959_963_984_540_054;

/// So many of so many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share {
    /// How many it is true of.
    pub count: u32,
    /// How many there are.
    pub of: u32,
}

impl Share {
    /// Counts one more.
    pub fn add(&mut self, is_true: bool) {
        self.count += u32::from(is_true);
        self.of += 1;
    }

    /// Between 0 and 1; 0 of nothing.
    #[must_use]
    pub fn value(self) -> f64 {
        if self.of == 0 { 0.0 } else { f64::from(self.count) / f64::from(self.of) }
    }

    /// The 95 % interval after Wilson, which stays honest near 0 and 1 and for small counts.
    #[must_use]
    pub fn interval(self) -> (f64, f64) {
        if self.of == 0 {
            return (0.0, 1.0);
        }
        let (n, p) = (f64::from(self.of), self.value());
        let shrink = 1.0 + Z * Z / n;
        let middle = (p + Z * Z / (2.0 * n)) / shrink;
        let reach = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt() / shrink;
        ((middle - reach).max(0.0), (middle + reach).min(1.0))
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.of == 0 {
            return f.write_str("-");
        }
        let (low, high) = self.interval();
        let percent = [self.value(), low, high].map(|part| part * 100.0);
        write!(f, "{:.1} % [{:.1}, {:.1}]", percent[0], percent[1], percent[2])
    }
}

impl Serialize for Share {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (low, high) = self.interval();
        let mut fields = serializer.serialize_struct("Share", 5)?;
        fields.serialize_field("count", &self.count)?;
        fields.serialize_field("of", &self.of)?;
        fields.serialize_field("share", &self.value())?;
        fields.serialize_field("lower", &low)?;
        fields.serialize_field("upper", &high)?;
        fields.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_interval(count: u32, of: u32, low: f64, high: f64) {
        let found = Share { count, of }.interval();
        assert!((found.0 - low).abs() < 5e-5, "{count} of {of}: {found:?}");
        assert!((found.1 - high).abs() < 5e-5, "{count} of {of}: {found:?}");
    }

    #[test]
    fn intervals_are_the_ones_of_the_books() {
        assert_interval(50, 100, 0.4038, 0.5962);
        assert_interval(81, 263, 0.2553, 0.3662);
        assert_interval(0, 300, 0.0, 0.0126);
        assert_interval(10, 10, 0.7225, 1.0);
        assert_interval(15, 148, 0.0624, 0.1605);
    }

    #[test]
    fn nothing_counted_is_nothing_known() {
        assert_eq!(Share::default().interval(), (0.0, 1.0));
        assert_eq!(Share::default().to_string(), "-");
    }

    #[test]
    fn a_share_reads_as_percent_with_its_interval() {
        let mut share = Share::default();
        (0..100).for_each(|n| share.add(n % 2 == 0));
        assert_eq!(share.to_string(), "50.0 % [40.4, 59.6]");
    }
}
