//! What can go wrong between us and a bank, as facts.

use crate::grant::KeeperFault;
use jiff::Timestamp;
use std::{fmt, time::Duration};
use uuid::Uuid;

/// The id that one request to a bank carried (`x-fapi-interaction-id`). The bank's support can find the
/// request by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interaction(pub Uuid);

impl fmt::Display for Interaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why a bank gave us nothing. Every variant is a fact; [`BankFault::is_passing`] says whether the same
/// question may be answered later.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BankFault {
    /// No connection.
    #[error("the bank could not be reached in {attempts} attempts")]
    Unreachable {
        /// How often it was tried.
        attempts: u32,
    },
    /// No whole answer in time.
    #[error("the bank did not answer in time ({attempts} attempts)")]
    TimedOut {
        /// How often it was tried.
        attempts: u32,
    },
    /// The bank wants fewer requests.
    #[error("the bank wants fewer requests")]
    TooMany {
        /// When it wants the next one, if it says so.
        retry_after: Option<Duration>,
        /// The last request.
        interaction: Option<Interaction>,
    },
    /// The bank's server failed.
    #[error("the bank's server failed with status {status} ({attempts} attempts)")]
    Failing {
        /// The last HTTP status.
        status: u16,
        /// How often it was tried.
        attempts: u32,
        /// The last request.
        interaction: Option<Interaction>,
    },
    /// The bank failed so often that we do not ask it for a while.
    #[error("the bank failed too often and is not asked before {until}")]
    CircuitOpen {
        /// When it is asked again.
        until: Timestamp,
    },
    /// So many requests to this bank are under way that this one did not get its turn in time.
    #[error("more than {at_once} requests to the bank are under way")]
    Busy {
        /// How many may be under way at once.
        at_once: usize,
    },
    /// The customer or the bank ended the consent, or its time is over. Nothing will open again.
    #[error("the consent has ended at the bank")]
    ConsentEnded,
    /// The customer said No at the bank.
    #[error("the customer cancelled at the bank")]
    LinkCancelled,
    /// The sign-in took too long, or the way back was used before.
    #[error("the way back from the bank is used up or expired")]
    LinkExpired,
    /// The bank ended the sign-in for a reason of its own.
    #[error("the bank ended the sign-in with `{code}`")]
    LinkRefused {
        /// The OAuth error code, cut to 60 visible characters.
        code: String,
    },
    /// What came back from the browser is not what this link sent out. A security event.
    #[error("the way back from the bank was tampered with: {0}")]
    LinkTampered(Tampering),
    /// The bank gave something weaker or wider than was asked. It was thrown away.
    #[error("the bank's answer is weaker than agreed: {0}")]
    Weakened(Weakening),
    /// What it says about who signed in proves nothing. It was thrown away. A security event.
    #[error("the bank does not prove who signed in: {0}")]
    Unproven(Unproven),
    /// People cannot sign in at this bank from here: it does not offer it, or its file forbids it.
    #[error("the bank offers no sign-in")]
    NoSignIn,
    /// The customer chose no account.
    #[error("no account is shared")]
    NothingShared,
    /// The bank does not accept our client key or registration. An operator must act; links stay.
    #[error("the bank does not accept this client")]
    InvalidClient,
    /// The bank refuses the request.
    #[error("the bank refuses the request with status {status}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The FDX error code, if it sent one.
        code: Option<FdxCode>,
        /// The request.
        interaction: Option<Interaction>,
    },
    /// The authorization server refuses the request for a reason that is not about the customer.
    #[error("the bank's authorization server refuses the request with `{code}`")]
    OAuthRefused {
        /// The OAuth error code, cut to 60 visible characters.
        code: String,
    },
    /// The answer is not what the contract says.
    #[error("the bank's answer cannot be read: {what}")]
    Unreadable {
        /// What is wrong.
        what: Unreadable,
        /// The request.
        interaction: Option<Interaction>,
    },
    /// The list changed twice while it was read page by page.
    #[error("the bank's list changed while it was read")]
    ShiftingPages,
    /// The list is longer than one question may read.
    #[error("the bank's list is longer than {pages} pages or {rows} rows")]
    TooLong {
        /// How many pages may be read.
        pages: u32,
        /// How many rows may be read.
        rows: usize,
    },
    /// The permit or the grant is for something else.
    #[error("not permitted: {0}")]
    NotPermitted(Mismatch),
    /// The store of grants failed.
    #[error("the grant could not be kept: {0}")]
    Keeper(#[from] KeeperFault),
    /// The bank has no native contract, so this cannot be asked.
    #[error("the bank does not offer this")]
    NotNative,
    /// A request could not be made on our side (a key, a header or the system's randomness).
    #[error("the request could not be made")]
    Unsendable,
}

