//! The export for programs: one JSON document, written as it is read.

use super::{AgreedTo, OpenedAccess, Piece, SCHEMA, Watched};
use crate::{alerts::Suspect, consents::record, orders::Deed, watches::Kept};
use domain::EntryId;
use serde::Serialize;
use serde_json::{Value, json};
use store::{
    bank_tasks::Task, consent_events, conversations::Conversation, exports::Trace, fraud_alerts::Alert,
    holds::Hold, links::Link, orders::StoredOrder,
};

/// Writes the pieces one after the other. A document that was broken off is no JSON, so nobody takes a part for
/// the whole.
#[derive(Debug, Default)]
pub struct Writer {
    /// The list that is open.
    list: Option<&'static str>,
    /// Whether it has an item already.
    begun: bool,
}

impl Writer {
    /// The text of the next piece.
    pub fn write(&mut self, piece: Piece) -> String {
        match piece {
            Piece::Head(head) => {
                let head = json!({
                    "schema": SCHEMA,
                    "bank": { "id": head.bank, "name": head.name },
                    "customer": head.customer,
                    "begun_at": head.begun_at,
                    "exported_at": head.at,
                });
                // The lists follow in the same object.
                head.to_string().trim_end_matches('}').to_owned()
            }
            Piece::Consents(consents) => self.items("consents", consents.iter().map(agreed)),
            Piece::Links(links) => self.items("links", links.iter().map(link)),
            Piece::Tasks(tasks) => self.items("told_to_the_bank", tasks.iter().map(task)),
            Piece::Watches(watched) => self.items("alerts", watched.iter().map(alerts)),
            Piece::Traces(traces) => self.items("traces", traces.iter().map(trace)),
            Piece::FraudAlerts(asked) => self.items("fraud_alerts", asked.iter().map(fraud_alert)),
            Piece::Orders(orders) => self.items("orders", orders.iter().map(order)),
            Piece::Holds(holds) => self.items("holds", holds.iter().map(hold)),
            Piece::Conversations(threads) => self.items("conversations", threads.iter().map(conversation)),
            Piece::Messages(thread, entries) => {
                let message = |entry| json!({ "conversation": thread.id, "message": entry });
                self.items("messages", entries.into_iter().map(message))
            }
            Piece::Accesses(accesses) => self.items("accesses", accesses.iter().map(access)),
            Piece::End(counts) => {
                let mut text = String::new();
                for list in ["messages", "accesses"] {
                    // A list of which there was nothing is there, and empty.
                    let missing = list == "messages" && counts.messages == 0
                        || list == "accesses" && counts.accesses == 0;
                    if missing {
                        text.push_str(&self.items(list, std::iter::empty::<Value>()));
                    }
                }
                text.push_str(&self.close());
                text.push_str(&format!(",\"counts\":{},\"complete\":true}}\n", json!(counts)));
                text
            }
        }
    }

    fn close(&mut self) -> String {
        self.begun = false;
        if self.list.take().is_some() { "]".to_owned() } else { String::new() }
    }

    fn items<T: Serialize>(&mut self, list: &'static str, items: impl IntoIterator<Item = T>) -> String {
        let mut text = String::new();
        if self.list != Some(list) {
            text.push_str(&self.close());
            text.push_str(&format!(",\"{list}\":["));
            self.list = Some(list);
        }
        for item in items {
            if self.begun {
                text.push(',');
            }
            self.begun = true;
            text.push_str(&serde_json::to_string(&item).expect("what is exported is plain data"));
        }
        text
    }
}

fn agreed(agreed: &AgreedTo) -> Value {
    let opening =
        |entry: &EntryId| agreed.openings.iter().find(|(e, _)| e == entry).map(|(_, opening)| opening);
    let change = |told: &consent_events::Told| json!({ "change": told.change, "log": told.change.entry.as_ref().and_then(opening) });
    json!({
        "consent": agreed.whole.consent,
        "record": record::json_ld(&agreed.whole),
        "history": agreed.whole.history.iter().map(change).collect::<Vec<_>>(),
    })
}

fn link(link: &Link) -> Value {
    json!({
        "id": link.id, "conversation": link.conversation, "consent": link.consent,
        "state": link.state.as_str(), "made_at": link.made_at, "expires_at": link.expires_at,
    })
}

fn task(task: &Task) -> Value {
    json!({
        "id": task.id, "consent": task.consent, "kind": task.kind.as_str(), "state": task.state.as_str(),
        "attempts": task.attempts, "next_try": task.next_try, "last_fault": task.last_fault,
    })
}

fn alerts(watched: &Watched) -> Value {
    let alert = |kept: &Kept| {
        json!({
            "number": kept.stored.number, "set_at": kept.stored.made_at, "told_when": kept.watch.rule.in_words(),
            "rule": kept.watch.rule, "low_was_told_for": kept.watch.below,
        })
    };
    json!({
        "conversation": watched.conversation.id,
        "alerts": watched.watches.iter().map(alert).collect::<Vec<_>>(),
        "hours": watched.hours,
        "events_waiting": watched.waiting,
    })
}

