//! A made-up question, in words that a bank's people can write: for policy tests and for `parlour policy explain`.
//!
//! Whatever is not said is as usual: the customer asks, on the bank's page, at noon, with a consent to everything
//! that is in force.

use crate::config::no::read_money;
use domain::{
    AccountId, BankId, Channel, Consent, ConsentId, ConsentState, ConversationId, Currency, CustomerId,
    DataClass, EntryId, Money, Operation, PartnerId, Purpose, Region, Tier,
};
use gate::{Asker, Circumstances, Gate, Ordered, Question, Trial};
use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};
use uuid::Uuid;

/// The day on which made-up questions are asked: no zone changes its clocks on it.
const DAY: civil::Date = civil::date(2026, 1, 15);
/// What is paid if no amount is said, in the smallest unit of the dollar.
const USUAL_PAYMENT: i64 = 100;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// The customer whose data it is.
    Customer,
    /// Another customer.
    AnotherCustomer,
    /// Somebody of the bank with an open case of the customer.
    Agent,
    /// Somebody of the bank who has none.
    AgentWithoutCase,
    /// Somebody of another bank, with an open case of the customer there.
    AgentOfAnotherBank,
    /// Anybody else of the bank.
    Staff,
    /// A company.
    Partner,
    /// Whoever runs the messenger.
    Platform,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    /// To read a class of data.
    Read(DataClass),
    /// Something that is done on a card or an account.
    Order(Operation),
    /// To pay.
    Pay,
}

/// What consent there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreed {
    /// None at all.
    Nothing,
    /// One in this state.
    State(ConsentState),
    /// One that was given and whose time is over, though nobody noted it yet.
    Over,
    /// One that was given and begins later.
    Later,
    /// One of another customer.
    OfAnotherCustomer,
    /// One of another bank.
    OfAnotherBank,
    /// One for another channel.
    OfAnotherChannel,
}

/// The words for each kind of asker.
pub const WHO: &[(&str, Who)] = &[
    ("customer", Who::Customer),
    ("another_customer", Who::AnotherCustomer),
    ("agent", Who::Agent),
    ("agent_without_case", Who::AgentWithoutCase),
    ("agent_of_another_bank", Who::AgentOfAnotherBank),
    ("staff", Who::Staff),
    ("partner", Who::Partner),
    ("platform", Who::Platform),
];

/// The words for each thing that can be asked for.
pub const ASKS: &[(&str, Asks)] = &[
    ("accounts", Asks::Read(DataClass::Accounts)),
    ("balances", Asks::Read(DataClass::Balances)),
    ("transactions", Asks::Read(DataClass::Transactions)),
    ("merchant_places", Asks::Read(DataClass::MerchantPlaces)),
    ("cards", Asks::Read(DataClass::Cards)),
    ("statements", Asks::Read(DataClass::Statements)),
    ("scheduled_payments", Asks::Read(DataClass::ScheduledPayments)),
    ("contact", Asks::Read(DataClass::Contact)),
    ("freeze_card", Asks::Order(Operation::FreezeCard)),
    ("unfreeze_card", Asks::Order(Operation::UnfreezeCard)),
    ("report_card", Asks::Order(Operation::ReportCard)),
    ("set_card_limits", Asks::Order(Operation::SetCardLimits)),
    ("add_travel_notice", Asks::Order(Operation::AddTravelNotice)),
    ("cancel_travel_notice", Asks::Order(Operation::CancelTravelNotice)),
    ("rename_account", Asks::Order(Operation::RenameAccount)),
    ("set_contact_preferences", Asks::Order(Operation::SetContactPreferences)),
    ("report_payment", Asks::Order(Operation::ReportPayment)),
    ("order_payment", Asks::Pay),
];

/// The words for each way a consent can stand.
pub const AGREED: &[(&str, Agreed)] = &[
    ("given", Agreed::State(ConsentState::Given)),
    ("none", Agreed::Nothing),
    ("requested", Agreed::State(ConsentState::Requested)),
    ("refused", Agreed::State(ConsentState::Refused)),
    ("paused", Agreed::State(ConsentState::Paused)),
    ("withdrawn", Agreed::State(ConsentState::Withdrawn)),
    ("revoked", Agreed::State(ConsentState::Revoked)),
    ("expired", Agreed::State(ConsentState::Expired)),
    ("superseded", Agreed::State(ConsentState::Superseded)),
    ("over", Agreed::Over),
    ("not_yet", Agreed::Later),
    ("another_customer", Agreed::OfAnotherCustomer),
    ("another_bank", Agreed::OfAnotherBank),
    ("another_channel", Agreed::OfAnotherChannel),
];

