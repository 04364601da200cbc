/** States of runs that trackers and schedulers know and that are no finished run. */
const unfinished = new Set([
  ...['crashed', 'failed', 'fail', 'failure', 'killed', 'running', 'preempted', 'preempting', 'pruned', 'cancelled'],
  ...['canceled', 'timeout', 'timedout', 'error', 'errored', 'oom', 'outofmemory', 'pending', 'queued', 'scheduled'],
  ...['aborted', 'interrupted', 'stopped', 'diverged', 'waiting', 'starting', 'submitted', 'lost', 'dead', 'nan'],
  ...['incomplete', 'invalid', 'exploded', 'terminated', 'nodefail', 'unfinished', 'started', 'inprogress'],
])

/** Whether a cell of a state column says that its run did not finish. */
export const isUnfinished = (cell: unknown): boolean =>
  typeof cell === 'string' &&
  cell.length <= 60 &&
  unfinished.has(
    cell
      .toLowerCase()
      .replace(/^.*\./, '')
      .replace(/[\s_-]/g, ''),
  )
