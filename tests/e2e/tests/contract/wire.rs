//! Requests as they are written: a library would mend some of them on the way.

use std::convert::Infallible;

use e2e::Answer;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Sends bytes to the product and reads its answer to the end. The request must ask for the
/// connection to be closed.
pub(super) async fn ask(address: &str, request: &[u8]) -> Answer {
    let (mut from, mut to) = TcpStream::connect(address).await.unwrap().into_split();
    let writing = async {
        // The product may answer, and hang up, before it has read a body that is too long.
        let _hung_up = to.write_all(request).await;
        std::future::pending::<Infallible>().await
    };
    let reading = async {
        let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
        while let Ok(count @ 1..) = from.read(&mut piece).await {
            bytes.extend(piece.iter().take(count));
        }
        bytes
    };
    let bytes = tokio::select! {
        bytes = reading => bytes,
        never = writing => match never {},
    };
    parse(&String::from_utf8(bytes).unwrap())
}

fn parse(answer: &str) -> Answer {
    let (head, text) = answer.split_once("\r\n\r\n").unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap().parse().unwrap();
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        headers.append(
            HeaderName::from_bytes(name.as_bytes()).unwrap(),
            HeaderValue::from_str(value).unwrap(),
        );
    }
    Answer { status, headers, text: text.to_owned() }
}
