import type { Live } from '../campaign/live.ts'
import type { ViewedOpen } from '../campaign/view.ts'

/** Jobs of a campaign that go on while no process of it is there: what can be done about them meanwhile. */
export interface Jobs {
  /** Ends the job of a run; whether there was one. Throws where nobody can say. */
  cancel(live: Live, run: ViewedOpen): Promise<boolean>
  /** Whether the job of a run has been ended so. Throws where nobody can say. */
  isCancelled(live: Live, run: ViewedOpen): boolean
}
