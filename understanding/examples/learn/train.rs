//! `train`: makes the committed artefacts, the same bytes from the same files.

use crate::{
    Fault,
    dense::{Dense, between_ends, pieces},
    eval::{SEED, class, labels},
    files::{self, Labelled},
    marks::{self, Group, Tried},
    options::Options,
    product::{self, Data},
    report::{print, timed},
    tune,
    weights::{self, unfit},
};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::path::Path;
use understanding::{
    learned::{
        classifier::Source,
        confidence::{Confidence, Scored, log_softmax},
        encoder::Encoder,
        mind::grouped,
        pieces::Pieces,
        topics::{OUT_OF_SCOPE, target},
        tuned::{Head, Stored, sure},
    },
    train::{
        calibration,
        fit::{Example, Made, classifier, first},
        heads, table,
    },
};

/// Makes them all, or with `--only` one of them.
pub fn run(options: &Options) -> Result<(), Fault> {
    let out = options.path("out").unwrap_or_else(|| options.artefacts());
    let source = |source| files::FileFault::System { path: out.clone(), source };
    std::fs::create_dir_all(&out).map_err(source)?;
    let wanted = |name: &str| options.text("only").is_none_or(|only| only == name);
    if wanted("pieces") {
        write_pieces(options, &out)?;
    }
    if !["words", "encoder", "minilm"].iter().any(|name| wanted(name)) {
        return write_digests(&out);
    }
    let folder = options.needed("data")?;
    let sentences = options.path("sentences");
    let sentences = sentences.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("sentences"));
    let data = product::data(&folder, &sentences)?;
    if wanted("words") || wanted("encoder") {
        let dense = Dense::Table(Box::new(pieces(options)?));
        let (made, examples) = learn(&dense, &data, &folder)?;
        write(&out.join("words.bin"), &made.classifier.to_bytes())?;
        if wanted("encoder") {
            write_encoder(options, &out, &data, &made, &examples)?;
        }
    }
    if wanted("minilm") && (options.text("only").is_some() || Dense::minilm_folder(options).is_some()) {
        let (made, _) = learn(&Dense::minilm(options)?, &data, &folder)?;
        write(&out.join("minilm.bin"), &made.classifier.to_bytes())?;
    }
    write_digests(&out)
}

/// `SHA256SUMS`, in the form of `sha256sum`: what every artefact in the folder is now.
fn write_digests(out: &Path) -> Result<(), Fault> {
    let system = |source| files::FileFault::System { path: out.to_owned(), source };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(out).map_err(system)? {
        names.push(entry.map_err(system)?.file_name().to_string_lossy().into_owned());
    }
    names.retain(|name| name.ends_with(".bin"));
    names.sort();
    let mut lines = String::new();
    for name in names {
        let digest = files::hex(&Sha256::digest(files::bytes(&out.join(&name))?));
        lines += &format!("{digest}  {name}\n");
    }
    std::fs::write(out.join("SHA256SUMS"), lines).map_err(system)?;
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    let fault = |source| files::FileFault::System { path: path.to_owned(), source };
    std::fs::write(path, bytes).map_err(fault)?;
    print(&[json!({ "artefact": path.display().to_string(), "bytes": bytes.len() })]);
    Ok(())
}

/// The vocabulary with the static table.
fn write_pieces(options: &Options, out: &Path) -> Result<(), Fault> {
    let dir = options.needed("weights")?;
    let published = weights::l3(options)?;
    let encoder = Encoder::new(&published.tensors).map_err(unfit(dir.clone()))?;
    let what = "the vocabulary does not fit the table";
    let table = table::make(&published.vocabulary, &encoder).ok_or(Fault::Unfit { path: dir, what })?;
    let name = "pocket-encoder 0.1.2, model.safetensors".to_owned();
    let sources = vec![Source { name, digest: published.digest }];
    write(&out.join("pieces.bin"), &Pieces { sources, vocabulary: published.vocabulary, table }.to_bytes())
}

