// `npm test [-- FILE...]`: one test file more at once than there are processors, because some wait: for a server to end, for a lock. Node by
// itself leaves one processor out, which on a machine with two means one file after the other.
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { runOnNode24 } from '../bin/node24.js'

const named = process.argv.slice(2)
const files = named.length > 0 ? named : ['test/**/*.test.ts']
// A fifth of a test's processor time is reading TypeScript; what was read once is kept.
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'isoflop-test-cache')
// What waits for ten minutes waits for ever.
runOnNode24([
  '--test',
  '--test-reporter=spec',
  '--test-timeout=600000',
  `--test-concurrency=${availableParallelism() + 1}`,
  ...files,
])
