//! How help lines look in JSON, wherever they come from: our own list, or what a service chose.

use crisis_resources as list;
use proto::chat::v1 as pb;
use serde::Serialize;

use super::present;

/// Whom to call, write or text.
#[derive(Serialize)]
pub(crate) struct Resources {
    pub(crate) region: Option<String>,
    name: Option<String>,
    pub(crate) emergency: Vec<String>,
    pub(crate) lines: Vec<Line>,
    directories: Vec<Directory>,
}

/// A line to talk to.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Line {
    name: String,
    kind: String,
    phone: Option<String>,
    sms: Option<Sms>,
    chat_url: Option<String>,
    url: Option<String>,
    hours: Option<String>,
    languages: Vec<String>,
    sources: Vec<String>,
    verified_at: Option<String>,
}

/// Where to send a text message, and what to write in it.
#[derive(Debug, Clone, Serialize)]
struct Sms {
    to: String,
    keyword: Option<String>,
}

/// Where lines of all countries can be found.
#[derive(Serialize)]
struct Directory {
    name: String,
    url: String,
}

impl From<&list::Region> for Resources {
    fn from(region: &list::Region) -> Self {
        let code = present(region.code.clone());
        Self {
            name: code.as_ref().map(|_| region.name.clone()),
            region: code,
            emergency: region.emergency.clone(),
            lines: region.lines.iter().map(Line::from).collect(),
            directories: list::directories().iter().map(Directory::from).collect(),
        }
    }
}

impl From<&list::Line> for Line {
    fn from(line: &list::Line) -> Self {
        let sms = line.sms.as_ref();
        Self {
            name: line.name.clone(),
            kind: line.kind.clone(),
            phone: line.phone.clone(),
            sms: sms.map(|sms| Sms { to: sms.to.clone(), keyword: sms.keyword.clone() }),
            chat_url: line.chat.clone(),
            url: line.url.clone(),
            hours: line.hours.clone(),
            languages: line.languages.clone(),
            sources: line.sources.clone(),
            verified_at: present(line.verified_at.clone()),
        }
    }
}

impl From<&list::Directory> for Directory {
    fn from(directory: &list::Directory) -> Self {
        Self { name: directory.name.clone(), url: directory.url.clone() }
    }
}

impl From<pb::CrisisResources> for Resources {
    fn from(resources: pb::CrisisResources) -> Self {
        let directories = resources.directories.into_iter();
        Self {
            region: present(resources.region),
            name: present(resources.name),
            emergency: resources.emergency,
            lines: resources.lines.into_iter().map(Line::from).collect(),
            directories: directories
                .map(|pb::CrisisDirectory { name, url }| Directory { name, url })
                .collect(),
        }
    }
}

impl From<pb::CrisisLine> for Line {
    fn from(line: pb::CrisisLine) -> Self {
        let (to, keyword) = (present(line.sms), present(line.sms_keyword));
        Self {
            name: line.name,
            kind: line.kind,
            phone: present(line.phone),
            sms: to.map(|to| Sms { to, keyword }),
            chat_url: present(line.chat_url),
            url: present(line.url),
            hours: present(line.hours),
            languages: line.languages,
            sources: line.sources,
            verified_at: present(line.verified_at),
        }
    }
}
