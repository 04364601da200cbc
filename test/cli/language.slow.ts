import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const bin = fileURLToPath(new URL('../../bin/isoflop.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'isoflop-language-'))
after(() => rmSync(folder, { recursive: true }))

const isoflop = (...args: string[]) =>
  spawnSync(process.execPath, [bin, ...args], {
    encoding: 'utf8',
    cwd: folder,
    env: { ...process.env, COLUMNS: '80', NO_COLOR: '1' },
  })
/** Tables of every kind that there is something to say of. */
function writeTables(): void {
  const write = (name: string, head: string, rows: readonly (readonly unknown[])[]) =>
    writeFileSync(join(folder, name), [head, ...rows.map((row) => row.join(','))].join('\n'))
  const lossOf = (N: number, D: number, data = 400) => 1.7 + 400 / N ** 0.35 + data / D ** 0.3
  const grid = Array.from({ length: 36 }, (_, i) => {
    const C = 10 ** (17 + Math.floor(i / 6) / 2)
    const N = 10 ** (7 + (i % 6) / 5 + Math.floor(i / 6) / 4)
    return { N, D: C / 6 / N, wobble: 1e-3 * ((i * 7) % 5) }
  })
  write('groups.csv', 'N,D,loss,dataset', [
    ...grid.map(({ N, D, wobble }) => [N, D, lossOf(N, D) + wobble, 'books']),
    ...grid.map(({ N, D, wobble }) => [N, D, lossOf(N, D, 500) + wobble, 'web']),
  ])
  write('plain.csv', 'params,tokens,val_loss,state', [
    ...grid.map(({ N, D, wobble }, i) => {
      const loss = i === 3 ? 'nan' : lossOf(N, D) + wobble + (i === 30 ? 0.5 : 0)
      return [N, D, loss, i === 5 ? 'crashed' : 'finished']
    }),
    ['abc', 1e9, 3, 'finished'],
  ])
  write(
    'open.csv',
    'N,D,loss',
    grid.map(({ N, D, wobble }, i) => [N, D, i % 6 === 5 ? '' : lossOf(N, D) + wobble]),
  )
  const curve = Array.from({ length: 60 }, (_, i) => {
    const [run, step] = [Math.floor(i / 5), 1 + (i % 5)]
    const N = 10 ** (7 + (run % 4) * 0.3)
    return { run, N, D: (N * [10, 20, 40][Math.floor(run / 4)] * step) / 5, step }
  })
  write(
    'curves.csv',
    'run,N,D,step,loss',
    curve.map(({ run, N, D, step }) => [`run${run}`, N, D, step, lossOf(N, D)]),
  )
  const repeats = Array.from({ length: 48 }, (_, i) => {
    const [N, unique] = [10 ** (7 + (i % 4) * 0.4), 10 ** (9 + (Math.floor(i / 4) % 3) * 0.4)]
    const epochs = [1, 2, 4, 8][Math.floor(i / 12)]
    return [
      N,
      unique * epochs,
      unique,
      lossOf(N, unique * (1 + 15 * (1 - Math.exp((1 - epochs) / 15)))) + 1e-3 * ((i * 7) % 5),
    ]
  })
  write('repeats.csv', 'N,D,unique_tokens,loss', repeats)
  const sweeps = Array.from({ length: 80 }, (_, i) => {
    const N = 10 ** (7 + (i % 4) * 0.3)
    const D = N * [10, 20, 40][Math.floor(i / 4) % 3] * (1 + 0.1 * (i % 7))
    const [rate, batch] = [[3e-4, 1e-3, 3e-3, 1e-2][Math.floor(i / 12) % 4], [65536, 131072, 262144][i % 3]]
    return [N, D, rate, batch, lossOf(N, D) + 0.05 * Math.log(rate / 2e-3) ** 2 + 1e-3 * ((i * 7) % 5)]
  })
  write('sweeps.csv', 'N,D,learning_rate,batch_tokens,loss', sweeps)
  write('told.csv', 'id,loss', [['0-0', 5.5]])
}

/** Names that stand in Chinese as they are: methods, fields, symbols, strategies, codes of the text. */
const kept = new Set(
  (
    'a at b c d e g k l n p q r s t x z FLOPs FLOP IsoFLOP Step Law Chinchilla Caballero Hoffmann Kaplan Muennighoff Besiroglu Li et al loss nats sd token tokens ' +
    'bits byte char nan alpha beta exp ln until norm surface huber parabola lowest log raw envelope frontier joint repeats best rate batch size csv json jsonl html md svg ' +
    'parameters flops d_model layers heads num_layers num_heads batch_size learning_rate train_flops batch_tokens unique_tokens epoch epochs checkpoint checkpoints run step state'
  )
    .split(' ')
    .map((word) => word.toLowerCase()),
)
/** Codes of diagnostics have hyphens, files have dots: neither is a word of a sentence. */
const word = "[A-Za-z][A-Za-z'’]*"
const sentence = new RegExp(`(?<![\\w.-])${word}(?:[ ,;:]+${word}){3,}(?![\\w-])`, 'g')

/** Runs of four English words or more, without names and code. */
function englishIn(text: string): string[] {
  const runs = text.replace(/(?<!\n)\n +/g, ' ').match(sentence) ?? []
  return runs.filter((run) => run.split(/[^A-Za-z_]+/).filter((part) => !kept.has(part.toLowerCase())).length > 2)
}

/** What a person reads of a page or a figure: no code, nothing that is hidden, a table's cells apart. */
const shownOf = (markup: string): string =>
  markup
    .replace(/^[\s\S]*?<main>/, '')
    .replace(/<h2>十个术语<\/h2>[\s\S]*$|## 十个术语[\s\S]*$/, '')
    .replace(/<!--.*?-->|<style>[\s\S]*?<\/style>|<code>.*?<\/code>|`[^`\n]*`/g, ' | ')
    .replace(/aria-label="([^"]*)"/g, '>$1<')
    .replace(/<[^>]*>/g, ' | ')

const files = (place: string): string[] =>
  readdirSync(place, { withFileTypes: true, recursive: true }).flatMap((entry) =>
    /\.(html|md|svg)$/.test(entry.name) ? [join(entry.parentPath, entry.name)] : [],
  )

const fast = '--resamples 20'
const inChinese: readonly string[] = [
  `fit world:handout ${fast} --starts 45 --report zh/handout.html --plots zh/handout`,
  `fit plain.csv ${fast} --starts 45 --report zh/plain.md`,
  `fit groups.csv ${fast} --group-by dataset --starts 45 --report zh/groups.html --plots zh/groups`,
  `fit groups.csv ${fast} --method norm --report zh/mixed.html`,
  `fit repeats.csv --repeats --unique-tokens 1e9,1e10 ${fast} --method norm --report zh/repeats.html --plots zh/repeats`,
  'fit sweeps.csv --method joint --report zh/joint.html --plots zh/joint',
  `fit sweeps.csv ${fast} --method surface,parabola --report zh/sweeps.html`,
  `fit curves.csv ${fast} --method norm,envelope --report zh/curves.html`,
  `look plain.csv curves.csv`,
  'look open.csv',
  'campaign --strategy profiles-parabola --out zh/profiles',
  'campaign --world seed:7 --budget 2e17 --out zh/adaptive',
  'campaign --space space.json --world seed:3 --strategy profiles-surface --out zh/space',
  'campaign --dry-run --out zh/none',
  'campaign --pool plain.csv --target 1e20 --budget 1e20 --out zh/played',
  'campaign --pool plain.csv --target 1e20 --budget 1e20 --dry-run',
  'campaign --pool open.csv --target 1e20 --next 4 --out zh/advised',
  'campaign --pool groups.csv --target-runs plain.csv --budget 1e20 --out zh/runs',
  'campaign next -n 3 --out zh/study',
  'campaign tell told.csv --out zh/study',
  'space show space.json',
  'world list',
  ...['cs336 --plots zh/world', 'handout', 'staged:2', 'seed:1', 'seed:3', 'seed:5', 'seed:7'].map(
    (name) => `world show ${name}`,
  ),
]

test('--lang zh: no command prints, reports or draws an English sentence', async (t) => {
  writeTables()
  writeFileSync(join(folder, 'space.json'), readFileSync(new URL('../../examples/spaces/llama.json', import.meta.url)))
  for (const line of inChinese)
    await t.test(line, () => {
      const { status, stdout, stderr } = isoflop(...line.split(' '), '--lang', 'zh')
      assert.equal(status, 0, stderr)
      assert.match(stdout, /下一步/)
      const own = stdout.replace(/^下一步.*\n(?: {2}.*\n)*/gm, '')
      assert.deepEqual(englishIn(own), [], own)
      assert.deepEqual(englishIn(stderr), [], stderr)
    })
  const written = files(join(folder, 'zh'))
  assert.ok(written.length > 40, String(written.length))
  for (const file of written) assert.deepEqual(englishIn(shownOf(readFileSync(file, 'utf8'))), [], file)
})

test('what finds English sentences finds them, and no names', () => {
  assert.deepEqual(englishIn('警告：the runs do not tell it。'), ['the runs do not tell it'])
  assert.deepEqual(englishIn('norm, surface, huber, parabola；loss at N = 3'), [])
  assert.equal(englishIn(shownOf('<main><p>What the fits would <b>have</b> said</p>')).length, 1)
})
