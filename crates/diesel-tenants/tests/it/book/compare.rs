//! Whether an output is the one that a page shows.

use std::sync::LazyLock;

use regex::Regex;

/// What varies from run to run, and what stands for it when outputs are compared.
static VARIES: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        (
            r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}(:\d{2})?| UTC)?",
            "MOMENT",
        ),
        (r"\d{4}-\d{2}-\d{2}-\d{6}-\d{4}", "FOLDER"),
        (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID"),
        (r"\b\d+(\.\d+)? ?(µs|ms|s|min|minutes?|seconds?)\b", "TIME"),
        (r#""duration_ms": ?\d+(\.\d+)?"#, "TIME"),
        (r"\b(process|pid) \d+", "PROCESS"),
        (r"127\.0\.0\.1:\d+", "ADDRESS"),
        (r"\bv1:[0-9a-f]{16}", "FINGERPRINT"),
        (r"[─═-]{3,}", "---"),
        (r"\s+", " "),
    ]
    .map(|(pattern, instead)| (Regex::new(pattern).unwrap(), instead))
    .into()
});

/// Whether `real` is what the page shows. A line `...` of the page is any number of lines.
pub(super) fn fits(shown: &[String], real: &[String]) -> bool {
    matches(&comparable(shown), &comparable(real))
}

fn matches(shown: &[String], real: &[String]) -> bool {
    match (shown.split_first(), real.split_first()) {
        (None, None) => true,
        (Some((first, rest)), _) if first.trim() == "..." => {
            (0..=real.len()).any(|skipped| matches(rest, &real[skipped..]))
        }
        (Some((first, shown)), Some((line, real))) => first == line && matches(shown, real),
        _ => false,
    }
}

/// The lines without what varies. Tenants are worked on several at a time, so the order of
/// their lines says nothing.
fn comparable(lines: &[String]) -> Vec<String> {
    let mut comparable = lines
        .iter()
        .map(|line| without_what_varies(line))
        .collect::<Vec<_>>();
    let is_of_a_tenant = |line: &String| line.starts_with(' ') && line.contains(": ");
    comparable
        .chunk_by_mut(|one, next| is_of_a_tenant(one) && is_of_a_tenant(next))
        .for_each(<[String]>::sort);
    comparable
}

fn without_what_varies(line: &str) -> String {
    let start = line.trim_end().to_owned();
    VARIES.iter().fold(start, |line, (pattern, instead)| {
        pattern.replace_all(&line, *instead).into_owned()
    })
}

#[test]
fn times_and_the_order_of_tenants_may_differ_and_nothing_else() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let shown =
        lines("  a: created, 2 migrations in 9 ms\n  b: created, 2 migrations in 12 ms\n2 tenants");
    let real =
        lines("  b: created, 2 migrations in 1.2 s\n  a: created, 2 migrations in 3 ms\n2 tenants");
    assert!(fits(&shown, &real));
    assert!(!fits(&shown, &real[1..]));
    assert!(fits(&lines("x\n...\ny"), &lines("x\n1\n2\ny")));
    assert!(!fits(&lines("x\n...\ny"), &lines("x\n1\n2")));
    assert!(!fits(&lines("2 tenants"), &lines("3 tenants")));
}
