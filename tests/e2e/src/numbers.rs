//! The numbers of a program, as Prometheus reads them.

use std::time::Duration;

use crate::product::http_client;

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(20);

/// The numbers of a program at one moment.
#[derive(Debug, Clone)]
pub struct Numbers {
    /// As they were told.
    pub text: String,
}

impl Numbers {
    /// Asks the port at `address`.
    pub async fn at(address: &str) -> Self {
        let answer = http_client().get(format!("http://{address}/metrics")).send().await;
        let text = answer.expect("an answer").text().await.expect("a text");
        Self { text }
    }

    /// Asks until they are as expected, and returns them.
    pub async fn once(address: &str, expected: impl Fn(&Self) -> bool) -> Self {
        let asked = async {
            loop {
                let numbers = Self::at(address).await;
                if expected(&numbers) {
                    return numbers;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let numbers = tokio::time::timeout(PATIENCE, asked).await;
        let Ok(numbers) = numbers else {
            panic!("not as expected: {}", Self::at(address).await.text)
        };
        numbers
    }

    /// All series: a name with labels, and a value.
    pub fn series(&self) -> impl Iterator<Item = (&str, f64)> {
        let lines = self.text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        lines.map(|line| {
            let (series, value) = line.rsplit_once(' ').expect("a value");
            (series, value.parse().expect("a number"))
        })
    }

    /// The sum of the series of this name that have all of these labels, written `name="value"`.
    #[must_use]
    pub fn sum(&self, name: &str, labels: &[&str]) -> f64 {
        let series = self.series().filter(|(series, _)| {
            let (own, rest) = series.split_once('{').unwrap_or((series, ""));
            own == name && labels.iter().all(|label| rest.contains(label))
        });
        series.map(|(_, value)| value).sum()
    }
}
