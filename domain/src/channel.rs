//! Where a conversation takes place, and how much may be said there.

use crate::purpose::closed;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

use crate::purpose::NotKnown;

closed! {
    /// A messenger.
    Channel {
        /// The chat page on the bank's own gateway.
        Web = "web",
        /// Messenger Platform.
        Messenger = "messenger",
        /// WhatsApp Cloud API.
        Whatsapp = "whatsapp",
        /// Matrix.
        Matrix = "matrix",
    }
}

impl Channel {
    /// Whether somebody else's servers read what is said here.
    pub fn is_foreign(self) -> bool {
        self != Channel::Web
    }
}

closed! {
    /// How data of a class may be shown on a channel. Ordered: each tier shows more than the one before.
    Tier {
        /// Not at all.
        Never = "never",
        /// Behind a one-time link on the bank's own host.
        Sealed = "sealed",
        /// As text in the conversation.
        InChat = "in_chat",
    }
}

impl Tier {
    /// The tier as a number for policies: never 0, sealed 1, in chat 2.
    pub fn level(self) -> i64 {
        self as i64
    }
}
