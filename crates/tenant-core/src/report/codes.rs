//! The lists of codes, compared with the functions that give one.

/// The codes in `fn code` and the functions that it calls: texts behind an arrow.
fn given(source: &str) -> Vec<&str> {
    let functions = source.split("fn code").skip(1);
    let lines = functions.flat_map(str::lines);
    let lines = lines.filter_map(|line| line.trim().split_once("=> \""));
    let codes = lines.filter_map(|(_, rest)| rest.strip_suffix("\","));
    let mut codes = codes.collect::<Vec<_>>();
    codes.sort_unstable();
    codes.dedup();
    codes
}

fn sorted<'a>(codes: &[&'a str]) -> Vec<&'a str> {
    let mut codes = codes.to_vec();
    codes.sort_unstable();
    codes
}

#[test]
fn each_list_has_the_codes_that_are_given() {
    let status = include_str!("outcome.rs");
    assert_eq!(sorted(super::Status::CODES), given(status));
    let notes = include_str!("note.rs");
    assert_eq!(sorted(super::Note::CODES), given(notes));
    let problems = include_str!("problem.rs");
    assert_eq!(sorted(super::ProblemKind::CODES), given(problems));
}
