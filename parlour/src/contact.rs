//! "How do you contact me?", "go paperless", "no more offers".

use crate::{
    asking::{Asked as Gate, Turn, TurnFault},
    linking,
    orders::{self, Wanted},
    refusal,
    reply::{Reply, Seen},
    sealed::{self, Skill},
};
use domain::{ContactPreferences, DataClass, Order};
use gate::AccountManagement;
use understanding::{Entities, wishes};

/// Tells how the bank gets in touch, or asks whether to change it.
pub async fn begin(turn: &Turn, text: &str) -> Result<Reply, TurnFault> {
    if !turn.tenant.connector().await?.is_native() {
        return Ok(orders::elsewhere(turn, "change how the bank reaches you"));
    }
    let (mut permits, consent) = match turn.ask::<AccountManagement>(&[DataClass::Contact]).await? {
        Gate::Yes(permits, consent) => (permits, consent),
        Gate::OnlyOnItsPage(consent) => {
            return sealed::offer(turn, Skill::Contact, &Entities::default(), Some(consent.id)).await;
        }
        Gate::No(no) => return refusal::in_words(turn, *no).await,
    };
    let permit = permits.remove(0);
    let (connector, grant) = turn.reach(&consent).await?;
    let read = match connector.contact_preferences(&grant, &permit).await {
        Ok(read) => read.open(permit)?,
        Err(fault) => return linking::after_fault(turn, &consent, fault).await,
    };
    let seen = vec![Seen::of(&read)];
    let now = read.value;
    let wish = wishes::contact(text);
    let then = ContactPreferences {
        way: wish.way.unwrap_or(now.way),
        paperless: wish.paperless.unwrap_or(now.paperless),
        offers: wish.offers.unwrap_or(now.offers),
    };
    let reply = if wish.is_empty() || turn.channel.is_foreign() {
        Reply::text(orders::contact_in_words(&now)).with_quick(&offered(&now))
    } else if then == now {
        Reply::text(format!("It is so already. {}", orders::contact_in_words(&now)))
    } else {
        let order = |preferences| Order::SetContactPreferences { preferences };
        let will = format!("I will have it changed: {}", orders::contact_in_words(&then));
        let name = "how the bank reaches you".to_owned();
        orders::question(turn, Wanted { order: order(then), name, undo: Some(order(now)), will })
    };
    Ok(Reply { seen, ..reply })
}

fn offered(now: &ContactPreferences) -> [&'static str; 2] {
    let paper = if now.paperless { "Letters on paper, please" } else { "Go paperless" };
    let offers = if now.offers { "No more offers" } else { "I want offers" };
    [paper, offers]
}
