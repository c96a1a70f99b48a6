//! What a link keeps: which skill was asked, and the details of the question. Sealed at rest.

use crate::{
    accesses,
    asking::{Turn, TurnFault},
    balances, picture, places, receipts,
    reply::Reply,
    spending,
};
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
    /// "Who looked at my data?"
    WhoLooked,
    /// "Receipts"
    Receipts,
}

impl Skill {
    /// All there are.
    pub const ALL: [Skill; 8] = [
        Skill::Balances,
        Skill::Transactions,
        Skill::Spending,
        Skill::Picture,
        Skill::Compare,
        Skill::Places,
        Skill::WhoLooked,
        Skill::Receipts,
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
            | Skill::Places => true,
            Skill::WhoLooked | Skill::Receipts => false,
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
            Skill::WhoLooked => "The list of who looked at your data is ready.",
            Skill::Receipts => "Your receipts are ready.",
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
            Skill::WhoLooked => "Who looked at your data",
            Skill::Receipts => "Your receipts",
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
}

impl std::fmt::Debug for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Question({:?}, ..)", self.skill)
    }
}

impl Question {
    /// Answers it.
    pub async fn answer(&self, turn: &Turn) -> Result<Reply, TurnFault> {
        match self.skill {
            Skill::Balances => balances::tell(turn, &self.about).await,
            Skill::Transactions => spending::list(turn, &self.about, 0).await,
            Skill::Spending => spending::total(turn, &self.about).await,
            Skill::Picture => picture::tell(turn, &self.about).await,
            Skill::Compare => picture::compare(turn, &self.about).await,
            Skill::Places => places::tell(turn, &self.about).await,
            Skill::WhoLooked => accesses::tell(turn).await,
            Skill::Receipts => receipts::tell(turn).await,
        }
    }
}
