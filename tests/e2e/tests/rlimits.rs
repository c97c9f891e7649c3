//! What the system allows a program: files, connections, dumps of its memory.

use std::net::SocketAddr;
use std::time::Duration;

use e2e::{Process, Product, free_address};
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

/// Long enough to be served, and shorter than it takes until a silent client of HTTP/2 is given up.
const PATIENCE: Duration = Duration::from_secs(20);
/// A client of HTTP/2 that asks for `/livez`, and answers no ping after it: `GET`, `http`, a path, a host.
const ASKS_AND_FALLS_SILENT: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\
    \0\0\x0d\x01\x05\0\0\0\x01\x82\x86\x44\x06/livez\x41\x01a";

/// Starts the product and waits until it serves; the folder is its data.
async fn start(what: &str, count: usize) -> (Process, SocketAddr, TempDir) {
    let (data, address) = (TempDir::new().unwrap(), free_address());
    let folder = data.path().display().to_string();
    let settings = [
        ("AI_BUDDY_LISTEN", address.as_str()),
        ("AI_BUDDY_DATA", &folder),
        ("AUTH_BCRYPT_COST", "10"),
        ("OPENAI_API_KEY", ""),
    ];
    let process = Process::with_descriptors(what, count, "ai-buddy", &settings);
    Product::at(&address).ready().await;
    (process, address.parse().unwrap(), data)
}

/// A connection from one of the addresses of this machine.
async fn connect(from: &str, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(from.parse().unwrap(), 0)).unwrap();
    tokio::time::timeout(PATIENCE, socket.connect(to)).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_crashes_leaves_nothing_of_its_memory() {
    let (process, ..) = start("-Sn", 200).await;
    assert_eq!(process.limit("Max core file size"), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_takes_as_many_descriptors_as_it_may_have() {
    let (process, ..) = start("-Sn", 200).await;
    let (has, may_have) = process.limit("Max open files");
    assert!(has == may_have && has > 200, "{has} of {may_have}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_host_with_all_its_connections_leaves_some_for_others_and_files_for_the_rest() {
    let (process, address, _data) = start("-n", 256).await;
    assert_eq!(process.limit("Max open files"), (256, 256));
    let mut held = Vec::new();
    for _ in 0..300 {
        let mut socket = connect("127.0.0.1", address).await;
        // To whoever has hung up, in vain.
        let _in_vain = socket.write_all(ASKS_AND_FALLS_SILENT).await;
        held.push(socket);
    }
    let body = json!({"username": "ada", "password": "correct horse"}).to_string();
    let request = format!(
        "POST /api/register/ HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let ada = async {
        let mut socket = connect("127.0.1.1", address).await;
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let answer = tokio::time::timeout(PATIENCE, ada).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let output = process.output();
    assert!(!output.contains("a connection could not be accepted"), "{output}");
}
