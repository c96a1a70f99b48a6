//! The consent record as other programs read it: JSON-LD with the fields of ISO/IEC TS 27560:2023 in the terms of
//! the Data Privacy Vocabulary (w3id.org/dpv, guide w3id.org/dpv/guides/consent-27560). What DPV has no word for
//! stands under `parlour:`.

use super::Whole;
use domain::{ConsentState, Controller, DataClass, Purpose, Who};
use serde_json::{Value, json};
use store::consent_events::Told;

/// What the record conforms to.
pub const SCHEMA: &str = "https://w3id.org/dpv/guides/consent-27560";

/// The fields that ISO/IEC TS 27560 makes mandatory, as this record names them. Those of an event and of a party follow.
pub const MANDATORY: [&str; 14] = [
    "dct:conformsTo",
    "dct:identifier",
    "dpv:hasDataSubject",
    "dpv:hasNotice",
    "dct:language",
    "dpv:hasPurpose",
    "dpv:hasPersonalData",
    "dpv:hasDataController",
    "dpv:hasStorageCondition",
    "dpv:hasJurisdiction",
    "dpv:hasRecipient",
    "dpv:hasConsentControl",
    "parlour:parties",
    "parlour:events",
];
/// What every event has.
pub const MANDATORY_OF_EVENT: [&str; 5] =
    ["dct:date", "dct:valid", "dpv:isImplementedByEntity", "dpv:hasLegalBasis", "dpv:hasConsentStatus"];
/// What every party has.
pub const MANDATORY_OF_PARTY: [&str; 5] =
    ["dct:identifier", "dpv:hasName", "dpv:hasAddress", "dpv:hasContact", "@type"];

/// The record of a consent.
pub fn json_ld(whole: &Whole) -> Value {
    let Whole { consent, terms, history, .. } = whole;
    let unknown = Controller { name: consent.bank.to_string(), ..Controller::default() };
    let controller = terms.as_ref().map_or(&unknown, |terms| &terms.controller);
    let bank = format!("urn:parlour:bank:{}", consent.bank);
    let customer = format!("urn:parlour:customer:{}", consent.customer);
    let keep = terms.as_ref().map(|terms| format!("P{}D", terms.keep_record_days));
    json!({
        "@context": {
            "dpv": "https://w3id.org/dpv#",
            "dct": "http://purl.org/dc/terms/",
            "parlour": "urn:parlour:terms:"
        },
        "@id": format!("urn:parlour:consent:{}", consent.id),
        "@type": "dpv:ConsentRecord",
        "dct:conformsTo": [SCHEMA, "ISO/IEC TS 27560:2023"],
        "dct:identifier": consent.id,
        "dpv:hasDataSubject": { "@id": customer },
        "dct:language": consent.language,
        "dpv:hasNotice": {
            "@type": "dpv:ConsentNotice",
            "dct:language": consent.language,
            "dct:description": consent.notice,
            "parlour:sha256": consent.notice_sha256,
            "parlour:profile": terms.as_ref().map(|terms| &terms.profile)
        },
        "dpv:hasPurpose": consent.purposes.iter().map(|purpose| purpose_of(*purpose)).collect::<Vec<_>>(),
        "dpv:hasPersonalData": consent.data_classes.iter().map(|class| data_of(*class)).collect::<Vec<_>>(),
        "dpv:hasDataController": { "@id": bank },
        "dpv:hasDataSource": { "@id": bank },
        "dpv:hasProcessing": ["dpv:Retrieve", "dpv:Consult", "dpv:Store"],
        "dpv:hasLegalBasis": "dpv:Consent",
        "dpv:hasStorageCondition": {
            "@type": "dpv:StorageCondition",
            "dpv:hasLocation": "the database of the bank's gateway, sealed under a key of the customer's own",
            "dpv:hasDuration": "answers: until the customer has them erased",
            "parlour:keepRecord": keep
        },
        "dpv:hasJurisdiction": controller.jurisdiction,
        "dpv:hasRecipient": [],
        "parlour:offPlatformSharing": false,
        "dpv:hasConsentControl": ["dpv:WithdrawConsent", "parlour:PauseConsent", "parlour:ResumeConsent"],
        "dpv:hasRight": ["dpv:DataSubjectRight"],
        "dpv:hasAuthority": controller.authority,
        "dpv:hasConsentStatus": status_of(consent.state),
        "parlour:parties": [party_of_bank(&bank, controller), party_of_customer(&customer)],
        "parlour:channel": consent.channel,
        "parlour:accounts": consent.accounts,
        "parlour:consentMode": "VIEW",
        "parlour:fetchType": "ONETIME, when the customer asks",
        "parlour:frequency": "each time the customer asks, and at no other time",
        "parlour:dataLife": "in the answers of the conversation, until the customer has them erased",
        "parlour:dataRange": terms.as_ref().map(|terms| format!("P{}D", terms.lookback_days)),
        "parlour:notBefore": consent.not_before,
        "parlour:expiresAt": consent.expires_at,
        "parlour:atBank": consent.at_bank,
        "parlour:policySha256": terms.as_ref().map(|terms| &terms.policy_sha256),
        "parlour:floorSha256": terms.as_ref().map(|terms| &terms.floor_sha256),
        "parlour:supersedes": terms.as_ref().and_then(|terms| terms.supersedes.as_ref()),
        "parlour:logIndex": history.iter().find_map(|told| told.index),
        "parlour:events": history.iter().map(|told| event_of(told, whole, &bank, &customer)).collect::<Vec<_>>()
    })
}

