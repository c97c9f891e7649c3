//! A recorded case as a row of a table.
//!
//! Paths, headers, bodies and answers may hold `<words>` that the stage replaces when it knows them:
//! `<access:alice>` is Alice's access token, `<a*150>` a hundred and fifty letters, `<byte:ff>` a
//! byte that is no text.

/// The content type of most rows.
pub(super) const JSON: &str = "application/json";
/// Another one.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";
/// Another one, with the boundary that all rows use.
pub(super) const MULTIPART: &str = "multipart/form-data; boundary=BOUND";

/// The value of a header that is not sent at all.
pub(super) const ABSENT: &str = "<absent>";

/// The answer without a body.
pub(super) const EMPTY: &str = "";

/// A recorded request, and our answer to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case {
    /// As it was recorded.
    pub(super) name: &'static str,
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) headers: &'static [(&'static str, &'static str)],
    pub(super) authorization: Option<&'static str>,
    pub(super) content_type: Option<&'static str>,
    pub(super) body: Option<&'static str>,
    pub(super) status: u16,
    /// JSON in which a `*` at the end of a text stands for anything, `<access>` and `<refresh>` for
    /// such tokens, `<access of alice>` for one of Alice's, and `$` for `fill`.
    pub(super) answer: &'static str,
    pub(super) fill: &'static str,
    /// Headers of the answer; an [`ABSENT`] one must not be there.
    pub(super) answer_headers: &'static [(&'static str, &'static str)],
}

/// Cases that we answer otherwise than the original, and why.
#[derive(Debug, Clone, Copy)]
pub(super) struct Difference {
    pub(super) why: &'static str,
    pub(super) cases: &'static [Case],
}

/// Cases that we answer otherwise than the original, and why.
pub(super) const fn because(why: &'static str, cases: &'static [Case]) -> Difference {
    Difference { why, cases }
}

impl Case {
    pub(super) const fn new(name: &'static str, method: &'static str, path: &'static str) -> Self {
        Self {
            name,
            method,
            path,
            headers: &[],
            authorization: None,
            content_type: None,
            body: None,
            status: 0,
            answer: EMPTY,
            fill: "",
            answer_headers: &[],
        }
    }

    pub(super) const fn post(name: &'static str, path: &'static str) -> Self {
        Self::new(name, "POST", path)
    }

    pub(super) const fn get(name: &'static str, path: &'static str) -> Self {
        Self::new(name, "GET", path)
    }

    /// With a body of JSON.
    pub(super) const fn json(self, body: &'static str) -> Self {
        self.content(JSON, body)
    }

    /// With any body.
    pub(super) const fn content(mut self, media_type: &'static str, body: &'static str) -> Self {
        self.content_type = Some(media_type);
        self.body = Some(body);
        self
    }

    /// With a body that is not said to be anything.
    pub(super) const fn untyped(mut self, body: &'static str) -> Self {
        self.body = Some(body);
        self
    }

    pub(super) const fn headers(
        mut self,
        headers: &'static [(&'static str, &'static str)],
    ) -> Self {
        self.headers = headers;
        self
    }

    /// With a whole `Authorization` header: the scheme is part of some cases.
    pub(super) const fn authorization(mut self, value: &'static str) -> Self {
        self.authorization = Some(value);
        self
    }

    /// What we answer.
    pub(super) const fn answered(mut self, status: u16, answer: &'static str) -> Self {
        self.status = status;
        self.answer = answer;
        self
    }

    /// What `$` stands for in the answer.
    pub(super) const fn with(mut self, fill: &'static str) -> Self {
        self.fill = fill;
        self
    }

    /// Headers that the answer must have.
    pub(super) const fn answer_headers(
        mut self,
        headers: &'static [(&'static str, &'static str)],
    ) -> Self {
        self.answer_headers = headers;
        self
    }
}
