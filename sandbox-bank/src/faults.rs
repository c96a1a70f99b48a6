//! Faults to switch on: what a client must survive. Kept in memory; a restart switches all off.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::limits;

/// All switches. An absent member is off.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Switches {
    /// API calls take longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) slow: Option<Slow>,
    /// API calls are refused with 429 and a Retry-After.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) too_many: Option<TooMany>,
    /// API calls fail with 500.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) server_error: Option<Calls>,
    /// Later pages repeat the last item of the page before, or leave one out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pages: Option<Pages>,
    /// API calls are told that their token was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token_revoked: Option<Calls>,
    /// Orders of the native API take longer after they were taken on: the same key is in flight meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) slow_order: Option<Slow>,
    /// Orders of the native API are carried out, and answered with 500.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lost_answer: Option<Calls>,
    /// The token endpoint fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token_endpoint: Option<TokenEndpoint>,
}

/// For how many calls; until switched off when absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Calls {
    /// Calls left, 1 to 100000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100_000)]
    pub(crate) calls: Option<u32>,
}

/// Slowness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Slow {
    /// How much longer, in milliseconds, at most 60000.
    #[schema(minimum = 0, maximum = 60_000)]
    pub(crate) millis: u32,
    /// Calls left, 1 to 100000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100_000)]
    pub(crate) calls: Option<u32>,
}

/// A rate limit that is always reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TooMany {
    /// The Retry-After, in seconds, at most 3600.
    #[schema(minimum = 0, maximum = 3_600)]
    pub(crate) retry_after: u32,
    /// Calls left, 1 to 100000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100_000)]
    pub(crate) calls: Option<u32>,
}

/// Which disorder the pages have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Disorder {
    /// A later page begins with the last item of the page before.
    Duplicate,
    /// A later page leaves its first item out.
    Missing,
}

/// Pages in disorder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Pages {
    /// Which disorder.
    pub(crate) disorder: Disorder,
    /// Later pages left, 1 to 100000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100_000)]
    pub(crate) calls: Option<u32>,
}

/// How the token endpoint fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum TokenTrouble {
    /// Answers late, by `millis`.
    Slow,
    /// 429 with `retryAfter`.
    TooMany,
    /// 500.
    ServerError,
    /// 400 invalid_grant.
    InvalidGrant,
}

/// A failing token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TokenEndpoint {
    /// How.
    pub(crate) trouble: TokenTrouble,
    /// For `slow`: milliseconds, at most 60000.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 60_000)]
    pub(crate) millis: u32,
    /// For `tooMany`: seconds, at most 3600.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 3_600)]
    pub(crate) retry_after: u32,
    /// Calls left, 1 to 100000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100_000)]
    pub(crate) calls: Option<u32>,
}

impl Switches {
    /// Whether every number is inside its limits.
    pub(crate) fn sound(&self) -> bool {
        let calls = [
            self.slow.and_then(|s| s.calls),
            self.too_many.and_then(|s| s.calls),
            self.server_error.and_then(|s| s.calls),
            self.pages.and_then(|s| s.calls),
            self.token_revoked.and_then(|s| s.calls),
            self.token_endpoint.and_then(|s| s.calls),
            self.slow_order.and_then(|s| s.calls),
            self.lost_answer.and_then(|s| s.calls),
        ];
        let millis = [
            self.slow.map(|s| s.millis),
            self.slow_order.map(|s| s.millis),
            self.token_endpoint.map(|s| s.millis),
        ];
        let seconds = [self.too_many.map(|s| s.retry_after), self.token_endpoint.map(|s| s.retry_after)];
        calls.iter().flatten().all(|calls| (1..=limits::FAULT_CALLS_MAX).contains(calls))
            && millis.iter().flatten().all(|ms| *ms <= limits::FAULT_SLOW_MAX_MS)
            && seconds.iter().flatten().all(|s| *s <= limits::FAULT_RETRY_AFTER_MAX_S)
    }
}

/// What an API call meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    TooMany { retry_after: u32 },
    ServerError,
    TokenRevoked,
}

/// The bank's switches.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    switches: Mutex<Switches>,
}

