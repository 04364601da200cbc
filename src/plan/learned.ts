import { mostUsableLoss } from '../joint/fit.ts'

/** A run of this loss, nats per token, or more has learned too little for any law. */
export const leastUnlearned = mostUsableLoss
