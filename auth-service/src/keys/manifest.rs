//! The ring as it is written down: `keys.json`.

use serde::{Deserialize, Serialize};

use super::ring::{Entry, Ring};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    keys: Vec<Entry>,
}

pub(super) fn write(ring: &Ring) -> anyhow::Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(&Manifest { keys: ring.entries() })?;
    text.push(b'\n');
    Ok(text)
}

pub(super) fn read(text: &[u8]) -> anyhow::Result<Ring> {
    let manifest: Manifest = serde_json::from_slice(text)?;
    Ok(Ring::of(&manifest.keys)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_nothing_else_is() {
        let ring = Ring::new(["a1".into(), "a2".into()], ["r1".into(), "r2".into()], 1_800_000_000);
        let text = write(&ring).unwrap();
        assert_eq!(read(&text).unwrap(), ring);
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains(r#""state": "next""#) && text.ends_with("}\n"), "{text}");
        for wrong in [
            String::new(),
            "[]".to_owned(),
            text.replace("next", "new"),
            text.replace("since", "when"),
            text.replace("1800000000", "-1"),
            text.replacen("\"kid\"", "\"use\": \"sig\", \"kid\"", 1),
            text.replacen("r2", "../r2", 1),
            text[..text.len() - 3].to_owned(),
        ] {
            assert!(read(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
