//! All replicas of a service: where they are by now, and which of them is called next.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tonic::transport::Uri;

use super::connection::Way;
use super::replica::Replica;
use super::standing::Standing;
use crate::tasks::Tasks;

/// Between two questions for the addresses of a host: at least, and more where nobody is missed.
const ADDRESSES: Duration = Duration::from_millis(500);
const MORE: Duration = Duration::from_millis(2_500);
/// For somebody to be found, if nobody knows yet where anybody is.
const FIRST: Duration = Duration::from_secs(3);

/// All replicas of a service.
pub(super) struct Replicas {
    /// `None`: nobody knows yet.
    all: watch::Sender<Option<Vec<Arc<Replica>>>>,
    /// Told whenever something was seen of one of them.
    news: watch::Sender<()>,
    /// Which is asked first.
    next: AtomicUsize,
}

impl Replicas {
    /// Those at `urls`, looked after until `stop`.
    pub(super) fn follow(urls: Vec<Uri>, way: Way, stop: &CancellationToken) -> Arc<Self> {
        let this = Arc::new(Self {
            all: watch::Sender::default(),
            news: watch::Sender::default(),
            next: AtomicUsize::new(0),
        });
        let (followed, stop) = (this.clone(), stop.clone());
        Tasks::new().spawn(async move {
            let following = followed.find(urls, way, &stop);
            stop.run_until_cancelled(following).await;
            followed.all.send_replace(None);
        });
        this
    }

    /// The less busy of the next two that are well; where none is, of those that answer, which know best
    /// what is wrong with them; where none does, of those with a connection: one that is late for a moment is
    /// better than nobody. Another one than `tried`, if there is one.
    pub(super) fn choose(&self, tried: Option<&Arc<Replica>>) -> Option<Arc<Replica>> {
        let all = self.all();
        let best = all.iter().map(|replica| replica.standing()).max()?;
        let is_fit = |it: &&Arc<Replica>| {
            if best.answers() { it.standing() == best } else { it.is_connected() }
        };
        let fit: Vec<_> = all.iter().filter(is_fit).collect();
        let others: Vec<_> = fit
            .iter()
            .copied()
            .filter(|it| tried.is_none_or(|one| !Arc::ptr_eq(one, it)))
            .collect();
        let fit = if others.is_empty() { fit } else { others };
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        let of_two = [next, next.wrapping_add(1)].map(|number| fit.get(number % fit.len().max(1)));
        of_two.into_iter().flatten().min_by_key(|it| it.in_flight()).map(|it| (*it).clone())
    }

    /// Returns when one of them does not answer any more and another one does.
    pub(super) async fn outdo(&self, one: &Arc<Replica>) {
        self.leave(one, |standing| !standing.answers()).await;
    }

    /// Returns when one of them has fallen silent and another one answers. One whose port is closed may well go on
    /// with what it has begun.
    pub(super) async fn outlast(&self, one: &Arc<Replica>) {
        self.leave(one, |standing| standing == Standing::Silent).await;
    }

    async fn leave(&self, one: &Arc<Replica>, is_left: impl Fn(Standing) -> bool) {
        let mut news = self.news.subscribe();
        let is_other = |it: &Arc<Replica>| !Arc::ptr_eq(it, one) && it.standing().answers();
        while !is_left(one.standing()) || !self.all().iter().any(is_other) {
            // The sender lives as long as `self`, so waiting cannot fail.
            let _alive = news.changed().await;
        }
    }

    /// As [`choose`](Self::choose). Where nobody answers they are all looked at once more, and that is
    /// waited for. `None`: nobody answered then, either.
    pub(super) async fn find_one(&self, tried: Option<&Arc<Replica>>) -> Option<Arc<Replica>> {
        if let Some(replica) = self.choose(tried) {
            return Some(replica);
        }
        self.look(Replica::last_look, |_| self.choose(tried).is_some()).await;
        self.choose(tried)
    }

