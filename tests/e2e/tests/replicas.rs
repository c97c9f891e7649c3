//! Two of each service on the same data: one of them may die, hang or be restarted while people read and talk.

use std::time::{Duration, Instant};

use e2e::{Load, Process, Seen, Twins};
use futures_util::future::join_all;
use openai_stub::{Behaviour, Stub};
use tokio::sync::Mutex;

/// Reads and messages a second: little, for what is tried is who answers, not how many can be.
const READS: u32 = 20;
const SENDS: u32 = 2;
/// One after the other: each of these tests is six programs at work.
static TURN: Mutex<()> = Mutex::const_new(());

/// Where a service is among the twins.
const CHAT: usize = 1;
/// Within this time whoever does not answer is left.
const LEFT: Duration = Duration::from_secs(2);
/// A read that waits for nobody, on a machine that is busy with other tests.
const QUICK: Duration = Duration::from_millis(1_400);

/// Nobody noticed anything that they cannot live with.
fn nobody_noticed(seen: &Seen) {
    assert_eq!((seen.failed(), &seen.lost), (vec![], &vec![]));
    assert!(seen.reads.len() > 50 && seen.sends.len() > 4);
}

/// How many calls a service has answered.
fn answered(process: &Process) -> usize {
    process.output().matches("answered").count()
}

/// Waits until it answers calls again, after so many.
async fn takes_part(process: &Process, before: usize) {
    let answering = async {
        while answered(process) <= before {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), answering).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_killed_is_left_at_once_and_taken_back_when_it_is_there_again() {
    let (_turn, stub) = (TURN.lock().await, Stub::start().await.unwrap());
    let mut twins = Twins::start(&stub.base_url()).await;
    let load = Load::start(&[&twins.gateways[0]], READS, SENDS).await;
    for chat in &twins.processes[CHAT] {
        takes_part(chat, answered(chat)).await;
    }
    twins.processes[CHAT][0].kill().await;
    let killed = Instant::now();
    tokio::time::sleep(LEFT * 2).await;
    twins.restart(CHAT, 0).await;
    takes_part(&twins.processes[CHAT][0], 0).await;
    let seen = load.end().await;
    nobody_noticed(&seen);
    assert!(seen.slowest_since(killed + LEFT) < QUICK, "{:?}", seen.slowest_since(killed + LEFT));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_hangs_is_left_within_two_seconds_and_taken_back_when_it_goes_on() {
    let (_turn, stub) = (TURN.lock().await, Stub::start().await.unwrap());
    let twins = Twins::start(&stub.base_url()).await;
    let load = Load::start(&[&twins.gateways[0]], READS, SENDS).await;
    let chat = &twins.processes[CHAT][0];
    takes_part(chat, answered(chat)).await;
    chat.signal("STOP").await;
    let hung = Instant::now();
    tokio::time::sleep(LEFT * 2).await;
    let before = answered(chat);
    chat.signal("CONT").await;
    // What was on its way to it is answered first.
    takes_part(chat, before + 10).await;
    let seen = load.end().await;
    nobody_noticed(&seen);
    let slowest = seen.slowest_since(hung);
    println!("the slowest read took {slowest:?}");
    assert!(slowest < LEFT + QUICK, "{slowest:?}");
    assert!(seen.slowest_since(hung + LEFT) < QUICK, "{:?}", seen.slowest_since(hung + LEFT));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_is_restarted_while_people_read_and_talk_and_nobody_notices() {
    let (_turn, stub) = (TURN.lock().await, Stub::start().await.unwrap());
    let mut twins = Twins::start(&stub.base_url()).await;
    let load = Load::start(&twins.gateways.each_ref(), READS, SENDS).await;
    for program in 0..Twins::PROGRAMS.len() {
        for which in 0..2 {
            let process = &mut twins.processes[program][which];
            process.signal("TERM").await;
            assert_eq!(process.ended().await, Some(0), "{}", process.output());
            twins.restart(program, which).await;
        }
    }
    nobody_noticed(&load.end().await);
}

/// People read along while the chat service that tells some of them goes away as `ends` says; they are told to
/// the end, by the other one, without coming back.
async fn read_on(ends: impl AsyncFnOnce(&mut Process)) {
    let (_turn, stub) = (TURN.lock().await, Stub::start().await.unwrap());
    let text = "word ".repeat(100);
    let every = Duration::from_millis(100);
    stub.always(Behaviour::TokenDelay { text: text.clone(), every });
    let mut twins = Twins::start(&stub.base_url()).await;
    let mut readers = Vec::new();
    for number in 0..4 {
        let person = twins.gateways[0].register(&format!("reader{number}")).await;
        let mut reader = person.stream("tell me").await;
        reader.read_words(5).await;
        readers.push(reader);
    }
    ends(&mut twins.processes[CHAT][0]).await;
    // What is told from now on is told soon.
    stub.always(Behaviour::reply(&text));
    join_all(readers.iter_mut().map(e2e::Reader::read_on)).await;
    for reader in &readers {
        assert_eq!(
            (reader.text.as_str(), &reader.done()["finish_reason"]),
            (&*text, &"stop".into())
        );
    }
    let begun_anew = readers.iter().filter(|reader| reader.count("reset") > 0).count();
    assert!((1..4).contains(&begun_anew), "{begun_anew} replies were begun anew");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_along_reads_on_though_the_service_that_told_them_is_killed() {
    read_on(async |chat| chat.kill().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_along_reads_on_though_the_service_that_told_them_is_told_to_stop() {
    read_on(async |chat| {
        chat.signal("TERM").await;
        assert_eq!(chat.ended().await, Some(0), "{}", chat.output());
    })
    .await;
}
