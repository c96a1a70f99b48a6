//! The phrases that are understood. Data only; `matching.rs` says how a phrase is written: `a|b` either,
//! `a?` may be missing, `*` up to four words between, `^` and `$` the ends of the message. All in small letters and
//! without apostrophes.

use crate::intent::Intent::{self, *};

/// How much a phrase says by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strength {
    /// Enough to act.
    Strong,
    /// Enough to ask back.
    Weak,
}

use Strength::{Strong, Weak};

pub(crate) const PHRASES: &[(Intent, Strength, &[&str])] = &[
    (
        Balance,
        Strong,
        &[
            "balance|balances",
            "how much * in my|the|our? checking|savings|account|accounts|bank",
            "whats|what is|s? left on|in|of my|the",
            "how much i|we still? have|got * in|left",
            "do i|we have money|cash in|left",
            "how many|much dollars|pounds|euros|bucks|quid do i|we have",
            "how much money? do i|we still? have|own",
            "how much * have i|we got",
            "how much is|are|s? left",
            "how much * left in|on",
            "how much * is|are|s? in my|the|our",
            "how much money is|are|s there",
            "hows my account|bank|money",
            "whats|what in my|the account|accounts|savings|checking|bank",
            "what is|do i|we? have? in my|the|our account|accounts|savings|checking|bank",
            "what have i|we got in my|the|our? account|accounts|savings|checking|bank",
            "available|remaining funds|money|credit",
            "funds|money available|remaining",
            "how much|many can|could i|we spend",
            "am|are i|we overdrawn|broke",
            "in the red|black",
            "how much * do i owe",
            "account|accounts total|totals",
            "total in|of all? my? accounts|account",
            "whats left in|of my",
            "how rich|broke am i",
            "how much cash have|do i",
            "do i have any|enough money|cash|funds",
            "money left",
        ],
    ),
    (Balance, Weak, &["^ my? account|accounts|money $", "can i afford", "my account|accounts"]),
    (
        Transactions,
        Strong,
        &[
            "transactions",
            "what|which payments|purchases|charges did|have|were|are",
            "list|show|see everything|all over|above|under|below|since|from|between",
            "did i|we get paid",
            "what i|we|ive|weve bought|purchased",
            "did anything|something go|come out|in",
            "spending activity|history",
            "last|latest|newest|recent transaction|payment|purchase|charge",
            "transaction history|list|log",
            "last|latest|recent|newest|past|pending * payments|purchases|charges|debits|deposits|spends",
            "any|my pending payment|transaction",
            "show|list|see|give|get|view|find|display * payments|purchases|charges|activity|debits|deposits|movements",
            "account|recent|latest|bank|card activity|history|movements",
            "what did i buy|pay|purchase",
            "what have i bought|paid|purchased",
            "what came|went out|in",
            "what has|have come|gone out|in",
            "money in and out",
            "payments|purchases|charges over|above|under|below|between|around|more|less|from|since|on|at|today|yesterday|this|last|in|to",
            "my payments|purchases|deposits",
            "anything pending",
            "whats pending",
            "has my salary|wage|wages|pay|paycheck|payment arrived|come|landed|cleared",
            "did my salary|wage|wages|pay|paycheck arrive|come|land|clear",
            "what left my account",
            "any new payments|purchases|charges",
        ],
    ),
    (
        Transactions,
        Weak,
        &[
            "^ statement|statements|payments|purchases|activity|history $",
            "my statement|statements",
            "transaction",
            "bank statement|statements",
        ],
    ),
    (
        Spending,
        Strong,
        &[
            "how much|many * did|have|has|do|am|was|is i|we|my|weve|ive * spend|spent|spending|pay|paid|shell|shelled|blow|blown",
            "how much ive|i|weve|we * spent|spend|paid|blown",
            "how much|what money? went|goes|gone|going|has|have * on|at|to groceries|food|rent|eating|shopping|coffee|bills",
            "how much * went on|to|at",
            "what did|have|do i|we * spend|spent",
            "what ive|i|weve|we spent|spend",
            "my|our|total|monthly|weekly|daily spend|spending|expenses|outgoings|expenditure",
            "spending|expenses|outgoings this|last|in|for|on|at|by|summary|total|report|since|today|yesterday",
            "total|amount i? spent",
            "spent|spend|spending * at|on|in|since|this|last|today|yesterday",
            "what * cost me",
            "how much * cost me",
            "sum|add up * spending|spent|spend",
            "^ spending|spend|spent|expenses $",
            "did i|we spend more|less|much|anything|too|over|under|a",
            "have i|we spent more|less|much|anything|too|over|under|a",
            "how expensive was|were my",
        ],
    ),
    (Spending, Weak, &["where * my|our? money go|goes|going|went|gone", "budget"]),
    (
        WhereShopped,
        Strong,
        &[
            "where did|do|have|has i|we * shop|shopped|shopping|buy|bought|spend|spent|spending|pay|paid|use|used|eat|been",
            "where did|has|was|have my card|cards|money * used|use|charged",
            "where i|ive|we|weve * shop|shopped|shopping|spend|spent|spending|bought|paid|been",
            "which|what shops|shop|stores|store|places|merchants|merchant|retailers|restaurants|cities|city|towns|town|countries|country * did|have i|we",
            "which|what shops|shop|stores|store|places|merchants|merchant|retailers|restaurants|cities|city|towns|town|countries|country * ive|weve|are|were|was|in my|the|our|been|to",
            "where was|were|is|are * payment|payments|purchase|purchases|transaction|transactions|charge|charges",
            "places|shops|stores|merchants i|ive|we|where * been|shop|shopped|bought|spent|used|visit|visited|spend|paid",
            "list|show|see * shops|stores|merchants|places",
            "my|the merchants|shops|stores|shopping places|locations|merchants|history",
            "location|locations|place|places of my|the|that|those * purchases|purchase|payments|payment|transactions|transaction",
        ],
    ),
    (
        WhoLooked,
        Strong,
        &[
            "who * looked|look|looking|looks|saw|see|sees|seen|read|reads|reading|accessed|access|accesses|viewed|view|views|checked|opened|used|uses|peeked",
            "whos * looked|looking|seen|saw|read|reading|accessed|viewed|viewing|checked|opened|used|using|seeing",
            "did|has|have|does|can anyone|anybody|someone|somebody|they * check|checked my|our data|account|information",
            "has|was|is|were|have my|our data|information|details|account * shared|read|seen|accessed|used|viewed|sold|opened",
            "access log|logs|history|record|records",
            "has|have|did|does|is|was|can|could anyone|anybody|someone|somebody|they|meta|facebook * look|looked|looking|see|seen|read|reading|access|accessed|view|viewed|opened|use|used",
            "who * access|data|information|details|info",
            "when|why was|were|did|is|has * my|the|our data|information|details|info|account * read|looked|used|seen|accessed|viewed|opened|shared|look|access|read|opened",
            "what have|did|do you|they look|looked|read|see|seen|access|accessed|know|collect|collected|store|share|shared",
            "what * my|the|our data * read|looked|used|seen|accessed|viewed|shared|opened",
            "how * my|our data used|accessed|shared|being",
            "show|see|list|give me? the|my|all|every? * accesses|lookups|log|logs|audit",
            "audit trail|log",
            "when|why did|have|do you|they|anyone * look|looked|read|access|accessed|see|view|use",
            "what|which data|information do|did|can you|they * see|read|have|collect|know|store|use",
            "data access|accesses|log|history|use|usage",
            "is|are my|our data safe|private|shared|sold|secure",
            "do|did you share|sell|show|shared|sold my|our",
        ],
    ),
    (WhoLooked, Weak, &["privacy", "my data", "who|whos * my account|accounts"]),
    (
        Stop,
        Strong,
        &[
            "^ stop stop? stop? $",
            "^ stop it|this|that|now|all|everything|please|pls|immediately|stop|chatting|talking|messaging|here|service $",
            "^ stop all|all of? this|it|that|messages $",
            "^ i want|need|would|wanna|id like? to? stop|quit this|it|now|everything? $",
            "^ quit|end|cancel|unsubscribe|stopall|optout|revoke|disconnect|unlink $",
            "^ opt out|me? out? $",
            "opt|opting|opted me? out",
            "unlink|delink|unlinking",
            "stop|quit|end all|any|my|the|this sharing",
            "withdrawing|revoking|cancelling|canceling|ending my|the|this? consent|permission|sharing|link|access",
            "^ i|id|we want|need|would|like|wish like? you|this|it|parlour to stop|end|quit * $",
            "^ i|we dont|do not? want|need|like this|it|you|sharing anymore|any|now? more|longer? $",
            "^ i|we no longer want|need this|it|you|sharing? $",
            "^ i want out|to leave? $",
            "unsubscribe",
            "disconnect * bank|account|accounts|me|this|chat|everything|link|harbour|meridian",
            "stop|quit|end|cease|halt|cancel|no|finish more? the? sharing|shares|share",
            "stop|quit * sharing|reading|looking|using|accessing|seeing|collecting|showing|sending * data|info|information|account|accounts|details|bank|balance|balances|transactions|money|me|everything|it|them|stuff|purchases",
            "withdraw|revoke|end|cancel|remove|take|retract|rescind|terminate|delete * consent|permission|permissions|authorisation|authorization|agreement|approval",
            "withdraw|revoke|end|cancel|remove|cut|terminate|delete|break|undo|drop * link|linking|connection|access|sharing",
            "stop the? access|connection|link|linking|service",
            "remove|delete|forget|erase|wipe my|the|this|our * bank|data|link|connection|information|account from|here|now|please",
            "^ remove|forget|erase my|the|our bank from? here|this? chat? $",
            "^ forget my|our account|accounts $",
            "forget|erase|delete my|our bank|data|link|connection|information|details",
            "dont|not want|wanna * share|sharing|linked|connected * more|anymore|longer|account|bank|data|link",
            "no longer want|wish|like to share|be|have|use",
            "dont|never share|read|use|look|access at|into? my|our",
            "turn|switch off|of * sharing|access|link|connection|data",
            "turn|switch sharing|access|this|it off",
            "i changed my mind about sharing|linking|connecting",
            "take away|back * access|permission|consent",
        ],
    ),
    (Stop, Weak, &["stop", "cancel", "leave me alone", "go away", "delete", "pause"]),
    (
        Link,
        Strong,
        &[
            "^ link|connect|relink|reconnect|link again|now|me|up|it|please|bank|account? $",
            "add my|another|a|our new? bank|account",
            "link|connect|relink|reconnect|attach|join|pair|hook|linking|connecting up? * bank|account|accounts|card|chat|harbour|meridian",
            "link|connect|sign|log|hook me|us up|in|to|with",
            "set|setup up? * bank|account|accounts|link|connection|chat|this|sharing",
            "sign|log|signing|logging in|into|up to? my? bank|account|accounts|online|here|now|please?",
            "login|signin|signup",
            "link again",
            "how|can|could|would|want|like|let|please|id|ready|try|help * link|connect|relink|reconnect|linked|connected",
            "start sharing",
            "start|started|begin with|by? linking|connecting",
            "give|grant you|chat|it|consent|permission * access|permission|consent|again|account",
            "share my bank? bank|account|accounts|data|balance|transactions with|again|here",
            "grant|allow access",
            "lets|to|please link|connect it|this|them|my|now",
            "is|am|are i|my|we|it * linked|connected",
            "get * linked|connected",
            "resume sharing|link|access",
        ],
    ),
    (Link, Weak, &["start", "linked", "register"]),
    (
        Help,
        Strong,
        &[
            "^ help help|me|please|out? me|please? $",
            "i need|want some|your|a? help",
            "can|could you|u help",
            "what else? can|do|could|would|all you|u|this|it|i|we * do|ask|say|help|here|offer|know|type",
            "how does|do|can|should this|it|that|you|i * work|use|start|ask|chat",
            "how to use|start|ask",
            "^ menu|options|commands|command|faq|info|instructions|guide|support $",
            "what are * options|commands|choices|features|possibilities",
            "show|list|see|give me? the|my|all|your? menu|options|commands|features|choices",
            "who|what are|r you|u",
            "are|r you|u a|an? real|human|person|bot|robot|machine|computer|ai|alive",
            "what is|s this|parlour|that chat|bot|for|thing|about|here|exactly? $",
            "whats this chat|bot|for|about|thing? $",
            "help me with|understand|here|use",
            "not sure what to|i",
            "i am lost|confused|stuck|new",
            "what now",
            "what|which questions|things * i ask|say|do|type",
            "is this|it|that a|an? bot|robot|person|human|machine",
            "what is this|that|it chat|bot|thing for|about",
            "im lost|confused|stuck|new",
            "explain|tell me? what|how you|this|it|that|do|does|can * do|work|works|ask|use",
            "how do i start|begin|use|ask|do",
            "explain|tell * what you|this|it|how do|does|can|is|works|work",
            "what should i|we|do type|say|ask|write|do|i|now",
        ],
    ),
    (Help, Weak, &["help", "how does", "explain"]),
    (
        Person,
        Strong,
        &[
            "talk|speak|chat|write|connect|transfer|put|get|pass|hand|escalate|switch|through|contact|reach|call|message * human|person|agent|someone|somebody|adviser|advisor|representative|rep|staff|operator|manager|supervisor|people|employee|banker|teller|colleague|support",
            "need|want|like|have|give|get|is|prefer|find|where|can|send a|an|any|some|the|real|actual|live|me * human|agent|operator|representative|adviser|advisor|rep|supervisor|manager|banker",
            "in touch with a|an|some? human|person|agent|someone|somebody|adviser",
            "real|actual|live|human|living person|human|people|agent|being|adviser|advisor|staff|operator|help|assistance|support",
            "^ a|an? human|person|agent|operator|representative|adviser|advisor|rep|someone|staff|manager|supervisor please|now|real? $",
            "customer|client service|services|support|care|desk",
            "someone|somebody|anyone|anybody|person who|at|from|to|in|real|human * bank|help|real|human|branch|understands|talk|speak|call|works|actual",
            "call|phone|ring|telephone me|you|us|the|someone|back|my|bank",
            "whats|what|is|have|your|bank|the phone|telephone number",
            "^ phone|telephone number $",
            "not|no|without|hate|stop * bot|bots|robot|machine|computer|chatbot|ai",
            "can|could|may i|we|someone|somebody|anyone call|ring|phone|speak|talk|chat",
            "make|file|raise|lodge|have a complaint",
            "i want|need to|wanna complain|speak|talk|chat|escalate",
            "complain|complaint",
            "is|are there a|an|any? real? human|person|agent|people|somebody|someone",
            "speak|talk to them|him|her|you|the directly|bank|branch|team",
        ],
    ),
    (Person, Weak, &["agent", "human", "operator", "somebody|someone"]),
    (
        Greeting,
        Strong,
        &[
            "^ hi|hello|hey? there? how are|r you|u|things doing|today? $",
            "^ hi|hello|hey? hows|how it|things|life|everything|your going|day? $",
            "^ hi|hello|hey? whats up|new|happening $",
            "^ see|catch|talk you|ya|u|to you? later|soon|tomorrow|around $",
            "^ nice|good|pleased|great to meet|see|hear you|from? you? $",
            "^ are|is? you|anyone|anybody there|here|home|awake $",
            "^ see you|ya|u $",
            "^ a|have? a? very? good|nice|lovely|happy|great day|night|evening|weekend|monday|friday to|all|everyone? you|all|everyone? $",
            "^ take care $",
            "^ knock knock $",
            "^ im back $",
            "^ long time no see $",
        ],
    ),
    (
        Thanks,
        Strong,
        &[
            "^ i|we? really|do|so? appreciate it|that|this|you|your help? $",
            "^ that|this|you|it * helped|helpful|useful|lifesaver|star|legend * $",
            "^ thats|youre|its|it|you is|are? a|the|very|so|really? perfect|great|kind|brilliant|awesome|lovely|best|good|star|lifesaver|legend $",
            "^ well done $",
            "^ good|great|nice job|work|one|stuff|answer $",
            "^ how kind|nice|helpful of? you? $",
            "^ just what i needed|wanted $",
            "^ thats what|all i needed|wanted|need $",
        ],
    ),
    (
        Yes,
        Strong,
        &[
            "^ yes please|thanks|thank you? $",
            "^ yes|yeah|yep|ok|sure? go ahead|for|on it? please|then? $",
            "^ yes|yeah|ok|sure? do|lets do? it|that|so please|now? $",
            "^ yes|ok|please? please? do it|so? $",
            "^ yes|ok? i do|agree|accept|consent|confirm|approve|allow|am|would|understand to? it|that|this? $",
            "^ sounds|looks|thats|its|all is? good|fine|ok|okay|right|correct|great|perfect|true to|with|by|for? me? $",
            "^ by all means $",
            "^ why not $",
            "^ carry|continue|proceed on|please? $",
            "^ very well $",
            "^ of course $",
            "^ fine by|with me $",
            "^ hell yes|yeah $",
        ],
    ),
    (
        No,
        Strong,
        &[
            "^ no thanks|thank|thx|ta you? $",
            "^ no? i do|would|will|am? not|dont|wont|cant|cannot|wouldnt agree|want|accept|consent|think|allow|approve|like|confirm|interested? to|that|it|this|so|in? that|it|this|so? $",
            "^ no? i disagree|refuse|decline|reject|object that|it|this? $",
            "^ id? rather|prefer not to? $",
            "^ no? please? dont|do not? do|allow|confirm|proceed|continue|go|bother|not it|that|this|so|ahead? $",
            "^ no|nah|nope|sorry? not now|yet|today|really|interested|sure|me|this|for|at me|all|time|now? $",
            "^ maybe|perhaps later|not|another|tomorrow time? $",
            "^ thats|its|this is? not? wrong|incorrect|right|false|correct|true|it $",
            "^ forget|leave|skip|drop it|that $",
            "^ never mind $",
            "^ of course not $",
            "^ no? nothing|none else|more? thanks? $",
        ],
    ),
];

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
    (Stop, &[Balance, Transactions, Spending, WhereShopped, WhoLooked, Link, Help, Person, Yes, No]),
    (Person, &[Help, Link, Balance, Transactions, WhoLooked]),
    (WhoLooked, &[Balance, Transactions, Spending, WhereShopped, Link, Help]),
    (WhereShopped, &[Spending, Transactions]),
    (Spending, &[Transactions]),
    (Link, &[Balance, Transactions, Spending, Help]),
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
    "refund", "refunded", "refunds", "dispute", "stolen", "fraud", "fraudulent", "unrecognised",
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
    "excess", "accept", "except", "linked", "looked", "seen", "state", "start", "stark", "stars", "smart",
];

/// Words by which English is known.
#[rustfmt::skip]
pub(crate) const COMMON_ENGLISH: &[&str] = &[
    "the", "my", "what", "whats", "how", "is", "i", "you", "do", "did", "have", "please", "of", "and",
    "who", "where", "much", "show", "stop", "hello", "hi", "hey", "thanks", "thank", "yes", "no", "balance",
    "help", "to", "last", "this", "for", "at", "can", "transactions", "spending", "link", "unlink", "that",
    "it", "not", "dont", "was", "are", "with", "week", "month",
];
