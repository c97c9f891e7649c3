//! File descriptors: every connection and every open file takes one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// As many as any system allows whose own bound is no number, as that of macOS.
const ANYWHERE: u64 = 10_240;

/// Lets this process have as many as it may. Most systems begin with 1,024, for programs that are older
/// than this one.
pub(super) fn raise() {
    let limit = getrlimit(Resource::Nofile);
    let mut wanted = [limit.maximum, Some(ANYWHERE)].into_iter();
    let higher =
        |wanted: Option<u64>| limit.current.is_some_and(|now| wanted.is_none_or(|it| it > now));
    let raised = wanted.any(|wanted| {
        let raised = Rlimit { current: wanted, maximum: limit.maximum };
        higher(wanted) && setrlimit(Resource::Nofile, raised).is_ok()
    });
    if !raised {
        tracing::debug!(?limit, "there are as many file descriptors as there were");
    }
}

/// `most`, or this part of the descriptors there may be, if that is less: one half, a quarter.
pub(crate) fn share(most: usize, part: usize) -> usize {
    let limit = getrlimit(Resource::Nofile).current;
    let there = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    most.min(there / part).max(1)
}