/// How the way back from the bank differs from the way there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Tampering {
    /// The state is missing or another.
    #[error("its state is not that of this link")]
    State,
    /// `iss` is another server (RFC 9207).
    #[error("it came from another authorization server")]
    Issuer,
    /// `iss` is missing (RFC 9207).
    #[error("it does not say which authorization server it came from")]
    NoIssuer,
    /// A parameter is there twice.
    #[error("a parameter is there twice")]
    Repeated,
    /// Neither a code nor an error, or both, or an answer of a form that was not asked for.
    #[error("it is not an answer to an authorization request")]
    Form,
    /// Longer than any answer is.
    #[error("it is longer than {max} bytes")]
    Length {
        /// The limit.
        max: usize,
    },
    /// The pending link belongs to another bank.
    #[error("the pending link belongs to another bank")]
    OtherBank,
    /// The link's key is not the one that the request was bound to.
    #[error("the link's key is another one")]
    Key,
}

/// In which way an answer is weaker or wider than was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Weakening {
    /// The access token is a bearer token: whoever has it can use it.
    #[error("the access token is not bound to our key")]
    BearerToken,
    /// The bank does not say what was granted.
    #[error("it does not say what was granted")]
    NoDetails,
    /// More data classes, a longer time or a longer look back than the customer was told.
    #[error("it grants more than was asked")]
    Wider,
    /// There is no consent id.
    #[error("it names no consent")]
    NoGrantId,
    /// The consent that the bank shows is another one.
    #[error("it shows another consent")]
    OtherConsent,
    /// There is no refresh token.
    #[error("it has no refresh token")]
    NoRefreshToken,
}

/// Why an id token proves nothing (OpenID Connect Core 1.0, section 3.1.3.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unproven {
    /// There is none.
    #[error("it sent no id token")]
    Missing,
    /// It is no signed token of the agreed form.
    #[error("the id token is not of the agreed form")]
    Form,
    /// It is not signed, or not with ES256.
    #[error("the id token is not signed with ES256")]
    Algorithm,
    /// It is signed with a key that the bank does not publish, or was changed.
    #[error("the id token is not signed with a key of the bank")]
    Signature,
    /// Another server made it, or it does not say which.
    #[error("the id token is of another issuer")]
    Issuer,
    /// It is for somebody else, or for others too.
    #[error("the id token is not for us alone")]
    Audience,
    /// Its time is over.
    #[error("the id token has expired")]
    Expired,
    /// It is of a time to come.
    #[error("the id token is of a time to come")]
    NotYet,
    /// It is of another attempt.
    #[error("the id token is of another attempt")]
    Nonce,
    /// It names nobody, or by a name that is none.
    #[error("the id token names nobody")]
    Subject,
}

/// What cannot be read in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Not JSON, or not of the form of the contract.
    #[error("it is not of the agreed form")]
    Form,
    /// Larger than an answer may be.
    #[error("it is larger than {max} bytes")]
    Size {
        /// The limit.
        max: usize,
    },
    /// A redirect, where none is followed.
    #[error("it is a redirect")]
    Redirect,
    /// An amount that is not an exact amount of its currency.
    #[error("an amount is not exact in its currency")]
    Amount,
    /// A currency that is not three capital letters, or none where one is needed.
    #[error("a currency is missing or wrong")]
    Currency,
    /// A time that is no time.
    #[error("a time is missing or wrong")]
    Time,
    /// An id that is empty, too long or not plain.
    #[error("an id is not plain")]
    Id,
}

/// What a permit or a grant is not for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The permit is for another class of data.
    #[error("the permit is for other data")]
    DataClass,
    /// The permit is for another order, or for none.
    #[error("the permit is for another order")]
    Order,
    /// The permit does not name the account.
    #[error("the permit is for other accounts")]
    Account,
    /// The permit is for another bank.
    #[error("the permit is for another bank")]
    Bank,
    /// The permit is for another customer than the grant.
    #[error("the permit is for another customer")]
    Customer,
    /// The grant is of another bank.
    #[error("the grant is of another bank")]
    GrantOfOtherBank,
}

