//! An event of the engine as it stands in the log: numbers only.

use fraud::event::{Attributes, Event, Label, Payment, Source, Verdict};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(tag = "k")]
enum Written {
    #[serde(rename = "p")]
    Payment {
        i: u64,
        t: u32,
        c: u64,
        s: u64,
        a: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        m: Option<u16>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        l: Option<u16>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        e: Option<u8>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        o: Option<bool>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        u: Option<u64>,
    },
    #[serde(rename = "l")]
    Label { i: u64, t: u32, c: u64, s: u64, n: u32, v: u8, f: u8 },
}

/// For the log.
pub fn write(event: &Event) -> Vec<u8> {
    let written = match event {
        Event::Payment(payment) => Written::Payment {
            i: payment.id,
            t: payment.at,
            c: payment.card,
            s: payment.terminal,
            a: payment.amount,
            m: payment.more.category,
            l: payment.more.country,
            e: payment.more.entry,
            o: payment.more.online,
            u: payment.more.customer,
        },
        Event::Label(label) => Written::Label {
            i: label.payment,
            t: label.paid_at,
            c: label.card,
            s: label.terminal,
            n: label.arrived_at,
            v: match label.verdict {
                Verdict::Clean => 0,
                Verdict::Suspected => 1,
                Verdict::Fraud => 2,
            },
            f: match label.source {
                Source::Customer => 0,
                Source::Agent => 1,
                Source::Chargeback => 2,
                Source::Matured => 3,
            },
        },
    };
    serde_json::to_vec(&written).expect("an event is plain data")
}

/// From the log. None: another version wrote it.
pub fn read(bytes: &[u8]) -> Option<Event> {
    Some(match serde_json::from_slice(bytes).ok()? {
        Written::Payment { i, t, c, s, a, m, l, e, o, u } => Event::Payment(Payment {
            id: i,
            at: t,
            card: c,
            terminal: s,
            amount: a,
            more: Attributes {
                category: m,
                country: l,
                entry: e,
                online: o,
                customer: u,
                ..Attributes::default()
            },
        }),
        Written::Label { i, t, c, s, n, v, f } => Event::Label(Label {
            payment: i,
            card: c,
            terminal: s,
            paid_at: t,
            arrived_at: n,
            verdict: [Verdict::Clean, Verdict::Suspected, Verdict::Fraud].get(usize::from(v)).copied()?,
            source: [Source::Customer, Source::Agent, Source::Chargeback, Source::Matured]
                .get(usize::from(f))
                .copied()?,
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_again() {
        let payment = Payment {
            id: u64::MAX,
            at: 1_800_000_000,
            card: 1,
            terminal: 2,
            amount: 8_410,
            more: Attributes {
                category: Some(5411),
                country: Some(682),
                entry: Some(1),
                online: Some(false),
                customer: Some(u64::MAX - 1),
                ..Attributes::default()
            },
        };
        let label = Label {
            payment: 7,
            card: 1,
            terminal: 2,
            paid_at: 3,
            arrived_at: 4,
            verdict: Verdict::Suspected,
            source: Source::Customer,
        };
        for event in [Event::Payment(payment), Event::Label(label)] {
            assert_eq!(read(&write(&event)), Some(event));
        }
        assert_eq!(read(b"{}"), None);
    }
}
