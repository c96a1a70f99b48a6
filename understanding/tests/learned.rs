//! The artefacts that ship, on sentences that they did not learn from, and what becomes of broken ones.

#![expect(clippy::unwrap_used, reason = "a fixture that fails is a test that fails")]

use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::LazyLock,
};
use understanding::learned::{
    classifier::Classifier,
    encoder::WIDTH,
    grams::words,
    mind::{Artefacts, Mind, Tier, Unfit, Verdict},
    murmur::murmur3,
    topics::{OUT_OF_SCOPE, Target, target},
};

static WORDS: LazyLock<Mind> = LazyLock::new(|| Mind::load(Tier::Words, &Artefacts::shipped()).0.unwrap());
static ENCODER: LazyLock<Mind> =
    LazyLock::new(|| Mind::load(Tier::Encoder, &Artefacts::shipped()).0.unwrap());

/// The sentences that were left out of training: as the trainer decides it.
fn left_out() -> Vec<(String, String)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("sentences");
    let mut all = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "txt") {
            let intent = path.file_stem().unwrap().to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).unwrap();
            let mut taken = BTreeSet::new();
            for line in text.lines() {
                let words = words(line).join(" ");
                let plain = if words.is_empty() { line.to_owned() } else { words };
                if murmur3(plain.as_bytes()).is_multiple_of(5) && taken.insert(plain) {
                    all.push((intent.clone(), line.to_owned()));
                }
            }
        }
    }
    all
}

#[test]
fn the_artefacts_are_those_that_the_list_of_digests_names() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("artefacts");
    let list = fs::read_to_string(dir.join("SHA256SUMS")).unwrap();
    let named: BTreeMap<&str, &str> =
        list.lines().filter_map(|line| line.split_once("  ")).map(|(digest, name)| (name, digest)).collect();
    let mut found = 0;
    for entry in fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "bin") {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let digest = Sha256::digest(fs::read(&path).unwrap());
            let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(named.get(name.as_str()), Some(&digest.as_str()), "{name}");
            found += 1;
        }
    }
    assert_eq!(found, named.len(), "each named artefact is there");
}

#[test]
fn every_intent_has_sixty_sentences_and_some_that_are_left_out() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("sentences");
    let left_out = left_out();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "txt") {
            let intent = path.file_stem().unwrap().to_string_lossy().into_owned();
            let n = fs::read_to_string(&path).unwrap().lines().count();
            assert!(n >= 60, "{intent}: {n}");
            assert!(left_out.iter().filter(|(of, _)| *of == intent).count() >= 5, "{intent}");
        }
    }
}

/// How a mind does on what was left out: parts of all that are right, that are acted upon, and that are acted upon wrongly.
fn marks(mind: &Mind) -> (f64, f64, f64, Vec<String>) {
    let (mut right, mut acted, mut wrong) = (0.0, 0.0, 0.0);
    let mut told = Vec::new();
    let sentences = left_out();
    for (intent, sentence) in &sentences {
        let reading = mind.read(sentence);
        let wanted = target(intent);
        if reading.choices[0].target == wanted {
            right += 1.0;
        } else {
            // Shown when the test fails, or with `--nocapture`.
            let first = &reading.choices[0];
            println!(
                "{intent}: {sentence:?} is first {} ({}) {:.2}",
                first.target, first.label, first.probability
            );
        }
        if let Verdict::Act(choice) = &reading.verdict {
            acted += 1.0;
            if choice.target != wanted {
                wrong += 1.0;
                told.push(format!("{intent}: {sentence:?} is {} {:.2}", choice.target, choice.probability));
            }
        }
    }
    let n = sentences.len() as f64;
    (right / n, acted / n, wrong / n, told)
}

#[test]
fn sentences_that_were_left_out_are_understood_by_words_alone() {
    let (right, acted, wrong, told) = marks(&WORDS);
    println!("right {right:.3}, acted {acted:.3}, wrong {wrong:.3}");
    assert!(right >= 0.80, "right {right}");
    assert!(wrong <= 0.04, "acted {acted}, wrong {wrong}:\n{}", told.join("\n"));
}

#[test]
fn the_encoder_spoils_nothing_of_that() {
    assert_eq!(ENCODER.tier(), Tier::Encoder);
    let ((words, acted_before, ..), (both, acted, wrong, told)) = (marks(&WORDS), marks(&ENCODER));
    println!("right {both:.3}, acted {acted:.3}, wrong {wrong:.3}");
    // Its layers learned from the public questions, so it adds little here. A hundredth is the noise of some nine hundred sentences.
    assert!(both >= words - 0.01 && acted >= acted_before - 0.01, "{words} {both} {acted_before} {acted}");
    assert!(wrong <= 0.04, "{wrong}:\n{}", told.join("\n"));
}

