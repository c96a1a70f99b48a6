//! Lists of words that say how to take a phrase of the table: small talk, what outweighs what, words of other matters.
//! Data only.

use crate::intent::Intent::{self, *};

/// Small talk: a message of at most [`MOST_SMALL_TALK`] words that has one of the first words and otherwise only
/// words of either list. The first line that fits is taken.
#[rustfmt::skip]
pub(crate) const SMALL_TALK: &[(Intent, &[&str], &[&str])] = &[
    (
        No,
        &[
            "no", "nope", "nah", "nay", "noo", "nooo", "negative", "never", "nevermind", "decline",
            "reject", "refuse", "deny", "disagree", "incorrect", "wrong", "abort", "naw", "nein", "not",
            "dont",
        ],
        &[
            "thanks", "thank", "you", "please", "sorry", "way", "absolutely", "definitely", "certainly",
            "probably", "better", "really", "sir", "oh", "um", "well", "ok", "thats", "it", "that", "is",
            "at", "all", "chance", "actually",
        ],
    ),
    (
        Yes,
        &[
            "yes", "yeah", "yep", "yup", "yea", "ya", "yess", "yesss", "ye", "aye", "ok", "okay", "okey",
            "kk", "k", "y", "sure", "certainly", "absolutely", "definitely", "agreed", "agree", "correct",
            "right", "confirm", "confirmed", "accept", "approve", "approved", "affirmative", "indeed",
            "fine", "alright", "yas", "okie", "roger", "gladly", "exactly", "true", "deal", "si", "oui",
            "ja",
        ],
        &[
            "please", "thing", "thats", "its", "it", "that", "i", "do", "sir", "oh", "um", "well", "of",
            "course", "all", "then", "now", "am", "is", "very", "much", "so",
        ],
    ),
    (
        Thanks,
        &[
            "thanks", "thank", "thx", "thnx", "ty", "cheers", "ta", "tysm", "thankyou", "tyvm", "thanx",
            "tks", "tnx", "appreciated", "grateful", "obliged", "merci", "danke", "gracias", "grazie",
            "brilliant", "awesome", "excellent", "fantastic", "wonderful", "amazing", "superb",
            "marvellous", "fab", "great", "perfect", "lovely", "nice", "cool", "super", "neat",
        ],
        &[
            "you", "u", "ya", "so", "very", "much", "a", "lot", "lots", "for", "again", "all", "mate",
            "bot", "everyone", "many", "million", "that", "this", "is", "the", "your", "help", "info",
            "information", "ok", "okay", "oh", "wow", "ah", "really", "ok", "right", "alright",
            "everything", "big", "yes", "no", "quick", "answer", "good", "beaucoup", "mille", "muchas",
            "schon", "time", "patience", "kindly", "and", "bye", "im", "well", "being", "telling", "me",
            "bunch", "friend",
        ],
    ),
    (
        Greeting,
        &[
            "hi", "hello", "hey", "hiya", "howdy", "yo", "hallo", "heya", "hullo", "greetings", "morning",
            "evening", "afternoon", "sup", "helloo", "hellooo", "hii", "hiii", "heyy", "heyyy", "gday",
            "hola", "bonjour", "salut", "namaste", "bye", "goodbye", "cya", "later", "farewell", "byebye",
            "ciao", "cheerio", "goodnight", "welcome",
        ],
        &[
            "there", "again", "all", "bot", "everyone", "you", "bank", "parlour", "friend", "team", "mate",
            "folks", "to", "good", "day", "very", "a", "the", "nice", "ok", "okay", "well", "for", "now",
            "then", "dear", "and", "my", "old", "night", "everybody", "harbour", "meridian", "happy",
            "monday", "friday",
        ],
    ),
];

/// Longer messages are not small talk.
pub(crate) const MOST_SMALL_TALK: usize = 8;

