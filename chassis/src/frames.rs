//! What arrives on a connection over HTTP/2: whether it says anything, and how much at a time of what does not.
//!
//! Frames that only control a connection cost whoever sends them nothing, and each is work for whoever hears
//! them. hyper answers them for as long as they come.

use std::future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// What every connection over HTTP/2 begins with (RFC 9113, 3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Of the head of a frame (RFC 9113, 4.1).
const HEAD: usize = 9;
/// Kinds of frames that carry something (RFC 9113, 6): `DATA`, `HEADERS` and `CONTINUATION`.
const SUBSTANCE: [u8; 3] = [0, 1, 9];

/// How much may be said in [`WINDOW`] beside what carries something, in bytes, and as a multiple of what does.
/// nginx counts alike: it hangs up where all bytes are more than eight times these and 1 MiB more
/// (`ngx_http_v2_read_handler`, "http2 flood detected").
const CHATTER: u64 = 1024 * 1024;
const CHATTER_PER_SUBSTANCE: u64 = 8;
const WINDOW: Duration = Duration::from_mins(1);
/// How much of that is heard at a time, in bytes: some hundred frames, as whoever takes 5 MiB sends them.
const TURN: u64 = 4 * 1024;
/// Between two such times, so that others have their turn. To let them go first would not do: what comes in on
/// other connections is only looked for by a thread that has nothing else to do, or has done much else.
const REST: Duration = Duration::from_millis(1);

/// A connection that is listened to until its end, or until somebody sees another one.
pub(crate) struct Heard<S, G = ()> {
    stream: S,
    /// Who is at its other end, and what is theirs for as long as it lasts.
    pub(crate) guest: G,
    frames: Frames,
    /// What was said that says nothing, in bytes, since the last rest.
    turn: u64,
    rest: Option<Pin<Box<Sleep>>>,
    /// Who is told when something else was heard than frames.
    other: Option<Box<dyn FnMut() + Send>>,
    /// When nothing more is heard, if that comes before the end.
    end: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl<S> Heard<S> {
    pub(crate) fn new(stream: S) -> Self {
        let frames = Frames::default();
        Self { stream, guest: (), frames, turn: 0, rest: None, other: None, end: None }
    }

    /// Keeps `guest` for as long as the connection lasts.
    pub(crate) fn of<G>(self, guest: G) -> Heard<S, G> {
        let Self { stream, guest: (), frames, turn, rest, other, end } = self;
        Heard { stream, guest, frames, turn, rest, other, end }
    }
}

impl<S, G> Heard<S, G> {
    /// Calls `other` whenever something is heard that is not HTTP/2.
    pub(crate) fn telling(self, other: impl FnMut() + Send + 'static) -> Self {
        Self { other: Some(Box::new(other)), ..self }
    }

