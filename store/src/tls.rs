//! Whether the way to PostgreSQL is encrypted, and whose certificates count on it.

use crate::OpenError;
use ::postgres::{Client, Config, Error, NoTls, config::Host, config::SslMode};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use rustls_platform_verifier::ConfigVerifierExt;
use std::{net::IpAddr, sync::Arc};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How connections are made.
#[derive(Clone)]
pub(crate) enum Way {
    /// Over a Unix socket, this machine's loopback, or a network that the operator answers for.
    Plain,
    /// With TLS and the server's certificate checked.
    Tls(Arc<MakeRustlsConnect>),
}

impl Way {
    /// The way that a connection string asks for. `sslmode=require` is TLS, and the certificate is always
    /// checked: against `roots` (PEM) if given, else against those that the system trusts. Without it only
    /// this machine is reached, unless the string says `sslmode=disable`.
    pub(crate) fn of(config: &Config, roots: Option<&[u8]>) -> Result<Way, OpenError> {
        if config.get_ssl_mode() == SslMode::Require {
            let connect = MakeRustlsConnect::new(client_config(roots)?);
            return Ok(Way::Tls(Arc::new(connect)));
        }
        if config.get_ssl_mode() == SslMode::Disable {
            return Ok(Way::Plain);
        }
        let addresses = config.get_hostaddrs().iter().filter(|address| !address.is_loopback());
        let mut others =
            config.get_hosts().iter().filter_map(elsewhere).chain(addresses.map(ToString::to_string));
        match others.next() {
            Some(host) => Err(OpenError::InTheOpen { host }),
            None => Ok(Way::Plain),
        }
    }

    /// Makes a connection.
    pub(crate) fn connect(&self, config: &Config) -> Result<Client, Error> {
        match self {
            Way::Plain => config.connect(NoTls),
            Way::Tls(connect) => config.connect(MakeRustlsConnect::clone(connect)),
        }
    }
}

/// The name of a host that is not this machine.
fn elsewhere(host: &Host) -> Option<String> {
    match host {
        Host::Tcp(name) if name == "localhost" => None,
        Host::Tcp(name) if name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()) => None,
        Host::Tcp(name) => Some(name.clone()),
        #[cfg(unix)]
        Host::Unix(_) => None,
    }
}

fn client_config(roots: Option<&[u8]>) -> Result<ClientConfig, OpenError> {
    // TLS is ring everywhere. If the program has chosen already, its choice stays.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let Some(pem) = roots else {
        return ClientConfig::with_platform_verifier().map_err(|fault| OpenError::Roots(fault.to_string()));
    };
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|fault| OpenError::Roots(fault.to_string()))?;
        store.add(certificate).map_err(|fault| OpenError::Roots(fault.to_string()))?;
    }
    if store.is_empty() {
        return Err(OpenError::Roots("there is no certificate in it".to_owned()));
    }
    Ok(ClientConfig::builder().with_root_certificates(store).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(text: &str) -> Result<Way, OpenError> {
        Way::of(&text.parse().unwrap(), None)
    }

    #[test]
    fn another_machine_is_reached_with_tls_or_by_saying_so() {
        for here in ["host=/run/postgresql", "host=localhost", "host=127.0.0.1", "host=::1"] {
            assert!(matches!(way(here), Ok(Way::Plain)), "{here}");
        }
        for there in [
            "host=db.bank.example",
            "host=localhost,db.bank.example",
            "host=localhost hostaddr=10.0.0.1",
            "host=10.0.0.1 sslmode=prefer",
        ] {
            assert!(matches!(way(there), Err(OpenError::InTheOpen { .. })), "{there}");
        }
        assert!(matches!(way("host=10.0.0.1 sslmode=disable"), Ok(Way::Plain)));
        assert!(matches!(way("host=10.0.0.1 sslmode=require"), Ok(Way::Tls(_))));
    }

    #[test]
    fn a_file_of_roots_without_a_certificate_is_refused() {
        let config = "host=10.0.0.1 sslmode=require".parse().unwrap();
        for bad in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            assert!(matches!(Way::of(&config, Some(bad.as_bytes())), Err(OpenError::Roots(_))), "{bad}");
        }
    }
}
