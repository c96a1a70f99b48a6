//! An authenticator in software, and the browser's part around it: makes passkeys and proves them as Web
//! Authentication says, so that a test can also do what no honest device would.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as B64};
use p256::ecdsa::{Signature, SigningKey, signature::Signer};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const HAS_CREDENTIAL: u8 = 0x40;

/// A device with one passkey at most.
#[derive(Clone)]
pub struct Authenticator {
    key: SigningKey,
    credential: Vec<u8>,
    user: Vec<u8>,
    counter: u32,
    origin: String,
    verifies: bool,
}

impl Authenticator {
    /// A device with a key of its own, in a browser at a site.
    pub fn new(origin: &str, seed: u8) -> Authenticator {
        Authenticator {
            key: SigningKey::from_slice(&[seed.max(1); 32]).unwrap(),
            credential: vec![seed; 24],
            user: vec![],
            counter: 0,
            origin: origin.to_owned(),
            verifies: true,
        }
    }

    /// In a browser at another site.
    pub fn at(self, origin: &str) -> Authenticator {
        Authenticator { origin: origin.to_owned(), ..self }
    }

    /// Not checking who holds it.
    pub fn careless(self) -> Authenticator {
        Authenticator { verifies: false, ..self }
    }

    fn client_data(&self, kind: &str, challenge: &str) -> Vec<u8> {
        json!({ "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false })
            .to_string()
            .into_bytes()
    }

    fn data(&mut self, site: &str, more: u8) -> Vec<u8> {
        self.counter += 1;
        let mut data = Sha256::digest(site.as_bytes()).to_vec();
        data.push(USER_PRESENT | if self.verifies { USER_VERIFIED } else { 0 } | more);
        data.extend(self.counter.to_be_bytes());
        data
    }

    /// Makes a passkey for the options that a server gave.
    pub fn make(&mut self, options: &Value) -> Value {
        let options = &options["publicKey"];
        self.user = B64.decode(options["user"]["id"].as_str().unwrap()).unwrap();
        let client = self.client_data("webauthn.create", options["challenge"].as_str().unwrap());
        let mut data = self.data(options["rp"]["id"].as_str().unwrap(), HAS_CREDENTIAL);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.credential.len()).unwrap().to_be_bytes());
        data.extend(&self.credential);
        data.extend(self.public_key());
        // CBOR: {"fmt": "none", "attStmt": {}, "authData": data}
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        object.push(u8::try_from(data.len()).unwrap());
        object.extend(data);
        let id = B64.encode(&self.credential);
        json!({ "id": id, "rawId": id, "type": "public-key", "response": {
            "attestationObject": B64.encode(object), "clientDataJSON": B64.encode(client) } })
    }

    /// COSE: {1: 2 (EC2), 3: -7 (ES256), -1: 1 (P-256), -2: x, -3: y}
    fn public_key(&self) -> Vec<u8> {
        let point = self.key.verifying_key().to_sec1_point(false);
        let bytes = point.as_bytes();
        let mut key = vec![0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
        key.extend(&bytes[1..33]);
        key.extend([0x22, 0x58, 0x20]);
        key.extend(&bytes[33..65]);
        key
    }

    /// Proves its passkey for the options that a server gave.
    pub fn prove(&mut self, options: &Value) -> Value {
        let options = &options["publicKey"];
        let client = self.client_data("webauthn.get", options["challenge"].as_str().unwrap());
        let data = self.data(options["rpId"].as_str().unwrap(), 0);
        let signed = [data.as_slice(), &Sha256::digest(&client)].concat();
        let signature: Signature = self.key.sign(&signed);
        let id = B64.encode(&self.credential);
        json!({ "id": id, "rawId": id, "type": "public-key", "response": {
            "authenticatorData": B64.encode(data), "clientDataJSON": B64.encode(client),
            "signature": B64.encode(signature.to_der().as_bytes()), "userHandle": B64.encode(&self.user) } })
    }
}
