//! The SQLSTATE of Diesel's errors.
//!
//! Diesel keeps what the server says of an error, and of its SQLSTATE only whether it is
//! one of eight. The connection has seen it, so it is put into the error, which stays one
//! of Diesel's. There is no place for it: what the server said is behind a trait that has
//! a method for each text, and none for the code. So one of them, the message, answers
//! with the code when it is asked for that. To ask so takes this module; all others get
//! the message.

use std::cell::Cell;

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error};

thread_local! {
    /// Whether the next message that is asked for on this thread is to be the code.
    static WANTS_CODE: Cell<bool> = const { Cell::new(false) };
}

type Information = dyn DatabaseErrorInformation + Send + Sync;

/// What the server said, with its code.
struct Coded {
    said: Box<Information>,
    sqlstate: String,
}

/// The same error with its code, where it comes from the server.
pub(super) fn with_code(error: Error, sqlstate: Option<String>) -> Error {
    match (error, sqlstate) {
        (Error::DatabaseError(kind, said), Some(sqlstate)) if is_from_server(&kind) => {
            Error::DatabaseError(kind, Box::new(Coded { said, sqlstate }))
        }
        (error, _) => error,
    }
}

/// The same error, with what to do in its message, if the reason is that the transaction was
/// begun to read: then it is not the server that has to be changed.
pub(super) fn of_reader(error: Error) -> Error {
    match error {
        Error::DatabaseError(kind @ DatabaseErrorKind::ReadOnlyTransaction, said) => {
            let message = format!("{}: {TO_WRITE}", said.message());
            Error::DatabaseError(kind, Box::new(Refused { said, message }))
        }
        error => error,
    }
}

/// How to write in a transaction that was opened for reading.
const TO_WRITE: &str =
    "it was opened with `TenantPool::read` or `read_only`. To change rows, use `TenantPool::write`";

/// What the server said of a write, and what to do.
struct Refused {
    said: Box<Information>,
    message: String,
}

/// The code that was put into what the server said.
pub(super) fn code_of(said: &Information) -> Option<&str> {
    WANTS_CODE.set(true);
    let answer = said.message();
    // Only `Coded` takes the wish away.
    let is_message = WANTS_CODE.take();
    (!is_message).then_some(answer)
}

/// Whether the server has spoken, and not the driver about the connection.
pub(super) fn is_from_server(kind: &DatabaseErrorKind) -> bool {
    !matches!(
        kind,
        DatabaseErrorKind::UnableToSendCommand | DatabaseErrorKind::ClosedConnection
    )
}

/// All but the message is as the server said it.
macro_rules! as_said {
    () => {
        fn details(&self) -> Option<&str> {
            self.said.details()
        }

        fn hint(&self) -> Option<&str> {
            self.said.hint()
        }

        fn table_name(&self) -> Option<&str> {
            self.said.table_name()
        }

        fn column_name(&self) -> Option<&str> {
            self.said.column_name()
        }

        fn constraint_name(&self) -> Option<&str> {
            self.said.constraint_name()
        }

        fn statement_position(&self) -> Option<i32> {
            self.said.statement_position()
        }
    };
}

impl DatabaseErrorInformation for Coded {
    fn message(&self) -> &str {
        match WANTS_CODE.take() {
            true => &self.sqlstate,
            false => self.said.message(),
        }
    }

    as_said!();
}

impl DatabaseErrorInformation for Refused {
    fn message(&self) -> &str {
        // What is inside knows the code, if that is what was asked for.
        match WANTS_CODE.get() {
            true => self.said.message(),
            false => &self.message,
        }
    }

    as_said!();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(error: &Error) -> &Information {
        match error {
            Error::DatabaseError(_, said) => said.as_ref(),
            error => panic!("{error:?}"),
        }
    }

    #[test]
    fn an_error_keeps_its_message_beside_the_code() {
        let plain = || Error::DatabaseError(DatabaseErrorKind::Unknown, Box::new("no".to_owned()));
        let coded = with_code(plain(), Some("57014".to_owned()));
        for _ in 0..2 {
            assert_eq!(code_of(said(&coded)), Some("57014"));
            assert_eq!(coded.to_string(), "no");
            assert_eq!(code_of(said(&plain())), None);
            assert_eq!(plain().to_string(), "no");
        }
    }

    #[test]
    fn an_error_of_the_connection_gets_no_code_of_the_server() {
        let lost = Error::DatabaseError(
            DatabaseErrorKind::UnableToSendCommand,
            Box::new("connection closed".to_owned()),
        );
        let lost = with_code(lost, Some("57014".to_owned()));
        assert_eq!(code_of(said(&lost)), None);
    }
}
