// `npm test [-- FILE...]`: as many test files at once as there are processors. Node by itself leaves one processor out, which on a
// machine with two means one file after the other.
import { availableParallelism } from 'node:os'
import { runOnNode24 } from '../bin/node24.js'

const named = process.argv.slice(2)
const files = named.length > 0 ? named : ['test/**/*.test.ts']
runOnNode24(['--test', '--test-reporter=spec', `--test-concurrency=${availableParallelism()}`, ...files])
