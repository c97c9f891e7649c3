//! Tokens that come back.

use proto::auth::v1::GetAccountRequest;
use token::Subject;
use token::keys::{RefreshKey, SigningKey};
use tonic::Code;

use super::harness::{Service, now, refused};

#[tokio::test]
async fn tokens_that_are_not_ours_are_refused() {
    let service = Service::start().await;
    service.register("ada", "correct horse").await.unwrap();
    let pair = service.log_in("ada", "correct horse").await.unwrap();
    let denied = Code::Unauthenticated;
    refused(service.refresh(&pair.access).await, denied, "TOKEN_WRONG_TYPE");
    refused(service.verify(&pair.refresh).await, denied, "TOKEN_WRONG_TYPE");
    refused(service.refresh("garbage").await, denied, "TOKEN_INVALID");
    refused(service.verify("a.b.c").await, denied, "TOKEN_INVALID");

    let ada = Subject { user_id: 1, sid: "s".into(), token_version: 0 };
    let foreign = token::refresh::issue(&RefreshKey::generate().unwrap(), &ada, now()).unwrap();
    refused(service.refresh(&foreign).await, denied, "TOKEN_INVALID");

    // Signed by us: for nobody, for no login, for somebody else's login, for a past state of the account,
    // and long ago.
    let refresh = RefreshKey::from_bytes(&service.key("refresh")).unwrap();
    let signing = SigningKey::from_pkcs8(&service.key("access")).unwrap();
    let claims = token::access::verify(signing.public(), &pair.access, now()).unwrap();
    let ada = claims.subject;
    let ghost = Subject { user_id: 999, ..ada.clone() };
    let nowhere = Subject { sid: "s".into(), ..ada.clone() };
    let ended = Subject { token_version: 7, ..ada.clone() };
    for (gone, why) in
        [(ghost, "ACCOUNT_UNAVAILABLE"), (nowhere, "LOGIN_ENDED"), (ended, "LOGIN_ENDED")]
    {
        let token = token::refresh::issue(&refresh, &gone, now()).unwrap();
        refused(service.refresh(&token).await, denied, why);
        let token = token::access::issue(&signing, &gone, now()).unwrap();
        refused(service.verify(&token).await, denied, why);
    }
    let old = token::refresh::issue(&refresh, &ada, now() - 604_800).unwrap();
    refused(service.refresh(&old).await, denied, "TOKEN_INVALID");
    let old = token::access::issue(&signing, &ada, now() - 1800).unwrap();
    refused(service.verify(&old).await, denied, "TOKEN_INVALID");

    let nobody = service.client.clone().get_account(GetAccountRequest {}).await;
    refused(nobody, denied, "TOKEN_MISSING");
}
