import type { Config } from '../core/config.ts'

/** A value that a configuration says, where it stands and what it is called outside. */
export interface Field {
  /** Its key in a configuration. */
  readonly key: string
  /** Its name on the wire, in tables and files. */
  readonly name: string
  /** Its name in the name of a folder. */
  readonly brief: string
  readonly kind: 'whole' | 'real' | 'text'
  /** What a text may be; default anything that matches `textValue`. */
  readonly values?: readonly string[]
}

type Value = number | string

/** How configurations are read and written: one list of fields, and every form of them. */
export interface Codec<C extends Config = Config> {
  readonly fields: readonly Field[]
  /** The canonical text of a configuration: equal configurations have equal texts, on every machine. */
  identity(config: C): string
  /** Its fields by their outside names, in order, and what every run of its space has in addition. */
  record(config: C): Record<string, Value | boolean>
  /** The inverse of `record`: null where a field is missing or of another kind. What else there is does not matter. */
  configOf(record: Readonly<Record<string, unknown>>): C | null
  /** The inverse of `identity`; null for any other text. */
  configOfIdentity(identity: string): C | null
  /** A name for a folder: `d64-n2-h2-b128-lr0.001-C1e14`. */
  folderName(config: C): string
  /** The inverse of `folderName`; null for any other name. */
  configOfFolder(name: string): C | null
}

/** What separates fields in an identity; no text value may hold it. */
export const identitySeparator = '/'

/**
 * The codec of configurations with these fields. Text values must match `textValue`.
 * @example codecOf<TrainingConfig>(fields).identity(config) // '64/2/2/128/0.001/100000000000000'
 */
export function codecOf<C extends Config>(fields: readonly Field[]): Codec<C> {
  const at = (config: C, { key }: Field) => (config as unknown as Record<string, Value>)[key]
  const build = (values: readonly unknown[]): C | null =>
    values.every((value, k) => isOf(fields[k], value))
      ? (Object.fromEntries(fields.map(({ key }, k) => [key, values[k]])) as unknown as C)
      : null
  const parse = (texts: readonly (string | undefined)[]) =>
    build(texts.map((text, k) => (fields[k].kind === 'text' || !text ? text : Number(text))))
  const pattern = new RegExp(`^${fields.map(({ brief, kind }) => `${brief}(${patterns[kind]})`).join('-')}$`)
  return {
    fields,
    identity: (config) => fields.map((field) => at(config, field)).join(identitySeparator),
    record: (config) => Object.fromEntries(fields.map((field) => [field.name, at(config, field)])),
    configOf: (record) => build(fields.map(({ name }) => record[name])),
    configOfIdentity(identity) {
      const parts = identity.split(identitySeparator)
      return parts.length === fields.length ? parse(parts) : null
    },
    folderName: (config) => fields.map((field) => `${field.brief}${at(config, field)}`).join('-'),
    configOfFolder(name) {
      const found = name.length > longestName ? null : pattern.exec(name)
      return found && parse(found.slice(1))
    },
  }
}

/** No folder may have a longer name. */
const longestName = 255

const patterns: Readonly<Record<Field['kind'], string>> = {
  whole: String.raw`\d+(?:e\+\d+)?`,
  real: String.raw`[\d.]+(?:e[+-]\d+)?`,
  text: '[A-Za-z0-9._][A-Za-z0-9._-]*',
}

/** What a text in a configuration may be: no identity or name of a folder with one can be read in two ways. */
export const textValue = /^[A-Za-z0-9._][A-Za-z0-9._-]{0,39}$/
export const textValueWords =
  'must be 1 to 40 letters, digits, dots, underscores and hyphens, and not begin with a hyphen'

function isOf({ kind, values }: Field, value: unknown): boolean {
  if (kind === 'text') return typeof value === 'string' && (values ? values.includes(value) : textValue.test(value))
  if (typeof value !== 'number' || !Number.isFinite(value)) return false
  return kind === 'real' || Number.isInteger(value)
}
