//! What can go wrong, by kind.

use std::error::Error as StdError;
use std::{fmt, io};

/// Why something of this crate failed. Its text is one line, with the causes behind it
/// in [`source`](StdError::source); `{:#}` and `{:?}` have both.
pub enum Error {
    /// The system does not let a file be read or written.
    Io(io::Error),
    /// A file is not what it should be, or of no kind that is read here.
    File(String),
    /// The same, in the words of what reads its format.
    Format(Box<dyn StdError + Send + Sync>),
    /// Dtype, shape and bytes do not fit each other, or there are no values.
    Tensor(String),
    /// The record does not take what it is given: it is finished, it has a tensor of
    /// this key, or it is past this step.
    Record(String),
    /// This is no range of steps.
    Steps(String),
    /// A signal came that is to end the run.
    Ended(String),
    /// The same, of what is named.
    Of(String, Box<Error>),
}

/// What most of this crate returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// What the system said, where that is the cause.
    pub fn io(&self) -> Option<&io::Error> {
        match self {
            Self::Io(error) => Some(error),
            Self::Of(_, error) => error.io(),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "{error}"),
            Self::Format(error) => write!(f, "{error}"),
            Self::File(what)
            | Self::Tensor(what)
            | Self::Record(what)
            | Self::Steps(what)
            | Self::Ended(what)
            | Self::Of(what, _) => f.write_str(what),
        }?;
        let mut cause = self.source().filter(|_| f.alternate());
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:#}")
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Io(error) => error.source(),
            Self::Format(error) => error.source(),
            Self::Of(_, error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Errors of what reads or writes a format.
macro_rules! of_format {
    ($($error:ty),+) => {
        $(impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self::Format(error.into())
            }
        })+
    };
}

of_format!(
    serde_json::Error,
    safetensors::SafeTensorError,
    zip::result::ZipError,
    std::array::TryFromSliceError,
    std::num::ParseIntError,
    std::num::TryFromIntError,
    std::str::Utf8Error
);

/// Says what failed; of a part that is not there, what that means for the file.
pub(crate) trait Context<T>: Sized {
    fn with_context<S: Into<String>>(self, what: impl FnOnce() -> S) -> Result<T>;

    fn context(self, what: &str) -> Result<T> {
        self.with_context(|| what)
    }
}

impl<T, E: Into<Error>> Context<T> for Result<T, E> {
    fn with_context<S: Into<String>>(self, what: impl FnOnce() -> S) -> Result<T> {
        self.map_err(|error| Error::Of(what().into(), Box::new(error.into())))
    }
}

impl<T> Context<T> for Option<T> {
    fn with_context<S: Into<String>>(self, what: impl FnOnce() -> S) -> Result<T> {
        self.ok_or_else(|| Error::File(what().into()))
    }
}

/// Returns an error in these words: of this kind, else of a file.
macro_rules! bail {
    ($kind:ident, $($words:tt)+) => { return Err($crate::Error::$kind(format!($($words)+))) };
    ($($words:tt)+) => { return Err($crate::Error::File(format!($($words)+))) };
}

/// The same, unless it is so.
macro_rules! ensure {
    ($is_so:expr, $($error:tt)+) => { if !$is_so { $crate::error::bail!($($error)+); } };
}

pub(crate) use {bail, ensure};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_was_wrong_with_what_and_why() {
        let cause: Result<()> = Err(io::Error::from(io::ErrorKind::NotFound).into());
        let error = cause.context("cannot write a").unwrap_err();
        assert_eq!(error.to_string(), "cannot write a");
        assert_eq!(format!("{error:#}"), "cannot write a: entity not found");
        assert_eq!(format!("{error:?}"), format!("{error:#}"));
        assert_eq!(error.io().unwrap().kind(), io::ErrorKind::NotFound);
        let error = None::<()>.context("it is cut short").unwrap_err();
        assert!(matches!(&error, Error::File(what) if what == "it is cut short"));
        assert!(error.io().is_none() && error.source().is_none());
    }
}
