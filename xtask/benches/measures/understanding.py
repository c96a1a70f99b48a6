"""The same n-grams and linear machines in scikit-learn: prints p50 and p99 of one message in milliseconds."""

import os
import re
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.pipeline import make_pipeline, make_union
from sklearn.svm import LinearSVC

WORD = re.compile(r"[a-z0-9_]+(?:'[a-z0-9_]+)*")


def words(text):
    return " ".join(WORD.findall(text.lower()))


def block(**options):
    hashed = HashingVectorizer(n_features=2**14, norm=None, alternate_sign=False, preprocessor=words, **options)
    return make_pipeline(hashed, TfidfTransformer(sublinear_tf=True))


folder = sys.argv[1]
texts, labels = [], []
for name in sorted(os.listdir(folder)):
    if name.endswith(".txt"):
        for line in open(os.path.join(folder, name), encoding="utf-8"):
            texts.append(line.strip())
            labels.append(name)
model = make_pipeline(
    make_union(
        block(ngram_range=(1, 2), token_pattern=r"\S+"),
        block(analyzer="char_wb", ngram_range=(3, 5)),
    ),
    LinearSVC(C=1.0),
)
model.fit(texts, labels)
times = []
for text in texts:
    began = time.perf_counter()
    model.decision_function([text])
    times.append(time.perf_counter() - began)
times.sort()
print(times[len(times) // 2] * 1e3, times[len(times) * 99 // 100] * 1e3)
