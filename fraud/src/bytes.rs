//! Little-endian bytes with checked lengths, for snapshots and artefacts.

use thiserror::Error;

/// The bytes end before what they announce.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the bytes end at {at}, {wanted} more were announced")]
pub struct Short {
    /// Where reading stopped.
    pub at: usize,
    /// How many bytes were wanted there.
    pub wanted: usize,
}

/// Collects bytes.
#[derive(Debug, Default)]
pub(crate) struct Writer(pub Vec<u8>);

impl Writer {
    pub fn u8(&mut self, value: u8) {
        self.0.push(value);
    }
    pub fn u16(&mut self, value: u16) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }
    pub fn u32(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }
    pub fn u64(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }
    pub fn f32(&mut self, value: f32) {
        self.u32(value.to_bits());
    }
    pub fn f64(&mut self, value: f64) {
        self.u64(value.to_bits());
    }
    /// A length as `u32`. Nothing here is longer than four thousand million.
    pub fn len(&mut self, value: usize) {
        self.u32(u32::try_from(value).unwrap_or(u32::MAX));
    }
}

/// Takes bytes apart.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes, at: 0 }
    }
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], Short> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Short { at: self.at, wanted: count })?;
        self.rest = rest;
        self.at += count;
        Ok(taken)
    }
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Short> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }
    pub fn u8(&mut self) -> Result<u8, Short> {
        Ok(self.array::<1>()?[0])
    }
    pub fn u16(&mut self) -> Result<u16, Short> {
        Ok(u16::from_le_bytes(self.array()?))
    }
    pub fn u32(&mut self) -> Result<u32, Short> {
        Ok(u32::from_le_bytes(self.array()?))
    }
    pub fn u64(&mut self) -> Result<u64, Short> {
        Ok(u64::from_le_bytes(self.array()?))
    }
    pub fn f32(&mut self) -> Result<f32, Short> {
        Ok(f32::from_bits(self.u32()?))
    }
    pub fn f64(&mut self) -> Result<f64, Short> {
        Ok(f64::from_bits(self.u64()?))
    }
    /// A count of things that take at least `each` bytes, so that no announced length makes us reserve what is not there.
    pub fn len(&mut self, each: usize) -> Result<usize, Short> {
        let count = self.u32()? as usize;
        let wanted = count.saturating_mul(each);
        if wanted > self.rest.len() { Err(Short { at: self.at, wanted }) } else { Ok(count) }
    }
    pub fn left(&self) -> usize {
        self.rest.len()
    }
}
