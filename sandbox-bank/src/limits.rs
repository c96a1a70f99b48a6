//! Every limit of the bank, in one place, each with its reason.

use std::time::Duration;

/// Largest request body. A form or a pushed authorization request is a few kilobytes; sixteen
/// times that leaves room and still costs nothing to hold.
pub const BODY_BYTES: usize = 64 * 1024;

/// How long a pushed request may wait for the browser. FAPI 2.0 asks for less than 600 s.
pub const REQUEST_URI_AGE: Duration = Duration::from_secs(90);

/// How long an authorization code lives. FAPI 2.0 asks for at most 60 s.
pub const CODE_AGE: Duration = Duration::from_secs(60);

/// How long an access token lives: the FDX security model's ceiling of 900 s.
pub const ACCESS_TOKEN_AGE: Duration = Duration::from_secs(900);

/// How long an id token may be taken: it is checked at once, in the answer that carries it.
pub const ID_TOKEN_AGE: Duration = Duration::from_secs(300);

/// Longest `nonce` of a sign-in, in bytes. Real ones have 20 to 50.
pub const NONCE_BYTES: usize = 512;

/// How long a refresh token lives, if its consent does not end before: one year, the longest
/// consent that this bank gives.
pub const REFRESH_TOKEN_AGE: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// How long a revocation is remembered: a day beyond the longest token that it could concern.
pub const REVOCATION_MEMORY: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// How long the id of a DPoP proof shown to the API is remembered. Proofs are accepted for a
/// minute, a minute of leeway either way; ten minutes is safely more.
pub const PROOF_MEMORY: Duration = Duration::from_secs(600);

/// How old the "I approve" page may grow before it has run out.
pub const INTERACTION_AGE: Duration = Duration::from_secs(15 * 60);

/// How many approval pages may be open at once in the whole bank. Older ones are dropped first.
pub const INTERACTIONS_KEPT: i64 = 10_000;

/// How long a consent may wait for its code to be exchanged: the code's life and some leeway.
pub const CONSENT_WAITS: Duration = Duration::from_secs(5 * 60);

/// Longest consent that can be asked for, in days (12 CFR 1033.421(b): at most a year).
pub const CONSENT_DAYS_MAX: i64 = 365;

/// Furthest look-back that can be asked for, in days: two years.
pub const LOOKBACK_DAYS_MAX: i64 = 730;

/// How long somebody stays signed in at the bank's site.
pub const SESSION_AGE: Duration = Duration::from_secs(60 * 60);

/// How many visits are kept that have not signed in. Older ones are dropped first, so that
/// opening the front page in a loop cannot fill the disk.
pub const ANONYMOUS_SESSIONS_KEPT: i64 = 10_000;

/// Wrong passwords before a name has to wait.
pub const SIGN_IN_TRIES: i64 = 5;

/// How long a name waits after that many wrong passwords.
pub const SIGN_IN_WAIT: Duration = Duration::from_secs(5 * 60);

/// After this long without a wrong password the count starts again.
pub const SIGN_IN_TRIES_FORGOTTEN: Duration = Duration::from_secs(15 * 60);

/// How many names with wrong tries are kept; unknown names count too, so this needs a bound.
pub const SIGN_IN_NAMES_KEPT: i64 = 10_000;

/// Passwords checked at the same time: each takes memory and a core for a moment.
pub const PASSWORD_CHECKS_AT_ONCE: usize = 2;

/// Longest user name and password that are looked at.
pub const SIGN_IN_TEXT_MAX: usize = 128;

/// Page size of the API when the client names none.
pub const PAGE_DEFAULT: u32 = 50;

/// Largest page size of the API.
pub const PAGE_MAX: u32 = 200;

/// Rows on one page of the bank's own site.
pub const SITE_PAGE: u32 = 50;

/// Days of transactions given when the client names no dates.
pub const DEFAULT_DAYS: i64 = 7;

/// Days of life that the ledger has behind it at the first start: about six months.
pub const HISTORY_DAYS: i64 = 184;

/// Longest stretch that one catch-up of the ledger writes: two years and some. A clock that jumps
/// further is answered by several catch-ups.
pub const CATCH_UP_DAYS: i64 = 800;

/// Largest single purchase on the site, in minor units (10,000.00).
pub const PURCHASE_MAX_MINOR: i64 = 1_000_000;

/// Longest delay that the "slow" fault can put on a call, in milliseconds.
pub const FAULT_SLOW_MAX_MS: u32 = 60_000;

/// Most calls that a fault can be set for; more than that is "until switched off".
pub const FAULT_CALLS_MAX: u32 = 100_000;

