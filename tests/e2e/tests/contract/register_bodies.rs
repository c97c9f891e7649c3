//! `register/`: how the fields of a request may be written.
//!
//! Where the original's case has `x` for a password, ours has `<pw>`: eight characters at least.

use super::answers::{ACCOUNT, FIELDS_REQUIRED, NO_DATA, NO_OBJECT, PARSE_ERROR, UNSUPPORTED};
use super::cases::{Case, Difference, FORM, JSON, MULTIPART, because};
use super::stage::Stage;

const fn content(name: &'static str, media_type: &'static str, body: &'static str) -> Case {
    Case::post(name, "/api/register/").content(media_type, body)
}

const fn json(name: &'static str, body: &'static str) -> Case {
    content(name, JSON, body)
}

const fn account(case: Case, username: &'static str) -> Case {
    case.answered(201, ACCOUNT).with(username)
}

const fn broken(name: &'static str, body: &'static str) -> Case {
    json(name, body).answered(400, PARSE_ERROR)
}

const fn unsupported(case: Case, media_type: &'static str) -> Case {
    case.answered(415, UNSUPPORTED).with(media_type)
}

const fn no_object(name: &'static str, body: &'static str, kind: &'static str) -> Case {
    json(name, body).answered(400, NO_OBJECT).with(kind)
}

const NAME_AND_PASSWORD: &str = "--BOUND\r\n\
    Content-Disposition: form-data; name=\"username\"\r\n\r\nmpuser\r\n--BOUND\r\n\
    Content-Disposition: form-data; name=\"password\"\r\n\r\n<pw>\r\n--BOUND--\r\n";
const FILE_AND_PASSWORD: &str = "--BOUND\r\n\
    Content-Disposition: form-data; name=\"username\"; filename=\"n.txt\"\r\n\
    Content-Type: text/plain\r\n\r\nfilecontent\r\n--BOUND\r\n\
    Content-Disposition: form-data; name=\"password\"\r\n\r\n<pw>\r\n--BOUND--\r\n";
const NAME: &str = "--BOUND\r\n\
    Content-Disposition: form-data; name=\"username\"\r\n\r\nm\r\n--BOUND--\r\n";

pub(super) const SAME: &[Case] = &[
    account(
        content("register/form", FORM, "username=formuser&password=a%20fine%20password"),
        "formuser",
    ),
    account(
        content("register/form-repeated-key", FORM, "username=f1&username=f2&password=<pw>"),
        "f2",
    ),
    content("register/form-missing", FORM, "username=f3").answered(400, FIELDS_REQUIRED),
    account(content("register/multipart", MULTIPART, NAME_AND_PASSWORD), "mpuser"),
    content("register/multipart-no-boundary", "multipart/form-data", NAME).answered(
        400,
        r#"{"detail": "Multipart form parse error - Invalid boundary in multipart: None"}"#,
    ),
    account(
        content(
            "register/json-charset",
            "application/json; charset=utf-8",
            r#"{"username": "cs", "password": "<pw>"}"#,
        ),
        "cs",
    ),
    unsupported(
        content(
            "register/json-vendor-type",
            "application/vnd.api+json",
            r#"{"username": "v", "password": "x"}"#,
        ),
        "application/vnd.api+json",
    ),
    broken("register/invalid-json", r#"{"username": "a","#),
    broken("register/invalid-json-word", "hello"),
    broken("register/invalid-json-single-quotes", "{'username': 'a'}"),
    broken("register/invalid-json-trailing", r#"{"username":"t","password":"x"} x"#),
    broken("register/invalid-json-trailing-comma", r#"{"username":"t","password":"x",}"#),
    broken("register/invalid-utf8", r#"{"username":"<byte:ff><byte:fe>","password":"x"}"#),
    broken("register/json-bom", "\u{feff}{\"username\":\"bom\",\"password\":\"x\"}"),
    broken("register/json-nan", r#"{"username":"nan","password":"x","z":NaN}"#),
    account(
        json(
            "register/json-duplicate-key",
            r#"{"username":"d1","username":"d2","password":"<pw>"}"#,
        ),
        "d2",
    ),
    broken("register/json-huge-int", r#"{"username":"hi","password":"x","z":<9*5000>}"#),
    json("register/empty-body-json", "").answered(400, FIELDS_REQUIRED),
    Case::post("register/no-body-no-content-type", "/api/register/")
        .headers(&[("Content-Length", "0")])
        .answered(400, FIELDS_REQUIRED),
    Case::post("register/no-content-length", "/api/register/").answered(400, FIELDS_REQUIRED),
    unsupported(
        Case::post("register/no-content-type", "/api/register/")
            .untyped(r#"{"username": "noct", "password": "x"}"#),
        "",
    ),
    unsupported(
        content(
            "register/content-type-text",
            "text/plain",
            r#"{"username": "txt", "password": "x"}"#,
        ),
        "text/plain",
    ),
    unsupported(content("register/content-type-xml", "application/xml", "<a/>"), "application/xml"),
    unsupported(
        content(
            "register/content-type-garbage",
            "garbage",
            r#"{"username": "g", "password": "x"}"#,
        ),
        "garbage",
    ),
];

pub(super) const DIFFERENT: &[Difference] = &[
    because(
        "a file is taken for the text in it; the original makes a list of its lines",
        &[account(
            content("register/multipart-file-as-username", MULTIPART, FILE_AND_PASSWORD),
            "filecontent",
        )],
    ),
    because(
        "no form at all is said to be none",
        &[content("register/multipart-garbage", MULTIPART, "garbage").answered(
            400,
            r#"{"detail": "Multipart form parse error - *", "code": "parse_error"}"#,
        )],
    ),
    because(
        "JSON is UTF-8 (RFC 8259)",
        &[unsupported(
            content(
                "register/json-latin1-charset",
                "application/json; charset=latin-1",
                r#"{"username":"caf<byte:e9>","password":"x"}"#,
            ),
            "application/json; charset=latin-1",
        )],
    ),
    because(
        "what is nested too deeply is not read: the original fails with 500",
        &[broken(
            "register/json-deep",
            r#"{"username":"deep","password":"x","z":<[*100000><]*100000>}"#,
        )],
    ),
    because(
        "what is no object is refused as login/ does: the original fails with 500",
        &[
            no_object("register/json-array", "[]", "list"),
            no_object(
                "register/json-array-of-object",
                r#"[{"username":"a","password":"b"}]"#,
                "list",
            ),
            no_object("register/json-string", r#""hello""#, "str"),
            no_object("register/json-number", "5", "int"),
            json("register/json-null", "null").answered(400, NO_DATA),
        ],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_read_as_recorded() {
    Stage::open().await.judge(SAME, DIFFERENT).await;
}
