#!/usr/bin/env node
// The command. In a clone it runs the TypeScript sources, in an installed package the JavaScript built from them.
import { existsSync } from 'node:fs'
import module from 'node:module'
import { fileURLToPath } from 'node:url'
import { isNode24, runOnNode24 } from './node24.js'
import { endWithParent } from './parent.js'

const source = new URL('../src/cli/main.ts', import.meta.url)
const built = new URL('../dist/cli/main.js', import.meta.url)
const entry = existsSync(source) ? source : built

if (!existsSync(entry)) {
  process.stderr.write(
    'error[INTERNAL]: This package of isoflop has no code: it was packed with ignore-scripts.\n' +
      '  Pack it again: npm pack --ignore-scripts=false\n',
  )
  process.exit(1)
}

endWithParent()
if (isNode24) {
  module.enableCompileCache()
  const { main } = await import(entry.href)
  process.exitCode = await main(process.argv.slice(2))
} else runOnNode24([fileURLToPath(import.meta.url), ...process.argv.slice(2)])
