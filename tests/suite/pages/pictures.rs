//! The pages' pictures are those that the commands draw.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::common::{is_avx512, root, stdout, tanh_parity};

/// Whether what was drawn is this picture of the pages; on another CPU than
/// theirs, whether it has the same parts, wherever they stand.
pub fn is_shown(drawn: &Path, picture: &str, exact: bool) -> bool {
    let [drawn, shown] = [drawn, &root().join(picture)].map(|path| fs::read(path).unwrap());
    if exact {
        return drawn == shown;
    }
    if picture.ends_with(".png") {
        return drawn[..33] == shown[..33]; // size and colours
    }
    let parts = |svg: Vec<u8>| -> String {
        String::from_utf8(svg).unwrap().chars().filter(|c| !c.is_ascii_digit()).collect()
    };
    parts(drawn) == parts(shown)
}

/// The flags of each command of `make pictures`.
fn commands() -> Vec<String> {
    let makefile = fs::read_to_string(root().join("Makefile")).unwrap();
    let target = makefile.split_once("\npictures: build\n").unwrap().1;
    let lines = target.lines().take_while(|line| line.starts_with('\t'));
    let flags = lines.map(|line| {
        let line = line.strip_prefix("\t@$(BIN) ").unwrap();
        line.strip_suffix(" >/dev/null").unwrap().to_owned()
    });
    flags.collect()
}

#[test]
fn every_picture_of_an_experiment_is_what_its_command_draws() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("docs")).unwrap();
    let mut pictures = 0;
    for flags in commands() {
        let mut command = tanh_parity(&flags);
        command.current_dir(&folder);
        stdout(command);
        for picture in flags.split(' ').filter(|flag| flag.starts_with("docs/")) {
            let drawn = folder.path().join(picture);
            assert!(is_shown(&drawn, picture, is_avx512()), "{picture}: run `make pictures`");
            pictures += 1;
        }
    }
    assert_eq!(pictures, 6);
}

#[test]
fn a_picture_with_another_point_or_another_word_is_found() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("losses.svg");
    let svg = fs::read_to_string(root().join("docs/losses.svg")).unwrap();
    let draw = |from: &str, to: &str| {
        assert!(svg.contains(from));
        fs::write(&path, svg.replacen(from, to, 1)).unwrap();
        [true, false].map(|exact| is_shown(&path, "docs/losses.svg", exact))
    };
    assert_eq!(draw("points=\"160,432 400,432 \"", "points=\"161,432 400,432 \""), [false, true]);
    assert_eq!(draw("points=\"160,432 400,432 \"", "points=\"160,432 \""), [false, false]);
    assert_eq!(draw("sigmoid", "sigmoids"), [false, false]);
    assert_eq!(draw("sigmoid", "sigmoid"), [true, true]);
}
