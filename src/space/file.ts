import { readFile, stat } from 'node:fs/promises'
import { extname } from 'node:path'
import type { z } from 'zod'
import { IsoflopError } from '../core/errors.ts'
import { shortNumber } from '../core/exact-integer.ts'
import { spaceOf } from './own.ts'
import type { Space } from './space.ts'
import { type SpaceSpec, spaceSpec } from './spec.ts'

/** A space is a page of text; a file beyond this is something else. */
const mostBytes = 1_000_000
/** So many mistakes are told. */
const mostMistakes = 8

/**
 * The space that a file describes, JSON or TOML (`.toml`); docs/space.md says how.
 *
 * @example await readSpace('examples/spaces/llama.json')
 * @throws IsoflopError FILE_NOT_FOUND; FILE_FORMAT for text that is neither; SPACE_INVALID, which names every mistake with its place.
 */
export async function readSpace(file: string): Promise<Space> {
  return spaceOfDocument(await documentIn(file), file)
}

/** The space that a document describes. Errors: SPACE_INVALID. */
export function spaceOfDocument(document: unknown, name: string): Space {
  const parsed = spaceSpec.safeParse(document)
  if (!parsed.success) throw invalid(name, mistakesOf(parsed.error.issues, document))
  const mistakes = contradictions(parsed.data)
  if (mistakes.length > 0) throw invalid(name, mistakes)
  return spaceOf(parsed.data)
}

async function documentIn(file: string): Promise<unknown> {
  const text = await textIn(file)
  try {
    if (extname(file).toLowerCase() !== '.toml') return JSON.parse(text)
    const { parse } = await import('smol-toml')
    return withoutBigInts(parse(text, { integersAsBigInt: 'asNeeded' }))
  } catch (cause) {
    const [reason] = (cause as Error).message.split('\n')
    const line = (cause as { line?: number }).line
    throw new IsoflopError(
      'FILE_FORMAT',
      `${file} is not valid ${extname(file).toLowerCase() === '.toml' ? 'TOML' : 'JSON'}${line ? `, line ${line}` : ''}: ${reason}`,
      'Mend it there. A file of TOML has a name that ends in .toml.',
      { cause },
    )
  }
}

/** FLOPs written out in digits are whole numbers beyond 2^53: TOML has them as such, JSON as what they are here, the nearest number. */
function withoutBigInts(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map(withoutBigInts)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutBigInts(inner)]))
}

/** The text of a file, without the mark that some editors begin it with. */
async function textIn(file: string): Promise<string> {
  try {
    const { size } = await stat(file)
    if (size > mostBytes)
      throw new IsoflopError(
        'FILE_FORMAT',
        `${file} has ${size} bytes; the file of a space has at most ${mostBytes}.`,
        'Name the file that describes the space, not a table of runs.',
      )
    return (await readFile(file, 'utf8')).replace(/^\uFEFF/, '')
  } catch (cause) {
    if (cause instanceof IsoflopError) throw cause
    throw new IsoflopError(
      'FILE_NOT_FOUND',
      `${file} cannot be read: ${(cause as NodeJS.ErrnoException).code ?? (cause as Error).message}.`,
      'Name the file of a space, such as examples/spaces/llama.json.',
      { cause },
    )
  }
}

function invalid(file: string, mistakes: readonly string[]): IsoflopError {
  const shown = mistakes.slice(0, mostMistakes)
  const more = mistakes.length > shown.length ? `\n  and ${mistakes.length - shown.length} more` : ''
  return new IsoflopError(
    'SPACE_INVALID',
    `${file} does not describe a space:\n${shown.map((mistake) => `  ${mistake}`).join('\n')}${more}`,
    'docs/space.md says what a space has; examples/spaces has two.',
  )
}

type Issue = z.core.$ZodIssue

/** Every mistake with its place and what stands there. */
function mistakesOf(issues: readonly Issue[], document: unknown, base: readonly PropertyKey[] = []): string[] {
  return issues.flatMap((issue) => {
    const path = [...base, ...issue.path]
    if (issue.code === 'invalid_union' && issue.errors.length > 0) {
      const meant = meantBranch(issue.errors)
      if (meant !== null) return mistakesOf(meant, document, path)
    }
    if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => `${placeText(path)}: ${message}`)
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => `${placeText([...path, key])}: there is no such key`)
    const value = valueAt(document, path)
    if (value === undefined) return [`${placeText(path)} is missing`]
    const wanted = issue.message
      .replace(/^(Invalid input|Invalid option|Too small|Too big): /, '')
      .replace(/, received .*$/, '')
    return [`${placeText(path)}: ${wanted}${path.length === 0 ? '' : `, got ${shown(value)}`}`]
  })
}

/** Of several forms that a value may have, the one that its writer meant: a list for a list, an object for an object; null for neither. */
function meantBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | null {
  const isOther = (issues: readonly Issue[]) =>
    issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0)
  return branches.find((issues) => !isOther(issues)) ?? null
}

const placeText = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : `${text}${text && '.'}${String(key)}`),
    '',
  ) || 'the file'

function valueAt(document: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    document,
  )
}

const shown = (value: unknown): string => {
  const text =
    typeof value === 'number' || typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? String(value))
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

/** Every width is looked at where a usual model is wanted: 4,096 of them take milliseconds, a million minutes. */
const mostWidths = 4096

function mistakeOfWidths(place: string, { from, to }: { from: number; to: number }, step: number): string[] {
  const widths = Math.floor(to / step) - Math.ceil(from / step) + 1
  if (widths < 1) return [`${place}: no width from ${from} to ${to} is a multiple of ${step}`]
  if (widths <= mostWidths) return []
  return [
    `${place}: ${widths} widths from ${from} to ${to} are multiples of ${step}, at most ${mostWidths} may be: say a larger shapes.width_multiple`,
  ]
}

/** What no single key can be blamed for. */
function contradictions(spec: SpaceSpec): string[] {
  const mistakes: string[] = []
  const flops = Array.isArray(spec.train_flops) ? spec.train_flops : [spec.train_flops.from]
  if (flops[0] > spec.budget)
    mistakes.push(`budget: ${shortNumber(spec.budget)} FLOPs pay for no run; the cheapest has ${shortNumber(flops[0])}`)
  for (const name of ['name', 'parameters'] as const) {
    const values = (spec.ladder ?? []).map((rung) => rung[name])
    const twice = values.find((value, k) => values.indexOf(value) !== k)
    if (twice !== undefined) mistakes.push(`ladder: two models have the ${name} ${twice}`)
  }
  if (spec.shapes) {
    const { d_model, head_dim, queries_per_kv: group, width_multiple } = spec.shapes
    const step = width_multiple ?? head_dim.from * group
    const widths = [['shapes.d_model', d_model] as const, ['target.d_model', spec.target.d_model] as const]
    for (const [place, range] of widths) if (range) mistakes.push(...mistakeOfWidths(place, range, step))
  }
  const taken = ['d_model', 'num_layers', 'num_heads', 'model', 'batch_size', 'learning_rate', 'train_flops', 'loss']
  for (const key of Object.keys(spec.constants))
    if (taken.includes(key)) mistakes.push(`constants.${key}: the name is that of something else`)
  return mistakes
}
