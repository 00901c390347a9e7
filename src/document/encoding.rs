//! Bytes of a file → text: UTF-8, or UTF-16 with a byte order mark.

use crate::source::{Position, SourceFile};

/// What is wrong with the bytes of a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DecodeError {
    /// Where the first wrong byte stands.
    pub position: Position,
    message: String,
}

/// The text of a file.
///
/// # Errors
/// The first byte that is not UTF-8, and where it stands.
pub fn decode(bytes: Vec<u8>) -> Result<String, DecodeError> {
    match bytes.get(..2) {
        Some([0xff, 0xfe]) => return decode_utf16(&bytes[2..], u16::from_le_bytes),
        Some([0xfe, 0xff]) => return decode_utf16(&bytes[2..], u16::from_be_bytes),
        Some(_) | None => {}
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let bytes = error.into_bytes();
        let byte = bytes.get(valid).copied().unwrap_or(0);
        let text = String::from_utf8_lossy(&bytes[..valid]).into_owned();
        let position = SourceFile::new("", text).position(u32::try_from(valid).unwrap_or(u32::MAX));
        DecodeError {
            position,
            message: format!("byte {byte:#04x} at offset {valid} is not UTF-8"),
        }
    })
}

fn decode_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, DecodeError> {
    let units: Vec<u16> = bytes
        .chunks_exact(2)
        .map(|pair| unit([pair[0], pair[1]]))
        .collect();
    let text = String::from_utf16(&units).ok();
    text.filter(|_| bytes.len().is_multiple_of(2))
        .ok_or_else(|| DecodeError {
            position: Position::default(),
            message: "the file starts like UTF-16 but is none".to_owned(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_wrong_byte_is_named() {
        let error = decode(b"a: 1\nb: \xff\n".to_vec()).expect_err("not UTF-8");
        assert_eq!(error.position, Position { line: 2, column: 4 });
        assert_eq!(error.to_string(), "byte 0xff at offset 8 is not UTF-8");
    }

    #[test]
    fn utf16_with_a_mark_is_read() {
        assert_eq!(decode(vec![0xff, 0xfe, b'a', 0]).as_deref(), Ok("a"));
        assert_eq!(decode(vec![0xfe, 0xff, 0, b'a']).as_deref(), Ok("a"));
        assert!(decode(vec![0xff, 0xfe, b'a']).is_err());
    }
}
