//! The messages, one by one.

use bytes::{Bytes, BytesMut};

use super::statements::Statements;

/// A message as the driver writes it.
fn message(tag: u8, body: &[u8]) -> Bytes {
    let length = u32::try_from(body.len() + 4).unwrap();
    [&[tag][..], &length.to_be_bytes(), body].concat().into()
}

/// What is sent in the place of these messages.
fn sent(statements: &mut Statements, messages: &[(u8, &[u8])]) -> Vec<Bytes> {
    let mut out = BytesMut::new();
    for (tag, body) in messages {
        statements.forward(message(*tag, body), &mut out);
    }
    let mut sent = Vec::new();
    while !out.is_empty() {
        let length = u32::from_be_bytes(out[1..5].try_into().unwrap());
        sent.push(out.split_to(1 + length as usize).freeze());
    }
    sent
}

fn messages(messages: &[(u8, &[u8])]) -> Vec<Bytes> {
    let messages = messages.iter();
    messages.map(|(tag, body)| message(*tag, body)).collect()
}

const PREPARE: [(u8, &[u8]); 3] = [
    (b'P', b"s7\0SELECT $1\0\0\x01\0\0\0\x17"),
    (b'D', b"Ss7\0"),
    (b'S', b""),
];

const RUN: [(u8, &[u8]); 3] = [
    (b'B', b"\0s7\0\0\0\0\0\0\0"),
    (b'E', b"\0\0\0\0\0"),
    (b'S', b""),
];

/// Hears these answers; gives back those that the driver sees.
fn heard(statements: &mut Statements, answers: &str) -> String {
    answers
        .chars()
        .filter(|answer| !statements.hear(u8::try_from(*answer).unwrap()))
        .collect()
}

#[test]
fn a_statement_is_sent_without_its_name_and_again_with_each_use() {
    let mut statements = Statements::default();
    let parse: (u8, &[u8]) = (b'P', b"\0SELECT $1\0\0\x01\0\0\0\x17");
    let expected = messages(&[parse, (b'D', b"S\0"), (b'S', b"")]);
    assert_eq!(sent(&mut statements, &PREPARE), expected);
    assert_eq!(heard(&mut statements, "1tTZ"), "1tTZ");
    for _ in 0..2 {
        let expected = messages(&[
            parse,
            (b'B', b"\0\0\0\0\0\0\0\0"),
            (b'E', b"\0\0\0\0\0"),
            (b'S', b""),
        ]);
        assert_eq!(sent(&mut statements, &RUN), expected);
        assert_eq!(heard(&mut statements, "12DCZ"), "2DCZ");
    }
}

#[test]
fn requests_that_are_sent_together_get_each_their_own_answers() {
    let mut statements = Statements::default();
    sent(&mut statements, &PREPARE);
    sent(&mut statements, &RUN);
    sent(&mut statements, &[(b'Q', b"COMMIT\0")]);
    sent(&mut statements, &[(b'P', b"s8\0X\0\0\0"), (b'S', b"")]);
    sent(&mut statements, &RUN);
    let answers = "1tTZ12DCZCZ1Z12DCZ";
    assert_eq!(heard(&mut statements, answers), "1tTZ2DCZCZ1Z2DCZ");
}

#[test]
fn an_error_takes_the_answers_of_its_group_and_no_others() {
    let mut statements = Statements::default();
    sent(&mut statements, &PREPARE);
    sent(
        &mut statements,
        &[(b'P', b"s8\0NONSENSE\0\0\0"), (b'S', b"")],
    );
    sent(&mut statements, &RUN);
    sent(&mut statements, &RUN);
    // The second run fails before its statement is parsed again.
    assert_eq!(heard(&mut statements, "1tTZEZEZ12DCZ"), "1tTZEZEZ2DCZ");
    // What did not parse is forgotten: the server will say so itself.
    let bind: (u8, &[u8]) = (b'B', b"\0s8\0\0\0\0\0\0\0");
    let expected = messages(&[(b'B', b"\0\0\0\0\0\0\0\0")]);
    assert_eq!(sent(&mut statements, &[bind]), expected);
}

#[test]
fn a_closed_statement_is_forgotten() {
    let mut statements = Statements::default();
    sent(&mut statements, &PREPARE);
    let closed = sent(&mut statements, &[(b'C', b"Ss7\0"), (b'S', b"")]);
    assert_eq!(closed, messages(&[(b'C', b"S\0"), (b'S', b"")]));
    assert_eq!(sent(&mut statements, &RUN).len(), 3);
    assert_eq!(heard(&mut statements, "1tTZ3Z2DCZ"), "1tTZ3Z2DCZ");
}

#[test]
fn a_sync_that_the_server_passes_over_while_data_are_copied_is_not_waited_for() {
    let mut statements = Statements::default();
    sent(&mut statements, &PREPARE);
    sent(&mut statements, &RUN);
    sent(&mut statements, &[(b'd', b"1\n"), (b'c', b""), (b'S', b"")]);
    sent(&mut statements, &RUN);
    assert_eq!(heard(&mut statements, "1tTZ12GCZ12DCZ"), "1tTZ2GCZ2DCZ");
}

#[test]
fn what_has_no_name_passes_as_it_is() {
    let mut statements = Statements::default();
    let unnamed: [(u8, &[u8]); 6] = [
        (b'P', b"\0SELECT 1\0\0\0"),
        (b'B', b"\0\0\0\0\0\0\0\0"),
        (b'D', b"S\0"),
        (b'D', b"P\0"),
        (b'C', b"Pp1\0"),
        (b'S', b""),
    ];
    assert_eq!(sent(&mut statements, &unnamed), messages(&unnamed));
    assert_eq!(heard(&mut statements, "12tTT3Z"), "12tTT3Z");
}
