//! Text from outside, made safe to print.

use std::borrow::Cow;

/// `text` in one line and without a character that moves the cursor, rings, or
/// changes colour or direction: each is written as Rust writes it, `\n` or
/// `\u{1b}`. For keys, words, settings and paths, which anybody may have chosen.
pub fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if is_hidden(character) {
            safe.extend(character.escape_default());
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

/// Controls, line breaks of Unicode's own, and what turns or hides text.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{ad}' | '\u{61c}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(character, '\u{2060}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_the_cursor_is_spelled_out_and_nothing_else() {
        assert_eq!(escaped("a\nverdict: exact\u{1b}[2J"), "a\\nverdict: exact\\u{1b}[2J");
        assert_eq!(escaped("\u{202e}\u{2028}\u{85}\t"), "\\u{202e}\\u{2028}\\u{85}\\t");
        assert!(matches!(escaped("fc1.weight, größe, 重み \\"), Cow::Borrowed(_)));
    }
}
