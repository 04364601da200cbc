// `npm run build`, which `npm pack` runs first: dist/ anew, JavaScript and types of src/, the pages of src/web as
// bundles, and the migrations of the stores, which are SQL files
// that tsc leaves where they are. Plain JavaScript for Node 20, which may be what packs.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const path = (place) => fileURLToPath(new URL(`../${place}`, import.meta.url))

const compiler = path('node_modules/typescript/bin/tsc')
if (!existsSync(compiler)) {
  console.error('error: The compiler is not here, so nothing can be built.\n  Run "npm ci" first.')
  process.exit(2)
}
rmSync(path('dist'), { recursive: true, force: true })
const { status } = spawnSync(process.execPath, [compiler, '-p', path('tsconfig.build.json')], { stdio: 'inherit' })
if (status !== 0) process.exit(status ?? 1)
for (const folder of ['server/store/migrations', 'jobs/migrations'])
  cpSync(path(`src/${folder}`), path(`dist/${folder}`), { recursive: true })
const { bundleWeb } = await import('./web.js')
const { files } = await bundleWeb()
mkdirSync(path('dist/web'), { recursive: true })
// Packed: a third of what they are, in a package of which the pages are the largest part.
for (const [name, content] of Object.entries(files))
  writeFileSync(path(`dist/web/${name}.gz`), gzipSync(content, { level: 9 }))
// No program imports what these have.
for (const folder of ['cli', 'server', 'backend', 'jobs', 'pages', 'explore', 'watch'])
  for (const file of readdirSync(path(`dist/${folder}`), { recursive: true }))
    if (file.endsWith('.d.ts')) rmSync(path(`dist/${folder}/${file}`))