fn purpose_of(purpose: Purpose) -> Value {
    json!({
        "@id": format!("parlour:purpose/{purpose}"),
        "@type": "dpv:Purpose",
        "parlour:purposeCode": purpose,
        "dct:description": purpose.in_words()
    })
}

fn data_of(class: DataClass) -> Value {
    json!({
        "@id": format!("parlour:data/{class}"),
        "@type": "dpv:PersonalData",
        "parlour:dataClass": class,
        "dct:description": class.in_words()
    })
}

fn party_of_bank(id: &str, controller: &Controller) -> Value {
    let told = |text: &Option<String>| text.clone().unwrap_or_else(|| "not told".to_owned());
    json!({
        "@id": id,
        "@type": "dpv:DataController",
        "dct:identifier": id,
        "dpv:hasName": controller.name,
        "dpv:hasAddress": told(&controller.address),
        "dpv:hasContact": told(&controller.contact)
    })
}

/// The customer is known here by a number alone: name and address are the bank's, and stay there.
fn party_of_customer(id: &str) -> Value {
    json!({
        "@id": id,
        "@type": "dpv:DataSubject",
        "dct:identifier": id,
        "dpv:hasName": "known to the bank only",
        "dpv:hasAddress": "known to the bank only",
        "dpv:hasContact": "in the conversation"
    })
}

fn event_of(told: &Told, whole: &Whole, bank: &str, customer: &str) -> Value {
    let change = &told.change;
    let entity = match change.how.who() {
        Who::Customer => customer,
        Who::Bank => bank,
        Who::Time => "parlour:Time",
    };
    json!({
        "dct:date": change.at,
        "dct:valid": whole.consent.expires_at,
        "dpv:isImplementedByEntity": { "@id": entity },
        "dpv:hasLegalBasis": "dpv:Consent",
        "dpv:hasConsentStatus": status_of(change.state),
        "parlour:event": change.event,
        "parlour:how": change.how,
        "parlour:reason": change.reason,
        "parlour:logEntry": change.entry,
        "parlour:logIndex": told.index,
        "parlour:previousSha256": change.previous
    })
}

