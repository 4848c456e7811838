//! What the commands of all experiments do: run it, print what was found,
//! write what was asked for.

use anyhow::Result;
use tanh_parity::lesson::Experiment;
use tanh_parity::output::{Output, print_beside};
use tanh_parity::progress::Progress;

/// An output that may have been asked for, and what belongs into it.
pub type File<Findings> = (Option<Output>, fn(&Findings) -> Result<Vec<u8>>);

/// Runs `experiment`, prints its `summary` and writes `files` and `trace`.
pub fn run<E: Experiment, const N: usize>(
    experiment: &E,
    summary: fn(&E::Findings) -> String,
    files: [File<E::Findings>; N],
    trace: Option<Output>,
) -> Result<()> {
    let recording = trace.is_some().then(|| experiment.trace());
    let mut observer = (recording, Progress::new(experiment.steps()));
    let findings = experiment.run(&mut observer);
    let (recording, progress) = observer;
    drop(progress);

    // Where the words cannot be printed, the files are still wanted.
    let printed =
        print_beside(&summary(&findings), files.iter().map(|(output, _)| output).chain([&trace]));
    for (output, render) in files {
        if let Some(output) = output {
            output.write(&render(&findings)?)?;
        }
    }
    if let (Some(output), Some(recording)) = (trace, recording) {
        output.write(&recording.to_bytes()?)?;
    }
    printed
}