macro_rules! fdx_codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal),+ $(,)?) => {
        /// An FDX error code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum FdxCode {
            $($(#[$doc])* $name,)+
            /// One that we do not know.
            Other(u32),
        }

        impl From<u32> for FdxCode {
            fn from(number: u32) -> Self {
                match number { $($number => FdxCode::$name,)+ other => FdxCode::Other(other) }
            }
        }
    };
}

fdx_codes! {
    /// A parameter is wrong.
    BadRequest = 401,
    /// The server failed.
    Internal = 500,
    /// A system behind the server failed.
    Behind = 501,
    /// Closed for maintenance.
    Maintenance = 503,
    /// The customer is not known.
    NoCustomer = 601,
    /// The customer may not see this.
    NotAuthorised = 602,
    /// The token is not accepted.
    NotAuthenticated = 603,
    /// The account is not known.
    NoAccount = 701,
    /// A date is wrong.
    BadDate = 702,
    /// A range of dates is wrong.
    BadRange = 703,
    /// The account has no such data.
    WrongKindOfAccount = 704,
    /// The account is closed.
    AccountClosed = 705,
    /// There is no data.
    NoData = 1107,
    /// Too many requests.
    TooMany = 1207,
}

impl BankFault {
    /// Whether the same question may be answered later: the bank, the network or our own store was not
    /// well. All else stays wrong until somebody acts.
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            BankFault::Unreachable { .. }
                | BankFault::TimedOut { .. }
                | BankFault::TooMany { .. }
                | BankFault::Failing { .. }
                | BankFault::CircuitOpen { .. }
                | BankFault::Busy { .. }
                | BankFault::ShiftingPages
                | BankFault::Keeper(_)
        )
    }

    /// The request that the bank's support can look for, where there is one.
    pub fn interaction(&self) -> Option<Interaction> {
        match self {
            BankFault::TooMany { interaction, .. }
            | BankFault::Failing { interaction, .. }
            | BankFault::Refused { interaction, .. }
            | BankFault::Unreadable { interaction, .. } => *interaction,
            _ => None,
        }
    }

    /// A short name for metrics and logs.
    pub fn kind(&self) -> &'static str {
        match self {
            BankFault::Unreachable { .. } => "unreachable",
            BankFault::TimedOut { .. } => "timed_out",
            BankFault::TooMany { .. } => "too_many",
            BankFault::Failing { .. } => "failing",
            BankFault::CircuitOpen { .. } => "circuit_open",
            BankFault::Busy { .. } => "busy",
            BankFault::ConsentEnded => "consent_ended",
            BankFault::LinkCancelled => "link_cancelled",
            BankFault::LinkExpired => "link_expired",
            BankFault::LinkRefused { .. } => "link_refused",
            BankFault::LinkTampered(_) => "link_tampered",
            BankFault::Weakened(_) => "weakened",
            BankFault::Unproven(_) => "unproven",
            BankFault::NoSignIn => "no_sign_in",
            BankFault::NothingShared => "nothing_shared",
            BankFault::InvalidClient => "invalid_client",
            BankFault::Refused { .. } => "refused",
            BankFault::OAuthRefused { .. } => "oauth_refused",
            BankFault::Unreadable { .. } => "unreadable",
            BankFault::ShiftingPages => "shifting_pages",
            BankFault::TooLong { .. } => "too_long",
            BankFault::NotPermitted(_) => "not_permitted",
            BankFault::Keeper(_) => "keeper",
            BankFault::NotNative => "not_native",
            BankFault::Unsendable => "unsendable",
        }
    }

    /// An answer that cannot be read, of no request in particular.
    pub(crate) fn unreadable(what: Unreadable) -> Self {
        BankFault::Unreadable { what, interaction: None }
    }

    /// The same fact, with the number of attempts that were made and the last request.
    pub(crate) fn of(self, made: u32, request: Option<Interaction>) -> Self {
        match self {
            BankFault::Unreachable { .. } => BankFault::Unreachable { attempts: made },
            BankFault::TimedOut { .. } => BankFault::TimedOut { attempts: made },
            BankFault::TooMany { retry_after, interaction } => {
                BankFault::TooMany { retry_after, interaction: interaction.or(request) }
            }
            BankFault::Failing { status, interaction, .. } => {
                BankFault::Failing { status, attempts: made, interaction: interaction.or(request) }
            }
            BankFault::Refused { status, code, interaction } => {
                BankFault::Refused { status, code, interaction: interaction.or(request) }
            }
            BankFault::Unreadable { what, interaction } => {
                BankFault::Unreadable { what, interaction: interaction.or(request) }
            }
            other => other,
        }
    }
}
