//! What goes out first, for which country, and in which language.

use openai_stub::{Behaviour, Stub};
use proto::chat::v1::safety::{Category, Display, Tier};
use proto::chat::v1::safety_service_client::SafetyServiceClient;
use proto::chat::v1::{
    GetCrisisResourcesRequest, GetPreferencesRequest, UpdatePreferencesRequest, WatchTurnRequest,
};
use tonic::{Code, Request, Response, Status};

use super::{DANGER, FRIEND, HINT, instructions, region, shown};
use crate::service::harness::{Person, Service, patient, refused};
use crate::service::reader::Reader;

impl Person {
    async fn prefer(&self, region: Option<&str>) -> Result<String, Status> {
        let request = UpdatePreferencesRequest { region: region.map(str::to_owned) };
        let changed = self.client.clone().update_preferences(self.asks(request)).await?;
        Ok(changed.into_inner().preferences.unwrap().region)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn help_comes_before_everything_else() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1).speaking("en-GB");
    let reader = ada.tell(DANGER).await;
    assert_eq!(reader.told[..3], ["safety", "accepted", "disclosure"]);
    assert_eq!(reader.told.iter().filter(|name| **name == "safety").count(), 1);
    let help = &reader.safety[0];
    assert_eq!((help.tier(), help.display()), (Tier::High, Display::Card));
    assert_eq!(help.categories().collect::<Vec<_>>(), [Category::SelfHarm]);
    assert!(!help.message.is_empty() && help.language == "en");
    let resources = help.resources.as_ref().unwrap();
    assert_eq!((resources.region.as_str(), resources.name.as_str()), ("GB", "United Kingdom"));
    assert!(resources.emergency.contains(&"999".to_owned()), "{resources:?}");
    assert!(resources.lines.iter().any(|line| line.phone == "116 123"), "{resources:?}");
    assert!(!resources.directories.is_empty());
    // It is part of the turn from then on, whoever asks and however.
    assert_eq!(ada.turn(reader.turn_id).await.safety.as_ref(), Some(help));
    assert_eq!(reader.done().safety.as_ref(), Some(help));
    let whole = ada.new_session("").await;
    let whole = ada.say_in(Some(whole), DANGER).await.unwrap();
    assert_eq!(whole.turn.unwrap().safety.as_ref(), Some(help));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_back_or_asks_again_is_given_help_first_again() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1).speaking("en-US");
    let first = ada.tell(DANGER).await;
    for cursor in [(0, 0), (1, 2)] {
        let read = &first.text[..2 * usize::from(cursor != (0, 0))];
        let mut back = ada.resume(first.turn_id, cursor, read).await.unwrap();
        back.read_on().await;
        assert_eq!(
            (back.told[0], &back.safety, &back.text),
            ("safety", &first.safety, &first.text)
        );
    }
    let request =
        WatchTurnRequest { turn_id: first.turn_id, from_start: true, ..Default::default() };
    let whole = ada.client.clone().watch_turn(ada.asks(request)).await.map(Response::into_inner);
    let mut whole = Reader::new(whole.unwrap());
    whole.read_on().await;
    assert_eq!(whole.told[..3], ["safety", "accepted", "disclosure"]);

    let mut named = ada.stream_in(None, DANGER, "a-name").await.unwrap();
    named.read_on().await;
    ada.tell("I took all the pills an hour ago").await;
    let mut repeated = ada.stream_in(None, DANGER, "a-name").await.unwrap();
    repeated.read_on().await;
    assert_eq!(repeated.told[0], "safety");
    assert_eq!(repeated.safety.last(), named.safety.last(), "what is kept of a turn counts");

    let mut again = ada.regenerate(first.turn_id).await.unwrap();
    again.read_on().await;
    assert_eq!(again.told[..2], ["safety", "accepted"]);
    let bob = service.person(2);
    let harmless = bob.say_in(None, "lovely weather").await.unwrap();
    let mut edited = bob.edit(harmless.user_message.unwrap().id, DANGER).await.unwrap();
    edited.read_on().await;
    assert_eq!(edited.told[0], "safety");
    assert_eq!(shown(&edited), Some((Tier::High, Display::Card)));
}

