import { IsoflopError } from '../core/errors.ts'

/** Of a training that nobody waits for any more. */
export const unwanted = (): IsoflopError =>
  new IsoflopError(
    'RUN_INTERRUPTED',
    'This training was ended because nobody waits for it any more. Nothing was charged.',
    'Ask again, and it goes on from its last checkpoint.',
  )
