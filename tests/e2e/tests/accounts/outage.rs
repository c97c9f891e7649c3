//! What tokens are worth while the auth service is away.

use std::time::Duration;

use chassis::grpc::Channel;
use e2e::{Apart, Product, User};
use openai_stub::Stub;
use proto::chat::v1::ListSessionsRequest;
use proto::chat::v1::chat_service_client::ChatServiceClient;
use serde_json::json;
use tonic::Code;

use super::deletion::delete;
use super::{log_in, log_out};
use crate::attacks::company::{Company, connect, identity};

const GOOD: (u16, Code) = (200, Code::Ok);
const ENDED: (u16, Code) = (401, Code::Unauthenticated);

/// Both doors that a token opens: the gateway, and the port of the chat service behind it, where the
/// gateway's own certificate is shown.
struct Doors {
    chat: ChatServiceClient<Channel>,
}

impl Doors {
    fn of(apart: &Apart) -> Self {
        let gateway = identity(&apart.certificates(), "gateway");
        let channel = connect(&apart.chat_url(), &gateway, "chat-service");
        Self { chat: ChatServiceClient::new(channel) }
    }

    /// What they say to somebody's token.
    async fn say(&self, user: &User) -> (u16, Code) {
        let mut request = tonic::Request::new(ListSessionsRequest::default());
        let token = format!("Bearer {}", user.access).parse().unwrap();
        request.metadata_mut().insert("authorization", token);
        let mut chat = self.chat.clone();
        let (gateway, chat) = tokio::join!(user.get("/api/sessions/"), chat.list_sessions(request));
        (gateway.status, chat.map_or_else(|status| status.code(), |_| Code::Ok))
    }

    /// Both refuse a token that has ended, however often it is shown.
    async fn refuse(&self, ended: &User, what: &str) {
        for _ in 0..20 {
            assert_eq!(self.say(ended).await, ENDED, "{what}");
        }
    }
}

/// What ends tokens of somebody.
#[derive(Debug, Clone, Copy)]
enum Act {
    LogOut,
    ChangePassword,
    Delete,
}

impl Act {
    /// Returns when it is answered.
    async fn of(self, product: &Product, user: &User) {
        let answer = match self {
            Self::LogOut => log_out(product, &user.refresh).await,
            Self::ChangePassword => {
                let new = "quite another one";
                let body = json!({"current_password": user.password, "new_password": new});
                user.post("/api/change-password/", &body).await
            }
            Self::Delete => delete(user, &json!({"password": user.password})).await,
        };
        assert!([200, 204].contains(&answer.status), "{}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_ends_a_token_holds_though_the_auth_service_dies_right_behind_the_answer() {
    let stub = Stub::start().await.unwrap();
    let apart = Apart::new(&stub.base_url());
    let (_gateway, _chat) = (apart.start("gateway"), apart.start("chat-service"));
    let mut auth = apart.start("auth-service");
    let (product, doors) = (Product::at(&apart.gateway), Doors::of(&apart));
    product.ready().await;
    let grace = product.register("grace").await;
    for (round, act) in [Act::LogOut, Act::ChangePassword, Act::Delete].repeat(2).iter().enumerate()
    {
        let ada = product.register(&format!("ada{round}")).await;
        assert_eq!(doors.say(&ada).await, GOOD);
        act.of(&product, &ada).await;
        auth.kill().await;
        doors.refuse(&ada, &format!("{act:?}, at once")).await;
        assert_eq!(doors.say(&grace).await, GOOD, "others are not hurt");
        auth = apart.start("auth-service");
        doors.refuse(&ada, &format!("{act:?}, while it comes back")).await;
        product.ready().await;
        doors.refuse(&ada, &format!("{act:?}, afterwards")).await;
        let renewed = product.post("/api/refresh/", &json!({"refresh": ada.refresh})).await;
        assert_eq!(renewed.status, 401, "{}", renewed.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_auth_service_a_good_token_is_good_for_a_while_and_an_ended_one_never_again() {
    let mut company = Company::open().await;
    let (product, doors) = (Product::at(&company.apart.gateway), Doors::of(&company.apart));
    let (ada, session) = (company.ada.clone(), company.session);
    let ended = log_in(&product, &ada).await;
    company.hide(&ended.access);

    // Killed right behind the answer.
    assert_eq!(log_out(&product, &ended.refresh).await.status, 200);
    company.kill_auth().await;
    assert_eq!(ended.get("/api/sessions/").await.says(), (401, "token_not_valid".into()));
    let login = json!({"username": ada.name, "password": ada.password});
    assert_eq!(product.post("/api/login/", &login).await.status, 503);
    assert_eq!(ada.say("still there?").await.0, session);

    // After a while nobody can know whether she has logged out elsewhere: each door closes by itself.
    let closed = async {
        loop {
            assert_eq!(doors.say(&ended).await, ENDED, "never again");
            match doors.say(&ada).await {
                (503, Code::Unavailable) => return ada.get("/api/sessions/").await,
                (200 | 503, Code::Ok | Code::Unavailable) => tokio::task::yield_now().await,
                other => panic!("{other:?}"),
            }
        }
    };
    let closed = tokio::time::timeout(Duration::from_secs(40), closed).await.unwrap();
    assert!(!closed.header("retry-after").is_empty(), "{}", closed.text);

    let open = async { while doors.say(&ada).await != GOOD {} };
    let open = tokio::time::timeout(Duration::from_secs(20), open);
    company.start_auth(async { open.await.unwrap() }).await;
    assert_eq!(doors.say(&ended).await, ENDED);
    assert_eq!(ended.get("/api/sessions/").await.says(), (401, "token_not_valid".into()));

    // Nobody was hurt, and nothing was written down that is nobody's business.
    company.ends_unharmed().await;
}
