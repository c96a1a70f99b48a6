//! What people write about alerts, and what is read of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use domain::{AccountKind, Currency};
use jiff::civil::Time;
use understanding::{
    AccountHint, Amount, DigestAsk, QuietAsk, WatchAsk, WatchKind, WatchKind::*, WatchWish, WhichWatch,
    watch, watch_amount, watch_stop,
};

fn wish(text: &str) -> WatchWish {
    match watch(text) {
        WatchAsk::Set(wish) => wish,
        other => panic!("{text}: {other:?}"),
    }
}

fn at(hour: i8, minute: i8) -> Time {
    Time::new(hour, minute, 0, 0).unwrap()
}

#[test]
fn the_kind_of_an_alert_is_read_from_many_wordings() {
    let kinds: &[(WatchKind, &[&str])] = &[
        (
            LowBalance,
            &[
                "tell me when my balance drops below 100",
                "warn me if my account goes under 50 euros",
                "set up a low balance alert",
                "ALERT ME WHEN BALANCE UNDER 20",
                "give me a shout if i go below 300",
                "remind me when my balance is low",
                "warn me before I go overdrawn",
                "if my balance falls under 250 let me know",
                "watch the balance of my checking",
                "alert when overdrawn",
                "would you warn me if i'm close to zero",
                "set up a notification for low funds",
                "shout if i have less than a tenner",
                "tell me if my balance goes below £75",
                "alrt me if balance under 100",
            ],
        ),
        (
            Purchase,
            &[
                "alert me if I spend more than 200",
                "watch for big purchases",
                "i want an alert for purchases over 500",
                "create an alert for large withdrawals",
                "flag any payment above 1000",
                "i'd like to be told about online purchases over 100",
                "beep me if anything over 50 goes out",
                "inform me about purchases of more than $300",
                "from now on tell me about large payments",
                "make an alert for atm withdrawals",
            ],
        ),
        (
            Salary,
            &[
                "let me know when my salary arrives",
                "notifiy me when i get paid",
                "send me a heads up when my wages land",
                "keep watch for my paycheck",
                "create watch salary",
                "track when my wages come in and tell me",
                "am i going to be told when my salary arrives",
            ],
        ),
        (
            MoneyIn,
            &[
                "ping me when the refund comes in",
                "tell me whenever money comes in",
                "set alert for deposits",
                "let me know when the 80 dollar refund arrives",
                "let me know as soon as my tax refund hits",
                "every time i get money tell me",
                "watch for a payment from john",
            ],
        ),
        (
            PriceRise,
            &[
                "let me know if netflix gets more expensive",
                "let me know if a subscription price goes up",
                "please notify me if my electricity bill goes up",
                "tell me when a subscription costs more",
                "alert me about subscription price rises",
            ],
        ),
        (
            Foreign,
            &[
                "notify me of any payment abroad",
                "keep an eye on my account for foreign payments",
                "can you tell me if my card gets used in another country",
                "notify on any foreign currency payment",
                "tell me about payments overseas",
            ],
        ),
        (
            CardUse,
            &[
                "message me when my card is used",
                "text me if someone uses my card",
                "notify me every time my card is charged",
                "i want notifications when money leaves",
                "tell me about every transaction on the joint account",
                "could you watch out for payments to paypal",
                "watch my spending at amazon",
            ],
        ),
    ];
    for (kind, texts) in kinds {
        for text in *texts {
            assert_eq!(wish(text).kind, Some(*kind), "{text}");
        }
    }
}

#[test]
fn nothing_is_invented_where_no_kind_is_named() {
    for text in ["new alert", "add an alert", "set another alert at 50", "set an alert"] {
        assert_eq!(wish(text).kind, None, "{text}");
    }
    for text in ["tell me when i've spent 400 this month", "let me know when my account has over 2000"] {
        assert_eq!(watch(text), WatchAsk::Sum, "{text}");
    }
}

