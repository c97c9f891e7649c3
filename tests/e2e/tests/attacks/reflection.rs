//! What the gRPC ports tell about themselves.

use futures_util::future::join_all;
use tonic::Code;

use super::Scene;
use super::calls::{Call, Outcome, framed, text};

/// Both versions: older tools know only the second.
const REFLECTION: [&str; 2] = [
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];
/// The fields of questions: for a file, for what has a name, for a list of all services.
const FILE: u8 = 3;
const SYMBOL: u8 = 4;
const LIST: u8 = 7;

/// Whether an answer names something.
fn tells(outcome: &Outcome, name: &str) -> bool {
    outcome.body.windows(name.len()).any(|part| part == name.as_bytes())
}

/// F02
#[tokio::test(flavor = "multi_thread")]
async fn a_port_tells_of_its_contract_and_of_nothing_else_however_often_it_is_asked() {
    let scene = Scene::open().await;
    let [auth, chat] = ["aibuddy.auth.v1.AuthService", "aibuddy.chat.v1.ChatService"];
    for (channel, own, other) in [(&scene.auth, auth, chat), (&scene.chat, chat, auth)] {
        for path in REFLECTION {
            let list = Call::to(path).saying(&text(LIST, b"")).sent(channel).await;
            assert_eq!(list.code(), Code::Ok, "{list:?}");
            assert!(tells(&list, own) && !tells(&list, other), "{list:?}");
            let many = vec![framed(0, &text(SYMBOL, own.as_bytes())); 100].concat();
            for (what, asked) in [
                ("a file of the machine", framed(0, &text(FILE, b"/etc/passwd"))),
                ("a way out", framed(0, &text(FILE, b"../../keys/keys.json"))),
                ("nobody's name", framed(0, &text(SYMBOL, b"root"))),
                ("a long name", framed(0, &text(SYMBOL, &[b'a'; 5_000]))),
                ("no question", framed(0, b"")),
                ("no message", framed(0, &[0xff; 100])),
                ("a hundred questions", many),
            ] {
                let asking = || Call::to(path).sending(asked.clone()).sent(channel);
                for outcome in join_all((0..20).map(|_| asking())).await {
                    let has_file = tells(&outcome, ".proto");
                    assert_eq!(has_file, what.contains("hundred"), "{what}: {:?}", outcome.code());
                    assert!(!tells(&outcome, "root:"), "{what}");
                }
            }
        }
    }
    scene.ends_unharmed().await;
}