/// What can be said of a situation, by the name of its column.
pub const COLUMNS: [&str; 13] = [
    "asker", "asks", "purpose", "channel", "tier", "region", "hour", "partner", "amount", "consent",
    "classes", "purposes", "accounts",
];

/// A word that is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not known here; known are: {known}")]
pub struct NotKnown {
    /// What was found.
    pub found: String,
    /// What could be written.
    pub known: String,
}

/// A made-up question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Situation {
    /// Who asks.
    pub who: Who,
    /// What is asked for.
    pub asks: Asks,
    /// What for. None: to pay if a payment is ordered, else to answer the customer.
    pub purpose: Option<Purpose>,
    /// Where.
    pub channel: Channel,
    /// How it would be shown. None: as openly as the bank lets it.
    pub tier: Option<Tier>,
    /// From where.
    pub region: Option<Region>,
    /// At which hour of the bank's clock.
    pub hour: u8,
    /// Through which company.
    pub partner: Option<PartnerId>,
    /// How much is paid.
    pub amount: Option<Money>,
    /// What consent there is.
    pub agreed: Agreed,
    /// To which classes of data.
    pub classes: Vec<DataClass>,
    /// To which purposes.
    pub purposes: Vec<Purpose>,
    /// Whether the accounts that are asked for are those that the customer chose.
    pub accounts_chosen: bool,
}

impl Situation {
    /// The usual situation.
    pub fn usual(asks: Asks) -> Situation {
        Situation {
            who: Who::Customer,
            asks,
            purpose: None,
            channel: Channel::Web,
            tier: None,
            region: None,
            hour: 12,
            partner: None,
            amount: None,
            agreed: Agreed::State(ConsentState::Given),
            classes: DataClass::ALL.to_vec(),
            purposes: Purpose::ALL.to_vec(),
            accounts_chosen: true,
        }
    }

    /// Says one thing of it, by the name of its column. An empty text leaves it as usual. Words are taken exactly
    /// as they are listed: another case, a space or a letter that only looks alike is another word.
    pub fn say(&mut self, column: &str, text: &str) -> Result<(), NotKnown> {
        if text.is_empty() {
            return Ok(());
        }
        match column {
            "asker" => self.who = word(WHO, text)?,
            "asks" => self.asks = word(ASKS, text)?,
            "purpose" => self.purpose = Some(parsed(text, &all(Purpose::ALL))?),
            "channel" => self.channel = parsed(text, &all(Channel::ALL))?,
            "tier" => self.tier = Some(parsed(text, &all(Tier::ALL))?),
            "region" => self.region = Some(parsed(text, "two capital letters (ISO 3166-1)")?),
            "hour" => self.hour = hour(text)?,
            "partner" => self.partner = Some(parsed(text, "a company's short name")?),
            "amount" => self.amount = Some(read_money(text).ok_or_else(|| not(text, "such as 500.00 USD"))?),
            "consent" => self.agreed = word(AGREED, text)?,
            "classes" => self.classes = list(text, &all(DataClass::ALL))?,
            "purposes" => self.purposes = list(text, &all(Purpose::ALL))?,
            "accounts" => {
                self.accounts_chosen = word(&[("chosen", true), ("not_chosen", false)], text)?;
            }
            other => return Err(not(other, &COLUMNS.join(", "))),
        }
        Ok(())
    }

    /// What it is for.
    pub fn purpose(&self) -> Purpose {
        self.purpose.unwrap_or(match self.asks {
            Asks::Read(_) => Purpose::AnswerCustomer,
            Asks::Order(_) => Purpose::AccountManagement,
            Asks::Pay => Purpose::CustomerPayment,
        })
    }