/// A classifier of one tier for the product.
fn learn(dense: &Dense, data: &Data, folder: &Path) -> Result<(Made, Vec<Example>), Fault> {
    let labels = labels(&data.examples);
    let example = |one: &Labelled| Example {
        text: one.text.clone(),
        dense: dense.of(&one.text),
        classes: vec![class(&labels, one)],
    };
    let examples: Vec<Example> = data.examples.iter().map(example).collect();
    let other: Vec<Example> = data.other.iter().map(example).collect();
    let all: Vec<Labelled> = data.examples.iter().chain(&data.other).cloned().collect();
    let sources =
        vec![Source { name: "own sentences, BANKING77, CLINC150".to_owned(), digest: files::digest(&all) }];
    let (made, took) = timed(|| classifier(&examples, &other, labels.clone(), sources, SEED as u64));
    let what = "expected examples of 1 to 255 labels";
    let mut made = made.ok_or(Fault::Unfit { path: folder.to_owned(), what })?;
    made.lean(&product::leanings(&labels, data));
    let outside = labels.iter().position(|label| label == OUT_OF_SCOPE);
    let (known, classes): (Vec<Scored>, Vec<usize>) = made
        .known
        .iter()
        .zip(&examples)
        .filter(|(_, example)| Some(first(example)) != outside)
        .map(|(scored, example)| (scored.clone(), first(example)))
        .unzip();
    made.classifier.confidence = calibration::fit(&known, &classes, &made.others);
    made.classifier.confidence.act = least_to_act(&known, &classes, &labels, &made.classifier.confidence);
    print(&[json!({
        "tier": dense.tier(), "examples": examples.len(), "labels": labels.len(), "seconds": took.as_secs_f64(),
        "scale": made.classifier.confidence.scale, "act": made.classifier.confidence.act,
    })]);
    let confidence = &made.classifier.confidence;
    let truths = examples.iter().zip(marks::groups(data)).map(|(one, group)| Some((first(one), group)));
    let truths = truths.chain(made.others.iter().map(|_| None));
    let tried = made.known.iter().chain(&made.others).zip(truths);
    let tried: Vec<Tried> =
        tried.map(|(scored, truth)| Tried { judged: confidence.judge(scored), confidence, truth }).collect();
    marks::tell(dense.tier(), &labels, &tried);
    Ok((made, examples))
}

/// From which probability on to act, if answers count and not labels.
fn least_to_act(known: &[Scored], classes: &[usize], labels: &[String], confidence: &Confidence) -> f32 {
    let tried = known.iter().zip(classes).filter_map(|(scored, class)| {
        let judged = confidence.judge(scored);
        let best = grouped(labels, &judged.probabilities).into_iter().next()?;
        let passes = judged.in_scope >= confidence.gate.least;
        passes.then(|| (best.probability, best.target == target(&labels[*class])))
    });
    calibration::least_to_act(&tried.collect::<Vec<_>>())
}

/// The fine-tuned layers with a head for BANKING77 and one for the product. Layers that were made from the same examples
/// are taken from the artefact that is there, unless `--fresh yes` is typed.
fn write_encoder(
    options: &Options,
    out: &Path,
    data: &Data,
    made: &Made,
    examples: &[Example],
) -> Result<(), Fault> {
    let train = files::all(&options.needed("data")?.join("banking77/train.csv"))?;
    let path = out.join("encoder.bin");
    let vocabulary = pieces(options)?.vocabulary;
    let mut stored = match stored(&path, &train).filter(|_| options.text("fresh").is_none()) {
        Some(stored) => stored,
        None => tune_on(options, train.clone())?,
    };
    let encoder = tune::ready(&stored)?;
    let encoded = |text: &str| encoder.encode(&[between_ends(&vocabulary, text)]).swap_remove(0);
    let vectors: Vec<Vec<f32>> = examples.iter().map(|example| encoded(&example.text)).collect();
    let others: Vec<Vec<f32>> = data.other.iter().map(|one| encoded(&one.text)).collect();
    stored.heads.truncate(1);
    let groups = marks::groups(data);
    stored.heads.push(product_head(made, examples, &vectors, &others, &unseen(data, &train), &groups));
    write(&path, &stored.to_bytes(&tune::kept(&vocabulary)))
}