    /// Hears nothing more after `end`: whoever reads is told of an error then.
    pub(crate) fn until(self, end: impl Future<Output = ()> + Send + 'static) -> Self {
        Self { end: Some(Box::pin(end)), ..self }
    }
}

impl<S: AsyncRead + Unpin, G: Unpin> AsyncRead for Heard<S, G> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Whoever serves it waits for what it says next, whatever else there is to do.
        if let Some(end) = &mut self.end
            && end.as_mut().poll(context).is_ready()
        {
            self.end = Some(Box::pin(future::ready(())));
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        if let Some(rest) = &mut self.rest {
            ready!(rest.as_mut().poll(context));
            self.rest = None;
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        let Some(chatter) = self.frames.hear(&buffer.filled()[before..], Instant::now()) else {
            tracing::debug!("a connection said too much that says nothing");
            return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
        };
        let are_none = self.frames.are_none();
        if let Some(other) = self.other.as_mut().filter(|_| are_none) {
            other();
        }
        self.turn += chatter;
        if self.turn >= TURN {
            self.turn = 0;
            self.rest = Some(Box::pin(sleep(REST)));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin, G: Unpin> AsyncWrite for Heard<S, G> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// What was heard so far.
struct Frames {
    next: Next,
    /// Bytes since `since` of frames that carry something, and of all others.
    substance: u64,
    chatter: u64,
    since: Instant,
}

/// What comes next, in bytes.
enum Next {
    /// So much of the preface was there.
    Preface(usize),
    /// So much of a head was there.
    Head([u8; HEAD], usize),
    /// So much of a frame is still to come that carries something, or does not.
    Payload { bytes: usize, is_substance: bool },
    /// It is not HTTP/2.
    Other,
}

impl Default for Frames {
    fn default() -> Self {
        Self { next: Next::Preface(0), substance: 0, chatter: 0, since: Instant::now() }
    }
}

impl Frames {
    /// Hears what came at `now`: how many bytes of it say nothing. `None` if that is too much by now.
    fn hear(&mut self, mut bytes: &[u8], now: Instant) -> Option<u64> {
        if now - self.since >= WINDOW {
            (self.substance, self.chatter, self.since) = (0, 0, now);
        }
        let before = self.chatter;
        while !bytes.is_empty() {
            let taken = self.take(bytes);
            bytes = &bytes[taken..];
        }
        let enough = CHATTER + CHATTER_PER_SUBSTANCE * self.substance;
        (self.chatter <= enough).then_some(self.chatter - before)
    }

    /// Whether what was heard is another language.
    fn are_none(&self) -> bool {
        matches!(self.next, Next::Other)
    }

    /// Takes up to the end of what comes next: how many bytes that was.
    fn take(&mut self, bytes: &[u8]) -> usize {
        match &mut self.next {
            Next::Other => bytes.len(),
            Next::Preface(there) => {
                let taken = bytes.len().min(PREFACE.len() - *there);
                if bytes[..taken] != PREFACE[*there..*there + taken] {
                    self.next = Next::Other;
                } else if *there + taken == PREFACE.len() {
                    self.next = Next::Head([0; HEAD], 0);
                } else {
                    *there += taken;
                }
                taken
            }
            Next::Head(head, there) => {
                let taken = bytes.len().min(HEAD - *there);
                head[*there..*there + taken].copy_from_slice(&bytes[..taken]);
                *there += taken;
                self.chatter += taken as u64;
                if *there == HEAD {
                    let [a, b, c, kind, ..] = *head;
                    let bytes = u32::from_be_bytes([0, a, b, c]) as usize;
                    let is_substance = SUBSTANCE.contains(&kind);
                    self.next = match bytes {
                        0 => Next::Head([0; HEAD], 0),
                        _ => Next::Payload { bytes, is_substance },
                    };
                }
                taken
            }
            Next::Payload { bytes: left, is_substance } => {
                let taken = bytes.len().min(*left);
                *left -= taken;
                let heard = if *is_substance { &mut self.substance } else { &mut self.chatter };
                *heard += taken as u64;
                if *left == 0 {
                    self.next = Next::Head([0; HEAD], 0);
                }
                taken
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    const DATA: u8 = 0;
    const PING: u8 = 6;

    fn frame(kind: u8, payload: usize) -> Vec<u8> {
        let length = u32::try_from(payload).unwrap().to_be_bytes();
        let head = [&length[1..], &[kind, 0], &[0, 0, 0, 1]].concat();
        [head, vec![b'a'; payload]].concat()
    }

    /// How often `more` may be said behind `begin`, at most `most` times, in pieces of `piece` bytes.
    fn times(begin: &[u8], more: &[u8], most: usize, piece: usize) -> usize {
        let (mut frames, now) = (Frames::default(), Instant::now());
        assert!(frames.hear(begin, now).is_some());
        let said = |_: &usize| more.chunks(piece).all(|piece| frames.hear(piece, now).is_some());
        (0..most).take_while(said).count()
    }

    #[test]
    fn who_says_a_megabyte_that_says_nothing_has_said_enough() {
        for piece in [1, 7, 9, 10, 1_000] {
            let pings = times(PREFACE, &frame(PING, 8), 100_000, piece);
            assert_eq!(pings, 1024 * 1024 / 17, "pieces of {piece}");
            let empty = times(PREFACE, &frame(DATA, 0), 200_000, piece);
            assert_eq!(empty, 1024 * 1024 / 9, "pieces of {piece}");
        }
    }

    #[test]
    fn who_says_something_may_say_more() {
        let data = [frame(DATA, 100), frame(PING, 8).repeat(40)].concat();
        assert_eq!(times(PREFACE, &data, 10_000, 999), 10_000);
        let little = [frame(DATA, 10), frame(PING, 8).repeat(40)].concat();
        assert!(times(PREFACE, &little, 10_000, 999) < 2_000);
        assert_eq!(times(PREFACE, &frame(DATA, 16_384), 1_000, 4_096), 1_000);
    }

    #[test]
    fn what_is_said_in_another_language_is_not_judged() {
        for begin in [&b"GET / HTTP/1.1\r\n"[..], b"PRI * HTTP/1.1\r\n", b"P", b""] {
            let pings = frame(PING, 8).repeat(1_000);
            let more = if begin.is_empty() { [b"G", &pings[..]].concat() } else { pings };
            assert_eq!(times(begin, &more, 100, 100), 100);
        }
    }

    #[test]
    fn a_minute_later_it_is_forgotten() {
        let mut frames = Frames::default();
        let much = frame(PING, 8).repeat(60_000);
        let now = Instant::now();
        let mut hear = |bytes: &[u8], now| frames.hear(bytes, now);
        assert_eq!((hear(PREFACE, now), hear(&much, now)), (Some(0), Some(17 * 60_000)));
        assert_eq!(hear(&much, now + WINDOW), Some(17 * 60_000), "it is another minute");
        assert_eq!(hear(&much, now + WINDOW), None, "it is the same minute");
    }

    /// How often others have their turn while this is heard, whatever there is of it.
    async fn rests(frames: &[u8]) -> usize {
        let all = [PREFACE, frames].concat();
        let (mut heard, mut bytes) = (Heard::new(all.as_slice()), Vec::new());
        let (mut piece, mut rests) = ([0; 1_024], 0);
        while let read @ 1.. = heard.read(&mut piece).await.unwrap() {
            bytes.extend_from_slice(&piece[..read]);
            rests += usize::from(heard.rest.is_some());
        }
        assert_eq!(bytes, all);
        rests
    }

    #[tokio::test]
    async fn who_says_nothing_is_heard_a_little_at_a_time_and_who_says_something_at_once() {
        let pings = rests(&frame(PING, 8).repeat(50_000)).await;
        assert_eq!(pings, 50_000 * 17 / 4_096);
        assert_eq!(rests(&frame(DATA, 16_384).repeat(400)).await, 0);
    }
}
