//! What the tests share.

/// Compares two texts, and says where they differ.
pub(crate) fn assert_same(name: &str, expected: &str, found: &str) {
    if expected == found {
        return;
    }
    let (old, new): (Vec<_>, Vec<_>) = (expected.lines().collect(), found.lines().collect());
    let head = old
        .iter()
        .zip(&new)
        .take_while(|(old, new)| old == new)
        .count();
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let tails = old_rest.iter().rev().zip(new_rest.iter().rev());
    let tail = tails.take_while(|(old, new)| old == new).count();
    let before = shown(' ', &old[head.saturating_sub(3)..head]);
    let removed = shown('-', &old_rest[..old_rest.len() - tail]);
    let added = shown('+', &new_rest[..new_rest.len() - tail]);
    panic!(
        "{name} differs from line {}:\n{before}{removed}{added}",
        head + 1
    );
}

fn shown(sign: char, lines: &[&str]) -> String {
    const MOST: usize = 40;
    let shown = lines
        .iter()
        .take(MOST)
        .map(|line| format!("{sign}{line}\n"));
    let more = lines.len().saturating_sub(MOST);
    let rest = (more > 0).then(|| format!("{sign}… {more} more lines\n"));
    shown.chain(rest).collect()
}
