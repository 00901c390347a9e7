//! The part of one machine of several.

use policy::walk::select::Shard;

use crate::environment;
use crate::error::CommandError;

/// Which part `--shard` asks for: `2/5`, or `auto` for what the CI system says.
pub(crate) fn shard(text: &str) -> Result<Shard, CommandError> {
    let help = "Write `--shard 2/5` for the second of five, or `--shard auto` in a CI system that runs jobs in parallel.";
    let wrong = |message: String| CommandError::new(message, help);
    if text != "auto" {
        let parts = text.split_once('/');
        let numbers = parts.and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
        let shard = numbers.and_then(|(index, of)| Shard::new(index, of));
        return shard.ok_or_else(|| wrong(format!("`{text}` is no shard")));
    }
    // Position and number of jobs, and where counting starts.
    let systems = [
        ("SYSTEM_JOBPOSITIONINPHASE", "SYSTEM_TOTALJOBSINPHASE", 1),
        ("CI_NODE_INDEX", "CI_NODE_TOTAL", 1),
        ("CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", 0),
        ("BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT", 0),
    ];
    for (position, total, first) in systems {
        let number = |name| environment::variable(name)?.parse::<usize>().ok();
        if let (Some(position), Some(total)) = (number(position), number(total)) {
            let shard = Shard::new((position + 1).saturating_sub(first), total);
            return shard.ok_or_else(|| wrong(format!("job {position} of {total} is no shard")));
        }
    }
    Err(wrong(
        "no variable says which job of how many this is".to_owned(),
    ))
}
