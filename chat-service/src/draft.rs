//! A reply in the making: the text so far, for whoever makes it, reads along, or writes it down.
//!
//! The text is its own log: a reader who says how far they have read gets what follows, at once or
//! when there is more. Nothing is kept for any of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use tokio::sync::watch;

use crate::safety::Notice;
use crate::store::{Outcome, Told};

/// A reply in the making.
pub(crate) struct Draft {
    page: watch::Sender<Page>,
    viewers: AtomicUsize,
    prompt_tokens: AtomicI64,
}

/// How far a reply has come.
pub(crate) struct Page {
    /// Which attempt this is the text of.
    pub(crate) attempt: i32,
    pub(crate) text: String,
    /// Whether there is something that is not written down yet.
    pub(crate) is_dirty: bool,
    /// What was noticed since it began.
    pub(crate) raised: Option<Notice>,
    /// Nothing more comes from here.
    pub(crate) end: Option<End>,
}

/// Why nothing more comes.
#[derive(Clone)]
pub(crate) enum End {
    /// The turn has ended like this, and it is on disk.
    Stored(Box<Outcome>),
    /// Somebody else has the turn, or it is gone: what is on disk tells.
    Elsewhere,
    /// This process stops; the turn goes on in another.
    Interrupted,
}

impl Draft {
    pub(crate) fn new(attempt: i32) -> Self {
        let page = Page { attempt, text: String::new(), is_dirty: false, raised: None, end: None };
        let (viewers, prompt_tokens) = (AtomicUsize::new(0), AtomicI64::new(0));
        Self { page: watch::Sender::new(page), viewers, prompt_tokens }
    }

    /// Adds to the text. Once the reply has ended, nothing is added any more.
    pub(crate) fn push(&self, more: &str) {
        self.change(|page| {
            page.text.push_str(more);
            page.is_dirty = true;
        });
    }

    /// Begins anew after an attempt that failed. If nobody was told anything yet, nobody needs to know.
    pub(crate) fn restart(&self) {
        self.change(|page| {
            if !page.text.is_empty() {
                page.attempt += 1;
                page.text.clear();
                page.is_dirty = true;
            }
        });
    }

    /// Tells readers what was noticed since it began.
    pub(crate) fn raise(&self, notice: Notice) {
        self.change(|page| page.raised = Some(notice));
    }

    /// Ends it.
    pub(crate) fn end(&self, end: End) {
        self.change(|page| page.end = Some(end));
    }

    fn change(&self, change: impl FnOnce(&mut Page)) {
        self.page.send_if_modified(|page| {
            let open = page.end.is_none();
            if open {
                change(page);
            }
            open
        });
    }

    /// The attempt and its text, if there is something to write down; it then counts as written.
    pub(crate) fn take_progress(&self) -> Option<(i32, String)> {
        let mut taken = None;
        self.page.send_if_modified(|page| {
            if page.is_dirty && page.end.is_none() {
                page.is_dirty = false;
                taken = Some((page.attempt, page.text.clone()));
            }
            // That it is written down is no news to readers.
            false
        });
        taken
    }

    /// What could not be written down is still to be.
    pub(crate) fn keep_progress(&self) {
        self.page.send_if_modified(|page| {
            page.is_dirty = true;
            false
        });
    }

    /// Notes what the model was sent for it, in tokens.
    pub(crate) fn asked(&self, prompt_tokens: i64) {
        self.prompt_tokens.fetch_add(prompt_tokens, Ordering::Relaxed);
    }

    /// What was told so far.
    pub(crate) fn told(&self) -> Told {
        let prompt_tokens = self.prompt_tokens.load(Ordering::Relaxed);
        let page = self.page.borrow();
        Told { attempt: page.attempt, text: page.text.clone(), prompt_tokens }
    }

    /// The attempt that is being told.
    pub(crate) fn attempt(&self) -> i32 {
        self.page.borrow().attempt
    }

    /// Reads along.
    pub(crate) fn read(&self) -> watch::Receiver<Page> {
        self.page.subscribe()
    }

    /// Somebody watches the words appear, until the returned value is dropped.
    pub(crate) fn view(self: &Arc<Self>) -> View {
        self.viewers.fetch_add(1, Ordering::Relaxed);
        View(Arc::clone(self))
    }

    /// Whether somebody watches the words appear.
    pub(crate) fn is_viewed(&self) -> bool {
        self.viewers.load(Ordering::Relaxed) > 0
    }
}

/// Somebody who watches the words appear.
pub(crate) struct View(Arc<Draft>);

impl View {
    /// Whether it is this draft that is watched.
    pub(crate) fn is_of(&self, draft: &Arc<Draft>) -> bool {
        Arc::ptr_eq(&self.0, draft)
    }

    /// Reads along.
    pub(crate) fn read(&self) -> watch::Receiver<Page> {
        self.0.read()
    }
}

impl Drop for View {
    fn drop(&mut self) {
        self.0.viewers.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_attempt_is_only_news_if_something_was_told() {
        let draft = Draft::new(1);
        draft.restart();
        assert_eq!(draft.told().attempt, 1);
        draft.push("I hear");
        draft.restart();
        draft.push("Here I am");
        let told = draft.told();
        assert_eq!((told.attempt, told.text.as_str()), (2, "Here I am"));
    }

    #[test]
    fn what_has_ended_stays_as_it_is() {
        let draft = Draft::new(1);
        draft.push("I hear you.");
        assert_eq!(draft.take_progress(), Some((1, "I hear you.".to_owned())));
        assert_eq!(draft.take_progress(), None, "it is written down");
        draft.end(End::Elsewhere);
        draft.push(" And more.");
        assert_eq!(draft.told().text, "I hear you.");
        assert_eq!(draft.take_progress(), None);
    }
}
