//! Two of each service on the same data: one of them may die, hang or be restarted while people read and talk.

use std::time::{Duration, Instant};

use e2e::{Load, Process, Reader, Seen, Twins, User};
use futures_util::future::join_all;
use openai_stub::{Behaviour, Stub};
use tokio::sync::{Mutex, Semaphore};

/// Reads and messages a second: little, for what is tried is who answers, not how many can be.
const READS: u32 = 20;
const SENDS: u32 = 2;
/// One after the other: each of these tests is six programs at work.
static TURN: Mutex<()> = Mutex::const_new(());

/// Who reads the same reply at once.
const READERS: usize = 1_000;

/// Where a service is among the twins.
const CHAT: usize = 1;
/// Within this time whoever does not answer is left.
const LEFT: Duration = Duration::from_secs(2);
/// A read that waits for nobody, on a machine that is busy with other tests.
const QUICK: Duration = Duration::from_millis(1_400);

/// Nobody noticed anything that they cannot live with.
fn nobody_noticed(seen: &Seen) {
    assert_eq!((&seen.failed, &seen.lost), (&vec![], &vec![]));
    assert!(seen.reads.len() > 50 && seen.sends.len() > 4);
}

/// How many calls a service has answered.
fn answered(process: &Process) -> usize {
    process.lines_with("answered")
}

/// Waits until it answers calls again, after so many.
async fn takes_part(process: &Process, before: usize) {
    let answering = process.more_lines_with("answered", before);
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
            process.stop().await;
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
    join_all(readers.iter_mut().map(Reader::read_on)).await;
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
        chat.stop().await;
    })
    .await;
}

/// Somebody hung up on would come back; whoever hears nothing waits.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_along_reads_on_soon_though_the_service_that_told_them_hangs() {
    let (_turn, stub) = (TURN.lock().await, Stub::start().await.unwrap());
    let (text, every) = ("word ".repeat(2_000), Duration::from_millis(100));
    stub.always(Behaviour::TokenDelay { text, every });
    let twins = Twins::start(&stub.base_url()).await;
    let ada = twins.gateways[0].register("ada").await;
    let mut first = ada.stream("tell me").await;
    first.read_words(1).await;
    let maker = at_work(&twins).await;
    let other = &twins.processes[CHAT][1 - maker];
    // Some of them there: it may have been the last to be ready.
    let (mut readers, before) = (Vec::new(), answered(other));
    while answered(other) < before + 4 {
        let mut reader = ada.watch(first.turn, "").await;
        reader.read_words(1).await;
        readers.push(reader);
    }
    other.signal("STOP").await;
    let hung = Instant::now();
    let reading = readers.iter_mut().map(async |reader| {
        // More than can have been on its way already.
        let told = reader.text.len();
        while hung.elapsed() < LEFT || reader.text.len() < told + 100 {
            reader.read_words(reader.text.len() + 1).await;
        }
    });
    tokio::time::timeout(LEFT * 4, join_all(reading)).await.unwrap();
}

/// Which of the chat services has a turn at work.
async fn at_work(twins: &Twins) -> usize {
    let mut at_work = [0.0; 2];
    for (which, turns) in at_work.iter_mut().enumerate() {
        *turns = twins.numbers(CHAT, which).await.sum("aibuddy_turns_inflight", &[]);
    }
    assert!((at_work[0] + at_work[1] - 1.0).abs() < 0.5, "one makes the reply: {at_work:?}");
    usize::from(at_work[1] > 0.5)
}

/// Says how it went.
#[expect(clippy::print_stdout, reason = "what is counted is what people want to see")]
fn tell(how: &str) {
    println!("{how}");
}

/// Somebody who reads along, and says when they have begun to. Not all come through the door at once.
async fn read_along(person: &User, turn: i64, (door, begun): (&Semaphore, &Semaphore)) -> Reader {
    let coming = door.acquire().await.unwrap();
    let mut reader = person.watch_in_a_crowd(turn, "").await;
    reader.read_words(5).await;
    drop(coming);
    begun.add_permits(1);
    reader.read_on().await;
    // On a machine that has no time for anybody, somebody may have to ask again.
    while reader.count("done") == 0 {
        assert!(["interrupted", "unavailable"].contains(&reader.error()), "{}", reader.error());
        reader = reader.come_back_in_a_crowd().await;
        reader.read_on().await;
    }
    reader
}

/// A thousand people read along, through both gateways, while one of the chat services goes away as `ends` says:
/// first the one that makes the reply, then the one that does not. All read on at the other one.
async fn a_thousand_read_on(how: &str, ends: impl AsyncFn(&mut Process)) {
    let (_turn, stub) = (TURN.lock().await, Stub::start().await.unwrap());
    let text = ["Wört", "für ", "Wort. "].repeat(22).concat();
    let mut twins = Twins::start(&stub.base_url()).await;
    for makes_it in [true, false] {
        // A thousand words a second to be told in all: a slow machine has time left for those who are to be taken over.
        let every = Duration::from_secs(1);
        stub.always(Behaviour::TokenDelay { text: text.clone(), every });
        let ada = twins.gateways[0].register(&format!("ada-{makes_it}")).await;
        let mut first = ada.stream("tell me a long story").await;
        first.read_words(1).await;
        let people = twins.gateways.each_ref().map(|gateway| gateway.returning(ada.clone()));
        let (door, begun) = (Semaphore::new(64), Semaphore::new(0));
        let reading =
            (0..READERS).map(|number| read_along(&people[number % 2], first.turn, (&door, &begun)));
        let ending = async {
            let all = begun.acquire_many(u32::try_from(READERS).unwrap()).await.unwrap();
            let maker = at_work(&twins).await;
            let which = if makes_it { maker } else { 1 - maker };
            ends(&mut twins.processes[CHAT][which]).await;
            // What is told from now on is told soon.
            stub.always(Behaviour::reply(&text));
            drop(all);
            which
        };
        let (readers, which) = tokio::join!(join_all(reading), ending);
        let wrong = readers.iter().filter(|reader| reader.text != text).count();
        let anew = readers.iter().filter(|reader| reader.count("reset") > 0).count();
        let came_back = readers.iter().filter(|reader| reader.count("error") > 0).count();
        let whose = if makes_it { "that makes the reply" } else { "that only tells it" };
        tell(&format!(
            "{READERS} readers, {how} of the chat service {whose}: {anew} began anew, {came_back} were cut off and came \
             back, {wrong} with gaps or duplicates"
        ));
        assert_eq!(wrong, 0);
        // Half were told by the one that is gone.
        assert!(came_back < READERS / 4, "the gateways have the other one go on");
        assert!(readers.iter().all(|reader| reader.done()["finish_reason"] == "stop"));
        first.read_on().await;
        assert_eq!(first.text, text);
        twins.restart(CHAT, which).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_read_every_byte_once_though_one_of_two_chat_services_is_killed() {
    a_thousand_read_on("kill -9", async |chat| chat.kill().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_read_every_byte_once_though_one_of_two_chat_services_is_told_to_stop() {
    a_thousand_read_on("SIGTERM", async |chat| {
        chat.stop().await;
    })
    .await;
}
