//! The lesson's experiments, one file a section; each is the twin of the file
//! of the same name in `python_ref/`.

pub mod train;
