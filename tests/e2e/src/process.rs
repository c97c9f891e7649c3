//! Programs of the product as real processes, started and ended as an operator or a crash would.

use std::net::TcpListener;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long anything may take before a test gives up, on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long an end may take: a program gives itself 20 s at most.
const ENDING: Duration = Duration::from_secs(30);

/// Ports that no connection takes by itself: those begin at 32768 (`net.ipv4.ip_local_port_range`).
const PORTS: Range<u32> = 10_000..20_000;

/// A running program. Killed when dropped.
pub struct Process {
    child: Child,
    /// Whether it is the first of its own processes, behind the one that we started.
    is_first: bool,
    lines: Arc<Mutex<Vec<String>>>,
    more: watch::Receiver<usize>,
    readers: JoinSet<()>,
}

impl Process {
    /// Starts a program of this workspace with nothing but these settings.
    #[must_use]
    pub fn start(program: &str, settings: &[(&str, &str)]) -> Self {
        Self::command(program, &[], settings)
    }

    /// Starts a command of a program of this workspace: `keys rotate`.
    #[must_use]
    pub fn command(program: &str, arguments: &[&str], settings: &[(&str, &str)]) -> Self {
        Self::command_in(Path::new("."), program, arguments, settings)
    }

    /// The same, from this folder.
    #[must_use]
    pub fn command_in(
        folder: &Path,
        program: &str,
        arguments: &[&str],
        settings: &[(&str, &str)],
    ) -> Self {
        let mut command = Command::new(self::program(program));
        command.args(arguments).current_dir(folder);
        Self::spawn(command, settings)
    }

    /// Starts a program that begins with so many file descriptors; `what` is `-n`, or `-Sn` if it may take
    /// more.
    #[must_use]
    pub fn with_descriptors(
        what: &str,
        count: usize,
        program: &str,
        settings: &[(&str, &str)],
    ) -> Self {
        let mut command = Command::new("/bin/sh");
        let words = format!("ulimit {what} {count}; exec \"$0\"");
        command.args(["-c", &words]).arg(self::program(program));
        Self::spawn(command, settings)
    }

    /// Starts a program as the first process of a system of its own, as in a container: signals that it does
    /// not take care of do nothing there. `None`: this system does not let us.
    #[must_use]
    pub fn first_of_its_own(program: &str, settings: &[(&str, &str)]) -> Option<Self> {
        let unshare = || {
            let mut command = std::process::Command::new("unshare");
            command.args(["--pid", "--fork", "--kill-child"]);
            command
        };
        if !unshare().arg("true").output().is_ok_and(|tried| tried.status.success()) {
            return None;
        }
        let mut command = Command::from(unshare());
        command.arg(self::program(program));
        Some(Self { is_first: true, ..Self::spawn(command, settings) })
    }

    /// Starts the program at this place as a user, and the group, of this number. Only root can.
    #[must_use]
    pub fn start_as(user: u32, program: &Path, settings: &[(&str, &str)]) -> Self {
        let mut command = Command::new(program);
        command.uid(user).gid(user);
        Self::spawn(command, settings)
    }

    fn spawn(mut command: Command, settings: &[(&str, &str)]) -> Self {
        let mut child = command
            .env_clear()
            .envs(kept_elsewhere(settings))
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (sender, more) = watch::channel(0);
        let mut readers = JoinSet::new();
        let (out, err) = (child.stdout.take(), child.stderr.take());
        readers.spawn(read(out.expect("piped"), lines.clone(), sender.clone()));
        readers.spawn(read(err.expect("piped"), lines.clone(), sender));
        Self { child, is_first: false, lines, more, readers }
    }

    /// Waits for a line that contains `words` and returns it.
    pub async fn line_with(&self, words: &str) -> String {
        self.more_lines_with(words, 0).await;
        let output = self.output();
        output.lines().find(|line| line.contains(words)).expect("a line").to_owned()
    }

    /// How many lines contain `words` so far.
    #[must_use]
    pub fn lines_with(&self, words: &str) -> usize {
        self.output().lines().filter(|line| line.contains(words)).count()
    }

    /// Waits until more lines than these contain `words`.
    pub async fn more_lines_with(&self, words: &str, before: usize) {
        let mut more = self.more.clone();
        let said = async {
            while self.lines_with(words) <= before {
                let alive = more.changed().await.is_ok();
                assert!(alive, "it ended without saying {words:?}:\n{}", self.output());
            }
        };
        let said = tokio::time::timeout(PATIENCE, said).await;
        assert!(said.is_ok(), "it never said {words:?}:\n{}", self.output());
    }