    /// What the gate answers to it at a bank. The ids are made up, and nothing is logged.
    pub fn trial(&self, gate: &Gate, bank: &BankId) -> Trial {
        let zone = gate.rules(bank).map_or(TimeZone::UTC, |rules| rules.zone.clone());
        let at = DAY.at(i8::try_from(self.hour).unwrap_or(0), 30, 0, 0);
        let now = zone.to_ambiguous_timestamp(at).compatible().unwrap_or(Timestamp::UNIX_EPOCH);
        let (customer, another) = (CustomerId::new(Uuid::from_u128(1)), CustomerId::new(Uuid::from_u128(2)));
        let elsewhere: BankId = "another-bank".parse().expect("a plain word is a bank id");
        let company: PartnerId = "company".parse().expect("a plain word is a name");
        let consent = self.consent(bank, &elsewhere, &customer, &another, now);
        let (data_class, ordered) = match self.asks {
            Asks::Read(class) => (class, None),
            Asks::Order(operation) => (operation.data_class(), Some(Ordered::Operation(operation))),
            Asks::Pay => {
                let amount = self.amount.unwrap_or(Money::new(USUAL_PAYMENT, Currency::USD));
                (DataClass::Accounts, Some(Ordered::Payment(amount)))
            }
        };
        let cases = std::slice::from_ref(&customer);
        let asker = match self.who {
            Who::Customer => Asker::Customer(&customer),
            Who::AnotherCustomer => Asker::Customer(&another),
            Who::Agent => Asker::Agent { id: "agent", bank, open_cases: cases },
            Who::AgentWithoutCase => Asker::Agent { id: "agent", bank, open_cases: &[] },
            Who::AgentOfAnotherBank => Asker::Agent { id: "agent", bank: &elsewhere, open_cases: cases },
            Who::Staff => Asker::Staff { id: "staff", bank },
            Who::Partner => Asker::Partner { id: self.partner.as_ref().unwrap_or(&company), bank },
            Who::Platform => Asker::Platform { id: "platform" },
        };
        let usual = gate.max_tier(bank, self.channel, data_class);
        let question = Question {
            entry: EntryId::new(Uuid::nil()),
            bank,
            asker,
            customer: &customer,
            consent: consent.as_ref(),
            data_class,
            accounts: &[account(self.accounts_chosen)],
            ordered,
            channel: self.channel,
            tier: self.tier.unwrap_or(usual),
            circumstances: Circumstances { region: self.region, partner: self.partner.as_ref() },
            now,
        };
        gate.trial(&question, self.purpose())
    }

    fn consent(
        &self,
        bank: &BankId,
        elsewhere: &BankId,
        customer: &CustomerId,
        another: &CustomerId,
        now: Timestamp,
    ) -> Option<Consent> {
        let (day, later) = (SignedDuration::from_hours(24), |n| now + SignedDuration::from_hours(24) * n);
        let other_channel = if self.channel == Channel::Web { Channel::Matrix } else { Channel::Web };
        let mut consent = Consent {
            id: ConsentId::new(Uuid::nil()),
            bank: bank.clone(),
            customer: customer.clone(),
            conversation: ConversationId::new(Uuid::nil()),
            channel: self.channel,
            state: ConsentState::Given,
            purposes: self.purposes.clone(),
            data_classes: self.classes.clone(),
            accounts: vec![account(true)],
            not_before: now - day,
            expires_at: now + day,
            notice_sha256: String::new(),
            notice: String::new(),
            language: "en".to_owned(),
            at_bank: None,
        };
        match self.agreed {
            Agreed::Nothing => return None,
            Agreed::State(state) => consent.state = state,
            Agreed::Over => consent.expires_at = now,
            Agreed::Later => (consent.not_before, consent.expires_at) = (later(1), later(2)),
            Agreed::OfAnotherCustomer => consent.customer = another.clone(),
            Agreed::OfAnotherBank => consent.bank = elsewhere.clone(),
            Agreed::OfAnotherChannel => consent.channel = other_channel,
        }
        Some(consent)
    }
}

fn account(chosen: bool) -> AccountId {
    let name = if chosen { "chosen" } else { "not-chosen" };
    name.parse().expect("a plain word is an account id")
}

fn not(found: &str, known: &str) -> NotKnown {
    NotKnown { found: found.chars().take(60).collect(), known: known.to_owned() }
}

fn word<T: Copy>(list: &[(&str, T)], text: &str) -> Result<T, NotKnown> {
    let known = || list.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
    list.iter().find(|(word, _)| *word == text).map(|(_, is)| *is).ok_or_else(|| not(text, &known()))
}

