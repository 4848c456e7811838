//! The colours of activations, the same in every plot.

use plotters::style::RGBColor;
use torch_parity::nn::Activation;

/// Okabe and Ito's set, which colour-blind people can tell apart, then tints of
/// it: one for each activation, in the order of [`Activation::ALL`].
const COLOURS: [(u8, u8, u8); 14] = [
    (230, 159, 0),
    (0, 114, 178),
    (0, 158, 115),
    (86, 180, 233),
    (213, 94, 0),
    (204, 121, 167),
    (0, 0, 0),
    (240, 228, 66),
    (120, 120, 120),
    (140, 81, 10),
    (90, 60, 150),
    (150, 0, 60),
    (0, 80, 60),
    (190, 150, 110),
];

/// The colour of an activation.
pub fn colour(activation: Activation) -> RGBColor {
    let (red, green, blue) = COLOURS[activation as usize % COLOURS.len()];
    RGBColor(red, green, blue)
}