    /// Has all looked at once more, and returns how the best of them is, as soon as that is known. What a look
    /// sees that had begun before may not be so any more.
    pub(super) async fn look_again(&self) -> Standing {
        let is_well = |it: &&Arc<Replica>| it.standing() == Standing::Well;
        self.look(Replica::begun, |seen| seen.iter().any(is_well)).await;
        self.all().iter().map(|it| it.standing()).max().unwrap_or(Standing::Unreachable)
    }

    /// Has all looked at, each once more than `before`, until that is done or what was seen is `enough`: for
    /// [`FIRST`] at most.
    async fn look(&self, before: fn(&Replica) -> u64, enough: impl Fn(&[&Arc<Replica>]) -> bool) {
        let mut news = self.news.subscribe();
        let looked_at = async {
            let mut all = self.all.subscribe();
            // The sender lives as long as `self`, so waiting cannot fail.
            let _alive = all.wait_for(Option::is_some).await.is_ok();
            let with_looks = |it: Arc<Replica>| (before(&it), it);
            let asked: Vec<_> = self.all().into_iter().map(with_looks).collect();
            for (_, replica) in &asked {
                replica.look_soon();
            }
            loop {
                let seen = asked.iter().filter(|(looks, it)| it.last_look() > *looks);
                let seen: Vec<_> = seen.map(|(_, it)| it).collect();
                if seen.len() == asked.len() || enough(&seen) {
                    return;
                }
                let _alive = news.changed().await;
            }
        };
        let _in_time = timeout(FIRST, looked_at).await;
    }

    /// Follows where they are.
    async fn find(&self, urls: Vec<Uri>, way: Way, stop: &CancellationToken) {
        let mut found: Vec<Vec<SocketAddr>> = vec![Vec::new(); urls.len()];
        loop {
            let mut has_all = true;
            for (url, addresses) in urls.iter().zip(&mut found) {
                match resolve(url).await {
                    Ok(now) if !now.is_empty() => *addresses = now,
                    Ok(_) => has_all = false,
                    Err(error) => {
                        has_all = false;
                        tracing::debug!(%url, %error, "a host has no address at the moment");
                    }
                }
            }
            let urls = urls.iter().zip(&found);
            let places = urls.flat_map(|(url, at)| at.iter().map(move |at| (*at, url)));
            self.are_at(places.collect(), &way, stop);
            sleep(ADDRESSES).await;
            if has_all {
                let _sooner = timeout(MORE, self.miss_one()).await;
            }
        }
    }

    /// Returns when one of them does not answer.
    async fn miss_one(&self) {
        let mut news = self.news.subscribe();
        while self.all().iter().all(|it| it.standing().answers()) {
            let _alive = news.changed().await;
        }
    }

    /// Why none of them can be called.
    pub(super) fn why(&self) -> String {
        let why: Vec<_> = self.all().iter().filter_map(|it| it.why()).collect();
        format!("no replica of the service answers: {}", why.join("; "))
    }

    fn all(&self) -> Vec<Arc<Replica>> {
        self.all.borrow().clone().unwrap_or_default()
    }

    /// Those at other places are left, though what they have at work goes on.
    fn are_at(&self, places: Vec<(SocketAddr, &Uri)>, way: &Way, stop: &CancellationToken) {
        let before = self.all.borrow().clone();
        let known = before.as_deref().unwrap_or_default();
        let mut now: Vec<Arc<Replica>> = Vec::new();
        for (address, url) in places {
            if now.iter().any(|it| it.address() == address) {
                continue;
            }
            let same = known.iter().find(|it| it.address() == address).cloned();
            now.push(same.unwrap_or_else(|| {
                let (news, stop) = (self.news.clone(), stop.child_token());
                let replica = Arc::new(Replica::new(address, url.clone(), news, stop));
                Tasks::new().spawn(Replica::keep(Arc::downgrade(&replica), way.clone()));
                replica
            }));
        }
        self.all.send_replace(Some(now));
    }
}

/// Where a host is by now.
async fn resolve(url: &Uri) -> std::io::Result<Vec<SocketAddr>> {
    let host = url.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let port = url.port_u16().unwrap_or(if url.scheme_str() == Some("http") { 80 } else { 443 });
    let mut found: Vec<_> = tokio::net::lookup_host((host, port)).await?.collect();
    found.sort_unstable();
    Ok(found)
}
