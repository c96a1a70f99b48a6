//! What the engine is fed: payments and what became known about them. All keys are opaque numbers that the server makes
//! from its own ids with a keyed hash; no name, card number or address comes here.

/// Seconds since 1970-01-01T00:00:00Z; good until 2106.
pub type Seconds = u32;

/// One minute, hour and day in seconds.
pub const MINUTE: Seconds = 60;
/// One hour in seconds.
pub const HOUR: Seconds = 3_600;
/// One day in seconds.
pub const DAY: Seconds = 86_400;

/// A card payment that a decision is wanted for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Payment {
    /// The id of the event. A second payment with the same id changes nothing.
    pub id: u64,
    /// When the customer paid, not when the message came.
    pub at: Seconds,
    /// The card, as a keyed hash.
    pub card: u64,
    /// The terminal or web shop, as a keyed hash.
    pub terminal: u64,
    /// The amount in minor units of the card's currency. Larger ones count as `u32::MAX`.
    pub amount: u32,
    /// What else is known; every part may be missing.
    pub more: Attributes,
}

/// What not every bank sends. What is missing stays missing (NaN) and the trees have learned a way for it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Attributes {
    /// Where the terminal stands, in kilometers on any flat map.
    pub place: Option<(f32, f32)>,
    /// The kind of shop (ISO 18245).
    pub category: Option<u16>,
    /// The country of the shop (ISO 3166-1 numeric).
    pub country: Option<u16>,
    /// How the card was read: 0 chip, 1 contactless, 2 stripe, 3 typed in, 4 wallet.
    pub entry: Option<u8>,
    /// Paid without the card being present.
    pub online: Option<bool>,
    /// Days since the device was first seen with this card.
    pub device_age: Option<u16>,
    /// Whose card it is, as a keyed hash: so that what somebody does with several cards is seen together.
    pub customer: Option<u64>,
}

/// What somebody says about a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nobody complained until the label was due, or a report was taken back.
    Clean,
    /// The customer says so; the bank has not confirmed it. Counts for less ([`crate::state::SUSPECTED`]).
    Suspected,
    /// Confirmed by an agent or a chargeback.
    Fraud,
}

/// Who says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The customer ("Not me").
    Customer,
    /// A member of staff.
    Agent,
    /// The card scheme.
    Chargeback,
    /// No complaint within the label delay.
    Matured,
}

/// A label is an event like a payment. The last one to arrive holds, so a retraction is a label with [`Verdict::Clean`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label {
    /// The payment's id.
    pub payment: u64,
    /// The payment's card.
    pub card: u64,
    /// The payment's terminal.
    pub terminal: u64,
    /// When it was paid.
    pub paid_at: Seconds,
    /// When this became known.
    pub arrived_at: Seconds,
    /// What is said.
    pub verdict: Verdict,
    /// Who says it. Kept for reports; the state treats all sources alike.
    pub source: Source,
}

/// One entry of the log that the state is folded from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event {
    /// Somebody paid.
    Payment(Payment),
    /// Something became known.
    Label(Label),
}

impl Event {
    /// The id of the payment that it is about.
    pub fn payment(&self) -> u64 {
        match self {
            Event::Payment(payment) => payment.id,
            Event::Label(label) => label.payment,
        }
    }

    /// The card that it was paid with.
    pub fn card(&self) -> u64 {
        match self {
            Event::Payment(payment) => payment.card,
            Event::Label(label) => label.card,
        }
    }

    /// Whose card it is, if a payment tells.
    pub fn customer(&self) -> Option<u64> {
        match self {
            Event::Payment(payment) => payment.more.customer,
            Event::Label(_) => None,
        }
    }

    /// Where it was paid.
    pub fn terminal(&self) -> u64 {
        match self {
            Event::Payment(payment) => payment.terminal,
            Event::Label(label) => label.terminal,
        }
    }
}