fn all<T: std::fmt::Display>(list: &[T]) -> String {
    list.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn parsed<T: std::str::FromStr>(text: &str, known: &str) -> Result<T, NotKnown> {
    text.parse().map_err(|_| not(text, known))
}

/// Words with spaces between them, or `none`.
fn list<T: std::str::FromStr>(text: &str, known: &str) -> Result<Vec<T>, NotKnown> {
    if text == "none" {
        return Ok(vec![]);
    }
    text.split(' ').map(|word| parsed(word, known)).collect()
}

fn hour(text: &str) -> Result<u8, NotKnown> {
    let hour = parsed::<u8>(text, "0 to 23")?;
    if hour < 24 { Ok(hour) } else { Err(not(text, "0 to 23")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gate::{BankRules, Offer, RefusalReason};

    fn gate_of_harbour() -> (Gate, BankId) {
        let bank: BankId = "harbour".parse().unwrap();
        let mut rules = BankRules::closed(bank.clone());
        rules.offered = DataClass::ALL.iter().map(|class| (*class, Offer::Yes)).collect();
        rules.zone = TimeZone::get("America/New_York").unwrap();
        (Gate::load(vec![rules]).unwrap(), bank)
    }

    fn balances() -> Situation {
        Situation::usual(Asks::Read(DataClass::Balances))
    }

    #[test]
    fn the_usual_situation_is_allowed_for_reading_and_paying() {
        let (gate, bank) = gate_of_harbour();
        for (word, asks) in ASKS {
            let trial = Situation::usual(*asks).trial(&gate, &bank);
            assert!(trial.decision.allowed, "{word}: {:?}", trial.decision.reason);
        }
    }

    #[test]
    fn each_consent_but_one_that_is_given_opens_nothing() {
        let (gate, bank) = gate_of_harbour();
        for (text, agreed) in AGREED {
            let trial = Situation { agreed: *agreed, ..balances() }.trial(&gate, &bank);
            assert_eq!(trial.decision.allowed, *text == "given", "{text}");
        }
    }

    #[test]
    fn only_the_customer_and_who_has_their_case_may_ask() {
        let (gate, bank) = gate_of_harbour();
        for (text, who) in WHO {
            let trial = Situation { who: *who, ..balances() }.trial(&gate, &bank);
            assert_eq!(trial.decision.allowed, ["customer", "agent"].contains(text), "{text}");
        }
    }

    #[test]
    fn advertising_is_no_purpose_in_any_spelling() {
        let spellings = [
            "advertising",
            "Advertising",
            "ADVERTISING",
            " advertising",
            "advertising ",
            "advertıs\u{131}ng",
            "аdvertising",
            "ad\u{200b}vertising",
            "\"advertising\"",
            "[\"answer_customer\",\"advertising\"]",
            "{\"purpose\":\"advertising\"}",
            "answer_customer,advertising",
            "answer_customer\0advertising",
            "Answer_Customer",
            "answer_customer ",
            "profiling",
            "resale",
            "training",
            "marketing",
        ];
        for spelling in spellings {
            let mut situation = balances();
            assert!(situation.say("purpose", spelling).is_err(), "{spelling:?}");
            assert!(
                situation.say("purposes", &format!("answer_customer {spelling}")).is_err(),
                "{spelling:?}"
            );
            assert_eq!(situation, balances());
        }
    }

    #[test]
    fn the_hour_is_that_of_the_banks_clock() {
        let (gate, bank) = gate_of_harbour();
        let no = gate::No { hours: Some("22-06".parse().unwrap()), ..gate::No::because("Good night.") };
        let rules = BankRules { nos: vec![no], ..gate.rules(&bank).unwrap().clone() };
        let gate = gate.with_rules(rules).unwrap();
        for hour in 0..24 {
            let trial = Situation { hour, ..balances() }.trial(&gate, &bank);
            assert_eq!(trial.decision.allowed, (6..22).contains(&hour), "{hour}");
        }
    }

    #[test]
    fn everything_that_can_be_said_changes_the_situation() {
        let said = [
            ("asker", "staff"),
            ("asks", "accounts"),
            ("purpose", "dispute_support"),
            ("channel", "matrix"),
            ("tier", "sealed"),
            ("region", "US"),
            ("hour", "3"),
            ("partner", "acme"),
            ("amount", "5 USD"),
            ("consent", "paused"),
            ("classes", "accounts balances"),
            ("purposes", "none"),
            ("accounts", "not_chosen"),
        ];
        assert_eq!(said.map(|(column, _)| column), COLUMNS);
        for (column, text) in said {
            let mut situation = balances();
            situation.say(column, text).unwrap();
            assert_ne!(situation, balances(), "{column}");
            assert!(situation.say(column, "no-such-word!").is_err(), "{column}");
            let kept = situation.clone();
            situation.say(column, "").unwrap();
            assert_eq!(situation, kept);
        }
    }

    #[test]
    fn an_account_that_was_not_chosen_is_refused() {
        let (gate, bank) = gate_of_harbour();
        let trial = Situation { accounts_chosen: false, ..balances() }.trial(&gate, &bank);
        assert!(matches!(trial.decision.reason, Some(RefusalReason::AccountNotShared { .. })));
    }
}