/// When an intent on the left is sure, those on the right are only what it is about: "who looked at my
/// transactions", "stop sharing my balance".
pub(crate) const DOMINATES: &[(Intent, &[Intent])] = &[
    (
        Erase,
        &[
            Stop,
            Balance,
            Transactions,
            Spending,
            Picture,
            Compare,
            WhereShopped,
            WhoLooked,
            Link,
            Help,
            Person,
            Yes,
            No,
            Export,
        ],
    ),
    (Export, &[Balance, Transactions, Spending, Picture, Compare, WhoLooked, Link, Help, Yes, No]),
    (
        Stop,
        &[
            Balance,
            Transactions,
            Spending,
            Picture,
            Compare,
            WhereShopped,
            WhoLooked,
            Receipts,
            Link,
            Help,
            Person,
            Yes,
            No,
        ],
    ),
    (Pause, &[Stop, Link, WhoLooked, Transactions, Help, No, Yes]),
    (Resume, &[Stop, Link, WhoLooked, Help, Yes]),
    (Change, &[Stop, Link, WhoLooked, Balance, Transactions, Help, MyConsents]),
    (Privacy, &[WhoLooked, Help, Change, MyConsents, Link]),
    (MyConsents, &[WhoLooked, Link, Help, Transactions, Balance]),
    (Person, &[Help, Link, Balance, Transactions, WhoLooked]),
    (Receipts, &[WhoLooked, Balance, Transactions, Spending, Picture, Compare, WhereShopped, Link, Help]),
    (WhoLooked, &[Balance, Transactions, Spending, Picture, Compare, WhereShopped, Link, Help]),
    (
        WatchStop,
        &[
            Watch,
            Watches,
            Stop,
            Pause,
            Balance,
            Transactions,
            Spending,
            Subscriptions,
            Schedules,
            CardLimits,
            CardFreeze,
            Contact,
            Link,
            Help,
            Person,
            No,
            Yes,
            Travel,
        ],
    ),
    (Watches, &[Watch, Balance, Transactions, Spending, Subscriptions, Contact, Link, Help, Person, Deeds]),
    (
        Watch,
        &[
            Transactions,
            Spending,
            Subscriptions,
            Schedules,
            CardLimits,
            CardFreeze,
            Contact,
            Link,
            Help,
            Person,
            No,
            Yes,
            Travel,
            WhoLooked,
            Stop,
            Statements,
            Standing,
            Hours,
            Compare,
            Picture,
            WhereShopped,
            Balance,
        ],
    ),
    (
        Travel,
        &[
            CardLimits,
            Balance,
            Transactions,
            Spending,
            Link,
            Help,
            Person,
            CardFreeze,
            CardUnfreeze,
            Contact,
            WhereShopped,
            Hours,
            Greeting,
            Watch,
        ],
    ),
    (CardLimits, &[Balance, Spending, Transactions, Stop, CardFreeze, Link, Help, Resume, WhereShopped]),
    (Statements, &[Transactions, Balance, Spending, Export, Link, Help, Contact]),
    (TakeAlong, &[Export, Transactions, Spending, Balance, Link, Help, Statements]),
    (Schedules, &[Transactions, Balance, Spending, Link, Help, Subscriptions]),
    (Subscriptions, &[Transactions, Balance, Spending, Link, Help, Change]),
    (Nickname, &[Balance, Transactions, Person, Link, Help, Change]),
    (
        Contact,
        &[
            Stop,
            Pause,
            Person,
            Balance,
            Transactions,
            Link,
            Help,
            Change,
            No,
            Yes,
            Subscriptions,
            Schedules,
            MyConsents,
        ],
    ),
    (Deeds, &[Transactions, Balance, Help, Link, WhoLooked, Receipts]),
    (Undo, &[Help, Resume, Stop, No, Yes, Change]),
    (CardUnfreeze, &[CardFreeze, Balance, Link, Help, CardLost]),
    (CardStolen, &[CardLost, CardFreeze, Balance, Transactions, Link]),
    (CardLost, &[CardFreeze, Balance, Transactions, Link]),
    (CardFreeze, &[Stop, Balance, Pause, Link, Help, Resume]),
    (Hours, &[Help, Person, Link, Transactions, Balance]),
    (Standing, &[Link, Help, MyConsents, Balance]),
    (Compare, &[Spending, Transactions, Picture, Balance, WhereShopped]),
    (Picture, &[Spending, Transactions, WhereShopped, Balance]),
    (WhereShopped, &[Spending, Transactions]),
    (Spending, &[Transactions]),
    (Link, &[Balance, Transactions, Spending, Picture, Compare, Help]),
    (Balance, &[Help]),
    (Transactions, &[Help]),
    (Greeting, &[Help, No, Person]),
    (Thanks, &[Help, Yes, No]),
    (Yes, &[Help, Link]),
    (No, &[Help, Link, Yes, Stop]),
];

