//! Request bodies: JSON objects, forms and multipart forms, read into the same thing.

use std::time::Duration;

use axum::body::{Bytes, HttpBody as _};
use axum::extract::{FromRequest, Request};
use futures_util::stream;
use http::header::{CONTENT_TYPE, EXPECT};
use http_body_util::BodyExt as _;
use serde_json::{Map, Value};

use crate::error::ApiError;

/// Largest body in bytes.
pub(crate) const MAX_BYTES: usize = 256 * 1024;
/// Most that is read of a body that is too large, only to be thrown away.
const MAX_DISCARDED: usize = 16 * 1024 * 1024;
/// For a body to arrive.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The fields of a body, by name. Of a name that comes twice, the last counts.
#[derive(Debug)]
pub(crate) struct Body(pub(crate) Map<String, Value>);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        let header = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = header.unwrap_or_default().to_owned();
        // Who asks before sending a body that is too large is spared the sending.
        let announced = request.body().size_hint().lower();
        if announced > MAX_BYTES as u64 && request.headers().contains_key(EXPECT) {
            return Err(ApiError::too_large());
        }
        let bytes = read(request.into_body()).await?;
        // Nothing is nothing, whatever it is said to be.
        if bytes.is_empty() {
            return Ok(Self(Map::new()));
        }
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        match media_type.to_ascii_lowercase().as_str() {
            "application/json" => json(&content_type, &bytes),
            "application/x-www-form-urlencoded" => Ok(form(&bytes)),
            "multipart/form-data" => multipart(&content_type, bytes).await,
            _ => Err(ApiError::unsupported_media_type(&content_type)),
        }
        .map(Self)
    }
}

/// Reads a body. One that is too large is read on and thrown away for a while: a client that is still
/// sending when the connection closes never sees what it was answered.
async fn read(mut body: axum::body::Body) -> Result<Bytes, ApiError> {
    let (mut kept, mut total) = (Vec::new(), 0);
    let whole = async {
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| ApiError::parse_error("The body broke off.".into()))?;
            let Ok(data) = frame.into_data() else { continue };
            total += data.len();
            if total <= MAX_BYTES {
                kept.extend_from_slice(&data);
            } else if total > MAX_DISCARDED {
                break;
            }
        }
        Ok::<_, ApiError>(())
    };
    let arrived = tokio::time::timeout(TIMEOUT, whole).await;
    if total > MAX_BYTES {
        return Err(ApiError::too_large());
    }
    arrived.map_err(|_| ApiError::body_timeout())??;
    Ok(kept.into())
}

fn json(content_type: &str, bytes: &[u8]) -> Result<Map<String, Value>, ApiError> {
    let charset = content_type.split(';').filter_map(|part| part.trim().split_once('=')).find_map(
        |(name, value)| name.eq_ignore_ascii_case("charset").then(|| value.trim_matches('"')),
    );
    // RFC 8259 8.1: JSON is UTF-8. Guessing at anything else would store the wrong letters.
    if charset.is_some_and(|name| !["utf-8", "utf8"].contains(&name.to_ascii_lowercase().as_str()))
    {
        return Err(ApiError::unsupported_media_type(content_type));
    }
    // The parser's words name a line and a column, and quote nothing.
    let value = serde_json::from_slice(bytes)
        .map_err(|error| ApiError::parse_error(format!("JSON parse error - {error}")))?;
    let kind = match value {
        Value::Object(fields) => return Ok(fields),
        Value::Null => None,
        Value::Array(_) => Some("list"),
        Value::String(_) => Some("str"),
        Value::Bool(_) => Some("bool"),
        Value::Number(number) if number.is_f64() => Some("float"),
        Value::Number(_) => Some("int"),
    };
    Err(ApiError::not_an_object(kind))
}

fn form(bytes: &[u8]) -> Map<String, Value> {
    let pairs = form_urlencoded::parse(bytes);
    pairs.map(|(name, value)| (name.into_owned(), Value::String(value.into_owned()))).collect()
}

async fn multipart(content_type: &str, bytes: Bytes) -> Result<Map<String, Value>, ApiError> {
    let broken = |why: &str| ApiError::parse_error(format!("Multipart form parse error - {why}"));
    let boundary = multer::parse_boundary(content_type)
        .map_err(|_| broken("Invalid boundary in multipart: None"))?;
    let whole = stream::iter([Ok::<_, std::convert::Infallible>(bytes)]);
    let mut parts = multer::Multipart::new(whole, boundary);
    let mut fields = Map::new();
    while let Some(part) =
        parts.next_field().await.map_err(|_| broken("the parts do not add up"))?
    {
        let name = part.name().unwrap_or_default().to_owned();
        let value = part.bytes().await.map_err(|_| broken("a part is not complete"))?;
        let text = String::from_utf8(value.into()).map_err(|_| broken("a part is not UTF-8"))?;
        fields.insert(name, Value::String(text));
    }
    Ok(fields)
}
