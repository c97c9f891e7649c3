//! Help, as the contract shows it, and the service that gives it to whoever asks.

use crisis_resources::{Line, Region};
use prost::Message as _;
use proto::chat::SAFETY_METADATA;
use proto::chat::v1 as pb;
use proto::chat::v1::safety_service_server::SafetyService;
use proto::chat::v1::turn_event;
use tonic::metadata::MetadataValue;
use tonic::{Request, Response, Status};

use super::Answer;
use crate::safety::{Category, Display, Language, Notice, Tier};

/// Metadata of a call: the languages that a caller's program asks for.
const ACCEPT_LANGUAGE: &str = "accept-language";

/// Needs nothing: no token, no database, no model.
pub(super) struct Help;

#[tonic::async_trait]
impl SafetyService for Help {
    async fn get_crisis_resources(
        &self,
        request: Request<pb::GetCrisisResourcesRequest>,
    ) -> Answer<pb::GetCrisisResourcesResponse> {
        let accepted = accepted(&request);
        let region = match request.get_ref().region.trim() {
            "" => crisis_resources::accepted_region(&accepted),
            code => crisis_resources::region(code),
        };
        let region = region.unwrap_or_else(crisis_resources::anywhere);
        Ok(Response::new(pb::GetCrisisResourcesResponse { resources: Some(resources(region)) }))
    }
}

/// The languages that a caller's program asks for.
pub(super) fn accepted<T>(request: &Request<T>) -> String {
    let header = request.metadata().get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    header.unwrap_or_default().to_owned()
}

pub(super) fn notice(notice: &Notice) -> pb::Safety {
    let category = |category: &Category| {
        i32::from(match category {
            Category::SelfHarm => pb::safety::Category::SelfHarm,
            Category::HarmToOthers => pb::safety::Category::HarmToOthers,
            Category::Abuse => pb::safety::Category::Abuse,
            Category::EatingDisorder => pb::safety::Category::EatingDisorder,
            Category::Psychosis => pb::safety::Category::Psychosis,
            Category::Overdose => pb::safety::Category::Overdose,
        })
    };
    let tier = match notice.tier {
        Tier::None | Tier::Low => pb::safety::Tier::Unspecified,
        Tier::Third => pb::safety::Tier::Third,
        Tier::Elevated => pb::safety::Tier::Elevated,
        Tier::High => pb::safety::Tier::High,
        Tier::Imminent => pb::safety::Tier::Imminent,
    };
    let display = match notice.display {
        Display::Card => pb::safety::Display::Card,
        Display::Line => pb::safety::Display::Line,
        Display::Pointer => pb::safety::Display::Pointer,
    };
    pb::Safety {
        tier: tier.into(),
        categories: notice.categories.iter().map(category).collect(),
        display: display.into(),
        message: notice.message(),
        language: notice.language.code().to_owned(),
        resources: Some(resources(notice.region)),
    }
}

pub(super) fn disclosure((text, language): (String, Language)) -> turn_event::Disclosure {
    turn_event::Disclosure { text, language: language.code().to_owned() }
}

/// An error about a message in which something was noticed carries that, and help.
pub(super) fn with_help(mut status: Status, noticed: Option<&Notice>) -> Status {
    if let Some(noticed) = noticed {
        let help = MetadataValue::from_bytes(&notice(noticed).encode_to_vec());
        status.metadata_mut().insert_bin(SAFETY_METADATA, help);
    }
    status
}

fn resources(region: &Region) -> pb::CrisisResources {
    let is_somewhere = !region.code.is_empty();
    let directory = |directory: &crisis_resources::Directory| pb::CrisisDirectory {
        name: directory.name.clone(),
        url: directory.url.clone(),
    };
    pb::CrisisResources {
        region: region.code.clone(),
        name: if is_somewhere { region.name.clone() } else { String::new() },
        emergency: region.emergency.clone(),
        lines: region.lines.iter().map(line).collect(),
        directories: crisis_resources::directories().iter().map(directory).collect(),
    }
}

fn line(line: &Line) -> pb::CrisisLine {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let sms = line.sms.as_ref();
    pb::CrisisLine {
        name: line.name.clone(),
        kind: line.kind.clone(),
        phone: text(&line.phone),
        sms: sms.map(|sms| sms.to.clone()).unwrap_or_default(),
        sms_keyword: sms.and_then(|sms| sms.keyword.clone()).unwrap_or_default(),
        chat_url: text(&line.chat),
        url: text(&line.url),
        hours: text(&line.hours),
        languages: line.languages.clone(),
        sources: line.sources.clone(),
        verified_at: line.verified_at.clone(),
    }
}
