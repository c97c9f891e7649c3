//! Names of requests that want to be more than that in a log.

use e2e::Answer;

use super::Scene;
use super::floods::ASKING;
use super::frames::{END_HEADERS, END_STREAM, HEADERS, Link, RESET, block, frame};

/// In each of them.
const FORGED: &str = "forged";

/// E16
#[tokio::test(flavor = "multi_thread")]
async fn no_name_of_a_request_is_more_than_one_word_in_one_line() {
    let scene = Scene::open().await;
    let long = "x".repeat(2_048);
    let ends =
        ["", " level=ERROR", "\tb", "{\"a\":\"b\"}", "\u{e9}\u{202e}", "/../a", "%0d%0aa", &long];
    let mut last = String::new();
    for number in 0..1_000 {
        let end = ends[number % ends.len()];
        let id = format!("{FORGED}-{number}{end}");
        let request = scene.product.request("GET", "/api/sessions/");
        let answer = Answer::to(request.header("x-request-id", id.as_bytes())).await;
        let told = answer.header("x-request-id");
        assert_eq!(answer.status, 401, "{id}");
        assert_eq!(told == id, end.is_empty(), "{id} became {told}");
        told.clone_into(&mut last);
    }
    // What ends a line cannot be a header of HTTP/1.1; over HTTP/2 it arrives, and is refused.
    for end in ["\r\nERROR forged", "\n", "\0"] {
        let id = format!("{FORGED}-in-a-frame{end}");
        let headers = [ASKING.as_slice(), &[("x-request-id", id.as_str())]].concat();
        let mut link = Link::open(&scene.gateway()).await;
        link.say(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(&headers))).await;
        while let Some(heard) = link.hear().await {
            assert_ne!(heard.kind, HEADERS, "{id:?} was answered");
            if heard.kind == RESET {
                break;
            }
        }
    }
    scene.process.line_with(&last).await;
    let output = scene.process.output();
    let forged: Vec<_> = output.lines().filter(|line| line.contains(FORGED)).collect();
    assert_eq!(forged.len(), 1_000 / ends.len(), "one line for each plain name: {forged:#?}");
    scene.ends_unharmed().await;
}
