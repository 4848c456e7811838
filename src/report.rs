//! The lesson's experiments on one page: what each printed, and its pictures.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use parity::report::{page, shown};

/// An experiment that was run.
#[derive(Debug)]
pub struct Section {
    /// Its name.
    pub name: &'static str,
    /// What it does, in a line.
    pub about: &'static str,
    /// What it printed.
    pub printed: String,
    /// What it drew.
    pub pictures: Vec<Picture>,
}

/// A picture, and what there is to see.
#[derive(Debug)]
pub struct Picture {
    /// What it shows, in words for those who do not see it as well.
    pub shows: &'static str,
    /// The file: SVG, or else PNG.
    pub bytes: Vec<u8>,
}

/// The page.
pub fn lesson(sections: &[Section]) -> String {
    let head = "<h1>The lesson's experiments</h1>\n\
                <p>What each of them printed and drew, run with its defaults.</p>\n";
    let link = |Section { name, about, .. }: &Section| {
        format!("<li><a href=\"#{name}\">{name}</a>: {}</li>\n", shown(about))
    };
    let links = sections.iter().map(link).collect::<Vec<_>>().concat();
    let contents = format!("<nav aria-label=\"Experiments\"><ul>\n{links}</ul></nav>\n");
    let body: String = sections.iter().map(section).collect();
    page::page("The lesson's experiments", head, &(contents + &body))
}

fn section(Section { name, about, printed, pictures }: &Section) -> String {
    let pictures: String = pictures.iter().map(picture).collect();
    format!(
        "<section aria-labelledby=\"{name}\">\n<h2 id=\"{name}\">{name}</h2>\n<p>{}.</p>\n\
         {}{pictures}</section>\n",
        shown(about),
        page::lines(&format!("What {name} printed"), printed)
    )
}

fn picture(Picture { shows, bytes }: &Picture) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => page::svg(text, shows),
        Err(_) => page::png(&STANDARD.encode(bytes), shows), // its first byte is no UTF-8
    }
}
