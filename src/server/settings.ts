import { usualSubmissions } from './disclosure.ts'
import type { ServerOptions } from './options.ts'
import { damagedDatabase } from './store/common.ts'
import type { Store } from './store/store.ts'

/** What an instructor may change while servers run. */
export interface Settings {
  /** How many predictions a key may submit. */
  readonly submissions: number
  /** Whether everybody is shown who has predicted, and after the deadline how well. */
  readonly leaderboard: boolean
}

/** A change: null gives a setting back to what each server was started with. */
export type SettingsChange = { readonly [Name in keyof Settings]?: Settings[Name] | null | undefined }

const none = 'none'

/** How each is kept in the database, under its name, and read again; undefined for what was never written so. */
const kept: {
  readonly [Name in keyof Settings]: {
    text(value: Settings[Name]): string
    value(text: string): Settings[Name] | undefined
  }
} = {
  submissions: { text: String, value: (text) => (/^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined) },
  leaderboard: {
    text: (value) => (value ? 'shown' : 'hidden'),
    value: (text) => (text === 'shown' ? true : text === 'hidden' ? false : undefined),
  },
}

/** Those that were changed, which hold for every server of the database. Errors: RECORD_DAMAGED, and those of the store. */
export async function changedSettings(store: Store): Promise<Partial<Settings>> {
  const [submissions, leaderboard] = await Promise.all([changed(store, 'submissions'), changed(store, 'leaderboard')])
  return { ...(submissions !== null && { submissions }), ...(leaderboard !== null && { leaderboard }) }
}

/** What a server was started with. */
export const startedSettings = ({
  submissions = usualSubmissions,
  leaderboard = false,
}: Partial<Settings>): Settings => ({
  ...{ submissions, leaderboard },
})

/** What holds: what was changed, else what the server was started with. */
export async function settingsOf({
  store,
  ...started
}: Pick<ServerOptions, 'store' | keyof Settings>): Promise<Settings> {
  return { ...startedSettings(started), ...(await changedSettings(store)) }
}

/** Changes settings at once, for every server of the database. Errors: those of the store. */
export async function changeSettings(store: Store, { submissions, leaderboard }: SettingsChange): Promise<void> {
  if (submissions !== undefined) await note(store, 'submissions', submissions)
  if (leaderboard !== undefined) await note(store, 'leaderboard', leaderboard)
}

const note = <Name extends keyof Settings>(store: Store, name: Name, value: Settings[Name] | null): Promise<void> =>
  store.note(factOf(name), value === null ? none : kept[name].text(value))

async function changed<Name extends keyof Settings>(store: Store, name: Name): Promise<Settings[Name] | null> {
  const text = await store.recall(factOf(name))
  if (text === null || text === none) return null
  const value = kept[name].value(text)
  if (value === undefined) throw damagedDatabase(`its setting ${name} is not what was written`)
  return value
}

const factOf = (name: keyof Settings): string => `setting-${name}`
