//! What the tests share.

/// Compares two texts, and says where they differ, if they do.
pub(crate) fn difference(name: &str, expected: &str, found: &str) -> Option<String> {
    if expected == found {
        return None;
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
    let line = head + 1;
    Some(format!(
        "{name} differs from line {line}:
{before}{removed}{added}"
    ))
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