/// Uses up one call of a switch, and switches it off after its last.
fn spend<T: Copy>(switch: &mut Option<T>, calls: impl Fn(&mut T) -> &mut Option<u32>) -> Option<T> {
    let used = (*switch)?;
    if let Some(state) = switch.as_mut() {
        match calls(state) {
            Some(left) if *left <= 1 => *switch = None,
            Some(left) => *left -= 1,
            None => {}
        }
    }
    Some(used)
}

impl Faults {
    fn with<T>(&self, look: impl FnOnce(&mut Switches) -> T) -> T {
        look(&mut self.switches.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn switches(&self) -> Switches {
        self.with(|switches| switches.clone())
    }

    pub(crate) fn set(&self, switches: Switches) {
        self.with(|now| *now = switches);
    }

    /// How long the next API call has to wait, and what it meets after that. One call uses up one
    /// call of slowness and one of the first refusal that is on.
    pub(crate) fn next_call(&self) -> (Duration, Option<Trouble>) {
        self.with(|s| {
            let slow = spend(&mut s.slow, |slow| &mut slow.calls);
            let wait = Duration::from_millis(slow.map_or(0, |slow| u64::from(slow.millis)));
            let too_many = spend(&mut s.too_many, |t| &mut t.calls);
            let trouble = too_many
                .map(|t| Trouble::TooMany { retry_after: t.retry_after })
                .or_else(|| spend(&mut s.server_error, |t| &mut t.calls).map(|_| Trouble::ServerError))
                .or_else(|| spend(&mut s.token_revoked, |t| &mut t.calls).map(|_| Trouble::TokenRevoked));
            (wait, trouble)
        })
    }

    /// How much longer the next order takes once it was taken on.
    pub(crate) fn next_action(&self) -> Duration {
        let slow = self.with(|s| spend(&mut s.slow_order, |slow| &mut slow.calls));
        Duration::from_millis(slow.map_or(0, |slow| u64::from(slow.millis)))
    }

    /// Whether the answer of the order that was just carried out is lost.
    pub(crate) fn next_answer_is_lost(&self) -> bool {
        self.with(|s| spend(&mut s.lost_answer, |lost| &mut lost.calls)).is_some()
    }

    /// The disorder of the next later page.
    pub(crate) fn next_page(&self) -> Option<Disorder> {
        self.with(|s| spend(&mut s.pages, |pages| &mut pages.calls).map(|pages| pages.disorder))
    }

    /// The trouble of the next call to the token endpoint.
    pub(crate) fn next_token(&self) -> Option<TokenEndpoint> {
        self.with(|s| spend(&mut s.token_endpoint, |token| &mut token.calls))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_for_two_calls_is_gone_at_the_third() {
        let faults = Faults::default();
        faults.set(Switches { server_error: Some(Calls { calls: Some(2) }), ..Switches::default() });
        let met: Vec<_> = (0..3).map(|_| faults.next_call().1).collect();
        assert_eq!(met, [Some(Trouble::ServerError), Some(Trouble::ServerError), None]);
        assert_eq!(faults.switches(), Switches::default());
    }

    #[test]
    fn a_fault_without_a_number_stays_until_switched_off() {
        let faults = Faults::default();
        faults.set(Switches { token_revoked: Some(Calls { calls: None }), ..Switches::default() });
        assert!((0..50).all(|_| faults.next_call().1 == Some(Trouble::TokenRevoked)));
        faults.set(Switches::default());
        assert_eq!(faults.next_call().1, None);
    }

    #[test]
    fn numbers_at_the_limit_are_sound_and_over_it_are_not() {
        let slow = |millis, calls| Switches { slow: Some(Slow { millis, calls }), ..Switches::default() };
        assert!(slow(limits::FAULT_SLOW_MAX_MS, Some(limits::FAULT_CALLS_MAX)).sound());
        assert!(!slow(limits::FAULT_SLOW_MAX_MS + 1, None).sound());
        assert!(!slow(1, Some(0)).sound());
        assert!(!slow(1, Some(limits::FAULT_CALLS_MAX + 1)).sound());
    }
}
