//! The numbers and hosts that are ours.

use std::collections::BTreeSet;

use crate::{Directory, Region, registry};

/// Whether a number is one of ours, in any region. Only its digits count.
#[must_use]
pub fn knows_number(number: &str) -> bool {
    registry::get().contacts.numbers.contains(&digits(number))
}

/// Whether a host is that of one of our addresses, in any letter case, with or without `www.`.
#[must_use]
pub fn knows_host(host: &str) -> bool {
    registry::get().contacts.hosts.contains(&plain_host(host))
}

/// Every number and host of the data, ready to be looked up.
#[derive(Debug, Default)]
pub(crate) struct Contacts {
    numbers: BTreeSet<String>,
    hosts: BTreeSet<String>,
}

impl Contacts {
    pub(crate) fn of(regions: &[Region], directories: &[Directory]) -> Self {
        let mut contacts = Self::default();
        for region in regions {
            contacts.numbers.extend(region.emergency.iter().map(|number| digits(number)));
            for line in &region.lines {
                let numbers = line.phone.iter().chain(line.sms.iter().map(|sms| &sms.to));
                contacts.numbers.extend(numbers.map(|number| digits(number)));
                let urls = line.url.iter().chain(&line.chat);
                contacts.hosts.extend(urls.filter_map(|url| host(url)));
            }
        }
        contacts.hosts.extend(directories.iter().filter_map(|directory| host(&directory.url)));
        contacts
    }
}

fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

fn host(url: &str) -> Option<String> {
    let rest = url.strip_prefix("https://")?;
    rest.split(['/', '?', '#', ':']).next().map(plain_host)
}

fn plain_host(host: &str) -> String {
    let host = host.to_ascii_lowercase();
    host.strip_prefix("www.").unwrap_or(&host).trim_end_matches('.').to_owned()
}