/// Longest Retry-After of the "too many" fault, in seconds.
pub const FAULT_RETRY_AFTER_MAX_S: u32 = 3_600;

/// How long a key of the native API is remembered with its answer.
pub const IDEMPOTENCY_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// After this long a deed that was begun and never ended may be begun again: its call is long over.
pub const TURN_AGE: Duration = Duration::from_secs(60);

/// Longest idempotency key. A UUID has 36 characters.
pub const KEY_CHARS_MAX: usize = 80;

/// How long a customer may take to approve a deed on the bank's site.
pub const STEP_UP_AGE: Duration = Duration::from_secs(15 * 60);

/// Travel notices that one customer may have ahead of them.
pub const TRAVEL_NOTICES: usize = 10;

/// Countries of one travel notice.
pub const COUNTRIES_MAX: usize = 20;

/// Longest journey that a notice covers, in days.
pub const JOURNEY_DAYS_MAX: i64 = 365;

/// Longest name of an account, in characters.
pub const NICKNAME_MAX: usize = 40;

/// Months whose statements are kept ready.
pub const STATEMENT_MONTHS: i32 = 12;

/// Webhook endpoints of one client.
pub const ENDPOINTS_MAX: i64 = 5;

/// Tries to deliver one webhook before it is given up.
pub const WEBHOOK_TRIES: u32 = 8;

/// How long an endpoint may take to answer.
pub const WEBHOOK_WAIT: Duration = Duration::from_secs(5);

/// Webhooks that wait to be sent, in the whole bank. More are not kept: nobody takes them.
pub const WEBHOOKS_KEPT: i64 = 10_000;

/// How often the bank looks for webhooks to send.
pub const WEBHOOK_TICK: Duration = Duration::from_secs(1);

/// How often the bank looks whether time has moved on: pending payments settle, new ones happen,
/// and what has expired is removed.
pub const TICK: Duration = Duration::from_secs(60);

/// How long a stop waits for calls that are under way.
pub const STOP_WAIT: Duration = Duration::from_secs(5);

/// Days of history that the card network tells at its first start: the longest window of the usual features, 30 days, and
/// some.
pub const STREAM_HISTORY_DAYS: i64 = 35;

/// Days that payments stay known to the card network: history, a week for labels, and some to report them.
pub const STREAM_PAYMENTS_KEPT_DAYS: i64 = 100;

/// Bytes of the card stream's secret (Standard Webhooks 1.0).
pub const STREAM_KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// Most cards of the crowd: their history of five weeks is then some 700,000 events.
pub const CROWD_CARDS_MAX: u32 = 5_000;

/// Most terminals of the crowd.
pub const CROWD_TERMINALS_MAX: u32 = 10_000;

/// Most live payments of the crowd in a minute: each is a call.
pub const CROWD_PER_MINUTE_MAX: u32 = 600;

/// Lines of one bulk file.
pub const BULK_LINES_MAX: usize = 10_000;

/// Bytes of one bulk file.
pub const BULK_BYTES_MAX: usize = 8_000_000;

/// How long the receiver may take over a bulk file: ten thousand events.
pub const BULK_WAIT: Duration = Duration::from_secs(60);

/// How often the card network looks for something to do.
pub const STREAM_TICK: Duration = Duration::from_secs(1);

/// Events that are read from the outbox at once.
pub const STREAM_AT_ONCE: i64 = 50;

/// Events of the crowd that may wait. While so many do, the crowd does not pay: back-pressure reaches it.
pub const STREAM_CROWD_WAITING: i64 = 500;

/// Seconds that the crowd makes up for. After a longer break it goes on from now.
pub const STREAM_LIVE_GAP_S: i64 = 30;

/// Seconds between two looks for labels of the crowd.
pub const STREAM_LABELS_EVERY_S: i64 = 10;

/// Minutes of labels that are made at once when there are many to make up for.
pub const STREAM_LABELS_STRETCH_MIN: i64 = 120;

/// Longest time without a try while the receiver does not answer, in seconds: alerts are wanted soon after it is back.
pub const STREAM_WAIT_MAX_S: i64 = 120;

/// Seconds to wait when the receiver asks for time and does not say how much.
pub const STREAM_WAIT_DEFAULT_S: i64 = 5;

/// Longest Retry-After that is kept, in seconds.
pub const STREAM_RETRY_AFTER_MAX_S: i64 = 3_600;

/// Bytes of the receiver's answer that are read: a decision is a few hundred.
pub const DECISION_BYTES: usize = 16 * 1024;

/// Longest word for what the receiver does.
pub const DECISION_WORD_MAX: usize = 20;

/// Longest note with a report of a payment, in characters.
pub const NOTE_CHARS_MAX: usize = 500;