#[test]
fn amounts_accounts_and_names_are_read_with_it() {
    let minor = |text: &str| wish(text).amount.map(|amount| amount.minor);
    assert_eq!(minor("tell me when my balance drops below 100"), Some(10_000));
    assert_eq!(minor("tell me when my balance drops to 20"), Some(2_000));
    assert_eq!(minor("alert me when I spend more than $49.50"), Some(4_950));
    assert_eq!(minor("set up a low balance alert"), None);
    let pounds = wish("tell me if my balance goes below £75").amount;
    assert_eq!(pounds, Some(Amount { minor: 7_500, currency: Some(Currency::GBP) }));
    assert_eq!(
        wish("tell me when my savings balance falls below 500").account,
        Some(AccountHint::Kind(AccountKind::Savings))
    );
    assert_eq!(wish("message me when my card is used").account, None);
    assert_eq!(
        wish("tell me when my credit card is used").account,
        Some(AccountHint::Kind(AccountKind::Card))
    );
    for (text, name) in [
        ("let me know if Netflix gets more expensive", "Netflix"),
        ("watch my spending at Amazon", "Amazon"),
        ("could you watch out for payments to PayPal", "PayPal"),
        ("watch for a payment from John", "John"),
        ("please notify me if my electricity bill goes up", ""),
        ("let me know when my salary arrives", ""),
        ("notify me of any payment abroad", ""),
    ] {
        assert_eq!(wish(text).merchant.as_deref().unwrap_or_default(), name, "{text}");
    }
}

#[test]
fn the_answer_to_how_much_may_be_a_bare_number() {
    for (text, minor) in [
        ("100", 10_000),
        ("$100", 10_000),
        ("a hundred dollars", 10_000),
        ("fifty", 5_000),
        ("below 20.50", 2_050),
        ("let's say 1,200", 120_000),
    ] {
        assert_eq!(watch_amount(text).map(|amount| amount.minor), Some(minor), "{text}");
    }
    for text in ["", "no idea", "0", "never mind"] {
        assert_eq!(watch_amount(text), None, "{text}");
    }
}

#[test]
fn quiet_hours_are_read_as_people_say_them() {
    for (text, from, to) in [
        ("set quiet hours from 10pm to 7am", at(22, 0), at(7, 0)),
        ("quiet hours 10pm-7am", at(22, 0), at(7, 0)),
        ("quiet time from 22 to 6", at(22, 0), at(6, 0)),
        ("silence between midnight and six", at(0, 0), at(6, 0)),
        ("please respect quiet hours 11 to 7", at(23, 0), at(7, 0)),
        ("quiet hours from 22:30 to 6:45", at(22, 30), at(6, 45)),
        ("don't send alerts at night", at(22, 0), at(7, 0)),
        ("mute alerts overnight", at(22, 0), at(7, 0)),
        ("not during the night please, the alerts", at(22, 0), at(7, 0)),
        ("DONT WAKE ME UP WITH ALERTS", at(22, 0), at(7, 0)),
        ("stop messages after 9pm", at(21, 0), at(7, 0)),
        ("no notifications before 8 in the morning", at(22, 0), at(8, 0)),
        ("no alerts between 1pm and 3pm", at(13, 0), at(15, 0)),
        ("quiet hours from 9am to 5pm", at(9, 0), at(17, 0)),
        ("only message me between 9am and 9pm", at(21, 0), at(9, 0)),
        ("only 8:00 to 22:00", at(22, 0), at(8, 0)),
        ("send alerts only after 8am", at(22, 0), at(8, 0)),
        ("alerts only before 9pm please", at(21, 0), at(7, 0)),
    ] {
        assert_eq!(watch(text), WatchAsk::Quiet(QuietAsk::Hours(from, to)), "{text}");
    }
    for text in ["quiet hours please", "set do not disturb", "what are my quiet hours"] {
        assert_eq!(watch(text), WatchAsk::Quiet(QuietAsk::Unsaid), "{text}");
    }
    for text in ["remove quiet hours", "alert me at any time, no quiet hours", "turn quiet hours off"] {
        assert_eq!(watch(text), WatchAsk::Quiet(QuietAsk::Off), "{text}");
    }
}

