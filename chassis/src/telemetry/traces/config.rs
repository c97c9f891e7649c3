//! Settings of traces, under the names that OpenTelemetry gives them.

use std::str::FromStr;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::Sampler;
use tonic::transport::{Endpoint, Uri};

use crate::process::About;
use crate::settings::Settings;

/// Where traces are told, which, and in whose name.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(super) endpoint: Endpoint,
    pub(super) sampler: Sampler,
    /// `None`: `OTEL_RESOURCE_ATTRIBUTES` says it.
    service: Option<String>,
}

/// What is told about traces, and whether they are told at all.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted(pub(crate) Option<Config>);

impl Config {
    /// Reads the settings. Without the address of a collector nothing is told.
    pub(crate) fn read(settings: &mut Settings, about: About) -> Option<Wanted> {
        let help =
            "a collector for traces (OTLP over gRPC, http://HOST:PORT); without it none are told";
        let all = settings.optional::<Address>("OTEL_EXPORTER_OTLP_ENDPOINT", help);
        let help = "the same, in its place";
        let traces = settings.optional::<Address>("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", help);
        let help = "true: no traces, whatever else is set";
        let is_disabled = settings.value("OTEL_SDK_DISABLED", "false", help);
        let help = "what traces call this program; its name unless set";
        let service = settings.optional::<String>("OTEL_SERVICE_NAME", help);
        let help = "what else traces say of it: name=value, with commas between";
        let attributes = settings.optional::<String>("OTEL_RESOURCE_ATTRIBUTES", help);
        let sampler = read_sampler(settings);
        let (all, traces, service, attributes) = (all?, traces?, service?, attributes?);
        let (is_disabled, sampler): (bool, Sampler) = (is_disabled?, sampler?);
        let is_named = attributes.is_some_and(|text| {
            text.split(',').any(|pair| pair.trim_start().starts_with("service.name="))
        });
        let service = service.or_else(|| (!is_named).then(|| about.name.to_owned()));
        let endpoint = traces.or(all).filter(|_| !is_disabled);
        Some(Wanted(endpoint.map(|Address(endpoint)| Self { endpoint, sampler, service })))
    }

    /// Who tells: what the library reads from the environment by itself, and the service's name.
    pub(super) fn resource(&self) -> Resource {
        let resource = Resource::builder();
        match &self.service {
            Some(name) => resource.with_service_name(name.clone()).build(),
            None => resource.build(),
        }
    }
}

/// Which requests are told.
fn read_sampler(settings: &mut Settings) -> Option<Sampler> {
    let help = "which requests are told: always_on, always_off, traceidratio, or parentbased_ before one \
                of these, which follows whoever called";
    let kind = settings.value::<Kind>("OTEL_TRACES_SAMPLER", "parentbased_always_on", help);
    let help = "the share of requests for traceidratio, 0 to 1";
    let share = settings.value("OTEL_TRACES_SAMPLER_ARG", "1", help);
    let (kind, share): (Kind, f64) = (kind?, share?);
    if !(0.0..=1.0).contains(&share) {
        settings.problem("OTEL_TRACES_SAMPLER_ARG", "must be from 0 to 1");
        return None;
    }
    let sampler = match kind.root {
        Root::On => Sampler::AlwaysOn,
        Root::Off => Sampler::AlwaysOff,
        Root::Share => Sampler::TraceIdRatioBased(share),
    };
    Some(if kind.follows { Sampler::ParentBased(Box::new(sampler)) } else { sampler })
}

struct Kind {
    follows: bool,
    root: Root,
}

enum Root {
    On,
    Off,
    Share,
}

impl FromStr for Kind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (follows, root) = match text.strip_prefix("parentbased_") {
            Some(root) => (true, root),
            None => (false, text),
        };
        let root = match root {
            "always_on" => Root::On,
            "always_off" => Root::Off,
            "traceidratio" => Root::Share,
            _ => return Err("there is no such sampler"),
        };
        Ok(Self { follows, root })
    }
}

/// The address of a collector nearby: what goes there is not encrypted.
#[derive(Debug, Clone)]
struct Address(Endpoint);

impl FromStr for Address {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let uri = text.parse::<Uri>().map_err(|_| "it is not a URL")?;
        if uri.scheme_str() != Some("http") || uri.host().is_none_or(str::is_empty) {
            return Err("it must be http://HOST:PORT, of a collector nearby");
        }
        Ok(Self(uri.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABOUT: About = About {
        name: "ada",
        what: "",
        prefixes: &[],
        metrics_setting: "METRICS_LISTEN",
        measures: Vec::new,
    };

    fn read(pairs: &[(&str, &str)]) -> (Option<Wanted>, Option<String>) {
        let mut settings = Settings::from_pairs(pairs.iter().copied());
        let config = Config::read(&mut settings, ABOUT);
        (config, settings.problems())
    }

    #[test]
    fn traces_are_told_where_a_collector_is_named_and_nothing_forbids_it() {
        let collector = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317");
        assert!(read(&[]).0.unwrap().0.is_none());
        assert!(read(&[collector, ("OTEL_SDK_DISABLED", "true")]).0.unwrap().0.is_none());
        let told = read(&[collector]).0.unwrap().0.unwrap();
        assert_eq!(told.service.as_deref(), Some("ada"));
        assert_eq!(told.endpoint.uri().host(), Some("collector"));
        let other = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://other:1");
        let named = ("OTEL_RESOURCE_ATTRIBUTES", "a=b, service.name=eve");
        let told = read(&[collector, other, named]).0.unwrap().0.unwrap();
        assert_eq!((told.endpoint.uri().host(), told.service), (Some("other"), None));
    }

    #[test]
    fn samplers_are_those_of_the_conventions_and_others_are_named_as_wrong() {
        let sampler = |name, share| {
            let pairs = [
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317"),
                ("OTEL_TRACES_SAMPLER", name),
                ("OTEL_TRACES_SAMPLER_ARG", share),
            ];
            read(&pairs)
        };
        let share = sampler("traceidratio", "0.1").0.unwrap().0.unwrap().sampler;
        assert!(matches!(share, Sampler::TraceIdRatioBased(share) if (share - 0.1).abs() < 1e-9));
        let follows = sampler("parentbased_always_off", "").0.unwrap().0.unwrap().sampler;
        assert!(
            matches!(follows, Sampler::ParentBased(root) if format!("{root:?}") == "AlwaysOff")
        );
        assert!(sampler("xray", "").1.unwrap().contains("OTEL_TRACES_SAMPLER "));
        assert!(sampler("traceidratio", "2").1.unwrap().contains("OTEL_TRACES_SAMPLER_ARG"));
        let secure = [("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector:4317")];
        assert!(read(&secure).1.unwrap().contains("http://HOST:PORT"));
    }
}
