//! The database server crashes while people read and talk to two of each service.

use std::time::Duration;

use e2e::{Server, Twins, crash_again_and_again};
use openai_stub::{DEFAULT_REPLY, Stub};

/// Within this time after it is back, people are answered again.
const BACK: Duration = Duration::from_secs(10);
const CRASHES: usize = 2;

#[tokio::test(flavor = "multi_thread")]
async fn a_database_server_that_crashes_costs_seconds_and_nothing_that_was_acknowledged() {
    let Some(server) = Server::where_there_is_one() else {
        println!("skipped: the tests are not run on a server");
        return;
    };
    let stub = Stub::start().await.unwrap();
    let twins = Twins::on(Some(server), &stub.base_url()).await;
    let (crashes, seen, kept) =
        crash_again_and_again(&twins, (CRASHES, BACK / 2), (20, 4), DEFAULT_REPLY).await;
    for crash in crashes {
        let (read, send) = seen.first_since(crash.back);
        println!("gone {:.1?}, the first read after {read:.1?}, message {send:.1?}", crash.gone);
        assert!(read.is_some_and(|after| after < BACK) && send.is_some_and(|after| after < BACK));
    }
    let acknowledged = &seen.acknowledged;
    let (lost, twice) = (kept.lost(acknowledged), kept.twice());
    println!("acknowledged {}, lost {lost}, answered twice {twice}", acknowledged.len());
    assert_eq!((lost, twice, &seen.lost), (0, 0, &vec![]));
    assert!(acknowledged.len() > 20, "people should have talked: {}", acknowledged.len());
}
