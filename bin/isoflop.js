#!/usr/bin/env node
// The command. In a clone it runs the TypeScript sources, in an installed package the JavaScript built from them.
import { existsSync } from 'node:fs'
import module from 'node:module'
import { fileURLToPath } from 'node:url'
import { isNode24, runOnNode24 } from './node24.js'
import { endWithParent } from './parent.js'

const source = new URL('../src/cli/main.ts', import.meta.url)
const entry = existsSync(source) ? source : new URL('../dist/cli/main.js', import.meta.url)

endWithParent()
if (isNode24) {
  module.enableCompileCache()
  const { main } = await import(entry.href)
  process.exitCode = await main(process.argv.slice(2))
} else runOnNode24([fileURLToPath(import.meta.url), ...process.argv.slice(2)])
