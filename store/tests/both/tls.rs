//! PostgreSQL over TLS, with a certificate authority of the bank's own.

use crate::fixture::{harbour, kek};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use store::{DbError, Location, OpenError, Options, Store, access};
use testkit::postgres::Postgres;

/// An authority, and a certificate of it for `localhost` with its key; all PEM.
struct House {
    authority: String,
    certificate: String,
    key: String,
}

fn house() -> House {
    let mut params = CertificateParams::new(vec![]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let named = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = named.signed_by(&key, &authority).unwrap();
    House { authority: authority.pem(), certificate: certificate.pem(), key: key.serialize_pem() }
}

fn open(location: &Location, roots: Option<&str>) -> Result<Store, OpenError> {
    let roots = roots.map(|pem| pem.as_bytes().to_vec());
    Store::open(location, kek(), Options { roots, connections: 1, ..Options::default() })
}

#[tokio::test]
async fn a_postgres_is_reached_with_tls_and_only_with_a_certificate_that_is_trusted() {
    let (ours, theirs) = (house(), house());
    let server = Postgres::start_with_tls(&ours.certificate, &ours.key).unwrap();
    let location = Location::Postgres(server.database().unwrap().location);
    let store = open(&location, Some(&ours.authority)).unwrap();
    let bank = harbour();
    let size = store.read(move |tx| access::size(tx, &bank)).await.unwrap();
    assert_eq!(size, 0);
    let encrypted = "SELECT count(*) FROM pg_stat_ssl WHERE ssl";
    assert_ne!(server.sql("postgres", encrypted).unwrap(), "0", "the connections are encrypted");
    store.close().await;
    for stranger in [Some(theirs.authority.as_str()), None] {
        let refused = open(&location, stranger);
        assert!(
            matches!(refused, Err(OpenError::Database(DbError::Refused { .. } | DbError::Lost))),
            "{refused:?}"
        );
    }
}
