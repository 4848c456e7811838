//! What can go wrong, by kind.

use std::error::Error as StdError;
use std::fmt;

use tch::TchError;

/// Why something of this crate failed. Its text is one line, with the causes behind
/// it in [`source`](StdError::source); `{:?}` has both, since that is what a `main`
/// prints that returns it.
pub enum Error {
    /// libtorch refused.
    Torch(TchError),
    /// A tensor has no place in a record.
    Tensor(String),
    /// A saved state is not one of the module, optimizer or scheduler that is to take
    /// it over.
    State(String),
    /// A setting does not go with what it is for.
    Setting(String),
    /// The state of a generator cannot be told, or is none.
    Generator(String),
    /// A record cannot be written or read, or its observer refused.
    Record(Box<dyn StdError + Send + Sync>),
    /// The same, of what is named.
    Of(String, Box<Error>),
}

/// What most of this crate returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The same, of what is named.
    pub(crate) fn of(self, what: String) -> Self {
        Self::Of(what, Box::new(self))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Torch(error) => error.fmt(f),
            Self::Tensor(what)
            | Self::State(what)
            | Self::Setting(what)
            | Self::Generator(what)
            | Self::Of(what, _) => f.write_str(what),
            Self::Record(error) => error.fmt(f),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        let mut error: &dyn StdError = self;
        while let Some(cause) = error.source() {
            write!(f, ": {cause}")?;
            error = cause;
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Torch(error) => error.source(),
            Self::Record(error) => error.source(),
            Self::Of(_, error) => Some(error),
            Self::Tensor(_) | Self::State(_) | Self::Setting(_) | Self::Generator(_) => None,
        }
    }
}

impl From<TchError> for Error {
    fn from(error: TchError) -> Self {
        Self::Torch(error)
    }
}

impl From<parity_record::Error> for Error {
    fn from(error: parity_record::Error) -> Self {
        Self::Record(error.into())
    }
}

/// Returns an error of this kind, in these words, unless it is so.
macro_rules! ensure {
    ($is_so:expr, $kind:ident, $($words:tt)+) => {
        if !$is_so {
            return Err($crate::Error::$kind(format!($($words)+)));
        }
    };
}

pub(crate) use ensure;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_was_wrong_with_what_and_why() {
        let error = Error::State("no lr".to_owned()).of("param_groups.0".to_owned());
        assert_eq!(error.to_string(), "param_groups.0");
        assert_eq!(error.source().unwrap().to_string(), "no lr");
        let cause = parity_record::Error::Record("no room".to_owned());
        let record =
            Error::from(parity_record::Error::Of("cannot write a".to_owned(), cause.into()));
        assert_eq!(record.to_string(), "cannot write a");
        assert_eq!(format!("{record:?}"), "cannot write a: no room");
        assert!(matches!(Error::from(TchError::Shape("2".to_owned())), Error::Torch(_)));
    }
}
