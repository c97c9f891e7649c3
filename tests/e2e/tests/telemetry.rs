//! What the programs tell their operators: numbers and traces, and nobody's words.

mod alerts;
mod numbers;
mod traces;

use openai_stub::Stub;

use e2e::{Process, Product, free_address};

/// The product as a process with its numbers on a port, and a language model.
async fn measured(stub: &Stub, more: &[(&str, &str)]) -> (Process, Product, String) {
    let (numbers, model) = (free_address(), stub.base_url());
    let own = [("AI_BUDDY_METRICS_LISTEN", numbers.as_str()), ("OPENAI_BASE_URL", &model)];
    let (process, product) = Product::as_process(&[own.as_slice(), more].concat()).await;
    (process, product, numbers)
}
