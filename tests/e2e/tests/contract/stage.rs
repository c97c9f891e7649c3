//! A product of one's own, the people in it, and the words that rows may use.

use std::collections::HashMap;

use e2e::{Answer, Product};
use serde_json::json;

use super::cases::{ABSENT, Case, Difference};
use super::verdict::Verdict;
use super::wire;

/// Stands for the fillers of the original's cases, which are too short for us.
const PASSWORD: &str = "a fine password";

/// A product, the people in it, and the words that rows may use.
pub(super) struct Stage {
    product: Product,
    words: HashMap<String, String>,
    names: HashMap<i64, String>,
}

impl Stage {
    /// With nobody on it.
    pub(super) async fn open() -> Self {
        // Always one of its own: names are free, and its keys and databases can be reached.
        let product = Product::start_with(|_| {}).await;
        let words = HashMap::from([("pw".to_owned(), PASSWORD.to_owned())]);
        Self { product, words, names: HashMap::new() }
    }

    /// Registers somebody: their tokens are words from now on.
    pub(super) async fn meet(&mut self, name: &str, password: &str) {
        let body = json!({"username": name, "password": password});
        let answer = self.product.post("/api/register/", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let reply = answer.json();
        self.names.insert(reply["user"]["id"].as_i64().unwrap(), name.to_owned());
        for (kind, key) in [("access", "token"), ("refresh", "refresh")] {
            self.learn(&format!("{kind}:{name}"), reply[key].as_str().unwrap());
        }
    }

    /// Teaches rows a word.
    pub(super) fn learn(&mut self, word: &str, text: &str) {
        self.words.insert(word.to_owned(), text.to_owned());
    }

    /// What a word stands for.
    pub(super) fn word(&self, word: &str) -> &str {
        self.words.get(word).unwrap()
    }

    pub(super) fn product(&self) -> &Product {
        &self.product
    }

    /// Asks everything, in order, and reports all that was answered otherwise.
    pub(super) async fn judge(&self, same: &[Case], different: &[Difference]) {
        let mut failures = Vec::new();
        let same = same.iter().map(|case| (case, "as the original"));
        let different = different
            .iter()
            .flat_map(|difference| difference.cases.iter().map(|case| (case, difference.why)));
        for (case, why) in same.chain(different) {
            let answer = self.ask(case).await;
            failures
                .extend(self.verdict(case, &answer).map(|verdict| format!("{verdict} ({why})")));
        }
        assert!(failures.is_empty(), "{} cases:\n{}", failures.len(), failures.join("\n"));
    }

    /// What is wrong with an answer.
    pub(super) fn verdict(&self, case: &Case, answer: &Answer) -> Option<Verdict> {
        let expected = self.expand(&case.answer.replace('$', case.fill));
        let expected = String::from_utf8(expected).unwrap();
        Verdict::on(case, &expected, answer, &self.names)
    }

    /// Sends a case's request.
    pub(super) async fn ask(&self, case: &Case) -> Answer {
        let address = self.product.url("").replace("http://", "");
        wire::ask(&address, &self.request(case, &address)).await
    }

    fn request(&self, case: &Case, address: &str) -> Vec<u8> {
        let mut headers = vec![("Host", address), ("Connection", "close")];
        let says = |name: &str| case.headers.iter().any(|(said, _)| *said == name);
        if !says("Accept") {
            headers.push(("Accept", "*/*"));
        }
        headers.extend(case.headers.iter().filter(|(_, value)| *value != ABSENT));
        headers.extend(case.authorization.map(|value| ("Authorization", value)));
        headers.extend(case.content_type.map(|value| ("Content-Type", value)));
        let body = case.body.map(|body| self.expand(body));
        let length = body.as_ref().map(|body| body.len().to_string());
        headers.extend(length.as_deref().map(|length| ("Content-Length", length)));

        let mut bytes = format!("{} {} HTTP/1.1\r\n", case.method, case.path).into_bytes();
        for (name, value) in headers {
            bytes.extend(format!("{name}: ").bytes());
            bytes.extend(self.expand(value));
            bytes.extend(b"\r\n");
        }
        bytes.extend(b"\r\n");
        bytes.extend(body.unwrap_or_default());
        bytes
    }

    /// Replaces the words that are known; anything else in angle brackets stays as it is.
    fn expand(&self, text: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('<') {
            bytes.extend(before.bytes());
            let meaning = after
                .split_once('>')
                .and_then(|(word, behind)| Some((self.meaning(word)?, behind)));
            if let Some((meaning, behind)) = meaning {
                bytes.extend(meaning);
                rest = behind;
            } else {
                bytes.push(b'<');
                rest = after;
            }
        }
        bytes.extend(rest.bytes());
        bytes
    }

    fn meaning(&self, word: &str) -> Option<Vec<u8>> {
        if let Some(text) = self.words.get(word) {
            return Some(text.clone().into_bytes());
        }
        if let Some(hexadecimal) = word.strip_prefix("byte:") {
            return Some(vec![u8::from_str_radix(hexadecimal, 16).ok()?]);
        }
        let (text, times) = word.rsplit_once('*')?;
        Some(text.repeat(times.parse().ok()?).into_bytes())
    }
}
