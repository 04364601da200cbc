/**
 * Campaigns on clusters: what starting runs costs, how much time runs at once spare, what that costs in regret, and where the first limit lies.
 * `npm run bench:cluster [-- SECTION... --rounds 3 --worlds 64]`: a section is a file of `bench/cluster/`; all of them by default.
 */
import { readdirSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { lineOf, type Section } from './cluster/section.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '3' }, worlds: { type: 'string', default: '64' } },
})
const folder = new URL('cluster/', import.meta.url)
const there: [string, Section][] = []
for (const file of readdirSync(folder).sort()) {
  const { section } = (await import(new URL(file, folder).href)) as { section?: Section }
  if (section) there.push([file.replace(/\.ts$/, ''), section])
}
const strange = positionals.find((name) => !there.some(([known]) => known === name))
if (strange !== undefined)
  throw new Error(`${strange} is no section, expected some of: ${there.map(([name]) => name).join(', ')}`)

const load = () => `load ${loadavg()[0].toFixed(2)}`
console.log(
  `node ${process.version}, ${cpus().length} processors (${cpus()[0].model}), ${load()}, ${values.rounds} rounds: median, range`,
)
for (const [name, section] of there) {
  if (positionals.length > 0 && !positionals.includes(name)) continue
  console.log(`\n${name}: ${section.about}`)
  const measured = await section.measure({
    rounds: Number(values.rounds),
    worlds: Number(values.worlds),
    say: (line) => console.log(`  ${line}`),
  })
  if (typeof measured === 'string') console.log(`  not measured: ${measured}`)
  else for (const measure of measured) console.log(lineOf(measure))
  console.log(`  ${load()} at its end`)
}
