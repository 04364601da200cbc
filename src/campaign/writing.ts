import { outputFailed } from '../core/errors.ts'

/** Does work that writes to a place. Errors: OUTPUT_FAILED where it fails. */
export function writing<Result>(place: string, work: () => Result): Result {
  try {
    return work()
  } catch (cause) {
    throw outputFailed(place, cause, 'Name an --out that exists or can be made, and that can be written to.')
  }
}
