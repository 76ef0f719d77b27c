//! Files that say what an output has to be, but for what no two runs have in common.

use std::fs;
use std::path::Path;

use otto_conformance::catalogue;
use regex::Regex;

/// Compares with `golden/NAME`, or writes it if `UPDATE_GOLDEN` is 1.
#[track_caller]
pub(super) fn check(name: &str, text: &str, tmp: &Path) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/cli/golden")
        .join(name);
    let actual = normalize(text, tmp);
    if std::env::var("UPDATE_GOLDEN").as_deref() == Ok("1") {
        fs::write(&path, actual).expect("a golden file");
        return;
    }
    let expected = fs::read_to_string(&path).expect("a golden file");
    assert!(
        actual == expected,
        "{} differs; UPDATE_GOLDEN=1 writes it again\n{}",
        path.display(),
        similar::TextDiff::from_lines(&expected, &actual).unified_diff()
    );
}

/// Puts a word for times, numbers of processes, places, and the sentences of the specification.
fn normalize(text: &str, tmp: &Path) -> String {
    let mutant = super::mutant().to_str().expect("a path");
    let mut text = text.replace(mutant, "MUTANT");
    text = text.replace(&mutant.replace('/', "&#x2f;"), "MUTANT");
    text = text.replace(tmp.to_str().expect("a path"), "TMP");
    for rule in catalogue::cases().iter().flat_map(|case| &case.rules) {
        let sentence = catalogue::sentence(rule).expect("a rule");
        for escaped in escaped(sentence) {
            text = text.replace(&escaped, "SENTENCE");
        }
    }
    for (pattern, word) in [
        (r"otto-conformance-\w{6}\b", "otto-conformance-XXXXXX"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "2030-01-01T00:00:00Z"),
        (r"\b[0-9a-f]{64}\b", &"0".repeat(64)),
        (r"Linux \S+ \w+", "Linux 1.0 x86_64"),
        (r"\bt=\d+\.\d{3}", "t=0.000"),
        (r#""(at|seconds)":[0-9.e-]+"#, r#""$1":0.0"#),
        (r#"time="[0-9.]+""#, r#"time="0.000""#),
        (r"\[ *\d+\.\d{3}s\]", "[   0.000s]"),
        (r"\b(\d+ ms|\d+\.\d+ s)\b", "0 ms"),
        (r"\bpid \d+", "pid 1"),
        // A plugin that does not serve may be gone before anything is sent to it.
        (r"\n *wire +t=0.000 -(>|&gt;) bootstrap q0", ""),
        (r"\n<dt>wire</dt><dd>t=0.000 -&gt; bootstrap q0</dd>", ""),
        (r#"\{"at":0.0,"text":"-> bootstrap q0"\},?"#, ""),
    ] {
        let pattern = Regex::new(pattern).expect("a pattern");
        text = pattern.replace_all(&text, word).into_owned();
    }
    text
}

/// A sentence in the forms in which the outputs have it.
fn escaped(sentence: &str) -> [String; 4] {
    let entities = |quote: &str, slash: &str| {
        let text = sentence.replace('&', "&amp;").replace('<', "&lt;");
        let text = text.replace('>', "&gt;").replace('"', "&quot;");
        text.replace('\'', quote).replace('/', slash)
    };
    let json = serde_json::to_string(sentence).expect("JSON");
    [
        sentence.to_owned(),
        json[1..json.len() - 1].to_owned(),
        entities("&apos;", "/"),
        entities("&#x27;", "&#x2f;"),
    ]
}
