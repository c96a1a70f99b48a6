//! "My standing orders", "what subscriptions do I have?".

use crate::{
    asking::{Asked as Gate, Turn, TurnFault},
    linking, orders, refusal,
    reply::{Block, Point, Reply, Seen},
    sealed::{self, Skill},
    when,
};
use domain::{Cadence, DataClass, StandingOrder, Subscription};
use gate::AnswerCustomer;
use jiff::civil::Date;
use understanding::Entities;

/// Which list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// What the customer ordered once and for all.
    StandingOrders,
    /// Merchants who take the same again and again.
    Subscriptions,
}

/// Lists them.
pub async fn tell(turn: &Turn, list: List) -> Result<Reply, TurnFault> {
    let skill = match list {
        List::StandingOrders => Skill::Schedules,
        List::Subscriptions => Skill::Subscriptions,
    };
    if !turn.tenant.connector().await?.is_native() {
        return Ok(orders::elsewhere(turn, "list what is paid regularly"));
    }
    let classes = [DataClass::ScheduledPayments];
    let (mut permits, consent) = match turn.ask::<AnswerCustomer>(&classes).await? {
        Gate::Yes(permits, consent) => (permits, consent),
        Gate::OnlyOnItsPage(consent) => {
            return sealed::offer(turn, skill, &Entities::default(), Some(consent.id)).await;
        }
        Gate::No(no) => return refusal::in_words(turn, *no).await,
    };
    let permit = permits.remove(0);
    let (connector, grant) = turn.reach(&consent).await?;
    let today = turn.today();
    let (rows, seen, partial): (Vec<Point>, _, _) = match list {
        List::StandingOrders => match connector.standing_orders(&grant, &permit).await {
            Ok(read) => {
                let read = read.open(permit)?;
                let rows = read.value.rows.iter().map(|order| standing(order, today)).collect();
                (rows, Seen::of(&read), read.value.partial)
            }
            Err(fault) => return linking::after_fault(turn, &consent, fault).await,
        },
        List::Subscriptions => match connector.subscriptions(&grant, &permit).await {
            Ok(read) => {
                let read = read.open(permit)?;
                let rows = read.value.rows.iter().map(|row| subscription(row, today)).collect();
                (rows, Seen::of(&read), read.value.partial)
            }
            Err(fault) => return linking::after_fault(turn, &consent, fault).await,
        },
    };
    let bank = &turn.tenant.name;
    let (title, none) = match list {
        List::StandingOrders => (
            "Your standing orders",
            format!("{bank} shows no standing orders for the accounts that you share."),
        ),
        List::Subscriptions => (
            "Payments that come again and again",
            format!("{bank} sees no subscriptions on the accounts that you share."),
        ),
    };
    let mut blocks = if rows.is_empty() {
        vec![Block::Text { text: none }]
    } else {
        vec![Block::Facts { title: title.to_owned(), rows }]
    };
    blocks.extend(partial.then(Block::partial));
    let other = match list {
        List::StandingOrders => "My subscriptions",
        List::Subscriptions => "My standing orders",
    };
    Ok(Reply { blocks, seen: vec![seen], ..Reply::default() }.with_quick(&[other]))
}

fn standing(order: &StandingOrder, today: Date) -> Point {
    let next = when::day(order.next, today);
    Point {
        term: order.payee.clone(),
        text: format!("{} {}, next on {next}", order.amount.magnitude(), every(order.cadence)),
    }
}

fn subscription(row: &Subscription, today: Date) -> Point {
    let next = when::day(row.next, today);
    let before = match row.before {
        Some(before) if before != row.amount => format!(" (was {})", before.magnitude()),
        _ => String::new(),
    };
    Point {
        term: row.merchant.clone(),
        text: format!("{}{before} {}, next about {next}", row.amount.magnitude(), every(row.cadence)),
    }
}

fn every(cadence: Cadence) -> &'static str {
    match cadence {
        Cadence::Weekly => "every week",
        Cadence::Monthly => "every month",
        Cadence::Quarterly => "every three months",
        Cadence::Yearly => "every year",
    }
}
