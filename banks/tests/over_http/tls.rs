//! A bank behind TLS, with a certificate authority of its own.

use crate::{
    bank::{TestClock, ask},
    sandbox::BankTime,
};
use banks::{ClientKey, Connector, ConnectorConfig, Limits, OnboardingFault, Refresh};
use domain::DataClass;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use sandbox_bank::{Bank, BrandColor, ClientRegistration, Config, Running};
use std::sync::Arc;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

const CALLBACK: &str = "http://127.0.0.1:9/link/callback";

/// The sandbox bank behind something that ends TLS, as a bank's own proxy does.
struct House {
    url: String,
    authority: String,
    key: ClientKey,
    _bank: Running,
    _folder: TempDir,
}

/// An authority, and what a server needs to speak for `localhost`.
fn certificate() -> (String, ServerConfig) {
    let mut params = CertificateParams::new(vec![]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let named = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let chain = CertificateDer::from_pem_slice(named.signed_by(&key, &authority).unwrap().pem().as_bytes());
    let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
    let server = ServerConfig::builder().with_no_client_auth();
    (authority.pem(), server.with_single_cert(vec![chain.unwrap()], key).unwrap())
}

impl House {
    async fn open() -> House {
        rustls::crypto::ring::default_provider().install_default().ok();
        let (authority, server) = certificate();
        let outside = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let inside = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (url, behind) =
            (format!("https://localhost:{}", outside.local_addr().unwrap().port()), inside.local_addr());
        let behind = behind.unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(server));
        tokio::spawn(async move {
            while let Ok((socket, _)) = outside.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    // A client that does not trust the certificate hangs up here.
                    let Ok(mut client) = acceptor.accept(socket).await else { return };
                    let mut bank = TcpStream::connect(behind).await.unwrap();
                    tokio::io::copy_bidirectional(&mut client, &mut bank).await.ok();
                });
            }
        });
        let (key, folder) = (ClientKey::generate().unwrap(), tempfile::tempdir().unwrap());
        let client = ClientRegistration {
            client_id: "parlour".into(),
            name: "Parlour".into(),
            jwk: key.public_jwk(),
            redirect_uris: vec![CALLBACK.into()],
        };
        let config = Config {
            name: "Harbour Bank".into(),
            slug: "harbour".into(),
            brand: BrandColor::parse("#0f4a3c").unwrap(),
            public_url: url.parse().unwrap(),
            data_dir: folder.path().join("bank"),
            seed: 11,
            currency: "USD".into(),
            clients: vec![client],
            step_up: sandbox_bank::StepUp::usual(),
            card_stream: None,
            clock: Arc::new(BankTime(TestClock::new())),
        };
        let bank = Bank::start(config, inside).await.unwrap();
        House { url, authority, key, _bank: bank, _folder: folder }
    }

    async fn connect(&self, roots: Option<&str>) -> Result<Connector, OnboardingFault> {
        let config = ConnectorConfig {
            bank: "harbour".parse().unwrap(),
            issuer: self.url.parse().unwrap(),
            api: format!("{}/fdx/v6", self.url).parse().unwrap(),
            native: None,
            client_id: "parlour".into(),
            redirect_uri: CALLBACK.parse().unwrap(),
            signing_key: self.key.clone(),
            sign_in: true,
            refresh: Refresh::Keep,
            roots: roots.map(|pem| pem.as_bytes().to_vec()),
            limits: Limits::default(),
        };
        Connector::discover(config, Arc::new(TestClock::new())).await
    }
}

#[tokio::test]
async fn a_bank_is_spoken_to_over_tls_and_only_with_a_certificate_that_is_trusted() {
    let house = House::open().await;
    let connector = house.connect(Some(&house.authority)).await.unwrap();
    let begun = connector.begin_link(&ask(DataClass::ALL)).await.unwrap();
    assert!(begun.authorization_url.as_str().starts_with(&house.url), "{}", begun.authorization_url);
    let (stranger, _) = certificate();
    for roots in [Some(stranger.as_str()), None] {
        let refused = house.connect(roots).await.map(|_| ());
        assert!(matches!(refused, Err(OnboardingFault::Unreachable { .. })), "{refused:?}");
    }
}
