// Part of `npm run lock`: takes out of package-lock.json what makes npm warn of what is meant. Which packages have an install script: npm runs only those that it names, and none is wanted:
// ONNX Runtime's downloads CUDA and fails without internet, the other two link or check what the tests need no link or check of. (With
// `ignore-scripts` in .npmrc `npm pack` would skip our own `prepack` too, and pack no code; the other ways of npm 10 and 11 make the other warn.)
import { readFileSync, writeFileSync } from 'node:fs'

const file = new URL('../package-lock.json', import.meta.url)
const lock = JSON.parse(readFileSync(file, 'utf8'))
for (const entry of Object.values(lock.packages)) delete entry.hasInstallScript
// npm under Node 20 warns of what asks for a newer Node, though isoflop brings the Node that it runs on (bin/node24.js).
delete lock.packages['node_modules/pg-boss'].engines
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