    /// Everything it has written so far.
    #[must_use]
    pub fn output(&self) -> String {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).join("\n")
    }

    /// Sends a signal, by its name: `TERM`, `INT`, `STOP`.
    pub async fn signal(&self, name: &str) {
        let pid = self.child.id().expect("it is running");
        let pid = if self.is_first { only_child(pid) } else { pid.to_string() };
        let sent = Command::new("kill").args([format!("-{name}"), pid]).status().await;
        assert!(sent.is_ok_and(|status| status.success()), "the signal was not sent");
    }

    /// The most memory it ever had, in bytes.
    #[must_use]
    pub fn peak_memory(&self) -> u64 {
        self.memory("VmHWM:")
    }

    /// The memory it has now, in bytes.
    #[must_use]
    pub fn resident_memory(&self) -> u64 {
        self.memory("VmRSS:")
    }

    /// The processor time it has taken so far.
    #[must_use]
    pub fn processor_time(&self) -> Duration {
        let pid = self.child.id().expect("it is running");
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("a state");
        // What follows its name: the twelfth is its own time, then that of the system, in hundredths.
        let (_, numbers) = stat.rsplit_once(')').expect("a name");
        let numbers = numbers.split_whitespace().skip(11).take(2);
        let ticks: u64 = numbers.map(|ticks| ticks.parse::<u64>().expect("a number")).sum();
        Duration::from_millis(ticks * 10)
    }

    fn memory(&self, name: &str) -> u64 {
        let pid = self.child.id().expect("it is running");
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a status");
        let value = status.lines().find_map(|line| line.strip_prefix(name));
        let kibibytes = value.and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok());
        kibibytes.expect("a number") * 1024
    }

    /// Whether it has not ended.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a status").is_none()
    }

    /// A limit that it has, by its name in `/proc/PID/limits`, and up to how much it may raise that.
    #[must_use]
    pub fn limit(&self, name: &str) -> (u64, u64) {
        let pid = self.child.id().expect("it is running");
        let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).expect("limits");
        let limit = limits.lines().find_map(|line| line.strip_prefix(name));
        let mut numbers = limit.expect("a line").split_whitespace().map(str::parse);
        let mut number = || numbers.next().expect("a number").expect("a number");
        (number(), number())
    }

    /// The settings that it was started with, as the system shows them to whoever may look.
    #[must_use]
    pub fn environment(&self) -> String {
        let pid = self.child.id().expect("it is running");
        let environment = std::fs::read(format!("/proc/{pid}/environ")).expect("an environment");
        String::from_utf8_lossy(&environment).replace('\0', "\n")
    }

    /// Ends it as a crash does, at once.
    pub async fn kill(&mut self) {
        self.child.kill().await.expect("it should be killed");
    }

    /// Tells it to stop, and waits for its end, which must be a good one.
    pub async fn stop(&mut self) {
        self.signal("TERM").await;
        self.ends_well().await;
    }

    /// Waits for its end, which must be a good one.
    pub async fn ends_well(&mut self) {
        let code = self.ended().await;
        // What it did for others is most of what it wrote, and none of what went wrong.
        let output = self.output();
        let said: Vec<_> = output.lines().filter(|line| !line.contains("answered")).collect();
        assert_eq!(code, Some(0), "it said {}\nand ended with this", said.join("\n"));
    }

    /// Waits for its end, and all that it wrote before, and returns its exit code.
    pub async fn ended(&mut self) -> Option<i32> {
        let ended = async {
            let status = self.child.wait().await;
            while self.readers.join_next().await.is_some() {}
            status
        };
        let ended = tokio::time::timeout(ENDING, ended).await;
        ended.expect("it should end").expect("it should have a status").code()
    }
}

/// Where a whole product keeps what these settings leave to its folder, if that is on a server.
fn kept_elsewhere(settings: &[(&str, &str)]) -> Vec<(&'static str, String)> {
    let data = settings.iter().find(|(name, _)| *name == "AI_BUDDY_DATA");
    let Some((_, data)) = data.filter(|_| scratch::server().is_some()) else { return Vec::new() };
    let databases = [("AUTH_DATABASE_URL", "auth"), ("CHAT_DATABASE_URL", "chat")];
    databases.map(|(setting, name)| (setting, scratch::address(data.as_ref(), name))).into()
}

/// Runs a program of this workspace to its end, which must be a good one, and returns what it said.
pub(crate) async fn run(program: &str, arguments: &[&str], settings: &[(&str, &str)]) -> String {
    let mut command = Command::new(self::program(program));
    command.args(arguments).env_clear().envs(kept_elsewhere(settings));
    command.envs(settings.iter().copied()).kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await;
    let output = output.expect("it should end").expect("it can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The one process that another one started.
fn only_child(pid: u32) -> String {
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    children.expect("children").trim().to_owned()
}

async fn read(
    pipe: impl AsyncRead + Unpin,
    lines: Arc<Mutex<Vec<String>>>,
    more: watch::Sender<usize>,
) {
    let mut pipe = BufReader::new(pipe).lines();
    while let Ok(Some(line)) = pipe.next_line().await {
        lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        more.send_modify(|count| *count += 1);
    }
}

/// Where a program of this workspace is: beside the one that asks for it, or beside the folder that one is in, if
/// that is a test.
#[must_use]
pub fn program(program: &str) -> PathBuf {
    let own = std::env::current_exe().expect("a path");
    let mut places = own.ancestors().skip(1).take(2).map(|folder| folder.join(program));
    let found = places.find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("{program} is not built: build the whole workspace"))
}

/// An address that nobody listens on, for a program that will in a moment, and again after it has ended.
#[must_use]
pub fn free_address() -> String {
    // Each process looks elsewhere first.
    static TAKEN: LazyLock<AtomicU32> =
        LazyLock::new(|| AtomicU32::new(std::process::id().wrapping_mul(7_919)));
    let addresses = PORTS.map(|_| {
        let next = TAKEN.fetch_add(1, Ordering::Relaxed) % (PORTS.end - PORTS.start);
        format!("127.0.0.1:{}", PORTS.start + next)
    });
    let mut free = addresses.filter(|address| TcpListener::bind(address).is_ok());
    free.next().expect("an address")
}
