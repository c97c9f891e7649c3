//! Answers that several tables expect: keys and words that existing clients know.

/// `register/`: an account is made, under the name of `fill`.
pub(super) const ACCOUNT: &str =
    r#"{"user": {"id": "*", "username": "$"}, "token": "<access>", "refresh": "<refresh>"}"#;

/// `register/`: something is not there.
pub(super) const FIELDS_REQUIRED: &str =
    r#"{"error": "All fields are required", "code": "fields_required"}"#;

/// `register/`: somebody has the name.
pub(super) const TAKEN: &str = r#"{"error": "Username already taken", "code": "username_taken"}"#;

/// `login/`: both tokens of `fill`.
pub(super) const TOKENS: &str = r#"{"access": "<access of $>", "refresh": "<refresh of $>"}"#;

/// `login/`: the same whatever is wrong.
pub(super) const NO_ACCOUNT: &str =
    r#"{"detail": "No active account found with the given credentials"}"#;

/// `send-message/`: the buddy's answer, in the session of `fill`.
pub(super) const REPLY: &str =
    r#"{"message": "Message successfully processed.", "session_id": $, "ai_response": "*"}"#;

/// `send-message/`: no such session, or somebody else's.
pub(super) const NO_SESSION: &str =
    r#"{"error": "Session not found or not owned by user.", "code": "session_not_found"}"#;

/// There is no token.
pub(super) const NOBODY: &str =
    r#"{"error": "User must be logged in.", "code": "not_authenticated"}"#;

/// The access token is refused, for the reason of `fill`.
pub(super) const ACCESS_REFUSED: &str = r#"{
    "detail": "Given token not valid for any token type", "code": "token_not_valid",
    "messages": [{"token_class": "AccessToken", "token_type": "access", "message": "$"}]
}"#;

/// The token is refused, for the reason of `fill`.
pub(super) const TOKEN_REFUSED: &str = r#"{"detail": "$", "code": "token_not_valid"}"#;

/// The body cannot be read as JSON; where and why is said in other words than the original's.
pub(super) const PARSE_ERROR: &str = r#"{"detail": "JSON parse error - *", "code": "parse_error"}"#;

/// The body is JSON, but the kind of `fill` instead of an object.
pub(super) const NO_OBJECT: &str =
    r#"{"non_field_errors": ["Invalid data. Expected a dictionary, but got $."]}"#;

/// The body is `null`.
pub(super) const NO_DATA: &str = r#"{"non_field_errors": ["No data provided"]}"#;

/// The body says it is of the kind of `fill`.
pub(super) const UNSUPPORTED: &str = r#"{"detail": "Unsupported media type \"$\" in request."}"#;

/// The body is larger than 256 KiB.
pub(super) const TOO_LARGE: &str = r#"{"detail": "*", "code": "too_large"}"#;

/// The path leads nowhere.
pub(super) const NOT_FOUND: &str = r#"{"detail": "Not found.", "code": "not_found"}"#;

/// The method of `fill` is not the path's.
pub(super) const NOT_ALLOWED: &str =
    r#"{"detail": "Method \"$\" not allowed.", "code": "method_not_allowed"}"#;
