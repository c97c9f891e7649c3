//! How patiently the model is asked.

use std::time::Duration;

/// How long we wait for what.
#[derive(Debug, Clone)]
pub struct Limits {
    /// For a connection.
    pub connect: Duration,
    /// For the first word, once connected.
    pub first_token: Duration,
    /// Between two words.
    pub silence: Duration,
    /// For all of it, every attempt included.
    pub total: Duration,
}

impl Default for Limits {
    /// The total stays under the minute that clients and proxies commonly wait.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            first_token: Duration::from_secs(15),
            silence: Duration::from_secs(15),
            total: Duration::from_secs(55),
        }
    }
}
