//! What every page is made of: one file of HTML that needs no other and no
//! network, in the light and in the dark, on a phone and by keyboard.

use super::rows::Table;
use super::shown;
use crate::program;

const STYLE: &str = include_str!("page.css");

/// A whole page; `head` and `body` are HTML.
pub fn page(title: &str, head: &str, body: &str) -> String {
    let (title, program) = (shown(title), program::current().title());
    format!(
        "<!DOCTYPE html>\n\
         <html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <link rel=\"icon\" href=\"data:,\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#main\">Skip to the results</a>\n\
         <header>\n{head}</header>\n\
         <main id=\"main\" tabindex=\"-1\">\n{body}</main>\n\
         <footer><p>Written by {program}.</p></footer>\n</body>\n</html>\n"
    )
}

/// A table in a box that scrolls by itself; `of` names it for programs. The first
/// cell of a row is its heading; a row that ends in "no" stands out. Cells are
/// text from anywhere.
pub fn table<const N: usize>(of: &str, caption: &str, (header, rows): Table<N>) -> String {
    let names = header.map(|name| format!("<th scope=\"col\">{}</th>", shown(&name))).concat();
    let row = |cells: [String; N]| {
        let class = if cells[N - 1] == "no" { " class=\"no\"" } else { "" };
        let cells = cells.iter().enumerate().map(|(i, cell)| match i {
            0 => format!("<th scope=\"row\">{}</th>", shown(cell)),
            _ => format!("<td>{}</td>", shown(cell)),
        });
        format!("<tr{class}>{}</tr>\n", cells.collect::<Vec<_>>().concat())
    };
    let rows = rows.into_iter().map(row).collect::<Vec<_>>().concat();
    let caption = shown(caption);
    wide(
        &caption,
        &format!(
            "<table data-of=\"{of}\">\n<caption>{caption}</caption>\n\
             <thead><tr>{names}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n"
        ),
    )
}

/// A box that scrolls by itself, also by keyboard; `label` and `inner` are HTML.
fn wide(label: &str, inner: &str) -> String {
    format!(
        "<div class=\"wide\" role=\"region\" aria-label=\"{label}\" tabindex=\"0\">\n{inner}</div>\n"
    )
}

/// A picture of this program's, with what it shows below it.
pub fn svg(svg: &str, shows: &str) -> String {
    let shows = shown(shows);
    let named = svg.replacen("<svg ", &format!("<svg role=\"img\" aria-label=\"{shows}\" "), 1);
    format!("<figure>\n{}<figcaption>{shows}</figcaption>\n</figure>\n", wide(&shows, &named))
}

/// Likewise a picture of pixels.
pub fn png(base64: &str, shows: &str) -> String {
    let shows = shown(shows);
    let image = format!("<img alt=\"{shows}\" src=\"data:image/png;base64,{base64}\">\n");
    format!("<figure>\n{}<figcaption>{shows}</figcaption>\n</figure>\n", wide(&shows, &image))
}

/// Lines in a font of equal widths.
pub fn lines(label: &str, text: &str) -> String {
    let lines: Vec<_> = text.lines().map(shown).collect();
    wide(&shown(label), &format!("<pre>{}</pre>\n", lines.join("\n")))
}
