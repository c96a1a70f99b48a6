//! Files of certificates that are trusted in place of the system's own.

use super::fault::{ConfigFault, Source, read_file};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use std::path::{Path, PathBuf};
use toml::Spanned;

/// Reads a PEM file that a key names, relative to the file in which it stands. Tells a file that is not there
/// or holds no certificate.
pub fn read(
    source: &Source,
    written: Option<&Spanned<PathBuf>>,
    faults: &mut Vec<ConfigFault>,
) -> Option<Vec<u8>> {
    let written = written?;
    let path = source.file.parent().unwrap_or(Path::new(".")).join(written.get_ref());
    let remedy = "write the path of a PEM file with the certificate of your authority";
    let text = read_file(&path, remedy).map_err(|fault| faults.push(fault)).ok()?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    match found {
        Ok(certificates) if !certificates.is_empty() => Some(text.into_bytes()),
        Ok(_) => {
            faults.push(source.fault(
                written.span(),
                format!("{} holds no certificate", path.display()),
                remedy,
            ));
            None
        }
        Err(fault) => {
            let what = format!("{} cannot be read as PEM: {fault}", path.display());
            faults.push(source.fault(written.span(), what, remedy));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_certificate_is_told_with_its_line() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("ca.pem"), "nothing").unwrap();
        let file = dir.path().join("harbour.toml");
        let source = Source { file: &file, text: "ca = \"ca.pem\"\n" };
        let mut faults = vec![];
        assert_eq!(read(&source, Some(&Spanned::new(5..13, "ca.pem".into())), &mut faults), None);
        assert!(faults[0].to_string().contains("harbour.toml:1:6"), "{}", faults[0]);
        let mut faults = vec![];
        assert_eq!(read(&source, Some(&Spanned::new(5..13, "not-there.pem".into())), &mut faults), None);
        assert!(faults[0].to_string().contains("not-there.pem"), "{}", faults[0]);
    }
}