/// The head for the product. Only examples that are `unseen` by the encoder tell how sure it is.
fn product_head(
    made: &Made,
    examples: &[Example],
    vectors: &[Vec<f32>],
    others: &[Vec<f32>],
    unseen: &[bool],
    groups: &[Group],
) -> Head {
    let classes: Vec<usize> = examples.iter().map(first).collect();
    let labels = made.classifier.labels.clone();
    let (rows, said) = heads::head(vectors, &classes, labels.len(), SEED as u64);
    let trusted = said.iter().zip(unseen).zip(&classes).filter(|((_, unseen), _)| **unseen);
    let (scored, truths): (Vec<Scored>, Vec<usize>) = trusted
        .map(|((scores, _), class)| (Scored { scores: scores.clone(), nearest: 0.0, unseen: 0.0 }, *class))
        .unzip();
    let mut head = Head {
        sources: made.classifier.sources.clone(),
        labels,
        weights: rows.weights,
        bias: rows.bias,
        scale: calibration::scale(&scored, &truths),
        confidence: tune::unfitted(),
    };
    let outside = head.labels.iter().position(|label| label == OUT_OF_SCOPE);
    let opinion = |((scores, unseen), class): ((&Vec<f32>, &bool), &usize)| {
        let counts = *unseen && Some(*class) != outside;
        counts.then(|| log_softmax(scores, head.scale))
    };
    let opinions: Vec<Option<Vec<f32>>> = said.iter().zip(unseen).zip(&classes).map(opinion).collect();
    let others: Vec<Vec<f32>> = others.iter().map(|vector| head.opinion(vector)).collect();
    let tier = tune::confidence(made, &classes, &opinions, &others);
    tune::tell(made, &opinions, &tier);
    let act = least_to_act(&tier.both, &tier.truths, &head.labels, &tier.confidence);
    head.confidence = Confidence { act, ..tier.confidence.clone() };
    let groups = groups.iter().zip(&opinions).filter(|(_, opinion)| opinion.is_some());
    tell_tier(made, &head, &tier, groups.map(|(group, _)| *group));
    head
}

/// Prints how the tier does on what neither part of it had seen.
fn tell_tier(made: &Made, head: &Head, tier: &tune::Unseen, groups: impl Iterator<Item = Group>) {
    let words = &made.classifier.confidence;
    let tried = tier.both.iter().zip(&tier.words).zip(tier.truths.iter().zip(groups));
    let tried: Vec<Tried> = tried
        .map(|((both, alone), (class, group))| {
            let truth = Some((*class, group));
            match sure(alone, words) {
                Some(judged) => Tried { judged, confidence: words, truth },
                None => Tried { judged: head.confidence.judge(both), confidence: &head.confidence, truth },
            }
        })
        .collect();
    marks::tell("encoder", &head.labels, &tried);
}

/// Which examples the fine-tuning did not learn from.
fn unseen(data: &Data, train: &[Labelled]) -> Vec<bool> {
    let labels = labels(train);
    let classes: Vec<usize> = train.iter().map(|one| class(&labels, one)).collect();
    let out = tune::left_out(&classes, SEED as u64);
    let learned: std::collections::BTreeSet<&str> =
        train.iter().zip(&out).filter(|(_, out)| !**out).map(|(one, _)| one.text.as_str()).collect();
    data.examples.iter().map(|one| !learned.contains(one.text.as_str())).collect()
}

/// The encoder in an artefact, if it was fine-tuned on these examples.
pub fn stored(path: &Path, train: &[Labelled]) -> Option<Stored> {
    let stored = Stored::from_bytes(&files::bytes(path).ok()?).ok()?;
    let digest = files::digest(train);
    let same = stored.heads.first()?.sources.iter().any(|source| source.digest == digest);
    same.then_some(stored)
}

/// Fine-tunes the published encoder on these examples.
pub fn tune_on(options: &Options, train: Vec<Labelled>) -> Result<Stored, Fault> {
    let published = weights::l3(options)?;
    let labels = labels(&train);
    let source = Source { name: "examples of the fine-tuning".to_owned(), digest: files::digest(&train) };
    let examples = train.into_iter().map(|one| {
        let class = class(&labels, &one);
        (one, class)
    });
    let examples: Vec<(Labelled, usize)> = examples.filter(|(_, class)| *class < labels.len()).collect();
    tune::tune(&published, &examples, labels.clone(), source, options.number("seed", SEED)? as u64)
}
