//! The limits of a conversation.

/// The longest message that a person may send, in characters.
pub const MAX_TEXT_CHARS: usize = 2_000;
/// The longest idempotency key, in bytes.
pub const MAX_KEY_BYTES: usize = 64;
