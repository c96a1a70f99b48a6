//! The authorization server: FAPI 2.0 in shape, kept in the bank's own database.

pub(crate) mod door;
pub(crate) mod openid;
pub(crate) mod proofs;
pub(crate) mod revocations;
pub(crate) mod server;
pub(crate) mod storage;

/// The one kind of rich authorization request (RFC 9396) that the bank understands.
pub(crate) const DETAIL_TYPE: &str = "fdx_v1.0";

/// The member that ties codes and tokens to the bank's consent.
pub(crate) const CONSENT_MEMBER: &str = "consentId";
