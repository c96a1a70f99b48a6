//! A permit belongs to one decision, and opens what was read under it.

mod harbour;

use domain::{DataClass, Purpose};
use gate::{AnswerCustomer, Guarded, NotThisDecision, Verdict, WrongPermit};
use harbour::*;

#[test]
fn guarded_data_opens_with_its_permit_and_tells_its_place_in_the_log() {
    let permit = permit(&gate_of(harbour()), &Ask::balances("harbour"), 42);
    assert!(permit.covers(DataClass::Balances) && !permit.covers(DataClass::Transactions));
    assert_eq!((permit.bank(), permit.customer()), (&bank("harbour"), &customer(1)));
    assert_eq!(permit.accounts(), [account("checking-1"), account("savings-1")]);
    let guarded = Guarded::seal(&permit, 5_u8);
    let Ok(opened) = guarded.open(permit) else { panic!("it is the permit of this data") };
    assert_eq!((opened.value, opened.index, opened.entry), (5, 42, entry(1)));
    assert_eq!((opened.data_class, opened.purpose), (DataClass::Balances, Purpose::AnswerCustomer));
}

#[test]
fn guarded_data_does_not_open_with_the_permit_of_another_decision() {
    let gate = gate_of(harbour());
    let first = permit(&gate, &Ask::balances("harbour"), 1);
    let second = permit(&gate, &Ask { entry: entry(2), ..Ask::balances("harbour") }, 2);
    let wrong = Guarded::seal(&first, 5_u8).open(second).err();
    assert_eq!(wrong, Some(WrongPermit { sealed: entry(1), given: entry(2) }));
}

#[test]
fn guarded_data_does_not_open_with_a_permit_that_names_another_place_in_the_log() {
    let gate = gate_of(harbour());
    let first = permit(&gate, &Ask::balances("harbour"), 1);
    let again = permit(&gate, &Ask::balances("harbour"), 2);
    assert!(Guarded::seal(&first, 5_u8).open(again).is_err());
}

#[test]
fn a_grant_becomes_no_permit_with_the_entry_of_another_decision() {
    let ask = Ask::balances("harbour");
    let Verdict::Allowed(granted) = gate_of(harbour()).decide::<AnswerCustomer>(&ask.question()) else {
        panic!("the customer agreed to this");
    };
    let wrong = granted.permit(&logged(entry(2), 0)).err();
    assert_eq!(wrong, Some(NotThisDecision { decided: entry(1), logged: entry(2) }));
}
