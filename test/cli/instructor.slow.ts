import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'

/** Every command of docs/instructor.md that needs no host of somebody else, as it stands there, in a folder for each section. */

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'isoflop-instructor-'))
after(() => rmSync(folder, { recursive: true }))

const isoflop = `'${process.execPath}' '${join(root, 'bin/isoflop.js')}'`
const { DATABASE_URL: _, ...env } = process.env
const shell = (place: string, command: string) => {
  const line = command.replace(/^npx isoflop/, isoflop)
  return spawnSync('sh', ['-c', line], { cwd: place, encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'pipe'] })
}

/** The commands of a page, by its sections, without their remarks. */
const sections = new Map(
  readFileSync(join(root, 'docs/instructor.md'), 'utf8')
    .split(/^## /m)
    .slice(1)
    .map((text): [string, string[]] => {
      const [title] = text.split('\n')
      return [title, [...text.matchAll(/^ {4,}(npx isoflop .+?)(?: +#.*)?$/gm)].map(([, command]) => command)]
    }),
)

/** A folder in which a section begins. */
function folderFor(title: string): string {
  const place = mkdtempSync(join(folder, `${title.replace(/\W+/g, '-')}-`))
  writeFileSync(join(place, 'names.csv'), 'name,email\nAda Lovelace,ada@example.org\n王小明,wang@example.org\n')
  writeFileSync(join(place, 'ids.txt'), '12345678\n87654321\n', { mode: 0o600 })
  return place
}

/** Does what a section says; a server listens on a free port until it is done. */
async function follow(place: string, commands: readonly string[], t: { after(work: () => void): void }): Promise<void> {
  for (const command of commands) {
    if (/postgres:/.test(command)) continue
    if (command.includes(' serve ')) {
      const line = `exec ${command.replace(/^npx isoflop/, isoflop).replace(/ --port \d+/, '')} --port 0`
      const server = spawn('sh', ['-c', line], { cwd: place, env, stdio: ['ignore', 'pipe', 'inherit'] })
      t.after(() => server.kill('SIGKILL'))
      const [said] = await once(server.stdout, 'data')
      assert.match(String(said), /^listening on /, command)
      continue
    }
    const id = JSON.parse(shell(place, 'npx isoflop keys list --json').stdout || '[]')[0]?.id
    const own = command.replace('k1a2b3c4d5e', id).replace(/keys reset \S+/, '$& --yes') // nobody sits at a terminal here
    const { status, stderr } = shell(place, own)
    assert.equal(status, 0, `${own}\n${stderr}`)
  }
}

const skip = process.platform === 'win32'

test("an instructor's first hour, and the end of term in the same folder", { skip }, async (t) => {
  const place = folderFor('class')
  const first = sections.get("An instructor's first hour")!
  const end = sections.get('The end of term')!
  assert.ok(first.length >= 12 && end.length >= 4)
  await follow(place, first, t)
  await follow(place, end, t)
  assert.match(
    readFileSync(join(place, 'grades.csv'), 'utf8'),
    /^label,key_id,submitted,rank,.*\nAda Lovelace,k\w+,no,,/,
  )
  assert.match(readFileSync(join(place, 'class.csv'), 'utf8'), /\nk\w+,王小明,2000000000000000000,0,no,no,/)
  assert.deepEqual(
    readdirSync(place).filter((file) => file.endsWith('.csv')),
    ['class.csv', 'grades.csv', 'keys.csv', 'names.csv'],
  )
})

for (const [title, commands] of sections)
  if (commands.length > 0 && !/first hour|end of term/.test(title))
    test(`what stands under "${title}"`, { skip }, async (t) => {
      const place = folderFor(title)
      assert.equal(shell(place, 'npx isoflop keys add --label first').status, 0)
      await follow(place, commands, t)
    })
