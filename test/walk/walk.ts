import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Block, commandsOf } from './blocks.ts'
import type { Packed } from './package.ts'
import type { Aside, Page, Place, Typed } from './pages.ts'
import { Reader } from './reader.ts'

type Kind = Aside['kind']

/** Follows a page from its first block to its last. */
export class Walk {
  private readonly used = new Set<Aside>()
  /** All of a page at once: one thing that is wrong seldom is the only one. */
  private readonly wrong: string[] = []
  private programs = 0

  private readonly page: Page
  private readonly packed: Packed
  private readonly reader: Reader

  private constructor(page: Page, packed: Packed, reader: Reader) {
    this.page = page
    this.packed = packed
    this.reader = reader
  }

  /** Begins in a fresh folder. */
  static async of(page: Page, packed: Packed): Promise<Walk> {
    const walk = new Walk(page, packed, await Reader.in('', packed.programs))
    walk.begins(page.place)
    return walk
  }

  async follows(blocks: readonly Block[]): Promise<void> {
    let section = ''
    try {
      for (const block of blocks) {
        const begins = (at: string) => block.text.startsWith(at) || (block.section !== section && block.section === at)
        for (const { place } of this.asides('anew', begins)) this.begins(place)
        section = block.section
        await this.does(block)
      }
    } catch (error) {
      // What came before is often why.
      throw new Error([...this.wrong, (error as Error).message].join('\n'), { cause: error })
    } finally {
      await this.reader.ends()
    }
    assert.deepEqual(this.wrong, [])
    const stale = this.page.asides.filter((aside) => !this.used.has(aside))
    assert.deepEqual(
      stale.map(({ kind, at }) => `${kind}: ${at}`),
      [],
      'what test/walk/pages.ts has, and the page has not',
    )
  }

  private begins(place: Place): void {
    this.reader.folder = this.packed[place]()
    for (const [name, content] of Object.entries(this.page.given)) {
      const file = join(this.reader.folder, name)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, content(), { mode: 0o600 })
    }
  }

  private async does({ kind, text, line }: Block): Promise<void> {
    if (this.asides('left out', (at) => text.startsWith(at)).length > 0 && kind !== 'shell') return
    if (kind === 'text') this.reads(text, line)
    else if (kind === 'shell') for (const command of commandsOf(text)) await this.types(command, line)
    else await this.runs(text, kind, line)
  }

  /** What is neither typed nor run has to be known. */
  private reads(text: string, line: number): void {
    const [known] = this.asides('read', (at) => text.startsWith(at))
    this.holds(text, line, () => {
      assert.ok(known, 'is this to be read or to be done? See kindOf in test/walk/blocks.ts, and test/walk/pages.ts')
      known.check(text, this.reader)
    })
  }

  private async types(command: string, line: number): Promise<void> {
    if (this.asides('left out', (at) => command.startsWith(at)).length > 0) return
    assert.doesNotMatch(command, /^(cd|export) /, 'each command has a shell of its own: teach test/walk/reader.ts')
    for (const { does } of this.asides('before', (at) => command.includes(at)))
      for (const first of does) await this.succeeds(this.given(first), line)
    const [end] = this.asides('until', (at) => command.includes(at))
    await this.succeeds(this.as(command), line, command, end?.holds)
    for (const { check } of this.asides('then', (at) => command.startsWith(at)))
      this.holds(command, line, () => check(this.reader))
  }

  private holds(text: string, line: number, check: () => void): void {
    try {
      check()
    } catch (error) {
      this.wrong.push(`line ${line}: ${text.split('\n')[0]}: ${(error as Error).message}`)
    }
  }

  /** A program is saved in the folder and run there. */
  private async runs(text: string, kind: 'python' | 'javascript', line: number): Promise<void> {
    const [name, how] = kind === 'python' ? ['py', 'python3'] : ['mjs', 'node']
    const file = `block${++this.programs}.${name}`
    writeFileSync(join(this.reader.folder, file), this.reader.here(this.as(text)))
    await this.succeeds(`${how} ${file}`, line, text)
  }

  private async succeeds(command: string, line: number, text = command, until?: string): Promise<void> {
    const { status, stdout, stderr } = await (until === undefined
      ? this.reader.types(command)
      : this.reader.typesUntil(command, until))
    if (status !== 0)
      this.wrong.push(`line ${line}: status ${status}: ${text}\n${stdout.slice(-1000)}\n${stderr.slice(-2000)}`)
  }

  /** As a reader writes it who has read what the page says about it. */
  private as(text: string): string {
    let typed = text
    for (const { at, type } of this.asides('instead', (at) => text.includes(at)))
      typed = typed.replaceAll(at, () => this.given(type))
    return typed
  }

  private given(typed: Typed): string {
    return typeof typed === 'string' ? typed : typed(this.reader)
  }

  private asides<K extends Kind>(kind: K, fits: (at: string) => boolean): Extract<Aside, { kind: K }>[] {
    const found = this.page.asides.filter((aside) => aside.kind === kind && fits(aside.at))
    for (const aside of found) this.used.add(aside)
    return found as Extract<Aside, { kind: K }>[]
  }
}
