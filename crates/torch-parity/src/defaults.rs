//! Structs of settings, with what PyTorch sets each of them to.

/// A struct and its `Default`: behind each field stands PyTorch's default of it.
macro_rules! defaults {
    ($(
        $(#[$of:meta])*
        pub struct $name:ident $(<$life:lifetime>)? $(<const $n:ident: usize>)? {
            $($(#[$doc:meta])* pub $field:ident: $kind:ty = $default:expr,)+
        }
    )+) => {$(
        $(#[$of])*
        pub struct $name $(<$life>)? $(<const $n: usize>)? {
            $($(#[$doc])* pub $field: $kind,)+
        }

        impl $(<$life>)? $(<const $n: usize>)? Default for $name $(<$life>)? $(<$n>)? {
            fn default() -> Self {
                Self { $($field: $default),+ }
            }
        }
    )+};
}

pub(crate) use defaults;