fn trace(trace: &Trace) -> Value {
    json!({
        "kind": trace.kind, "of": trace.of, "state": trace.state,
        "made_at": trace.made_at, "expires_at": trace.expires_at,
    })
}

fn order(order: &StoredOrder) -> Value {
    let deed: Option<Deed> = serde_json::from_slice(&order.body).ok();
    json!({
        "id": order.of.id, "conversation": order.of.conversation, "state": order.state.as_str(),
        "made_at": order.made_at, "changed_at": order.changed_at,
        "about": deed.as_ref().map(|deed| &deed.name), "order": deed.as_ref().map(|deed| &deed.order),
    })
}

fn fraud_alert(alert: &Alert) -> Value {
    let suspect = Suspect::of(alert);
    let decided = alert.decided.map(|(verdict, at)| json!({ "verdict": verdict, "at": at }));
    json!({
        "id": alert.id, "conversation": alert.conversation, "state": alert.state.as_str(),
        "made_at": alert.made_at, "changed_at": alert.changed_at, "messages": alert.messages, "payment": suspect,
        "asked_at": alert.asked_at, "reminded_at": alert.reminded_at, "decided": decided,
    })
}

fn hold(hold: &Hold) -> Value {
    json!({ "id": hold.id, "kind": hold.kind, "keeps": hold.keeps, "set_at": hold.set_at, "until": hold.until })
}

fn conversation(thread: &Conversation) -> Value {
    json!({ "id": thread.id, "channel": thread.channel, "begun_at": thread.begun_at })
}

fn access(access: &OpenedAccess) -> Value {
    json!({ "entry": access.decision.entry, "decision": access.decision, "log": access.opening })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        export::{Counts, Head},
        reply::Reply,
        room::{Entry, Words},
    };
    use domain::{Channel, ConversationId, CustomerId, MessageId};
    use jiff::Timestamp;
    use uuid::Uuid;

    fn head() -> Piece {
        Piece::Head(Head {
            bank: "harbour".parse().unwrap(),
            name: "Harbour \"Bank\"".to_owned(),
            customer: CustomerId::new(Uuid::from_u128(1)),
            begun_at: None,
            at: Timestamp::UNIX_EPOCH,
        })
    }

    fn thread() -> Conversation {
        Conversation {
            id: ConversationId::new(Uuid::from_u128(2)),
            bank: "harbour".parse().unwrap(),
            customer: CustomerId::new(Uuid::from_u128(1)),
            channel: Channel::Web,
            begun_at: Timestamp::UNIX_EPOCH,
            last_seq: 3,
        }
    }

    fn messages(from: u64) -> Piece {
        let entry = |seq| Entry {
            seq,
            id: MessageId::new(Uuid::from_u128(seq.into())),
            at: Timestamp::UNIX_EPOCH,
            words: Words::Bank { reply: Reply::text("a \"quoted\" word"), answers: Some(seq) },
        };
        Piece::Messages(thread(), (from..from + 2).map(entry).collect())
    }

    fn written(pieces: Vec<Piece>) -> Value {
        let mut writer = Writer::default();
        let text: String = pieces.into_iter().map(|piece| writer.write(piece)).collect();
        serde_json::from_str(&text).unwrap_or_else(|fault| panic!("{fault}: {text}"))
    }

    fn small() -> Vec<Piece> {
        vec![
            head(),
            Piece::Consents(vec![]),
            Piece::Links(vec![]),
            Piece::Tasks(vec![]),
            Piece::Watches(vec![]),
            Piece::Traces(vec![]),
            Piece::Orders(vec![]),
            Piece::FraudAlerts(vec![]),
            Piece::Holds(vec![]),
            Piece::Conversations(vec![thread()]),
        ]
    }

    #[test]
    fn pages_of_one_list_become_one_list() {
        let mut pieces = small();
        pieces.extend([messages(1), messages(3), Piece::End(Counts { messages: 4, ..Counts::default() })]);
        let document = written(pieces);
        let seqs: Vec<u64> = document["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|m| m["message"]["seq"].as_u64().unwrap())
            .collect();
        assert_eq!(seqs, [1, 2, 3, 4]);
        assert_eq!(
            (document["complete"].as_bool(), document["counts"]["messages"].as_u64()),
            (Some(true), Some(4))
        );
    }

    #[test]
    fn what_there_is_nothing_of_is_an_empty_list() {
        let mut pieces = small();
        pieces.push(Piece::End(Counts::default()));
        let document = written(pieces);
        for list in [
            "consents",
            "links",
            "told_to_the_bank",
            "alerts",
            "fraud_alerts",
            "traces",
            "orders",
            "holds",
            "messages",
            "accesses",
        ] {
            assert_eq!(document[list], json!([]), "{list}");
        }
    }
}
