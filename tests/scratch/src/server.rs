//! A PostgreSQL server of a test's own, which it may crash and hold up: `tests/postgres/server` is how.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use sea_orm::{Database, DatabaseConnection};
use tempfile::TempDir;

/// What `tests/postgres/server` ends with where there is no PostgreSQL.
const NONE_HERE: i32 = 3;

/// A server that runs until this is dropped.
#[derive(Debug)]
pub struct Server {
    folder: TempDir,
    port: String,
}

impl Server {
    /// Starts one that keeps what it acknowledged whatever becomes of its machine, as it is made. `None`: there
    /// is no PostgreSQL here.
    #[must_use]
    pub fn start() -> Option<Self> {
        let folder = TempDir::new().expect("a folder");
        let output = control("start", folder.path());
        if output.status.code() == Some(NONE_HERE) {
            return None;
        }
        let port = String::from_utf8(said(output)).expect("a port").trim().to_owned();
        Some(Self { folder, port })
    }

    /// One where the tests are run with a server, which others use, too; `None` where they are run on files.
    #[must_use]
    pub fn where_there_is_one() -> Option<Self> {
        crate::server().and_then(|_| Self::start())
    }

    /// As [`crate::address`], on this server.
    #[must_use]
    pub fn address(&self, folder: &Path, name: &str) -> String {
        crate::made_on(&self.admin(), folder, name)
    }

    /// A connection to look around with.
    pub async fn connect(&self) -> DatabaseConnection {
        Database::connect(self.admin()).await.expect("the server answers")
    }

    fn admin(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Ends it as a crash does, and starts it again. Returns when it takes connections.
    pub async fn crash(&self) {
        let folder = self.folder.path().to_owned();
        let crashed = tokio::task::spawn_blocking(move || said(control("restart", &folder)));
        crashed.await.expect("it starts again");
    }

    /// All that it has written into its log.
    #[must_use]
    pub fn log(&self) -> String {
        let log = fs::read(self.folder.path().join("log")).expect("a log");
        String::from_utf8_lossy(&log).into_owned()
    }

    /// Has it stand still, all of it, until it is told to [go on](Self::go_on).
    pub fn hang(&self) {
        self.signal("-STOP");
    }

    /// Has it go on.
    pub fn go_on(&self) {
        self.signal("-CONT");
    }

    /// Sends a signal to each of its processes, the first one first: a new one cannot come then.
    fn signal(&self, name: &str) {
        let pids = fs::read_to_string(self.folder.path().join("data/postmaster.pid"));
        let pids = pids.expect("it runs");
        let first = pids.lines().next().expect("a number");
        send(name, &[first]);
        let children = format!("/proc/{first}/task/{first}/children");
        let children = fs::read_to_string(children).expect("its processes");
        send(name, &children.split_whitespace().collect::<Vec<_>>());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.go_on();
        let stopped = control("stop", self.folder.path());
        let is_well = stopped.status.success() || std::thread::panicking();
        assert!(is_well, "it did not stop: {}", String::from_utf8_lossy(&stopped.stderr));
    }
}

fn send(signal: &str, pids: &[&str]) {
    // One that ended meanwhile needs no signal.
    let _sent = Command::new("kill").arg(signal).args(pids).stderr(Stdio::null()).status();
}

fn control(what: &str, folder: &Path) -> Output {
    let script: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "postgres", "server"].iter().collect();
    let mut command = Command::new(&script);
    command.arg(what).arg(folder);
    command.output().expect("the script can be run")
}

/// What it said when it went well.
fn said(output: Output) -> Vec<u8> {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
