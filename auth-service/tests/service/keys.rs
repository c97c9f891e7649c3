//! Keys that change while the service runs.

use token::{access, refresh};
use tonic::Code;

use super::harness::{Service, refused, until};

#[tokio::test]
async fn what_was_signed_before_a_rotation_stays_good_and_what_is_signed_after_it_names_another_key()
 {
    let service = Service::start().await;
    service.register("ada", "correct horse").await.unwrap();
    let old = service.log_in("ada", "correct horse").await.unwrap();
    let before = service.told().await;
    assert_eq!(before.len(), 2, "the key that signs, and the next one");

    assert!(service.command("keys rotate --now").await.status.success());
    let new = until(async || {
        // Whenever it notices: nothing is refused before, meanwhile and after.
        assert_eq!(service.verify(&old.access).await.unwrap(), 1);
        let renewed = service.refresh(&old.refresh).await.unwrap();
        assert_eq!(service.verify(&renewed).await.unwrap(), 1);
        let pair = service.log_in("ada", "correct horse").await.unwrap();
        (access::kid(&pair.access) != access::kid(&old.access)).then_some(pair)
    })
    .await;
    assert_ne!(refresh::kid(&new.refresh), refresh::kid(&old.refresh));
    assert_eq!(service.verify(&old.access).await.unwrap(), 1);
    assert_eq!(service.verify(&new.access).await.unwrap(), 1);
    assert!(service.refresh(&old.refresh).await.is_ok());
    assert!(service.refresh(&new.refresh).await.is_ok());

    let signing = access::kid(&new.access).unwrap();
    assert!(before.contains(&signing), "verifiers knew the key before it signed");
    let after = service.told().await;
    assert!(after.len() == 3 && before.iter().all(|kid| after.contains(kid)), "{after:?}");
}

#[tokio::test]
async fn two_services_with_the_same_keys_refuse_none_of_each_others_tokens() {
    let one = Service::start().await;
    let other = one.beside().await;
    one.register("ada", "correct horse").await.unwrap();
    for _ in 0..2 {
        let old = one.log_in("ada", "correct horse").await.unwrap();
        let old = access::kid(&old.access).unwrap();
        assert!(one.command("keys rotate --now").await.status.success());
        until(async || {
            let mut have_noticed = true;
            for (signer, verifier) in [(&one, &other), (&other, &one)] {
                let pair = signer.log_in("ada", "correct horse").await.unwrap();
                assert_eq!(verifier.verify(&pair.access).await.unwrap(), 1);
                let renewed = verifier.refresh(&pair.refresh).await.unwrap();
                assert_eq!(signer.verify(&renewed).await.unwrap(), 1);
                have_noticed &= access::kid(&pair.access).unwrap() != old;
            }
            have_noticed.then_some(())
        })
        .await;
    }
    other.stop().await;
}

#[tokio::test]
async fn what_a_revoked_key_signed_is_refused_within_a_moment() {
    let service = Service::start().await;
    service.register("ada", "correct horse").await.unwrap();
    let pair = service.log_in("ada", "correct horse").await.unwrap();
    let kid = access::kid(&pair.access).unwrap();
    assert!(service.command(&format!("keys revoke {kid}")).await.status.success());
    let refusal = until(async || service.verify(&pair.access).await.err()).await;
    refused(Err::<(), _>(refusal), Code::Unauthenticated, "TOKEN_INVALID");
    let told = service.told().await;
    assert!(told.len() == 2 && !told.contains(&kid), "{told:?}");

    // The login lives on: its refresh token was signed with another key.
    let renewed = service.refresh(&pair.refresh).await.unwrap();
    assert_eq!(service.verify(&renewed).await.unwrap(), 1);
    let kid = refresh::kid(&pair.refresh).unwrap();
    assert!(service.command(&format!("keys revoke {kid}")).await.status.success());
    let refusal = until(async || service.refresh(&pair.refresh).await.err()).await;
    refused(Err::<(), _>(refusal), Code::Unauthenticated, "TOKEN_INVALID");
    assert_eq!(service.verify(&renewed).await.unwrap(), 1);
}

#[tokio::test]
async fn a_restart_goes_on_with_the_keys_as_they_were_left() {
    let service = Service::start().await;
    service.register("ada", "correct horse").await.unwrap();
    let pair = service.log_in("ada", "correct horse").await.unwrap();
    let keys = service.keys_dir();
    let data = service.stop().await;
    // Nobody runs: commands work on the folder.
    let output = super::harness::command(&keys, "keys rotate --now access").await;
    assert!(output.status.success());
    let service = Service::on(data).await;
    assert_eq!(service.verify(&pair.access).await.unwrap(), 1);
    let renewed = service.refresh(&pair.refresh).await.unwrap();
    assert_ne!(access::kid(&renewed), access::kid(&pair.access));
    let again = service.log_in("ada", "correct horse").await.unwrap();
    assert_eq!(refresh::kid(&again.refresh), refresh::kid(&pair.refresh));
}
