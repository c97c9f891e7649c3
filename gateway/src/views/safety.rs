//! How what was noticed in a conversation looks in JSON.

use crisis_resources as list;
use proto::chat::v1 as pb;
use proto::chat::v1::safety::{Category, Display, Tier};
use serde::Serialize;

use super::present;
use super::resources::Resources;

/// The person may be in danger: how grave it is, and help.
#[derive(Serialize)]
pub(crate) struct Safety {
    tier: &'static str,
    categories: Vec<&'static str>,
    display: &'static str,
    message: Option<String>,
    language: Option<String>,
    pub(crate) resources: Resources,
}

impl Safety {
    /// `None` if nothing was noticed.
    pub(crate) fn of(safety: pb::Safety) -> Option<Self> {
        let tier = match Tier::try_from(safety.tier) {
            Ok(Tier::Imminent) => "imminent",
            // A tier that only a later version knows is rather taken too seriously than overlooked.
            Ok(Tier::High) | Err(_) => "high",
            Ok(Tier::Elevated) => "elevated",
            Ok(Tier::Third) => "third",
            Ok(Tier::Unspecified) => return None,
        };
        let display = match safety.display() {
            // Rather too large than overlooked.
            Display::Card | Display::Unspecified => "card",
            Display::Line => "line",
            Display::Pointer => "pointer",
        };
        // Of those that this version does not know, nothing can be said.
        let categories = safety.categories().filter_map(category).collect();
        let resources = safety.resources.map(Resources::from);
        Some(Self {
            tier,
            categories,
            display,
            message: present(safety.message),
            language: present(safety.language),
            resources: resources.unwrap_or_else(|| list::anywhere().into()),
        })
    }
}

fn category(category: Category) -> Option<&'static str> {
    Some(match category {
        Category::SelfHarm => "self_harm",
        Category::HarmToOthers => "harm_to_others",
        Category::Abuse => "abuse",
        Category::EatingDisorder => "eating_disorder",
        Category::Psychosis => "psychosis",
        Category::Overdose => "overdose",
        Category::Unspecified => return None,
    })
}
