//! Addresses of a model that would send its key, or what people say, to somebody else.

use e2e::Process;
use tempfile::TempDir;

use super::MODEL_KEY;

/// What nobody may read at the start.
const CANARY: &str = "canary-password";

/// G07
#[tokio::test(flavor = "multi_thread")]
async fn it_does_not_start_with_an_address_that_is_no_models() {
    for address in [
        "http://169.254.169.254/",
        "http://169.254.169.254/latest/meta-data/iam",
        "http://2852039166/v1",
        "http://0xa9.0xfe.0xa9.0xfe/v1",
        "http://[::ffff:169.254.169.254]/v1",
        "http://[fe80::1]/v1",
        "http://[fd00:ec2::254]/v1",
        "http://100.100.100.200/v1",
        "http://metadata.google.internal/v1",
        "file:///etc/passwd",
        "gopher://model.example/v1",
        "//model.example/v1",
        "model.example/v1",
        "http://",
        "https:///v1",
        "http://ada:canary-password@model.example/v1",
        "http://canary-password@model.example/v1",
        "https://evil.example#@api.openai.com/v1",
        "https://evil.example?@api.openai.com/v1",
        "https://evil.example\\@api.openai.com/v1",
        "https://model.example/v1?key=canary-password",
        "https://model.example/v1#canary-password",
        "https://model.example/v1 ",
        "https://model.example/v\n1",
    ] {
        let data = TempDir::new().unwrap();
        let folder = data.path().to_str().unwrap();
        let settings = [
            ("AI_BUDDY_LISTEN", "127.0.0.1:0"),
            ("AI_BUDDY_DATA", folder),
            ("OPENAI_API_KEY", MODEL_KEY),
            ("OPENAI_BASE_URL", address),
        ];
        let mut process = Process::start("ai-buddy", &settings);
        assert_eq!(process.ended().await, Some(78), "{address}: {}", process.output());
        let output = process.output();
        assert!(output.contains("OPENAI_BASE_URL"), "{address}: {output}");
        for secret in [CANARY, MODEL_KEY, "panicked"] {
            assert!(!output.contains(secret), "{address}: {output}");
        }
        assert!(std::fs::read_dir(folder).unwrap().next().is_none(), "{address}: nothing is made");
    }
}