#[tokio::test(flavor = "multi_thread")]
async fn help_is_for_the_country_and_in_the_language_that_fit() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    for (user, (languages, text, code, language)) in (1..).zip([
        ("en-US,en;q=0.9", "I want to die", "US", "en"),
        ("de-AT,de;q=0.9,en;q=0.5", "I want to die", "AT", "en"),
        ("es-MX", "Quiero morir", "MX", "es"),
        ("de-DE", "Quiero morir", "DE", "es"),
        ("pt-BR", "Quero morrer", "BR", "pt"),
        ("fr-FR", "Je veux mourir", "FR", "fr"),
        ("de-DE", "Ich will sterben", "DE", "de"),
        ("hi-IN", "मैं मरना चाहता हूँ", "IN", "hi"),
        ("ja-JP,ja", "I want to die", "JP", "en"),
        // A language is no country, and no language is no country either.
        ("de", "Ich will sterben", "", "de"),
        ("", "I want to die", "", "en"),
        ("xx-QQ", "I want to die", "", "en"),
    ]) {
        let reader = service.person(user).speaking(languages).tell(text).await;
        let help = &reader.safety[0];
        assert_eq!(reader.told[0], "safety", "{text}");
        assert_eq!((region(help), help.language.as_str()), (code, language), "{languages} {text}");
        assert!(code.is_empty() || !help.resources.as_ref().unwrap().emergency.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_country_that_somebody_set_counts_more_than_their_programs() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    let (ada, bob) = (service.person(1).speaking("de-DE"), service.person(2).speaking("de-DE"));
    assert_eq!(ada.prefer(None).await.unwrap(), "", "nothing is set");
    assert_eq!(ada.prefer(Some(" gb ")).await.unwrap(), "GB");
    assert_eq!(ada.prefer(None).await.unwrap(), "GB", "and nothing was changed");
    for wrong in ["Germany", "QQ", "D", "1", "GB;"] {
        refused(ada.prefer(Some(wrong)).await, Code::InvalidArgument, "REGION_INVALID");
    }
    let asked = ada.client.clone().get_preferences(ada.asks(GetPreferencesRequest {})).await;
    assert_eq!(asked.unwrap().into_inner().preferences.unwrap().region, "GB");
    let stranger = Request::new(UpdatePreferencesRequest { region: Some("US".into()) });
    let stranger = ada.client.clone().update_preferences(stranger).await;
    refused(stranger.map(drop), Code::Unauthenticated, "TOKEN_MISSING");

    assert_eq!(region(&ada.tell(DANGER).await.safety[0]), "GB");
    assert_eq!(region(&bob.tell(DANGER).await.safety[0]), "DE", "set for nobody else");
    assert_eq!(ada.prefer(Some("")).await.unwrap(), "");
    assert_eq!(region(&ada.tell(DANGER).await.safety[0]), "DE");
}

#[tokio::test(flavor = "multi_thread")]
async fn hints_and_worries_about_others_are_met_without_a_wall_of_words() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1).speaking("en-US");
    let hint = ada.tell(HINT).await;
    assert_eq!(hint.told[..3], ["accepted", "disclosure", "safety"], "no alarm before the answer");
    assert_eq!(shown(&hint), Some((Tier::Elevated, Display::Pointer)));
    assert_eq!(hint.text, openai_stub::DEFAULT_REPLY, "nothing is added to the reply");
    let told = instructions(&stub);
    assert!(told.contains("ask, gently and directly") && told.contains("988"), "{told}");

    let bob = service.person(2).speaking("en-US");
    let friend = bob.tell(FRIEND).await;
    assert_eq!(shown(&friend), Some((Tier::Third, Display::Line)));
    assert_eq!(friend.text, openai_stub::DEFAULT_REPLY);
    let told = instructions(&stub);
    assert!(told.contains("worry about somebody else"), "{told}");

    let eve = service.person(3).speaking("en-US");
    eve.tell(DANGER).await;
    let told = instructions(&stub);
    assert!(told.contains("whether they are safe right now") && told.contains("911"), "{told}");
    let grace = service.person(4);
    let harmless = grace.tell("we made soup and it was good").await;
    assert_eq!((shown(&harmless), harmless.safety.len()), (None, 0));
    assert!(!instructions(&stub).contains("Right now\n"), "nothing is hinted at");
    assert_eq!(grace.turn(harmless.turn_id).await.safety, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_to_call_is_told_to_anybody() {
    let stub = Stub::start().await.unwrap();
    stub.always(Behaviour::Drop);
    // Nobody has a good token here, and nobody needs one.
    let service = Service::start_alone(patient(&stub)).await;
    let ask = async |region: &str, languages: &str| {
        let mut request = Request::new(GetCrisisResourcesRequest { region: region.to_owned() });
        request.metadata_mut().insert("accept-language", languages.parse().unwrap());
        let mut client = SafetyServiceClient::new(service.channel.clone());
        client.get_crisis_resources(request).await.unwrap().into_inner().resources.unwrap()
    };
    let here = ask("gb", "de-DE").await;
    assert_eq!((here.region.as_str(), here.name.as_str()), ("GB", "United Kingdom"));
    let line = here.lines.iter().find(|line| line.phone == "116 123").unwrap();
    assert!(!line.name.is_empty() && !line.sources.is_empty() && line.verified_at.len() == 10);
    assert_eq!(ask("", "de-DE,en").await.region, "DE");
    for (region, languages) in [("", "de"), ("QQ", "de-DE"), ("nowhere", "")] {
        let anywhere = ask(region, languages).await;
        assert_eq!((anywhere.region.as_str(), anywhere.lines.len()), ("", 0), "{region}");
        assert!(anywhere.directories.iter().any(|list| list.url.contains("findahelpline.com")));
    }
}
