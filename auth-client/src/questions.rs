//! Questions to the auth service about single tokens, for when it tells nothing by itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chassis::grpc::{Channel, repeatable};
use proto::auth::v1::VerifyTokenRequest;
use proto::auth::v1::auth_service_client::AuthServiceClient;
use tokio::sync::OnceCell;
use tonic::{Code, Request};

use crate::Error;

/// For the auth service to say whether a token is good.
const TIMEOUT: Duration = Duration::from_secs(2);

type Answer = Result<(), Error>;
type Open = HashMap<String, Arc<OnceCell<Answer>>>;

/// Asks one question about a token at a time: whoever brings it meanwhile gets the same answer, and an
/// auth service that is slow is not asked by everybody at once. Clones share the questions.
#[derive(Clone)]
pub(crate) struct Questions {
    client: AuthServiceClient<Channel>,
    open: Arc<Mutex<Open>>,
}

/// Somebody's share in a question; the last one closes it.
struct Share<'a> {
    questions: &'a Questions,
    token: &'a str,
    answer: Arc<OnceCell<Answer>>,
}

impl Questions {
    pub(crate) fn new(client: AuthServiceClient<Channel>) -> Self {
        Self { client, open: Arc::default() }
    }

    /// Whether the auth service calls a token good.
    pub(crate) async fn ask(&self, token: &str) -> Answer {
        let answer = self.open().entry(token.to_owned()).or_default().clone();
        let share = Share { questions: self, token, answer };
        let answer = share.answer.get_or_init(|| self.send(token)).await.clone();
        // What comes from now on is another question: the answer may be another one.
        self.close(token, &share.answer);
        answer
    }

    async fn send(&self, token: &str) -> Answer {
        let mut request = Request::new(VerifyTokenRequest { access: token.to_owned() });
        request.set_timeout(TIMEOUT);
        let mut client = self.client.clone();
        match tokio::time::timeout(TIMEOUT, client.verify_token(repeatable(request))).await {
            Ok(Ok(_good)) => Ok(()),
            Ok(Err(status)) if status.code() == Code::Unauthenticated => {
                Err(token::Error::Invalid.into())
            }
            Ok(Err(_)) | Err(_) => Err(Error::Unavailable),
        }
    }

    fn close(&self, token: &str, answer: &Arc<OnceCell<Answer>>) {
        let mut open = self.open();
        if open.get(token).is_some_and(|current| Arc::ptr_eq(current, answer)) {
            open.remove(token);
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        // The other one is in the table: nobody else waits, so whoever waited has hung up.
        if Arc::strong_count(&self.answer) <= 2 {
            self.questions.close(self.token, &self.answer);
        }
    }
}
