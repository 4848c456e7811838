//! Pictures side by side as PNG: the targets in the first row, each decoder's
//! output below, and below that, where pixels had to be clipped, which ones.

use anyhow::Result;
use font8x8::legacy::BASIC_LEGACY;
use tch::Tensor;

use super::{Findings, denormalise};

type Rgb = [u8; 3];

const PAPER: Rgb = [255, 255, 255];
const INK: Rgb = [0, 0, 0];
/// Clipped to white, clipped to black: orange and blue, which colour-blind
/// people can tell apart.
const TOO_HIGH: Rgb = [230, 159, 0];
const TOO_LOW: Rgb = [0, 114, 178];

/// The most pictures that are shown of each decoder.
const MOST_SHOWN: usize = 12;
/// Pixels that a letter is wide and high: eight dots of two.
const LETTER: usize = 16;
/// Pixels between pictures.
const GAP: usize = 4;

/// A row of the sheet: its label, and the pictures' pixels one after the other.
type SheetRow = (String, Vec<Rgb>);

/// The sheet as the bytes of a PNG file.
pub fn png(findings: &Findings) -> Result<Vec<u8>> {
    let size = findings.size as usize;
    let mut rows: Vec<SheetRow> = vec![("target".to_owned(), greys(&findings.targets))];
    for decoder in &findings.decoders {
        let name = decoder.finding.last.name();
        let pixels = greys(&decoder.output);
        if decoder.finding.out_of_range > 0.0 {
            let marked = mark_clipped(&pixels, &decoder.output);
            rows.push((name, pixels));
            rows.push(("clipped".to_owned(), marked));
        } else {
            rows.push((name, pixels));
        }
    }
    Sheet::of(&rows, size).encode()
}

/// The pictures' bytes as greys.
fn greys(x: &Tensor) -> Vec<Rgb> {
    let bytes = Vec::<u8>::try_from(denormalise(x).reshape(-1)).expect("they are bytes");
    bytes.into_iter().map(|byte| [byte; 3]).collect()
}

/// `pixels`, with those coloured whose value in `x` is outside [-1, 1].
fn mark_clipped(pixels: &[Rgb], x: &Tensor) -> Vec<Rgb> {
    let values = Vec::<f32>::try_from(x.reshape(-1)).expect("they are float32");
    let mark = |(&pixel, value): (&Rgb, f32)| match value {
        value if value > 1.0 => TOO_HIGH,
        value if value < -1.0 => TOO_LOW,
        _ => pixel,
    };
    pixels.iter().zip(values).map(mark).collect()
}

/// Pixels of a picture in the making.
struct Sheet {
    width: usize,
    height: usize,
    pixels: Vec<Rgb>,
}

impl Sheet {
    /// Labels on the left, enlarged pictures of `size` by `size` on the right.
    fn of(rows: &[SheetRow], size: usize) -> Self {
        let shown = (rows[0].1.len() / (size * size)).min(MOST_SHOWN);
        let longest = rows.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
        let left = GAP + longest * LETTER + GAP;
        let scale = (64 / size).max(1);
        let cell = size * scale + GAP;
        let (width, height) = (left + shown * cell, GAP + rows.len() * cell);
        let mut sheet = Self { width, height, pixels: vec![PAPER; width * height] };
        for (r, (label, pixels)) in rows.iter().enumerate() {
            let top = GAP + r * cell;
            sheet.write(label, GAP, top + (cell - GAP - LETTER) / 2);
            for (p, picture) in pixels.chunks(size * size).take(shown).enumerate() {
                for (i, &pixel) in picture.iter().enumerate() {
                    let (x, y) = (left + p * cell + i % size * scale, top + i / size * scale);
                    sheet.square(x, y, scale, pixel);
                }
            }
        }
        sheet
    }

    fn square(&mut self, x: usize, y: usize, side: usize, colour: Rgb) {
        for row in y..y + side {
            self.pixels[row * self.width + x..][..side].fill(colour);
        }
    }

    /// Writes ASCII text with its upper left corner at (x, y).
    fn write(&mut self, text: &str, x: usize, y: usize) {
        let dot = LETTER / 8;
        for (n, letter) in text.bytes().enumerate() {
            for (row, bits) in BASIC_LEGACY[usize::from(letter)].iter().enumerate() {
                for column in (0..8).filter(|column| bits >> column & 1 == 1) {
                    self.square(x + n * LETTER + column * dot, y + row * dot, dot, INK);
                }
            }
        }
    }

    fn encode(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.write_header()?.write_image_data(self.pixels.as_flattened())?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn black_and_white_themselves_are_not_clipped() {
        let x = Tensor::from_slice(&[1.0, 1_f32.next_up(), -1.0, (-1_f32).next_down()]);
        let grey = [9; 3];
        assert_eq!(mark_clipped(&[grey; 4], &x), [grey, TOO_HIGH, grey, TOO_LOW]);
    }
}
