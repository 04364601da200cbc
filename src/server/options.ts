import type { Backend } from '../backend/backend.ts'
import type { Clock } from '../core/clock.ts'
import type { Config } from '../core/config.ts'
import type { Space } from '../space/space.ts'
import type { Changes } from './changes.ts'
import type { Complaint, Complaints } from './complaints.ts'
import type { ConnectionLimits } from './connections.ts'
import type { Disclosure } from './disclosure.ts'
import type { EventTimes } from './events.ts'
import type { Gate } from './gate.ts'
import type { Truth } from './grade.ts'
import type { KnownRuns } from './known-runs.ts'
import type { Ledger } from './ledger.ts'
import type { Metrics } from './metrics.ts'
import type { Progresses } from './progress.ts'
import type { Requests } from './requests.ts'
import type { Store } from './store/store.ts'
import type { UpkeepTimes } from './upkeep.ts'
import type { Patience } from './wrong-keys.ts'

/** What a server shows beside its answers. */
export type ServicePage = 'docs' | 'metrics'

/** What a server is made of. */
export interface ServerOptions {
  readonly store: Store
  readonly backend: Backend<Config>
  readonly clock: Clock
  readonly version: string
  /** What may be asked; what the course's API may be asked, unless given. Its FLOPs are whole numbers. */
  readonly space?: Space
  /** The world's truth, for grades; null when nobody knows it. */
  readonly truth?: Truth | null
  /** Whether `GET /leaderboard` is open to everyone: who has submitted, and after the database's deadline how good it is. */
  readonly leaderboard?: boolean
  /** How many predictions a key may submit; 5 unless given. */
  readonly submissions?: number
  /** How often reservations are looked after; every 3 s unless given. */
  readonly upkeep?: UpkeepTimes
  /** How often streams of events say what runs and that they live, and when they are cut; `usualEventTimes` unless given. */
  readonly eventTimes?: EventTimes
  /** How many connections there may be, and how long they may take; `usualLimits()` unless given. */
  readonly limits?: ConnectionLimits
  /** Whether keys that can be guessed are keys; yes unless given. */
  readonly weakKeys?: boolean
  /** How many wrong keys one address may try; `usualPatience` unless given. */
  readonly patience?: Patience
  /** Reverse proxies, whose word is taken for the address of a client; none unless given. */
  readonly proxies?: readonly string[]
  /** Pages that nobody is shown; none unless given. */
  readonly closed?: readonly ServicePage[]
  /** Told of errors that are not the caller's fault, of alike ones once a minute. */
  readonly onError?: Complaint | undefined
}

/** What the routes stand on. */
export interface Services extends ServerOptions {
  readonly space: Space
  readonly disclosure: Disclosure
  readonly gate: Gate
  readonly ledger: Ledger
  readonly requests: Requests
  readonly known: KnownRuns
  readonly changes: Changes
  readonly progresses: Progresses
  readonly complaints: Complaints
  readonly metrics: Metrics
}
