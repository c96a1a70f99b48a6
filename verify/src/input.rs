//! Files that the command line names.

use crate::fault::Fault;
use std::{fs::File, io::Read, path::Path};

/// The bytes of a file that has at most `most`.
pub fn read(path: &Path, most: usize) -> Result<Vec<u8>, Fault> {
    let fault = |source| Fault::File { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(most as u64 + 1).read_to_end(&mut bytes)).map_err(fault)?;
    if bytes.len() > most {
        return Err(Fault::TooLong { path: path.to_owned(), most });
    }
    Ok(bytes)
}

/// The same as text. What is not UTF-8 becomes a mark, which no format here has.
pub fn read_text(path: &Path, most: usize) -> Result<String, Fault> {
    Ok(String::from_utf8_lossy(&read(path, most)?).into_owned())
}
