/** Prepares a corpus in a process of its own and prints what it took: `node limited.ts FOLDER INPUT...`. */
import { IsoflopError } from '../../src/core/errors.ts'
import { prepareCorpus } from '../../src/corpus/prepare.ts'
import { options } from './options.ts'

const [folder, ...inputs] = process.argv.slice(2)
const began = performance.now()
const error = await prepareCorpus({ inputs, folder, options, maxCorrupt: 0 }).catch((thrown: unknown) => thrown)
const { code, message } = error instanceof IsoflopError ? error : { code: null, message: String(error) }
const mebibytes = Math.round(process.resourceUsage().maxRSS / 1024)
console.log(JSON.stringify({ code, message, ms: performance.now() - began, mebibytes }))
