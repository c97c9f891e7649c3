//! Every method of every service, also those that are written tomorrow.

use std::collections::BTreeSet;

use prost::Message as _;
use prost_types::{DescriptorProto, FileDescriptorSet};
use tonic::Code;
use tonic::transport::Channel;

use super::Scene;
use super::calls::{Call, Outcome};

/// Methods for everybody. Whoever adds one here says that a stranger may call it.
const PUBLIC: [&str; 6] = [
    "/aibuddy.auth.v1.AuthService/Register",
    "/aibuddy.auth.v1.AuthService/LogIn",
    "/aibuddy.auth.v1.AuthService/Refresh",
    "/aibuddy.auth.v1.AuthService/LogOut",
    "/aibuddy.auth.v1.AuthService/GetSigningKeys",
    "/aibuddy.chat.v1.SafetyService/GetCrisisResources",
];

/// Methods for other services of ours: nobody's token opens them.
const NEIGHBOURLY: [&str; 3] = [
    "/aibuddy.auth.v1.AuthService/VerifyToken",
    "/aibuddy.auth.v1.RevocationService/WatchRevocations",
    "/aibuddy.chat.v1.UserDataService/PurgeUser",
];

/// The paths of all methods, with the types of what they are asked.
fn methods() -> Vec<(String, String)> {
    let files = FileDescriptorSet::decode(proto::DESCRIPTORS).unwrap().file;
    let services = files.iter().flat_map(|file| {
        file.service.iter().map(move |service| (file.package().to_owned(), service))
    });
    services
        .flat_map(|(package, service)| {
            service.method.iter().map(move |method| {
                let path = format!("/{package}.{}/{}", service.name(), method.name());
                (path, method.input_type().to_owned())
            })
        })
        .collect()
}

impl Scene {
    fn port_of(&self, path: &str) -> &Channel {
        if path.starts_with("/aibuddy.auth.") { &self.auth } else { &self.chat }
    }

    /// Calls a method with an empty message.
    async fn call(&self, path: &str, token: Option<&str>) -> Outcome {
        let call = Call::to(path);
        let call = match token {
            Some(token) => call.with("authorization", format!("Bearer {token}")),
            None => call,
        };
        call.sent(self.port_of(path)).await
    }
}

/// D09, D10
#[tokio::test(flavor = "multi_thread")]
async fn every_method_is_closed_to_strangers_unless_it_is_said_to_be_open() {
    let scene = Scene::open().await;
    let methods = methods();
    let paths: BTreeSet<_> = methods.iter().map(|(path, _)| path.as_str()).collect();
    assert!(paths.len() > 30, "{paths:?}");
    for path in PUBLIC.iter().chain(&NEIGHBOURLY) {
        assert!(paths.contains(path), "there is no {path} any more");
    }
    for path in paths {
        let internal = NEIGHBOURLY.contains(&path);
        let closed = if internal { Code::PermissionDenied } else { Code::Unauthenticated };
        if !PUBLIC.contains(&path) {
            for token in [None, Some("a.b.c"), Some(scene.ada.refresh.as_str())] {
                let outcome = scene.call(path, token).await;
                assert_eq!(outcome.code(), closed, "{path}: {outcome:?}");
            }
        }
        if internal {
            let outcome = scene.call(path, Some(&scene.ada.access)).await;
            assert_eq!(outcome.code(), closed, "{path}: {outcome:?}");
        }
    }
    scene.ends_unharmed().await;
}

/// D10: what is open is no door to anything else.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_served_here_is_not_there() {
    let scene = Scene::open().await;
    for (path, elsewhere) in methods().into_iter().map(|(path, _)| {
        let elsewhere = if path.starts_with("/aibuddy.auth.") { &scene.chat } else { &scene.auth };
        (path, elsewhere)
    }) {
        let call = Call::to(&path).with("authorization", format!("Bearer {}", scene.ada.access));
        assert_eq!(call.sent(elsewhere).await.code(), Code::Unimplemented, "{path}");
    }
    for path in [
        "/aibuddy.auth.v1.AuthService/Register/",
        "/aibuddy.auth.v1.AuthService//Register",
        "/aibuddy.auth.v1.AuthService/register",
        "/aibuddy.auth.v1.AuthService/RotateKeys",
        "/aibuddy.auth.v2.AuthService/Register",
        "/aibuddy.auth.v1.AuthService/%52egister",
        "/aibuddy.auth.v1.RevocationService/../AuthService/Register",
        "/",
        "/metrics",
    ] {
        let outcome = scene.call(path, Some(&scene.ada.access)).await;
        assert_eq!(outcome.code(), Code::Unimplemented, "{path}: {outcome:?}");
    }
    scene.ends_unharmed().await;
}

/// D06
#[test]
fn no_request_of_a_person_says_for_whom_it_is() {
    let files = FileDescriptorSet::decode(proto::DESCRIPTORS).unwrap().file;
    let find = |name: &str| -> DescriptorProto {
        let named = |(package, message): &(&str, &DescriptorProto)| {
            format!(".{package}.{}", message.name()) == name
        };
        let messages = files
            .iter()
            .flat_map(|file| file.message_type.iter().map(|message| (file.package(), message)));
        messages.into_iter().find(named).unwrap().1.clone()
    };
    let (mut asked, mut telling) = (0, Vec::new());
    for (path, input) in methods() {
        if NEIGHBOURLY.contains(&path.as_str()) {
            continue;
        }
        asked += 1;
        let fields = find(&input).field;
        let names = fields.iter().map(|field| field.name().to_owned());
        telling.extend(
            names
                .filter(|name| {
                    ["user", "owner", "account", "principal"]
                        .iter()
                        .any(|it| name == it || name.starts_with(&format!("{it}_")))
                })
                .map(|name| format!("{path}: {name}")),
        );
    }
    assert!(asked > 25);
    assert!(telling.is_empty(), "{telling:?}");
}
