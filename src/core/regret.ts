/**
 * What a choice costs: the true loss of the chosen configuration beyond the best that any legal one reaches with the same FLOPs,
 * both noise-free, nats per token. Never below 0: a search for the best may end a hair above what a choice happens on.
 * @example regret(2.66, 2.65) // 0.01
 */
export const regret = (trueLoss: number, bestLoss: number): number => Math.max(0, trueLoss - bestLoss)
