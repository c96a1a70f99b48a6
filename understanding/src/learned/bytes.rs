//! How an artefact is written: numbers in little endian, lists with their length before them, a head that says what it is,
//! and a digest at its end.

use super::murmur::HASH_ID;
use sha2::{Digest, Sha256};

const MAGIC: &[u8; 8] = b"PARLOURU";
/// Counts up when the form changes.
const VERSION: u16 = 1;
const DIGEST: usize = 32;

/// What an artefact holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// The vocabulary with the static table.
    Pieces = 1,
    /// A classifier over n-grams and a dense vector.
    Classifier = 2,
    /// An encoder with its heads.
    Encoder = 3,
}

/// Why an artefact cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// It does not begin or go on as an artefact does.
    #[error("it has not the form of an artefact")]
    Form,
    /// It is of another version, hash or kind.
    #[error("it is of another version or kind than this program reads")]
    Version,
    /// Its bytes are not those that were written.
    #[error("its digest does not fit its bytes")]
    Digest,
    /// Its parts do not go together.
    #[error("its parts do not go together")]
    Parts,
}

/// An artefact in the making.
#[derive(Debug)]
pub struct Out(Vec<u8>);

impl Out {
    /// Begins with the head.
    pub fn new(kind: Kind) -> Out {
        let mut out = Out(MAGIC.to_vec());
        out.u16(VERSION);
        out.u8(HASH_ID);
        out.u8(kind as u8);
        out
    }

    /// Ends with the digest.
    pub fn finish(mut self) -> Vec<u8> {
        let digest = Sha256::digest(&self.0);
        self.0.extend_from_slice(&digest);
        self.0
    }

    /// One byte.
    pub fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    /// Two bytes.
    pub fn u16(&mut self, value: u16) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// Four bytes.
    pub fn u32(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// A number of 32 bits.
    pub fn f32(&mut self, value: f32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// A list of bytes. Artefacts stay far below the 4 GB that a length can say.
    pub fn bytes(&mut self, values: &[u8]) {
        self.u32(values.len() as u32);
        self.0.extend_from_slice(values);
    }

    /// A text.
    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// A list, each item written by `item`.
    pub fn list<T: Copy>(&mut self, values: &[T], item: impl Fn(&mut Out, T)) {
        self.u32(values.len() as u32);
        values.iter().for_each(|value| item(self, *value));
    }

    /// A list of texts.
    pub fn texts(&mut self, texts: &[String]) {
        self.u32(texts.len() as u32);
        texts.iter().for_each(|text| self.text(text));
    }
}

/// The rest of an artefact that is being read.
#[derive(Debug, Clone)]
pub struct In<'a>(&'a [u8]);

impl<'a> In<'a> {
    /// Checks head and digest.
    pub fn new(bytes: &'a [u8], kind: Kind) -> Result<In<'a>, Broken> {
        let at = bytes.len().checked_sub(DIGEST).ok_or(Broken::Form)?;
        let (body, digest) = bytes.split_at(at);
        let mut rest = In(body.strip_prefix(MAGIC).ok_or(Broken::Form)?);
        if (rest.u16()?, rest.u8()?, rest.u8()?) != (VERSION, HASH_ID, kind as u8) {
            return Err(Broken::Version);
        }
        if Sha256::digest(body).as_slice() != digest {
            return Err(Broken::Digest);
        }
        Ok(rest)
    }

    /// Nothing may follow.
    pub fn end(self) -> Result<(), Broken> {
        if self.0.is_empty() { Ok(()) } else { Err(Broken::Form) }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Broken> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Broken::Form)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Broken> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(Broken::Form)?;
        self.0 = rest;
        Ok(*taken)
    }

    /// One byte.
    pub fn u8(&mut self) -> Result<u8, Broken> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// Two bytes.
    pub fn u16(&mut self) -> Result<u16, Broken> {
        self.array().map(u16::from_le_bytes)
    }

    /// Four bytes.
    pub fn u32(&mut self) -> Result<u32, Broken> {
        self.array().map(u32::from_le_bytes)
    }

    /// A number of 32 bits that is a number.
    pub fn f32(&mut self) -> Result<f32, Broken> {
        let value = f32::from_le_bytes(self.array()?);
        if value.is_finite() { Ok(value) } else { Err(Broken::Parts) }
    }

    /// A list of bytes.
    pub fn bytes(&mut self) -> Result<&'a [u8], Broken> {
        let length = self.u32()? as usize;
        self.take(length)
    }

    /// A text.
    pub fn text(&mut self) -> Result<String, Broken> {
        let bytes = self.bytes()?;
        std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| Broken::Form)
    }

    /// A list, each item read by `item`.
    pub fn list<T>(&mut self, item: impl Fn(&mut In<'a>) -> Result<T, Broken>) -> Result<Vec<T>, Broken> {
        let length = self.u32()? as usize;
        // Each item takes a byte at least, so a length that lies cannot ask for more than the file has.
        if length > self.0.len() {
            return Err(Broken::Form);
        }
        let mut items = Vec::with_capacity(length);
        for _ in 0..length {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// A list of texts.
    pub fn texts(&mut self) -> Result<Vec<String>, Broken> {
        self.list(In::text)
    }
}

/// Bytes as whole numbers with a sign.
pub fn signed(bytes: &[u8]) -> Vec<i8> {
    bytes.iter().map(|byte| *byte as i8).collect()
}

/// Whole numbers with a sign as bytes.
pub fn unsigned(values: &[i8]) -> Vec<u8> {
    values.iter().map(|value| *value as u8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Vec<u8> {
        let mut out = Out::new(Kind::Pieces);
        out.texts(&["a".to_owned(), "bc".to_owned()]);
        out.list(&[1.5f32, -2.0], Out::f32);
        out.finish()
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes = small();
        let mut read = In::new(&bytes, Kind::Pieces).unwrap();
        assert_eq!(read.texts().unwrap(), ["a", "bc"]);
        assert_eq!(read.list(In::f32).unwrap(), [1.5, -2.0]);
        read.end().unwrap();
    }

    #[test]
    fn any_changed_byte_and_any_cut_is_found() {
        let bytes = small();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(In::new(&changed, Kind::Pieces).is_err(), "byte {at}");
            assert!(In::new(&bytes[..at], Kind::Pieces).is_err(), "cut at {at}");
        }
        assert_eq!(In::new(&bytes, Kind::Encoder).unwrap_err(), Broken::Version);
    }

    #[test]
    fn a_length_that_lies_is_an_error() {
        let mut out = Out::new(Kind::Pieces);
        out.u32(u32::MAX);
        let bytes = out.finish();
        let mut read = In::new(&bytes, Kind::Pieces).unwrap();
        assert_eq!(read.clone().bytes(), Err(Broken::Form));
        assert_eq!(read.list(In::u8), Err(Broken::Form));
    }
}
