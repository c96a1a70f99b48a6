//! Answers that a conversation may not carry: the message has a one-time link, and a page on this host shows
//! the answer to the browser that the link belongs to.
//!
//! A link keeps the question only. When it is opened the gate is asked anew, the bank is read, the page is
//! drawn, and nothing of it is kept. A GET changes nothing and tells nothing, so previews cannot use a link up.

pub mod answer;
pub mod offer;
pub mod opening;
pub mod question;
pub mod whose;
pub mod words;

pub use answer::{answer_if_no, answer_if_words};
pub use offer::{offer, offer_own, offer_question, page_of};
pub use opening::{Browser, Opened, SealedFault, Sheet, open};
pub use question::{Question, Skill};
pub use whose::{is_for, may_sign_in};

use jiff::SignedDuration;

/// How long a link opens. Long enough to change from the messenger to the browser and write three words back,
/// short enough that a message found later is worth nothing.
pub const LASTS: SignedDuration = SignedDuration::from_mins(10);
/// How often a link is tried, openings and refusals together, before it closes. A bank that fails is worth a
/// few tries; somebody who comes with another browser is not.
pub const TRIES: u32 = 10;
/// How long a browser in which somebody signed in at the bank stays known: as long as a chat session.
pub const KNOWN_FOR: SignedDuration = crate::session::LASTS;