/// Words at the ends of a message that do not change what it asks.
#[rustfmt::skip]
pub(crate) const FILLERS: &[&str] = &[
    "please", "pls", "plz", "hi", "hello", "hey", "so", "well", "um", "uh", "now", "mate", "thanks", "thx",
    "cheers", "just", "then", "and", "also", "ok", "okay", "right", "away", "immediately", "x", "lol",
    "btw", "actually", "asap", "today", "again", "can", "could", "you", "would", "kindly", "thank", "i",
    "said",
];

/// One of these shortly before a phrase turns it round.
#[rustfmt::skip]
pub(crate) const NEGATIONS: &[&str] =
    &["dont", "not", "never", "doesnt", "didnt", "isnt", "cant", "cannot", "without", "wont"];

/// Words of matters that are not dealt with here: a phrase beside one of them is only asked about.
#[rustfmt::skip]
pub(crate) const OTHER_BUSINESS: &[&str] = &[
    "phone", "unauthorized", "unauthorised", "unathorized", "app", "password", "identification", "declined",
    "refund", "refunded", "dispute", "stolen", "fraud", "fraudulent", "unrecognised",
    "unrecognized", "recognise", "recognize", "exchange", "rate", "rates", "transfer", "transfers",
    "transferred", "topup", "top", "topped", "topping", "cheque", "atm", "pin", "passcode", "fee", "fees",
    "charged", "twice", "duplicate", "wrong", "failed", "reverted", "reversed", "cancelled", "canceled",
    "activate", "expire", "expires", "expired", "expiry", "limit", "limits", "freeze", "frozen", "blocked",
    "block", "direct", "mortgage", "interest", "insurance", "apple", "google", "verify",
    "identity", "beneficiary", "updated", "update", "wasnt", "hasnt", "havent", "didnt", "deliver",
    "delivery", "mail", "virtual", "disposable", "contactless", "currency", "currencies", "weather",
    "withdrawal", "withdrawals", "extra", "strange", "unknown", "disappeared",
];

/// Words of a trouble with one's money, which a list or a sum does not settle: beside them, questions about money
/// are only asked about.
#[rustfmt::skip]
pub(crate) const TROUBLE: &[&str] = &[
    "why", "not", "isnt", "wont", "dont", "doesnt", "reflected", "changed", "change", "deposited",
    "deposit", "replenish", "automatically", "source", "waiting", "still", "appearing", "multiple", "avoid",
    "cancel", "revert", "undo", "mistake", "error", "problem", "issue", "taking", "long", "stuck",
    "complete", "completed", "process", "processed", "received", "receive", "someone", "if", "does", "mean",
    "means", "accept", "accepted", "cant",
];

/// Real words that are one letter away from a word of the table.
#[rustfmt::skip]
pub(crate) const NOT_TYPOS: &[&str] = &[
    "relink", "employer", "employers", "send", "sent", "spied", "think", "thinks", "thank", "locked",
    "liked", "there", "these", "shops", "stops", "chopped", "stopped", "stare", "honey", "right", "night",
    "eight", "light", "sight", "sharking", "reason", "raise", "hell", "paying", "laying", "saying",
    "bought", "brought", "sport", "spelt", "seed", "please", "lunch", "great", "treat", "shore", "share",
    "stake", "wages", "pages", "using", "losing", "charge", "change", "changes", "changed", "while",
    "white", "whale", "quite", "quiet", "quit", "thing", "things", "loans", "plan", "place", "plane",
    "found", "funds", "finds", "sound", "round", "would", "could", "should", "world", "house", "hours",
    "where", "were", "when", "live", "love", "leave", "least", "last", "later", "letter", "better",
    "matter", "latter", "reed", "reads", "reach", "react", "ready", "really", "allow", "alloy", "phone",
    "prone", "store", "stored", "story", "score", "human", "agent", "cards", "carts", "banks", "links",
    "lines", "likes", "blank", "block", "black", "red", "view", "views", "check", "cheek", "access",
    "excess", "accept", "except", "refund", "pending", "linked", "looked", "seen", "state", "start", "stark", "stars", "smart",
];

/// Words by which English is known.
#[rustfmt::skip]
pub(crate) const COMMON_ENGLISH: &[&str] = &[
    "the", "my", "what", "whats", "how", "is", "i", "you", "do", "did", "have", "please", "of", "and",
    "who", "where", "much", "show", "stop", "hello", "hi", "hey", "thanks", "thank", "yes", "no", "balance",
    "help", "to", "last", "this", "for", "at", "can", "transactions", "spending", "link", "unlink", "that",
    "it", "not", "dont", "was", "are", "with", "week", "month",
];