#[test]
fn the_digest_is_read_as_people_say_it() {
    for (text, time) in [
        ("digest at 6pm", at(18, 0)),
        ("once a day at 6pm", at(18, 0)),
        ("change digest time to 9am", at(9, 0)),
        ("send alerts as a daily digest at 18:30", at(18, 30)),
        ("morning digest please", at(8, 0)),
        ("i'd rather have a summary in the evening", at(18, 0)),
        ("collect the alerts and send them at noon", at(12, 0)),
        ("digest at 6", at(18, 0)),
        ("digest at 9", at(9, 0)),
    ] {
        assert_eq!(watch(text), WatchAsk::Digest(DigestAsk::At(time)), "{text}");
    }
    for text in [
        "send alerts as a daily digest",
        "only alert me once a day",
        "one alert per day max",
        "prefer a digest",
    ] {
        assert_eq!(watch(text), WatchAsk::Digest(DigestAsk::Daily), "{text}");
    }
    for text in [
        "turn the digest off",
        "send alerts immediately instead of a digest",
        "i want them right away not bundled",
        "stop the digest",
    ] {
        assert_eq!(watch(text), WatchAsk::Digest(DigestAsk::Off), "{text}");
    }
    assert_eq!(watch("weekly digest instead of single alerts"), WatchAsk::Digest(DigestAsk::Other));
}

#[test]
fn what_is_to_be_stopped_is_read_by_number_kind_or_all() {
    for (text, which) in [
        ("Stop alert 2", WhichWatch::Number(2)),
        ("cancel alert number 2", WhichWatch::Number(2)),
        ("remove the second one of my alerts", WhichWatch::Place(2)),
        ("delete the last alert", WhichWatch::Place(0)),
        ("delete all my alerts", WhichWatch::All),
        ("no more alerts please", WhichWatch::All),
        ("STOP THE ALERTS", WhichWatch::All),
        ("turn off alerts", WhichWatch::All),
        ("cancel my watches", WhichWatch::All),
        ("turn off the low balance alert", WhichWatch::Kind(LowBalance)),
        ("stop alerting me about my balance", WhichWatch::Kind(LowBalance)),
        ("cancel the salary alert", WhichWatch::Kind(Salary)),
        ("i don't want the big purchase alert anymore", WhichWatch::Kind(Purchase)),
        ("drop the alert for foreign payments", WhichWatch::Kind(Foreign)),
        ("please delete the alert for payments over 50", WhichWatch::Kind(Purchase)),
        ("quit pinging me about deposits", WhichWatch::Kind(MoneyIn)),
        ("take away the watch for price rises", WhichWatch::Kind(PriceRise)),
        ("stop telling me about every payment", WhichWatch::Kind(CardUse)),
        ("remove quiet hours", WhichWatch::Quiet),
        ("stop the digest", WhichWatch::Digest),
        ("remove alert", WhichWatch::Unsaid),
        ("switch off that alert", WhichWatch::Unsaid),
    ] {
        assert_eq!(watch_stop(text), which, "{text}");
    }
}

#[test]
fn every_message_is_read_without_failing() {
    let files = ["watch_set.txt", "watch_stop.txt", "watch_list.txt", "alert_preferences.txt", "balance.txt"];
    for file in files {
        let path = format!("{}/sentences/{file}", env!("CARGO_MANIFEST_DIR"));
        for line in std::fs::read_to_string(path).unwrap().lines() {
            let _ = (watch(line), watch_stop(line), watch_amount(line));
        }
    }
    for odd in ["", "💸", "25:99 to 99:99pm", "from 0 to 0", "-", "1-", "–7", "10pm to", &"9".repeat(5_000)]
    {
        let _ = (watch(odd), watch_stop(odd), watch_amount(odd));
    }
}
