//! The pages' pictures are those that the commands draw.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;
use tempfile::TempDir;

use crate::check_all::EXPERIMENTS;
use crate::common::{is_amd, is_avx512, root, stdout, tanh_parity, tanh_parity_in};

/// Whether what was drawn is this picture of the pages; on another CPU than
/// theirs, whether it has the same parts, wherever they stand.
pub fn is_shown(drawn: &Path, picture: &str, exact: bool) -> bool {
    let [drawn, shown] = [drawn, &root().join(picture)].map(|path| fs::read(path).unwrap());
    if exact {
        return drawn == shown;
    }
    if drawn.starts_with(b"\x89PNG") {
        return drawn[..33] == shown[..33]; // size and colours
    }
    parts(&String::from_utf8(drawn).unwrap()) == parts(&String::from_utf8(shown).unwrap())
}

/// Whether what was drawn has the lines of this picture, through however many points:
/// on a logarithmic scale there is none where two runs do not differ.
pub fn looks_like(drawn: &Path, picture: &str) -> bool {
    let points = Regex::new(r#"points="[^"]*""#).unwrap();
    let [drawn, shown] = [drawn, &root().join(picture)].map(|path| {
        let parts = parts(&fs::read_to_string(path).unwrap());
        parts.iter().map(|part| points.replace(part, "").into_owned()).collect::<Vec<_>>()
    });
    drawn == shown
}

/// Which pictures any CPU with AVX-512 draws so; the others an AMD one.
const OF_ANY_MAKER: [&str; 2] = ["docs/losses.svg", "docs/curve.svg"];

/// The lines of an SVG without digits and scales, which go by the values. Of a dashed
/// line, which is many short ones in a row, how many there are depends on where it
/// runs: it counts as one.
fn parts(svg: &str) -> Vec<String> {
    let scales = r##"<text [^>]*>\n[-+0-9.,e¹²³⁰-⁻]+\n</text>|<line [^>]*/>|<polyline [^>]*"#000000"[^>]*/>"##;
    let svg = Regex::new(scales).unwrap().replace_all(svg, "");
    let points = Regex::new(r#"points="[^"]*""#).unwrap();
    let without_digits = |line: &str| line.replace(|c: char| c.is_ascii_digit(), "");
    let lines: Vec<_> =
        svg.split_terminator('\n').filter(|line| !line.is_empty()).map(without_digits).collect();
    let look = |line: &str| points.replace(line, "").into_owned();
    let is_dashed = |a: &String, b: &String| a.starts_with("<polyline") && look(a) == look(b);
    let part = |piece: &[String]| if piece.len() > 1 { look(&piece[0]) } else { piece[0].clone() };
    lines.chunk_by(is_dashed).map(part).collect()
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

/// One run of `lesson`, since all that it runs takes half a minute.
#[test]
fn the_lesson_is_one_page_of_all_experiments_and_its_pictures_are_the_pages() {
    let folder = TempDir::new().unwrap();
    let run = |flags: &str| stdout(tanh_parity_in(&folder, flags));
    let printed = run("lesson docs");
    let page = fs::read_to_string(folder.path().join("docs/lesson.html")).unwrap();
    let help = stdout(tanh_parity("check --help"));
    for name in EXPERIMENTS {
        assert!(help.contains(name), "{name} is an experiment");
        let about = stdout(tanh_parity(&format!("{name} -h")));
        let about = about.lines().next().unwrap();
        assert!(page.contains(&format!("<li><a href=\"#{name}\">{name}</a>: {about}")), "{name}");
        assert!(
            page.contains(&format!("<h2 id=\"{name}\">{name}</h2>\n<p>{about}.</p>")),
            "{name}"
        );
    }
    // A blank line between two of them, and none before the first.
    let sections = page.split("<pre>").skip(1).filter_map(|rest| rest.split("</pre>").next());
    assert_eq!(shown(&printed), sections.collect::<Vec<_>>().join("\n\n") + "\n");
    assert_eq!(page.matches("<figure>").count(), 6);
    let png = STANDARD.encode(fs::read(folder.path().join("docs/generator.png")).unwrap());
    assert!(page.contains(&format!(" src=\"data:image/png;base64,{png}\">")));

    let mut pictures = 0;
    for flags in commands() {
        let mut names = flags.split(' ').skip(1).step_by(2);
        if !names.all(|name| ["--plot", "--image"].contains(&name)) {
            run(&flags); // lesson draws the others
        }
        for picture in flags.split(' ').filter(|flag| flag.starts_with("docs/")) {
            let drawn = folder.path().join(picture);
            let exact = is_amd() || is_avx512() && OF_ANY_MAKER.contains(&picture);
            assert!(is_shown(&drawn, picture, exact), "{picture}: run `make pictures`");
            pictures += 1;
        }
    }
    assert_eq!(pictures, 6);
}

/// Text as HTML.
fn shown(line: &str) -> String {
    line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\'', "&#39;")
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