#[test]
fn the_encoder_is_asked_only_where_the_words_are_not_sure() {
    let sure = ENCODER.read("please freeze my card");
    assert_eq!(sure, WORDS.read("please freeze my card"));
    assert_eq!(sure.by, Tier::Words);
    let unsure = ENCODER.read("something about the thing with my money");
    assert_eq!(unsure.by, Tier::Encoder);
    assert_ne!(unsure.choices, WORDS.read("something about the thing with my money").choices);
}

#[test]
fn what_is_shipped_for_minilm_needs_the_weights_only() {
    let (mind, unfit) = Mind::load(Tier::Minilm, &Artefacts::shipped());
    assert_eq!(mind.unwrap().tier(), Tier::Encoder);
    assert_eq!(unfit, [Unfit::Missing { tier: Tier::Minilm }]);
    let classifier = Classifier::from_bytes(Artefacts::shipped().minilm.unwrap()).unwrap();
    assert_eq!(classifier.centre.len(), WIDTH);
    assert!(
        ["balance", "csv", "card_arrival", OUT_OF_SCOPE]
            .iter()
            .all(|label| classifier.labels.iter().any(|l| l == label))
    );
}

#[test]
fn other_matters_are_not_acted_upon() {
    for text in [
        "what is the capital of france",
        "order a pizza with extra cheese",
        "asdf qwer zxcv",
        "\u{1f355}",
        "",
        "?!",
    ] {
        assert!(
            !matches!(WORDS.read(text).verdict, Verdict::Act(_)),
            "{text}: {:?}",
            WORDS.read(text).verdict
        );
    }
}

#[test]
fn questions_of_the_public_set_lead_to_what_answers_them() {
    let first = |text: &str| WORDS.read(text).choices[0].target.clone();
    assert_eq!(
        first("How long until my new card is delivered to my house?"),
        Target::Faq("card.delivery".to_owned())
    );
    assert_eq!(
        first("Why did the exchange rate you used for my card payment differ?"),
        Target::Faq("fees".to_owned())
    );
}

#[test]
fn words_of_power_are_not_left_to_probabilities() {
    for (text, intent) in
        [("STOP", "stop_sharing"), ("yes", "yes"), ("no!", "no"), ("help", "help"), ("pause please", "pause")]
    {
        let reading = WORDS.read(text);
        assert!(reading.word_of_power, "{text}");
        assert!(matches!(&reading.verdict, Verdict::Act(choice) if choice.label == intent), "{text}");
    }
}

#[test]
fn probabilities_of_all_choices_add_up() {
    let sum: f32 = WORDS.read("what's my balance").choices.iter().map(|choice| choice.probability).sum();
    assert!((sum - 1.0).abs() < 1e-3, "{sum}");
}

#[test]
fn a_message_of_any_length_is_read() {
    let long = "balance \u{1f600} ".repeat(100_000);
    assert_eq!(
        WORDS.read(&long),
        WORDS.read(&long[..long.floor_char_boundary(understanding::MAX_READ_BYTES)])
    );
}

#[test]
fn the_tokens_that_mattered_are_those_of_the_message() {
    let reasons = WORDS.reasons("please freeze my card", "card_freeze", 5);
    assert_eq!(reasons.len(), 5);
    assert!(reasons[0].adds > 0.0);
    assert!(reasons.iter().any(|reason| reason.gram.contains("freez")), "{reasons:?}");
    assert!(reasons.is_sorted_by(|a, b| a.adds.abs() >= b.adds.abs()));
    assert!(WORDS.reasons("please freeze my card", "no such label", 5).is_empty());
}

#[test]
fn a_missing_or_broken_artefact_gives_way_to_the_tier_below_and_says_so() {
    let shipped = Artefacts::shipped();
    let (mind, unfit) = Mind::load(Tier::Minilm, &Artefacts { encoder: None, minilm: None, ..shipped });
    assert_eq!(mind.unwrap().tier(), Tier::Words);
    assert_eq!(unfit, [Unfit::Missing { tier: Tier::Minilm }, Unfit::Missing { tier: Tier::Encoder }]);
    for broken in [&b""[..], &[0; 100], shipped.pieces, &shipped.words[..1000]] {
        let (mind, unfit) = Mind::load(Tier::Encoder, &Artefacts { encoder: Some(broken), ..shipped });
        let mind = mind.unwrap();
        assert_eq!((mind.tier(), unfit.len()), (Tier::Words, 1));
        assert_eq!(mind.read("what's my balance"), WORDS.read("what's my balance"));
        let (mind, unfit) = Mind::load(Tier::Words, &Artefacts { words: broken, ..shipped });
        assert!(mind.is_none());
        assert!(matches!(unfit[..], [Unfit::Broken { tier: Tier::Words, .. }]), "{unfit:?}");
    }
}
