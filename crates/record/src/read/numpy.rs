//! `.npy`: NumPy's file of one array.

use ::safetensors::Dtype;
use bytes::Bytes;

use super::bytes_at;
use crate::Array;
use crate::error::{Context, Result, bail, ensure};

/// The array of a `.npy` file, in row-major order and our byte order.
pub fn array(file: &Bytes) -> Result<Array> {
    let cut = || "it is cut short";
    let (length, start) = match file.get(6) {
        Some(1) => (u16::from_le_bytes(bytes_at(file, 8).with_context(cut)?).into(), 10),
        _ => (u32::from_le_bytes(bytes_at(file, 8).with_context(cut)?), 12),
    };
    let end = start + length as usize;
    let header = file.get(start..end).with_context(cut)?;
    let header = std::str::from_utf8(header).context("its header is no text")?;
    let descr = quoted(after(header, "descr")?).context("it holds records of several fields")?;
    let fortran = after(header, "fortran_order")?.starts_with("True");
    let shape = shape(after(header, "shape")?)?;
    let (order, kind) = descr.split_at_checked(1).unwrap_or((descr, ""));
    let Some((_, dtype)) = DTYPES.iter().find(|(known, _)| *known == kind) else {
        bail!("it holds values of dtype {descr}: convert them with .astype first")
    };
    let mut values = file.slice(end..);
    let swapped = if cfg!(target_endian = "big") { "<" } else { ">" };
    let width = dtype.bitsize() / 8;
    if order == swapped && width > 1 {
        let part = if *dtype == Dtype::C64 { width / 2 } else { width };
        let mut bytes = values.to_vec();
        bytes.chunks_exact_mut(part).for_each(<[u8]>::reverse);
        values = bytes.into();
    }
    let turned = Array::new(*dtype, shape.clone(), values.clone())?;
    if !fortran || shape.len() < 2 {
        return Ok(turned);
    }
    let strides = shape.iter().scan(1, |next, n| Some(std::mem::replace(next, *next * n)));
    strided(*dtype, shape.clone(), &strides.collect::<Vec<_>>(), &values)
}

/// The values at these strides, counted in values, in row-major order.
pub fn strided(
    dtype: Dtype,
    shape: Vec<usize>,
    strides: &[usize],
    values: &Bytes,
) -> Result<Array> {
    let width = dtype.bitsize() / 8;
    let count = shape.iter().try_fold(1_usize, |all, &n| all.checked_mul(n));
    let size = count.and_then(|count| count.checked_mul(width));
    // An expanded tensor may be larger than its bytes, within reason.
    let size = size.filter(|&size| size <= values.len().max(1 << 30));
    let size = size.context("its shape asks for more than its bytes")?;
    ensure!(strides.len() == shape.len(), "its strides do not fit its shape");
    if is_contiguous(&shape, strides) && size <= values.len() {
        return Array::new(dtype, shape, values.slice(..size));
    }
    let mut bytes = Vec::with_capacity(size);
    let mut index = vec![0; shape.len()];
    for _ in 0..size / width {
        let mut along = index.iter().zip(strides);
        let at = along.try_fold(0_usize, |at, (&i, &stride): (&usize, &usize)| {
            at.checked_add(i.checked_mul(stride)?)
        });
        let at = at.and_then(|at| at.checked_mul(width));
        let value = at.and_then(|at| values.get(at..at.checked_add(width)?));
        bytes.extend_from_slice(value.context("its values reach beyond its bytes")?);
        for (i, n) in index.iter_mut().zip(&shape).rev() {
            *i += 1;
            if *i < *n {
                break;
            }
            *i = 0;
        }
    }
    Array::new(dtype, shape, bytes)
}

fn is_contiguous(shape: &[usize], strides: &[usize]) -> bool {
    let mut next = 1_usize;
    shape.iter().zip(strides).rev().all(|(&n, &stride)| {
        let fits = n <= 1 || stride == next;
        next = next.saturating_mul(n);
        fits
    })
}

/// What NumPy calls our dtypes, behind the sign of the byte order.
const DTYPES: [(&str, Dtype); 13] = [
    ("f4", Dtype::F32),
    ("f8", Dtype::F64),
    ("f2", Dtype::F16),
    ("i8", Dtype::I64),
    ("i4", Dtype::I32),
    ("i2", Dtype::I16),
    ("i1", Dtype::I8),
    ("u8", Dtype::U64),
    ("u4", Dtype::U32),
    ("u2", Dtype::U16),
    ("u1", Dtype::U8),
    ("b1", Dtype::BOOL),
    ("c8", Dtype::C64),
];

/// The value of `'name': ` in the header, which is a Python dict.
fn after<'a>(header: &'a str, name: &str) -> Result<&'a str> {
    let found = header.split_once(&format!("'{name}'")).map(|(_, rest)| rest.trim_start());
    let value = found.and_then(|rest| rest.strip_prefix(':'));
    value.map(str::trim_start).with_context(|| format!("its header lacks {name}"))
}

fn quoted(value: &str) -> Option<&str> {
    value.strip_prefix('\'')?.split_once('\'').map(|(text, _)| text)
}

/// `(3, 4)`, `(3,)` or `()`.
fn shape(value: &str) -> Result<Vec<usize>> {
    let inside = value.strip_prefix('(').and_then(|rest| rest.split_once(')'));
    let (inside, _) = inside.context("its shape is not a tuple")?;
    let sizes = inside.split(',').map(str::trim).filter(|size| !size.is_empty());
    sizes.map(|size| size.parse().context("its shape is not of whole numbers")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_beyond_the_bytes_are_an_error_at_any_strides() {
        let bytes = Bytes::from((0..12_u8).collect::<Vec<_>>());
        let at = |shape: &[usize], strides: &[usize]| {
            strided(Dtype::F32, shape.to_vec(), strides, &bytes)
        };
        assert_eq!(at(&[3], &[1]).unwrap().bytes(), &bytes);
        assert_eq!(at(&[2], &[1]).unwrap().bytes(), &bytes[..8]);
        assert_eq!(at(&[2], &[2]).unwrap().bytes(), [&bytes[..4], &bytes[8..]].concat());
        assert_eq!(at(&[2, 2], &[0, 1]).unwrap().bytes(), [&bytes[..8], &bytes[..8]].concat());
        for (shape, strides) in
            [(&[4][..], &[1][..]), (&[3], &[2]), (&[2, 2], &[2, 1]), (&[3], &[usize::MAX])]
        {
            let error = at(shape, strides).unwrap_err().to_string();
            assert_eq!(error, "its values reach beyond its bytes", "{shape:?} {strides:?}");
        }
        assert!(at(&[1 << 40], &[0]).unwrap_err().to_string().contains("more than its bytes"));
        assert!(at(&[3], &[1, 1]).unwrap_err().to_string().contains("do not fit its shape"));
    }
}
