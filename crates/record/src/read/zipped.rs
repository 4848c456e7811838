//! Archives of arrays: NumPy's `.npz` and PyTorch's `.pt`, both zip files.

use std::path::Path;

use bytes::Bytes;

use super::archive::Archive;
use super::{numpy, pytorch};
use crate::Array;
use crate::error::{Context, Result, bail};

/// The arrays of an `.npz` by name, or the tensors of a `.pt` by their keys.
pub fn tensors(file: &Bytes, path: &Path) -> Result<Vec<(String, Array)>> {
    let name = path.display();
    let mut archive =
        Archive::open(file).with_context(|| format!("{name} is not a readable zip archive"))?;
    let names = archive.names().with_context(|| format!("{name} names a part unreadably"))?;
    if names.iter().any(|part| part.ends_with("data.pkl")) {
        return pytorch::tensors(&mut archive).with_context(|| {
            format!("{name} is a PyTorch archive: save it with safetensors.torch.save_file")
        });
    }
    if !names.iter().any(|part| part.strip_suffix(".npy").is_some()) {
        bail!("{name} is a zip archive of neither arrays nor tensors: unpack it first");
    }
    let array = |part: &String| {
        let key = part.strip_suffix(".npy").unwrap_or(part).to_owned();
        let array = archive.part(part).and_then(|bytes| numpy::array(&bytes));
        Ok((key, array.with_context(|| format!("{name}: {part} is not a readable .npy file"))?))
    };
    names.iter().map(array).collect()
}
