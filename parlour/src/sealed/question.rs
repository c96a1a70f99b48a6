//! What a link keeps: which skill was asked, and the details of the question. Sealed at rest.

use crate::{
    accesses, alerts,
    asking::{Turn, TurnFault},
    balances, contact, limits, orders, picture, places, receipts,
    reply::Reply,
    schedules::{self, List},
    spending, statements, take_along, travel, watches,
};
use domain::Statement;
use serde::{Deserialize, Serialize};
use understanding::Entities;

/// Which skill answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Skill {
    /// "What's my balance?"
    Balances,
    /// "Last transactions"
    Transactions,
    /// "What did I spend?"
    Spending,
    /// "How do I spend my money?"
    Picture,
    /// "Did I spend more than last month?"
    Compare,
    /// "Where did I shop?"
    Places,
    /// "What are my card limits?"
    Limits,
    /// "My travel notices"
    Travel,
    /// "My standing orders"
    Schedules,
    /// "My subscriptions"
    Subscriptions,
    /// "How do you contact me?"
    Contact,
    /// "My statements"
    Statements,
    /// One of them.
    Statement,
    /// "Payments as a CSV file"
    TakeAlong,
    /// "What did you change?"
    Deeds,
    /// "Who looked at my data?"
    WhoLooked,
    /// "Receipts"
    Receipts,
    /// What alerts have to tell.
    Alerts,
    /// Payments that may be fraud.
    Fraud,
}

impl Skill {
    /// All there are.
    pub const ALL: [Skill; 19] = [
        Skill::Balances,
        Skill::Transactions,
        Skill::Spending,
        Skill::Picture,
        Skill::Compare,
        Skill::Places,
        Skill::Limits,
        Skill::Travel,
        Skill::Schedules,
        Skill::Subscriptions,
        Skill::Contact,
        Skill::Statements,
        Skill::Statement,
        Skill::TakeAlong,
        Skill::Deeds,
        Skill::WhoLooked,
        Skill::Receipts,
        Skill::Alerts,
        Skill::Fraud,
    ];

    /// Whether the answer is made of bank data, so that it needs a consent in force. What we ourselves wrote down
    /// about a person they may see after a stop as well.
    pub fn is_bank_data(self) -> bool {
        match self {
            Skill::Balances
            | Skill::Transactions
            | Skill::Spending
            | Skill::Picture
            | Skill::Compare
            | Skill::Limits
            | Skill::Travel
            | Skill::Schedules
            | Skill::Subscriptions
            | Skill::Contact
            | Skill::Statements
            | Skill::Statement
            | Skill::TakeAlong
            | Skill::Alerts
            | Skill::Fraud
            | Skill::Places => true,
            Skill::WhoLooked | Skill::Receipts | Skill::Deeds => false,
        }
    }

    /// What the conversation says. It repeats what was asked and holds nothing of the answer.
    pub fn ready(self) -> &'static str {
        match self {
            Skill::Balances => "Your balances are ready.",
            Skill::Transactions => "Your payments are ready.",
            Skill::Spending | Skill::Compare => "What you spent is ready.",
            Skill::Picture => "The picture of your spending is ready.",
            Skill::Places => "The places where you shopped are ready.",
            Skill::Limits => "What your cards may spend is ready.",
            Skill::Travel => "What the bank knows of your travels is ready.",
            Skill::Schedules => "Your standing orders are ready.",
            Skill::Subscriptions => "Your subscriptions are ready.",
            Skill::Contact => "How the bank reaches you is ready.",
            Skill::Statements => "Your statements are ready.",
            Skill::Statement => "Your statement is ready.",
            Skill::TakeAlong => "Your payments are ready as a file.",
            Skill::Deeds => "The list of what was changed is ready.",
            Skill::WhoLooked => "The list of who looked at your data is ready.",
            Skill::Receipts => "Your receipts are ready.",
            Skill::Alerts => "There is news for you, as you asked.",
            Skill::Fraud => "A payment with your card looks unusual. Was it you?",
        }
    }

    /// The heading of the page.
    pub fn title(self) -> &'static str {
        match self {
            Skill::Balances => "Your balances",
            Skill::Transactions => "Your payments",
            Skill::Spending | Skill::Compare => "What you spent",
            Skill::Picture => "How you spend your money",
            Skill::Places => "Where you shopped",
            Skill::Limits => "What your cards may spend",
            Skill::Travel => "Your travels",
            Skill::Schedules => "Your standing orders",
            Skill::Subscriptions => "Your subscriptions",
            Skill::Contact => "How the bank reaches you",
            Skill::Statements => "Your statements",
            Skill::Statement => "Your statement",
            Skill::TakeAlong => "Your payments as a file",
            Skill::Deeds => "What was changed for you",
            Skill::WhoLooked => "Who looked at your data",
            Skill::Receipts => "Your receipts",
            Skill::Alerts => "What you asked to be told",
            Skill::Fraud => "Was this you?",
        }
    }
}

/// A question. `Debug` leaves the details out: they are the customer's own words.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Which skill.
    pub skill: Skill,
    /// The details.
    pub about: Entities,
    /// The statement that was chosen, with its title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statement: Option<(Statement, String)>,
    /// Which alerts, if it is about them. Ids only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<watches::Due>,
    /// Which payments that may be fraud, by the ids of their alerts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fraud: Vec<String>,
}

impl std::fmt::Debug for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Question({:?}, ..)", self.skill)
    }
}

impl Question {
    /// A question to a skill.
    pub fn new(skill: Skill, about: &Entities) -> Question {
        Question { skill, about: about.clone(), statement: None, alerts: vec![], fraud: vec![] }
    }

    /// What these alerts have to tell.
    pub fn of_alerts(alerts: Vec<watches::Due>) -> Question {
        Question { alerts, ..Question::new(Skill::Alerts, &Entities::default()) }
    }

    /// Whether these payments are the customer's.
    pub fn of_fraud(fraud: Vec<String>) -> Question {
        Question { fraud, ..Question::new(Skill::Fraud, &Entities::default()) }
    }

    /// Answers it.
    pub async fn answer(&self, turn: &Turn) -> Result<Reply, TurnFault> {
        match self.skill {
            Skill::Balances => balances::tell(turn, &self.about, "").await,
            Skill::Transactions => spending::list(turn, &self.about, 0).await,
            Skill::Spending => spending::total(turn, &self.about).await,
            Skill::Picture => picture::tell(turn, &self.about).await,
            Skill::Compare => picture::compare(turn, &self.about).await,
            Skill::Places => places::tell(turn, &self.about).await,
            Skill::Limits => limits::begin(turn, &self.about, "").await,
            Skill::Travel => travel::begin(turn, "").await,
            Skill::Schedules => schedules::tell(turn, List::StandingOrders).await,
            Skill::Subscriptions => schedules::tell(turn, List::Subscriptions).await,
            Skill::Contact => contact::begin(turn, "").await,
            Skill::Statements => statements::tell(turn, &self.about).await,
            Skill::Statement => match &self.statement {
                Some((statement, title)) => statements::show(turn, statement, title).await,
                None => statements::tell(turn, &self.about).await,
            },
            Skill::TakeAlong => take_along::tell(turn, &self.about).await,
            Skill::Deeds => orders::tell(turn).await,
            Skill::WhoLooked => accesses::tell(turn).await,
            Skill::Receipts => receipts::tell(turn).await,
            Skill::Alerts => watches::tell::on_its_page(turn, &self.alerts).await,
            Skill::Fraud => alerts::tell::on_its_page(turn, &self.fraud).await,
        }
    }
}