/// DPV's word for a state. It has none for a pause nor for a consent that a newer one replaced: those are ours, under its
/// "invalid for processing".
fn status_of(state: ConsentState) -> Value {
    let word = match state {
        ConsentState::Requested => "dpv:ConsentRequested",
        ConsentState::Given => "dpv:ConsentGiven",
        ConsentState::Refused => "dpv:ConsentRefused",
        ConsentState::Withdrawn => "dpv:ConsentWithdrawn",
        ConsentState::Revoked => "dpv:ConsentRevoked",
        ConsentState::Expired => "dpv:ConsentExpired",
        ConsentState::Paused | ConsentState::Superseded => {
            let ours = if state == ConsentState::Paused { "ConsentPaused" } else { "ConsentSuperseded" };
            return json!({ "@id": format!("parlour:{ours}"), "@type": "dpv:ConsentStatusInvalidForProcessing" });
        }
    };
    json!({ "@id": word })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Channel, Consent, ConsentChange, ConsentEvent, How, Terms};
    use jiff::Timestamp;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(prefix: &str, n: u8) -> T {
        format!("{prefix}_{n:032x}").parse().unwrap()
    }

    fn told(seq: u32, event: Option<ConsentEvent>, state: ConsentState, how: How) -> Told {
        let logged = seq > 0;
        Told {
            change: ConsentChange {
                bank: "harbour".parse().unwrap(),
                customer: id("cus", 1),
                consent: id("cst", 2),
                seq,
                at: at("2026-11-20T15:00:00Z") + jiff::SignedDuration::from_mins(seq.into()),
                event,
                state,
                how,
                reason: None,
                entry: logged.then(|| id("ent", 3 + seq as u8)),
                previous: logged.then(|| "ab".repeat(32)),
            },
            index: logged.then_some(u64::from(seq) + 6),
        }
    }

    fn whole() -> Whole {
        Whole {
            consent: Consent {
                id: id("cst", 2),
                bank: "harbour".parse().unwrap(),
                customer: id("cus", 1),
                conversation: id("con", 9),
                channel: Channel::Web,
                state: ConsentState::Withdrawn,
                purposes: vec![Purpose::AnswerCustomer],
                data_classes: DataClass::ALL.to_vec(),
                accounts: vec!["acc-1".parse().unwrap()],
                not_before: at("2026-11-20T15:01:00Z"),
                expires_at: at("2027-02-18T15:00:00Z"),
                notice_sha256: "cd".repeat(32),
                notice: "Link this chat to Harbour Bank".to_owned(),
                language: "en".to_owned(),
                at_bank: Some("consent-7".to_owned()),
            },
            terms: Some(Terms {
                controller: Controller {
                    name: "Harbour Bank N.A.".to_owned(),
                    address: Some("1 Pier Street, Boston, MA 02110".to_owned()),
                    contact: Some("privacy@harbour.example".to_owned()),
                    authority: None,
                    jurisdiction: "US".to_owned(),
                },
                profile: "us-1033-2024".to_owned(),
                lookback_days: 180,
                keep_record_days: 1095,
                policy_sha256: "11".repeat(32),
                floor_sha256: "22".repeat(32),
                supersedes: None,
            }),
            history: vec![
                told(0, None, ConsentState::Requested, How::Chat),
                told(1, Some(ConsentEvent::Give), ConsentState::Given, How::Chat),
                told(2, Some(ConsentEvent::Pause), ConsentState::Paused, How::Page),
                told(3, Some(ConsentEvent::Resume), ConsentState::Given, How::Page),
                told(4, Some(ConsentEvent::Withdraw), ConsentState::Withdrawn, How::Chat),
            ],
            told: None,
        }
    }

    fn missing(found: &Value, wanted: &[&'static str]) -> Vec<&'static str> {
        wanted.iter().copied().filter(|field| found.get(*field).is_none_or(Value::is_null)).collect()
    }

    #[test]
    fn a_record_has_every_field_that_the_standard_makes_mandatory() {
        let record = json_ld(&whole());
        assert_eq!(missing(&record, &MANDATORY), [""; 0]);
        for event in record["parlour:events"].as_array().unwrap() {
            assert_eq!(missing(event, &MANDATORY_OF_EVENT), [""; 0], "{event}");
        }
        for party in record["parlour:parties"].as_array().unwrap() {
            assert_eq!(missing(party, &MANDATORY_OF_PARTY), [""; 0], "{party}");
        }
        assert_eq!(record["parlour:offPlatformSharing"], false);
        assert_eq!(record["dpv:hasRecipient"], json!([]));
        // The check can fail: a record without its notice is found.
        let mut broken = record;
        broken.as_object_mut().unwrap().remove("dpv:hasNotice");
        assert_eq!(missing(&broken, &MANDATORY), ["dpv:hasNotice"]);
    }

    #[test]
    fn the_record_reads_as_it_always_did() {
        let golden: Value = serde_json::from_str(include_str!("../../golden/consent-record.jsonld")).unwrap();
        let written = json_ld(&whole());
        assert!(written == golden, "if the change is meant, write the file anew:\n{written:#}");
    }

    #[test]
    fn every_state_has_a_status_and_only_given_is_valid_for_processing() {
        for state in ConsentState::ALL {
            let status = status_of(*state)["@id"].as_str().unwrap().to_owned();
            let valid = status == "dpv:ConsentGiven";
            assert_eq!(valid, *state == ConsentState::Given, "{status}");
        }
    }
}
